"""The state of the walk over a patient's story: what has been told, how far it has come, and the links it has made."""

from collections.abc import Collection, Sequence

from extractor.entities.reading import Reading, Sentence
from extractor.schema import DAYS_PER_YEAR, BaseFact, Drug
from extractor.timeline import cues
from extractor.timeline.anchors import Event, kinds_of
from extractor.timeline.expressions import Expression, unit_days
from extractor.timeline.kinds import cycle_of, kind_of
from extractor.timeline.network import DAY0, Link
from extractor.timeline.opening import find_opening
from extractor.timeline.units import Unit

USUAL, ORDER, SAME, TEXT, CALENDAR, FIRST = 1, 2, 3, 4, 5, 6
"""How far a link is trusted: what usually happens, the order of telling, what is told together, the words, a date, day 0."""
BIRTH, CALENDAR_ZERO = "birth", "calendar"
_FORWARD = frozenset({"offset", "elapsed", "follow_up", "cycles", "elapsed_total", "stay"})


def end_point(fact: BaseFact) -> str:
    """The point where a fact ends."""
    return f"{fact.id}.end"


class Story:
    """The walk over one patient's sentences and what it has reached.

    `now` is the event the story has come to, `here` the one just told (a flashback leaves `now` where it is), `past` the last event
    told as past, `visit` the last time the patient came or the last moment named, `specimen` the last tissue taken, `counted_from`
    what the days of the ward are counted from ("postoperative day 42"); `retelling` is set while the way to the visit is told.
    """

    def __init__(
        self, facts: Sequence[BaseFact], *, where: dict[str, int], reading: Reading, age: float | None, sentences: Sequence[Sentence]
    ) -> None:
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
        self.retelling = False
        self.past_clause = self.past_before = self.past_sentence = False
        self.pending: list[tuple[Expression, str]] = []
        self.counted_from: str | None = None
        self.calendar: int | None = None
        self.date: str | None = None
        self.dates: dict[str, str] = {}
        self.ends: set[str] = set()
        self.told: set[str] = set()
        self.lasted: set[str] = set()
        if age is not None:
            self.link(BIRTH, DAY0, age * DAYS_PER_YEAR, (age + 1) * DAYS_PER_YEAR, CALENDAR, "age")

    def link(  # noqa: PLR0917 - a link has this many parts
        self,
        before: str,
        after: str,
        low: float | None,
        high: float | None,
        trust: int,
        rule: str,
        x: Expression | None = None,
        why: str = "",
    ) -> None:
        """Add a link. What is usual is two claims, so that where one must give way the other stays; "not before" is no third."""
        span = (x.start, x.end) if x else None
        if before == after:
            return
        if trust == USUAL and low is not None and high is not None:
            if low != 0:
                self.links.append(Link(before, after, low, None, trust, rule, span, why))
            low = None
        self.links.append(Link(before, after, low, high, trust, rule, span, why))

    def overrules(self, x: Expression | None) -> bool:
        """A time after something told is no past, however the verb is put."""
        return x is not None and self.arrived and not self.retelling and x.kind in _FORWARD and (x.low or 0) >= 0

    def reference(self) -> str:
        """The point before which lies what is told as past."""
        return self.now.point if self.arrived and not self.retelling else DAY0

    def is_at_visit(self) -> bool:
        """Whether the story has not gone on from the sentence of day 0."""
        return self.reading.sentence_at(self.now.at).index <= self.reading.sentence_at(self.opening.start).index

    def words(self, x: Expression) -> str:
        return self.reading.text[x.anchor[0] : x.anchor[1]] if x.anchor else ""

    def current(self, background: bool) -> Event:
        return self.past if background and self.past is not None else self.now

    def last(self, kinds: Collection[str]) -> Event | None:
        """The last event of some kinds in the story; before day 0 also in the past."""

        def meant(event: Event) -> bool:
            return bool(event.facts) and not kinds_of(event).isdisjoint(kinds) and not (event.background and self.arrived)

        return next((e for e in reversed(self.events) if meant(e)), None)

    def register(self, unit: Unit) -> Event:
        """Make the event of a unit: its facts share the time of the first."""
        lead = unit.facts[0]
        event = Event(lead.id, unit.kind, unit.at, list(unit.facts), kinds=frozenset(map(kind_of, unit.facts)))
        self.told |= {f.id for f in unit.facts}
        self.events.append(event)
        for fact in unit.facts[1:]:
            self.link(lead.id, fact.id, 0, 0, SAME, "told together" if kind_of(fact) == unit.kind else "shown by")
        for fact in unit.facts:
            if isinstance(fact, Drug) and fact.cycles and fact.status == "given":
                told = cues.cycle_days(self.reading.text[max(0, unit.at - 150) : unit.at + 250])
                low, high = told or cycle_of(fact) or unit_days("cycle")
                self.ends_after(fact, fact.cycles * low, fact.cycles * high, ORDER, f"{fact.cycles} cycles")
                if fact is lead:
                    event.after = end_point(lead)
        return event

    def recede(self, event: Event) -> None:
        """The past that is told goes on from this event; the story itself stays where it is."""
        event.background = True
        self.past = self.here = event

    def ends_after(  # noqa: PLR0917 - as many parts as the link it makes
        self, fact: BaseFact, low: float, high: float | None, trust: int, rule: str, x: Expression | None = None
    ) -> None:
        """A fact ends so many days after it starts."""
        self.link(fact.id, end_point(fact), low, high, trust, rule, x)
        self.ends.add(fact.id)
