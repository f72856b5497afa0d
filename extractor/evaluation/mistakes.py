"""What a predicted case gets wrong, fact by fact, each in its sentence."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal, NamedTuple

from extractor.evaluation.judged import TYPES, Days, JudgedCase, JudgedFact
from extractor.evaluation.metrics import is_placed, judged_attributes, match, overlaps, same_value
from extractor.evaluation.names import same_name

Kind = Literal["missed", "invented", "name", "attribute", "start", "end", "patient"]
KINDS: tuple[Kind, ...] = ("missed", "invented", "name", "attribute", "start", "end", "patient")
TITLES: dict[Kind, str] = {
    "missed": "missed", "invented": "invented", "name": "wrong name", "attribute": "wrong attribute", "start": "wrong start",
    "end": "wrong end", "patient": "wrong patient",
}  # fmt: skip
CONTEXT = 220
"""So many characters of a sentence are shown on either side of the head."""
_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?][)\]\"'”’]*\s+(?=[A-Z0-9\"“(])|\n\s*\n")


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong: with which fact, how, and the sentence with its head in [[ ]]. `key` is the attribute, where it is one.

    `fact` is the gold fact, or the predicted one that was invented; `gold` and `predicted` are what the two sides say where both have it.
    """

    case: str
    kind: Kind
    type: str
    name: str
    said: str
    sentence: str
    offset: int
    fact: JudgedFact
    key: str = ""
    gold: str = ""
    predicted: str = ""


def errors(gold: JudgedCase, predicted: JudgedCase) -> list[Mistake]:
    """Every miss, invention, wrong name, attribute, start, end and patient of a case, type by type, in the order of the text."""
    pairs = match(gold, predicted)
    matched_gold, matched_predicted = {id(g) for g, _ in pairs}, {id(p) for _, p in pairs}
    mistakes = [_mistake(gold, "missed", g, _missed(g, predicted, matched_predicted)) for g in gold.facts if id(g) not in matched_gold]
    mistakes += [_mistake(gold, "invented", p, _invented(p, gold, matched_gold)) for p in predicted.facts if id(p) not in matched_predicted]
    for g, p in pairs:
        mistakes += [
            replace(_mistake(gold, d.kind, g, f"{d.said}gold {d.gold}, predicted {d.predicted}", d.key), gold=d.gold, predicted=d.predicted)
            for d in disagreements(gold, g, p)
        ]
    return sorted(mistakes, key=lambda m: (*_place(m), m.offset, m.name, m.said))


def _place(mistake: Mistake) -> tuple[int, int, str]:
    return TYPES.index(mistake.type), KINDS.index(mistake.kind), mistake.key


def _mistake(gold: JudgedCase, kind: Kind, fact: JudgedFact, said: str, key: str = "") -> Mistake:
    offset = fact.heads[0][0] if fact.heads else len(gold.text)
    return Mistake(gold.id, kind, fact.type, fact.name, said, sentence(gold.text, fact), offset, fact, key)


def _missed(fact: JudgedFact, predicted: JudgedCase, matched: set[int]) -> str:
    near = [f"{'matched elsewhere' if id(p) in matched else 'found'} as {p.type} {p.name!r}" for p in predicted.facts if overlaps(fact, p)]
    return "; ".join([described(fact), *near])


def _invented(fact: JudgedFact, gold: JudgedCase, matched: set[int]) -> str:
    near = [f"gold has {g.type} {g.name!r}{', matched elsewhere' if id(g) in matched else ''}" for g in gold.facts if overlaps(g, fact)]
    return "; ".join([described(fact), *near])


class Disagreement(NamedTuple):
    """Where a matched pair differs: the kind, the attribute where it is one, and what either side says."""

    kind: Kind
    key: str
    gold: str
    predicted: str

    @property
    def said(self) -> str:
        """What `gold` and `predicted` are values of, as a listing says it before them."""
        return {"attribute": f"{self.key}: ", "name": ""}.get(self.kind, f"{self.kind}: ")


def disagreements(gold: JudgedCase, g: JudgedFact, p: JudgedFact) -> Iterator[Disagreement]:
    """What is judged wrong of a fact that was found: its name, each attribute, its start and end, its patient."""
    if not same_name(g.name, p.name):
        yield Disagreement("name", "", repr(g.name), repr(p.name))
    ours, theirs = judged_attributes(g), judged_attributes(p)
    for key in sorted(ours.keys() | theirs.keys()):
        if key not in ours or key not in theirs or not same_value(key, ours[key], theirs[key]):
            yield Disagreement("attribute", key, value(ours.get(key)), value(theirs.get(key)))
    if g.start is not None and not is_placed(g.start, p.start):
        yield Disagreement("start", "", days(g.start), days(p.start))
    if g.end is not None and not is_placed(g.end, p.end):
        yield Disagreement("end", "", days(g.end), days(p.end))
    if len(gold.patients) > 1 and g.patient != p.patient:
        yield Disagreement("patient", "", str(g.patient), str(p.patient))


def described(fact: JudgedFact) -> str:
    """The judged attributes and the start of a fact, in one line."""
    return ", ".join([*(f"{key} {value(said)}" for key, said in judged_attributes(fact).items()), f"start {days(fact.start)}"])


def value(said: Any) -> str:
    """An attribute's value as a listing shows it."""
    if said is None:
        return "nothing"
    return " x ".join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in said) if isinstance(said, list | tuple) else repr(said)


def days(bounds: Days | None) -> str:
    """Bounds in days as a listing shows them."""
    return "nothing" if bounds is None else f"[{bounds[0]:.0f}, {bounds[1]:.0f}]"


def sentence(text: str, fact: JudgedFact) -> str:
    """The sentence in which a fact is first named, on one line, its head in [[ ]]; a long one is cut around the head."""
    before, head, after = in_sentence(text, fact)
    return f"{before}[[{head}]]{after}" if head else ""


def in_sentence(text: str, fact: JudgedFact) -> tuple[str, str, str]:
    """The sentence in which a fact is first named as what stands before its head, the head, and what stands after; white space folded."""
    if not fact.heads:
        return "", "", ""
    start, end = fact.heads[0]
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    begins = max((stop.end() for stop in _SENTENCE_END.finditer(before)), default=0)
    ends = _SENTENCE_END.search(after)
    before = before[begins:] if begins or start <= CONTEXT else "…" + before
    after = after[: ends.start() + 1] if ends else after + ("…" if end + CONTEXT < len(text) else "")
    return _SPACE.sub(" ", before).lstrip(), _SPACE.sub(" ", text[start:end]), _SPACE.sub(" ", after).rstrip()


def listing(mistakes: Iterable[Mistake]) -> str:
    """The mistakes as text to read: by type and kind, two lines each."""
    lines: list[str] = []
    for (kind, title), group in groupby(sorted(mistakes, key=_place), key=lambda m: (m.type, TITLES[m.kind])):
        same = list(group)
        lines += ["", f"{kind}: {title} ({len(same)})"]
        for mistake in same:
            lines += [f"  {mistake.case}  {mistake.name}: {mistake.said}", f"      {mistake.sentence}"]
    return "\n".join(lines[1:])
