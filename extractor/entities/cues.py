"""Lists of small words by kind, from tables with the columns kind and cue, as patterns.

A `*` in a cue stands for any letters; a space or hyphen for spaces and hyphens of every kind.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.errors import DataError


@cache
def words(path: Path, kind: str) -> frozenset[str]:
    """The cues of one kind, as written; DataError where the file has none of it."""
    found = frozenset(r["cue"] for r in _table(path) if r["kind"] == kind)
    if not found:
        raise DataError(f"{path}: there is no cue of the kind {kind!r}: add one")
    return found


@cache
def either(path: Path, kind: str) -> str:
    """The cues of one kind as alternatives of a regular expression, longest first."""
    listed = sorted(words(path, kind), key=lambda w: (-len(w), w))
    return "|".join(re.sub(r"(?:\\[ -])+", r"[-\\u2010-\\u2014\\s]+", re.escape(w)).replace(r"\*", r"\w*") for w in listed)


@cache
def pattern(path: Path, kind: str) -> re.Pattern[str]:
    """A pattern for the cues of one kind as whole words, in any case."""
    return re.compile(rf"(?<!\w)(?:{either(path, kind)})(?!\w)", re.IGNORECASE)


@cache
def _table(path: Path) -> tuple[Mapping[str, str], ...]:
    return tuple(read_table(path, ("kind", "cue")))
