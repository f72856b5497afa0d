"""How the facts of a predicted case compare with the gold's: matched one to one, and from them each score as rows of counts.

Each metric is a function of (gold, predicted) that gives `Row`s. Rows with the same metric and key add up over cases, and
neither the order of the facts nor that of the cases matters.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import zip_longest
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from extractor.evaluation.judged import CORE_TYPES, TYPES, Days, JudgedCase, JudgedFact, JudgedPatient
from extractor.evaluation.names import folded, same_name
from extractor.evaluation.rows import ALL, CORE, Row, share, total

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "drug": ("status", "dose", "route", "frequency", "cycles", "intent", "stop_reason"),
    "biomarker": ("status", "value", "specimen"),
    "lesion": ("site", "laterality", "size_mm", "count", "course"),
    "procedure": ("category", "site", "laterality", "dose", "fractions", "status"),
    "diagnosis": ("stage", "grade", "site", "laterality"),
    "outcome": (),
}
LIKE_NAMES = frozenset({"site", "specimen"})
POINTED_AT = 3
"""Only so many heads of a predicted fact count, so that pointing at every mention of a thing earns nothing."""
INSIDE = 0.25
"""The share of a predicted head that must lie inside the gold head, so that pointing at a whole sentence earns nothing."""
TOLERANCE = 7.0
"""Days that a gold bound is widened by, at least."""


# Matching ---------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def match(gold: JudgedCase, predicted: JudgedCase) -> tuple[tuple[JudgedFact, JudgedFact], ...]:
    """The pairs (gold fact, predicted fact) of the one-to-one assignment with the largest total weight, type by type.

    The facts are sorted first by everything that is judged, so that among assignments of equal weight the same is taken whatever
    order the facts came in.
    """
    pairs: list[tuple[JudgedFact, JudgedFact]] = []
    for kind in TYPES:
        ours, theirs = _of_type(gold, kind), _of_type(predicted, kind)
        if not ours or not theirs:
            continue
        weights = np.array([[weight(g, p) for p in theirs] for g in ours])
        rows, columns = linear_sum_assignment(weights, maximize=True)
        pairs += [(ours[i], theirs[j]) for i, j in zip(rows, columns, strict=True) if weights[i, j] > 0]
    return tuple(pairs)


def _of_type(case: JudgedCase, kind: str) -> list[JudgedFact]:
    return sorted((f for f in case.facts if f.type == kind), key=_content)


def _content(fact: JudgedFact) -> tuple[Any, ...]:
    return (
        sorted(fact.heads[:POINTED_AT]), sorted(fact.heads), fact.name, fact.start is None, fact.start or (), fact.end is None,
        fact.end or (), fact.step is None, fact.step or 0, fact.patient, fact.suspected, repr(sorted(fact.attributes.items())),
    )  # fmt: skip


def weight(gold: JudgedFact, predicted: JudgedFact) -> float:
    """What a pair is worth: 1, half more for the same name, a quarter more for a right start; 0 where they may not match."""
    if not overlaps(gold, predicted):
        return 0.0
    return 1.0 + 0.5 * same_name(gold.name, predicted.name) + 0.25 * is_placed(gold.start, predicted.start)


def overlaps(gold: JudgedFact, predicted: JudgedFact) -> bool:
    """Whether one of the first predicted heads shares characters with a gold head and lies inside it by a quarter at least."""
    return any(
        (shared := min(end, g_end) - max(start, g_start)) > 0 and shared >= INSIDE * (end - start)
        for start, end in predicted.heads[:POINTED_AT]
        for g_start, g_end in gold.heads
    )


def is_exact(gold: JudgedFact, predicted: JudgedFact) -> bool:
    """Whether one of the first predicted heads is a gold head, to the character."""
    return not set(gold.heads).isdisjoint(predicted.heads[:POINTED_AT])


# Found and named --------------------------------------------------------------------------------------------------------------


def found(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """How many facts were matched, by type, for the four core types and for all six."""
    return _by_type("found", gold, predicted, lambda g, p: True)


def strict(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The same, where only a head that is equal to the character counts."""
    return _by_type("strict", gold, predicted, is_exact)


def placed(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """How many facts were found and started right, so that a curator need not touch them; without a gold start, found is enough."""
    return _by_type("placed", gold, predicted, lambda g, p: g.start is None or is_placed(g.start, p.start))


def _by_type(metric: str, gold: JudgedCase, predicted: JudgedCase, counts: Callable[[JudgedFact, JudgedFact], bool]) -> list[Row]:
    right = [g.type for g, p in match(gold, predicted) if counts(g, p)]
    ours, theirs = [f.type for f in gold.facts], [f.type for f in predicted.facts]
    return [
        Row(metric, key, *(sum(kind in kinds for kind in side) for side in (right, ours, theirs)))
        for key, kinds in [*((kind, (kind,)) for kind in TYPES), (CORE, CORE_TYPES), (ALL, TYPES)]
    ]


def name(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The share of matched facts that bear the same name."""
    return _shares("name", match(gold, predicted), lambda g, p: same_name(g.name, p.name))


def _shares(
    metric: str, pairs: Iterable[tuple[JudgedFact, JudgedFact]], right: Callable[[JudgedFact, JudgedFact], bool], by_type: bool = True
) -> list[Row]:
    judged = [(g.type, right(g, p)) for g, p in pairs]
    groups = [(ALL, TYPES), *((kind, (kind,)) for kind in (TYPES if by_type else ()))]
    return [share(metric, key, sum(ok for t, ok in judged if t in kinds), sum(t in kinds for t, _ in judged)) for key, kinds in groups]


# Attributes -------------------------------------------------------------------------------------------------------------------


def attributes(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The attributes of matched facts, each key of each type ("drug dose") and all together.

    A value on one side alone is missed or made up; a wrong value is both.
    """
    rows = []
    for g, p in match(gold, predicted):
        ours, theirs = judged_attributes(g), judged_attributes(p)
        for key in sorted(ours.keys() | theirs.keys()):
            right = int(key in ours and key in theirs and same_value(key, ours[key], theirs[key]))
            rows += [Row("attributes", where, right, int(key in ours), int(key in theirs)) for where in (f"{g.type} {key}", ALL)]
    return list(total(rows))


def judged_attributes(fact: JudgedFact) -> dict[str, Any]:
    """The attributes of a fact that are judged and given: a drug without status was given, certainty counts where it is suspected."""
    said = {key: fact.attributes[key] for key in ATTRIBUTES[fact.type] if fact.attributes.get(key) is not None}
    if fact.type == "drug":
        said.setdefault("status", "given")
    if fact.suspected:
        said["certainty"] = "suspected"
    return said


def same_value(key: str, gold: Any, predicted: Any) -> bool:
    """Whether two values of an attribute are the same: sites and specimens as names are, sizes in any order, the rest once folded."""
    if isinstance(gold, list | tuple) or isinstance(predicted, list | tuple):
        return sorted(map(_plain, _listed(gold))) == sorted(map(_plain, _listed(predicted)))
    if key in LIKE_NAMES:
        return same_name(str(gold), str(predicted))
    return _plain(gold) == _plain(predicted)


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _plain(value: Any) -> str:
    return folded(str(value))


# Time -------------------------------------------------------------------------------------------------------------------------


def is_placed(gold: Days | None, predicted: Days | None) -> bool:
    """Whether the middle of the predicted bounds lies within the gold bounds, widened by a week or a tenth of the gold's middle,
    and the predicted bounds are not wider than three times the gold's and two months more."""
    if gold is None or predicted is None:
        return False
    slack = max(TOLERANCE, abs(sum(gold)) / 2 / 10)
    middle = sum(predicted) / 2
    return gold[0] - slack <= middle <= gold[1] + slack and predicted[1] - predicted[0] <= 3 * (gold[1] - gold[0]) + 60


def start(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The share of matched facts with a gold start that start right."""
    pairs = [(g, p) for g, p in match(gold, predicted) if g.start is not None]
    return _shares("start", pairs, lambda g, p: is_placed(g.start, p.start))


def away(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The same of the facts that did not start on day 0: "everything on day 0" gets none of these right."""
    pairs = [(g, p) for g, p in match(gold, predicted) if is_away(g)]
    return _shares("away", pairs, lambda g, p: is_placed(g.start, p.start), by_type=False)


def is_away(fact: JudgedFact) -> bool:
    """Whether the start of a fact, widened by a week, does not admit day 0."""
    return fact.start is not None and not fact.start[0] - TOLERANCE <= 0 <= fact.start[1] + TOLERANCE


def end(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The share of matched facts with a gold end that end right."""
    pairs = [(g, p) for g, p in match(gold, predicted) if g.end is not None]
    return _shares("end", pairs, lambda g, p: is_placed(g.end, p.end), by_type=False)


def order(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The share of pairs of one patient's matched facts with different gold steps that stand in the same order."""
    return [share("order", ALL, *_ordered(gold, predicted, inverted_only=False))]


def inverted(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """The same over the pairs that the text tells in the opposite order: the order of the text gets none of these right."""
    return [share("inverted", ALL, *_ordered(gold, predicted, inverted_only=True))]


def _ordered(gold: JudgedCase, predicted: JudgedCase, *, inverted_only: bool) -> tuple[float, int]:
    """The points and the number of pairs; a tie, a missing step, or steps of two patients' timelines give half a point."""
    pairs = [(g, p) for g, p in match(gold, predicted) if g.step is not None and g.heads]
    if len(pairs) < 2:
        return 0.0, 0
    ours = _signs([g.step for g, _ in pairs])
    theirs = _signs([p.step for _, p in pairs])
    theirs[_signs([p.patient for _, p in pairs]) != 0] = 0
    counted = np.triu((ours != 0) & (_signs([g.patient for g, _ in pairs]) == 0))
    if inverted_only:
        counted &= _signs([min(head[0] for head in g.heads) for g, _ in pairs]) == -ours
    points = np.where(theirs == 0, 0.5, theirs == ours)
    return float(points[counted].sum()), int(counted.sum())


def _signs(values: list[Any]) -> np.ndarray[Any, np.dtype[np.int8]]:
    """For each pair of values -1, 0 or 1 as the first is smaller, equal (or one of them is missing) or larger."""
    column = np.array([np.nan if v is None else v for v in values], dtype=float)
    signs: np.ndarray[Any, np.dtype[np.int8]] = np.sign(np.nan_to_num(column[:, None] - column[None, :])).astype(np.int8)
    return signs


# Patients ---------------------------------------------------------------------------------------------------------------------


def patient(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """In reports of several patients, the share of matched facts under the right one."""
    pairs = match(gold, predicted) if len(gold.patients) > 1 else ()
    return _shares("patient", pairs, lambda g, p: g.patient == p.patient, by_type=False)


def sex(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """Of the patients whose sex either side tells, the share where both tell the same."""
    sides = [(g.sex, p.sex) for g, p in _patients(gold, predicted) if g.sex is not None or p.sex is not None]
    return [share("sex", ALL, sum(g == p for g, p in sides), len(sides))]


def age(gold: JudgedCase, predicted: JudgedCase) -> list[Row]:
    """Of the patients whose age either side tells, the share where both tell the same, to about a month."""
    sides = [(g.age, p.age) for g, p in _patients(gold, predicted) if g.age is not None or p.age is not None]
    return [share("age", ALL, sum(g is not None and p is not None and abs(g - p) < 0.1 for g, p in sides), len(sides))]


def _patients(gold: JudgedCase, predicted: JudgedCase) -> list[tuple[JudgedPatient, JudgedPatient]]:
    return list(zip_longest(gold.patients, predicted.patients, fillvalue=JudgedPatient()))
