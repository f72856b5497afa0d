"""spaCy DocBin (.spacy): mentions and facts as span groups.

`doc.ents` are the words that name facts, of two that overlap the longer; `doc.spans["facts"]` are all of them, each with the fact's id,
and `doc.spans["extractor"]` all mentions. `doc.user_data["timeline"]` is the whole document as JSON, so that nothing is lost.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from spacy.tokens import Doc, DocBin
from spacy.util import filter_spans
from spacy.vocab import Vocab

from extractor.exporters import Export, Loss, text_of
from extractor.schema import Case, dump

_TOKEN = re.compile(r"\w+|[^\w\s]|\s+")


def export_together(cases: Sequence[Case], epoch: date | None = None) -> Export:
    """One file for all cases, named after the case where there is one only."""
    vocabulary = Vocab()
    together = DocBin(store_user_data=True)
    losses: list[Loss] = []
    for case in cases:
        doc = _doc(case, vocabulary)
        together.add(doc)
        losses += _losses(case, doc)
    name = cases[0].source.id if len(cases) == 1 else "cases"
    return Export({f"{name}.spacy": together.to_bytes()}, tuple(losses))


def export(case: Case, epoch: date | None = None) -> Export:
    """The document of one case."""
    return export_together([case], epoch)


def _doc(case: Case, vocabulary: Vocab) -> Doc:
    text = text_of(case, "spacy")
    heads = [(f.evidence[0].start, f.evidence[0].end, f.type, f.id) for f in case.facts if f.evidence]
    mentions = [(m.start, m.end, m.label, m.id) for m in case.mentions]
    marks = [*heads, *mentions]
    words, spaces = _tokens(text, {start for start, _, _, _ in marks}, {end for _, end, _, _ in marks})
    doc = Doc(vocabulary, words=words, spaces=spaces)
    groups = {"extractor": mentions, "facts": heads}
    for name, marks in groups.items():
        made = [doc.char_span(start, end, label=label, span_id=identity) for start, end, label, identity in marks if end > start]
        doc.spans[name] = [span for span in made if span is not None]
    doc.ents = filter_spans([span for span in doc.spans["facts"] if span.text.strip()])
    doc.user_data["id"] = case.source.id
    doc.user_data["timeline"] = dump(case)
    return doc


def _tokens(text: str, starts: set[int], ends: set[int]) -> tuple[list[str], list[bool]]:
    """Tokens and whether a space follows each, so that they make up the text again and no token runs over the bound of a span."""
    words: list[str] = []
    spaces: list[bool] = []
    for start, end in _cut(text, sorted(starts | ends)):
        at = start
        marked = start in starts or start + 1 in ends
        if text[at] == " " and words and not words[-1].isspace() and not marked:
            spaces[-1] = True
            at += 1
        if at < end:
            words.append(text[at:end])
            spaces.append(False)
    return words, spaces


def _cut(text: str, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    for token in _TOKEN.finditer(text):
        inside = cuts[bisect_right(cuts, token.start()) : bisect_left(cuts, token.end())]
        yield from pairwise([token.start(), *inside, token.end()])


def _losses(case: Case, doc: Doc) -> Iterator[Loss]:
    kept = {span.id_ for span in doc.spans["facts"]}
    first = {(span.start, span.end) for span in doc.ents}
    for span in doc.spans["facts"]:
        if (span.start, span.end) not in first:
            yield Loss(
                case.source.id, span.id_, f"{span.text!r} among doc.ents", "entities may not overlap; it is in doc.spans and user_data"
            )
    for fact in case.facts:
        if fact.id not in kept:
            yield Loss(case.source.id, fact.id, f"the span of {fact.name}", "it has no words; it is in user_data")
