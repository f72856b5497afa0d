"""What a score is made of: counts that add up over documents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from extractor.evaluation.judged import TYPES

ALL = "all"
CORE = "core"

NAMES = (
    "mention_strict", "mention_exact", "mention_partial", "mention_type", "context",
    "found", "strict", "name", "attributes", "start", "away", "end", "order", "inverted", "placed", "patient", "sex", "age",
    "relation_precision", "relation_recall", "event_match", "concordance", "log_time",
)  # fmt: skip
"""The names of all metrics, in the order in which they are shown."""


@dataclass(frozen=True)
class Row:
    """Counts of one score: `right` of `gold` to be found and of `predicted` that were claimed. A share has gold and predicted equal."""

    metric: str
    key: str
    right: float
    gold: int
    predicted: int

    def __add__(self, other: "Row") -> "Row":
        return replace(self, right=self.right + other.right, gold=self.gold + other.gold, predicted=self.predicted + other.predicted)

    @property
    def precision(self) -> float | None:
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        return self.right / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; for a share, the share; None where there is nothing to judge."""
        return 2 * self.right / (self.gold + self.predicted) if self.gold + self.predicted else None


def share(metric: str, key: str, right: float, of: int) -> Row:
    return Row(metric, key, right, of, of)


def total(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows of many cases added up, one for each metric and key, in the order of the metrics and then of the keys."""
    sums: dict[tuple[str, str], Row] = {}
    for row in rows:
        place = row.metric, row.key
        sums[place] = row + sums[place] if place in sums else row
    return tuple(sums[place] for place in sorted(sums, key=_rank))


def _rank(place: tuple[str, str]) -> tuple[int, int, str]:
    metric, key = place
    keys = (*TYPES, CORE, ALL)
    return NAMES.index(metric), keys.index(key) if key in keys else -1, key
