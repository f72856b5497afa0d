"""Why a fact stands where it stands: the chain fact <- bounds <- constraints <- the words, from the document alone."""

import re

from rich.text import Text
from rich.tree import Tree

from extractor.report.terminal import days
from extractor.schema import Case, Constraint, Fact

DAY0 = "day0"
_RULES = {
    "after": "the words say how long after", "before": "the words say how long before", "date": "the words give the date",
    "age": "the words give the age", "offset": "as the words say", "elapsed": "the words say how much time had passed",
    "elapsed_total": "the words say how much time had passed in all", "follow_up": "the words say how long after, at follow-up",
    "cycles": "the words say after how many cycles", "stay": "the words give the day of the stay",
    "same": "the words say at the same time", "at_event": "the words say at what event", "index": "the words name the visit",
    "lasted": "the words say how long", "ended": "the words say that it ended", "tapered": "the words say that it was tapered",
    "told after": "told after it", "work-up": "a first step of the work-up", "day 0": "this is day 0",
    "within the story": "told within the story", "response to treatment": "as usual for a response",
}  # fmt: skip
"""What the rules that are called by a mere name mean; the others say it themselves, and those of gaps.tsv name two kinds."""
_GAP = re.compile(r"[\w-]+ to [\w-]+")


def explanation(case: Case, fact: Fact) -> Tree:
    """The reasons for the bounds of a fact: a branch for it and for each point that they lead to, down to day 0, with its constraints."""
    facts = {f.id: f for f in case.facts}
    tree = Tree(_day0(case, fact))
    ahead = [(fact, "start"), *([(fact, "end")] if fact.end else [])]
    seen = {(at.id, point) for at, point in ahead}
    while ahead:
        at, point = ahead.pop(0)
        reasons = [r for r in at.derivation if r.point == point]
        branch = tree.add(_title(at, point))
        if not reasons:
            branch.add("nothing in the text says when")
        for reason in reasons:
            branch.add(_told(reason))
            if reason.anchor in facts and (reason.anchor, reason.anchor_point) not in seen:
                seen.add((reason.anchor, reason.anchor_point))
                ahead.append((facts[reason.anchor], reason.anchor_point))
    return tree


def _day0(case: Case, fact: Fact) -> str:
    patient = next((p for p in case.patients if p.id == fact.patient), None)
    return "day 0" if patient is None or patient.index is None else f"day 0: {patient.index.label}"


def _title(fact: Fact, point: str) -> Text:
    words = " ".join(fact.evidence[0].text.split())
    title = Text(f"{fact.id} {fact.type}: {fact.name}", style="bold")
    title.append(f"  {'ends ' if point == 'end' else ''}day {days(fact.end if point == 'end' else fact.start)}", style="bold")
    return title.append(f'  "{words}" at {fact.evidence[0].start}-{fact.evidence[0].end}', style="dim")


def _told(reason: Constraint) -> Text:
    """One constraint in words: start is 137…167 days after F28: "Five months after …" at 9592-9643; F28 is named by these words."""
    anchor = "day 0" if reason.anchor == DAY0 else reason.anchor
    told = Text(f"{reason.point} is {_apart(reason)} {'the end of ' if reason.anchor_point == 'end' else ''}{anchor}")
    if reason.text is not None:
        told.append(f': "{" ".join(reason.text.split())}"', style="green")
        told.append(f" at {reason.start}-{reason.end}", style="dim")
    told.append(f" ({rule_in_words(reason.source)})", style="dim")
    if reason.why:
        told.append(f"; counted from {anchor}: {reason.why}", style="cyan")
    return told


def rule_in_words(rule: str) -> str:
    """The rule of a constraint as a reader understands it.

    >>> rule_in_words("radiotherapy to therapy"), rule_in_words("told together")
    ('as usual from radiotherapy to therapy', 'told together')
    """
    return _RULES.get(rule) or (f"as usual from {rule}" if _GAP.fullmatch(rule) else rule)


def _apart(reason: Constraint) -> str:
    """How far a point lies from its anchor, in words."""
    low, high = (None if bound is None else bound + 0.0 for bound in (reason.low, reason.high))
    if low == 0 and high == 0:
        return "at"
    if low is not None and high is not None:
        return f"{-high:g}…{-low:g} days before" if high <= 0 else f"{low:g}…{high:g} days after"
    if low is not None:
        return "not before" if low == 0 else f"at least {low:g} days after" if low > 0 else f"at most {-low:g} days before"
    if high is not None:
        return "not after" if high == 0 else f"at most {high:g} days after" if high > 0 else f"at least {-high:g} days before"
    return "at some time from"
