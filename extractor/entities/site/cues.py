"""Lists of words by kind, as patterns: what cues.tsv of a folder holds."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table

_FILE = Path(__file__).parent / "cues.tsv"


@cache
def words(kind: str, path: Path = _FILE) -> frozenset[str]:
    """The cues of one kind."""
    return frozenset(r["cue"] for r in _table(path) if r["kind"] == kind)


@cache
def cue(kind: str, path: Path = _FILE) -> re.Pattern[str]:
    """A pattern for the cues of one kind as whole words, in any case; a final `*` in the file stands for any ending."""
    listed = sorted(words(kind, path), key=lambda w: (-len(w), w))
    pieces = [re.escape(w).replace(r"\*", r"\w*").replace(r"\-", r"\ ").replace(r"\ ", r"[-\s]+") for w in listed]
    return re.compile(rf"(?<!\w)(?:{'|'.join(pieces)})(?!\w)", re.IGNORECASE)


@cache
def _table(path: Path) -> tuple[Mapping[str, str], ...]:
    return tuple(read_table(path, ("kind", "cue")))
