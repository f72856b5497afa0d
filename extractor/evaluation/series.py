"""The measures of the textual time series of case reports: were the events found, are they in order, how far off are their times?

As in Noroozizadeh & Weiss 2025 (arXiv 2504.12326) and PMOA-TTS (arXiv 2505.20323), by the code published with them: an event is words and a
time, events are paired one to one by how alike their words are, and only the pairs that are alike enough count.

    event match   matched events of the gold / all its events (and, for precision, / all predicted events)
    concordance   of the pairs of matched events that the gold puts at different times, the share in the same order; a tie is a half
    log time      area under the distribution of log(1 + hours of error), from 0 to the log of a year of minutes, as a share of it

They compare words by the cosine distance of a language model (threshold 0.1). No model is needed here: words are alike by the normalized
Indel similarity of their sorted words, at least ALIKE. So the figures compare with each other, and with the literature's only roughly.
The words of a fact are its name with its place and side; its time is the middle of its start.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import log, log1p

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel
from scipy.optimize import linear_sum_assignment

from extractor.evaluation.judged import JudgedCase, JudgedFact
from extractor.evaluation.names import folded
from extractor.evaluation.rows import ALL, Row, share

ALIKE = 0.75
"""So alike, of 1, the words of two events must be."""
LONGEST = log(60 * 24 * 365.26)
"""Where the log-time curve ends, in the published code's own words: the log of the minutes of a year. Errors are in hours."""
_NEAR = 1e-3
"""What it is worth that equal words stand in the same place of the text: less than any difference in their words."""
_PLACES = ("site", "specimen", "laterality")


def event_match(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """How many events of the gold the prediction has."""
    return [Row("event_match", ALL, len(match_events(gold, predicted)), len(gold.facts), len(predicted.facts))]


def concordance(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The share of pairs of one patient's matched events with different times that are in the same order; a missing time is a tie."""
    timed = [(middle(g), middle(p), g.patient) for g, p in match_events(gold, predicted) if g.start is not None]
    ours, theirs = np.array([g for g, _, _ in timed], float), np.array([p for _, p, _ in timed], float)
    patients = np.array([n for _, _, n in timed])
    signs = np.sign(ours[:, None] - ours[None, :])
    guessed = np.nan_to_num(np.sign(theirs[:, None] - theirs[None, :]))
    counted = np.triu((signs != 0) & (patients[:, None] == patients[None, :]))
    points = np.where(guessed == 0, 0.5, guessed == signs)
    return [share("concordance", ALL, float(points[counted].sum()), int(counted.sum()))]


def log_time(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The area under the log-time curve of the matched events that have a time in the gold, summed so that it adds up over documents.

    The area under a distribution up to a bound is the mean of what each value leaves of the way to it.
    """
    timed = [(g, p) for g, p in match_events(gold, predicted) if g.start is not None]
    return [share("log_time", ALL, sum(_left(g, p) for g, p in timed), len(timed))]


def _left(gold: JudgedFact, predicted: JudgedFact) -> float:
    ours, theirs = middle(gold), middle(predicted)
    if ours is None or theirs is None:
        return 0.0
    return 1 - min(log1p(24 * abs(ours - theirs)), LONGEST) / LONGEST


def middle(fact: JudgedFact) -> float | None:
    """The day on which a fact is said to have started."""
    return None if fact.start is None else sum(fact.start) / 2


def words(fact: JudgedFact) -> str:
    """What an event is called: the words of its name, place and side in the order of the alphabet ("biopsy liver" is "liver biopsy")."""
    said = [fact.name, *(str(fact.attributes[key]) for key in _PLACES if fact.attributes.get(key))]
    return " ".join(sorted(set(folded(" ".join(said)).replace(",", " ").split())))


@lru_cache(maxsize=8)
def match_events(gold: JudgedCase, predicted: JudgedCase) -> tuple[tuple[JudgedFact, JudgedFact], ...]:
    """The pairs of events that are alike enough: as many as can be, the most alike, and of those equally alike the nearest in the text."""
    ours, theirs = _sorted(gold), _sorted(predicted)
    if not ours or not theirs:
        return ()
    alike = process.cdist([words(f) for f in ours], [words(f) for f in theirs], scorer=Indel.normalized_similarity, dtype=np.float64)
    begins, others = np.array([_offset(f) for f in ours]), np.array([_offset(f) for f in theirs])
    apart = np.abs(begins[:, None] - others[None, :]) / (1 + max(len(gold.text), len(predicted.text)))
    kinds = np.array([[g.type == p.type for p in theirs] for g in ours])
    fits = alike >= ALIKE
    many = 1 + min(len(ours), len(theirs))
    worth = np.where(fits, many + alike + _NEAR * (kinds + 1 - apart), 0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return tuple((ours[i], theirs[j]) for i, j in zip(rows, columns, strict=True) if fits[i, j])


def _sorted(case: JudgedCase) -> Sequence[JudgedFact]:
    return sorted(case.facts, key=lambda f: (_offset(f), f.type, words(f), f.heads, f.start is None, f.start or (), f.patient, f.step or 0))


def _offset(fact: JudgedFact) -> int:
    return min((head[0] for head in fact.heads), default=0)
