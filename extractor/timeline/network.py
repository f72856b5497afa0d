"""A simple temporal network: points in time, and how many days lie between them.

Each link says `low <= time(after) - time(before) <= high`; the tightest bounds of every point from day 0 that follow from all
links together are shortest paths (Dechter, Meiri & Pearl 1991, Artificial Intelligence 49:61). Where links contradict each other they
form a cycle of negative length: of its links the one least trusted is dropped, and told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np
from numpy.typing import NDArray

DAY0 = "day0"
_EPS = 1e-6
_LOOK_EVERY = 8
"""Rounds between two looks for a cycle: a look costs as much as several rounds."""


@dataclass(frozen=True)
class Link:
    """Days from the point `before` to the point `after`: at least `low`, at most `high` (None: no limit).

    `trust` ranks links: what the text says outranks what is only usual. `rule` names the reason, `span` the words, `why` how the
    point that the words count from was found.
    """

    before: str
    after: str
    low: float | None
    high: float | None
    trust: int
    rule: str
    span: tuple[int, int] | None = None
    why: str = ""


@dataclass(frozen=True)
class Solution:
    """Bounds of every point from day 0, the links kept and dropped, for each bound the link that set it last, and for each link dropped
    those that it contradicts."""

    earliest: dict[str, float]
    latest: dict[str, float]
    kept: tuple[Link, ...]
    dropped: tuple[Link, ...]
    sets_earliest: dict[str, Link]
    sets_latest: dict[str, Link]
    against: dict[Link, tuple[Link, ...]]


def solve(links: Iterable[Link]) -> Solution:
    """The tightest bounds that follow from the links; independent of their order.

    >>> s = solve([Link("day0", "surgery", 0, 30, 1, "x"), Link("surgery", "scan", 60, 90, 1, "x")])
    >>> s.earliest["scan"], s.latest["scan"]
    (60.0, 120.0)
    """
    kept = sorted(set(links), key=_rank)
    points = sorted({p for x in kept for p in (x.before, x.after)} | {DAY0})
    number = {p: i for i, p in enumerate(points)}
    dropped, against = _consistent(kept, number)
    graph = _graph(kept, number)
    origin = number[DAY0]
    latest, by_latest = _distances(graph, len(points), origin)
    back = graph.reversed()
    toward, by_earliest = _distances(back, len(points), origin)
    return Solution(
        {p: float(-toward[i]) for p, i in number.items() if toward[i] < inf},
        {p: float(latest[i]) for p, i in number.items() if latest[i] < inf},
        tuple(kept),
        tuple(dropped),
        {points[i]: kept[back.owner[e]] for i, e in by_earliest.items()},
        {points[i]: kept[graph.owner[e]] for i, e in by_latest.items()},
        against,
    )


def _consistent(kept: list[Link], number: dict[str, int]) -> tuple[list[Link], dict[Link, tuple[Link, ...]]]:
    """Take out of `kept` what contradicts the rest, the least trusted link of each contradiction; returned are those taken out, and what
    each of them contradicts.

    A link that no longer contradicts anything, because another one of its contradiction went too, comes back.
    """
    dropped: list[Link] = []
    against: dict[Link, tuple[Link, ...]] = {}
    while (found := _contradiction(kept, number)) is not None:
        worst = min(found, key=lambda x: (x.trust, [-k for k in x.span or (0,)], _rank(x)))
        kept.remove(worst)
        dropped.append(worst)
        against[worst] = tuple(x for x in found if x is not worst)
    for link in sorted(dropped[:-1], key=lambda x: (-x.trust, _rank(x))):
        if _contradiction([*kept, link], number) is None:
            kept.append(link)
            dropped.remove(link)
    kept.sort(key=_rank)
    return dropped, {link: others for link, others in against.items() if link in dropped}


def _contradiction(links: Sequence[Link], number: dict[str, int]) -> list[Link] | None:
    """The links of one contradiction, or None."""
    graph = _graph(links, number)
    cycle = _negative_cycle(graph, len(number))
    return None if cycle is None else [links[i] for i in sorted({int(graph.owner[e]) for e in cycle})]


def whole_days(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """Bounds in whole days, rounded inwards (10.5 to 17.5 days are the days 11 to 17) unless that leaves none.

    >>> whole_days(10.5, 17.5), whole_days(0.4, 0.6), whole_days(None, 3.2)
    ((11.0, 17.0), (0.0, 1.0), (None, 3.0))
    """
    up = None if low is None else float(ceil(low - _EPS))
    down = None if high is None else float(floor(high + _EPS))
    if up is not None and down is not None and up > down:
        return float(floor(low or 0.0)), float(ceil(high or 0.0))
    return up, down


def _rank(link: Link) -> tuple[object, ...]:
    bounds = [-inf if link.low is None else link.low, inf if link.high is None else link.high]
    return (link.before, link.after, *bounds, link.trust, link.rule, link.span or (-1, -1), link.why)


@dataclass(frozen=True)
class _Graph:
    """Edges of the distance graph, grouped by where they end.

    `owner` is the link that an edge came from; `ends` are the points that edges end at, `first` the first edge of each and `group` the
    place in `ends` of every edge.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.float64]
    owner: NDArray[np.int64]
    first: NDArray[np.int64]
    ends: NDArray[np.int64]
    group: NDArray[np.int64]

    def reversed(self) -> "_Graph":
        return _grouped(self.target, self.source, self.weight, self.owner)


def _graph(links: Sequence[Link], number: dict[str, int]) -> _Graph:
    rows: list[tuple[int, int, float, int]] = []
    for i, link in enumerate(links):
        a, b = number[link.before], number[link.after]
        if link.high is not None:
            rows.append((a, b, link.high, i))
        if link.low is not None:
            rows.append((b, a, -link.low, i))
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    source, target, owner = (np.array(columns[k], dtype=np.int64) for k in (0, 1, 3))
    return _grouped(source, target, np.array(columns[2], dtype=np.float64), owner)


def _grouped(source: NDArray[np.int64], target: NDArray[np.int64], weight: NDArray[np.float64], owner: NDArray[np.int64]) -> _Graph:
    order = np.argsort(target, kind="stable")
    ends, first, group = np.unique(target[order], return_index=True, return_inverse=True)
    return _Graph(source[order], target[order], weight[order], owner[order], first, ends, group)


def _step(graph: _Graph, distance: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """One round of Bellman-Ford over all edges at once: the better distances, and which points they are of."""
    best = np.minimum.reduceat(distance[graph.source] + graph.weight, graph.first)
    better = best < distance[graph.ends] - _EPS
    return best, better


def _negative_cycle(graph: _Graph, size: int) -> list[int] | None:
    """The edges of a cycle of negative length, or None; every point starts at 0, as if from a point before them all."""
    if not len(graph.source):
        return None
    distance = np.zeros(size)
    via = np.full(size, -1, dtype=np.int64)
    for turn in range(size + _LOOK_EVERY + 1):
        offers = distance[graph.source] + graph.weight
        best = np.minimum.reduceat(offers, graph.first)
        better = best < distance[graph.ends] - _EPS
        if not better.any():
            return None
        hits = np.flatnonzero(offers <= best[graph.group])
        of = graph.group[hits]
        firsts = hits[np.concatenate(([True], of[1:] != of[:-1]))]
        via[graph.ends[better]] = firsts[better]
        distance[graph.ends[better]] = best[better]
        if turn % _LOOK_EVERY == _LOOK_EVERY - 1 and (cycle := _cycle_in(via, graph)) is not None:
            return cycle
    return None


def _cycle_in(via: NDArray[np.int64], graph: _Graph) -> list[int] | None:
    """A cycle among the edges each point was last improved by. Such a cycle is always of negative length."""
    # Most rounds have none: points whose trail ends are peeled off by doubling, a handful of array operations.
    parent = np.where(via >= 0, graph.source[via], -1)
    jump = parent.copy()
    for _ in range(max(1, len(parent).bit_length())):
        alive = jump >= 0
        jump[alive] = jump[jump[alive]]
    on = np.flatnonzero(jump >= 0)
    if not len(on):
        return None
    at = int(jump[on].min())
    seen: dict[int, int] = {}
    trail: list[int] = []
    while at not in seen:
        seen[at] = len(trail)
        trail.append(int(via[at]))
        at = int(graph.source[via[at]])
    return trail[seen[at] :]


def _distances(graph: _Graph, size: int, origin: int) -> tuple[NDArray[np.float64], dict[int, int]]:
    """Shortest distances from `origin`, and for each point reached the edge by which a shortest path enters it."""
    distance = np.full(size, inf)
    distance[origin] = 0.0
    for _ in range(size if len(graph.source) else 0):
        best, better = _step(graph, distance)
        if not better.any():
            break
        distance[graph.ends[better]] = best[better]
    into: dict[int, int] = {}
    reached_from = distance[graph.source] < inf
    tight = reached_from & (distance[graph.source] + graph.weight <= distance[graph.target] + 10 * _EPS)
    leaving: dict[int, list[int]] = {}
    for e in np.flatnonzero(tight):
        leaving.setdefault(int(graph.source[e]), []).append(int(e))
    wave = [origin]
    reached = {origin}
    while wave:
        ahead = []
        for p in wave:
            for e in leaving.get(p, ()):
                q = int(graph.target[e])
                if q not in reached:
                    reached.add(q)
                    into[q] = e
                    ahead.append(q)
        wave = ahead
    return distance, into
