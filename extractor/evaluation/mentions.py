"""How the mentions of two sides compare: by the definitions of SemEval 2013 task 9.1, as the package nervaluate has them.

A mention is right by one of four measures: `strict` (same words, same label), `exact` (same words), `partial` (same words 1, words in
common a half, whatever the label), `type` (words in common, same label). nervaluate takes the first partner that fits, so that its counts
depend on the order of the mentions and suffer where they nest; here the one-to-one assignment with the most points is taken, which for
mentions that do not overlap within a side gives the same counts. The figures of one label are those over its mentions alone.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from extractor.evaluation.judged import FLAGS, JudgedCase, JudgedMention
from extractor.evaluation.rows import ALL, Row

Pair = tuple[int, int, float]
"""The numbers of a gold and a predicted mention, and what the pair is worth."""
_CLOSER = 1e-4
"""What it is worth that two mentions have all words in common, against that they have any: never so much as another pair."""


def mention_strict(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The same words with the same label."""
    return _rows("mention_strict", gold, predicted, lambda m: (m.label, m.spans))


def mention_exact(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The same words, whatever the label."""
    return _rows("mention_exact", gold, predicted, lambda m: m.spans)


def mention_partial(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """Words in common, whatever the label: one point where they are the same, else half a point."""

    ours, theirs = comparable(gold, predicted)
    pairs = [(i, j, 1.0 if ours[i].spans == theirs[j].spans else 0.5) for i, j, _ in _overlaps(gold, predicted)]

    def points(key: str) -> float:
        of_label = pairs if key == ALL else [(i, j, worth) for i, j, worth in pairs if ours[i].label == theirs[j].label == key]
        return sum(worth for _, _, worth in assigned(of_label))

    return [Row("mention_partial", key, points(key), len(a), len(b)) for key, a, b in _by_label(ours, theirs)]


def mention_type(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """Words in common and the same label."""
    pairs = Counter(g.label for g, _ in match_mentions(gold, predicted))
    ours, theirs = comparable(gold, predicted)
    return [
        Row("mention_type", key, sum(pairs.values()) if key == ALL else pairs[key], len(of_gold), len(of_predicted))
        for key, of_gold, of_predicted in _by_label(ours, theirs)
    ]


def context(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """How the text speaks of the mentions that both sides have: each flag that the gold annotates, and all together."""
    judged = gold.flags & predicted.flags
    pairs = [(g.flags & judged, p.flags & judged) for g, p in match_mentions(gold, predicted)]
    rows = [
        Row("context", flag, sum(flag in g & p for g, p in pairs), sum(flag in g for g, _ in pairs), sum(flag in p for _, p in pairs))
        for flag in FLAGS
        if flag in judged
    ]
    return [*rows, Row("context", ALL, sum(r.right for r in rows), sum(r.gold for r in rows), sum(r.predicted for r in rows))]


@lru_cache(maxsize=8)
def match_mentions(gold: JudgedCase, predicted: JudgedCase) -> tuple[tuple[JudgedMention, JudgedMention], ...]:
    """The pairs of mentions with the same label and words in common: as many as can be, and of these the closest."""
    ours, theirs = comparable(gold, predicted)
    pairs = [(i, j, 1 + _CLOSER * common) for i, j, common in _overlaps(gold, predicted) if ours[i].label == theirs[j].label]
    return tuple((ours[i], theirs[j]) for i, j, _ in assigned(pairs))


@lru_cache(maxsize=8)
def comparable(gold: JudgedCase, predicted: JudgedCase) -> tuple[tuple[JudgedMention, ...], tuple[JudgedMention, ...]]:
    """The mentions of both sides with the labels of the side that has its own, in an order that does not depend on the files'."""
    return _seen_by(gold, predicted), _seen_by(predicted, gold)


def _seen_by(case: JudgedCase, other: JudgedCase) -> tuple[JudgedMention, ...]:
    scheme = other.scheme if case.scheme is None else None
    found: Iterable[JudgedMention] = case.mentions
    if scheme is not None:
        found = (replace(m, label=label) for m in case.mentions if (label := scheme.get(f"{m.label}:{m.kind}", scheme.get(m.label))))
    return tuple(sorted(found, key=lambda m: (m.spans, m.label, sorted(m.flags))))


def _rows(metric: str, gold: JudgedCase, predicted: JudgedCase, key: Callable[[JudgedMention], Hashable]) -> list[Row]:
    """The mentions of each label that are equal in what `key` says of them."""
    return [
        Row(metric, label, (Counter(map(key, ours)) & Counter(map(key, theirs))).total(), len(ours), len(theirs))
        for label, ours, theirs in _by_label(*comparable(gold, predicted))
    ]


def _by_label(
    ours: Sequence[JudgedMention], theirs: Sequence[JudgedMention]
) -> list[tuple[str, Sequence[JudgedMention], Sequence[JudgedMention]]]:
    labels = sorted({m.label for m in (*ours, *theirs)})
    own = [(label, [m for m in ours if m.label == label], [m for m in theirs if m.label == label]) for label in labels]
    return [*own, (ALL, ours, theirs)]


@lru_cache(maxsize=8)
def _overlaps(gold: JudgedCase, predicted: JudgedCase) -> list[Pair]:
    return overlapping(*comparable(gold, predicted))


def overlapping(ours: Sequence[JudgedMention], theirs: Sequence[JudgedMention]) -> list[Pair]:
    """The pairs that have characters in common, and which share of those of both they are. Each side in the order of its spans."""
    found: list[Pair] = []
    open_: list[int] = []
    first = 0
    lengths = [_length(m.spans) for m in theirs]
    for i, mention in enumerate(ours):
        length = _length(mention.spans)
        start, end = mention.spans[0][0], mention.spans[-1][1]
        while first < len(theirs) and theirs[first].spans[0][0] < end:
            open_.append(first)
            first += 1
        open_ = [j for j in open_ if theirs[j].spans[-1][1] > start]
        for j in open_:
            common = _common(mention.spans, theirs[j].spans)
            if common:
                found.append((i, j, common / (length + lengths[j] - common)))
    return found


def _common(ours: Sequence[tuple[int, int]], theirs: Sequence[tuple[int, int]]) -> int:
    if len(ours) == len(theirs) == 1:
        return max(0, min(ours[0][1], theirs[0][1]) - max(ours[0][0], theirs[0][0]))
    return sum(max(0, min(a_end, b_end) - max(a, b)) for a, a_end in ours for b, b_end in theirs)


def _length(spans: Sequence[tuple[int, int]]) -> int:
    return sum(end - start for start, end in spans)


def assigned(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs of the one-to-one assignment that is worth most, each cluster of mentions that overlap for itself."""
    of_row, of_column = Counter(i for i, _, _ in pairs), Counter(j for _, j, _ in pairs)
    alone = [(i, j, worth) for i, j, worth in pairs if of_row[i] == of_column[j] == 1]
    return alone + _clusters([(i, j, worth) for i, j, worth in pairs if of_row[i] > 1 or of_column[j] > 1])


def _clusters(pairs: Sequence[Pair]) -> list[Pair]:
    if not pairs:
        return []
    rows, columns = sorted({i for i, _, _ in pairs}), sorted({j for _, j, _ in pairs})
    row_of, column_of = {i: n for n, i in enumerate(rows)}, {j: n for n, j in enumerate(columns, start=len(rows))}
    ends = np.array([(row_of[i], column_of[j]) for i, j, _ in pairs])
    size = len(rows) + len(columns)
    _, cluster = connected_components(coo_array((np.ones(len(pairs)), (ends[:, 0], ends[:, 1])), shape=(size, size)), directed=False)
    together: dict[int, list[Pair]] = {}
    for pair, (row, _) in zip(pairs, ends, strict=True):
        together.setdefault(int(cluster[row]), []).append(pair)
    return [pair for group in together.values() for pair in _best(group)]


def _best(pairs: Sequence[Pair]) -> list[Pair]:
    rows, columns = sorted({i for i, _, _ in pairs}), sorted({j for _, j, _ in pairs})
    worth: np.ndarray[Any, np.dtype[np.float64]] = np.zeros((len(rows), len(columns)))
    row_of, column_of = {i: n for n, i in enumerate(rows)}, {j: n for n, j in enumerate(columns)}
    for i, j, value in pairs:
        worth[row_of[i], column_of[j]] = value
    chosen = linear_sum_assignment(worth, maximize=True)
    return [(rows[i], columns[j], float(worth[i, j])) for i, j in zip(*chosen, strict=True) if worth[i, j] > 0]
