"""The words around a lesion that say what became of it, by kind, from cues.tsv."""

from functools import partial
from pathlib import Path

from extractor.entities import cues

cue = partial(cues.pattern, Path(__file__).with_name("cues.tsv"))
