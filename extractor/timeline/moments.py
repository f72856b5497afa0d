"""Time expressions to moments of the story: what they count from, the calendar, and where the story moves to."""

import re
from datetime import date

from extractor.schema import DAYS_PER_YEAR, Drug
from extractor.timeline import cues
from extractor.timeline.anchors import Event, kinds_meant, kinds_of, resolve, says_end
from extractor.timeline.episodes import continues, end_of
from extractor.timeline.expressions import Expression, days_of
from extractor.timeline.kinds import COURSES, TREATMENT, course_of, kind_of
from extractor.timeline.network import DAY0
from extractor.timeline.story import BIRTH, CALENDAR, CALENDAR_ZERO, ORDER, TEXT, Story

BY_OTHERS = frozenset({"same", "at_event", "at_surgery", "before_event", "index"})
"""Expressions that point to a moment told already: on their own they do not move the story."""


def source_of(story: Story, x: Expression, *, background: bool) -> str | None:
    """The point that an expression counts from; None where it is not known."""
    if x.anchor is not None:
        found, point = _anchored(story, x)
        if found:
            return point
    if _is_to_come(story, x):
        return None
    if x.kind == "cycles":
        event = story.last({"therapy"}) or story.last(COURSES)
        return event.point if event else story.current(background).point
    if x.kind == "stay":
        return next((e.point for e in reversed(story.events) if e.kind == "presentation"), DAY0)
    if x.kind in ("follow_up", "elapsed_total") and (event := story.last(TREATMENT)) is not None:
        lasting = any(isinstance(f, Drug) and course_of(f).high > DAYS_PER_YEAR for f in event.facts)
        return event.point if event.kind == "surgery" or lasting else end_of(story, event)
    if (x.high or 0) < 0:
        return story.reference()
    return story.current(background).after


def _anchored(story: Story, x: Expression) -> tuple[bool, str | None]:
    """Whether the anchor's words settle what is counted from, and the point."""
    words = story.words(x)
    event = resolve(words, x.anchor or (0, 0), [e for e in story.events if e.facts or e.kind == "presentation"])
    if event is not None and event.kind != "presentation":
        return True, end_of(story, event) if says_end(words) and event.kind in COURSES else event.point
    kinds = kinds_meant(words)
    if event is not None or "presentation" in kinds:
        return True, DAY0 if event is None or re.search("first|initial|original", words, re.IGNORECASE) else event.point
    course = story.last(COURSES) if x.kind in ("elapsed", "cycles") else None
    if course is not None and (x.kind == "cycles" or cues.says("course", words) or re.search(r"\b(?:this|that)\b", words)):
        return True, course.point
    return not kinds and x.kind == "offset" and (x.low or 0) >= 0 and cues.says("onset", words), None


def _is_to_come(story: Story, x: Expression) -> bool:
    """Whether an expression counts from a treatment that the story has not told yet."""
    kinds = [k for k in kinds_meant(story.words(x) or ("cycle" if x.kind == "cycles" else "")) if k in TREATMENT]
    if not kinds or not story.arrived or (x.low or 0) < 0 or any(e.kind in TREATMENT and e.facts for e in story.events):
        return False
    return any(kind_of(f) in kinds and f.id not in story.told for fs in story.by_sentence.values() for f in fs)


def settle_pending(story: Story) -> None:
    """Count what was told ahead of its anchor from the anchor, now that all is told."""
    for x, point in story.pending:
        kinds = kinds_meant(story.words(x) or "cycle")
        event = next((e for e in story.events if e.facts and not kinds_of(e).isdisjoint(kinds) and not e.background), None)
        if event is not None:
            story.link(event.point, point, x.low, x.high, TEXT, "after", x)


def moment_of(story: Story, x: Expression, *, background: bool) -> Event | None:
    """The moment a time expression names, as an event of its own; the story moves there unless it lies in the past."""
    point = f"@{x.start}"
    known = next((e for e in story.events if e.point == point), None)
    if known is not None:
        return known
    if x.kind in BY_OTHERS:
        return _moment_told(story, x, background=background)
    moment = Event(point, "moment", x.start, background=background and not story.overrules(x))
    if x.kind == "date":
        if not bind_date(story, x, point):
            return None
        moment.background = background or x.words.lower().startswith("since") or before_day0(story, point)
    elif x.low is None or x.high is None:
        return None
    elif x.kind == "age":
        if story.age is None:
            return None
        story.link(BIRTH, point, x.low, x.high, TEXT, "age", x)
        moment.background = background or x.high <= story.age * DAYS_PER_YEAR
    else:
        source = source_of(story, x, background=background)
        if source is None and not _is_to_come(story, x):
            return None
        if source is None:
            # Told ahead of what it counts from: the story itself does not move there.
            story.pending.append((x, point))
            moment.background = True
            story.events.append(moment)
            return moment
        story.link(source, point, x.low, x.high, TEXT, "after" if x.high >= 0 else "before", x)
        if x.kind in ("elapsed", "cycles"):
            continues(story, source, point, x)
        moment.background = moment.background or x.high < 0
        if not moment.background:
            brief = x.kind in ("offset", "follow_up") and x.high < 8
            story.tempo = "usual" if x.high > 21 else "acute" if brief else story.tempo
    story.events.append(moment)
    if moment.background:
        story.link(point, story.reference(), 0, None, ORDER, "told as past")
        story.past = moment
    else:
        story.link(story.now.point, point, 0, None, ORDER, "told after")
        story.now = story.visit = moment
        story.treated = False
        story.here = None
    return moment


def _moment_told(story: Story, x: Expression, *, background: bool) -> Event | None:
    """The event that words such as "at the same time" or "on admission" point to."""
    if x.kind == "same":
        return story.current(background)
    if x.kind == "index" and story.arrived:
        return next((e for e in reversed(story.events) if e.kind == "presentation"), None)
    return resolve(story.words(x), x.anchor, story.events) if x.kind == "at_event" and x.anchor else None


def before_day0(story: Story, point: str) -> bool:
    """Whether a date lies before that of day 0."""
    dates = {x.after: x for x in story.links if x.before == CALENDAR_ZERO}
    return DAY0 in dates and point in dates and (dates[point].high or 0) < (dates[DAY0].low or 0)


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
