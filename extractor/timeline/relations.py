"""Relations in time between facts: those the text asserts, and the smallest set from which the rest follows."""

from collections.abc import Sequence

from extractor.entities.reading import Reading
from extractor.schema import Evidence, Fact, Relation
from extractor.timeline.network import Link, Solution
from extractor.timeline.story import SAME, TEXT


def relations(facts: Sequence[Fact], solution: Solution, reading: Reading) -> list[Relation]:
    """Asserted relations, then the derived ones: each step simultaneous within itself and before the next.

    Asserted are those a kept link of the text says directly between two facts, or through the moment it names.
    """
    ids = {f.id for f in facts}
    asserted = list(_asserted(solution.kept, ids, reading))
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
