"""The story as links in time: the sentences of the case walked in their order, with a current time that the story has reached.

A new time expression moves the current time; what is told without one follows the event before it after the time that usually passes
(gaps.tsv); what an examination shows shares its time; what is told as past lies before the visit that is told. Each link says how far
it is to be trusted, so that what is only usual never outranks what the text says.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from extractor.entities.reading import Reading, Sentence
from extractor.schema import DAYS_PER_YEAR, BaseFact, Drug, Patient
from extractor.timeline import cues
from extractor.timeline.anchors import Event, kinds_meant, resolve, says_end
from extractor.timeline.expressions import PLACES, Expression, days_of, express, unit_days
from extractor.timeline.kinds import COURSES, SHOWING, SPECIMEN, TREATMENT, WORK_UP, course_of, gap, is_tumor, kind_of
from extractor.timeline.network import DAY0, Link
from extractor.timeline.opening import Opening, find_opening
from extractor.timeline.units import Unit, clauses, governing, units_of

USUAL, ORDER, SAME, TEXT, CALENDAR, FIRST = 1, 2, 3, 4, 5, 6
"""How far a link is trusted: what usually happens, the order of telling, what is told together, what the words say, a date, day 0."""
BIRTH, CALENDAR_ZERO = "birth", "calendar"
YEARS_BEFORE = 10 * DAYS_PER_YEAR
"""What was done before the story at no told distance is taken to lie within so many days."""
KNOWN_BEFORE = 14.0
"""What a patient comes with was found within so many days before."""
_BY_OTHERS = frozenset({"same", "at_event", "at_surgery", "before_event", "index"})
"""Expressions that point to a moment told already: on their own they do not move the story."""
_FORWARD = frozenset({"offset", "elapsed", "follow_up", "cycles", "elapsed_total", "stay"})
_DISEASE_BEFORE = re.compile(r"\b(?:history of|previous|previously|known|after|following|status post|under|on|treated)\b", re.IGNORECASE)
_JOINED = re.compile(r"\w{0,6}(?:,? and| with| for)(?: [\w-]+){0,2} ")


@dataclass(frozen=True)
class Told:
    """What the walk yields: links, the events in the order of the story, what day 0 is, the dates told, and which facts have an end."""

    links: tuple[Link, ...]
    events: tuple[Event, ...]
    opening: Opening
    date: str | None
    dates: dict[str, str]
    ends: frozenset[str]


def tell(
    facts: Sequence[BaseFact], *, elsewhere: Sequence[BaseFact], where: dict[str, int], sentences: Sequence[Sentence], reading: Reading, patient: Patient
) -> Told:
    """Walk the story of one patient. `where` is the offset of the words that tell each fact's time, `elsewhere` what only an abstract, a
    legend or a discussion tells."""
    story = Story(facts, where, reading, _years(patient), sentences)
    for sentence in sentences:
        story.sentence(sentence)
    story.settle_pending()
    for fact in sorted(elsewhere, key=lambda f: where[f.id]):
        story.elsewhere(fact)
    return Told(tuple(story.links), tuple(story.events), story.opening, story.date, story.dates, frozenset(story.ends))


def _years(patient: Patient) -> float | None:
    match = re.fullmatch(r"P(\d+)([YMWD])", patient.age or "")
    return int(match[1]) / {"Y": 1, "M": 12, "W": 52.18, "D": DAYS_PER_YEAR}[match[2]] if match else None


class Story:
    """The walk over one patient's sentences and what it has reached.

    `now` is the event the story has come to, `here` the one just told (a flashback leaves `now` where it is), `past` the last event told as
    past, `visit` the last time the patient came or the last moment named, `specimen` the last tissue taken.
    """

    def __init__(self, facts: Sequence[BaseFact], where: dict[str, int], reading: Reading, age: float | None, sentences: Sequence[Sentence]) -> None:
        self.reading, self.where, self.age = reading, where, age
        self.by_sentence: dict[int, list[BaseFact]] = {}
        for fact in sorted(facts, key=lambda f: where[f.id]):
            self.by_sentence.setdefault(reading.sentence_at(where[fact.id]).index, []).append(fact)
        self.opening = find_opening(sentences, self.by_sentence, where, reading)
        self.links: list[Link] = []
        self.events: list[Event] = []
        self.now = self.visit = Event(DAY0, "presentation", 0)
        self.here: Event | None = None
        self.past: Event | None = None
        self.specimen: Event | None = None
        self.arrived = False
        self.treated = False
        self.tempo = "usual"
        self.first_clause = True
        self.past_clause = self.past_before = self.past_sentence = False
        self.pending: list[tuple[Expression, str]] = []
        self.calendar: int | None = None
        self.date: str | None = None
        self.dates: dict[str, str] = {}
        self.ends: set[str] = set()
        self.told: set[str] = set()
        if age is not None:
            self.link(BIRTH, DAY0, age * DAYS_PER_YEAR, (age + 1) * DAYS_PER_YEAR, CALENDAR, "age")

    def link(
        self, before: str, after: str, low: float | None, high: float | None, trust: int, rule: str, x: Expression | None = None
    ) -> None:
        """Add a link; what is usual is two claims, so that where one must give way the other stays."""
        span = (x.start, x.end) if x else None
        if before == after:
            return
        if trust == USUAL and low is not None and high is not None:
            self.links.append(Link(before, after, low, None, trust, rule, span))
            low = None
        self.links.append(Link(before, after, low, high, trust, rule, span))

    # Sentences and clauses

    def sentence(self, sentence: Sentence) -> None:
        """Tell a sentence, clause by clause."""
        said = [x for m in self.reading.in_sentence(sentence, "time") if (x := express(m, self.reading.text))]
        facts = self.by_sentence.get(sentence.index, ())
        if self.here is not None and self.here.kind not in SHOWING | {"diagnosis", "lesion"}:
            self.here = None
        self.first_clause = True
        self.past_sentence, self.past_clause = self.past_clause, False
        for start, end in clauses(sentence, self.reading, said):
            self.clause(start, end, [x for x in said if start <= x.start < end], [f for f in facts if start <= self.where[f.id] < end])
            self.first_clause = False

    def clause(self, start: int, end: int, said: list[Expression], facts: list[BaseFact]) -> None:
        """Tell a clause: where its words put the current time, then each of its units."""
        text = self.reading.text[start:end]
        if cues.says("state", text):
            said = [replace(x, kind="follow_up") if x.kind == "duration" and (x.low or 0) > 20 else x for x in said]
        places = [x for x in said if x.kind in PLACES]
        opens = not self.arrived and start <= self.opening.start < end
        background = self._is_background(text, start, said, opens=opens)
        passing = [f for f in facts if any(self._in_anchor(self.where[f.id], x) for x in said)]
        rest = [f for f in facts if f not in passing]
        if opens:
            self._arrive(start, end, said, rest, passing)
            return
        for unit in units_of(passing, self.where, self.reading, start, end):
            self.tell(unit, background=background or not self.arrived)
        units = units_of(rest, self.where, self.reading, start, end)
        for unit in units:
            unit.expression = governing(unit, places, units, self.reading.text)
        idle = [x for x in places if x not in [u.expression for u in units] and x.kind not in _BY_OTHERS]
        self._come(text, start, [x for x in idle if not units or x.start <= units[-1].at], background=background, dated=bool(places))
        turn = self._past_from(text, start) if background and self.arrived else start
        for unit in units:
            since = self._since(unit, said)
            if since is not None:
                self._tell_since(unit, since)
                continue
            self.tell(unit, background=background and unit.end >= turn and not self._overrules(unit.expression))
            for x in said:
                if x.kind == "duration" and unit.at <= x.end:
                    self._lasts(x, unit, units)
        for x in idle:
            if units and x.start > units[-1].at:
                self._moment(x, background=background)
        if not units and cues.says("course", text):
            for x in said:
                if x.kind == "duration":
                    self._lasts(x, None, ())
        self._stops(start, end, text)

    def _come(self, text: str, start: int, ahead: Sequence[Expression], *, background: bool, dated: bool) -> None:
        """Move to the moments that stand before what the clause tells; where the patient comes again, they are visits."""
        cue = cues.visit(text)
        comes = self.arrived and cue is not None and not background and not cues.is_transfer(text, cue)
        again = comes and self.treated
        if again and not dated and cue is not None:
            self._visit(Event(f"@{start + cue.start()}", "presentation", start + cue.start()))
        for x in ahead:
            moment = self._moment(x, background=background)
            if moment is not None and comes and moment.kind == "moment":
                moment.kind = "presentation"
        if again:
            self.treated = False
            self.tempo = "acute" if cues.says("urgent", text) else "usual"

    def _visit(self, event: Event) -> None:
        """The patient comes again, at no told time."""
        previous = self._ended_or_kind(self.now)
        low, high = gap(previous, event.kind, self.tempo)
        self.link(self.now.after, event.point, low, high, USUAL, f"{previous} to {event.kind}")
        self.link(self.now.point, event.point, 0, None, ORDER, "told after")
        self.events.append(event)
        self.now = self.here = self.visit = event

    def _in_anchor(self, at: int, x: Expression) -> bool:
        """Whether a fact stands in the words an expression counts from, or is joined to them ("after surgery and chemotherapy")."""
        if x.anchor is None or at < x.anchor[0]:
            return False
        return at < x.anchor[1] or (at - x.end < 30 and _JOINED.fullmatch(self.reading.text[x.end : at]) is not None)

    def _overrules(self, x: Expression | None) -> bool:
        """A time after something told is no past, however the verb is put."""
        return x is not None and self.arrived and x.kind in _FORWARD and (x.low or 0) >= 0

    def _is_background(self, text: str, start: int, said: Sequence[Expression], *, opens: bool) -> bool:
        """Whether a clause tells what lies before the current time. Before day 0 all is past; the rest of a sentence stays with it; a
        sentence on treatment alone goes on with the past that the one before it told."""
        if not self.arrived:
            return not opens
        self.past_before = self.past_clause
        if any(self._overrules(x) for x in said):
            return False
        sentence = self.reading.sentence_at(start)
        past = (
            sentence.section.kind == "history"
            or cues.says("background", text)
            or cues.is_pluperfect(text)
            or any(x.kind == "past" or (x.kind == "offset" and (x.high or 0) < 0) for x in said)
            or any(x.kind == "date" and x.words.lower().startswith("since") for x in said)
        )
        if self.first_clause and self.past_sentence and self.now.point == DAY0 and self.past is not None:
            kinds = {kind_of(f) for f in self.by_sentence.get(sentence.index, ())}
            treats = bool(kinds & (COURSES | {"surgery"})) and not kinds & {"exam", "biopsy"}
            past = past or (treats and not cues.says("foreground", text))
        self.past_clause = self.past_clause or past
        return past or (self.past_clause and not cues.says("present", text))

    def _past_from(self, text: str, start: int) -> int:
        """Where in a clause the past begins: at "with a history of", unless the whole clause is told as past."""
        turn = cues.history_begins(text)
        return start if turn is None or cues.is_pluperfect(text) or self.past_before else start + turn

    # Day 0

    def _arrive(self, start: int, end: int, said: list[Expression], facts: list[BaseFact], passing: list[BaseFact]) -> None:
        """The clause of day 0: what stands before its words is past, what the patient comes with is there, what is then found follows."""
        text = self.reading.text
        opening = self.opening
        places = [x for x in said if x.kind in PLACES]
        before = [f for f in facts if self.where[f.id] < opening.start and f.id != opening.fact]
        for unit in units_of(before, self.where, self.reading, start, end):
            unit.expression = governing(unit, [x for x in places if x.start < opening.start], [unit], text)
            self.tell(unit, background=True)
        for unit in units_of(passing, self.where, self.reading, start, end):
            self.tell(unit, background=True)
        units = units_of([f for f in facts if f not in before], self.where, self.reading, start, end)
        first = next((u for u in units if opening.fact in {f.id for f in u.facts}), None)
        self._date_day0(places, before, start, governing(first, places, units, text) if first else None)
        self.arrived = True
        self.now = self.visit = Event(DAY0, "presentation", opening.start)
        if opening.fact is None:
            self.events.append(self.now)
        brief = any(x.kind in ("history", "duration") and (x.high or 0) <= 7.5 for x in said)
        self.tempo = "acute" if brief or cues.says("urgent", text[start : end + 120]) else "usual"
        for unit in units:
            between = text[opening.start : unit.at]
            if unit is first:
                self._begin(unit, at_zero=True)
                continue
            since = self._since(unit, said)
            if since is not None:
                self._tell_since(unit, since)
                continue
            past = _DISEASE_BEFORE.search(between) is not None
            x = unit.expression = governing(unit, [x for x in places if x.kind != "date" or not self.date], units, text)
            if x is not None and x.start > opening.start:
                self.tell(unit, background=(x.high or 0) < 0 or past)
            elif past and unit.kind not in ("lesion", "finding"):
                self.tell(unit, background=True)
            elif re.search("[,;]", between) or cues.says("found", between) or unit.kind in TREATMENT | {"medication"}:
                self.tell(unit, background=False)
            else:
                self._begin(unit, at_zero=unit.kind in ("lesion", "finding"))

    def _date_day0(self, places: Sequence[Expression], before: Sequence[BaseFact], start: int, own: Expression | None) -> None:
        """Bind day 0 to a date, an age, or to what it is told to come after."""
        opening = self.opening
        for x in places:
            parted = any(self.where[f.id] < x.start < opening.start for f in before)
            past = cues.says("background", self.reading.text[start : x.start])
            if x.kind == "date" and not x.since and not parted and not past and self._date(x, DAY0):
                self.date = self.dates.get(DAY0)
                break
            if x.kind == "age" and x.low is not None:
                self.link(BIRTH, DAY0, x.low, x.high, TEXT, "age", x)
            if x.kind in ("offset", "elapsed", "cycles") and (x.low or 0) >= 0 and (opening.fact is None or x is own):
                source = self._source(x, background=self.past is not None)
                if source not in (None, DAY0):
                    self.link(str(source), DAY0, x.low, x.high, TEXT, "after", x)

    def _begin(self, unit: Unit, *, at_zero: bool) -> None:
        """Facts the patient comes with: there on day 0, or found shortly before it."""
        event = self._register(unit)
        if at_zero:
            self.link(DAY0, event.point, 0, 0, FIRST if self.opening.fact else SAME, "day 0")
        else:
            self.link(event.point, DAY0, 0, KNOWN_BEFORE, SAME, "known at presentation")
        self.here = event
        if unit.kind in SPECIMEN:
            self.specimen = event
        if at_zero and unit.kind in TREATMENT:
            self.now = event

    # Units

    def tell(self, unit: Unit, *, background: bool) -> None:
        """Place a unit: under its time expression, else by what was told before it."""
        x = unit.expression
        if x is not None and (self._at_surgery(unit, x) or self._tell_dated(unit, x, background=background) or self._tell_at(unit, x, background=background)):
            return
        if background:
            self._tell_past(unit)
        elif unit.kind in ("alive", "response") and self.visit.at >= self.reading.sentence_at(unit.at).start:
            event = self._register(unit)
            self.link(self.visit.point, event.point, 0, 0, SAME, "state at that time")
        elif unit.kind == "finding":
            self._tell_finding(unit)
        elif not (unit.kind in ("pathology", "biomarker") and self._tell_pathology(unit)) and not self._join(unit):
            source = self._operation_of(unit) or self.now
            event = self._register(unit)
            self._usual(source, event)
            self._advance(event)

    def _tell_finding(self, unit: Unit) -> None:
        """A symptom or a laboratory value is there at the current time, and the story does not move on by it."""
        event = self._register(unit)
        self.link(self.now.point, event.point, 0, 7, SAME, "told at that time")

    def _tell_pathology(self, unit: Unit) -> bool:
        """Pathology reads the last tissue taken, however late it is told; markers belong to the last pathology."""
        read = next((e for e in reversed(self.events) if e.kind == "pathology" and not e.background), None)
        source = self.specimen
        if unit.kind == "biomarker" and read is not None and (source is None or read.at >= source.at):
            source = read
        if source is None:
            return False
        event = self._register(unit)
        self._usual(source, event)
        self.here = event
        if self.now is source or self.now.kind in ("surgery", "biopsy", "pathology", "exam", "lesion", "diagnosis"):
            self.link(self.now.point, event.point, 0, None, USUAL, "told after")
            self.now = event
        return True

    def _join(self, unit: Unit) -> bool:
        """A finding told without its examination belongs to the one told before it."""
        here = self.here
        if unit.kind not in ("lesion", "diagnosis", "biomarker") or here is None or here.kind not in SHOWING | {"lesion", "diagnosis", "presentation"}:
            return False
        event = self._register(unit)
        if unit.kind == "diagnosis" and here.kind != "diagnosis":
            low, high = gap(here.kind, "diagnosis", self.tempo)
            self.link(here.point, event.point, low, high, USUAL, f"{here.kind} to diagnosis")
            if here is self.now:
                self.now = event
            self.here = event
        else:
            self.link(here.point, event.point, 0, 0, SAME, "shown by")
        return True

    def _operation_of(self, unit: Unit) -> Event | None:
        """What is told as done after an operation's findings is still that operation."""
        same = self.now.kind in ("pathology", "lesion", "diagnosis", "biomarker", "other")
        last = self.specimen
        return last if unit.kind == "surgery" and same and last is not None and last.kind == "surgery" and last.at >= self.visit.at else None

    def _usual(self, source: Event, event: Event) -> None:
        """After `source`, by as much as usually passes."""
        text = self.reading.words(self.reading.sentence_at(event.at))
        previous = self._ended_or_kind(source)
        urgent = event.kind in ("surgery", "exam", "other", "medication") and cues.says("urgent", text)
        low, high = gap(previous, event.kind, "acute" if urgent else self.tempo)
        if event.kind in ("lesion", "diagnosis") and source.kind in ("presentation", "lesion", "diagnosis", "moment") and cues.says("examination", text):
            low, high = 0.0, 1.0
        self.link(source.after, event.point, low, high, USUAL, f"{previous} to {event.kind}")
        self.link(source.point, event.point, 0, None, ORDER, "told after")
        if event.kind in WORK_UP and not self.treated and self.visit.kind in ("presentation", "moment"):
            self.link(self.visit.point, event.point, 0, WORK_UP[event.kind], USUAL, "work-up")

    @staticmethod
    def _ended_or_kind(event: Event) -> str:
        return event.kind if event.after == event.point else "end"

    def _tell_dated(self, unit: Unit, x: Expression, *, background: bool) -> bool:
        """Facts of a date each lie within it."""
        if x.kind != "date":
            return False
        event = self._register(unit)
        if not self._date(x, event.point):
            self._usual(self.now, event)
        background = background or self._before_day0(event.point)
        if background:
            self.link(event.point, self._reference(), 0, None, ORDER, "told as past")
            self.link(event.point, DAY0, None, 4 * DAYS_PER_YEAR, USUAL, "shortly before the story")
            self._recede(event)
        else:
            self.link(self.now.point, event.point, 0, None, ORDER, "told after")
            self._advance(event)
        return True

    def _tell_at(self, unit: Unit, x: Expression, *, background: bool) -> bool:
        """Facts at the moment that their expression names."""
        moment = self._moment(x, background=background)
        if moment is None:
            return False
        event = self._register(unit)
        self.link(moment.point, event.point, 0, 0, SAME, x.kind, x)
        if moment.background:
            self._recede(event)
        else:
            self._advance(event)
        return True

    def _at_surgery(self, unit: Unit, x: Expression) -> bool:
        """Words that place a unit by the operation: before it, or during it."""
        operation = next((e for e in reversed(self.events) if e.kind == "surgery" and not e.background), None)
        if x.kind not in ("at_surgery", "before_event") or operation is None:
            return False
        event = self._register(unit)
        if x.kind == "at_surgery":
            self.link(operation.point, event.point, 0, 0, SAME, "at the operation", x)
        else:
            self.link(event.point, operation.point, 0, 45, SAME, "before the operation", x)
            self.link(DAY0, event.point, -30, None, USUAL, "within the story")
        self.here = event
        return True

    def _since(self, unit: Unit, said: Sequence[Expression]) -> Expression | None:
        """How long a disease, a symptom or a medicine has lasted when the story opens ("hypertension for 10 years")."""
        if not self.arrived or self.now.point != DAY0 or unit.kind not in ("diagnosis", "medication", "therapy", "finding"):
            return None
        least = 0 if unit.kind == "finding" else 180
        for x in said:
            after = 0 <= x.start - unit.end < 80 and not re.search("[;.]", self.reading.text[unit.end : x.start])
            if x.kind in ("duration", "history") and (x.low or 0) >= least and (after or (x.kind == "history" and 0 <= unit.at - x.end < 40)):
                return x
        return None

    def _tell_since(self, unit: Unit, x: Expression) -> None:
        event = self._register(unit)
        event.background = True
        self.link(event.point, DAY0, x.low, x.high, TEXT, "lasting until then", x)

    def _tell_past(self, unit: Unit) -> None:
        """What lies before the visit, at no told distance: a comorbidity since birth at the earliest, what was done within ten years."""
        reference = self._reference()
        event = self._register(unit)
        self.link(event.point, reference, 0, None, ORDER, "told as past")
        if self.past is not None:
            previous = self._ended_or_kind(self.past)
            low, high = gap(previous, unit.kind)
            self.link(self.past.after, event.point, low, high, USUAL, f"{previous} to {unit.kind}")
            self.link(self.past.point, event.point, 0, None, ORDER, "told after")
            self._recede(event)
            return
        event.background = True
        self.here = event
        if unit.kind in ("diagnosis", "medication", "finding", "offer") and not is_tumor(unit.facts[0]):
            if self.age is not None:
                self.link(BIRTH, event.point, 0, None, USUAL, "after birth")
        else:
            self.link(event.point, reference, 0, YEARS_BEFORE, USUAL, "some years before")

    def _reference(self) -> str:
        """The point before which lies what is told as past."""
        return self.now.point if self.arrived else DAY0

    def _register(self, unit: Unit) -> Event:
        """Make the event of a unit: its facts share the time of the first."""
        lead = unit.facts[0]
        event = Event(lead.id, unit.kind, unit.at, list(unit.facts), kinds=frozenset(map(kind_of, unit.facts)))
        self.told |= {f.id for f in unit.facts}
        self.events.append(event)
        for fact in unit.facts[1:]:
            self.link(lead.id, fact.id, 0, 0, SAME, "told together" if kind_of(fact) == unit.kind else "shown by")
        for fact in unit.facts:
            if isinstance(fact, Drug) and fact.cycles and fact.status == "given":
                low, high = cues.cycle_days(self.reading.text[max(0, unit.at - 150) : unit.at + 250]) or unit_days("cycle")
                self._ends_after(fact, fact.cycles * low, fact.cycles * high, ORDER, f"{fact.cycles} cycles")
                if fact is lead:
                    event.after = _end(lead)
        return event

    def _advance(self, event: Event) -> None:
        """The story goes on from this event."""
        if event.kind == "therapy":
            self._supersede(event)
        if event.kind in SPECIMEN:
            self.specimen = event
        if event.kind == "death":
            self._dies(event)
        if event.kind in TREATMENT | {"discharge"}:
            self.treated = True
        if event.kind != "finding":
            self.now = self.here = event

    def _recede(self, event: Event) -> None:
        """The past that is told goes on from this event; the story itself stays where it is."""
        event.background = True
        self.past = self.here = event

    # Time expressions

    def _words(self, x: Expression) -> str:
        return self.reading.text[x.anchor[0] : x.anchor[1]] if x.anchor else ""

    def _source(self, x: Expression, *, background: bool) -> str | None:
        """The point that an expression counts from; None where it is not known."""
        if x.anchor is not None:
            found, point = self._anchored(x)
            if found:
                return point
        if self._is_to_come(x):
            return None
        if x.kind == "cycles":
            event = self._last({"therapy"}) or self._last(COURSES)
            return event.point if event else self._current(background).point
        if x.kind == "stay":
            return next((e.point for e in reversed(self.events) if e.kind == "presentation"), DAY0)
        if x.kind in ("follow_up", "elapsed_total") and (event := self._last(TREATMENT)) is not None:
            lasting = any(isinstance(f, Drug) and course_of(f).high > DAYS_PER_YEAR for f in event.facts)
            return event.point if event.kind == "surgery" or lasting else self._end_of(event)
        if (x.high or 0) < 0:
            return self._reference()
        return self._current(background).after

    def _anchored(self, x: Expression) -> tuple[bool, str | None]:
        """Whether the anchor's words settle what is counted from, and the point."""
        words = self._words(x)
        event = resolve(words, x.anchor or (0, 0), [e for e in self.events if e.facts or e.kind == "presentation"])
        if event is not None and event.kind != "presentation":
            return True, self._end_of(event) if says_end(words) and event.kind in COURSES else event.point
        kinds = kinds_meant(words)
        if event is not None or "presentation" in kinds:
            return True, DAY0 if event is None or re.search("first|initial|original", words, re.IGNORECASE) else event.point
        course = self._last(COURSES) if x.kind in ("elapsed", "cycles") else None
        if course is not None and (x.kind == "cycles" or cues.says("course", words) or re.search(r"\b(?:this|that)\b", words)):
            return True, course.point
        return not kinds and x.kind == "offset" and (x.low or 0) >= 0 and cues.says("onset", words), None

    def _is_to_come(self, x: Expression) -> bool:
        """Whether an expression counts from a treatment that the story has not told yet."""
        kinds = [k for k in kinds_meant(self._words(x) or ("cycle" if x.kind == "cycles" else "")) if k in TREATMENT]
        if not kinds or not self.arrived or (x.low or 0) < 0 or any(e.kind in TREATMENT and e.facts for e in self.events):
            return False
        return any(kind_of(f) in kinds and f.id not in self.told for fs in self.by_sentence.values() for f in fs)

    def settle_pending(self) -> None:
        """Count what was told ahead of its anchor from the anchor, now that all is told."""
        for x, point in self.pending:
            kinds = kinds_meant(self._words(x) or "cycle")
            event = next((e for e in self.events if e.kind in kinds and e.facts and not e.background), None)
            if event is not None:
                self.link(event.point, point, x.low, x.high, TEXT, "after", x)

    def _current(self, background: bool) -> Event:
        return self.past if background and self.past is not None else self.now

    def _last(self, kinds: Collection[str]) -> Event | None:
        """The last event of some kinds in the story; before day 0 also in the past."""
        return next((e for e in reversed(self.events) if e.kind in kinds and e.facts and not (e.background and self.arrived)), None)

    def _moment(self, x: Expression, *, background: bool) -> Event | None:
        """The moment a time expression names, as an event of its own; the story moves there unless it lies in the past."""
        point = f"@{x.start}"
        known = next((e for e in self.events if e.point == point), None)
        if known is not None:
            return known
        if x.kind in _BY_OTHERS:
            return self._moment_told(x, background=background)
        moment = Event(point, "moment", x.start, background=background and not self._overrules(x))
        if x.kind == "date":
            if not self._date(x, point):
                return None
            moment.background = background or x.words.lower().startswith("since") or self._before_day0(point)
        elif x.low is None or x.high is None:
            return None
        elif x.kind == "age":
            if self.age is None:
                return None
            self.link(BIRTH, point, x.low, x.high, TEXT, "age", x)
            moment.background = background or x.high <= self.age * DAYS_PER_YEAR
        else:
            source = self._source(x, background=background)
            if source is None and not self._is_to_come(x):
                return None
            if source is None:
                # Told ahead of what it counts from: the story itself does not move there.
                self.pending.append((x, point))
                moment.background = True
                self.events.append(moment)
                return moment
            self.link(source, point, x.low, x.high, TEXT, "after" if x.high >= 0 else "before", x)
            if x.kind in ("elapsed", "cycles"):
                self._continues(source, point, x)
            moment.background = moment.background or x.high < 0
            if not moment.background:
                brief = x.kind in ("offset", "follow_up") and x.high < 8
                self.tempo = "usual" if x.high > 21 else "acute" if brief else self.tempo
        self.events.append(moment)
        if moment.background:
            self.link(point, self._reference(), 0, None, ORDER, "told as past")
            self.past = moment
        else:
            self.link(self.now.point, point, 0, None, ORDER, "told after")
            self.now = self.visit = moment
            self.treated = False
            self.here = None
        return moment

    def _moment_told(self, x: Expression, *, background: bool) -> Event | None:
        """The event that words such as "at the same time" or "on admission" point to."""
        if x.kind == "same":
            return self._current(background)
        if x.kind == "index" and self.arrived:
            return next((e for e in reversed(self.events) if e.kind == "presentation"), None)
        return resolve(self._words(x), x.anchor, self.events) if x.kind == "at_event" and x.anchor else None

    def _before_day0(self, point: str) -> bool:
        """Whether a date lies before that of day 0."""
        dates = {x.after: x for x in self.links if x.before == CALENDAR_ZERO}
        return DAY0 in dates and point in dates and (dates[point].high or 0) < (dates[DAY0].low or 0)

    def _date(self, x: Expression, point: str) -> bool:
        """Bind a point to the calendar; a month without its year is the next such month of the story."""
        low, high, iso = x.low, x.high, x.iso
        if x.month is not None and self.calendar is not None:
            year = date.fromordinal(self.calendar).year
            span = days_of(year, *x.month)
            if span is not None and span[1] < self.calendar:
                year += 1
                span = days_of(year, *x.month)
            low, high = span or (None, None)
            iso = f"{year:04d}-{x.month[0]:02d}" + (f"-{x.month[1]:02d}" if x.month[1] else "")
        if low is None or high is None:
            return False
        self.link(CALENDAR_ZERO, point, low, high, CALENDAR, "date", x)
        self.calendar = int(low)
        if iso:
            self.dates[point] = iso
        return True

    # How long it lasted

    def _ends_after(self, fact: BaseFact, low: float, high: float | None, trust: int, rule: str, x: Expression | None = None) -> None:
        self.link(fact.id, _end(fact), low, high, trust, rule, x)
        self.ends.add(fact.id)

    def _end_of(self, event: Event) -> str:
        """The point where a course ended; where the text does not say how long it lasted, as long as such courses usually do."""
        lead = event.facts[0]
        if not any(x.after == _end(lead) for x in self.links):
            course = course_of(lead)
            self.link(lead.id, _end(lead), course.low, min(course.high, DAYS_PER_YEAR), USUAL, f"usual course of {course.kind}")
        return _end(lead)

    def _lasts(self, x: Expression, unit: Unit | None, units: Sequence[Unit]) -> None:
        """A duration belongs to the course told before it in its clause, without one to the last course told."""
        event = self._last(COURSES)
        if unit is not None:
            courses = [u for u in units if u.kind in COURSES]
            nearest = max((u for u in courses if u.at < x.start), key=lambda u: u.at, default=courses[0] if courses else None)
            event = next((e for e in reversed(self.events) if e.point == unit.facts[0].id), None) if nearest is unit else None
        if event is None or x.low is None or x.high is None:
            return
        for fact in event.facts:
            if kind_of(fact) in COURSES:
                self._ends_after(fact, x.low, x.high, TEXT, "lasted", x)
        if x.high <= 400 and kind_of(event.facts[0]) in COURSES:
            event.after = _end(event.facts[0])

    def _continues(self, source: str, point: str, x: Expression) -> None:
        """A course told as reached so far ("after 8 months on it") did not end before."""
        event = next((e for e in self.events if e.point == source and e.kind in COURSES), None)
        if event is None:
            return
        event.after = event.point
        for fact in event.facts:
            if kind_of(fact) in COURSES:
                self.link(point, _end(fact), 0, None, ORDER, "still given", x)
                self.ends.add(fact.id)

    def _supersede(self, event: Event) -> None:
        """A new line of systemic treatment ends the one before it, unless it is told as added to it."""
        before = next((e for e in reversed(self.events[:-1]) if e.kind == "therapy" and not e.background and e.point != event.point), None)
        if before is None or cues.says("added", self.reading.text[max(0, event.at - 60) : event.at + 80]):
            return
        switched = cues.says("switch", self.reading.words(self.reading.sentence_at(event.at)))
        for fact in before.facts:
            if isinstance(fact, Drug) and fact.status == "given":
                course = course_of(fact)
                self.link(_end(fact), event.point, 0, 30 if switched else None, SAME if switched else USUAL, "next treatment begins")
                self.link(fact.id, _end(fact), min(course.low, 14), None, USUAL, f"usual course of {course.kind}")
                self._ends_after(fact, 0, None, ORDER, "ends after it starts")

    def _dies(self, event: Event) -> None:
        """Treatments still running end with the patient at the latest."""
        last = self._last({"therapy"})
        for fact in last.facts if last else ():
            if fact.id in self.ends:
                self.link(_end(fact), event.point, 0, None, ORDER, "ended by death")

    def _stops(self, start: int, end: int, text: str) -> None:
        """Words that a treatment named again in this clause ended: it ended at the current time."""
        cue = cues.find("end", text)
        if cue is None or not self.arrived:
            return
        x = Expression("end", start + cue.start(), start + cue.end())
        for fact in [f for e in self.events if e.kind in COURSES for f in e.facts]:
            named = any(e.role == "head" and start <= e.start < end for e in fact.evidence)
            told_now = self.where[fact.id] >= start and cue[0].lower() != "completed"
            if named and isinstance(fact, Drug) and not told_now and fact.id not in self.ends and self.now.point != fact.id:
                self.link(self.now.point, _end(fact), 0, 7, SAME, "ended", x)
                self._ends_after(fact, 0, None, ORDER, "ends after it starts")

    # What is told elsewhere

    def elsewhere(self, fact: BaseFact) -> None:
        """A fact told only in an abstract, a legend or a discussion: placed by its own words about an event of the story."""
        sentence = self.reading.sentence_at(self.where[fact.id])
        around = sentence.section if sentence.section.kind == "figure" else sentence
        event = Event(fact.id, kind_of(fact), self.where[fact.id], [fact])
        for mention in self.reading.within(around.start, around.end, "time"):
            x = express(mention, self.reading.text)
            if x is None or x.anchor is None or x.low is None or x.high is None:
                continue
            source = resolve(self._words(x), x.anchor, self.events)
            if source is not None:
                self.link(source.point, fact.id, x.low, x.high, TEXT, "after", x)
                break
        else:
            here = lambda f: any(h.role == "head" and sentence.start <= h.start < sentence.end for h in f.evidence)  # noqa: E731
            named = [e for e in self.events if e.kind in COURSES and any(here(f) for f in e.facts)]
            if event.kind == "response" and named:
                low, high = gap(named[-1].kind, event.kind)
                self.link(named[-1].point, fact.id, low, high, USUAL, "response to treatment")
        self.events.append(event)


def _end(fact: BaseFact) -> str:
    """The point where a fact ends."""
    return f"{fact.id}.end"
