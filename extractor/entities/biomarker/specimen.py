"""Which tissue a marker was looked for in: organ and kind, "brain metastasis", "breast primary", "gastric tumor"."""

from collections.abc import Sequence

from extractor.entities.reading import Draft, Reading, Sentence
from extractor.schema import Mention


def specimen(mention: Mention, reading: Reading, sentence: Sentence, drafts: Sequence[Draft]) -> tuple[str | None, list[tuple[int, int, str]]]:
    return None, []
