"""Each thing told gets its place: under its time expression, with what shows it, in the past, or after what was told before."""

import re
from collections.abc import Sequence

from extractor.schema import DAYS_PER_YEAR
from extractor.timeline import cues
from extractor.timeline.anchors import Event, kinds_of, resolve
from extractor.timeline.dates import before_day0, bind_date, has_date
from extractor.timeline.episodes import lasted_to, operated, supersede
from extractor.timeline.expressions import Expression
from extractor.timeline.kinds import COURSES, SHOWING, SPECIMEN, TREATMENT, WORK_UP, course_of, gap, is_tumor, kind_of
from extractor.timeline.moments import moment_of
from extractor.timeline.network import DAY0
from extractor.timeline.opening import told_as_past
from extractor.timeline.story import BIRTH, FIRST, ORDER, SAME, TEXT, USUAL, Story, end_point
from extractor.timeline.units import Unit

YEARS_BEFORE = 10 * DAYS_PER_YEAR
"""What was done before the story at no told distance is taken to lie within so many days."""
YEAR_BEFORE = DAYS_PER_YEAR
"""The illness that led to a visit is taken to have begun within so many days."""
KNOWN_BEFORE = 14.0
"""What a patient comes with was found within so many days before."""
_BEFORE_TOLD = re.compile(
    r"[^.,;()]{0,25}?\b(?:before|prior to|preceding) (?:the |her |his |a )?(?P<what>[\w-]+(?: [\w-]+){0,2})", re.IGNORECASE
)
_AT_OPERATION = frozenset({"frozen section"})
"""Pathology that is done during the operation."""
_NEAR_TISSUE = frozenset({"surgery", "biopsy", "pathology", "exam", "lesion", "diagnosis"})
"""What the story may have come to when pathology is told in its place; after anything else it is told late."""


def tell_unit(story: Story, unit: Unit, *, background: bool) -> None:
    """Place a unit: under its time expression, else by what was told before it."""
    x = unit.expression
    if x is not None and (
        _at_surgery(story, unit, x) or _tell_dated(story, unit, x, background=background) or _tell_at(story, unit, x, background=background)
    ):
        return
    if x is None and _tell_before(story, unit):
        return
    if background:
        _tell_past(story, unit)
    elif unit.kind in ("alive", "response") and story.visit.at >= story.reading.sentence_at(unit.at).start:
        event = story.register(unit)
        story.link(story.visit.point, event.point, 0, 0, SAME, "state at that time")
    elif unit.kind == "finding":
        _tell_finding(story, unit)
    elif not (unit.kind in ("pathology", "biomarker") and _tell_pathology(story, unit)) and not _join(story, unit):
        source = _operation_of(story, unit) or story.now
        event = story.register(unit)
        _usual(story, source, event)
        _advance(story, event)


def _tell_before(story: Story, unit: Unit) -> bool:
    """A flashback: "CT prior to the operation", told after it."""
    match = _BEFORE_TOLD.match(story.reading.text, unit.end)
    event = resolve(match["what"], match.span("what"), [e for e in story.events if e.facts and not e.background]) if match else None
    if event is None or event.kind == "presentation" or not story.arrived:
        return False
    told = story.register(unit)
    story.link(told.point, event.point, 0, 60, SAME, "told as before it", Expression("before", *match.span("what")) if match else None)
    story.link(DAY0, told.point, -30, None, USUAL, "within the story")
    story.here = told
    return True


def tell_running(story: Story, unit: Unit) -> None:
    """A treatment during which something happens at the time the story has come to: it began before."""
    event = story.register(unit)
    story.link(event.point, story.now.point, 0, None, ORDER, "given at that time")
    story.link(event.point, story.now.point, None, YEAR_BEFORE, USUAL, "usual course of therapy")
    story.link(story.now.point, end_point(unit.facts[0]), 0, None, ORDER, "given at that time")
    story.ends.add(unit.facts[0].id)


def tell_despite(story: Story, unit: Unit) -> None:
    """A treatment that the patient comes with, in vain ("despite several months of X"): it began before the visit."""
    event = story.register(unit)
    event.background = True
    story.link(event.point, story.now.point, 0, None, ORDER, "told as in vain so far")
    story.link(event.point, story.now.point, None, YEAR_BEFORE, USUAL, f"usual course of {unit.kind}")


def tell_ended(story: Story, unit: Unit, x: Expression) -> bool:
    """A treatment of which the text says when it ended ("had discontinued X 4 months earlier"): it began before that."""
    moment = moment_of(story, x, background=True)
    if moment is None:
        return False
    event = story.register(unit)
    event.background = moment.background
    for fact in unit.facts:
        if kind_of(fact) in COURSES:
            story.link(moment.point, end_point(fact), 0, 0, SAME, "ended then", x)
            story.ends_after(fact, 0, None, ORDER, "ends after it starts")
            story.link(fact.id, end_point(fact), None, course_of(fact).high, USUAL, f"usual course of {unit.kind}")
    return True


def _tell_finding(story: Story, unit: Unit) -> None:
    """A symptom or a laboratory value is there at the current time, and the story does not move on by it."""
    event = story.register(unit)
    found_then = story.tempo == "acute" or story.now.kind in SHOWING - {"surgery", "radiotherapy"} | {"presentation", "moment"}
    story.link(story.now.point, event.point, 0, 1 if found_then else 7, SAME, "told at that time")


def _tell_pathology(story: Story, unit: Unit) -> bool:
    """Pathology reads the last tissue taken, however late it is told; markers belong to the last pathology."""
    read = next((e for e in reversed(story.events) if e.kind == "pathology" and not e.background), None)
    source = story.specimen
    if unit.kind == "biomarker" and read is not None and (source is None or read.at >= source.at):
        source = read
    treated = read is not None and any(e.at > read.at and e.kind in ("therapy", "radiotherapy") for e in story.events)
    if source is None and _is_of_primary(story, unit):
        event = story.register(unit)
        story.link(DAY0, event.point, -KNOWN_BEFORE, WORK_UP["biomarker"], USUAL, "of the first tissue taken")
        return True
    about_tissue = {"pathology", "biomarker"} | (set() if treated else {"diagnosis", "lesion"})
    reading_on = story.here is not None and story.here.kind in about_tissue
    asked_anew = read is not None and read.at > (story.specimen.at if story.specimen else 0) and not reading_on
    if source is None or (asked_anew and (treated or story.now.kind not in _NEAR_TISSUE)):
        return False
    event = story.register(unit)
    if unit.facts[0].name in _AT_OPERATION and source.kind == "surgery":
        # Told afterwards, but read while the patient was on the table.
        story.link(source.point, event.point, 0, 0, SAME, "read during the operation")
        story.here = event
        return True
    _usual(story, source, event)
    story.here = event
    if story.now is source or story.now.kind in _NEAR_TISSUE:
        story.link(story.now.point, event.point, 0, None, USUAL, "told after")
        story.now = event
    return True


def _is_of_primary(story: Story, unit: Unit) -> bool:
    """Whether markers told after a treatment are of the tumor before it: of "the primary tumor", of which no operation is told."""
    told = [str(getattr(f, "specimen", None) or "").lower() for f in unit.facts]
    primary = all("primary" in words and "metasta" not in words for words in told)
    return primary and story.treated and not any(e.kind == "surgery" and e.facts for e in story.events)


def _join(story: Story, unit: Unit) -> bool:
    """A finding told without its examination belongs to the one told before it."""
    here = story.here
    joined = here is not None and (here.ahead or not here.background) and here.kind in SHOWING | {"lesion", "diagnosis", "presentation"}
    shown_here = (
        here is not None
        and here.kind in SHOWING - {"surgery", "radiotherapy"}
        and here.at >= story.reading.sentence_at(unit.at).start
        and unit.kind in ("progression", "response", "recurrence")
    )
    if here is None or not joined or not (unit.kind in ("lesion", "diagnosis", "biomarker") or shown_here):
        return False
    event = story.register(unit)
    if unit.kind == "diagnosis" and here.kind != "diagnosis":
        low, high = gap(here.kind, "diagnosis", story.tempo)
        story.link(here.point, event.point, low, high, USUAL, f"{here.kind} to diagnosis")
        story.link(here.point, event.point, 0, None, ORDER, "told after")
        if here is story.now:
            story.now = event
        story.here = event
    else:
        story.link(here.point, event.point, 0, 0, SAME, "shown by")
    return True


def _operation_of(story: Story, unit: Unit) -> Event | None:
    """What is told as done after an operation's findings is still that operation."""
    same = story.now.kind in ("pathology", "lesion", "diagnosis", "biomarker", "other")
    last = story.specimen
    if unit.kind != "surgery" or not same or last is None or last.kind != "surgery" or last.at < story.visit.at:
        return None
    return last


def _usual(story: Story, source: Event, event: Event) -> None:
    """After `source`, by as much as usually passes."""
    text = story.reading.words(story.reading.sentence_at(event.at))
    previous = source.told_as
    urgent = event.kind in ("surgery", "exam", "other", "medication") and cues.says("urgent", text)
    low, high = gap(previous, event.kind, "acute" if urgent else story.tempo)
    if (
        event.kind in ("lesion", "diagnosis")
        and source.kind in ("presentation", "lesion", "diagnosis", "moment")
        and cues.says("examination", text)
    ):
        low, high = 0.0, 1.0
    story.link(source.after, event.point, low, high, USUAL, f"{previous} to {event.kind}")
    story.link(source.point, event.point, 0, None, ORDER, "told after")
    if event.kind in WORK_UP and not story.treated and story.visit.kind in ("presentation", "moment"):
        story.link(story.visit.point, event.point, 0, WORK_UP[event.kind], USUAL, "work-up")


def _tell_dated(story: Story, unit: Unit, x: Expression, *, background: bool) -> bool:
    """Facts of a date each lie within it."""
    if x.kind != "date":
        return False
    event = story.register(unit)
    if not bind_date(story, x, event.point):
        _usual(story, story.now, event)
    background = background or before_day0(story, event.point)
    if background:
        story.link(event.point, story.reference(), 0, None, ORDER, "told as past")
        story.link(event.point, DAY0, None, 4 * DAYS_PER_YEAR, USUAL, "shortly before the story")
        if story.past is not None and story.past.facts:
            story.link(story.past.point, event.point, 0, None, USUAL, "told after")
        story.recede(event)
    else:
        story.link(story.now.point, event.point, 0, None, ORDER, "told after")
        if not has_date(story, DAY0):
            # The first date says nothing of the distance from day 0: what is usual does.
            _usual(story, story.now, event)
        _advance(story, event)
    if x.until is not None:
        lasted_to(story, event, x)
    return True


def _tell_at(story: Story, unit: Unit, x: Expression, *, background: bool) -> bool:
    """Facts at the moment that their expression names."""
    moment = moment_of(story, x, background=background)
    if moment is None:
        return False
    event = story.register(unit)
    story.link(moment.point, event.point, 0, 0, SAME, x.kind, x)
    if moment.background:
        story.recede(event)
        event.ahead = moment.ahead
    else:
        _advance(story, event)
    return True


def _at_surgery(story: Story, unit: Unit, x: Expression) -> bool:
    """Words that place a unit by the operation: before it, or during it."""
    operation = next((e for e in reversed(story.events) if e.kind == "surgery" and not e.background), None)
    if x.kind not in ("at_surgery", "before_event") or operation is None:
        return False
    event = story.register(unit)
    if x.kind == "at_surgery":
        story.link(operation.point, event.point, 0, 0, SAME, "at the operation", x)
    else:
        story.link(event.point, operation.point, 0, 45, SAME, "before the operation", x)
        story.link(DAY0, event.point, -30, None, USUAL, "within the story")
    story.here = event
    return True


def since_when(story: Story, unit: Unit, said: Sequence[Expression]) -> Expression | None:
    """How long a disease, a symptom or a medicine has lasted when the story opens ("hypertension for 10 years")."""
    lasting = unit.kind in ("diagnosis", "medication", "therapy", "finding")
    if not lasting or unit.expression is not None or story.treated or story.visit.point != DAY0:
        return None
    least = {"finding": 0, "diagnosis": 180}.get(unit.kind, 2 * DAYS_PER_YEAR - 40)
    for x in said:
        after = 0 <= x.start - unit.end < 80 and not re.search("[;.]", story.reading.text[unit.end : x.start])
        before = x.kind == "history" and 0 <= unit.at - x.end < 40
        if x.kind in ("duration", "history") and (x.low or 0) >= least and (after or before):
            return x
    return None


def tell_since(story: Story, unit: Unit, x: Expression) -> None:
    event = story.register(unit)
    event.background = True
    story.link(event.point, DAY0, x.low, x.high, TEXT, "lasting until then", x)
    if unit.kind == "diagnosis" and is_tumor(unit.facts[0]):
        # What else is told of the past is what was done for it.
        story.past = event


def _tell_past(story: Story, unit: Unit) -> None:
    """What lies before the visit at no told distance: a comorbidity since birth at the earliest, what was done in ten years."""
    reference = story.reference()
    event = story.register(unit)
    story.link(event.point, reference, 0, None, ORDER, "told as past")
    if _leads_up(story, unit):
        story.link(event.point, DAY0, 0, KNOWN_BEFORE, SAME, "led up to day 0")
        event.background = True
        story.here = event
        return
    if story.past is None and story.retelling:
        # The way to the visit: of the illness that led there.
        story.link(event.point, reference, 0, YEAR_BEFORE, USUAL, "led to the visit")
        story.recede(event)
        return
    if story.past is not None:
        previous = story.past.told_as
        low, high = gap(previous, unit.kind)
        story.link(story.past.after, event.point, low, high, USUAL, f"{previous} to {unit.kind}")
        story.link(story.past.point, event.point, 0, None, ORDER, "told after")
        story.recede(event)
        return
    event.background = True
    story.here = event
    if unit.kind in ("diagnosis", "medication", "finding", "offer") and not is_tumor(unit.facts[0]):
        if story.age is not None:
            story.link(BIRTH, event.point, 0, None, USUAL, "after birth")
    else:
        story.link(event.point, reference, 0, YEARS_BEFORE, USUAL, "some years before")


def _leads_up(story: Story, unit: Unit) -> bool:
    """Whether something told before day 0 led up to it: the CT before the diagnosis that the story begins with."""
    if story.arrived or story.opening.fact is None or unit.kind not in SHOWING | {"lesion", "finding"}:
        return False
    sentence = story.reading.sentence_at(unit.at)
    return not told_as_past(sentence, story.reading) and not cues.has_already(story.reading.text[sentence.start : unit.at])


def _advance(story: Story, event: Event) -> None:
    """The story goes on from this event."""
    if "therapy" in kinds_of(event):
        supersede(story, event)
    if event.kind in SPECIMEN:
        story.specimen = event
    if event.kind == "surgery":
        operated(story, event)
    if event.kind in TREATMENT | {"discharge"}:
        story.treated = True
    if event.kind not in ("finding", "offer"):
        story.now = story.here = event


def begin(story: Story, unit: Unit, *, at_zero: bool) -> None:
    """Facts the patient comes with: there on day 0, or found shortly before it."""
    event = story.register(unit)
    if at_zero:
        story.link(DAY0, event.point, 0, 0, FIRST if story.opening.fact else SAME, "day 0")
    else:
        story.link(event.point, DAY0, 0, KNOWN_BEFORE, SAME, "known at presentation")
    story.here = event
    if unit.kind in SPECIMEN:
        story.specimen = event
    if at_zero and unit.kind in TREATMENT:
        story.now = event
