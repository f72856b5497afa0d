"""What a time expression counts from: the fact its words name, or the last event of the kind they mean.

"Five months after trastuzumab deruxtecan initiation" counts from the start of that drug, "one year after the end of the treatment"
from the end of the last one, "13 months after the second surgery" from the second operation told, "postoperatively" from the last.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.schema import BaseFact

HERE = Path(__file__).parent
_END = re.compile(
    r"\b(?:end|ending|completion|completing|completed|finishing|conclusion|last (?:dose|cycle|session)|discontinu\w+|stopp\w+|"
    r"cessation|withdrawal|EOT)\b",
    re.IGNORECASE,
)
_NTH = tuple(
    re.compile(rf"\b(?:{words})\b(?![- ]line)", re.IGNORECASE)
    for words in ("first|1st|initial|primary|index", "second|2nd", "third|3rd", "fourth|4th")
)
_LINE = re.compile(r"\b(first|second|third)[- ]line\b", re.IGNORECASE)


@dataclass(eq=False)
class Event:
    """Something told at one moment: the facts that share it, the point where it begins, and its kind.

    `ahead` is told before what it counts from. `after` is the point that the story goes on from: where an event lasts and the text
    says how long, its end.
    """

    point: str
    kind: str
    at: int
    facts: list[BaseFact] = field(default_factory=list)
    background: bool = False
    ahead: bool = False
    after: str = ""
    kinds: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.after = self.after or self.point

    @property
    def told_as(self) -> str:
        """The kind of gaps.tsv that what follows is counted from: its own, or the end of what lasted."""
        return self.kind if self.after == self.point else "end"


def kinds_of(event: Event) -> frozenset[str]:
    """The kinds of an event and of the facts that share it."""
    return event.kinds | {event.kind}


@cache
def anchor_words() -> dict[str, tuple[str, ...]]:
    """The kinds of event each anchor word can stand for."""
    return {r["word"]: tuple(r["kind"].split(",")) for r in read_table(HERE / "anchors.tsv", ("word", "kind"))}


def says_end(words: str) -> bool:
    """Whether an expression counts from where its anchor ended."""
    return bool(_END.search(words))


def kinds_meant(words: str) -> tuple[str, ...]:
    """The kinds of event that anchor words mean, by the first listed word among them."""
    text = words.lower()
    for token in re.findall(r"[a-z]+", text):
        for word, kinds in anchor_words().items():
            if token == word or token == word + "s" or (word == "ectomy" and token.endswith(word)):
                return kinds
    return next((kinds for word, kinds in anchor_words().items() if " " in word and word in text), ())


def resolve(words: str, span: tuple[int, int], events: Sequence[Event]) -> Event | None:
    """The event that anchor words stand for among those told so far; None where they mean none of them."""
    ordinal = any(cue.search(words) for cue in _NTH) and bool(kinds_meant(words))
    named = _named(words, (0, 0) if ordinal else span, events)
    if named is not None:
        return named
    for kind in kinds_meant(words):
        of_kind = [e for e in events if kind in kinds_of(e)]
        of_kind = [e for e in of_kind if not e.background] or of_kind
        if kind == "surgery":
            of_kind = _operations(of_kind)
        if line := _LINE.search(words):
            intended = [e for e in of_kind if any(getattr(f, "intent", None) == f"{line[1].lower()}-line" for f in e.facts)]
            of_kind = intended or of_kind
        if of_kind:
            nth = next((i for i, cue in enumerate(_NTH) if cue.search(words)), None)
            if nth is not None and nth < len(of_kind):
                return of_kind[nth]
            # The illness is diagnosed once; a later diagnosis is a complication or a spread of it.
            return of_kind[0] if kind == "diagnosis" else of_kind[-1]
    return None


def _operations(events: Sequence[Event]) -> list[Event]:
    """Surgical facts told at one moment are one operation."""
    seen: dict[str, Event] = {}
    for event in events:
        seen.setdefault(event.point, event)
    return list(seen.values())


def _named(words: str, span: tuple[int, int], events: Sequence[Event]) -> Event | None:
    """The latest event of a fact that has evidence at the anchor itself, or whose name stands in it; of the past only without another."""
    text = words.lower().replace("-", " ")
    best: Event | None = None
    for event in events:
        for fact in event.facts:
            here = any(e.role == "head" and e.start < span[1] and span[0] < e.end for e in fact.evidence)
            if here or (len(fact.name) > 3 and _in(fact.name.lower().replace("-", " "), text)):
                best = event if best is None or (not event.background, event.at) >= (not best.background, best.at) else best
    return best


def _in(name: str, text: str) -> bool:
    return name in text and re.search(r"\b" + re.escape(name) + r"\b", text) is not None
