"""TimeML (.tml): events and times in the text, and the links between them.

TimeML 1.2.1 (Saurí et al. 2006), the form that tools for ISO-TimeML (ISO 24617-1) read: EVENT and TIMEX3 stand in the text, MAKEINSTANCE
and TLINK behind it. Day 0 is the empty TIMEX3 t0 before the text, with a date where an epoch is given. What a fact's bounds say for
certain of day 0 is a TLINK, with the least and the greatest number of days as its magnitude, or into the days that begin with day 0.
ISO 24617-1 drops MAKEINSTANCE; there is one for each fact, since facts may share their words.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor
from typing import Any

from lxml import etree

from extractor.entities.values import number
from extractor.exporters import Export, Loss, bounds_in_words, text_of
from extractor.exporters._xml import xml_text
from extractor.schema import Case, Fact, Mention
from extractor.timeline.expressions import express

Element = Any
_RELATIONS = {
    "before": "BEFORE", "contains": "INCLUDES", "simultaneous": "SIMULTANEOUS", "starts-with": "BEGUN_BY", "ends-with": "ENDED_BY",
}  # fmt: skip
"""THYME's and TimeML's names for our relations in time; TimeML has none for a mere overlap."""
_STATES = frozenset({"diagnosis", "lesion", "biomarker", "finding"})
_MOMENTS = frozenset({"procedure", "biomarker", "outcome"})
"""Types of facts that do not last unless an end is told."""
_UNITS = {"day": "D", "week": "W", "month": "M", "year": "Y"}
_SIGNALS = frozenset({"then", "next", "last", "same"})
"""Kinds of time words that only relate events ("followed by"): SIGNAL, and no TIMEX3."""


@dataclass
class _Tags:
    """What stands in the text, as (start, end, tag, attributes), and behind it."""

    inline: list[tuple[int, int, str, dict[str, str]]] = field(default_factory=list)
    behind: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    times: int = 0
    links: int = 0

    def time(self) -> str:
        self.times += 1
        return f"t{self.times}"

    def link(self, **attributes: str) -> None:
        self.links += 1
        self.behind.append(("TLINK", {"lid": f"l{self.links}", **attributes}))


def export(case: Case, epoch: date | None = None) -> Export:
    """One document."""
    text, replaced = xml_text(text_of(case, "timeml"))
    losses = [Loss(case.source.id, None, f"{replaced} control characters of the text", "XML cannot hold them")] if replaced else []
    tags = _Tags()
    instances = _events(case, tags, losses)
    _times(case, tags, losses)
    for fact in case.facts:
        if fact.id in instances:
            losses += _placed(case, fact, instances[fact.id], tags)
    for relation in case.relations:
        source, target = instances.get(relation.source), instances.get(relation.target)
        if relation.type in _RELATIONS and source and target:
            tags.link(eventInstanceID=source, relatedToEventInstance=target, relType=_RELATIONS[relation.type])
        else:
            what = f"{relation.source} {relation.type} {relation.target}"
            losses.append(Loss(case.source.id, relation.source, what, "TimeML has no such link between two events"))
    if case.facts:
        what = "names, attributes, concepts, confidence, and the words of facts beside those that name them"
        losses.append(Loss(case.source.id, None, what, "a TimeML event is its words"))
    if any(m.label != "time" for m in case.mentions):
        losses.append(Loss(case.source.id, None, "mentions that are no fact's words, and sections", "TimeML marks events and times"))
    content: bytes = etree.tostring(_root(text, tags, epoch), xml_declaration=True, encoding="UTF-8")
    return Export({f"{case.source.id}.tml": content + b"\n"}, tuple(losses))


def _events(case: Case, tags: _Tags, losses: list[Loss]) -> dict[str, str]:
    """The event instance of each fact; a fact whose words overlap another's, longer, is an instance of that event."""
    owners: dict[int, tuple[int, int]] = {}
    spans: dict[str, tuple[int, int]] = {}
    kinds: dict[tuple[int, int], str] = {}
    for fact in sorted((f for f in case.facts if f.evidence), key=lambda f: f.evidence[0].start - f.evidence[0].end):
        start, end = fact.evidence[0].start, fact.evidence[0].end
        over = next((owners[at] for at in range(start, end) if at in owners), (start, end))
        if over == (start, end):
            owners |= dict.fromkeys(range(start, end), over)
            kinds.setdefault(over, "STATE" if fact.type in _STATES else "OCCURRENCE")
        else:
            losses.append(Loss(case.source.id, fact.id, f"the exact words of {fact.name}", "TimeML's events may not overlap"))
        spans[fact.id] = over
    names = {span: f"e{number}" for number, span in enumerate(sorted(kinds), start=1)}
    tags.inline += [(start, end, "EVENT", {"eid": names[start, end], "class": kinds[start, end]}) for start, end in sorted(kinds)]
    instances: dict[str, str] = {}
    for fact in (f for f in case.facts if f.id in spans):
        instances[fact.id] = f"ei{len(instances) + 1}"
        modality = {"modality": "suspected"} if fact.certainty == "suspected" else _status(fact)
        said = {"eiid": instances[fact.id], "eventID": names[spans[fact.id]], "tense": "NONE", "aspect": "NONE", "pos": "NOUN"}
        tags.behind.append(("MAKEINSTANCE", said | {"polarity": "POS"} | modality))
    return instances


def _status(fact: Fact) -> dict[str, str]:
    status = getattr(fact, "status", None)
    return {"modality": status} if status in ("declined", "planned") else {}


def _times(case: Case, tags: _Tags, losses: list[Loss]) -> None:
    """A TIMEX3 or a SIGNAL for each time expression whose words no event and no longer expression has."""
    taken = {at for start, end, _, _ in tags.inline for at in range(start, end)}
    kept: list[Mention] = []
    for mention in sorted((m for m in case.mentions if m.label == "time"), key=lambda m: m.start - m.end):
        words = range(mention.start, mention.end)
        if words and taken.isdisjoint(words):
            taken |= set(words)
            kept.append(mention)
        else:
            losses.append(Loss(case.source.id, None, f"the time expression {mention.text!r}", "TimeML's elements may not overlap"))
    signals = 0
    for mention in sorted(kept, key=lambda m: m.start):
        if mention.attributes.get("kind") in _SIGNALS:
            signals += 1
            tags.inline.append((mention.start, mention.end, "SIGNAL", {"sid": f"s{signals}"}))
        else:
            tags.inline.append((mention.start, mention.end, "TIMEX3", {"tid": tags.time(), **_value(mention, case.text or "")}))


def _value(mention: Mention, text: str) -> dict[str, str]:
    """The type and the value of a TIMEX3: a date as far as it is written, a length in its unit, or a time that TimeML leaves open."""
    said = express(mention, text)
    if said is not None and said.iso is not None:
        return {"type": "DATE", "value": said.iso}
    if said is not None and said.kind == "duration" and said.low is not None and said.high is not None:
        amount = number(str(mention.attributes.get("amount", "")))
        unit = _UNITS.get(str(mention.attributes.get("unit", "")).rstrip("s").lower())
        if amount is not None and amount == int(amount) and unit is not None:
            return {"type": "DURATION", "value": f"P{int(amount)}{unit}"}
        return {"type": "DURATION", "value": f"P{round((said.low + said.high) / 2)}D", "mod": "APPROX"}
    return {"type": "DATE", "value": "XXXX-XX-XX", "temporalFunction": "true"}


def _placed(case: Case, fact: Fact, instance: str, tags: _Tags) -> Iterator[Loss]:
    """Link a fact with day 0 as far as its bounds say for certain of all of it; a Loss where they do not.

    What starts after day 0 is after it whole; for the rest it must be known to be over, or to be of a kind that does not last.
    """
    low, high = (None, None) if fact.start is None else (fact.start.earliest, fact.start.latest)
    over = high if fact.end is None and fact.type in _MOMENTS else None if fact.end is None else fact.end.latest
    if low is not None and low > 0:
        _link(instance, "AFTER", low, high, tags)
    elif low == 0 == over:
        tags.link(eventInstanceID=instance, relatedToTime="t0", relType="SIMULTANEOUS")
    elif over is not None and over < 0:
        _link(instance, "BEFORE", -over, None if low is None else -low, tags)
    elif low == 0 and over is not None:
        _within(instance, {"value": f"P{ceil(over)}D", "beginPoint": "t0"}, tags)
    elif over == 0 and low is not None:
        _within(instance, {"value": f"P{ceil(-low)}D", "endPoint": "t0"}, tags)
    elif low is not None or high is not None:
        days = bounds_in_words(fact.start)
        yield Loss(case.source.id, fact.id, f"its start on day {days}", "TimeML links whole events, and where all of it lies is not known")
    if fact.end is not None and (fact.end.earliest is not None or fact.end.latest is not None):
        yield Loss(case.source.id, fact.id, "when it ended", "a TLINK joins whole events")


def _within(instance: str, length: dict[str, str], tags: _Tags) -> None:
    """An event in the days that begin or end with day 0."""
    time = tags.time()
    tags.behind.append(("TIMEX3", {"tid": time, "type": "DURATION", **length}))
    tags.link(eventInstanceID=instance, relatedToTime=time, relType="IS_INCLUDED")


def _link(instance: str, kind: str, least: float, most: float | None, tags: _Tags) -> None:
    bounds = [("EQUAL_OR_MORE", floor(least))] + ([] if most is None else [("EQUAL_OR_LESS", ceil(most))])
    for mod, days in bounds:
        time = tags.time()
        tags.behind.append(("TIMEX3", {"tid": time, "type": "DURATION", "value": f"P{days}D", "mod": mod, "anchorTimeID": "t0"}))
        tags.link(eventInstanceID=instance, relatedToTime="t0", relType=kind, magnitude=time)


def _root(text: str, tags: _Tags, epoch: date | None) -> Element:
    root = etree.Element("TimeML")
    day0 = "XXXX-XX-XX" if epoch is None else epoch.isoformat()
    last = etree.SubElement(root, "TIMEX3", tid="t0", type="DATE", value=day0, temporalFunction="true")
    at = 0
    for start, end, tag, attributes in sorted(tags.inline, key=lambda mark: mark[0]):
        last.tail = text[at:start]
        last = etree.SubElement(root, tag, attributes)
        last.text = text[start:end]
        at = end
    last.tail = text[at:]
    for tag, attributes in tags.behind:
        etree.SubElement(root, tag, attributes).tail = "\n"
    return root
