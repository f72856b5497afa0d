"""The calendar of a story: which of its points have a date, and what a month without its year means in it."""

from datetime import date

from extractor.timeline.expressions import Expression, days_of
from extractor.timeline.network import DAY0
from extractor.timeline.story import CALENDAR, CALENDAR_ZERO, Story


def before_day0(story: Story, point: str) -> bool:
    """Whether a date lies before that of day 0."""
    dates = {x.after: x for x in story.links if x.before == CALENDAR_ZERO}
    return DAY0 in dates and point in dates and (dates[point].high or 0) < (dates[DAY0].low or 0)


def has_date(story: Story, point: str) -> bool:
    """Whether a point, or any that it is at, is bound to the calendar."""
    dated = {x.after for x in story.links if x.before == CALENDAR_ZERO}
    same = {x.after if x.before == point else x.before for x in story.links if point in (x.before, x.after) and x.low == 0 and x.high == 0}
    return not dated.isdisjoint({point} | same)


def bind_date(story: Story, x: Expression, point: str) -> bool:
    """Bind a point to the calendar; a month without its year is the next such month of the story."""
    low, high, iso = x.low, x.high, x.iso
    if x.month is not None and story.calendar is not None:
        year = date.fromordinal(story.calendar).year
        span = days_of(year, *x.month)
        if span is not None and span[1] < story.calendar:
            year += 1
            span = days_of(year, *x.month)
        low, high = span or (None, None)
        iso = f"{year:04d}-{x.month[0]:02d}" + (f"-{x.month[1]:02d}" if x.month[1] else "")
    if low is None or high is None:
        return False
    story.link(CALENDAR_ZERO, point, low, high, CALENDAR, "date", x)
    story.calendar = int(low)
    if iso:
        story.dates[point] = iso
    return True
