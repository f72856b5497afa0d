"""Lesions as observed: what counts as one, what is told of it, and which sentences speak of the same observation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.entities.lesion.cues import cue
from extractor.entities.lesion.telling import count_of, course_of, size_of, sizes
from extractor.entities.reading import Draft, Reading
from extractor.entities.site.composition import SiteReading, joined, plain, side_in, sites_of
from extractor.entities.site.within import may_be_one
from extractor.schema import CASE_KINDS, Mention

_PHRASE = re.compile(
    r"\b(?:an?|the|this|these|those|that|his|her|their|its|such|another|of|in|on|at|to|with|for|from|by|into|within|between|through|after|before|"
    r"is|was|were|are|be|been|had|has|have|but|while|which|who|as|"
    r"(?:show|reveal|demonstrat|disclos|identif|detect|confirm|observ|describ|suggest|develop|present|indicat|contain|notic|not)"
    r"(?:s|es|ed|ied|ing)|shown|found|seen)\b(?!-)\s*|\.(?!\s?\d)\s*|\((?![><~≥≤]?\s?\d[\d.,x×\s]*\s?[cm]m)\s*|(?<![cm]m)\)\s*|[;:\[\]]\s*",
    re.IGNORECASE,
)
_DEFINITE = re.compile(r"\b(?:the|this|these|those|that|his|her|their|its|such)\s+$", re.IGNORECASE)
_ALL = re.compile(r"(?:both|all)\s", re.IGNORECASE)
_CHANGED = frozenset({"increased", "decreased", "stable", "resolved"})
_TREATMENTS = frozenset({"surgery", "radiotherapy"})
_CONFUSED = {"mass": "no_mass_before", "tumor": "no_tumor_before"}
"""The cues before a word that make it another thing: "body mass", "germ cell tumor" (a disease), "mastoid process"."""
_PLAIN = frozenset({"mass", "nodule", "lump", "lymph node"})
"""Names that are a lesion even where no place is told."""
_REGIONS = frozenset({"chest", "abdomen", "pelvis", "head", "neck", "spine", "back", "lymph nodes", "bone marrow", "blood", "cerebrospinal fluid"})
_PLURAL = re.compile(r"(?:(?<!s)(?<!si)s|metastases|foci|adenopathies)$", re.IGNORECASE)
_CANCER = re.compile(r"(?:carcinoma|sarcoma|cancer|lymphoma|melanoma|tumou?r|blastoma|glioma|meningioma|neoplasm|adenoma|schwannoma|leiomyoma)s?$", re.IGNORECASE)
_SIZED = re.compile(r"[\s,(]*(?:(?:was|were|is|which|that)\s+)?(?:of|measuring|measured|sized)?[\s(]*(?:about|approximately|up to|at)?\s*", re.IGNORECASE)
"""What may stand between a disease's name and the size of its tumor."""
_COORDINATED = r"\s*(?:,|and|or)\s+(?:[\w-]+\s+){0,3}"
_NEAR, _FAR = 2, 8
"""How many sentences back a lesion may be retold: without being named again exactly, and at all."""


@dataclass
class Observation(Draft):
    """A lesion in the making, with the earlier observation that its words tell again."""

    retells: Draft | None = None
    of_several: bool = False
    """Whether its plural sums up lesions of several places."""


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The observations a lesion word tells: one for each coordinated organ; none where the word only names something else."""
    phrase = phrase_start(reading, mention.start)
    if _is_no_lesion(reading, mention, phrase):
        return []
    sentence = reading.sentence_at(mention.start)
    stretch, head = (sentence.start, sentence.end), (mention.start, mention.end)
    places = _places(reading, mention, stretch)
    others = _other_heads(reading, mention)
    size = size_of(reading.text, stretch, phrase, head, others)
    known = is_definite(reading, mention) and any(d.type == "lesion" and d.name == mention.name for d in drafts)
    if not _has_what_it_needs(reading, mention, phrase, known or any(p.site for p in places) or bool(size)):
        return []
    course = course_of(reading.text, stretch, phrase, head, others) or ("new" if mention.name == "recurrence" else None)
    again = _told_and_changed(reading, mention, sentence.end) if course in _CHANGED else None
    found: list[Draft] = []
    for place in places or [SiteReading()]:
        attributes = {
            "site": place.site,
            "laterality": place.laterality,
            "size_mm": size[2] if size and not (again and size[0] > again[0]) else None,
            "count": _count(reading, mention, phrase, len(places)),
            "course": "present" if again else course or "present",
        }
        evidence = [(*s, "attribute") for s in place.spans] + ([(size[0], size[1], "attribute")] if size else [])
        draft = Observation("lesion", mention.name or mention.text, mention, sentence, attributes, evidence)
        draft.of_several = len(places) > 1
        if not _settle(draft, reading, drafts, stated=course is not None):
            continue
        if len(places) > 1:
            # Each of "lung and liver metastases" is pointed at by its own modifier as well.
            own = [s for s in place.spans if s[1] <= mention.start]
            draft.heads = [(*draft.head, mention), *((*s, mention) for s in own[-1:])]
        draft.retells = retold(draft, reading, drafts)
        if sentence.section.kind not in CASE_KINDS and (draft.retells is None or draft.retells.name != draft.name) and earlier_told(draft, reading, drafts):
            continue
        found.append(draft)
        if again:
            grown = {**attributes, "course": course, "size_mm": size[2] if size and size[0] > again[0] else None}
            found.append(Draft("lesion", draft.name, mention, sentence, grown, evidence, head=again))
    return found


def _count(reading: Reading, mention: Mention, phrase: int, places: int) -> int | str | None:
    """How many are told; a bare plural is `multiple`, but not of nodes, nor where it sums up single lesions of several places."""
    sentence = reading.sentence_at(mention.start)
    words = reading.text[phrase : mention.end]
    told = count_of(words, reading.text[max(sentence.start, phrase - 40) : phrase], reading.text[mention.end : min(sentence.end, mention.end + 70)])
    if told is not None or not is_plural(mention) or mention.name == "lymph node" or places > 1:
        return told
    return "multiple"


def _settle(draft: Draft, reading: Reading, drafts: Sequence[Draft], *, stated: bool) -> bool:
    """Fills in what an earlier telling of the lesion, or the sentence, knows of its place; False where the words tell of no lesion."""
    attributes, mention = draft.attributes, draft.mention
    earlier = antecedent(draft, reading, drafts)
    definite = is_definite(reading, mention)
    echo = _is_echo(reading, mention)
    placed = attributes["site"] is not None
    if echo and earlier is None:
        return placed and draft.name == "metastasis"
    if not placed:
        near = earlier is not None and (definite or draft.sentence.index - _last(earlier, reading) <= _NEAR)
        source = earlier if near else None
        if source is not None:
            attributes["site"] = source.attributes.get("site")
            attributes["laterality"] = attributes["laterality"] or source.attributes.get("laterality")
        elif _is_primary(draft):
            attributes["site"] = next((d.attributes["site"] for d in reversed(drafts) if d.type == "diagnosis" and d.attributes.get("site")), None)
            return attributes["site"] is not None
        elif not attributes["size_mm"] and (definite or (draft.name not in _PLAIN and not _is_introduced(reading, mention))):
            return False
        else:
            named = _place_named_before(reading, draft)
            attributes["site"] = named.site or _told_before(draft, drafts)
            attributes["laterality"] = attributes["laterality"] or named.laterality
    if not stated and earlier is None and not definite and _shows_first_later(reading, draft, drafts):
        attributes["course"] = "new"
    return True


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether the later words retell the earlier observation; `build` has chosen which, for it sees all of them."""
    return isinstance(later, Observation) and later.retells is earlier


def _tells_again(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether the later words may retell the earlier observation: a compatible place, and nothing new (no other size, number, course)."""
    a, b = earlier.attributes, later.attributes
    distance = later.sentence.index - _last(earlier, reading)
    definite = is_definite(reading, later.mention)
    if not _compatible(earlier, later, distance) or (distance > _FAR and not definite):
        return False
    if _says_new(later, reading):
        return False
    if b["course"] in _CHANGED:
        return a["course"] == b["course"] and distance <= 1
    if b["size_mm"] and a.get("size_mm") and sorted(a["size_mm"]) != sorted(b["size_mm"]):
        return False
    if isinstance(b["count"], int) and isinstance(a.get("count"), int) and a["count"] != b["count"]:
        return False
    if distance == 0 and not definite and not _is_echo(reading, later.mention):
        return False
    several = isinstance(later, Observation) and later.of_several
    if is_plural(later.mention) != is_plural(earlier.mention) and not several and later.name != "lymph node" and (not definite or b["count"] == "multiple"):
        return False
    if definite or _is_echo(reading, later.mention):
        return not (b["course"] == "new" != a["course"])
    if b["size_mm"] and not a.get("size_mm"):
        return distance <= 1 and a["course"] == b["course"]
    if b["course"] == "new":
        return a["course"] == "new" and distance <= _NEAR
    return distance <= _NEAR or (a.get("site") == b.get("site") and not _treated_between(reading, earlier, later))


def review(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """Adds the lump that a histological name with a size stands for: "adenocarcinoma of 3.5 x 1.5 cm" is also a tumor."""
    added: list[Draft] = []
    for draft in drafts:
        if draft.type == "diagnosis" and draft.certainty == "confirmed":
            for tumor in _sized(draft, reading):
                if retold(tumor, reading, drafts) is None:
                    added.append(tumor)
    return [*drafts, *added]


def _sized(draft: Draft, reading: Reading) -> list[Draft]:
    """The tumors that a disease's name stands for where a size is told of it."""
    found: list[Draft] = []
    for start, end, mention in draft.heads:
        sentence = reading.sentence_at(start)
        phrase = phrase_start(reading, start)
        near = [s for s in sizes(reading.text, sentence.start, sentence.end)
                if phrase <= s[0] < start or (s[0] >= end and _SIZED.fullmatch(reading.text[end : s[0]]))]  # fmt: skip
        if not near or not _CANCER.search(reading.text[start:end]):
            continue
        place = joined(sites_of(reading, sentence, start, end))
        attributes = {
            "site": place.site or draft.attributes.get("site"),
            "laterality": place.laterality or draft.attributes.get("laterality"),
            "size_mm": near[-1][2],
            "count": None,
            "course": "present",
        }
        found.append(Draft("lesion", "tumor", mention, sentence, attributes, [(*near[-1][:2], "attribute")], head=(start, end)))
    return found


def phrase_start(reading: Reading, start: int) -> int:
    """Where the noun phrase before a head begins: behind the last article, preposition, verb or bracket."""
    sentence = reading.sentence_at(start)
    first = sentence.start
    for stop in _PHRASE.finditer(reading.text, sentence.start, start):
        first = stop.end()
    heads = [m.end for m in reading.within(first, start, "lesion", "procedure", "drug", "diagnosis")]
    return max([first, *heads])


def is_definite(reading: Reading, mention: Mention) -> bool:
    """Whether the text speaks of a lesion already known: "the mass", "these nodules"."""
    phrase = phrase_start(reading, mention.start)
    return bool(_DEFINITE.search(reading.text[max(0, phrase - 12) : phrase]) or _ALL.match(reading.text, phrase))


def _is_introduced(reading: Reading, mention: Mention) -> bool:
    """Whether a lesion comes new into the text: "a lesion", "two lesions"."""
    phrase = phrase_start(reading, mention.start)
    return bool(re.search(r"\b(?:an?|another)\s+$", reading.text[max(0, phrase - 9) : phrase], re.IGNORECASE)) or (
        count_of(reading.text[phrase : mention.end]) is not None
    )


def is_plural(mention: Mention) -> bool:
    """Whether a lesion word is a plural."""
    return bool(_PLURAL.search(mention.text))


def antecedent(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> Draft | None:
    """The lesion told before of which a draft may speak again, where the place of neither excludes it."""
    known = [d for d in drafts if d.type == "lesion" and _compatible(d, draft, draft.sentence.index - _last(d, reading))]
    if not is_definite(reading, draft.mention):
        known = [d for d in known if is_plural(d.mention) == is_plural(draft.mention)]
    return _likest(draft, known, reading)


def retold(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> Draft | None:
    """The observation that a draft tells again, if it tells nothing new."""
    return _likest(draft, [d for d in drafts if d.type == "lesion" and _tells_again(d, draft, reading)], reading)


def earlier_told(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> bool:
    """Whether an abstract or a legend speaks of a lesion that the case has told, in other words."""
    known = antecedent(draft, reading, drafts)
    return known is not None and known.name != draft.name


def _likest(draft: Draft, known: Sequence[Draft], reading: Reading) -> Draft | None:
    """Of several observations that of the same size, number and name, then the one told last."""

    def rank(earlier: Draft) -> tuple[bool, bool, bool, int, int]:
        last = _last(earlier, reading)
        size = draft.attributes["size_mm"]
        return (
            bool(size) and earlier.attributes.get("size_mm") == size,
            is_plural(earlier.mention) == is_plural(draft.mention),
            earlier.name == draft.name and draft.sentence.index - last <= _FAR,
            last,
            earlier.heads[-1][0],
        )

    return max(known, key=rank, default=None)


def _places(reading: Reading, mention: Mention, stretch: tuple[int, int]) -> list[SiteReading]:
    """The places of a lesion; those of the next one where the two are coordinated ("nodules and masses in both lungs")."""
    places = sites_of(reading, stretch, mention.start, mention.end)
    if not any(p.site for p in places):
        following = next(iter(reading.within(mention.end, stretch[1], "lesion")), None)
        if following and re.fullmatch(_COORDINATED, reading.text[mention.end : following.start]):
            shared = sites_of(reading, (following.start, stretch[1]), following.start, following.end)
            places = shared if any(p.site for p in shared) else places
    if not places and mention.attributes.get("site"):
        return [SiteReading(str(mention.attributes["site"]))]
    if len(places) > 1 and (any(re.match(r"[CTL]\d", p.site or "") for p in places) or (not is_plural(mention) and mention.name != "metastasis")):
        return [joined(places)]
    return places


def _is_no_lesion(reading: Reading, mention: Mention, phrase: int) -> bool:
    """Whether the words around make it none: "tumor cells", "body mass", what is said of such lesions in general."""
    after = reading.text[mention.end : mention.end + 40]
    before = reading.text[max(0, mention.start - 30) : mention.start]
    sentence = reading.words(reading.sentence_at(mention.start))
    if cue("always_general").search(sentence) and not sizes(reading.text, phrase, mention.end + 40):
        return True
    general = cue("general").search(sentence) and not is_definite(reading, mention)
    return bool(
        re.match(rf"[\s-]+(?:{cue('no_lesion_after').pattern})", after, re.IGNORECASE)
        or re.search(rf"(?:{cue(_CONFUSED.get(str(mention.name), 'no_process_before')).pattern})[\s-]+$", before, re.IGNORECASE)
        or re.search(rf"(?:{cue('inside').pattern})\s+(?:[\w-]+\s+){{0,4}}$", before, re.IGNORECASE)
        or (general and not sizes(reading.text, phrase, mention.end + 40))
    )


def _is_echo(reading: Reading, mention: Mention) -> bool:
    """Whether a word only takes up a lesion told before: "lesion excision", nodules "consistent with metastases"."""
    before = reading.text[max(0, mention.start - 60) : mention.start]
    lead = reading.text[reading.sentence_at(mention.start).start : phrase_start(reading, mention.start)]
    return bool(
        re.match(rf"\s+(?:{cue('echo').pattern})", reading.text[mention.end : mention.end + 30], re.IGNORECASE)
        or re.search(r"(?<!there )\b(?:was|is|were|are|be|being)\s+(?:an?\s+)?$", lead, re.IGNORECASE)
        or re.search(rf"(?:{cue('reading').pattern})\s+(?:an?\s+|the\s+)?(?:[\w-]+\s+){{0,2}}$", before, re.IGNORECASE)
    )


def _has_what_it_needs(reading: Reading, mention: Mention, phrase: int, placed: bool) -> bool:
    match mention.attributes.get("need"):
        case "affected":
            return _affected(reading, mention, phrase)
        case "tumorous":
            return bool(cue("tumorous").search(reading.words(reading.sentence_at(mention.start))))
        case "place":
            return placed
        case "countable":
            return placed and (is_plural(mention) or is_definite(reading, mention) or _is_introduced(reading, mention))
    return True


def _affected(reading: Reading, mention: Mention, phrase: int) -> bool:
    """Whether a bare node word speaks of diseased nodes: a word of disease in its phrase or after it, or "3 of 17 nodes"."""
    sentence = reading.sentence_at(mention.start)
    text = reading.text
    if re.match(rf"[\s-]+(?:{cue('unaffected').pattern})", text[mention.end : mention.end + 30], re.IGNORECASE):
        return False
    following = next(iter(reading.within(mention.end, sentence.end, "lesion")), None)
    if following and following.name == "metastasis" and re.fullmatch(_COORDINATED, text[mention.end : following.start]):
        return False
    told = [m.end for m in reading.within(sentence.start, phrase, "lesion")]
    lead = text[max([sentence.start, phrase - 60, *told]) : mention.start]
    tail = text[mention.end : min(sentence.end, mention.end + 70)]
    clause = re.split(r"[,;]|\.\s", lead)[-1] + " " + re.split(r"[,;]|\.\s", tail)[0]
    return bool(cue("affected").search(f"{lead} {tail}")) and not cue("healthy").search(clause)


def _told_and_changed(reading: Reading, mention: Mention, end: int) -> tuple[int, int] | None:
    """Where a sentence tells two observations ("a lesion was noted and subsequently grew"): the verb of the second."""
    tail = reading.text[mention.end : min(end, mention.end + 120)]
    noted = cue("detected").search(tail)
    if not noted:
        return None
    for course in sorted(_CHANGED):
        changed = cue(f"{course}_verb").search(tail, noted.end())
        if changed and re.match(r"\s*,?\s*(?:and|but|which)\s+[^,;.]{0,40}$", tail[noted.end() : changed.start()]):
            return (mention.end + changed.start(), mention.end + changed.end())
    return None


def _other_heads(reading: Reading, mention: Mention) -> list[tuple[int, int]]:
    sentence = reading.sentence_at(mention.start)
    return [(m.start, m.end) for m in reading.in_sentence(sentence, "lesion", "diagnosis") if m.id != mention.id]


def _compatible(earlier: Draft, later: Draft, distance: int) -> bool:
    """Whether two drafts may speak of one lesion: places and sides that do not exclude each other, nodes only with nodes."""
    nodes = [d.name == "lymph node" or "lymph node" in str(d.attributes.get("site")) for d in (earlier, later)]
    if nodes[0] != nodes[1] and (later.attributes.get("site") or nodes[1] or distance > _NEAR or later.name not in ("mass", "lesion") or "metasta" in later.mention.text):
        return False
    if any(_is_primary(a) and b.name in ("metastasis", "recurrence") for a, b in ((earlier, later), (later, earlier))):
        return False
    sides = (earlier.attributes.get("laterality"), later.attributes.get("laterality"))
    if all(sides) and sides[0] != sides[1]:
        return False
    sites = (earlier.attributes.get("site"), later.attributes.get("site"))
    if "metastasis" in (earlier.name, later.name) and earlier.name != later.name and distance > _NEAR and not all(sites):
        return False
    return not all(sites) or may_be_one(str(sites[0]), str(sites[1]))


def _says_new(draft: Draft, reading: Reading) -> bool:
    """Whether the phrase itself says that this is another lesion: "a new liver lesion", "another nodule"."""
    start = draft.mention.start
    words = reading.text[max(reading.sentence_at(start).start, phrase_start(reading, start) - 9) : start]
    return bool(cue("new_adjective").search(words) or re.search(r"\banother\s", words))


def _is_primary(draft: Draft) -> bool:
    return "primary" in draft.mention.text.lower()


def _last(draft: Draft, reading: Reading) -> int:
    """The sentence in which a draft was told last."""
    return max(reading.sentence_at(h[0]).index for h in draft.heads)


def _place_named_before(reading: Reading, draft: Draft) -> SiteReading:
    """The organ that the sentence examines ("brain MRI revealed two lesions"), for a lesion that is told without its own place."""
    for site in reversed(reading.within(draft.sentence.start, draft.mention.start, "site")):
        if plain(site) not in _REGIONS and site.attributes.get("kind") is None:
            return SiteReading(plain(site), side_in(reading.text[max(draft.sentence.start, site.start - 12) : site.start]))
    return SiteReading()


def _told_before(draft: Draft, drafts: Sequence[Draft]) -> str | None:
    """The place of what was told just before: a mass found in the resected organ."""
    for earlier in reversed(drafts):
        if draft.name != "lymph node" and "lymph node" in str(earlier.attributes.get("site")):
            continue
        if earlier.type in ("procedure", "diagnosis", "lesion") and earlier.attributes.get("site") and draft.sentence.index - earlier.sentence.index <= 2:
            return str(earlier.attributes["site"])
    return None


def _shows_first_later(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> bool:
    """Whether a later examination shows a lesion first: words of follow-up, or of time after a treatment, and not in a specimen."""
    sentences = reading.sentences[max(0, draft.sentence.index - 1) : draft.sentence.index + 1]
    words = " ".join(reading.words(s) for s in sentences)
    if cue("specimen").search(reading.words(draft.sentence)) or not any(d.sentence.index < draft.sentence.index for d in drafts):
        return False
    if cue("strong_later").search(words):
        return True
    treated = any(_is_treatment(d) for d in drafts if d.sentence.index < draft.sentence.index)
    return treated and bool(cue("later").search(words))


def _is_treatment(draft: Draft) -> bool:
    return (draft.type == "drug" and draft.attributes.get("status", "given") == "given") or (
        draft.type == "procedure" and draft.attributes.get("category") in _TREATMENTS
    )


def _treated_between(reading: Reading, earlier: Draft, later: Draft) -> bool:
    between = reading.within(earlier.heads[-1][1], later.mention.start, "drug", "procedure")
    return any(m.label == "drug" or m.attributes.get("category") in _TREATMENTS for m in between)
