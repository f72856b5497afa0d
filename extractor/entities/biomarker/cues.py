"""The small words around markers, by kind, from cues.tsv."""

import re
from functools import partial
from pathlib import Path

from extractor.entities import cues

_FILE = Path(__file__).with_name("cues.tsv")
either = partial(cues.either, _FILE)
cue = partial(cues.pattern, _FILE)


def only(kind: str, signs: str) -> re.Pattern[str]:
    """A pattern for a stretch (to be matched whole) of nothing but cues of a kind, numbers of percent and these signs."""
    return re.compile(rf"(?:[\s{signs}]|\b(?:{either(kind)})\b|\d+\s?%)*", re.IGNORECASE)
