"""What follows from "before" and "at the same time": the closure of such relations, and the least of them with the same closure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Matrix = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Order:
    """Groups of things at the same time, each thing by its number, and for each pair of groups whether the first was before the other."""

    groups: tuple[tuple[int, ...], ...]
    before: Matrix

    def pairs(self) -> list[tuple[int, int]]:
        """The groups of which one was before the other."""
        return list(zip(*(index.tolist() for index in np.nonzero(self.before)), strict=True))

    def neighbours(self) -> list[tuple[int, int]]:
        """Those of them that do not follow from others: with no group between."""
        between = self.before & ~_after(self.before, self.before)
        return list(zip(*(index.tolist() for index in np.nonzero(between)), strict=True))


def order(size: int, before: Iterable[tuple[int, int]], together: Sequence[tuple[int, int]] = ()) -> Order:
    """The order of `size` things by what is stated of them. A circle of befores contradicts itself and states nothing."""
    group_of = _groups(size, together)
    groups: list[list[int]] = [[] for _ in range(max(group_of, default=-1) + 1)]
    for number, group in enumerate(group_of):
        groups[group].append(number)
    stated = np.zeros((len(groups), len(groups)), dtype=np.bool_)
    for one, other in before:
        stated[group_of[one], group_of[other]] = True
    closed = _closed(stated)
    circular = closed & closed.T
    if circular.any():
        closed = _closed(stated & ~circular)
    return Order(tuple(map(tuple, groups)), closed)


def _groups(size: int, together: Sequence[tuple[int, int]]) -> list[int]:
    if not together:
        return list(range(size))
    ends = np.array(together)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    labels: list[int] = connected_components(graph, directed=False)[1].tolist()
    return labels


def _closed(stated: Matrix) -> Matrix:
    """The transitive closure, by squaring."""
    while True:
        more = stated | _after(stated, stated)
        if (more == stated).all():
            return stated
        stated = more


def _after(one: Matrix, other: Matrix) -> Matrix:
    """Which pairs one step of each joins."""
    found: Matrix = (one.astype(np.float32) @ other.astype(np.float32)) > 0
    return found
