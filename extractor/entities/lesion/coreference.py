"""Which observation words tell again: "the mass" is the lesion told before, a larger one later is another observation of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.entities.lesion.cues import cue
from extractor.entities.lesion.phrase import is_definite, is_echo, is_plural, phrase_start
from extractor.entities.reading import Draft, Reading
from extractor.entities.site.within import may_be_one

CHANGED = frozenset({"increased", "decreased", "stable", "resolved"})
_TREATMENTS = frozenset({"surgery", "radiotherapy"})
NEAR, FAR = 2, 8
"""How many sentences back a lesion may be retold: without being named again exactly, and at all."""


@dataclass
class Observation(Draft):
    """A lesion in the making, with the earlier observation that its words tell again."""

    retells: Draft | None = None
    of_several: bool = False
    """Whether its plural sums up lesions of several places."""


def antecedent(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> Draft | None:
    """The lesion told before of which a draft may speak again, where the place of neither excludes it."""
    known = [d for d in drafts if d.type == "lesion" and _compatible(d, draft, draft.sentence.index - last_told(d, reading))]
    if not is_definite(reading, draft.mention):
        known = [d for d in known if is_plural(d.mention) == is_plural(draft.mention)]
    return _likest(draft, known, reading)


def observed_before(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> Draft | None:
    """The earlier observation of a lesion that a draft tells something new of: it changed, or is called the one that is known."""
    changed = draft.attributes["course"] in CHANGED
    if draft.attributes["course"] == "new" or _says_new(draft, reading) or not (changed or is_definite(reading, draft.mention)):
        return None
    earlier = antecedent(draft, reading, drafts)
    if earlier is None:
        return None
    sites = {earlier.attributes.get("site"), draft.attributes.get("site")}
    return earlier if len(sites) == 1 or None in sites or is_definite(reading, draft.mention) else None


def retold(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> Draft | None:
    """The observation that a draft tells again, if it tells nothing new."""
    return _likest(draft, [d for d in drafts if d.type == "lesion" and _tells_again(d, draft, reading)], reading)


def told_otherwise(draft: Draft, reading: Reading, drafts: Sequence[Draft]) -> bool:
    """Whether an abstract or a legend speaks of a lesion that the case has told, in other words."""
    again = retold(draft, reading, drafts)
    if again is not None:
        return again.name != draft.name
    known = antecedent(draft, reading, drafts)
    return known is not None and known.name != draft.name


def _likest(draft: Draft, known: Sequence[Draft], reading: Reading) -> Draft | None:
    """Of several observations that of the same size, number and name, then the one told last."""

    def rank(earlier: Draft) -> tuple[bool, bool, bool, int, int]:
        last = last_told(earlier, reading)
        size = draft.attributes["size_mm"]
        return (
            bool(size) and earlier.attributes.get("size_mm") == size,
            is_plural(earlier.mention) == is_plural(draft.mention),
            earlier.name == draft.name and draft.sentence.index - last <= FAR,
            last,
            earlier.heads[-1][0],
        )

    return max(known, key=rank, default=None)


def _tells_again(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether the later words may retell the earlier observation: a compatible place, and nothing new told."""
    a, b = earlier.attributes, later.attributes
    distance = later.sentence.index - last_told(earlier, reading)
    if not _compatible(earlier, later, distance):
        return False
    definite = is_definite(reading, later.mention)
    if distance > FAR and not definite:
        return False
    if _says_new(later, reading):
        return False
    several = isinstance(later, Observation) and later.of_several
    if (
        is_plural(later.mention) != (is_plural(earlier.mention) or a.get("laterality") == "bilateral")
        and not several
        and later.name != "lymph node"
        and (not definite or b["count"] == "multiple")
    ):
        return False
    if b["course"] in CHANGED:
        return a["course"] == b["course"] and distance <= 1
    if b["size_mm"] and a.get("size_mm") and sorted(a["size_mm"]) != sorted(b["size_mm"]):
        return False
    if isinstance(b["count"], int) and isinstance(a.get("count"), int) and a["count"] != b["count"]:
        return False
    if distance == 0 and not definite and not is_echo(reading, later.mention):
        return False
    if definite or is_echo(reading, later.mention):
        return not (b["course"] == "new" != a["course"])
    if b["size_mm"] and not a.get("size_mm"):
        return distance <= 1 and a["course"] == b["course"]
    if b["course"] == "new":
        return a["course"] == "new" and distance <= NEAR
    return distance <= NEAR or (a.get("site") == b.get("site") and not _treated_between(reading, earlier, later))


def _compatible(earlier: Draft, later: Draft, distance: int) -> bool:
    """Whether two drafts may speak of one lesion: places and sides that do not exclude each other, nodes only with nodes."""
    nodes = [d.name == "lymph node" or "lymph node" in str(d.attributes.get("site")) for d in (earlier, later)]
    if nodes[0] != nodes[1] and (
        later.attributes.get("site")
        or nodes[1]
        or distance > NEAR
        or later.name not in ("mass", "lesion")
        or "metasta" in later.mention.text
    ):
        return False
    if any(is_primary(a) and b.name in ("metastasis", "recurrence") for a, b in ((earlier, later), (later, earlier))):
        return False
    sides = (earlier.attributes.get("laterality"), later.attributes.get("laterality"))
    if all(sides) and sides[0] != sides[1]:
        return False
    sites = (earlier.attributes.get("site"), later.attributes.get("site"))
    if "metastasis" in (earlier.name, later.name) and earlier.name != later.name and distance > NEAR and not all(sites):
        return False
    return not all(sites) or may_be_one(str(sites[0]), str(sites[1]))


def _says_new(draft: Draft, reading: Reading) -> bool:
    """Whether the phrase itself says that this is another lesion: "a new liver lesion", "another nodule"."""
    start = draft.mention.start
    words = reading.text[max(reading.sentence_at(start).start, phrase_start(reading, start) - 9) : start]
    return bool(cue("new_adjective").search(words) or re.search(r"\banother\s", words))


def is_primary(draft: Draft) -> bool:
    return "primary" in draft.mention.text.lower()


def last_told(draft: Draft, reading: Reading) -> int:
    """The sentence in which a draft was told last."""
    return reading.sentence_at(max(h[0] for h in draft.heads)).index


def is_treatment(draft: Draft) -> bool:
    return (draft.type == "drug" and draft.attributes.get("status", "given") == "given") or (
        draft.type == "procedure" and draft.attributes.get("category") in _TREATMENTS
    )


def _treated_between(reading: Reading, earlier: Draft, later: Draft) -> bool:
    between = reading.within(earlier.heads[-1][1], later.mention.start, "drug", "procedure")
    return any(m.label == "drug" or m.attributes.get("category") in _TREATMENTS for m in between)
