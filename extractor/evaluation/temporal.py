"""Temporal awareness: do two sides say the same of what came before what, whatever part of it they leave to be inferred?

UzZaman & Allen 2011 (Temporal Evaluation, ACL short papers 351): of the relations that a side states, only those are counted that do not
follow from its others (its reduced graph), and each is right when it follows from what the other side states (its closure).

    precision = relations of the prediction's reduced graph that are in the gold's closure / all of that reduced graph
    recall    = relations of the gold's reduced graph that are in the prediction's closure / all of that reduced graph

What a side states: of two facts of one patient, that the one with the smaller step was before; where a step is missing, that the one
whose latest start is earlier than the other's earliest was. Equal steps state nothing, for they also mean that the text does not tell. So
a prediction that orders what the gold leaves open pays for it in precision.

Gold that is relations between mentions states these, and "overlap" as "at the same time", which is inherited; against it equal steps say
the same. Relations that contradict each other (a circle of befores) state nothing. A fact without a partner counts: its relations are
missed or made up. The temporal awareness score is the harmonic mean of the two.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, permutations

from extractor.evaluation.closure import order
from extractor.evaluation.judged import Days, JudgedCase, JudgedMention
from extractor.evaluation.mentions import assigned, match_mentions, overlapping
from extractor.evaluation.metrics import match
from extractor.evaluation.rows import ALL, Row, share

Stated = frozenset[tuple[str, Hashable, Hashable]]
"""Relations: "before" with the earlier first, "overlap" in both directions."""
KINDS = ("before", "overlap")


@dataclass(frozen=True)
class Graph:
    """What one side states: its closure, and the least of it that has that closure."""

    closed: Stated
    reduced: Stated


def relation_precision(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The share of the prediction's reduced graph that follows from the gold."""
    ours, theirs = graphs(gold, predicted)
    return _shares("relation_precision", theirs.reduced, ours.closed)


def relation_recall(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The share of the gold's reduced graph that follows from the prediction."""
    ours, theirs = graphs(gold, predicted)
    return _shares("relation_recall", ours.reduced, theirs.closed)


def _shares(metric: str, stated: Stated, known: Stated) -> list[Row]:
    rows = []
    for key, kinds in (*((kind, (kind,)) for kind in KINDS), (ALL, KINDS)):
        of_kind = [relation for relation in stated if relation[0] in kinds]
        rows.append(share(metric, key, sum(relation in known for relation in of_kind), len(of_kind)))
    return rows


@dataclass(frozen=True)
class _Event:
    """What stands in time: what it is called on both sides, where it is told, and, of a fact, when it happened."""

    id: Hashable
    offset: int
    patient: int = 1
    step: int | None = None
    start: Days | None = None


@lru_cache(maxsize=8)
def graphs(gold: JudgedCase, predicted: JudgedCase) -> tuple[Graph, Graph]:
    """The graphs of both sides over the same events."""
    told = bool(gold.relations or predicted.relations)
    partners = {p: g for g, p in _partners(gold, predicted)}
    ours, theirs = (lambda name: ("gold", name)), (lambda name: ("gold", partners[name]) if name in partners else ("predicted", name))
    return _graph(gold, ours, told), _graph(predicted, theirs, told)


def _partners(gold: JudgedCase, predicted: JudgedCase) -> Iterable[tuple[str, str]]:
    """The ids of the events that are the same on both sides."""
    if not gold.relations and not predicted.relations:
        return [(g.id, p.id) for g, p in match(gold, predicted)]
    if gold.relations and predicted.relations:
        return [(g.id, p.id) for g, p in match_mentions(gold, predicted)]
    ours, theirs = _spanned(gold), _spanned(predicted)
    pairs = [(i, j, 1 + 1e-4 * common) for i, j, common in overlapping(ours, theirs)]
    return [(ours[i].id, theirs[j].id) for i, j, _ in assigned(pairs)]


def _spanned(case: JudgedCase) -> list[JudgedMention]:
    """The events of a case, each as the words that tell it first."""
    facts = [JudgedMention(f.id, "", (min(f.heads),)) for f in (*case.facts, *case.findings) if f.heads]
    return sorted(case.mentions if case.relations else facts, key=lambda m: (m.spans, m.id))


def _graph(case: JudgedCase, name: Callable[[str], Hashable], told: bool) -> Graph:
    """What a case states, each event by the name it has on both sides. `told`: a side states relations between mentions."""
    if case.relations:
        events = [_Event(name(m.id), m.spans[0][0]) for m in case.mentions]
        numbers = {m.id: n for n, m in enumerate(case.mentions)}
        stated = [(r.type, numbers[r.source], numbers[r.target]) for r in case.relations if {r.source, r.target} <= numbers.keys()]
        return _solved(events, [(a, b) for t, a, b in stated if t == "before"], [(a, b) for t, a, b in stated if t == "overlap"])
    facts = (*case.facts, *(case.findings if told else ()))
    events = [_Event(name(f.id), min((head[0] for head in f.heads), default=0), f.patient, f.step, f.start) for f in facts]
    before = [(a, b) for a, one in enumerate(events) for b, other in enumerate(events) if _is_before(one, other)]
    return _solved(events, before, list(_tied(events)) if told else [])


def _is_before(one: _Event, other: _Event) -> bool:
    if one.patient != other.patient:
        return False
    if one.step is not None and other.step is not None:
        return one.step < other.step
    return one.start is not None and other.start is not None and one.start[1] < other.start[0]


def _tied(events: Sequence[_Event]) -> Iterable[tuple[int, int]]:
    groups: dict[tuple[int, int], list[int]] = {}
    for number, event in enumerate(events):
        if event.step is not None:
            groups.setdefault((event.patient, event.step), []).append(number)
    return (pair for group in groups.values() for pair in pairwise(group))


def _solved(events: Sequence[_Event], before: Sequence[tuple[int, int]], overlap: Sequence[tuple[int, int]]) -> Graph:
    """The closure and the reduction of what is stated.

    Events at the same time are one node. The reduction of such a group is the chain of its events in the order of the text; where groups
    follow each other, the first event of each speaks for it.
    """
    known = order(len(events), before, overlap)
    groups = [[events[n].id for n in sorted(group, key=lambda n: (events[n].offset, str(events[n].id)))] for group in known.groups]
    closed = {("before", a, b) for one, other in known.pairs() for a in groups[one] for b in groups[other]}
    closed |= {("overlap", a, b) for group in groups if len(group) > 1 for a, b in permutations(group, 2)}
    reduced = {("before", groups[one][0], groups[other][0]) for one, other in known.neighbours()}
    reduced |= {("overlap", a, b) for group in groups for a, b in pairwise(group)}
    return Graph(frozenset(closed), frozenset(reduced))
