"""What a procedure is called and where it was done: the region of an image, the extent of an operation, the dose of a course."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from extractor.entities.lexicon import HERE, expand, macros, read_table
from extractor.entities.matcher import fold
from extractor.entities.procedure.telling import LEFT, SPECIMEN
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.entities.site.composition import SiteReading, plain, side_in, sites_of
from extractor.entities.values import number
from extractor.schema import Mention

_FOLDER = HERE / "procedure"
_NEARBY = 2
"""So many sentences back a lesion may stand that "the mass" refers to."""
_REPORTS = ("pathology", "genetic-test")
_LOBES = ("lobectomy", "sleeve lobectomy")
_SPARING = r"(?:(?!(?:an?|the|and|or|with|by|of|for|had|his|her|[a-z]*(?:ed|went)) )[a-z]+ ){1,2}(?:sparing|conserving|preserving)"
"""An operation that leaves something behind says so in its name: "nipple-sparing", "pectoral muscle-conserving"."""
_JOIN = r"\s*,\s*(?:and\s+)?(?:the\s+)?|\s+and\s+(?:the\s+)?|\s*[/&]\s*|\s+plus\s+"
_TRULY_JOINED = re.compile(r"\band\b|[/&]|\bplus\b")
_OF_WHAT = re.compile(r"\s+(?:specimens?\s+)?(?:of|from)\s+(?:the|this|that|these|those)\s+(?:\w+\s+)?", re.IGNORECASE)
_TIED = re.compile(r"(?:\s*\([^)]{1,25}\))?\s+(?:\w+\s+)?of\b", re.IGNORECASE)
_ONE_WORD = re.compile(r"[\s-]*(?:[\w-]+\s+)?")
_LAST_JOIN = re.compile(r".*(?:[,;]|\band\b)", re.DOTALL)
_LOBE = re.compile(r"\b(?:(left|right)\s+)?(upper|middle|lower)[- ](?:lung |pulmonary )?(?:lobe )?$", re.IGNORECASE)
_CLAUSE_ENDS = re.compile(
    r"[;:]|\b(?:reveal|show|demonstrat|disclos|identif|detect|confirm|suggest|indicat|find|found|visualiz|depict|display|"
    r"exhibit|yield|"
    r"prove|report)\w*\b|\b(?:was|were|is|are|had|has|which|that|who|with|without|for|because|due|after|before|following|under|"
    r"using|via|"
    r"followed|and then|but|to)\b",
    re.IGNORECASE,
)
_GRAY = re.compile(
    r"(\d+(?:,\d{3})*(?:[.,]\d+)?)\s?-?(c)?(?:GyE?|Grays?|CGE)\b(?!\s?(?:/(?!\s?\d+\s?(?:f|s))|per|each|daily|a day))", re.IGNORECASE
)
_DOSE_OF = re.compile(
    r"(?:single\s+)?\d[\d.,]*\s?c?Gy\b(?:\s*\([^)]{1,40}\)|\s+in\s+\w+\s+fractions)?\s+(?:of\s+)?(?:[\w-]+\s+){0,2}$", re.IGNORECASE
)
_TARGET_REACH = 90
_TO = re.compile(r"\bto\s+(?:(?:the|his|her|both|left|right|whole|entire)\s+){0,3}", re.IGNORECASE)
_AND_PLACE = re.compile(r"\s*(?:,\s*|,?\s+and\s+)(?:(?:the|his|her|left|right)\s+){0,2}", re.IGNORECASE)
_FRACTIONS = re.compile(
    expand(
        r"({number})\s+(?:(?:daily|equal|consecutive|treatment|conventional)\s+)?(?:fractions?|fx|sessions?)\b|\b(\d+)\s?[×x]\s?\d[\d.]*\s?Gy|"
        r"\b(single|one)\s+(?:\d+\s?Gy\s+)?(?:fraction|dose|session)\b",
        macros(),
        _FOLDER / "naming.py",
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Qualifiers:
    """The regions of the body by their words, and the patterns of words before a name (image, operation) and behind it."""

    regions: dict[str, tuple[str, str]]
    before: re.Pattern[str]
    extent: re.Pattern[str]
    behind: re.Pattern[str]
    any_organ: re.Pattern[str]


@cache
def _qualifiers() -> Qualifiers:
    rows = read_table(_FOLDER / "qualifiers.tsv", ("kind", "word", "name", "site"))
    kinds = ("region", "manner", "extent", "any organ")
    words = [sorted((fold(r["word"]) for r in rows if r["kind"] == kind), key=len, reverse=True) for kind in kinds]
    region, manner, extent, any_organ = (f"(?:{'|'.join(map(re.escape, listed))})" for listed in words)
    return Qualifiers(
        {fold(r["word"]): (r["name"], r["site"]) for r in rows if r["kind"] == "region"},
        re.compile(rf"(?<!\w)(?P<regions>{region}(?:(?:{_JOIN}){region}|\s+{region})*\s+)?(?P<manner>(?:{manner}[\s,]+(?:and\s+)?)*)$"),
        re.compile(rf"(?<!\w)(?P<extent>(?:(?:{extent}|{_SPARING})[\s,]+)+)$"),
        re.compile(
            r"(?:\s*\([^)]{1,25}\))?(?:\s+(?:scans?|imaging|images?|examinations?|study|studies|films?|series))?\s+(?:of|over)\s+"
            r"(?:(?:the|her|his|their|both|whole|entire|left|right|bilateral|contralateral)\s+)*"
            rf"(?P<regions>{region}(?:(?:{_JOIN}){region})*)(?!\w)(?!\s+(?:\w+\s+)?(?:mass|lesion|tumou?r|nodule|cancer|metast))"
            # "CT chest showed": the region right behind the name, and nothing of it but what the images told
            rf"|\s+(?P<beside>{region}(?:(?:{_JOIN}){region})*)(?=\s+(?:show|reveal|demonstrat|was|were|did|confirm|suggest|scan)|\s*[.,;])"
        ),
        re.compile(rf"\b{any_organ}\b"),
    )


def fits_any_organ(name: str) -> bool:
    """Whether a name does not say of which organ: a resection, a biopsy; a stoma or a catheter has a place of its own."""
    return bool(_qualifiers().any_organ.search(fold(name)))


def imaged(mention: Mention, name: str, reading: Reading, sentence: Sentence) -> list[Draft]:
    """The images a name tells: the part of the body is in the name, and a plural after two parts is two performances."""
    known = _qualifiers()
    place = _near(mention, reading, sentence)
    attributes = {"category": "imaging", "site": mention.attributes.get("site"), "laterality": place.laterality}
    evidence = [(*s, "attribute") for s in place.spans]
    if attributes["site"]:
        return [Draft("procedure", name, mention, sentence, attributes, evidence)]
    low = max(sentence.start, mention.start - LEFT)
    found = known.before.search(fold(reading.text[low : mention.start]))
    words = found["regions"] if found and found["regions"] else ""
    at = low + found.start() if found and words else mention.start
    parts = re.split(_JOIN, words.strip()) if words else []
    if len(parts) > 1 and not _TRULY_JOINED.search(words):
        # "of both breasts, axillary MRI": without an "and" the comma ends another phrase.
        at += words.rfind(parts[-1])
        words, parts = words[words.rfind(parts[-1]) :], parts[-1:]
    if not parts and (behind := known.behind.match(fold(reading.text[mention.end : sentence.end]))):
        parts = re.split(_JOIN, behind["regions"] or behind["beside"])
    regions = [known.regions[p] for p in dict.fromkeys(parts) if p in known.regions]
    if not regions:
        if place.site and not parts:
            first, last = place.spans[-1]
            name = f"{reading.text[first:last].lower() if last <= mention.start else place.site} {name}"
            attributes["site"] = place.site
        return [Draft("procedure", name, mention, sentence, attributes, evidence, head=(at, mention.end))]
    if len(regions) > 1 and words and mention.text.endswith("s"):
        heads = [(at + words.find(p), at + words.find(p) + len(p)) for p in parts[:-1]]
        heads.append((at + words.rfind(parts[-1]), mention.end))
        told = [(f"{region} {name}", {**attributes, "site": site or None}) for region, site in regions]
        return [
            Draft("procedure", full, mention, sentence, said, list(evidence), head=head)
            for (full, said), head in zip(told, heads, strict=False)
        ]
    label = regions[0][0] if len(regions) == 1 else _listed([site or region for region, site in regions])
    attributes["site"] = _listed([site for _, site in regions if site]) or None
    return [Draft("procedure", f"{label} {name}", mention, sentence, attributes, evidence, head=(at, mention.end))]


def performed(mention: Mention, name: str, category: str, reading: Reading, drafts: Sequence[Draft]) -> Draft:
    """What is no image: its extent is in the name, its place is the organ the name implies or the place told with it."""
    sentence = reading.sentence_at(mention.start)
    name, start = _with_extent(mention, name, category, reading)
    place = _near(mention, reading, sentence) if category in _REPORTS else _place(mention, reading, sentence)
    attributes = {"category": category, "site": _site(mention, name, place, reading), "laterality": place.laterality}
    if not attributes["site"]:
        _take_place_of_lesion(attributes, mention, reading, sentence, drafts)
    if category in SPECIMEN and attributes["site"] and not attributes["laterality"]:
        attributes["laterality"] = _side_of(attributes["site"], reading, sentence)
    evidence = [(*s, "attribute") for s in place.spans]
    draft = Draft("procedure", name, mention, sentence, attributes, evidence, head=(start, mention.end))
    if category == "radiotherapy":
        _add_target(draft, reading)
        _add_dose(draft, reading)
    return draft


def singular(text: str) -> str:
    """The words of a name that no list knows, in lower case and the singular."""
    return re.sub(r"ies$", "y", re.sub(r"\s+", " ", text).lower())


def _with_extent(mention: Mention, name: str, category: str, reading: Reading) -> tuple[str, int]:
    """How much was removed belongs to an operation's name, and to its words in the text."""
    if category != "surgery" or mention.attributes.get("generic"):
        return name, mention.start
    low = max(0, mention.start - 40)
    found = _qualifiers().extent.search(fold(reading.text[low : mention.start]))
    if not found:
        return name, mention.start
    extent = " ".join(w for w in found["extent"].replace(",", " ").split() if w not in name.split())
    extent = re.sub(r" (sparing|conserving|preserving)\b", r"-\1", extent)
    return f"{extent} {name}".strip(), low + found.start()


def _place(mention: Mention, reading: Reading, sentence: Sentence) -> SiteReading:
    """The place tied to a name: before it, or behind it up to the verb that tells its result."""
    stop = _CLAUSE_ENDS.search(reading.text, mention.end, sentence.end)
    return _one_place(sites_of(reading, (sentence.start, stop.start() if stop else sentence.end), mention.start, mention.end))


def _near(mention: Mention, reading: Reading, sentence: Sentence) -> SiteReading:
    """The place right before an examination's name or tied to it by "of"; what lies further off is the place of its result."""
    before = next(iter(reading.previous(mention.start, "site", sentences=0)), None)
    start = mention.start
    if before and _ONE_WORD.fullmatch(reading.text[before.end : mention.start]):
        start = max(sentence.start, before.start - 15)
        join = _LAST_JOIN.search(reading.text, start, before.start)
        start = join.end() if join else start
    stop = _CLAUSE_ENDS.search(reading.text, mention.end, sentence.end)
    tied = _TIED.match(reading.text, mention.end)
    end = mention.end if not tied else stop.start() if stop else sentence.end
    return _one_place(sites_of(reading, (start, end), mention.start, mention.end))


def _one_place(places: Sequence[SiteReading]) -> SiteReading:
    sides = {p.laterality for p in places}
    site = _listed([p.site for p in places if p.site]) or None
    return SiteReading(site, sides.pop() if len(sides) == 1 else None, tuple(s for p in places for s in p.spans))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _site(mention: Mention, name: str, place: SiteReading, reading: Reading) -> str | None:
    """The organ the name implies, else the place told; of a lobectomy the lobe."""
    if mention.name in _LOBES and (lobe := _LOBE.search(reading.text[max(0, mention.start - 30) : mention.start])):
        return f"{lobe[2].lower()} lobe of the lung"
    if organ := mention.attributes.get("site"):
        return str(organ)
    inside = mention.name is not None and place.spans and all(mention.start <= s and e <= mention.end for s, e in place.spans)
    return None if inside or place.site == name else place.site


def _take_place_of_lesion(
    attributes: dict[str, str | None], mention: Mention, reading: Reading, sentence: Sentence, drafts: Sequence[Draft]
) -> None:
    """A biopsy "of the mass" is from where the mass was told."""
    lesions = reading.within(mention.end, mention.end + 40, "lesion")
    if any(_OF_WHAT.fullmatch(reading.text[mention.end : m.start]) for m in lesions):
        recent = (d for d in reversed(drafts) if d.type == "lesion" and 0 <= sentence.index - d.sentence.index <= _NEARBY)
        if source := next((d for d in recent if d.attributes.get("site")), None):
            attributes["site"], attributes["laterality"] = source.attributes["site"], source.attributes.get("laterality")


def _side_of(site: str, reading: Reading, sentence: Sentence) -> str | None:
    """The side of an operation is that of its organ in the same sentence: "mastectomy for left breast cancer"."""
    organs = [m for m in reading.in_sentence(sentence, "site") if (m.name or m.text) == site or site.endswith(f" of the {m.name}")]
    sides = {side_in(reading.text[max(sentence.start, m.start - 14) : m.start]) for m in organs} - {None}
    return sides.pop() if len(sides) == 1 else None


def _add_target(draft: Draft, reading: Reading) -> None:
    """Where the beam went: "radiotherapy to the left breast and axilla", "30 Gy to the spine"."""
    if draft.attributes["site"]:
        return
    last, end = draft.head[1], min(draft.sentence.end, draft.head[1] + _TARGET_REACH)
    stop = re.search(r"[;.](?!\d)", reading.text[last:end])
    end = last + stop.start() if stop else end
    starts = {m.start: m for m in reading.within(last, end + 30, "site")}
    for tie in _TO.finditer(reading.text, last, end):
        targets = []
        at = tie.end()
        while first := starts.get(at):
            targets.append(first)
            joined = _AND_PLACE.match(reading.text, first.end)
            at = joined.end() if joined else -1
        if targets:
            draft.attributes["site"] = _listed([plain(m) for m in targets])
            draft.attributes["laterality"] = draft.attributes["laterality"] or side_in(tie[0])
            draft.evidence += [(m.start, m.end, "attribute") for m in targets]
            return


def _add_dose(draft: Draft, reading: Reading) -> None:
    """The total dose and the number of fractions of a course: the largest dose of the words that are about it."""
    start, end = _about(draft, reading)
    doses = [(float(number(m[1]) or 0) / (100 if m[2] else 1), m) for m in _GRAY.finditer(reading.text, start, end)]
    if doses:
        total, found = max(doses, key=lambda d: d[0])
        if times := re.search(r"\b(\d{1,2})\s?[×x]\s?$", reading.text[start : found.start()]):
            total *= int(times[1])
        draft.attributes["dose"] = f"{total:g} Gy"
        draft.evidence.append((*found.span(), "attribute"))
    behind = min(draft.sentence.end, draft.head[1] + _TARGET_REACH)
    if found_fractions := _FRACTIONS.search(reading.text, start, end) or (
        doses and _FRACTIONS.match(reading.text, _in(draft, reading), behind)
    ):
        count = number(found_fractions[1] or found_fractions[2] or found_fractions[3])
        if count and count == int(count):
            draft.attributes["fractions"] = int(count)
            draft.evidence.append((*found_fractions.span(), "attribute"))


def _in(draft: Draft, reading: Reading) -> int:
    """Where the words behind "in" right after a name begin: "radiotherapy in 25 fractions"."""
    tie = re.compile(r"\s+in\s+").match(reading.text, draft.head[1])
    return tie.end() if tie else draft.head[1]


def _about(draft: Draft, reading: Reading) -> tuple[int, int]:
    """The words of a sentence that can tell a course's dose: those right before it ("30 Gy of brachytherapy"), else those behind it
    up to the next course, else the whole sentence."""
    first, last, sentence = *draft.head, draft.sentence
    if right_before := _DOSE_OF.search(reading.text[max(sentence.start, first - LEFT) : first]):
        return max(sentence.start, first - LEFT) + right_before.start(), first
    behind = reading.within(last, sentence.end, "procedure")
    others = (m.start for m in behind if m.attributes.get("category") == "radiotherapy" and m.start > last + 12)
    end = min(others, default=sentence.end)
    return (last if _GRAY.search(reading.text, last, end) else sentence.start), end
