"""Relations in time between facts: those the text asserts, the smallest set from which the rest follows, and that rest, their closure.

Of the relations of Allen 1983 (Commun ACM 26:832) the document has those that reports tell: before, overlaps, contains, starts-with,
ends-with, simultaneous. `before` speaks of where two facts begin, as steps do; a fact without an end is a moment.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from extractor.entities.reading import Reading
from extractor.schema import Evidence, Fact, Relation
from extractor.timeline.network import Link, Solution
from extractor.timeline.story import SAME, TEXT


def relations(facts: Sequence[Fact], solution: Solution, reading: Reading) -> list[Relation]:
    """Asserted relations, then the derived ones: each step simultaneous within itself and before the next.

    Asserted are those a kept link of the text says directly between two facts, or through the moment it names.
    """
    ids = {f.id for f in facts}
    asserted = [*_asserted(solution.kept, ids, reading), *_during(facts, solution, reading)]
    known = {(r.type, r.source, r.target) for r in asserted}
    derived = [r for r in _derived(facts) if (r.type, r.source, r.target) not in known]
    return [*asserted, *derived]


def _asserted(links: Sequence[Link], ids: set[str], reading: Reading) -> list[Relation]:
    """Relations that the words themselves state."""
    from_moment: dict[str, Link] = {x.after: x for x in links if x.after.startswith("@") and x.trust >= TEXT}
    found: dict[tuple[str, str, str], Relation] = {}
    for link in links:
        if link.after not in ids:
            continue
        cause = from_moment.get(link.before) if link.before.startswith("@") else link if link.trust >= SAME else None
        if cause is None:
            continue
        source = cause.before.partition(".")[0]
        if source not in ids or source == link.after:
            continue
        relation = _typed(source, link.after, cause, reading)
        if relation is not None:
            found.setdefault((relation.type, relation.source, relation.target), relation)
    return sorted(found.values(), key=lambda r: (_number(r.source), _number(r.target), r.type))


def _typed(source: str, target: str, cause: Link, reading: Reading) -> Relation | None:
    evidence = _evidence(cause, reading)
    if cause.low == 0 and cause.high == 0:
        return Relation(type="simultaneous", source=source, target=target, evidence=evidence)
    if cause.low is not None and cause.low > 0:
        return Relation(type="before", source=source, target=target, evidence=evidence)
    if cause.high is not None and cause.high < 0:
        return Relation(type="before", source=target, target=source, evidence=evidence)
    return None


_DURING = {"still given", "given at that time"}
_ENDED = {"ended", "given until death"}


def _during(facts: Sequence[Fact], solution: Solution, reading: Reading) -> list[Relation]:
    """What is told as happening under a treatment lies within it, and what it was stopped at is its end."""
    lasting = {f"{f.id}.end": f for f in facts}
    at: dict[str, list[Fact]] = {}
    for fact in facts:
        at.setdefault(fact.id, []).append(fact)
    for link in solution.kept:
        if link.before.startswith("@") and link.low == 0 and link.high == 0 and link.after in at:
            at.setdefault(link.before, []).extend(at[link.after])
    found: dict[tuple[str, str, str], Relation] = {}
    for link in solution.kept:
        for point, moment in ((link.after, link.before), (link.before, link.after)):
            course = lasting.get(point)
            kind = "contains" if link.rule in _DURING else "ends-with" if link.rule in _ENDED and (link.high or 0) <= 7 else None
            for fact in at.get(moment, ()) if course is not None and kind is not None else ():
                if course is not None and fact is not course and fact.step != course.step:
                    relation = Relation.model_validate(
                        {"type": kind, "source": course.id, "target": fact.id, "evidence": _evidence(link, reading)}
                    )
                    found.setdefault((relation.type, relation.source, relation.target), relation)
    return sorted(found.values(), key=lambda r: (_number(r.source), _number(r.target), r.type))


def closure(facts: Sequence[Fact], stated: Sequence[Relation]) -> list[Relation]:
    """All relations in time that follow from those a document states, between facts of one patient; those not stated are `derived`.

    Each relation says how the starts and ends of its two facts lie to each other (Vilain & Kautz 1986, AAAI-86:377); the closure of
    these is by repeated squaring of the matrix of what lies not before what.

    >>> from extractor.schema import Drug
    >>> facts = [Drug(id=f"F{n}", name="x", evidence=()) for n in (1, 2, 3)]
    >>> stated = [Relation(type="before", source="F1", target="F2"), Relation(type="simultaneous", source="F2", target="F3")]
    >>> [(r.type, r.source, r.target) for r in closure(facts, stated) if r.derived]
    [('before', 'F1', 'F3')]
    """
    number = {point: n for n, point in enumerate(p for f in facts for p in (f.id, f"{f.id}.end"))}
    size = len(number)
    order = np.eye(size, dtype=bool)
    strictly = np.zeros((size, size), dtype=bool)
    for a, b, strict in _points(facts, stated):
        order[number[a], number[b]] = True
        strictly[number[a], number[b]] |= strict
    for _ in range(max(1, size.bit_length())):
        wide = (order.astype(np.float32) @ order.astype(np.float32)) > 0
        if np.array_equal(wide, order):
            break
        order = wide
    reach = order.astype(np.float32)
    strictly = (reach @ strictly.astype(np.float32) @ reach) > 0
    known = {(r.type, r.source, r.target) for r in stated}
    found = []
    for one in facts:
        for other in facts:
            kind = _relation_of(one, other, order, strictly, number) if one is not other and one.patient == other.patient else None
            if kind is not None and (kind, other.id, one.id) not in known:
                found.append(
                    Relation.model_validate(
                        {"type": kind, "source": one.id, "target": other.id, "derived": (kind, one.id, other.id) not in known}
                    )
                )
    return found


def _points(facts: Sequence[Fact], stated: Sequence[Relation]) -> Iterator[tuple[str, str, bool]]:
    """What relations say of starts and ends: that one lies not after another, or (True) before it."""
    for fact in facts:
        yield fact.id, f"{fact.id}.end", False
        if fact.end is None:
            yield f"{fact.id}.end", fact.id, False
    for relation in stated:
        a, b = relation.source, relation.target
        if relation.type == "before":
            yield a, b, True
        elif relation.type in ("simultaneous", "starts-with"):
            yield from ((a, b, False), (b, a, False))
        elif relation.type == "ends-with":
            yield from ((f"{a}.end", f"{b}.end", False), (f"{b}.end", f"{a}.end", False))
        elif relation.type == "contains":
            yield from ((a, b, False), (f"{b}.end", f"{a}.end", False))
        elif relation.type == "overlaps":
            yield from ((a, b, False), (b, f"{a}.end", False))


def _relation_of(one: Fact, other: Fact, order: NDArray[np.bool_], strictly: NDArray[np.bool_], number: dict[str, int]) -> str | None:
    """The closest relation that is known between two facts, read from the first to the second; None where nothing is."""
    a, b, a_end, b_end = (number[p] for p in (one.id, other.id, f"{one.id}.end", f"{other.id}.end"))
    if order[a, b] and order[b, a]:
        return "simultaneous" if a < b else None
    if one.end is not None and order[a, b] and order[b_end, a_end]:
        return "ends-with" if order[a_end, b_end] and other.end is None else "contains"
    return "before" if strictly[a, b] else None


def _evidence(link: Link, reading: Reading) -> tuple[Evidence, ...]:
    if link.span is None:
        return ()
    a, b = link.span
    return (Evidence(start=a, end=b, text=reading.text[a:b], role="time", section=reading.sentence_at(a).section.id),)


def _derived(facts: Sequence[Fact]) -> list[Relation]:
    """A chain through the steps: the first fact of a step is simultaneous with the others and before the first of the next."""
    by_step: dict[int, list[str]] = {}
    for fact in facts:
        if fact.step is not None:
            by_step.setdefault(fact.step, []).append(fact.id)
    found: list[Relation] = []
    previous: str | None = None
    for step in sorted(by_step):
        first, *others = by_step[step]
        found += [Relation(type="simultaneous", source=first, target=x, derived=True) for x in others]
        if previous is not None:
            found.append(Relation(type="before", source=previous, target=first, derived=True))
        previous = first
    return found


def _number(fact: str) -> tuple[int, str]:
    digits = "".join(c for c in fact if c.isdigit())
    return (int(digits) if digits else 0, fact)
