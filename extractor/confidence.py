"""How sure the program is of a fact: the share of facts of its kind that were right on gold timelines, counted in confidence.tsv.

A kind is the type, what found its head (a term list, a pattern, an abbreviation) and whether the report tells it more than once. Kinds
seen rarely lean on their type's share (additive smoothing). `benchmarks/confidence.py` counts anew.
"""

from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.entities.reading import Draft

TABLE = Path(__file__).parent / "confidence.tsv"
COLUMNS = ("type", "found_by", "told", "right", "found")
WEIGHT = 10
"""A kind's own counts weigh as much as its type's share once it has been seen so often."""


def kind(type_: str, found_by: str, heads: int) -> tuple[str, str, str]:
    """The kind of a fact: its type, what found its first head, and whether it is told once or again."""
    source = found_by.rpartition("/")[2]
    how = "terms" if source.startswith("terms") else "abbreviation" if source == "abbreviation" else "pattern"
    return type_, how, "once" if heads == 1 else "again"


def confidence(draft: Draft) -> float:
    """The probability that a fact is one, rounded to two digits; a type never counted gets a half."""
    return _shares().get(kind(draft.type, draft.mention.found_by, len(draft.heads)), _of_type().get(draft.type, 0.5))


@cache
def _counts() -> dict[tuple[str, str, str], tuple[int, int]]:
    return {(r["type"], r["found_by"], r["told"]): (int(r["right"]), int(r["found"])) for r in read_table(TABLE, COLUMNS)}


@cache
def _of_type() -> dict[str, float]:
    sums: dict[str, tuple[int, int]] = {}
    for (type_, _, _), (right, found) in _counts().items():
        before = sums.get(type_, (0, 0))
        sums[type_] = (before[0] + right, before[1] + found)
    return {type_: round(right / found, 2) for type_, (right, found) in sums.items()}


@cache
def _shares() -> dict[tuple[str, str, str], float]:
    return {known: round((right + WEIGHT * _of_type()[known[0]]) / (found + WEIGHT), 2) for known, (right, found) in _counts().items()}
