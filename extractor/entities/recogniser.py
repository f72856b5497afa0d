"""A trained recogniser beside the rules: what it finds where no rule has a mention becomes one, if it is probable enough.

Which of its labels are which entity type, and from what probability on they become mentions and facts, stands in each entity.yaml under
`recognised`. Rules win wherever they have words in common with it: they know the normal name.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy.util
from spacy.attrs import intify_attr
from spacy.language import Language
from spacy.pipeline import Tok2Vec
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from thinc.api import Model, NumpyOps, chain
from thinc.types import Ragged

from extractor.entities.lexicon import RECOGNISED, Entity
from extractor.entities.matcher import Hit, entity_stage
from extractor.entities.span_tagger import SpanTagger, decode
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


class _PredictingOps(NumpyOps):
    """thinc's operations for a model that learns nothing more: the largest piece of each maxout unit, without which piece it was."""

    def maxout(self, X: Any) -> Any:  # noqa: N803 - thinc's name
        best = X[:, :, 0]
        for piece in range(1, X.shape[2]):
            best = np.maximum(best, X[:, :, piece])
        return best, None


def _each_kind_once(model: Model[Ragged, Ragged], tokens: Ragged, is_train: bool) -> tuple[Ragged, None]:
    """The vectors of tokens by their features alone, each kind of token computed once: half the words of a report are said again."""
    features: Any = tokens.dataXd
    # Features are hashes of 64 bits, and their sum with odd weights is as good a hash of them all.
    weights = np.arange(1, 2 * features.shape[1], 2, dtype="uint64")
    _, firsts, kinds = np.unique(features @ weights, return_index=True, return_inverse=True)
    vectors, _ = model.layers[0](Ragged(features[firsts], model.ops.asarray1i([len(firsts)])), is_train)
    return Ragged(vectors.dataXd[kinds], tokens.lengths), None


class RecogniserStage:
    """Adds the recogniser's mentions to those of the rules. Reads the case alone: nothing else gives facts of its own."""

    def __init__(self, nlp: Language, model: str, group: str) -> None:
        self._nlp = nlp
        trained = load_model(model_folder(model), nlp.vocab)
        self.scores: Mapping[str, Any] = trained.meta["performance"]
        """What the model reached when it was trained, by measure and label."""
        self._shared: list[Any] = [pipe for _, pipe in trained.pipeline if isinstance(pipe, Tok2Vec)]
        head = next((pipe for _, pipe in trained.pipeline if isinstance(pipe, SpanTagger) and pipe.key == group), None)
        if head is None:
            raise DataError(f"{model_folder(model)}: this model has no head for the group {group!r}: name one that it was trained with")
        self._head = head
        ops = _PredictingOps()
        pipes: list[Any] = [*self._shared, head]
        for node in (node for pipe in pipes for node in pipe.model.walk()):
            node.ops = ops
            if node.name == "extract_features":
                # A document takes attributes by name, a part of one by number alone.
                node.attrs["columns"] = [intify_attr(column) for column in node.attrs["columns"]]
            names = [layer.name for layer in node.layers]
            if names[:2] == ["extract_features", "list2ragged"] and names[-1] == "ragged2list":
                node.layers[2:-1] = [Model("each_kind_once", _each_kind_once, layers=[chain(*node.layers[2:-1])])]

    def __call__(self, doc: Doc) -> Doc:
        stage = entity_stage(self._nlp)
        added = list(additions(list(self.spans(doc)), doc._.hits, stage.matcher.entities))
        return stage.write(doc, sorted([*doc._.hits, *added], key=lambda h: (h.start, -h.end, h.label))) if added else doc

    def spans(self, doc: Doc) -> Iterator[Hit]:
        """What the recogniser finds in the case: its own labels, and for each its probability."""
        text = doc.user_data.get("text") or doc.text
        labels = self._head.labels
        begins, lengths = doc.to_array(["IDX", "LENGTH"]).T.tolist()
        parts = list(_parts(doc, len(text)))
        for part, said in zip(parts, self._predicted(doc, parts), strict=True):
            for first, after, label, probability in decode(said):
                if after - first > _LONGEST:
                    continue
                last = part.start + after - 1
                start, end = _trimmed(text, begins[part.start + first], begins[last] + lengths[last])
                if start < end:
                    yield Hit(start, end, labels[label], None, RECOGNISED + labels[label], {"probability": round(probability, 2)})

    def _predicted(self, doc: Doc, parts: Sequence[Span]) -> Sequence[Any]:
        """The probabilities of the tags in each part, all parts at once.

        The model reads the parts where they stand: as documents of their own every token would be made anew.
        """
        if not parts:
            return []
        for shared in self._shared:
            vectors = shared.predict(parts)
            doc.tensor = np.zeros((len(doc), vectors[0].shape[1]), dtype="float32")
            for part, its in zip(parts, vectors, strict=True):
                doc.tensor[part.start : part.end] = its
        return self._head.predict(parts)


def load_model(folder: Path, vocab: Vocab) -> Language:
    """A trained pipeline on the words of another."""
    try:
        return spacy.util.load_model_from_path(folder, vocab=vocab)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder}: this is no trained recogniser ({str(error).strip()}): train one with `extractor train`") from None


def _parts(doc: Doc, length: int) -> Iterator[Span]:
    """The sections of the case, in whole tokens."""
    sections = [s for s in doc._.sections if s.kind in CASE_KINDS] if doc._.sections else None
    for start, end in [(0, length)] if sections is None else [(s.start, s.end) for s in sections]:
        span = doc.char_span(start, end, alignment_mode="contract") if start < end else None
        if span:
            yield span


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without white space and punctuation at its ends."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in ")%+"):
        end -= 1
    return start, end


def additions(spans: Sequence[Hit], hits: Sequence[Hit], entities: Mapping[str, Entity]) -> Iterator[Hit]:
    """The recogniser's spans as mentions of our types: those probable enough that have no words in common with a rule's mention."""
    layers = {label: _layer(entity) for label, entity in entities.items()}
    size = max((h.end for h in (*hits, *spans)), default=0)
    covers = {layer: bytearray(size) for layer in layers.values()}
    for hit in hits:
        covers[layers[hit.label]][hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
    for span in spans:
        for entity in entities.values():
            least = entity.recognised.get(span.label)
            if least is None or span.attributes["probability"] < least.mention:
                continue
            if covers[layers[entity.label]].find(1, span.start, span.end) < 0:
                yield Hit(span.start, span.end, entity.label, None, span.source, dict(span.attributes))


def _layer(entity: Entity) -> str:
    """Types that become facts do not overlap; each of the others stands for itself."""
    return "fact" if entity.fact else entity.label
