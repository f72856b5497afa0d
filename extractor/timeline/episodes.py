"""How long a treatment lasted: its cycles and durations, what stopped it, what took its place."""

import re
from collections.abc import Sequence
from dataclasses import replace

from extractor.schema import DAYS_PER_YEAR, BaseFact, Drug
from extractor.timeline import cues
from extractor.timeline.anchors import Event, kinds_of
from extractor.timeline.dates import bind_date
from extractor.timeline.expressions import PLACES, Expression
from extractor.timeline.kinds import COURSES, course_of, kind_of
from extractor.timeline.story import ORDER, SAME, TEXT, USUAL, Story, end_point
from extractor.timeline.units import Unit

_DESPITE = re.compile(r"\b(?:despite|in spite of)\b[^;.]*$", re.IGNORECASE)
_AND_BEFORE = re.compile(r"(?:(?:,|\band) (?:[\w/-]+ ?){1,3})+$", re.IGNORECASE)
TAPER = 60.0
"""The days that tapering off takes at most where they are not told."""
NEXT_LINE = 180.0
"""The days within which, without anything told between, one line of treatment follows the other."""


def end_of(story: Story, event: Event) -> str:
    """The point where a course ended; where the text does not say how long it lasted, as long as such courses do."""
    lead = event.facts[0]
    if not any(x.after == end_point(lead) for x in story.links):
        course = course_of(lead)
        story.link(lead.id, end_point(lead), course.low, min(course.high, DAYS_PER_YEAR), USUAL, f"usual course of {course.kind}")
    return end_point(lead)


def usual_end(story: Story, fact: BaseFact, why: str) -> None:
    """A course that the text says or implies to have ended, but not when: after as long as such courses usually last."""
    if fact.id not in story.ends:
        course = course_of(fact)
        story.ends_after(fact, course.low, min(course.high, DAYS_PER_YEAR), USUAL, why)
        story.link(fact.id, end_point(fact), 0, None, ORDER, "ends after it starts")


def close(story: Story) -> None:
    """The ends that the facts themselves imply: radiotherapy is a course of weeks, and what has a reason to be stopped was stopped."""
    death = next((e for e in story.events if e.kind == "death" and not e.background), None)
    for fact in [f for e in story.events for f in e.facts]:
        given = isinstance(fact, Drug) and fact.status == "given"
        if given and death is not None and _is_in_vain(story, fact, death):
            story.link(end_point(fact), death.point, 0, 0, SAME, "given until death")
            story.ends_after(fact, 0, None, ORDER, "ends after it starts")
        elif kind_of(fact) == "radiotherapy":
            usual_end(story, fact, "usual course of radiotherapy")
        elif isinstance(fact, Drug) and given and fact.stop_reason is not None:
            usual_end(story, fact, f"stopped: {fact.stop_reason}")
        if death is not None and fact.id in story.ends:
            story.link(end_point(fact), death.point, 0, None, ORDER, "ended by death")


def _is_in_vain(story: Story, fact: BaseFact, death: Event) -> bool:
    """Whether the patient died in spite of a treatment, as the sentence of the death says."""
    sentence = story.reading.sentence_at(death.at)
    at = story.where[fact.id]
    return sentence.start <= at < sentence.end and _DESPITE.search(story.reading.text[sentence.start : at]) is not None


def lasts(story: Story, x: Expression, unit: Unit | None, units: Sequence[Unit]) -> None:
    """A duration belongs to the course told before it in its clause, without one to the last course told."""
    event = story.last(COURSES)
    if unit is not None:
        courses = [u for u in units if u.kind in COURSES]
        nearest = max((u for u in courses if u.at < x.start), key=lambda u: u.at, default=courses[0] if courses else None)
        event = next((e for e in reversed(story.events) if e.point == unit.facts[0].id), None) if nearest is unit else None
    if event is None or (x.kind == "duration" and (x.low is None or x.high is None)):
        return
    # Of a list with several durations each belongs to what is told before it and has none yet.
    given = [f for f in event.facts if kind_of(f) in COURSES and f.id not in story.lasted]
    before = [f for f in given if story.where[f.id] < x.start]
    for fact in before or given:
        story.lasted.add(fact.id)
        if x.kind == "until":
            if bind_date(story, x, end_point(fact)):
                story.ends_after(fact, 0, None, ORDER, "ends after it starts")
        elif x.low is not None:
            story.ends_after(fact, x.low, x.high, TEXT, "lasted", x)
    if (x.high or 0) <= 400 and kind_of(event.facts[0]) in COURSES:
        event.after = end_point(event.facts[0])


def lasted_to(story: Story, event: Event, x: Expression) -> None:
    """A course told with both its dates ("from June to July 2014") ended at the second."""
    until = replace(x, low=x.until[0], high=x.until[1], month=None, iso=None) if x.until else None
    for fact in event.facts:
        if until is not None and kind_of(fact) in COURSES and bind_date(story, until, end_point(fact)):
            story.ends_after(fact, 0, None, ORDER, "ends after it starts")
            event.after = end_point(event.facts[0]) if fact is event.facts[0] else event.after


def continues(story: Story, source: str, point: str, x: Expression) -> None:
    """A course told as reached so far ("after 8 months on it") did not end before."""
    event = next((e for e in story.events if e.point == source and e.kind in COURSES), None)
    if event is None:
        return
    event.after = event.point
    words = story.words(x).lower()
    named = [f for f in event.facts if f.name.lower() in words] or [f for f in event.facts if kind_of(f) != "radiotherapy"] or event.facts
    for fact in named:
        if kind_of(fact) in COURSES:
            story.link(point, end_point(fact), 0, None, ORDER, "still given", x)
            story.ends.add(fact.id)


def supersede(story: Story, event: Event) -> None:
    """A new line of systemic treatment ends the one before it, unless it is told as added to it."""
    before = next(
        (e for e in reversed(story.events[:-1]) if "therapy" in kinds_of(e) and not e.background and e.point != event.point), None
    )
    if before is None or cues.says("added", story.reading.text[max(0, event.at - 60) : event.at + 80]):
        return
    switched = cues.says("switch", story.reading.words(story.reading.sentence_at(event.at)))
    for fact in before.facts:
        if isinstance(fact, Drug) and fact.status == "given":
            course = course_of(fact)
            story.link(end_point(fact), event.point, 0, 30 if switched else None, SAME if switched else USUAL, "next treatment begins")
            if fact.intent not in ("neoadjuvant", "adjuvant") and not _is_break(story, before, event):
                story.link(end_point(fact), event.point, None, NEXT_LINE, USUAL, "the next line follows")
            story.link(fact.id, end_point(fact), min(course.low, 14), None, USUAL, f"usual course of {course.kind}")
            story.ends_after(fact, 0, None, ORDER, "ends after it starts")


def _is_break(story: Story, before: Event, event: Event) -> bool:
    """Whether between two treatments something is told that parts them: an operation, a remission, a recurrence."""
    return any(before.at < e.at < event.at and e.kind in ("surgery", "recurrence", "alive") for e in story.events)


def operated(story: Story, event: Event) -> None:
    """What was given before an operation ended with it at the latest."""
    before = [f for e in story.events if not e.background for f in e.facts if isinstance(f, Drug) and f.intent == "neoadjuvant"]
    for fact in [f for f in before if f.id not in story.ends]:
        story.link(end_point(fact), event.point, 0, None, ORDER, "given before the operation")
        story.ends_after(fact, 14, None, USUAL, "ends after it starts")


def stops(story: Story, start: int, end: int, said: Sequence[Expression], came_from: Event) -> None:
    """Words that a treatment named again in this clause ended: at the current time, or, told ahead of what moved it, at that before."""
    text = story.reading.text[start:end]
    cue = cues.find("end", text)
    tapered = cue is None and (cue := cues.find("taper", text)) is not None
    if cue is None or not story.arrived:
        return
    over = next((y for y in said if tapered and y.kind == "duration" and y.low is not None), None)
    low, high = (over.low or 0, over.high) if over else (0, TAPER if tapered else 7)
    x = Expression("end", start + cue.start(), start + cue.end())
    moved_by = min((y.start for y in said if y.kind in PLACES), default=start)
    now = came_from if moved_by > x.end and story.now.at > x.end else story.now
    listed = _AND_BEFORE.search(story.reading.text, story.reading.sentence_at(start).start, start)
    start = listed.start() if listed else start
    words = story.reading.text[start:end].lower()
    for fact in [f for e in story.events if e.kind in COURSES for f in e.facts]:
        named = any(e.role == "head" and start <= e.start < end for e in fact.evidence) or fact.name.lower() in words
        told_now = story.where[fact.id] >= start and cue[0].lower() != "completed"
        if named and isinstance(fact, Drug) and not told_now and fact.id not in story.ends and now.point != fact.id:
            story.link(now.point, end_point(fact), low, high, SAME, "tapered" if tapered else "ended", over or x)
            story.ends_after(fact, 0, None, ORDER, "ends after it starts")
