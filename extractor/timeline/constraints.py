"""The story as links in time: the sentences of the case walked in their order, with a current time that the story has reached.

A new time expression moves the current time; what is told without one follows the event before it after the time that usually passes
(gaps.tsv); what an examination shows shares its time; what is told as past lies before the visit that is told. Each link says how far it is
to be trusted, so that what is only usual never outranks what the text says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.entities.reading import Reading, Sentence
from extractor.schema import BaseFact, Biomarker, Diagnosis, Drug, Lesion, Outcome, Patient, Procedure
from extractor.timeline.anchors import COURSES, Event, kinds_meant, resolve, says_end
from extractor.timeline.expressions import Expression, days_of, express, unit_days
from extractor.timeline.network import DAY0, Link

HERE = Path(__file__).parent
USUAL, ORDER, SAME, TEXT, CALENDAR, FIRST = 1, 2, 3, 4, 5, 6
BIRTH, CALENDAR_ZERO = "birth", "calendar"

_BACK = frozenset({"biomarker", "lesion", "diagnosis", "response", "progression", "recurrence", "alive"})
"""Kinds that are seen by an examination and share its time when told with it."""
_SHOWING = frozenset({"exam", "biopsy", "pathology", "surgery", "other", "radiotherapy"})
_TREATMENT = frozenset({"surgery", "therapy", "radiotherapy"})
_PLACES = frozenset(
    {"date", "offset", "elapsed", "elapsed_total", "follow_up", "cycles", "age", "same", "index", "at_event", "at_surgery", "before_event"}
)
"""Expressions that say when; the others say how long, or only order."""

WORK_UP = {"exam": 45.0, "biopsy": 45.0, "pathology": 60.0, "diagnosis": 60.0, "lesion": 45.0, "biomarker": 60.0, "other": 60.0, "surgery": 90.0, "therapy": 90.0}
"""A chain of steps does not drag on: the days after a visit within which each kind of first step is usually done."""

_VERB = (
    r"(?:was|were|is|are|had|has|showed|shows|revealed|demonstrated|confirmed|underwent|received|started|began|developed|achieved|presented|"
    r"died|remained|remains|experienced|led|disclosed|identified|detected|found|passed|refused|declined|completed)"
)
_BOUNDARY = re.compile(
    r";|,(?= (?:but|so|then|when|after which|at which|where|followed by|which was followed|this was followed|therefore|thus|while|whereas|which)\b)"
    rf"|,?(?= and (?:[\w-]+ ){{0,5}}{_VERB}\b)"
    r"|\s(?=(?:followed by|and then|and subsequently|and later|and thereafter|when|whereas)\b)"
)
_PLUPERFECT = re.compile(
    r"\bhad (?:(?:already|also|previously|not|never|recently|just|routinely|regularly|initially|once) )*(?:undergone|received|taken|noticed|suffered|"
    r"experienced|developed|presented|visited|had|given|completed|conceived|delivered|finished|quit|been (?:[\w-]+ly )?(?:diagnosed|treated|operated|admitted|hospitali[sz]ed|followed|on|taking|found|prescribed|given|"
    r"referred|transferred|detected|started|performed|removed|resected|managed|seen|well|healthy|discharged|suffering|receiving|known|vaccinated|infected))\b"
    r"|\b(?:has|have) been (?:[\w-]+ly )?(?:treated|on|taking|followed|receiving|diagnosed)\b", re.I)
_AFTER_WORD = re.compile(r"\b(?:after|following)(?: the| a| an| her| his)?(?: [\w-]+){0,3}$", re.I)
_BEFORE_WORD = re.compile(r"\b(?:before|prior to|preceding)(?: the| a| an| her| his)?(?: [\w-]+){0,3}$", re.I)
_BY = re.compile(r"\b(?:on|by|in|via|at|using|during|through)(?: (?:a|an|the|her|his|further|subsequent|repeat|follow-up|[\w-]+)){0,2} ?$", re.I)
_IN_SEQUENCE = re.compile(r"\b(?:then|followed by|subsequent(?:ly)?|later|thereafter|afterwards?|next|finally|before|after|prior to)\b", re.I)
_KNOWN_THEN = re.compile(r"[,;]|\b(?:found|diagnosed|revealed|showed|demonstrated|underwent|was started|confirmed|received|disclosed)\b", re.I)
_AT_HOME = re.compile(r"\bour (?:\w+ ){0,3}(?:hospital|department|clinic|institution|institute|cent(?:er|re)|unit|emergency|service|office|division|outpatient|ward|care)\b", re.I)
_SINCE_TREATMENT = re.compile(r"\b(?:disease[- ]free|free of|recurrence[- ]free|doing well|remain(?:s|ed)? (?:\w+ )?(?:well|alive|free|asymptomatic|stable|in)|alive|survived|no (?:evidence|signs?) of|without (?:\w+ )?recurrence|no recurrence|was well|has been well|been followed|followed up)\b", re.I)
_WITHIN = re.compile(r"\b(?:intensive care|ICU|CCU|ward|operating|theat(?:er|re)|cath(?:eteri[sz]ation)? lab\w*|rehabilitation|hospice)\b", re.I)
_CARRIER = re.compile(r"\b(?:man|woman|male|female|patient|boy|girl|lady|gentleman|infant|child|caucasian|year[- ]olds?)\b[^.;]{0,40}\bwith\b[^,;.]*$", re.I)
_CYCLE_LENGTH = re.compile(r"\b(\d{1,2})[- ]day cycles?\b|\b(?:every|q) ?(\d|two|three|four|six) ?w(?:ee)?ks?\b|\b(\d{1,2}) ?d/cycle|interval of (\d|two|three|four|six) weeks", re.I)


@dataclass
class Unit:
    """A lead and what it shows, told in one breath: they become one event."""

    kind: str
    facts: list[BaseFact]
    at: int
    end: int
    expression: Expression | None = None


@dataclass(frozen=True)
class Told:
    """What the walk yields: links, events in the order of the story, and what day 0 is."""

    links: tuple[Link, ...]
    events: tuple[Event, ...]
    index: tuple[int, int]
    index_fact: str | None
    index_date: str | None
    dates: dict[str, str]
    ends: frozenset[str]


@cache
def _gaps() -> dict[tuple[str, str, str], tuple[float, float]]:
    rows = read_table(HERE / "gaps.tsv", ("tempo", "previous", "next", "low", "high"))
    return {(r["tempo"], r["previous"], r["next"]): (float(r["low"]), float(r["high"])) for r in rows}


def gap(previous: str, following: str, tempo: str = "usual") -> tuple[float, float]:
    """How many days usually pass between two kinds of event."""
    table = _gaps()
    for pair in ((previous, following), ("*", following), (previous, "*"), ("*", "*")):
        if (tempo, *pair) in table:
            return table[tempo, *pair]
    return (0.0, 30.0)


@cache
def _courses() -> tuple[dict[str, tuple[str, float, float]], list[tuple[str, tuple[str, float, float]]]]:
    rows = read_table(HERE / "courses.tsv", ("name", "kind", "low", "high"))
    value = lambda r: (r["kind"], float(r["low"]), float(r["high"]))  # noqa: E731
    whole = {r["name"].lower(): value(r) for r in rows if not r["name"].startswith("*")}
    endings = [(r["name"][1:].lower(), value(r)) for r in rows if r["name"].startswith("*")]
    return whole, sorted(endings, key=lambda e: -len(e[0]))


def course(fact: BaseFact) -> tuple[str, float, float]:
    """Kind of treatment and the days that a course of it usually lasts."""
    if isinstance(fact, Procedure):
        return ("radiotherapy", 1.0, 60.0)
    whole, endings = _courses()
    name = fact.name.lower()
    if name in whole:
        return whole[name]
    for ending, said in endings:
        if name.endswith(ending) or any(word.endswith(ending) for word in name.split()):
            return said
    acronym = fact.name.replace("-", "").isupper() and len(fact.name) > 2
    systemic = isinstance(fact, Drug) and (fact.cycles or fact.regimen or fact.intent not in (None, "supportive", "prophylactic"))
    return ("therapy", 21.0, 180.0) if acronym or systemic else ("medication", 1.0, 180.0)


_CATEGORIES = {"imaging": "exam", "endoscopy": "exam", "genetic-test": "pathology"}
_OUTCOMES = {
    "discharged": "discharge", "death": "death", "alive at last follow-up": "alive", "no evidence of disease": "alive",
    "progression": "progression", "recurrence": "recurrence",
}  # fmt: skip


def kind_of(fact: BaseFact) -> str:
    """What a fact is in the story: the kinds of gaps.tsv."""
    if isinstance(fact, Procedure):
        return "offer" if fact.status else _CATEGORIES.get(fact.category, fact.category)
    if isinstance(fact, Drug):
        return course(fact)[0] if fact.status == "given" else "offer"
    if isinstance(fact, Outcome):
        return _OUTCOMES.get(fact.name, "response")
    for type_, kind in ((Lesion, "lesion"), (Biomarker, "biomarker"), (Diagnosis, "diagnosis")):
        if isinstance(fact, type_):
            return kind
    return "finding"


@cache
def _cues() -> dict[str, re.Pattern[str]]:
    """The cue words of each kind as one pattern."""
    words: dict[str, list[str]] = {}
    for row in read_table(HERE / "cues.tsv", ("kind", "words")):
        words.setdefault(row["kind"], []).append(re.escape(row["words"]))
    return {kind: re.compile(r"\b(?:" + "|".join(sorted(ws, key=len, reverse=True)) + r")\b", re.I) for kind, ws in words.items()}


def presentation_in(text: str) -> re.Match[str] | None:
    """The words by which a patient comes to care, if a stretch of text has them."""
    for match in _cues()["presentation"].finditer(text):
        before = text[max(0, match.start() - 30) : match.start()]
        if not _cues()["not_presentation"].search(before) and not re.search(r"\b(?:we|which|case|report|had) (?:\w+ )?$", before, re.I):
            return match
        if re.search(r"\bwho had (?:been )?$", before, re.I):
            return match
    return None


class Story:
    """The walk over one patient's sentences and what it has reached: the current event, the last visit, the last specimen."""

    def __init__(self, facts: Sequence[BaseFact], where: dict[str, int], sentences: Sequence[Sentence], reading: Reading, age: float | None) -> None:
        self.reading, self.sentences = reading, sentences
        self.where = where
        self.links: list[Link] = []
        self.events: list[Event] = []
        self.tempo = "usual"
        self.arrived = False
        self.now = Event(DAY0, "presentation", 0)
        self.here: Event | None = None
        self.past: Event | None = None
        self.specimen: Event | None = None
        self.treated_since_visit = False
        self.sentence_past = self.sentence_past_before = self.past_sentence = False
        self.first_clause = True
        self.visit = self.now
        self.pending: list[tuple[Expression, str]] = []
        self.calendar: int | None = None
        self.index_date: str | None = None
        self.dates: dict[str, str] = {}
        self.ends: set[str] = set()
        self.told: set[str] = set()
        self.by_sentence: dict[int, list[BaseFact]] = {}
        for fact in facts:
            self.by_sentence.setdefault(reading.sentence_at(where[fact.id]).index, []).append(fact)
        if age is not None:
            self.link(BIRTH, DAY0, age * 365.25, (age + 1) * 365.25, CALENDAR, "age")
        self.age = age
        self.index, self.index_fact = self._find_index()

    def link(self, before: str, after: str, low: float | None, high: float | None, trust: int, rule: str, span: tuple[int, int] | None = None) -> None:
        if before == after:
            return
        if trust == USUAL and low is not None and high is not None:
            # What is usual is two claims: where one must give way, the other stays.
            self.links += [Link(before, after, low, None, trust, rule, span), Link(before, after, None, high, trust, rule, span)]
        else:
            self.links.append(Link(before, after, low, high, trust, rule, span))

    # ------------------------------------------------------------------ day 0

    def _find_index(self) -> tuple[tuple[int, int], str | None]:
        """Where the story opens: the presentation; where none is told, the diagnosis, then the first thing done."""
        opening = False
        for n, sentence in enumerate(self.sentences):
            text = self.reading.words(sentence)
            if cue := presentation_in(text):
                return self._clause_around(sentence, cue.start()), None
            facts = [f for f in self.by_sentence.get(sentence.index, ()) if kind_of(f) in _SHOWING | {"therapy", "diagnosis", "lesion", "recurrence"}]
            if not facts:
                continue
            if self._told_as_past(sentence):
                opening = True
                continue
            comorbid = all(kind_of(f) == "diagnosis" for f in facts)
            ahead = [self.reading.words(s) for s in self.sentences[n + 1 : n + 13]]
            if opening and any(presentation_in(words) and (comorbid or _AT_HOME.search(words)) for words in ahead):
                continue
            first = self._first_of(n, sentence, facts)
            return (self.where[first.id], self.where[first.id] + len(first.evidence[0].text)), first.id
        firsts = sorted((self.where[f.id], f.id) for fs in self.by_sentence.values() for f in fs)
        if not firsts:
            at = self.sentences[0].start if self.sentences else 0
            return (at, at), None
        return (firsts[0][0], firsts[0][0] + 1), firsts[0][1]

    def _first_of(self, n: int, sentence: Sentence, facts: Sequence[BaseFact]) -> BaseFact:
        """Of the facts of the opening sentence the one that stands for day 0: the diagnosis, unless treatment is told before it or
        the patient already has the disease ("a man with X underwent")."""
        facts = sorted(facts, key=lambda f: self.where[f.id])
        new = [f for f in facts if kind_of(f) != "diagnosis" or not _CARRIER.search(self.reading.text[sentence.start : self.where[f.id]])]
        first = (new or facts)[0]
        if kind_of(first) in _TREATMENT | {"diagnosis"}:
            return first
        near = [f for s in self.sentences[n : n + 3] for f in self.by_sentence.get(s.index, ())]
        dated = any(m.attributes.get("kind") == "date" for m in self.reading.in_sentence(sentence, "time"))
        stop = next((self.where[f.id] for f in near if kind_of(f) in _TREATMENT), None)
        known = [f for f in near if kind_of(f) == "diagnosis" and f in (new or facts) + near[len(facts) :] and (stop is None or self.where[f.id] < stop)]
        return first if dated or not known else known[0]

    def _clause_around(self, sentence: Sentence, offset: int) -> tuple[int, int]:
        start, end = next((a, b) for a, b in self._clauses(sentence, []) if b > sentence.start + offset)
        cue = sentence.start + offset
        return cue, min(end, max(cue + 1, cue + 100))

    def _told_as_past(self, sentence: Sentence) -> bool:
        text = self.reading.words(sentence)
        ways = (_PLUPERFECT.search(text), _cues()["background"].search(text), sentence.section.kind == "history")
        times = self.reading.in_sentence(sentence, "time")
        return any(ways) or any(m.attributes.get("kind") in ("before", "earlier") or m.text.lower().startswith("since") for m in times)

    # ------------------------------------------------------------------ the walk

    def walk(self) -> None:
        for sentence in self.sentences:
            self.sentence(sentence)
        for x, point in self.pending:
            words = self.reading.text[x.anchor[0] : x.anchor[1]] if x.anchor else "cycle"
            event = next((e for e in self.events if e.kind in kinds_meant(words) and e.facts and not e.background), None)
            if event is not None:
                self.link(event.point, point, x.low, x.high, TEXT, "after", (x.start, x.end))

    def sentence(self, sentence: Sentence) -> None:
        said = [x for m in self.reading.in_sentence(sentence, "time") if (x := express(m, self.reading.text))]
        facts = sorted(self.by_sentence.get(sentence.index, ()), key=lambda f: self.where[f.id])
        self.here = self.here if self.here and self.here.kind in _SHOWING | {"diagnosis", "lesion"} else None
        self.first_clause = True
        self.past_sentence, self.sentence_past = self.sentence_past, False
        for start, end in self._clauses(sentence, said):
            self.clause(
                start, end,
                [x for x in said if start <= x.start < end],
                [f for f in facts if start <= self.where[f.id] < end],
            )  # fmt: skip
            self.first_clause = False

    def _clauses(self, sentence: Sentence, said: Sequence[Expression]) -> Iterator[tuple[int, int]]:
        text = self.reading.words(sentence)
        cuts = [sentence.start + m.end() for m in _BOUNDARY.finditer(text)]
        cuts = [c for c in cuts if not any(x.start < c < x.end for x in said)]
        cuts = [c for c in cuts if text.count("(", 0, c - sentence.start) <= text.count(")", 0, c - sentence.start)]
        starts = [sentence.start, *cuts]
        yield from zip(starts, [*cuts, sentence.end], strict=True)

    def clause(self, start: int, end: int, said: list[Expression], facts: list[BaseFact]) -> None:
        text = self.reading.text[start:end]
        cue = presentation_in(text)
        opens = not self.arrived and start <= self.index[0] < end
        if _SINCE_TREATMENT.search(text):
            said = [replace(x, kind="follow_up") if x.kind == "duration" and (x.low or 0) > 20 else x for x in said]
        places = [x for x in said if x.kind in _PLACES]
        background = self._is_background(text, start, said, places, opens)
        passing = [f for f in facts if any(x.anchor and x.anchor[0] <= self.where[f.id] < x.anchor[1] for x in said)]
        if opens:
            self._arrive(start, end, text, said, [f for f in facts if f not in passing], passing)
            return
        for unit in self._units(passing, text, start):
            self.tell(unit, background=background or not self.arrived)
        rest = [f for f in facts if f not in passing]
        units = self._units(rest, text, start)
        for unit in units:
            unit.expression = self._governing(unit, places, units)
        used = [u.expression for u in units if u.expression]
        comes = self.arrived and cue is not None and not background and not _WITHIN.search(text[cue.start() : cue.end() + 60])
        came_again = comes and self.treated_since_visit
        if came_again and not places:
            self._move(Event(f"@{start + cue.start()}", "presentation", start + cue.start()))  # type: ignore[union-attr]
        for x in places:
            if x not in used and x.kind not in ("same", "at_event", "at_surgery", "before_event", "index") and not (units and x.start > units[-1].at):
                moment = self._moment(x, background)
                if moment is not None and comes and moment.kind == "moment":
                    moment.kind = "presentation"
        if came_again:
            self.treated_since_visit = False
            self.tempo = "acute" if _cues()["urgent"].search(text) else "usual"
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
        for x in places:
            if x not in used and units and x.start > units[-1].at and x.kind not in ("same", "at_event", "at_surgery", "before_event", "index"):
                self._moment(x, background)
        if not units:
            for x in said:
                if x.kind == "duration" and re.search(r"\b(?:therapy|treatment|regimen|chemotherapy|radiotherapy|continued)\b", text, re.I):
                    self._lasts(x, None, [])
        self._stops(start, end, text)

    def _overrules(self, x: Expression | None) -> bool:
        """A time after something told is no past, however the verb is put."""
        return x is not None and self.arrived and x.kind in ("offset", "elapsed", "follow_up", "cycles", "elapsed_total") and (x.low or 0) >= 0

    def _is_background(self, text: str, start: int, said: Sequence[Expression], places: Sequence[Expression], opens: bool) -> bool:
        if not self.arrived:
            return not opens
        section = self.reading.sentence_at(start).section.kind
        self.sentence_past_before = self.sentence_past
        past = (
            section == "history"
            or _cues()["background"].search(text) is not None
            or _PLUPERFECT.search(text) is not None
            or any(x.kind == "past" for x in said)
            or any(x.kind == "offset" and (x.high or 0) < 0 for x in places)
            or any(x.kind == "date" and x.open and x.words.lower().startswith("since") for x in places)
        )
        forward = any(self._overrules(x) for x in places)
        if self.first_clause and self.past_sentence and self.now.point == DAY0 and self.past is not None and not forward:
            kinds = {kind_of(f) for f in self.by_sentence.get(self.reading.sentence_at(start).index, ())}
            past = past or (bool(kinds & (COURSES | {"surgery"})) and not kinds & {"exam", "biopsy"} and not _cues()["foreground"].search(text))
        if past and not forward:
            self.sentence_past = True
            return True
        return self.sentence_past and not forward and not re.search(r"\b(?:now|currently|on admission|presented)\b", text, re.I)

    def _past_from(self, text: str, start: int) -> int:
        """Where in a clause the past begins: at "with a history of", unless the whole clause is told as past."""
        cue = re.search(r"\bwith (?:an? |known |significant )?(?:[\w-]+ ){0,2}history of\b", text, re.I)
        return start + cue.start() if cue and not _PLUPERFECT.search(text) and not self.sentence_past_before else start

    def _since(self, unit: Unit, said: Sequence[Expression]) -> Expression | None:
        """How long a disease or a medicine has lasted when the story opens ("hypertension for 10 years")."""
        if not self.arrived or self.now.point != DAY0 or unit.kind not in ("diagnosis", "medication", "therapy"):
            return None
        text = self.reading.text
        return next(
            (x for x in said if x.kind in ("duration", "history") and (x.low or 0) >= 180 and x.start >= unit.end and x.start - unit.end < 80
             and not re.search(r"[;.]", text[unit.end : x.start])),
            None,
        )  # fmt: skip

    def _tell_since(self, unit: Unit, x: Expression) -> None:
        event = self._register(unit, self.now)
        event.background = True
        self.link(event.point, DAY0, x.low, x.high, TEXT, "lasting until then", (x.start, x.end))

    def _arrive(self, start: int, end: int, text: str, said: list[Expression], facts: list[BaseFact], passing: list[BaseFact]) -> None:
        """The clause of day 0: what stands before its words is past, what the patient comes with is there, what is then found follows."""
        sentence = self.reading.sentence_at(start)
        places = [x for x in said if x.kind in _PLACES]
        at = self.index[0] - start
        before = [f for f in facts if self.where[f.id] < self.index[0] and f.id != self.index_fact]
        for unit in self._units(before, text, start):
            unit.expression = self._governing(unit, [x for x in places if x.start < self.index[0]], [unit])
            self.tell(unit, background=True)
        for unit in self._units(passing, text, start):
            self.tell(unit, background=True)
        for x in places:
            if x.kind == "date" and not any(f for f in before if self.where[f.id] < x.start < self.index[0]) and not re.search(r"history|previous", text[: x.start - start], re.I):
                if self._date(x, DAY0):
                    self.index_date = self.index_date or self.dates.get(DAY0)
                    break
            if x.kind == "age" and x.low is not None:
                self.link(BIRTH, DAY0, x.low, x.high, TEXT, "age", (x.start, x.end))
            if x.kind in ("offset", "elapsed", "cycles") and x.start < self.index[0] + 400 and self.index_fact is None and (x.low or 0) >= 0:
                source = self._source(x, self.past is not None)
                if source is not None and source != DAY0:
                    self.link(source, DAY0, x.low, x.high, TEXT, "after", (x.start, x.end))
        self.arrived = True
        self.now = self.visit = Event(DAY0, "presentation", self.index[0])
        if self.index_fact is None:
            self.events.append(self.now)
        near = text + self.reading.text[end : min(len(self.reading.text), sentence.end + 200)]
        brief = any(x.kind in ("history", "duration") and (x.high or 0) <= 7.5 for x in said)
        self.tempo = "acute" if brief or _cues()["urgent"].search(near[: len(text) + 120]) else "usual"
        rest = [f for f in facts if f not in before]
        units = self._units(rest, text, start)
        for unit in units:
            between = text[at : unit.at - start]
            if self.index_fact in {f.id for f in unit.facts}:
                self._begin(unit, at_zero=True)
                continue
            past = re.search(r"\b(?:history of|previous|previously|known|after|following|status post|under|on|treated)\b", between, re.I)
            unit.expression = self._governing(unit, [x for x in places if x.kind != "date" or not self.index_date], units)
            if unit.expression is not None and unit.expression.start > self.index[0]:
                self.tell(unit, background=(unit.expression.high or 0) < 0 or bool(past))
            elif past and unit.kind not in ("lesion",):
                self.tell(unit, background=True)
            elif _KNOWN_THEN.search(between) or unit.kind in _TREATMENT | {"medication"}:
                self.tell(unit, background=False)
            else:
                self._begin(unit, at_zero=unit.kind == "lesion")

    def _begin(self, unit: Unit, *, at_zero: bool) -> None:
        """Facts the patient comes with: there on day 0, or found shortly before it."""
        event = self._register(unit, self.now)
        if at_zero:
            self.link(DAY0, event.point, 0, 0, FIRST if self.index_fact else SAME, "day 0")
        else:
            self.link(event.point, DAY0, 0, 14, SAME, "known at presentation")
        self.here = event
        if unit.kind in ("biopsy", "surgery"):
            self.specimen = event
        if at_zero and unit.kind in _TREATMENT:
            self.now = event

    # ------------------------------------------------------------------ what is told in one breath

    def _units(self, facts: Sequence[BaseFact], text: str, start: int) -> list[Unit]:
        """Facts of a clause grouped: leads (what is done or given), each with what it shows; in the order of time."""
        cuts = [m.start for m in self.reading.within(start, start + len(text), "time") if m.attributes.get("kind") not in ("then", "duration", "history", "past", "last")]
        span = {f.id: next(((e.start, e.end) for e in f.evidence if e.start == self.where[f.id]), (self.where[f.id],) * 2) for f in facts}
        leads = [f for f in facts if kind_of(f) not in _BACK | {"discharge", "death", "finding"}]
        units: list[Unit] = []
        unit_of: dict[str, Unit] = {}
        last: Unit | None = None
        for fact in leads:
            at, end = span[fact.id]
            kind = kind_of(fact)
            between = text[last.end - start : at - start] if last else ""
            if last and last.kind == kind and not _IN_SEQUENCE.search(between) and (len(between) < 120 or kind in COURSES) and not any(last.end <= c < at for c in cuts):
                last.facts.append(fact)
                last.end = max(last.end, end)
            else:
                last = Unit(kind, [fact], at, end)
                units.append(last)
            unit_of[fact.id] = last
        oblique = {u.at for u in units if (_BEFORE_WORD.search(text[: u.at - start]) or _AFTER_WORD.search(text[: u.at - start])) and len(units) > 1}
        showing = [u for u in units if u.kind in _SHOWING]
        for fact in facts:
            if fact.id in unit_of:
                continue
            at, end = span[fact.id]
            kind = kind_of(fact)
            previous = [u for u in showing if u.at < at and u.at not in oblique]
            following = [u for u in showing if u.at > end and _BY.search(text[end - start : u.at - start]) and u.at - end < 120 and not re.search(r"[,;]", text[end - start : u.at - start])]
            shows = previous[-1] if previous else following[0] if following else None
            if following and not previous:
                shows = following[0]
            if kind in ("discharge", "death", "finding") or shows is None or (kind in ("response", "progression", "recurrence", "alive") and shows.kind == "surgery" and shows.at < at):
                near = [u for u in units if u.kind == kind and 0 <= at - u.end < 150 and u.kind in _BACK and not any(u.end <= c < at for c in cuts)]
                if near:
                    near[-1].facts.append(fact)
                    near[-1].end = end
                else:
                    units.append(Unit(kind, [fact], at, end))
            else:
                shows.facts.append(fact)
        units.sort(key=lambda u: u.at)
        return self._in_order(units, text, start)

    @staticmethod
    def _in_order(units: list[Unit], text: str, start: int) -> list[Unit]:
        """Units in the order of time where "after" or "prior to" turns it round; pathology comes after what it was taken by."""
        ordered: list[Unit] = []
        for unit in units:
            between = text[(ordered[-1].end if ordered else start) - start : unit.at - start] if ordered else text[: unit.at - start]
            if ordered and _AFTER_WORD.search(between) and (unit is units[-1] or not re.search(r"[,;]", between)):
                ordered.insert(len(ordered) - 1, unit)
            elif ordered and unit.kind in ("biopsy", "surgery") and ordered[-1].kind == "pathology" and re.search(r"\b(?:of|from)\b", between) and len(between) < 60:
                ordered.insert(len(ordered) - 1, unit)
            elif len(ordered) == 1 and _BEFORE_WORD.search(text[: ordered[0].at - start]) and ordered[0].at - start < 40 and text[: ordered[0].at - start].strip().count(" ") < 5:
                ordered.insert(0, unit)
            else:
                ordered.append(unit)
        return ordered

    def _governing(self, unit: Unit, places: Sequence[Expression], units: Sequence[Unit]) -> Expression | None:
        """The time expression that a unit stands under: one that directly follows it, else the last before it, else any later one."""
        text = self.reading.text
        first, last = unit.at, unit.end
        following = [x for x in places if x.start >= first]
        preceding = [x for x in places if x.start < first]
        others = [u for u in units if u is not unit and u.at > first and (u.kind not in _BACK or unit.kind in _BACK)]
        if following:
            x = following[0]
            between = text[last : x.start] if x.start >= last else ""
            free = not any(u.at < x.start and not (unit.kind in _BACK and u.kind in _BACK) for u in others) or (len(units) > 1 and all(u.at < x.start for u in units) and len(places) == 1 and not preceding and all(u.kind == unit.kind for u in units))
            if x.kind in ("cycles", "elapsed") and unit.kind in COURSES:
                free = False
            if free and (not preceding or (len(between) < 60 and not re.search(r"[,;:]", between))):
                return x
        return preceding[-1] if preceding else None

    # ------------------------------------------------------------------ telling

    def tell(self, unit: Unit, *, background: bool) -> None:
        """Place a unit: under its time expression, else after what was told before it."""
        x = unit.expression
        if x is not None and x.kind == "date":
            self._tell_dated(unit, x, background)
            return
        if x is not None and (self._at_surgery(unit, x) or self._tell_at(unit, x, background)):
            return
        if background:
            self._tell_past(unit)
            return
        if unit.kind == "pathology" or (unit.kind == "biomarker"):
            source = self._specimen_of(unit)
            if source is not None:
                event = self._register(unit, source)
                self._usual(source, event)
                self.here = event
                if self.now.point in (source.point, event.point) or self.now.kind in ("surgery", "biopsy", "pathology", "exam", "lesion", "diagnosis"):
                    if self.now.point != source.point:
                        self.link(self.now.point, event.point, 0, None, USUAL, "told later")
                    self.now = event
                return
        if unit.kind in ("lesion", "diagnosis", "biomarker") and self._join(unit):
            return
        source = self.now
        if unit.kind == "surgery" and self.specimen is not None and self.specimen.kind == "surgery" and self.specimen.at >= self.visit.at and self.now.kind in ("pathology", "lesion", "diagnosis", "biomarker", "other"):
            source = self.specimen
        event = self._register(unit, source)
        self._usual(source, event)
        self._advance(event)

    def _join(self, unit: Unit) -> bool:
        """A finding told without its examination belongs to the one told before it."""
        here = self.here
        if here is None or here.kind not in _SHOWING | {"lesion", "diagnosis", "presentation"}:
            return False
        text = self.reading.words(self.reading.sentence_at(unit.at))
        event = self._register(unit, here)
        if unit.kind == "diagnosis" and here.kind != "diagnosis":
            low, high = gap(here.kind, "diagnosis", self.tempo)
            self.link(here.point, event.point, low, high, USUAL, f"{here.kind} to diagnosis")
            self.here = event
            if here is self.now:
                self.now = event
        elif here.kind == "surgery" and unit.kind == "lesion" and not re.search(r"\b(?:during|intraoperativ|operat|was seen|noted)", text, re.I):
            self.link(here.point, event.point, 0, 7, SAME, "shown by")
        else:
            self.link(here.point, event.point, 0, 0, SAME, "shown by")
        return True

    def _specimen_of(self, unit: Unit) -> Event | None:
        pathology = next((e for e in reversed(self.events) if e.kind == "pathology" and not e.background), None)
        if unit.kind == "biomarker":
            if pathology is not None and (self.specimen is None or pathology.at >= self.specimen.at):
                return pathology
            return self.specimen
        if self.specimen is not None:
            return self.specimen
        return None

    def _usual(self, source: Event, event: Event) -> None:
        ended = source.after != source.point
        previous = "end" if ended else source.kind
        text = self.reading.words(self.reading.sentence_at(event.at))
        tempo = "acute" if _cues()["urgent"].search(text) and event.kind in ("surgery", "exam", "other", "medication") else self.tempo
        low, high = gap(previous, event.kind, tempo)
        if event.kind in ("lesion", "diagnosis") and _cues()["examination"].search(text) and source.kind in ("presentation", "lesion", "diagnosis", "moment"):
            low, high = 0.0, 1.0
        self.link(source.after, event.point, low, high, USUAL, f"{previous} to {event.kind}")
        self.link(source.point, event.point, 0, None, ORDER, "told after")
        cap = WORK_UP.get(event.kind)
        if cap is not None and not self.treated_since_visit and self.visit.kind in ("presentation", "moment"):
            self.link(self.visit.point, event.point, 0, cap, USUAL, "work-up")

    def _tell_dated(self, unit: Unit, x: Expression, background: bool) -> None:
        event = self._register(unit, self.now)
        if not self._date(x, event.point):
            self._usual(self.now, event)
        elif not background and self.arrived:
            self.link(self.now.point, event.point, 0, None, ORDER, "told after")
        for fact in unit.facts:
            if DAY0 not in self.dates and event.point in self.dates:
                self.dates[fact.id] = self.dates[event.point]
        if background:
            self.link(event.point, self._reference(), 0, None, ORDER, "told as past")
            self.link(event.point, DAY0, None, 1500, USUAL, "shortly before the story")
            self.past = event
            event.background = True
        else:
            self._advance(event)

    def _tell_at(self, unit: Unit, x: Expression, background: bool) -> bool:
        moment = self._moment(x, background)
        if moment is None:
            return False
        event = self._register(unit, moment)
        self.link(moment.point, event.point, 0, 0, SAME, x.kind, (x.start, x.end))
        if moment.background:
            event.background = True
            self.past = event
            self.here = event
        else:
            self._advance(event)
        return True

    def _at_surgery(self, unit: Unit, x: Expression) -> bool:
        """Words that place a unit by the operation: before it, or during it."""
        if x.kind not in ("at_surgery", "before_event"):
            return False
        operation = next((e for e in reversed(self.events) if e.kind == "surgery" and not e.background), None)
        if operation is None:
            return False
        event = self._register(unit, operation)
        if x.kind == "at_surgery":
            self.link(operation.point, event.point, 0, 0, SAME, "at the operation", (x.start, x.end))
        else:
            self.link(event.point, operation.point, 0, 45, SAME, "before the operation", (x.start, x.end))
            self.link(DAY0, event.point, -30, None, USUAL, "within the story")
        self.here = event
        return True

    def _tell_past(self, unit: Unit) -> None:
        """What lies before the visit, at no told distance: after birth; what was done, within ten years."""
        reference = self._reference()
        event = self._register(unit, self.past or self.now)
        event.background = True
        self.link(event.point, reference, 0, None, ORDER, "told as past")
        if self.past is not None:
            previous = self.past.kind if self.past.after == self.past.point else "end"
            low, high = gap(previous, unit.kind, "usual")
            self.link(self.past.after, event.point, low, high, USUAL, f"{previous} to {unit.kind}")
            self.link(self.past.point, event.point, 0, None, ORDER, "told after")
            self.past = event
        elif unit.kind in ("diagnosis", "medication", "therapy", "finding", "offer"):
            if self.age is not None:
                self.link(BIRTH, event.point, 0, None, USUAL, "after birth")
        else:
            self.link(event.point, reference, 0, 3652, USUAL, "some years before")
        self.here = event

    def _reference(self) -> str:
        return self.now.point if self.arrived else DAY0

    def _register(self, unit: Unit, source: Event) -> Event:
        """Make the event of a unit: its facts share the time of the first."""
        lead = unit.facts[0]
        event = Event(lead.id, unit.kind, unit.at, list(unit.facts), kinds=frozenset(map(kind_of, unit.facts)))
        self.told |= {f.id for f in unit.facts}
        self.events.append(event)
        for fact in unit.facts[1:]:
            self.link(lead.id, fact.id, 0, 0, SAME, "shown by" if kind_of(fact) != unit.kind else "told together")
        for fact in unit.facts:
            if isinstance(fact, Drug) and fact.cycles and fact.status == "given":
                low, high = self._cycle(unit.at)
                self.link(fact.id, f"{fact.id}.end", fact.cycles * low, fact.cycles * high, ORDER, f"{fact.cycles} cycles")
                self.ends.add(fact.id)
                event.after = f"{lead.id}.end" if fact is lead else event.after
        return event

    def _cycle(self, at: int) -> tuple[float, float]:
        """The length of a treatment cycle: as the text says it near by, else 14 to 30 days."""
        match = _CYCLE_LENGTH.search(self.reading.text, max(0, at - 150), at + 250)
        if match is None:
            return unit_days("cycle")
        words = {"two": 2, "three": 3, "four": 4, "six": 6}
        if match[1] or match[3]:
            days = float(match[1] or match[3])
        else:
            said = (match[2] or match[4]).lower()
            days = 7.0 * (words[said] if said in words else int(said))
        return (days, days + 7) if 7 <= days <= 60 else unit_days("cycle")

    def _advance(self, event: Event) -> None:
        """The story goes on from this event."""
        if event.kind == "therapy":
            self._supersede(event)
        if event.kind in ("biopsy", "surgery"):
            self.specimen = event
        if event.kind == "death":
            self._dies(event)
        if event.kind in _TREATMENT | {"discharge"}:
            self.treated_since_visit = True
        self.now = self.here = event

    def _move(self, event: Event) -> None:
        low, high = gap("end" if self.now.after != self.now.point else self.now.kind, event.kind, self.tempo)
        self.link(self.now.after, event.point, low, high, USUAL, f"{self.now.kind} to {event.kind}")
        self.link(self.now.point, event.point, 0, None, ORDER, "told after")
        self.events.append(event)
        self.now = self.here = self.visit = event

    def _supersede(self, event: Event) -> None:
        """A new line of systemic treatment ends the one before it, unless it is told as added or given with it."""
        before = next((e for e in reversed(self.events[:-1]) if e.kind == "therapy" and not e.background and e.point != event.point), None)
        text = self.reading.text[max(0, event.at - 60) : event.at + 80]
        if before is None or re.search(r"\b(?:add(?:ed|ing|ition)|in combination with|concurrent|concomitant|along with|same time|continu|maint)", text, re.I):
            return
        switched = re.search(r"\b(?:changed|switched|replaced|instead)\b", self.reading.words(self.reading.sentence_at(event.at)), re.I)
        for fact in before.facts:
            if isinstance(fact, Drug) and fact.status == "given":
                kind, low, high = course(fact)
                self.link(f"{fact.id}.end", event.point, 0, 30 if switched else None, SAME if switched else USUAL, "next treatment begins")
                self.link(fact.id, f"{fact.id}.end", min(low, 14), None, USUAL, f"usual course of {kind}")
                self.link(fact.id, f"{fact.id}.end", 0, None, ORDER, "ends after it starts")
                self.ends.add(fact.id)

    # ------------------------------------------------------------------ time expressions

    def _source(self, x: Expression, background: bool) -> str | None:
        """The point that an expression counts from."""
        words = self.reading.text[x.anchor[0] : x.anchor[1]] if x.anchor else ""
        if words:
            event = resolve(words, x.anchor or (0, 0), [e for e in self.events if e.facts or e.kind == "presentation"])
            kinds = kinds_meant(words)
            if event is not None and event.kind != "presentation":
                return self._end(event) if says_end(words) and event.kind in COURSES else event.point
            if "presentation" in kinds or (event is not None and event.kind == "presentation"):
                return DAY0 if re.search(r"first|initial|original", words, re.I) or event is None else event.point
            if x.kind == "elapsed" and (course_event := self._last(COURSES)) is not None and re.search(r"\bthis|that|treat|therap|regimen|combin", words, re.I):
                return course_event.point
            if x.kind in ("cycles",) and (course_event := self._last(frozenset({"therapy"}))) is not None:
                return course_event.point
            if not kinds and (x.low or 0) >= 0 and x.kind == "offset" and re.search(r"onset|symptom|birth|delivery|fall|injury|trauma|accident", words, re.I):
                return None
        if self._to_come(x):
            return None
        if x.kind == "cycles":
            event = self._last(frozenset({"therapy"})) or self._last(COURSES)
            return event.point if event else self._current(background).point
        if x.kind in ("follow_up", "elapsed_total"):
            event = self._last(_TREATMENT)
            if event is None:
                return self._current(background).after
            return self._end(event) if event.kind != "surgery" and not (event.facts and self._is_lasting(event)) else event.point
        if (x.high or 0) < 0:
            return DAY0 if not self.arrived else self.now.point
        return self._current(background).after

    def _to_come(self, x: Expression) -> bool:
        """Whether an expression counts from a treatment that the story has not told yet."""
        if not self.arrived or (x.low or 0) < 0:
            return False
        words = self.reading.text[x.anchor[0] : x.anchor[1]] if x.anchor else "cycle" if x.kind == "cycles" else ""
        kinds = [k for k in kinds_meant(words) if k in _TREATMENT]
        if not kinds or any(e.kind in _TREATMENT and e.facts for e in self.events):
            return False
        return any(kind_of(f) in kinds and f.id not in self.told for fs in self.by_sentence.values() for f in fs)

    @staticmethod
    def _is_lasting(event: Event) -> bool:
        """Treatments given without an end in view: what follows is counted from their start."""
        return any(isinstance(f, Drug) and course(f)[2] > 365 for f in event.facts)

    def _current(self, background: bool) -> Event:
        return self.past if background and self.past is not None else self.now

    def _last(self, kinds: frozenset[str]) -> Event | None:
        return next((e for e in reversed(self.events) if e.kind in kinds and e.facts and (not e.background or not self.arrived)), None)

    def _end(self, event: Event) -> str:
        """The point where a course ended; where the text does not say how long it lasted, as long as such courses usually do."""
        lead = event.facts[0]
        point = f"{lead.id}.end"
        if not any(x.after == point for x in self.links):
            kind, low, high = course(lead)
            self.link(lead.id, point, low, min(high, 365), USUAL, f"usual course of {kind}")
        return point

    def _moment(self, x: Expression, background: bool) -> Event | None:
        """The moment a time expression names, as an event of its own; the story moves there unless it lies in the past."""
        point = f"@{x.start}"
        known = next((e for e in self.events if e.point == point), None)
        if known is not None:
            return known
        span = (x.start, x.end)
        if x.kind == "same":
            return self.now if not background or self.past is None else self.past
        if x.kind == "index":
            return next((e for e in reversed(self.events) if e.kind == "presentation"), None) if self.arrived else None
        if x.kind == "at_event":
            if not x.anchor:
                return None
            return resolve(self.reading.text[x.anchor[0] : x.anchor[1]], x.anchor, self.events)
        moment = Event(point, "moment", x.start)
        if x.kind == "date":
            if not self._date(x, point):
                return None
            negative = background
        elif x.kind == "age":
            if self.age is None:
                return None
            self.link(BIRTH, point, x.low, x.high, TEXT, "age", span)
            negative = background
        elif x.low is None or x.high is None:
            return None
        else:
            source = self._source(x, background)
            if source is None and self._to_come(x):
                # Told ahead of what it counts from: the story itself does not move there.
                self.pending.append((x, point))
                moment.background = True
                self.events.append(moment)
                return moment
            if source is None:
                return None
            self.link(source, point, x.low, x.high, TEXT, "after" if x.high >= 0 else "before", span)
            if x.kind in ("elapsed", "cycles"):
                self._continues(source, point, x)
            negative = x.high < 0 or (background and not self._overrules(x))
            if not negative:
                self.tempo = "usual" if (x.high or 0) > 21 else "acute" if x.kind in ("offset", "follow_up") and (x.high or 0) < 8 else self.tempo
        moment.background = negative
        self.events.append(moment)
        if negative:
            self.link(point, self._reference(), 0, None, ORDER, "told as past")
            self.past = moment
        else:
            self.link(self.now.point, point, 0, None, ORDER, "told after")
            self.now = self.visit = moment
            self.treated_since_visit = False
            self.here = None
        return moment

    def _date(self, x: Expression, point: str) -> bool:
        """Bind a point to the calendar; a month without its year is the next such month of the story."""
        low, high, iso = x.low, x.high, x.iso
        if x.month is not None:
            if self.calendar is None:
                return False
            year = 1
            from datetime import date

            year = date.fromordinal(self.calendar).year
            span = days_of(year, *x.month)
            if span is not None and span[1] < self.calendar:
                span, year = days_of(year + 1, *x.month), year + 1
            if span is None:
                return False
            low, high = span
            iso = f"{year:04d}-{x.month[0]:02d}" + (f"-{x.month[1]:02d}" if x.month[1] else "")
        if low is None or high is None:
            return False
        self.link(CALENDAR_ZERO, point, low, high, CALENDAR, "date", (x.start, x.end))
        self.calendar = int(low)
        if iso:
            self.dates[point] = iso
        return True

    # ------------------------------------------------------------------ how long it lasted

    def _lasts(self, x: Expression, unit: Unit | None, units: Sequence[Unit]) -> None:
        """A duration belongs to the course told before it in its clause."""
        if unit is not None:
            courses = [u for u in units if u.kind in COURSES]
            nearest = max((u for u in courses if u.at < x.start), key=lambda u: u.at, default=courses[0] if courses else None)
            if nearest is not unit:
                return
            event = next((e for e in reversed(self.events) if e.point == unit.facts[0].id), None)
        else:
            event = self._last(COURSES)
        if event is None or x.low is None or x.high is None:
            return
        for fact in event.facts:
            if kind_of(fact) in COURSES:
                self.link(fact.id, f"{fact.id}.end", x.low, x.high, TEXT, "lasted", (x.start, x.end))
                self.ends.add(fact.id)
        if x.high <= 400 and event.facts and kind_of(event.facts[0]) in COURSES:
            event.after = f"{event.facts[0].id}.end"

    def _continues(self, source: str, point: str, x: Expression) -> None:
        """A course told as reached so far ("after 8 months on it") did not end before."""
        event = next((e for e in self.events if e.point == source and e.kind in COURSES), None)
        if event is None:
            return
        event.after = event.point
        for fact in event.facts:
            if kind_of(fact) in COURSES:
                self.link(point, f"{fact.id}.end", 0, None, ORDER, "still given", (x.start, x.end))
                self.ends.add(fact.id)

    def _dies(self, event: Event) -> None:
        """Treatments still running end with the patient at the latest."""
        last = self._last(frozenset({"therapy"}))
        for fact in last.facts if last else ():
            if fact.id in self.ends:
                self.link(f"{fact.id}.end", event.point, 0, None, ORDER, "ended by death")

    def _stops(self, start: int, end: int, text: str) -> None:
        """Words that a treatment named in this clause ended: it ended at the current time."""
        cue = _cues()["end"].search(text)
        if cue is None or not self.arrived:
            return
        for event in self.events:
            if event.kind not in COURSES:
                continue
            for fact in event.facts:
                named = any(e.role == "head" and start <= e.start < end for e in fact.evidence)
                if named and isinstance(fact, Drug) and fact.id not in self.ends and (self.where[fact.id] < start or cue[0].lower() == "completed") and self.now.point != fact.id:
                    self.link(self.now.point, f"{fact.id}.end", 0, 7, SAME, "ended", (start + cue.start(), start + cue.end()))
                    self.link(fact.id, f"{fact.id}.end", 0, None, ORDER, "ends after it starts")
                    self.ends.add(fact.id)

    # ------------------------------------------------------------------ what is told elsewhere

    def elsewhere(self, facts: Sequence[BaseFact], where: dict[str, int]) -> None:
        """Facts told only in an abstract, a legend or a discussion: placed by their own words about an event of the story."""
        for fact in sorted(facts, key=lambda f: where[f.id]):
            sentence = self.reading.sentence_at(where[fact.id])
            event = Event(fact.id, kind_of(fact), where[fact.id], [fact])
            legend = sentence.section if sentence.section.kind == "figure" else sentence
            for m in self.reading.within(legend.start, legend.end, "time"):
                x = express(m, self.reading.text)
                if x is None or x.anchor is None or x.low is None or x.high is None:
                    continue
                source = resolve(self.reading.text[x.anchor[0] : x.anchor[1]], x.anchor, self.events)
                if source is not None:
                    self.link(source.point, fact.id, x.low, x.high, TEXT, "after", (x.start, x.end))
                    break
            else:
                named = [e for e in self.events if e.kind in COURSES and any(
                    sentence.start <= h.start < sentence.end for f in e.facts for h in f.evidence if h.role == "head")]  # fmt: skip
                if event.kind == "response" and named:
                    self.link(named[-1].point, fact.id, 14, 180, USUAL, "response to treatment")
            self.events.append(event)


def tell(facts: Sequence[BaseFact], elsewhere: Sequence[BaseFact], where: dict[str, int], sentences: Sequence[Sentence], reading: Reading, patient: Patient) -> Told:
    """Walk the story of one patient: `where` is the offset of the words that tell each fact's time."""
    story = Story(facts, where, sentences, reading, _age(patient))
    story.walk()
    story.elsewhere(elsewhere, where)
    return Told(tuple(story.links), tuple(story.events), story.index, story.index_fact, story.index_date, story.dates, frozenset(story.ends))


def _age(patient: Patient) -> float | None:
    match = re.fullmatch(r"P(\d+)([YMWD])", patient.age or "")
    return int(match[1]) / {"Y": 1, "M": 12, "W": 52.18, "D": 365.25}[match[2]] if match else None


__all__ = ["Told", "course", "field", "gap", "kind_of", "presentation_in", "replace", "tell"]
