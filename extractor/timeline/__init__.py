"""When: time expressions become links between events, the links one network, its solution the bounds and the order of the facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from extractor.entities.patient.stories import Person
from extractor.entities.reading import Reading, Sentence
from extractor.schema import CASE_KINDS, Bounds, Constraint, Evidence, Fact, IndexEvent, Patient, Relation, Warning
from extractor.timeline.constraints import Told, tell
from extractor.timeline.network import DAY0, Link, Solution, solve, whole_days
from extractor.timeline.relations import relations
from extractor.timeline.story import BIRTH, CALENDAR_ZERO, TEXT, USUAL

SENTENCE = 160
"""As much of a sentence is quoted in a warning."""


@dataclass(frozen=True)
class Placed:
    """The facts with their times, the patients with what their day 0 is, the relations in time, and what the text contradicts."""

    facts: tuple[Fact, ...]
    patients: tuple[Patient, ...]
    relations: tuple[Relation, ...]
    warnings: tuple[Warning, ...]


def place(facts: Sequence[Fact], people: Sequence[Person]) -> Placed:
    """Put the facts of each patient in time, each from the day 0 of its patient."""
    placed: dict[str, Fact] = {}
    indexed: list[Patient] = []
    found: list[Relation] = []
    warnings: list[Warning] = []
    for person in people:
        patient, reading = person.patient, person.reading
        own = [f for f in facts if f.patient == patient.id]
        where, story, elsewhere = _where(own, reading)
        told = tell(story, elsewhere=elsewhere, where=where, sentences=_sentences(reading), reading=reading, patient=patient)
        solution = _solved(told)
        steps = _steps(told, solution)
        for fact in own:
            placed[fact.id] = _placed(fact, told, solution, reading).model_copy(update={"step": steps.get(fact.id)})
        indexed.append(patient.model_copy(update={"index": _index(told, reading)}))
        warnings += _conflicts(solution, told, reading)
        found += relations([placed[f.id] for f in own], solution, reading)
    return Placed(tuple(placed[f.id] for f in facts), tuple(indexed), tuple(found), tuple(warnings))


def _solved(told: Told) -> Solution:
    """The bounds that follow from what is told; what a contradiction left without an earliest day is of the story, so after day 0."""
    solution = solve(told.links)
    lost = [e.point for e in told.events if e.facts and not e.background and e.point not in solution.earliest]
    if not lost:
        return solution
    return solve([*told.links, *(Link(DAY0, point, 0, None, USUAL, "within the story") for point in lost)])


def _where(facts: Sequence[Fact], reading: Reading) -> tuple[dict[str, int], list[Fact], list[Fact]]:
    """For each fact the offset of the words that tell its time, and which facts the case itself tells.

    A retelling in an abstract, a legend or a discussion does not say when; only where the whole text is one does it count.
    """
    kinds = {s.id: s.kind for s in reading.sections}
    where: dict[str, int] = {}
    story: list[Fact] = []
    elsewhere: list[Fact] = []
    case = any(kinds[s.section.id] in CASE_KINDS for s in reading.sentences)
    for fact in facts:
        heads = [e for e in fact.evidence if e.role == "head"] or list(fact.evidence)
        inside = [e for e in heads if reading.sentence_at(e.start).section.kind in CASE_KINDS]
        where[fact.id] = (inside or heads)[0].start
        (story if inside or not case else elsewhere).append(fact)
    return where, story, elsewhere


def _sentences(reading: Reading) -> list[Sentence]:
    """The sentences that tell a patient's story: those of the case; where there is none, all but front and references."""
    case = [s for s in reading.sentences if s.section.kind in CASE_KINDS]
    return case or [s for s in reading.sentences if s.section.kind not in ("front", "references", "back", "table")]


def _steps(told: Told, solution: Solution) -> dict[str, int]:
    """The rank of each fact: by the middle of its bounds, then by the story; the facts of one event share it."""
    keys: dict[str, tuple[float, int]] = {}
    last = 0.0
    for number, event in enumerate(told.events):
        for fact in event.facts:
            low, high = solution.earliest.get(fact.id), solution.latest.get(fact.id)
            if low is None and high is None:
                continue
            middle = (low + high) / 2 if low is not None and high is not None else low if low is not None else high
            last = middle if middle is not None else last
            keys[fact.id] = (round(last, 3), number)
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys.values())), start=1)}
    return {fact: ranks[key] for fact, key in keys.items()}


def _placed(fact: Fact, told: Told, solution: Solution, reading: Reading) -> Fact:
    """A fact with its bounds, the reasons for them, and the words that say when."""
    ends = fact.id in told.ends
    end = f"{fact.id}.end"
    reasons = [*_reasons(fact.id, "start", solution, reading), *(_reasons(end, "end", solution, reading) if ends else ())]
    update = {
        "start": _bounds(fact.id, told, solution),
        "end": _bounds(end, told, solution) if ends else None,
        "derivation": tuple(reasons),
        "evidence": (*fact.evidence, *_time_evidence(fact, solution, reading)),
    }
    return fact.model_copy(update=update)


def _bounds(point: str, told: Told, solution: Solution) -> Bounds | None:
    low, high = solution.earliest.get(point), solution.latest.get(point)
    if low is None and high is None:
        return None
    earliest, latest = whole_days(low, high)
    return Bounds(earliest=earliest, latest=latest, date=told.dates.get(point))


def _chain(point: str, sets: dict[str, Link]) -> list[Link]:
    """The links from a point back to the nearest fact or day 0: unnamed moments between are passed through."""
    chain: list[Link] = []
    at = point
    while at in sets and len(chain) < 6:
        link = sets[at]
        chain.append(link)
        at = link.before if link.after == at else link.after
        if not at.startswith("@"):
            break
    return chain


def _reasons(point: str, which: str, solution: Solution, reading: Reading) -> tuple[Constraint, ...]:
    """The constraints that set the bounds of a point, each against a fact or day 0, with the words where there are any."""
    reasons: list[Constraint] = []
    for sets in (solution.sets_earliest, solution.sets_latest):
        chain = _chain(point, sets)
        if not chain:
            continue
        low: float | None = 0.0
        high: float | None = 0.0
        at = point
        for link in chain:
            forward = link.after == at
            a, b = (
                (link.low, link.high) if forward else (None if link.high is None else -link.high, None if link.low is None else -link.low)
            )
            low = None if low is None or a is None else low + a
            high = None if high is None or b is None else high + b
            at = link.before if forward else link.after
        anchor, _, part = at.partition(".")
        if at in (BIRTH, CALENDAR_ZERO) or at.startswith("@"):
            # Not a point that the document has: what is told is where this leads, counted from day 0.
            anchor, part = DAY0, ""
            low, high = solution.earliest.get(point), solution.latest.get(point)
        worded = next((x for x in chain if x.span), None)
        span = worded.span if worded else None
        reason = Constraint(
            relation=_relation(low, high, worded),
            point="end" if which == "end" else "start",
            anchor=anchor,
            anchor_point="end" if part == "end" else "start",
            low=None if low is None else round(low, 1),
            high=None if high is None else round(high, 1),
            source=(worded or chain[0]).rule,
            text=reading.text[span[0] : span[1]] if span else None,
            start=span[0] if span else None,
            end=span[1] if span else None,
            why=next((x.why for x in chain if x.why), None),
        )
        reasons = _with(reason, reasons)
    return tuple(reasons)


def _with(reason: Constraint, reasons: list[Constraint]) -> list[Constraint]:
    """Reasons with one more; the two halves of a usual gap are told as one."""
    for i, other in enumerate(reasons):
        same = _said_of(other) == _said_of(reason)
        if same and ((other.low, other.high) == (reason.low, reason.high) or None in (other.low, other.high)):
            low = other.low if reason.low is None else reason.low
            high = other.high if reason.high is None else reason.high
            return [
                *reasons[:i],
                other.model_copy(update={"low": low, "high": high, "relation": _relation(low, high, None)}),
                *reasons[i + 1 :],
            ]
    return [*reasons, reason]


def _said_of(reason: Constraint) -> tuple[object, ...]:
    """What two halves of one reason share: all but how far apart."""
    return (reason.point, reason.anchor, reason.anchor_point, reason.source, reason.text, reason.start, reason.end, reason.why)


def _relation(low: float | None, high: float | None, worded: Link | None) -> Literal["after", "before", "at", "within", "order"]:
    """The relation of a point to its anchor in one word."""
    if low == 0 and high == 0:
        return "at"
    if low is not None and high is not None:
        return "before" if high < 0 else "after" if low > 0 or (worded and worded.trust >= TEXT) else "within"
    return "order"


def _time_evidence(fact: Fact, solution: Solution, reading: Reading) -> tuple[Evidence, ...]:
    """The words that say when, where they stand in the sentence of the fact."""
    have = {(e.start, e.end) for e in fact.evidence}
    chain = [*_chain(fact.id, solution.sets_earliest), *_chain(fact.id, solution.sets_latest)]
    spans = sorted({x.span for x in chain if x.span and x.trust >= TEXT} - have)
    return tuple(
        Evidence(start=a, end=b, text=reading.text[a:b], role="time", section=reading.sentence_at(a).section.id) for a, b in spans[:2]
    )


def _index(told: Told, reading: Reading) -> IndexEvent:
    """What day 0 is, in the words that tell it, and the fact that stands for it."""
    opening = told.opening
    text = reading.text[opening.start : opening.end]
    section = reading.sentence_at(opening.start).section.id if reading.sentences else None
    evidence = (Evidence(start=opening.start, end=opening.end, text=text, role="time", section=section),) if text.strip() else ()
    first = next((x.after for x in told.links if x.before == DAY0 and x.rule == "day 0"), None)
    label = " ".join(text.split()).rstrip(".,;") or "the first event told"
    return IndexEvent(label=label, evidence=evidence, fact=opening.fact or first, date=told.date or told.dates.get(DAY0))


def _conflicts(solution: Solution, told: Told, reading: Reading) -> list[Warning]:
    """What the text says against itself, told once for each expression: what is only usual gives way without a word."""
    facts = {f.id for e in told.events for f in e.facts}
    about: dict[tuple[int, int], list[Link]] = {}
    for link in solution.dropped:
        if link.trust >= TEXT and link.span is not None:
            about.setdefault(link.span, []).append(link)
    found = []
    for span, links in sorted(about.items()):
        others = sorted({x.span for link in links for x in solution.against.get(link, ()) if x.span not in (None, span)})
        ends = [p.partition(".")[0] for link in links for x in (link, *solution.against.get(link, ())) for p in (x.before, x.after)]
        against = " and ".join(_quoted(other, reading) for other in others if other is not None) or "other times in the text"
        message = f"{_quoted(span, reading)} contradicts {against}; it was not used."
        found.append(Warning(code="temporal-conflict", message=message, facts=tuple(dict.fromkeys(p for p in ends if p in facts))))
    return found


def _quoted(span: tuple[int, int], reading: Reading) -> str:
    """An expression and the sentence it stands in."""
    start, end = span
    sentence = " ".join(reading.words(reading.sentence_at(start)).split())
    shown = sentence if len(sentence) <= SENTENCE else sentence[: SENTENCE - 1] + "…"
    return f'"{" ".join(reading.text[start:end].split())}" (in "{shown}")'
