"""The story as links in time: the sentences of the case walked in their order, with a current time that the story has reached.

A new time expression moves the current time; what is told without one follows the event before it after the time that usually
passes (gaps.tsv); what an examination shows shares its time; what is told as past lies before the visit that is told. Each link
says how far it is to be trusted, so that what is only usual never outranks what the text says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from extractor.entities.reading import Reading, Sentence
from extractor.schema import DAYS_PER_YEAR, BaseFact, Patient
from extractor.timeline import cues
from extractor.timeline.anchors import Event, kinds_meant, kinds_of, resolve
from extractor.timeline.dates import bind_date
from extractor.timeline.episodes import close, lasts, stops
from extractor.timeline.expressions import PLACES, Expression, counts_from, express
from extractor.timeline.kinds import COURSES, SHOWING, SPECIMEN, TREATMENT, gap, is_tumor, kind_of
from extractor.timeline.moments import BY_OTHERS, also_at, moment_of, settle_pending, source_of
from extractor.timeline.network import DAY0, Link
from extractor.timeline.opening import Opening
from extractor.timeline.story import BIRTH, CALENDAR_ZERO, ORDER, TEXT, USUAL, Story
from extractor.timeline.telling import begin, since_when, tell_despite, tell_ended, tell_running, tell_since, tell_unit
from extractor.timeline.units import Unit, clauses, governing, units_of

_BROUGHT = re.compile(r"\b(?:history of|previous|previously|known|status post|under|treated)\b", re.IGNORECASE)
_ARRANGED = re.compile(r"\b(?:for|to undergo) (?:[\w-]+ ){0,3}$", re.IGNORECASE)
_JUST_DONE = re.compile(r"\b(?:after|following)\b", re.IGNORECASE)
_COMPARED = re.compile(r"\b(?:compared (?:to|with)|than) (?:the |her |his )?$", re.IGNORECASE)


_OF_ANOTHER = re.compile(
    r"\b(?:similar|identical|comparable|compared|(?<!more )(?<!less )(?<!longer )than|previous|primary|original|initial|prior|earlier)\b"
    r"[^.;,:]{0,60}$",
    re.IGNORECASE,
)
EXAMINED_WITHIN = 4
"""So many sentences after a treatment the examination on arrival says that the treatment was before it."""
_BESIDE = re.compile(r",? ?\(?(?:i\.e\.,? ?)?")
_AHEAD_OF = re.compile(r"\W*(?:prior to|before) (?P<what>[^,.;]{3,80}),", re.IGNORECASE)
_ENDED = re.compile(r"\b(?:discontinued|stopped|ceased|quit|completed|finished) (?:[\w-]+ ){0,2}$", re.IGNORECASE)
_IN_VAIN = re.compile(r"\bdespite (?:[\w/.-]+,? ){0,12}$", re.IGNORECASE)
_FOUND_NOW = re.compile(r"\b(?:diagnos\w+|reveal\w+|show\w+|found|confirm\w+|develop\w+|demonstrat\w+|suspect\w+)\b", re.IGNORECASE)
_WAS_TREATED = re.compile(
    r"(?:The |Her |His )?(?P<what>[\w-]+(?: [\w-]+){0,4}?) (?:was|were) (?:[\w-]+ly )?"
    r"(?:treated|diagnosed|managed|resected|excised|removed|discovered)\b"
)
_DURING = re.compile(r"(?:During|While|Whilst|Under|On)\b[^,;:]*$")
_COURSE_OF = re.compile(r".{0,5}?\bof (?:[\w-]+,? ){0,5}|.{4} \(", re.IGNORECASE)
_LONG_WORD = re.compile(r"[a-z]{5,}")


@dataclass(frozen=True)
class Told:
    """What the walk yields: links, events in the order of the story, what day 0 is, the dates told, which facts have an end."""

    links: tuple[Link, ...]
    events: tuple[Event, ...]
    opening: Opening
    date: str | None
    dates: dict[str, str]
    ends: frozenset[str]


def tell(
    facts: Sequence[BaseFact],
    *,
    elsewhere: Sequence[BaseFact],
    where: dict[str, int],
    sentences: Sequence[Sentence],
    reading: Reading,
    patient: Patient,
) -> Told:
    """Walk the story of one patient.

    `where` is the offset of the words that tell each fact's time, `elsewhere` are facts that only an abstract, a legend or a
    discussion tells.
    """
    story = Story(facts, where=where, reading=reading, age=_years(patient), sentences=sentences)
    for sentence in sentences:
        _sentence(story, sentence)
    settle_pending(story)
    close(story)
    for fact in sorted(elsewhere, key=lambda f: where[f.id]):
        _elsewhere(story, fact)
    return Told(tuple(story.links), tuple(story.events), story.opening, story.date, story.dates, frozenset(story.ends))


def _years(patient: Patient) -> float | None:
    match = re.fullmatch(r"P(\d+)([YMWD])", patient.age or "")
    return int(match[1]) / {"Y": 1, "M": 12, "W": 52.18, "D": DAYS_PER_YEAR}[match[2]] if match else None


def _sentence(story: Story, sentence: Sentence) -> None:
    """Tell a sentence, clause by clause."""
    said = [x for m in story.reading.in_sentence(sentence, "time") if (x := express(m, story.reading.text))]
    facts = story.by_sentence.get(sentence.index, ())
    if story.here is not None and story.here.kind not in SHOWING | {"diagnosis", "lesion", "biomarker"}:
        story.here = None
    story.first_clause = True
    past = story.past
    story.past_sentence, story.past_clause = story.past_clause, False
    for start, end in clauses(sentence, story.reading, said):
        _clause(story, start, end, [x for x in said if start <= x.start < end], [f for f in facts if start <= story.where[f.id] < end])
        story.first_clause = False
    words = story.reading.words(sentence)
    if (
        story.arrived
        and story.past is not None
        and story.past.kind == "moment"
        and not cues.is_pluperfect(words)
        and cues.visit(words) is None
    ):
        # Since when a symptom lasts is no past that other facts belong to.
        story.past = past


def _clause(story: Story, start: int, end: int, said: list[Expression], facts: list[BaseFact]) -> None:
    """Tell a clause: where its words put the current time, then each of its units."""
    text = story.reading.text[start:end]
    if cues.says("state", text):
        said = [replace(x, kind="follow_up") if x.kind == "duration" and (x.low or 0) > 20 else x for x in said]
    said = [x for x in said if not _is_of_another(story, x, start, facts)]
    came_from = story.now
    places = [x for x in said if x.kind in PLACES]
    opens = not story.arrived and start <= story.opening.start < end
    background = _is_background(story, text, start, said, opens=opens)
    passing = [f for f in facts if any(counts_from(x, story.where[f.id], story.reading.text) for x in said)]
    rest = [f for f in facts if f not in passing]
    if opens:
        _arrive(story, start, end, said, facts=rest, passing=passing)
        return
    for unit in units_of(passing, story.where, story.reading, start, end):
        tell_unit(story, unit, background=background or not story.arrived)
    units = units_of(rest, story.where, story.reading, start, end)
    for unit in units:
        unit.expression = governing(unit, places, units, story.reading.text) or _reached_over(story, unit, said)
    governed = [u.expression for u in units]
    beside = _side_by_side(places, story.reading.text)
    twice = [x for x in places if beside.get(x) in governed and x not in governed]
    # "Recently" without a fact of its own says nothing of the others.
    idle = [x for x in places if x not in [*governed, *twice] and x.kind not in BY_OTHERS and not (x.vague and (x.low or 0) < 0)]
    _come(story, text, start, [x for x in idle if not units or x.start <= units[-1].at], background=background, dated=bool(places))
    turn = _past_from(story, text, start) if background and story.arrived else start
    for unit in units:
        if _told_otherwise(story, unit, text[: unit.at - start], said, background=background, last=unit is units[-1]):
            continue
        past = (background and unit.end >= turn and not story.overrules(unit.expression)) or _is_comorbid(story, unit, text)
        tell_unit(story, unit, background=past)
        if (again := beside.get(unit.expression)) in twice:
            also_at(story, unit.facts[0].id, again, background=past)
        for x in said:
            if x.kind in ("duration", "until") and unit.at <= x.end:
                lasts(story, x, unit, units)
            elif x.kind == "duration" and unit.kind in COURSES and _is_course_of(x, unit, story.reading.text):
                lasts(story, x, unit, [unit])
    for x in idle:
        if units and x.start > units[-1].at:
            moment_of(story, x, background=background)
    if not units and cues.says("course", text):
        for x in said:
            if x.kind in ("duration", "until"):
                lasts(story, x, None, ())
    stops(story, start, end, said, came_from)


def _side_by_side(places: Sequence[Expression], text: str) -> dict[Expression | None, Expression]:
    """Times told side by side, one of them a date, are one time told twice ("two years after surgery, in June 2016")."""
    pairs: dict[Expression | None, Expression] = {}
    for one, other in pairwise(places):
        if (one.kind == "date") != (other.kind == "date") and _BESIDE.fullmatch(text, one.end, other.start):
            pairs |= {one: other, other: one}
    return pairs


def _told_otherwise(story: Story, unit: Unit, before: str, said: Sequence[Expression], *, background: bool, last: bool) -> bool:
    """Tell a unit that does not simply happen at its time: what lasts since then, runs, was in vain, or ended; False where it does.

    `before` is the clause up to it.
    """
    since = since_when(story, unit, said)
    if since is not None:
        tell_since(story, unit, since)
        return True
    if not background and not last and unit.expression is None and _is_running(story, unit, before):
        tell_running(story, unit)
        return True
    if unit.kind not in COURSES:
        return False
    if story.arrived and story.is_at_visit() and not background and _IN_VAIN.search(before):
        tell_despite(story, unit)
        return True
    return unit.expression is not None and _ENDED.search(before) is not None and tell_ended(story, unit, unit.expression)


def _is_of_another(story: Story, x: Expression, start: int, facts: Sequence[BaseFact]) -> bool:
    """Whether a time of the past only says which thing is spoken of ("similar to the tumor resected in 2011")."""
    if x.kind != "date" and (x.high or 0) >= 0:
        return False
    cue = _OF_ANOTHER.search(story.reading.text[start : x.start])
    return cue is not None and not any(start + cue.start() <= story.where[f.id] < x.start for f in facts)


def _is_comorbid(story: Story, unit: Unit, text: str) -> bool:
    """Whether a lasting disease told at the visit is one that the patient came with ("She had diabetes")."""
    if unit.kind != "diagnosis" or unit.expression is not None or not story.arrived or not story.is_at_visit():
        return False
    return not _FOUND_NOW.search(text) and all(cues.says("chronic", f.name) for f in unit.facts)


def _come(story: Story, text: str, start: int, ahead: Sequence[Expression], *, background: bool, dated: bool) -> None:
    """Move to the moments that stand before what the clause tells; where the patient comes again, they are visits."""
    cue = cues.visit(text)
    comes = story.arrived and cue is not None and not background and not cues.is_transfer(text, cue)
    again = comes and story.treated
    if again and not dated and cue is not None:
        _visit(story, Event(f"@{start + cue.start()}", "presentation", start + cue.start()))
    for x in ahead:
        moment = moment_of(story, x, background=background)
        if moment is not None and comes and moment.kind == "moment":
            moment.kind = "presentation"
    if again:
        story.treated = False
        story.tempo = "acute" if cues.says("urgent", text) else "usual"


def _visit(story: Story, event: Event) -> None:
    """The patient comes again, at no told time."""
    previous = story.now.told_as
    low, high = gap(previous, event.kind, story.tempo)
    story.link(story.now.after, event.point, low, high, USUAL, f"{previous} to {event.kind}")
    story.link(story.now.point, event.point, 0, None, ORDER, "told after")
    story.events.append(event)
    story.now = story.here = story.visit = event


def _is_background(story: Story, text: str, start: int, said: Sequence[Expression], *, opens: bool) -> bool:
    """Whether a clause tells what lies before the current time.

    Before day 0 all is past; the rest of a sentence stays with it; a sentence on treatment alone goes on with the past that the
    one before it told.
    """
    if not story.arrived:
        return not opens
    story.past_before = story.past_clause
    sentence = story.reading.sentence_at(start)
    if story.first_clause:
        story.retelling = _retells(story, sentence, said)
    if story.retelling:
        return True
    if any(story.overrules(x) for x in said):
        return False
    past = (
        sentence.section.kind == "history"
        or cues.is_background(text)
        or cues.is_running(text)
        or cues.is_pluperfect(text)
        or _tells_what_was_before(story, text)
        or _is_examined_after(story, sentence)
        or any(
            (x.kind == "past" and not _COMPARED.search(text[: x.start - start])) or (x.kind == "offset" and (x.high or 0) < 0) for x in said
        )
        or any(x.kind == "date" and x.words.lower().startswith("since") for x in said)
    )
    if story.first_clause and story.past_sentence and story.is_at_visit() and story.past is not None:
        kinds = {kind_of(f) for f in story.by_sentence.get(sentence.index, ())}
        read_on = story.specimen is None and "pathology" in kinds and not (SPECIMEN | {"exam", "other"}).isdisjoint(kinds_of(story.past))
        treats = (bool(kinds & (COURSES | {"surgery"})) or read_on) and not kinds & {"exam", "biopsy"}
        past = past or (treats and not cues.says("foreground", text))
    story.past_clause = story.past_clause or past
    return past or (story.past_clause and not cues.says("present", text))


def _tells_what_was_before(story: Story, text: str) -> bool:
    """Whether a clause told at the visit begins with "Prior to" it, or to the illness, or tells what was done at another hospital.

    "Prior to" a treatment says nothing: that may be to come.
    """
    if not story.is_at_visit():
        return False
    match = _AHEAD_OF.match(text)
    if match is not None:
        return TREATMENT.isdisjoint(kinds_meant(match["what"]))
    return cues.says("elsewhere", text) and cues.visit(text) is None


def _is_examined_after(story: Story, sentence: Sentence) -> bool:
    """Whether treatments told right after the visit were given before it: the examination on arrival is told only after them.

    Not in an emergency, where the patient is treated first.
    """
    kinds = {kind_of(f) for f in story.by_sentence.get(sentence.index, ())}
    treats = COURSES | {"surgery"}
    if (
        not story.is_at_visit()
        or story.tempo == "acute"
        or kinds.isdisjoint(treats)
        or not kinds <= treats | {"diagnosis", "finding", "response"}
    ):
        return False
    reading = story.reading
    if cues.says("arrival", reading.words(sentence)):
        return False
    for following in reading.sentences[sentence.index + 1 : sentence.index + 1 + EXAMINED_WITHIN]:
        if cues.says("arrival", reading.words(following)):
            return True
        if any(
            m.attributes.get("kind") in ("later", "after", "next", "day", "elapsed", "date") for m in reading.in_sentence(following, "time")
        ):
            return False
    return False


def _retells(story: Story, sentence: Sentence, said: Sequence[Expression]) -> bool:
    """Whether a sentence after the visit tells the way there in simple past, as one before it began to.

    It begins with "had initially been seen", or with a disease known before that "was treated with"; it ends where the visit is
    told again, or with the first examination.
    """
    text = story.reading.words(sentence)
    if not story.is_at_visit():
        return False
    pluperfect = cues.is_pluperfect(text)
    if not story.retelling:
        return (pluperfect and cues.says("initially", text)) or _treats_known(story, text)
    returns = cues.says("foreground", text) or cues.is_at_home(text) or any(_is_day0(story, x) for x in said)
    again = cues.visit(text) is not None and not _particular(story.opening, story.reading).isdisjoint(_LONG_WORD.findall(text.lower()))
    shown = bool({kind_of(f) for f in story.by_sentence.get(sentence.index, ())} & {"exam", "biopsy"})
    return not (returns or again or (shown and not pluperfect))


def _particular(opening: Opening, reading: Reading) -> set[str]:
    """The words by which a visit told again is known: those of day 0 that any visit could not be told with."""
    return {w for w in _LONG_WORD.findall(reading.text[opening.start : opening.end].lower()) if not cues.says("visit_words", w)}


def _is_day0(story: Story, x: Expression) -> bool:
    """Whether a date is not before that of day 0."""
    zero = next((k for k in story.links if k.before == CALENDAR_ZERO and k.after == DAY0), None)
    return x.kind == "date" and zero is not None and x.low is not None and x.low >= (zero.low or 0)


def _treats_known(story: Story, text: str) -> bool:
    """Whether a sentence begins with a disease known before the story and how that was treated."""
    match = _WAS_TREATED.match(text)
    known = [f.name for e in story.events if e.background for f in e.facts if kind_of(f) == "diagnosis"]
    said = set(_LONG_WORD.findall(match["what"].lower())) if match else set()
    return any(not said.isdisjoint(_LONG_WORD.findall(name.lower())) for name in known)


def _is_course_of(x: Expression, unit: Unit, text: str) -> bool:
    """Whether a duration leads up to the treatment it is of: "six months of tamoxifen", "a 4-week course of oral prednisolone"."""
    return x.end <= unit.at and _COURSE_OF.fullmatch(text[x.end - 4 : unit.at]) is not None


def _reached_over(story: Story, unit: Unit, said: Sequence[Expression]) -> Expression | None:
    """Over how long a state was reached ("resolved over three weeks")."""
    over = [x for x in said if x.kind == "duration" and x.words.lower().startswith("over") and 0 <= x.start - unit.end < 60]
    return replace(over[0], kind="offset") if over and unit.kind == "response" else None


def _is_running(story: Story, unit: Unit, before: str) -> bool:
    """Whether a treatment is only what something happens under ("During salvage therapy with X, she developed"), at a told time."""
    return unit.kind == "therapy" and story.now.kind in ("presentation", "moment") and _DURING.match(before) is not None


def _past_from(story: Story, text: str, start: int) -> int:
    """Where in a clause the past begins: at "with a history of", unless the whole clause is told as past."""
    turn = cues.history_begins(text)
    return start if turn is None or cues.is_pluperfect(text) or story.past_before else start + turn


def _arrive(story: Story, start: int, end: int, said: list[Expression], *, facts: list[BaseFact], passing: list[BaseFact]) -> None:
    """The clause of day 0: what stands before its words is past, what the patient comes with is there, what is found follows."""
    text = story.reading.text
    opening = story.opening
    places = [x for x in said if x.kind in PLACES]
    before = [f for f in facts if story.where[f.id] < opening.start and f.id != opening.fact]
    for unit in units_of(before, story.where, story.reading, start, end):
        since = since_when(story, unit, [x for x in said if x.end <= opening.start])
        if since is not None:
            tell_since(story, unit, since)
            continue
        unit.expression = governing(unit, [x for x in places if x.start < opening.start], [unit], text)
        if unit.expression is None and opening.fact is not None and unit.kind == "diagnosis" and is_tumor(unit.facts[0]):
            # "A man with X was treated by": the disease that the story begins with.
            begin(story, unit, at_zero=False)
            continue
        tell_unit(story, unit, background=True)
    for unit in units_of(passing, story.where, story.reading, start, end):
        tell_unit(story, unit, background=True)
    units = units_of([f for f in facts if f not in before], story.where, story.reading, start, end)
    first = next((u for u in units if opening.fact in {f.id for f in u.facts}), None)
    counted = _date_day0(story, places, before, start, governing(first, places, units, text) if first else None)
    places = [x for x in places if x not in counted]
    story.arrived = True
    story.here = None
    story.now = story.visit = Event(DAY0, "presentation", opening.start)
    if opening.fact is None:
        story.events.append(story.now)
    brief = any(x.kind in ("history", "duration") and (x.high or 0) <= 7.5 for x in said)
    story.tempo = "acute" if brief or cues.says("urgent", text[start : end + 120]) else "usual"
    for unit in units:
        between = text[opening.start : unit.at]
        if unit is first:
            begin(story, unit, at_zero=True)
            continue
        since = since_when(story, unit, said)
        if since is not None:
            tell_since(story, unit, since)
            continue
        past = _BROUGHT.search(between) is not None
        x = unit.expression = governing(unit, [x for x in places if x.kind != "date" or not story.date], units, text)
        if x is not None and x.start > opening.start:
            tell_unit(story, unit, background=(x.high or 0) < 0 or past)
        elif past and unit.kind not in ("lesion", "finding"):
            tell_unit(story, unit, background=True)
        elif _ARRANGED.search(between) and unit.kind in SHOWING | TREATMENT:
            # "was referred for biopsy": done then, not brought along.
            tell_unit(story, unit, background=False)
        elif _JUST_DONE.search(between):
            begin(story, unit, at_zero=False)
        elif re.search("[,;]", between) or cues.says("found", between) or unit.kind in TREATMENT | {"medication"}:
            tell_unit(story, unit, background=False)
        else:
            begin(story, unit, at_zero=unit.kind in ("lesion", "finding"))


def _date_day0(
    story: Story, places: Sequence[Expression], before: Sequence[BaseFact], start: int, own: Expression | None
) -> list[Expression]:
    """Bind day 0 to a date, an age, or to what it is told to come after; the expressions that say so of day 0 alone."""
    opening = story.opening
    counted = []
    for x in places:
        parted = any(story.where[f.id] < x.start < opening.start for f in before)
        past = cues.says("background", story.reading.text[start : x.start])
        if x.kind == "date" and not x.since and not parted and not past and bind_date(story, x, DAY0):
            story.date = story.dates.get(DAY0)
            break
        if x.kind == "age" and x is own and x.low is not None:
            # The age the patient is introduced with is another one: that of the report, not of day 0.
            story.links = [link for link in story.links if (link.before, link.after) != (BIRTH, DAY0)]
            story.link(BIRTH, DAY0, x.low, x.high, TEXT, "age", x)
            story.age = x.low / DAYS_PER_YEAR
        if x.kind in ("offset", "elapsed", "cycles") and (x.low or 0) >= 0 and (opening.fact is None or x is own):
            # Of a story that opens so long after something, that is what the same words name.
            source = source_of(story, x, background=story.past is not None).point
            visit = story.reading.text[opening.start : x.start]
            if source in (None, DAY0) and x.kind == "elapsed" and x.start > opening.start and not re.search("[,;]", visit):
                # "was referred after 3 months": of what is not told, and no time after the visit.
                counted.append(x)
            if source not in (None, DAY0):
                story.link(str(source), DAY0, x.low, x.high, TEXT, "after", x)
                counted += [x] if x is not own else []
    return counted


def _elsewhere(story: Story, fact: BaseFact) -> None:
    """A fact told only in an abstract, a legend or a discussion: placed by its own words about an event of the story."""
    sentence = story.reading.sentence_at(story.where[fact.id])
    around = sentence.section if sentence.section.kind == "figure" else sentence
    event = Event(fact.id, kind_of(fact), story.where[fact.id], [fact])
    named = [e for e in story.events if e.kind in COURSES and any(_is_named_in(f, sentence) for f in e.facts)]
    counted = _counted(story, around.start, around.end)
    if counted is not None:
        source, x = counted
        story.link(source.point, fact.id, x.low, x.high, TEXT, "after", x, "named by these words, outside the case")
    elif event.kind == "response" and named:
        low, high = gap(named[-1].kind, event.kind)
        story.link(named[-1].point, fact.id, low, high, USUAL, "response to treatment")
    story.events.append(event)


def _counted(story: Story, start: int, end: int) -> tuple[Event, Expression] | None:
    """The first time expression of a stretch of text that counts from an event of the story."""
    for mention in story.reading.within(start, end, "time"):
        x = express(mention, story.reading.text)
        if x is not None and x.anchor is not None and x.low is not None and x.high is not None:
            source = resolve(story.words(x), x.anchor, story.events)
            if source is not None:
                return source, x
    return None


def _is_named_in(fact: BaseFact, sentence: Sentence) -> bool:
    return any(e.role == "head" and sentence.start <= e.start < sentence.end for e in fact.evidence)
