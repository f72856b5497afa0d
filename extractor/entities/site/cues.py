"""The words that tie a place to a noun or part it from one, by kind, from cues.tsv."""

from functools import partial
from pathlib import Path

from extractor.entities import cues

_FILE = Path(__file__).with_name("cues.tsv")
words = partial(cues.words, _FILE)
cue = partial(cues.pattern, _FILE)
