"""The words around a lesion that say what became of it, by kind, from cues.tsv."""

import re
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table

_FILE = Path(__file__).parent / "cues.tsv"


@cache
def cue(kind: str) -> re.Pattern[str]:
    """A pattern for the cues of one kind as whole words, in any case; a final `*` in the file stands for any ending."""
    words = sorted({r["cue"] for r in read_table(_FILE, ("kind", "cue")) if r["kind"] == kind}, key=lambda w: (-len(w), w))
    pieces = [re.escape(w).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace(r"\-", r"[-\s]") for w in words]
    return re.compile(rf"(?<!\w)(?:{'|'.join(pieces)})(?!\w)", re.IGNORECASE)
