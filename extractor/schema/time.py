"""When: bounds in days from day 0, and the constraints they come from."""

from typing import Literal

from extractor.schema.base import Record

DAYS_PER_MONTH = 30.44
DAYS_PER_YEAR = 365.25


class Bounds(Record):
    """The days between which something happened, counted from day 0 of its patient; a bound that is not known is null.

    `date` is the calendar date as far as the text gives it ("2014-03").
    """

    earliest: float | None = None
    latest: float | None = None
    date: str | None = None


class Constraint(Record):
    """One reason for a fact's bounds: its `point` lies `low` to `high` days after the point of `anchor`.

    `anchor` is the id of another fact, or `day0`; `source` names the rule, `why` how the anchor was chosen; `text` the words with their
    offsets in the document.
    """

    relation: Literal["after", "before", "at", "within", "order"]
    point: Literal["start", "end"] = "start"
    anchor: str
    anchor_point: Literal["start", "end"] = "start"
    low: float | None = None
    high: float | None = None
    source: str
    text: str | None = None
    start: int | None = None
    end: int | None = None
    why: str | None = None
