"""What a clause tells in one breath: each thing done with what it shows, in the order of time, and the time it stands under."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.entities.reading import Reading, Sentence
from extractor.schema import BaseFact
from extractor.timeline.expressions import PLACING, Expression
from extractor.timeline.kinds import COURSES, SHOWING, SHOWN, SPECIMEN, kind_of

_VERB = (
    r"(?:was|were|is|are|had|has|showed|shows|revealed|demonstrated|confirmed|underwent|received|started|began|developed|achieved|"
    r"presented|died|remained|remains|experienced|led|disclosed|identified|detected|found|passed|refused|declined|completed)"
)
_BOUNDARY = re.compile(
    r";|,(?= (?:but|so|then|when|after which|at which|where|followed by|which was followed|this was followed|therefore|thus|while|"
    r"whereas|which)\b)"
    rf"|,?(?= and (?:[\w-]+ ){{0,5}}{_VERB}\b)|,?(?= and (?:he|she|they|the patient) )"
    r"|\s(?=(?:followed by|and then|and subsequently|and later|and thereafter|when|whereas)\b)"
)
_AFTER = re.compile(
    r"\b(?:after|following|despite|up?on (?:the )?(?:diagnosis|finding|discovery) of)(?: the| a| an| her| his)?(?: [\w-]+){0,3} ?$",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?:before|prior to|preceding)(?: the| a| an| her| his)?(?: [\w-]+){0,3} ?$", re.IGNORECASE)
_DURING = re.compile(
    r"\b(?:during|under|while (?:on|receiving|taking)|on (?:treatment|therapy) with)(?: the| an?| her| his)?(?: [\w-]+){0,3} ?$",
    re.IGNORECASE,
)
_DESPITE = re.compile(r"\bdespite\b", re.IGNORECASE)
_BY = re.compile(r"\b(?:on|by|in|via|at|using|during|through)(?: [\w-]+){0,2} ?$", re.IGNORECASE)
_OF = re.compile(r"\b(?:of|from)\b", re.IGNORECASE)
_STOP = re.compile(r"[,;]")
_IN_SEQUENCE = re.compile(
    r"\b(?:then|followed by|subsequent(?:ly)?|later|thereafter|afterwards?|next|finally|before|after|prior to)\b", re.IGNORECASE
)
_STARTED = re.compile(r"\b(?:started|begun|began|initiated|commenced|restarted|resumed|introduced)\b", re.IGNORECASE)
_ALONE = frozenset({"discharge", "death"})
_TOGETHER = {"radiotherapy", "therapy"}
"""Given in one breath they are given together: chemoradiotherapy."""
_DRUGS = {"therapy", "medication"}
_LISTED = re.compile(r"(?: ?\([^()]{1,40}\)| ?[\d.,]+ ?[\w/]+){0,2} ?(?:,|,? and|plus|with|\+|/) ?", re.IGNORECASE)
"""What may stand between two drugs of one list: doses, then a conjunction."""
_VERDICTS = frozenset({"response", "progression", "recurrence", "alive"})


@dataclass
class Unit:
    """A thing done or found, with what it shows: its facts become one event. `[at, end)` are the words that name it."""

    kind: str
    facts: list[BaseFact]
    at: int
    end: int
    expression: Expression | None = None


def clauses(sentence: Sentence, reading: Reading, said: Sequence[Expression]) -> Iterator[tuple[int, int]]:
    """The clauses of a sentence: cut at conjunctions with a verb of their own, never inside brackets or a time expression."""
    text = reading.words(sentence)
    cuts = [sentence.start + m.end() for m in _BOUNDARY.finditer(text)]
    cuts = [c for c in cuts if not any(x.start < c < x.end for x in said)]
    cuts = [c for c in cuts if text.count("(", 0, c - sentence.start) <= text.count(")", 0, c - sentence.start)]
    yield from zip([sentence.start, *cuts], [*cuts, sentence.end], strict=True)


def units_of(facts: Sequence[BaseFact], where: dict[str, int], reading: Reading, start: int, end: int) -> list[Unit]:
    """The facts of a clause as units in the order of time: leads (what is done or given), each with what it shows."""
    text = reading.text
    times = reading.within(start, end, "time")

    def apart(a: int, b: int, kinds: frozenset[str] = PLACING) -> bool:
        """Whether a time expression between two facts parts them."""
        return any(a <= m.start < b and m.attributes.get("kind") in kinds for m in times)

    span = {f.id: next(((e.start, e.end) for e in f.evidence if e.start == where[f.id]), (where[f.id], where[f.id])) for f in facts}
    units: list[Unit] = []
    led: set[str] = set()
    for fact in facts:
        kind = kind_of(fact)
        if kind in SHOWN | _ALONE:
            continue
        at, stop = span[fact.id]
        led.add(fact.id)
        last = units[-1] if units else None
        between = text[last.end : at] if last else ""
        near = kind in COURSES or len(between) < 120
        listed = last is not None and {last.kind, kind} == _DRUGS and _LISTED.fullmatch(between) is not None
        same = last is not None and (last.kind == kind or {last.kind, kind} == _TOGETHER or listed)
        if last and same and near and not _IN_SEQUENCE.search(between) and not apart(last.end, at):
            last.facts.append(fact)
            last.end = max(last.end, stop)
        else:
            units.append(Unit(kind, [fact], at, stop))
    leads = list(units)
    aside = {u.at for u in leads if len(leads) > 1 and (_BEFORE.search(text[start : u.at]) or _AFTER.search(text[start : u.at]))}
    for fact in facts:
        if fact.id in led:
            continue
        at, stop = span[fact.id]
        kind = kind_of(fact)
        shows = None if kind in _ALONE else _shows(at, stop, [u for u in leads if u.kind in SHOWING], aside, text)
        if shows is not None and not (kind in _VERDICTS and shows.kind == "surgery" and shows.at < at):
            shows.facts.append(fact)
            continue
        parting = PLACING | {"duration", "history"}
        alike = [u for u in units if u.kind == kind and kind in SHOWN and 0 <= at - u.end < 150 and not apart(u.end, at, parting)]
        if alike:
            alike[-1].facts.append(fact)
            alike[-1].end = stop
        else:
            units.append(Unit(kind, [fact], at, stop))
    return _in_order(sorted(units, key=lambda u: u.at), text, start)


def _shows(at: int, stop: int, leads: Sequence[Unit], aside: set[int], text: str) -> Unit | None:
    """The lead that shows a fact: the last told before it, else one that follows as "on CT", "by biopsy"."""
    before = [u for u in leads if u.at < at and u.at not in aside]
    if before:
        return before[-1]
    for lead in leads:
        between = text[stop : lead.at]
        if lead.at > stop and len(between) < 120 and _BY.search(between) and not _STOP.search(between):
            return lead
    return None


def _in_order(units: Sequence[Unit], text: str, start: int) -> list[Unit]:
    """Units in the order of time: "after" and "prior to" turn it round, and pathology comes after what its tissue was taken by."""
    ordered: list[Unit] = []
    for unit in units:
        before = text[ordered[-1].end if ordered else start : unit.at]
        opening = text[start : ordered[0].at] if len(ordered) == 1 else ""
        turned = bool(ordered) and _AFTER.search(before) is not None and (unit is units[-1] or not _STOP.search(before))
        taken = (
            bool(ordered)
            and unit.kind in SPECIMEN
            and ordered[-1].kind == "pathology"
            and len(before) < 60
            and _OF.search(before) is not None
        )
        running = bool(ordered) and unit.kind in _DRUGS and ordered[-1].kind not in COURSES and _DURING.search(before) is not None
        if running:
            # What was seen under it came later, all of it.
            ordered.insert(max((i + 1 for i, u in enumerate(ordered) if u.kind in COURSES | {"diagnosis"}), default=0), unit)
        elif turned or taken:
            ordered.insert(len(ordered) - 1, unit)
        elif len(opening) < 40 and opening.strip().count(" ") < 5 and _BEFORE.search(opening):
            ordered.insert(0, unit)
        else:
            ordered.append(unit)
    return ordered


def governing(unit: Unit, places: Sequence[Expression], units: Sequence[Unit], text: str) -> Expression | None:
    """The time words a unit stands under: those directly after it in its clause, else the last before it."""
    # What something happened despite was there before.
    preceding = [x for x in places if x.start < unit.at and not _DESPITE.search(text, x.end, unit.at)]
    x = next((x for x in places if x.start >= unit.at), None)
    # "Was started on X and, after 3 months of treatment": of X itself.
    of_it = x is not None and x.kind == "elapsed" and x.anchor is not None
    going_on = x is not None and x.kind in ("cycles", "elapsed") and (of_it or not _STARTED.search(text, max(0, unit.at - 60), unit.at))
    if x is None or (going_on and unit.kind in COURSES):
        return preceding[-1] if preceding else None
    between = text[unit.end : x.start]
    nearer = [u for u in units if unit.at < u.at < x.start and u.kind not in SHOWN]
    listed = not preceding and len(places) == 1 and len(units) > 1 and all(u.kind == unit.kind and u.at < x.start for u in units)
    if (not nearer or listed) and (not preceding or (len(between) < 60 and not re.search(r"[,;:]", between))):
        return x
    return preceding[-1] if preceding else None
