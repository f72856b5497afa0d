"""Time expressions to moments of the story: what they count from, the calendar, and where the story moves to."""

import re
from dataclasses import dataclass

from extractor.schema import DAYS_PER_YEAR, Drug
from extractor.timeline import cues
from extractor.timeline.anchors import Event, choose, kinds_meant, kinds_of, resolve, says_end
from extractor.timeline.dates import before_day0, bind_date
from extractor.timeline.episodes import continues, end_of
from extractor.timeline.expressions import Expression, unit_days
from extractor.timeline.kinds import COURSES, TREATMENT, course_of, cycle_of, kind_of
from extractor.timeline.network import DAY0
from extractor.timeline.story import BIRTH, ORDER, TEXT, Story

BY_OTHERS = frozenset({"same", "at_event", "at_surgery", "before_event", "index"})
"""Expressions that point to a moment told already: on their own they do not move the story."""
SHORTLY_IN_HOSPITAL = 14.0
"""The days that "shortly after" means in a story of an emergency."""


@dataclass(frozen=True)
class Source:
    """The point that an expression counts from, and how it was found; None where it is not known."""

    point: str | None
    why: str = ""


def source_of(story: Story, x: Expression, *, background: bool) -> Source:
    """The point that an expression counts from: by its anchor's words, by the kind of expression, else the story's current time."""
    if x.anchor is not None and (anchored := _anchored(story, x)) is not None:
        return anchored
    if _is_to_come(story, x):
        return Source(None)
    if x.kind == "cycles":
        event = story.last({"therapy"}) or story.last(COURSES) or _course_before(story)
        return Source(event.point, "the course of treatment told last") if event else _current(story, background)
    if x.kind == "stay":
        if story.counted_from is not None:
            return Source(story.counted_from, "what the days were counted from before")
        return Source(next((e.point for e in reversed(story.events) if e.kind == "presentation"), DAY0), "the last visit")
    if x.kind in ("follow_up", "elapsed_total") and (event := story.last(TREATMENT)) is not None:
        lasting = any(isinstance(f, Drug) and course_of(f).high > DAYS_PER_YEAR for f in event.facts)
        if event.kind == "surgery" or lasting or x.kind == "elapsed_total":
            return Source(event.point, "the treatment told last")
        return Source(end_of(story, event), "the end of the treatment told last")
    if (x.high or 0) < 0:
        return Source(story.reference(), "the time the story has come to")
    return _current(story, background)


def _current(story: Story, background: bool) -> Source:
    past = background and story.past is not None
    return Source(story.current(background).after, "the past event told last" if past else "the event told last")


def _anchored(story: Story, x: Expression) -> Source | None:
    """What the anchor's words count from; None where they do not settle it."""
    words = story.words(x)
    choice = choose(words, x.anchor or (0, 0), [e for e in story.events if e.facts or e.kind == "presentation"])
    event = choice.event
    if event is not None and event.background and _is_over(story, event, x):
        return None
    if event is not None and event.kind != "presentation":
        if x.day:
            story.counted_from = event.point
        if says_end(words) and event.kind in COURSES:
            return Source(end_of(story, event), f"the end of it; {choice.why}")
        return Source(event.point, choice.why)
    kinds = kinds_meant(words)
    if event is not None or "presentation" in kinds:
        first = event is None or re.search("first|initial|original", words, re.IGNORECASE)
        return Source(DAY0, "the first visit") if first else Source(event.point if event else DAY0, "the last visit")
    course = story.last(COURSES) if x.kind in ("elapsed", "cycles") else None
    if course is not None and (x.kind == "cycles" or cues.says("course", words) or re.search(r"\b(?:this|that)\b", words)):
        return Source(course.point, "the course of treatment told last")
    return Source(None) if not kinds and x.kind == "offset" and (x.low or 0) >= 0 and cues.says("onset", words) else None


def _is_over(story: Story, event: Event, x: Expression) -> bool:
    """Whether so long after an event of the past is still past: then it is not what words told after the visit count from."""
    same = {event.point} | {k.before for k in story.links if k.after == event.point and k.low == 0 and k.high == 0}
    ends = [k.high for k in story.links if k.before == DAY0 and k.after in same and k.high is not None]
    return story.arrived and not story.retelling and bool(ends) and min(ends) + (x.high or 0) < 0


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
            story.link(event.point, point, x.low, x.high, TEXT, "after", x, "the first of its kind, told later")


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
    elif not _count(story, x, moment, background=background):
        return None if moment not in story.events else moment
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


def also_at(story: Story, point: str, x: Expression | None, *, background: bool) -> None:
    """Bind a point to a second expression of its time."""
    if x is not None and x.kind == "date":
        bind_date(story, x, point)
    if x is None or x.kind in ("date", "age") or x.low is None:
        return
    source = source_of(story, x, background=background)
    if source.point not in (None, point):
        story.link(str(source.point), point, x.low, x.high, TEXT, "after" if (x.high or 0) >= 0 else "before", x, source.why)


def _count(story: Story, x: Expression, moment: Event, *, background: bool) -> bool:
    """Place a moment so long after what its words count from; False where that is not told yet, or not known."""
    low, high = x.low or 0.0, x.high or 0.0
    source = source_of(story, x, background=background)
    if source.point is None:
        if _is_to_come(story, x):
            # Told ahead of what it counts from: the story itself does not move there.
            story.pending.append((x, moment.point))
            moment.background = moment.ahead = True
            story.events.append(moment)
        return False
    if x.kind == "cycles" and "day" not in x.words.lower() and (length := _cycle_length(story, x, source.point)) is not None:
        shortest, longest = unit_days("cycle")
        low, high = low / shortest * length[0], high / longest * length[1]
    if x.vague and story.tempo == "acute":
        # In a ward "shortly after" is days.
        high = min(high, SHORTLY_IN_HOSPITAL)
    story.link(source.point, moment.point, low, high, TEXT, "after" if high >= 0 else "before", x, source.why)
    if x.kind in ("elapsed", "cycles"):
        continues(story, source.point, moment.point, x)
    course = _course_before(story)
    before = x.kind == "cycles" and not story.treated and story.visit.point == DAY0 and course is not None and source.point == course.point
    moment.background = moment.background or high < 0 or before
    if not moment.background:
        brief = x.kind in ("offset", "follow_up") and high < 8
        story.tempo = "usual" if high > 21 and not x.vague else "acute" if brief else story.tempo
    return True


def _cycle_length(story: Story, x: Expression, source: str) -> tuple[float, float] | None:
    """The days of one of the cycles that an expression counts: as the text says, else the standard of what was given."""
    if not re.search("cycle|course", x.words, re.IGNORECASE):
        return None
    sentence = story.reading.sentence_at(x.start)
    given = next((e.facts for e in story.events if e.point == source), [])
    standard = next((length for f in given if (length := cycle_of(f)) is not None), None)
    return cues.cycle_days(story.reading.words(sentence)) or standard


def _course_before(story: Story) -> Event | None:
    """The last treatment told as given before the story."""
    return next((e for e in reversed(story.events) if e.background and e.facts and not kinds_of(e).isdisjoint(COURSES)), None)


def _moment_told(story: Story, x: Expression, *, background: bool) -> Event | None:
    """The event that words such as "at the same time" or "on admission" point to."""
    if x.kind == "same":
        return story.current(background)
    if x.kind == "index" and story.arrived:
        return next((e for e in reversed(story.events) if e.kind == "presentation"), None)
    return resolve(story.words(x), x.anchor, story.events) if x.kind == "at_event" and x.anchor else None
