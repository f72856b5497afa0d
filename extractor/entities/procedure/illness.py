"""The place of a procedure that the text does not tell again: that of the illness it was done for, or of the specimen examined.

"A biopsy was taken" is of the mass told before, "resection" of the tumor it removes, "histology" of what was resected.
"""

import re
from collections.abc import Iterator, Sequence

from extractor.entities.procedure.naming import fits_any_organ
from extractor.entities.procedure.telling import SPECIMEN
from extractor.entities.reading import Draft, Reading

_WITH_SIDE = ("surgery", "biopsy", "radiotherapy", "other")
_REACH = 4
"""So many sentences back an illness may lie that a procedure is done for."""
_SIDED_REACH = 12
"""So many sentences back the side of the same organ may have been told."""
_SPECIMEN_REACH = 6
_NO_ORGAN = frozenset({"of", "the", "and", "lobe", "upper", "lower", "middle", "region", "lymph", "nodes", "body", "wall"})
"""Words of a place that do not say which organ it is."""
_DONE_FOR = re.compile(r"(?:\s+(?:\w+\s+)?(?:for|of|from|to|on)\s+(?:[\w-]+\s+){0,4}|\s+(?:[\w-]+\s+){0,2})$", re.IGNORECASE)


def place(draft: Draft, drafts: Sequence[Draft], reading: Reading) -> None:
    """Fill in the site of a procedure that has none, and its side."""
    said, category = draft.attributes, draft.attributes["category"]
    if not said.get("site") and fits_any_organ(draft.name):
        source = _specimen(draft, drafts) if category == "pathology" else None
        source = source or _illness(draft, drafts, reading)
        if source is not None:
            said["site"] = source.attributes["site"]
            if category in _WITH_SIDE:
                said["laterality"] = said.get("laterality") or source.attributes.get("laterality")
    if category in SPECIMEN and said.get("site") and not said.get("laterality"):
        said["laterality"] = _side(draft, drafts)


def _specimen(draft: Draft, drafts: Sequence[Draft]) -> Draft | None:
    """The operation or biopsy whose specimen is examined: the last one before, nodes taken along with an organ left aside."""
    taken = [
        d for d in drafts
        if d.type == "procedure" and d.attributes["category"] in SPECIMEN and d.attributes.get("site") and "status" not in d.attributes
        and d.head[0] < draft.head[1] and draft.sentence.index - d.sentence.index <= _SPECIMEN_REACH
    ]  # fmt: skip
    return max(taken, key=lambda d: (d.sentence.index, "lymph node" not in d.attributes["site"], -d.head[0]), default=None)


def _illness(draft: Draft, drafts: Sequence[Draft], reading: Reading) -> Draft | None:
    """The lesion or disease that a procedure is done for: tied to it, else told before it in its sentence, else told last."""
    start, end = draft.head
    reach = 0 if draft.attributes["category"] == "radiotherapy" else _REACH  # a course is often told apart from what it is for
    best: tuple[tuple[int, int], Draft] | None = None
    for first, last, illness in _ill(drafts):
        sentence = reading.sentence_at(first).index
        nodes = "lymph node" in illness.attributes["site"]
        if last <= start and draft.sentence.index - sentence <= (0 if nodes else reach):
            rank = (1, first)
        elif first >= end and sentence == draft.sentence.index:
            rank = (2 if _DONE_FOR.fullmatch(reading.text[end:first]) else 0, -first)
        else:
            continue
        if best is None or rank > best[0]:
            best = (rank, illness)
    return best[1] if best else None


def _side(draft: Draft, drafts: Sequence[Draft]) -> str | None:
    """The side told last of the same organ, by a lesion or disease shortly before or in the same sentence."""
    organ = set(str(draft.attributes["site"]).split()) - _NO_ORGAN
    sided = [
        (first, d.attributes["laterality"])
        for first, _, d in _ill(drafts)
        if d.attributes.get("laterality") and organ & set(d.attributes["site"].split())
        and 0 <= draft.sentence.index - d.sentence.index <= _SIDED_REACH
    ]  # fmt: skip
    return max(sided)[1] if organ and sided else None


def _ill(drafts: Sequence[Draft]) -> Iterator[tuple[int, int, Draft]]:
    """Every telling of a lesion or disease that has a place."""
    for draft in drafts:
        if draft.type in ("lesion", "diagnosis") and draft.attributes.get("site"):
            for start, end, _ in draft.heads:
                yield start, end, draft
