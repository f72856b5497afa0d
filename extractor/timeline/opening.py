"""Day 0: the presentation with which the story opens; where none is told the diagnosis, then the first thing done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.entities.reading import Reading, Sentence
from extractor.schema import BaseFact
from extractor.timeline import cues
from extractor.timeline.expressions import counts_from, express
from extractor.timeline.kinds import SHOWING, TREATMENT, is_tumor, kind_of
from extractor.timeline.units import clauses

_AHEAD = 12
"""A story that opens with what is past comes to its presentation within so many sentences."""
_LABEL = 100
_OPENS = SHOWING | {"therapy", "diagnosis", "lesion", "recurrence"}


@dataclass(frozen=True)
class Opening:
    """The words that tell day 0, and the fact that stands for it where no presentation is told."""

    start: int
    end: int
    fact: str | None = None


def find_opening(
    sentences: Sequence[Sentence], told: Mapping[int, Sequence[BaseFact]], where: Mapping[str, int], reading: Reading
) -> Opening:
    """Where the story opens; `told` are the facts of each sentence by its index."""
    past = False
    for n, sentence in enumerate(sentences):
        text = reading.words(sentence)
        if cue := cues.visit(text):
            at = sentence.start + cue.start()
            stop = next(b for _, b in clauses(sentence, reading, ()) if b > at)
            return Opening(at, min(stop, at + _LABEL))
        facts = [f for f in told.get(sentence.index, ()) if kind_of(f) in _OPENS]
        if not facts:
            continue
        told_from = cues.history_ends(text)
        if told_from is not None:
            facts = [f for f in facts if where[f.id] >= sentence.start + told_from] or facts
        elif told_as_past(sentence, reading):
            past = True
            continue
        comorbid = all(kind_of(f) == "diagnosis" for f in facts)
        ahead = [reading.words(s) for s in sentences[n + 1 : n + 1 + _AHEAD]]
        if past and any(cues.visit(words) and (comorbid or cues.is_at_home(words)) for words in ahead):
            continue
        if not any(is_tumor(f) for f in facts) and any(cues.first_visit(words) for words in ahead):
            # A disease or an operation of long ago; the illness that is told begins with the visit.
            past = True
            continue
        if (after := _told_as_after(sentence, facts, where, reading)) is not None:
            return Opening(sentence.start, after)
        told_first = min(where[f.id] for f in facts)
        near = [f for s in sentences[n : n + 3] for f in told.get(s.index, ()) if told_from is None or where[f.id] >= told_first]
        first = _first(facts, near, sentence, where, reading)
        return Opening(where[first.id], where[first.id] + len(first.evidence[0].text), first.id)
    firsts = sorted((where[f.id], f.id) for facts in told.values() for f in facts)
    if firsts:
        return Opening(firsts[0][0], firsts[0][0] + 1, firsts[0][1])
    at = sentences[0].start if sentences else 0
    return Opening(at, at)


def _told_as_after(sentence: Sentence, facts: Sequence[BaseFact], where: Mapping[str, int], reading: Reading) -> int | None:
    """The offset of the time where a sentence opens the story so long after something ("jaundice five years after hepatectomy").

    All the facts told here are what the time counts from, so that none of them is day 0.
    """
    for mention in reading.in_sentence(sentence, "time"):
        x = express(mention, reading.text)
        later = x is not None and x.kind == "offset" and (x.low or 0) > 0
        if x is not None and later and all(counts_from(x, where[f.id], reading.text) for f in facts):
            return x.start
    return None


def told_as_past(sentence: Sentence, reading: Reading) -> bool:
    """Whether a sentence tells what lies before the story."""
    text = reading.words(sentence)
    if sentence.section.kind == "history" or cues.is_pluperfect(text) or cues.is_background(text):
        return True
    times = reading.in_sentence(sentence, "time")
    return any(m.attributes.get("kind") in ("before", "earlier") or m.text.lower().startswith("since") for m in times)


def _first(facts: Sequence[BaseFact], near: Sequence[BaseFact], sentence: Sentence, where: Mapping[str, int], reading: Reading) -> BaseFact:
    """Of the facts of the opening sentence the one for day 0.

    It is the diagnosis, unless the patient is introduced with the disease ("a man with X underwent"), is treated before it is told,
    or what is told first has a date.
    """
    facts = sorted(facts, key=lambda f: where[f.id])
    brought = {f.id for f in facts if kind_of(f) == "diagnosis" and cues.has_already(reading.text[sentence.start : where[f.id]])}
    first = next((f for f in facts if f.id not in brought), facts[0])
    dated = any(m.attributes.get("kind") == "date" for m in reading.in_sentence(sentence, "time"))
    if dated or kind_of(first) in TREATMENT | {"diagnosis"}:
        return first
    treated = min((where[f.id] for f in near if kind_of(f) in TREATMENT), default=None)
    return next(
        (f for f in near if kind_of(f) == "diagnosis" and f.id not in brought and (treated is None or where[f.id] < treated)), first
    )
