"""The door to spaCy (provisional)."""

import re
from functools import cache

from extractor.entities.matcher import Matcher
from extractor.entities.reading import Reading, Sentence
from extractor.schema import Mention, Source


@cache
def load_pipeline(config=None):
    return Matcher()


def annotate(source: Source, nlp) -> Reading:
    sentences = []
    for s in source.sections:
        start = s.start
        for m in [*re.finditer(r"(?<=[.!?])\s+(?=[A-Z])|\n+", source.text[s.start : s.end])]:
            if source.text[start : s.start + m.start()].strip():
                sentences.append(Sentence(len(sentences), start, s.start + m.start(), s))
            start = s.start + m.end()
        if source.text[start : s.end].strip():
            sentences.append(Sentence(len(sentences), start, s.end, s))
    section = lambda i: next((s.id for s in reversed(source.sections) if s.start <= i), source.sections[0].id)
    mentions = [
        Mention(
            id=f"M{i}",
            label=h.label,
            start=h.start,
            end=h.end,
            text=source.text[h.start : h.end],
            section=section(h.start),
            found_by=h.source,
            name=h.name,
            attributes=h.attributes,
        )
        for i, h in enumerate(nlp(source.text), 1)
    ]
    return Reading(source.text, source.sections, sentences, mentions)
