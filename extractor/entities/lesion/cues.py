"""The words around a lesion that say what became of it, by kind, from cues.tsv."""

import re
from pathlib import Path

from extractor.entities.site import cues

_FILE = Path(__file__).parent / "cues.tsv"


def cue(kind: str) -> re.Pattern[str]:
    """A pattern for the cues of one kind as whole words, in any case."""
    return cues.cue(kind, _FILE)
