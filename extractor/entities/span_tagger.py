"""A trained recogniser of spans: begin, inside and outside tags by one softmax over each token's vector.

A component of spaCy's own kind, so that spaCy's config and training loop train it. Several of them may share one tok2vec and learn from
corpora that label different things: a document without the span group of a head teaches that head nothing (its labels are unknown there,
not negative), as the multi-task taggers of Crichton et al. 2017 (BMC Bioinformatics 18:368) do for biomedical corpora. Tags rather than
spaCy's transitions, because a tag has a probability, and what the program says about its own confidence rests on it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.scorer import Scorer
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Config, Model, SequenceCategoricalCrossentropy
from thinc.types import Floats2d

OUTSIDE = "O"
MISSING = ""
"""The tag of a token about which a corpus says nothing."""

DEFAULT_MODEL = """
[model]
@architectures = "spacy.Tagger.v2"
normalize = true

[model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true
"""


@Language.factory("extractor_span_tagger", default_config={"model": Config().from_str(DEFAULT_MODEL)["model"], "spans": "spans"},
                  assigns=["doc.spans"], default_score_weights={"spans_f": 1.0})  # fmt: skip
def make_span_tagger(nlp: Language, name: str, model: Model, spans: str) -> "SpanTagger":
    """spaCy's way to the tagger; `spans` is the span group it learns from and writes to."""
    return SpanTagger(nlp, model, name, spans)


class SpanTagger(TrainablePipe):
    """Labels spans that do not overlap. Learns from `doc.spans[key]`; documents without that group are passed over."""

    def __init__(self, nlp: Language, model: Model, name: str, spans: str) -> None:
        self.vocab = nlp.vocab
        self.model = model
        self.name = name
        self.key = spans
        self.cfg: dict[str, Any] = {"labels": []}

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the spans, in the order of their tags."""
        return tuple(self.cfg["labels"])

    @property
    def tags(self) -> list[str]:
        """The tags of a token: outside, then begin and inside of each label."""
        return [OUTSIDE, *(f"{prefix}-{label}" for label in self.labels for prefix in "BI")]

    @property
    def label_data(self) -> list[str]:
        """What `spacy init labels` keeps."""
        return list(self.labels)

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None, labels: Sequence[str] | None = None
    ) -> None:
        """Take the labels from the examples (or from `labels`) and give the model its shape."""
        taught = [e for e in get_examples() if self.key in e.reference.spans]
        found = labels or sorted({span.label_ for e in taught for span in e.reference.spans[self.key]})
        self.cfg["labels"] = list(found)
        sample = list(islice(taught, 10))
        truths = [self.model.ops.alloc2f(len(e.x), len(self.tags)) for e in sample]
        self.model.initialize(X=[e.x for e in sample], Y=truths)

    def predict(self, docs: Iterable[Doc | Span]) -> list[Floats2d]:
        """The probability of each tag for each token, an array (tokens, tags) a document (or a part of one)."""
        docs = list(docs)
        if not any(len(doc) for doc in docs):
            return [self.model.ops.alloc2f(0, len(self.tags)) for _ in docs]
        return list(self.model.predict(docs))

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[Floats2d]) -> None:
        """Write the spans, and beside them (in the group's attribute `scores`) how probable each is."""
        labels = self.labels
        for doc, said in zip(docs, scores, strict=True):
            found = list(decode(self.model.ops.to_numpy(said)))
            doc.spans[self.key] = [Span(doc, start, end, label=labels[label]) for start, end, label, _ in found]
            doc.spans[self.key].attrs["scores"] = [score for _, _, _, score in found]

    def get_loss(self, examples: Iterable[Example], scores: Sequence[Floats2d]) -> tuple[float, list[Floats2d]]:
        """The cross entropy of the tags, and its gradient."""
        loss = SequenceCategoricalCrossentropy(names=self.tags, normalize=False, missing_value=MISSING)
        gradient, value = loss(scores, [self._truth(example) for example in examples])
        return float(value), gradient

    def _truth(self, example: Example) -> list[str]:
        tags = [MISSING if self.key not in example.reference.spans else OUTSIDE] * len(example.reference)
        for span in example.reference.spans.get(self.key, ()):
            tags[span.start : span.end] = [f"B-{span.label_}", *[f"I-{span.label_}"] * (len(span) - 1)]
        return tags

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """Exact spans, of the documents that have the group: precision, recall and F1, over all and by label."""
        judged = [e for e in examples if self.key in e.reference.spans]
        if not judged:
            return {}
        said = Scorer.score_spans(judged, f"spans_{self.key}", getter=lambda doc, _: list(doc.spans.get(self.key, ())), allow_overlap=False)
        return {key.replace(f"spans_{self.key}", self.key): value for key, value in said.items()}


def decode(scores: Any) -> Iterator[tuple[int, int, int, float]]:
    """Spans `(start, end, label, probability)` of the tags' probabilities (tokens, 1 + 2 a label), the most probable tag at each token.

    A span goes on while the tag says inside of its label; inside without a begin begins one. Its probability is the geometric mean
    of those of its tokens to be of that label.
    """
    best = scores.argmax(axis=1)
    tokens = np.flatnonzero(best)
    if not len(tokens):
        return
    tags = best[tokens]
    labels = (tags - 1) // 2
    begins = np.flatnonzero((tags % 2 == 1) | (np.diff(tokens, prepend=-2) > 1) | (np.diff(labels, prepend=-1) != 0))
    sizes = np.diff(begins, append=len(tokens))
    of_label = scores[tokens, 2 * labels + 1] + scores[tokens, 2 * labels + 2]
    probable = np.exp(np.add.reduceat(np.log(np.maximum(of_label, 1e-9)), begins) / sizes)
    starts = tokens[begins]
    yield from zip(starts.tolist(), (starts + sizes).tolist(), labels[begins].tolist(), probable.tolist(), strict=True)
