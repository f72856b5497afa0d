"""Which names of places may mean one place: equal names, a part and its organ, an organ and the region it lies in."""

import re
from functools import cache, lru_cache
from pathlib import Path

from extractor.entities.lexicon import read_table

_EMPTY = frozenset({"of", "the", "and", "a", "lymph", "nodes"})


@cache
def larger_places(place: str) -> frozenset[str]:
    """The places in which a place lies: the brain for the cerebellum, the stomach and the abdomen for the gastric antrum."""
    direct = _within().get(place, frozenset())
    return direct.union(*(larger_places(p) for p in direct))


def may_be_one(one: str, other: str) -> bool:
    """Whether two names of places may stand for one place.

    >>> may_be_one("gastric antrum", "stomach"), may_be_one("lower lobe of the lung", "lung"), may_be_one("lung", "liver")
    (True, True, False)
    """
    a, b = _words(one), _words(other)
    return a <= b or b <= a or other in larger_places(one) or one in larger_places(other)


@lru_cache(maxsize=4096)
def _words(place: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", place.lower())) - _EMPTY


@cache
def _within() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in read_table(Path(__file__).parent / "within.tsv", ("place", "within")):
        found[row["place"]] = found.get(row["place"], frozenset()) | {row["within"]}
    return found
