"""The small words around markers, by kind, from cues.tsv."""

import re
from functools import cache
from pathlib import Path

from extractor.entities.site.cues import words

_FILE = Path(__file__).parent / "cues.tsv"


@cache
def either(kind: str) -> str:
    """The cues of a kind as alternatives of a regular expression, longest first; a `*` in the file stands for any letters."""
    spelled = sorted(words(kind, _FILE), key=lambda w: (-len(w), w))
    return "|".join(re.escape(w).replace(r"\*", r"\w*").replace(r"\ ", r"\s").replace(r"\-", r"[-\u2010-\u2014 ]") for w in spelled)


@cache
def cue(kind: str) -> re.Pattern[str]:
    """A pattern that finds any cue of a kind as a whole word."""
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either(kind)})(?![A-Za-z0-9])", re.IGNORECASE)


def only(kind: str, signs: str) -> re.Pattern[str]:
    """A pattern for a stretch (to be matched whole) of nothing but cues of a kind, numbers of percent and these signs."""
    return re.compile(rf"(?:[\s{signs}]|\b(?:{either(kind)})\b|\d+\s?%)*", re.IGNORECASE)
