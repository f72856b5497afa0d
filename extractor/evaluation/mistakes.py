"""What a predicted case gets wrong, fact by fact, each in its sentence."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, Literal, NamedTuple

from extractor.evaluation.judged import TYPES, Days, JudgedCase, JudgedFact, JudgedMention
from extractor.evaluation.mentions import comparable, match_mentions
from extractor.evaluation.metrics import is_placed, judged_attributes, match, overlaps, same_value
from extractor.evaluation.names import same_name

Kind = Literal["missed", "invented", "name", "attribute", "start", "end", "patient"]
KINDS: tuple[Kind, ...] = ("missed", "invented", "name", "attribute", "start", "end", "patient")
TITLES: dict[Kind, str] = {
    "missed": "missed", "invented": "invented", "name": "wrong name", "attribute": "wrong attribute", "start": "wrong start",
    "end": "wrong end", "patient": "wrong patient",
}  # fmt: skip
MENTION = " mention"
"""What the type of a mention read as a fact ends with."""
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


@dataclass(frozen=True)
class Sides:
    """The facts of a case: those of the gold with their predicted partners, the missed, and the invented."""

    matched: Sequence[tuple[JudgedFact, JudgedFact]] = ()
    missed: Sequence[JudgedFact] = ()
    invented: Sequence[JudgedFact] = ()


def sides(gold: JudgedCase, predicted: JudgedCase) -> Sides:
    """How the facts of both sides went; of gold that tells no facts, its mentions, read as facts whose attributes are their flags."""
    both = gold.levels & predicted.levels
    if "fact" in both:
        pairs = match(gold, predicted)
        taken = {id(fact) for pair in pairs for fact in pair}
        left = [[fact for fact in case.facts if id(fact) not in taken] for case in (gold, predicted)]
        return Sides(pairs, *left)
    if "mention" in both:
        matched = match_mentions(gold, predicted)
        all_ours, all_theirs = comparable(gold, predicted)
        missed, invented = Counter(all_ours) - Counter(g for g, _ in matched), Counter(all_theirs) - Counter(p for _, p in matched)
        judged = gold.flags & predicted.flags
        read = partial(_as_fact, text=gold.text, flags=judged if "context" in both else frozenset())
        return Sides([(read(g), read(p)) for g, p in matched], [*map(read, missed.elements())], [*map(read, invented.elements())])
    return Sides()


def _as_fact(mention: JudgedMention, text: str, flags: frozenset[str]) -> JudgedFact:
    """A mention as a fact of the type "<label> mention", so that no type of facts is meant."""
    name = " ".join(" ".join(text[start:end] for start, end in mention.spans).split())
    return JudgedFact(mention.id, f"{mention.label}{MENTION}", name, mention.spans, dict.fromkeys(sorted(mention.flags & flags), "yes"))


def errors(gold: JudgedCase, predicted: JudgedCase) -> list[Mistake]:
    """Every miss, invention, wrong name, attribute, start, end and patient of a case, type by type, in the order of the text.

    Only what both sides can be judged on counts: of gold that tells no facts, the mentions are what is missed and invented.
    """
    went = sides(gold, predicted)
    mistakes = [_mistake(gold, "missed", g, _missed(g, went)) for g in went.missed]
    mistakes += [_mistake(gold, "invented", p, _invented(p, went)) for p in went.invented]
    for g, p in went.matched:
        mistakes += [
            replace(_mistake(gold, d.kind, g, f"{d.said}gold {d.gold}, predicted {d.predicted}", d.key), gold=d.gold, predicted=d.predicted)
            for d in disagreements(gold, predicted, g, p)
        ]
    return sorted(mistakes, key=lambda m: (*_place(m), m.offset, m.name, m.said))


def _place(mistake: Mistake) -> tuple[tuple[int, str], int, str]:
    return type_rank(mistake.type), KINDS.index(mistake.kind), mistake.key


def type_rank(kind: str) -> tuple[int, str]:
    """The place of a type among the types: those of facts in their order, others by their name after them."""
    return (TYPES.index(kind), "") if kind in TYPES else (len(TYPES), kind)


def _mistake(gold: JudgedCase, kind: Kind, fact: JudgedFact, said: str, key: str = "") -> Mistake:
    offset = fact.heads[0][0] if fact.heads else len(gold.text)
    return Mistake(gold.id, kind, fact.type, fact.name, said, sentence(gold.text, fact), offset, fact, key)


def _missed(fact: JudgedFact, went: Sides) -> str:
    near = [f"matched elsewhere as {p.type} {p.name!r}" for _, p in went.matched if overlaps(fact, p)]
    near += [f"found as {p.type} {p.name!r}" for p in went.invented if overlaps(fact, p)]
    return "; ".join(filter(None, [described(fact), *near]))


def _invented(fact: JudgedFact, went: Sides) -> str:
    near = [f"gold has {g.type} {g.name!r}, matched elsewhere" for g, _ in went.matched if overlaps(g, fact)]
    near += [f"gold has {g.type} {g.name!r}" for g in went.missed if overlaps(g, fact)]
    return "; ".join(filter(None, [described(fact), *near]))


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


def disagreements(gold: JudgedCase, predicted: JudgedCase, g: JudgedFact, p: JudgedFact) -> Iterator[Disagreement]:
    """What is judged wrong of a fact that was found: its name, each attribute, its start and end, its patient."""
    if g.type.endswith(MENTION):
        for key in sorted(g.attributes.keys() ^ p.attributes.keys()):
            yield Disagreement("attribute", key, value(g.attributes.get(key)), value(p.attributes.get(key)))
        return
    levels = gold.levels & predicted.levels
    if not same_name(g.name, p.name):
        yield Disagreement("name", "", repr(g.name), repr(p.name))
    ours, theirs = judged_attributes(g), judged_attributes(p)
    for key in sorted(ours.keys() | theirs.keys()) if "attribute" in levels else ():
        if key not in ours or key not in theirs or not same_value(key, ours[key], theirs[key]):
            yield Disagreement("attribute", key, value(ours.get(key)), value(theirs.get(key)))
    for kind, here, there in (("start", g.start, p.start), ("end", g.end, p.end)) if "start" in levels else ():
        if here is not None and not is_placed(here, there):
            yield Disagreement("start" if kind == "start" else "end", "", days(here), days(there))
    if len(gold.patients) > 1 and g.patient != p.patient:
        yield Disagreement("patient", "", str(g.patient), str(p.patient))


def attributes_of(fact: JudgedFact) -> Mapping[str, Any]:
    """What is judged of a fact beside its name and time."""
    return fact.attributes if fact.type.endswith(MENTION) else judged_attributes(fact)


def described(fact: JudgedFact) -> str:
    """The judged attributes and the start of a fact, in one line."""
    start = [] if fact.type.endswith(MENTION) else [f"start {days(fact.start)}"]
    return ", ".join([*(f"{key} {value(said)}" for key, said in attributes_of(fact).items()), *start])


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
