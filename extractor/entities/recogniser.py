"""A trained recogniser beside the rules: what it finds where no rule has a mention becomes one, if it is probable enough.

Which of its labels are which entity type, and from what probability on they become mentions and facts, stands in each entity.yaml under
`recognised`. Rules win wherever they have words in common with it: they know the normal name.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import spacy.util
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

import extractor.entities.span_tagger  # noqa: F401  (the factory of the models' heads)
from extractor.entities.lexicon import Entity
from extractor.entities.matcher import EntityStage, Hit
from extractor.errors import DataError
from extractor.knowledge import RECOGNISER, model_folder
from extractor.schema import CASE_KINDS

DEFAULT_MODEL = "case_reports"
_LONGEST = 12
"""A span of more words than this is a clause, not a mention."""


@Language.factory(RECOGNISER, default_config={"model": DEFAULT_MODEL, "group": "maccrobat"},
                  requires=["doc._.hits"], assigns=["doc._.hits"])  # fmt: skip
def make_recogniser(nlp: Language, name: str, model: str, group: str) -> "RecogniserStage":
    """spaCy's way to the recogniser; `model` is a folder, or the name of one that comes with the program, `group` the head that is read."""
    return RecogniserStage(nlp, model, group)


class RecogniserStage:
    """Adds the recogniser's mentions to those of the rules. Reads the case alone: nothing else gives facts of its own."""

    def __init__(self, nlp: Language, model: str, group: str) -> None:
        self._nlp = nlp
        self._group = group
        self._model = load_model(model_folder(model), nlp.vocab)

    @property
    def scores(self) -> Mapping[str, Any]:
        """What the model reached when it was trained, by measure and label."""
        return dict(self._model.meta["performance"])

    def __call__(self, doc: Doc) -> Doc:
        stage = next(component for _, component in self._nlp.pipeline if isinstance(component, EntityStage))
        added = list(additions(list(self.spans(doc)), doc._.hits, stage.matcher.entities))
        return stage.write(doc, sorted([*doc._.hits, *added], key=lambda h: (h.start, -h.end, h.label))) if added else doc

    def spans(self, doc: Doc) -> Iterator[Hit]:
        """What the recogniser finds in the case: its own labels, and for each its probability."""
        text = doc.user_data.get("text") or doc.text
        for part in self._model.pipe(_parts(doc)):
            shift = part.user_data["start"]
            group = part.spans[self._group]
            for span, probability in zip(group, group.attrs["scores"], strict=True):
                start, end = _trimmed(text, shift + span.start_char, shift + span.end_char)
                if start < end and len(span) <= _LONGEST:
                    yield Hit(start, end, span.label_, None, f"model/{span.label_}", {"probability": round(probability, 2)})


def load_model(folder: Path, vocab: Vocab) -> Language:
    """A trained pipeline on the words of another."""
    try:
        return spacy.util.load_model_from_path(folder, vocab=vocab)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder}: this is no trained recogniser ({str(error).strip()}): train one with `extractor train`") from None


def _parts(doc: Doc) -> Iterator[Doc]:
    """The sections of the case as documents of their own, each with the character it begins at."""
    sections = [s for s in doc._.sections if s.kind in CASE_KINDS] if doc._.sections else None
    for start, end in [(0, len(doc.text))] if sections is None else [(s.start, s.end) for s in sections]:
        span = doc.char_span(start, end, alignment_mode="contract") if start < end else None
        if span:
            part = span.as_doc()
            part.user_data["start"] = span.start_char
            yield part


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without white space and punctuation at its ends."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in ")%+"):
        end -= 1
    return start, end


def additions(spans: Sequence[Hit], hits: Sequence[Hit], entities: Mapping[str, Entity]) -> Iterator[Hit]:
    """The recogniser's spans as mentions of our types: those probable enough that have no words in common with a rule's mention."""
    covered: dict[str, set[int]] = {}
    for hit in hits:
        covered.setdefault(_layer(entities[hit.label]), set()).update(range(hit.start, hit.end))
    for span in spans:
        words = range(span.start, span.end)
        for entity in entities.values():
            least = entity.recognised.get(span.label)
            if least is None or span.attributes["probability"] < least.mention or not covered.get(_layer(entity), set()).isdisjoint(words):
                continue
            yield Hit(span.start, span.end, entity.label, None, span.source, dict(span.attributes))


def _layer(entity: Entity) -> str:
    """Types that become facts do not overlap; each of the others stands for itself."""
    return "fact" if entity.fact else entity.label
