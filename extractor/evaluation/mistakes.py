"""What a predicted case gets wrong, fact by fact, each in its sentence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from extractor.evaluation.judged import TYPES, Days, JudgedCase, JudgedFact
from extractor.evaluation.metrics import is_placed, judged_attributes, match, overlaps, same_value
from extractor.evaluation.names import same_name

Kind = Literal["missed", "invented", "name", "attribute", "start", "end"]
KINDS: tuple[Kind, ...] = ("missed", "invented", "name", "attribute", "start", "end")
_TITLES = {
    "missed": "missed", "invented": "invented", "name": "wrong name", "attribute": "wrong attribute", "start": "wrong start",
    "end": "wrong end",
}  # fmt: skip
CONTEXT = 220
"""So many characters of a sentence are shown on either side of the head."""
_SENTENCE_END = re.compile(r"[.!?][)\]\"'”’]*\s+(?=[A-Z0-9\"“(])|\n\s*\n")


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong: with which fact, how, and the sentence with its head in [[ ]]. `key` is the attribute, where it is one."""

    case: str
    kind: Kind
    type: str
    name: str
    said: str
    sentence: str
    offset: int
    key: str = ""


def errors(gold: JudgedCase, predicted: JudgedCase) -> list[Mistake]:
    """Every miss, invention, wrong name, wrong attribute, wrong start and wrong end of a case, type by type, in the order of the text."""
    pairs = match(gold, predicted)
    matched_gold, matched_predicted = {id(g) for g, _ in pairs}, {id(p) for _, p in pairs}
    mistakes = [_mistake(gold, "missed", g, _missed(g, predicted, matched_predicted)) for g in gold.facts if id(g) not in matched_gold]
    mistakes += [_mistake(gold, "invented", p, _invented(p, gold, matched_gold)) for p in predicted.facts if id(p) not in matched_predicted]
    for g, p in pairs:
        mistakes += _differences(gold, g, p)
    return sorted(mistakes, key=lambda m: (*_place(m), m.offset, m.name, m.said))


def _place(mistake: Mistake) -> tuple[int, int, str]:
    return TYPES.index(mistake.type), KINDS.index(mistake.kind), mistake.key


def _mistake(gold: JudgedCase, kind: Kind, fact: JudgedFact, said: str, key: str = "") -> Mistake:
    offset = fact.heads[0][0] if fact.heads else len(gold.text)
    return Mistake(gold.id, kind, fact.type, fact.name, said, sentence(gold.text, fact), offset, key)


def _missed(fact: JudgedFact, predicted: JudgedCase, matched: set[int]) -> str:
    near = [f"{'matched elsewhere' if id(p) in matched else 'found'} as {p.type} {p.name!r}" for p in predicted.facts if overlaps(fact, p)]
    return "; ".join([described(fact), *near])


def _invented(fact: JudgedFact, gold: JudgedCase, matched: set[int]) -> str:
    near = [f"gold has {g.type} {g.name!r}{', matched elsewhere' if id(g) in matched else ''}" for g in gold.facts if overlaps(g, fact)]
    return "; ".join([described(fact), *near])


def _differences(gold: JudgedCase, g: JudgedFact, p: JudgedFact) -> Iterable[Mistake]:
    if not same_name(g.name, p.name):
        yield _mistake(gold, "name", g, f"gold {g.name!r}, predicted {p.name!r}")
    ours, theirs = judged_attributes(g), judged_attributes(p)
    for key in sorted(ours.keys() | theirs.keys()):
        if key not in ours or key not in theirs or not same_value(key, ours[key], theirs[key]):
            yield _mistake(gold, "attribute", g, f"{key}: gold {_value(ours.get(key))}, predicted {_value(theirs.get(key))}", key)
    if g.start is not None and not is_placed(g.start, p.start):
        yield _mistake(gold, "start", g, f"start: gold {_days(g.start)}, predicted {_days(p.start)}")
    if g.end is not None and not is_placed(g.end, p.end):
        yield _mistake(gold, "end", g, f"end: gold {_days(g.end)}, predicted {_days(p.end)}")


def described(fact: JudgedFact) -> str:
    """The judged attributes and the start of a fact, in one line."""
    return ", ".join([*(f"{key} {_value(value)}" for key, value in judged_attributes(fact).items()), f"start {_days(fact.start)}"])


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    return " x ".join(f"{v:g}" for v in value) if isinstance(value, list | tuple) else repr(value)


def _days(days: Days | None) -> str:
    return "nothing" if days is None else f"[{days[0]:.0f}, {days[1]:.0f}]"


def sentence(text: str, fact: JudgedFact) -> str:
    """The sentence in which a fact is first named, on one line, its head in [[ ]]; a long one is cut around the head."""
    if not fact.heads:
        return ""
    start, end = fact.heads[0]
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    begins = max((stop.end() for stop in _SENTENCE_END.finditer(before)), default=0)
    ends = _SENTENCE_END.search(after)
    before = before[begins:] if begins or start <= CONTEXT else "…" + before
    after = after[: ends.start() + 1] if ends else after + ("…" if end + CONTEXT < len(text) else "")
    return " ".join(f"{before}[[{text[start:end]}]]{after}".split())


def listing(mistakes: Iterable[Mistake]) -> str:
    """The mistakes as text to read: by type and kind, two lines each."""
    lines: list[str] = []
    for (kind, title), group in groupby(sorted(mistakes, key=_place), key=lambda m: (m.type, _TITLES[m.kind])):
        same = list(group)
        lines += ["", f"{kind}: {title} ({len(same)})"]
        for mistake in same:
            lines += [f"  {mistake.case}  {mistake.name}: {mistake.said}", f"      {mistake.sentence}"]
    return "\n".join(lines[1:])
