"""How sure a figure is: intervals by resampling the documents, and whether one system is better than another on the same gold.

A document is what is drawn, for facts of one document stand or fall together. All scores are worked out from the same draws, as sums
of the documents' counts: a document without gold of a type adds nothing to that type, and a draw in which a score is of nothing
at all is left out of that score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from extractor.evaluation.rows import Row, total

SAMPLES = 2000
SEED = 20120712
LEVEL = 0.95
METHOD = f"percentiles of {SAMPLES} bootstrap samples of the documents, seed {SEED}"
_ALIKE = 1e-12
"""Differences closer than this are equal: sums of the same counts in another order."""

Score = tuple[str, str]
"""A metric and a key of it."""
Rows = Mapping[str, Sequence[Row]]
"""The rows of each document by its id."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Spread:
    """How a score varies over documents: its mean over the `documents` that have one, and the 95% interval of the score over all of them.

    None where it is not known: no document has the score, or there are not two documents to draw from.
    """

    macro: float | None
    documents: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Difference:
    """One score of two systems on the same documents, `one` less `other`, with its 95% interval.

    `p` is the paired bootstrap's (Berg-Kirkpatrick, Burkett & Klein 2012): how often a difference as large as the one seen comes up
    by the draw of documents where there is none; one-sided, for the system that is ahead. It is not corrected for the number of
    scores that are compared.
    """

    metric: str
    key: str
    one: float | None
    other: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def spreads(rows: Rows) -> dict[Score, Spread]:
    """The spread of each score over the documents; the order of the documents does not matter."""
    documents, scores = sorted(rows), _scores(rows)
    counts = _counts(rows, documents, scores)
    single = f1(counts)
    low, high = _interval(f1(_drawn(counts)))
    return {
        score: Spread(
            macro=_or_none(single[~np.isnan(single[:, n]), n].mean()) if (known := int((~np.isnan(single[:, n])).sum())) else None,
            documents=known,
            low=_or_none(low[n]),
            high=_or_none(high[n]),
        )
        for n, score in enumerate(scores)
    }


def differences(one: Rows, other: Rows) -> tuple[Difference, ...]:
    """Each score of two systems over the documents that both were judged on."""
    documents = sorted(one.keys() & other.keys())
    scores = _scores({f"{side}{name}": rows[name] for side, rows in enumerate((one, other)) for name in documents})
    ours, theirs = _counts(one, documents, scores), _counts(other, documents, scores)
    seen_one, seen_other = f1(ours.sum(axis=0)), f1(theirs.sum(axis=0))
    drawn = f1(_drawn(ours)) - f1(_drawn(theirs))
    low, high = _interval(drawn)
    return tuple(
        Difference(
            *score,
            one=_or_none(seen_one[n]),
            other=_or_none(seen_other[n]),
            difference=_or_none(seen_one[n] - seen_other[n]),
            low=_or_none(low[n]),
            high=_or_none(high[n]),
            p=_p(seen_one[n] - seen_other[n], drawn[:, n]),
        )
        for n, score in enumerate(scores)
    )


def _scores(rows: Rows) -> list[Score]:
    """Every score that a document has, in the order of the metrics."""
    return [(row.metric, row.key) for row in total(row for name in sorted(rows) for row in rows[name])]


def _counts(rows: Rows, documents: Sequence[str], scores: Sequence[Score]) -> Floats:
    """The counts as [document, (right, gold, predicted), score]; zeros where a document has none of a score."""
    counts = np.zeros((len(documents), 3, len(scores)))
    columns = {score: n for n, score in enumerate(scores)}
    for number, name in enumerate(documents):
        for row in rows[name]:
            counts[number, :, columns[row.metric, row.key]] = row.right, row.gold, row.predicted
    return counts


def f1(counts: Floats) -> Floats:
    """F1 of counts [..., (right, gold, predicted), score] (of a share: the share); nan where there is nothing to judge."""
    right, claims = counts[..., 0, :], counts[..., 1, :] + counts[..., 2, :]
    return np.divide(2 * right, claims, out=np.full_like(claims, np.nan), where=claims > 0)


def _drawn(counts: Floats) -> Floats:
    """The summed counts of each sample: as many documents as there are, drawn with replacement; of fewer than two, no sample."""
    documents = counts.shape[0]
    if documents < 2:
        return np.zeros((0, *counts.shape[1:]))
    times = np.random.default_rng(SEED).multinomial(documents, np.full(documents, 1 / documents), size=SAMPLES)
    sums: Floats = np.tensordot(times.astype(np.float64), counts, axes=1)
    return sums


def _interval(drawn: Floats) -> tuple[Floats, Floats]:
    """The bounds [score] of the middle 95% of the samples [sample, score] that have the score."""
    bounds = np.full((2, drawn.shape[1]), np.nan)
    known = ~np.isnan(drawn).all(axis=0) if len(drawn) else np.zeros(drawn.shape[1], dtype=bool)
    tail = (1 - LEVEL) / 2
    if known.any():
        bounds[:, known] = np.nanquantile(drawn[:, known], (tail, 1 - tail), axis=0)
    return bounds[0], bounds[1]


def _p(seen: float, drawn: Floats) -> float | None:
    """The share of samples whose difference is at least twice the one seen, on its side; 1 where no system is ahead.

    The one seen counts as a sample, so it is never 0.
    """
    known = drawn[~np.isnan(drawn)]
    if np.isnan(seen) or not len(known):
        return None
    if abs(seen) < _ALIKE:
        return 1.0
    beyond = (known if seen >= 0 else -known) >= 2 * abs(seen) - _ALIKE
    return float((beyond.sum() + 1) / (len(known) + 1))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
