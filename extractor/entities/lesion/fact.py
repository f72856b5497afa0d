"""Lesions as observed: what counts as one, what is told of it, and which sentences speak of the same observation."""

import re
from collections.abc import Sequence

from extractor.entities.lesion.coreference import (
    CHANGED,
    NEAR,
    Observation,
    antecedent,
    is_primary,
    is_treatment,
    last_told,
    observed_before,
    retold,
    told_otherwise,
)
from extractor.entities.lesion.cues import cue
from extractor.entities.lesion.phrase import (
    COORDINATED,
    around,
    has_what_it_needs,
    is_definite,
    is_echo,
    is_introduced,
    is_no_lesion,
    is_plural,
    is_shown,
    is_single,
    phrase_start,
)
from extractor.entities.lesion.telling import Size, count_of, course_of, size_of, sizes
from extractor.entities.reading import Draft, Reading
from extractor.entities.site.composition import SiteReading, joined, plain, side_in, sites_of
from extractor.entities.site.within import larger_places, may_be_one
from extractor.schema import CASE_KINDS, Mention

_PLAIN = frozenset({"mass", "nodule", "lump", "lymph node"})
"""Names that are a lesion even where no place is told."""
_LUMP = frozenset({"tumor", "mass", "lesion", "neoplasm"})
_REGIONS = frozenset(
    {"chest", "abdomen", "pelvis", "head", "neck", "spine", "back", "lymph nodes", "bone marrow", "blood", "cerebrospinal fluid"}
)
"""Places too wide to be where a lesion is: "CT of the chest showed a nodule"."""
_CANCER = re.compile(
    r"(?:carcinoma|sarcoma|cancer|lymphoma|melanoma|tumou?r|blastoma|glioma|meningioma|neoplasm|adenoma|schwannoma|leiomyoma)s?$",
    re.IGNORECASE,
)
_IT = re.compile(r"\s*It\s+(?:was|is|had|measured|appeared)\b")
_MEASURES = re.compile(r"\b(?:measur(?:ed|ing)|size|diameter|dimensions?|was|is)\b[^.;]{0,40}$", re.IGNORECASE)
_SIZED = re.compile(
    r"[\s,(]*(?:(?:was|were|is|which|that)\s+)?(?:of|measuring|measured|sized)?[\s(]*(?:about|approximately|up to|at)?\s*",
    re.IGNORECASE,
)
"""What may stand between a disease's name and the size of its tumor."""


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The observations a lesion word tells: one for each coordinated organ; none where the word only names something else."""
    phrase = phrase_start(reading, mention.start)
    if is_no_lesion(reading, mention, phrase):
        return []
    sentence = reading.sentence_at(mention.start)
    stretch, head = around(reading, mention.start, mention.end), (mention.start, mention.end)
    places = _places(reading, mention, stretch)
    others = [(m.start, m.end) for m in reading.within(*stretch, "lesion", "diagnosis") if m.id != mention.id]
    size = size_of(reading.text, stretch, phrase, head, others) or _size_of_it(mention, reading, others)
    known = is_definite(reading, mention) and any(d.type == "lesion" and d.name == mention.name for d in drafts)
    if not has_what_it_needs(reading, mention, phrase, known or any(p.site for p in places) or bool(size)):
        return []
    phrases = [(_own_words(reading, o[0]), o[1]) for o in others]
    course = course_of(reading.text, stretch, phrase, head, phrases) or ("new" if mention.name == "recurrence" else None)
    again = told_and_changed(reading, mention, sentence.end) if course in CHANGED else None
    if mention.name == "lesion" and any("artery" in (p.site or "") for p in places):
        return []  # a narrowing of a vessel
    if len(places) > 1 and (
        isinstance(_count(reading, mention, phrase, 1), int) or all("bone" in larger_places(str(p.site)) for p in places)
    ):
        places = [joined(places)]
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
        if sentence.section.kind not in CASE_KINDS and told_otherwise(draft, reading, drafts):
            continue
        if draft.retells is None:
            draft.observed_before = observed_before(draft, reading, drafts)
        found.append(draft)
        if again:
            grown = {**attributes, "course": course, "size_mm": size[2] if size and size[0] > again[0] else None}
            found.append(
                Draft("lesion", draft.name, mention, sentence, grown, evidence, head=again, observed_before=draft.retells or draft)
            )
    return found


def _size_of_it(mention: Mention, reading: Reading, others: Sequence[tuple[int, int]]) -> Size | None:
    """The size that the next sentence tells of "it", where the sentence before tells of one lesion alone: "It measured 4 x 3 cm"."""
    sentence = reading.sentence_at(mention.start)
    if others or is_plural(mention) or sentence.index + 1 >= len(reading.sentences):
        return None
    following = reading.sentences[sentence.index + 1]
    if not _IT.match(reading.text, following.start) or reading.in_sentence(following, "lesion"):
        return None
    told = sizes(reading.text, following.start, following.end)
    return told[0] if told and _MEASURES.search(reading.text, following.start, told[0][0]) else None


def _count(reading: Reading, mention: Mention, phrase: int, places: int) -> int | str | None:
    """How many are told; a bare plural is `multiple`, but not of nodes, nor where it sums up single lesions of several places."""
    sentence = reading.sentence_at(mention.start)
    words = reading.text[phrase : mention.end]
    told = count_of(
        words,
        reading.text[max(sentence.start, phrase - 40) : phrase],
        reading.text[mention.end : min(sentence.end, mention.end + 70)],
    )
    if told is not None:
        return told
    if not is_plural(mention):
        return 1 if is_single(reading, mention) else None
    return None if mention.name == "lymph node" or places > 1 else "multiple"


def _settle(draft: Draft, reading: Reading, drafts: Sequence[Draft], *, stated: bool) -> bool:
    """Fills in what an earlier telling, or the sentence, knows of a lesion's place; False where the words tell of no lesion."""
    attributes, mention = draft.attributes, draft.mention
    earlier = antecedent(draft, reading, drafts)
    definite = is_definite(reading, mention)
    echo = is_echo(reading, mention)
    placed = attributes["site"] is not None
    if echo and earlier is None:
        return placed and draft.name == "metastasis"
    if not placed:
        near = earlier is not None and (definite or draft.sentence.index - last_told(earlier, reading) <= NEAR)
        source = earlier if near else None
        if source is not None:
            attributes["site"] = source.attributes.get("site")
            attributes["laterality"] = attributes["laterality"] or source.attributes.get("laterality")
        elif is_primary(draft) or (definite and not echo and earlier is None and _is_described(draft, reading)):
            attributes["site"] = next(
                (d.attributes["site"] for d in reversed(drafts) if d.type == "diagnosis" and d.attributes.get("site")), None
            )
            return attributes["site"] is not None
        elif definite and stated and attributes["course"] in CHANGED:
            pass  # "his metastatic lesions shrank": the change is told, wherever they were
        elif not attributes["size_mm"] and (definite or (draft.name not in _PLAIN and not _comes_new(reading, mention))):
            return False
        else:
            named = SiteReading() if draft.name == "lymph node" else _place_named_before(reading, draft)
            attributes["site"] = named.site or _told_before(draft, drafts) or ("lymph nodes" if draft.name == "lymph node" else None)
            attributes["laterality"] = attributes["laterality"] or named.laterality
    if not stated and earlier is None and not definite and _shows_first_later(reading, draft, drafts):
        attributes["course"] = "new"
    return True


def _comes_new(reading: Reading, mention: Mention) -> bool:
    return is_introduced(reading, mention) or is_shown(reading, mention)


def _is_described(draft: Draft, reading: Reading) -> bool:
    """Whether the text goes on to say where the tumor of a known cancer lies: "the tumor was located at the hilum"."""
    tail = reading.text[draft.mention.end : min(draft.sentence.end, draft.mention.end + 40)]
    return draft.name in _LUMP and draft.sentence.section.kind in CASE_KINDS and bool(cue("described").match(tail.lstrip()))


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether the later words retell the earlier observation; `build` has chosen which, for it sees all of them."""
    return isinstance(later, Observation) and later.retells is earlier


def retells(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether an abstract or a legend tells a lesion of the case again: the same noun, and no other place or side."""
    if isinstance(later, Observation) and later.retells is not None:
        return later.retells is earlier
    sites = [d.attributes.get("site") for d in (earlier, later)]
    sides = [d.attributes.get("laterality") for d in (earlier, later)]
    return earlier.name == later.name and (not all(sites) or may_be_one(str(sites[0]), str(sites[1]))) and set(sides) != {"left", "right"}


def review(drafts: list[Draft], reading: Reading) -> list[Draft]:
    """Adds the lump that a histological name with a size stands for: "adenocarcinoma of 3.5 x 1.5 cm" is also a tumor.

    A lesion is pointed at with the place right before its noun: "axillary lymph node metastases".
    """
    added: list[Draft] = []
    for draft in drafts:
        if draft.type == "lesion":
            draft.heads = [(_with_place(s, m, reading) if (s, e) == (m.start, m.end) else s, e, m) for s, e, m in draft.heads]
        if draft.type == "diagnosis" and draft.certainty == "confirmed":
            added += [tumor for tumor in _sized(draft, reading) if retold(tumor, reading, [*drafts, *added]) is None]
    return [*drafts, *added]


def _with_place(start: int, mention: Mention, reading: Reading) -> int:
    """Where the words of a lesion begin: with the place that is told right before its noun; a swollen node's word stands alone."""
    if mention.label != "lesion" or mention.text.lower().endswith(("adenopathy", "adenopathies")):
        return start
    for site in reversed(reading.within(start - 40, mention.end, "site")):
        if site.start < start < site.end < mention.end or (site.end <= start and reading.text[site.end : start] in (" ", "-", "\u2010")):
            start = site.start
    return start


def _sized(draft: Draft, reading: Reading) -> list[Draft]:
    """The tumors that a disease's name stands for where a size is told of it."""
    found: list[Draft] = []
    for start, end, mention in draft.heads:
        sentence = reading.sentence_at(start)
        phrase = phrase_start(reading, start)
        near = [s for s in sizes(reading.text, *around(reading, start, end))
                if phrase <= s[0] < start or (s[0] >= end and _SIZED.fullmatch(reading.text[end : s[0]]))]  # fmt: skip
        if not near or not _CANCER.search(reading.text[start:end]):
            continue
        place = joined(sites_of(reading, around(reading, start, end), start, end))
        attributes = {
            "site": place.site or draft.attributes.get("site"),
            "laterality": place.laterality or draft.attributes.get("laterality"),
            "size_mm": near[-1][2],
            "count": None,
            "course": "present",
        }
        found.append(Draft("lesion", "tumor", mention, sentence, attributes, [(*near[-1][:2], "attribute")], head=(start, end)))
    return found


def _places(reading: Reading, mention: Mention, stretch: tuple[int, int]) -> list[SiteReading]:
    """The places of a lesion; those of the next one where the two are coordinated ("nodules and masses in both lungs")."""
    places = sites_of(reading, stretch, mention.start, mention.end)
    if not any(p.site for p in places):
        following = next(iter(reading.within(mention.end, stretch[1], "lesion")), None)
        if following and COORDINATED.fullmatch(reading.text[mention.end : following.start]):
            shared = sites_of(reading, (following.start, stretch[1]), following.start, following.end)
            places = shared if any(p.site for p in shared) else places
    if not places and mention.attributes.get("site"):
        return [SiteReading(str(mention.attributes["site"]))]
    if len(places) > 1 and (
        any(re.match(r"[CTL]\d", p.site or "") for p in places) or (not is_plural(mention) and mention.name != "metastasis")
    ):
        return [joined(places)]
    return places


def told_and_changed(reading: Reading, mention: Mention, end: int) -> tuple[int, int] | None:
    """Where a sentence tells two observations ("a lesion was noted and subsequently grew"): the verb of the second."""
    tail = reading.text[mention.end : min(end, mention.end + 120)]
    noted = cue("detected").search(tail)
    if not noted:
        return None
    for course in sorted(CHANGED):
        changed = cue(f"{course}_verb").search(tail, noted.end())
        if changed and re.match(r"\s*,?\s*(?:and|but|which)\s+[^,;.]{0,40}$", tail[noted.end() : changed.start()]):
            return (mention.end + changed.start(), mention.end + changed.end())
    return None


def _own_words(reading: Reading, start: int) -> int:
    """Where the words begin that belong to a head alone: its phrase, behind the last comma or conjunction."""
    phrase = phrase_start(reading, start)
    return phrase + max((m.end() for m in re.finditer(r",\s*|\b(?:and|or)\s+", reading.text[phrase:start])), default=0)


def _place_named_before(reading: Reading, draft: Draft) -> SiteReading:
    """The organ that the sentence examines ("brain MRI revealed two lesions"), for a lesion that is told without its own place."""
    low, _ = around(reading, draft.mention.start, draft.mention.end)
    for site in reversed(reading.within(low, draft.mention.start, "site")):
        if plain(site) not in _REGIONS and site.attributes.get("kind") is None:
            return SiteReading(plain(site), side_in(reading.text[max(low, site.start - 12) : site.start]))
    return SiteReading()


def _told_before(draft: Draft, drafts: Sequence[Draft]) -> str | None:
    """The place of what was told just before: a mass found in the resected organ."""
    for earlier in reversed(drafts):
        if (draft.name == "lymph node") != ("lymph node" in str(earlier.attributes.get("site"))):
            continue
        if (
            earlier.type in ("procedure", "diagnosis", "lesion")
            and earlier.attributes.get("site")
            and not earlier.mention.context.historical
            and draft.sentence.index - earlier.sentence.index <= 2
        ):
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
    treated = any(is_treatment(d) for d in drafts if d.sentence.index < draft.sentence.index)
    return treated and bool(cue("later").search(words))
