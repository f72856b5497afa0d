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
_DIAGNOSIS_OF = re.compile(r"\bdiagnosis of (?:the |an? |her |his )?(.+)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]{3,}|[A-Z]{2,}", re.IGNORECASE)
_ANY_ILLNESS = frozenset({
    "disease", "cancer", "tumor", "tumors", "tumour", "carcinoma", "malignancy", "illness", "the", "her", "his", "this", "primary",
    "initial", "first", "original", "metastatic", "advanced",
})  # fmt: skip
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


@dataclass(frozen=True)
class Choice:
    """The event that words count from, and how it was found; None where they mean none that was told."""

    event: Event | None
    why: str = ""


def resolve(words: str, span: tuple[int, int], events: Sequence[Event]) -> Event | None:
    """The event that anchor words stand for among those told so far; None where they mean none of them."""
    return choose(words, span, events).event


def choose(words: str, span: tuple[int, int], events: Sequence[Event]) -> Choice:
    """The same, with the reason: by its name, as the n-th of its kind, by the line of treatment, or as the last of its kind."""
    nth = next((i for i, cue in enumerate(_NTH) if cue.search(words)), None)
    named = _named(words, (0, 0) if nth is not None and kinds_meant(words) else span, events)
    if named is not None:
        event, fact = named
        alone = fact is event.facts[0]
        return Choice(event, "named by these words" if alone else f"{fact.id}, at the same time, is named by these words")
    for kind in kinds_meant(words):
        of_kind = [e for e in events if kind in kinds_of(e)]
        of_kind = [e for e in of_kind if not e.background] or of_kind
        if kind == "surgery":
            of_kind = _operations(of_kind)
        line = _LINE.search(words)
        if line and (intended := [e for e in of_kind if any(getattr(f, "intent", None) == f"{line[1].lower()}-line" for f in e.facts)]):
            return Choice(intended[-1], f"the {line[1].lower()} line of treatment")
        if of_kind:
            if nth is not None and nth < len(of_kind):
                return Choice(of_kind[nth], f"number {nth + 1} of the events of the kind {kind}")
            # The illness is diagnosed once; a later diagnosis is a complication or a spread of it.
            if kind == "diagnosis":
                return _diagnosis(words, of_kind, events)
            return Choice(of_kind[-1], f"the last event of the kind {kind} told so far")
    return Choice(None)


def _diagnosis(words: str, diagnoses: Sequence[Event], events: Sequence[Event]) -> Choice:
    """Which diagnosis is meant: "of" something only that of it ("the diagnosis of brain metastases"), else the first of the story."""
    of = _DIAGNOSIS_OF.search(words)
    said = {w for w in _WORD.findall(of[1].lower()) if w not in _ANY_ILLNESS} if of else set()
    if not said:
        return Choice(diagnoses[0], "the first diagnosis of the story")
    known = [e for e in events if not said.isdisjoint(w for f in e.facts for w in _WORD.findall(_called(f)))]
    if known:
        return Choice(known[-1] if known[-1].kind != "diagnosis" else known[0], "the event told with the illness named here")
    return Choice(diagnoses[0], "the first diagnosis of the story")


def _called(fact: BaseFact) -> str:
    """What a fact is called: its name, its place, and the words that name it."""
    return " ".join([fact.name, str(getattr(fact, "site", None) or ""), *(e.text for e in fact.evidence if e.role == "head")]).lower()


def _operations(events: Sequence[Event]) -> list[Event]:
    """Surgical facts told at one moment are one operation."""
    seen: dict[str, Event] = {}
    for event in events:
        seen.setdefault(event.point, event)
    return list(seen.values())


def _named(words: str, span: tuple[int, int], events: Sequence[Event]) -> tuple[Event, BaseFact] | None:
    """The latest event of a fact that has evidence at the anchor itself, or whose name stands in it; of the past only without another."""
    text = words.lower().replace("-", " ")
    best: tuple[Event, BaseFact] | None = None
    for event in events:
        for fact in event.facts:
            here = any(e.role == "head" and e.start < span[1] and span[0] < e.end for e in fact.evidence)
            named = here or (len(fact.name) > 3 and _in(fact.name.lower().replace("-", " "), text))
            if named and (best is None or (not event.background, event.at) >= (not best[0].background, best[0].at)):
                best = event, fact
    return best


def _in(name: str, text: str) -> bool:
    return name in text and re.search(r"\b" + re.escape(name) + r"\b", text) is not None
