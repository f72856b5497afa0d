"""Runs: the words of result that belong together, "strongly and diffusely positive", "no expression", "were not detected"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from extractor.entities.biomarker.cues import only
from extractor.entities.lexicon import read_table
from extractor.schema import Mention

ALTERATIONS = ("rearranged", "amplified", "wild-type", "mutated")
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_POLAR = {"positive", "expressed", "shown", "negative", "equivocal", "low", "high"}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of result in a sentence."""

    start: int
    end: int
    says: str
    form: str


@dataclass(slots=True)
class Run:
    """Result words that belong together. `sure`: nothing that follows the markers may overrule it."""

    start: int
    end: int
    words: list[Word]
    says: str | None
    sure: bool
    value: str | None = None
    forward: bool = False


@dataclass(slots=True)
class Result:
    """What a sentence tells of a marker; `spans` are the words that tell it."""

    says: str | None = None
    negated: bool = False
    sure: bool = False
    signed: bool = False
    grade: str | None = None
    value: str | None = None
    burden: str | None = None
    score: str | None = None
    percent: str | None = None
    variant: str | None = None
    alteration: str | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def told(self) -> bool:
        """Whether there is any result."""
        return bool(self.says or self.score or self.percent or self.burden or self.variant or self.alteration)


@cache
def result_words() -> tuple[re.Pattern[str], Mapping[str, tuple[str, str]]]:
    """A pattern for every word of result, and what each says and its form, by its letters."""
    rows = read_table(Path(__file__).parent / "results.tsv", ("word", "says", "form"))
    table = {r["word"]: (r["says"], r["form"]) for r in rows}
    spelled = sorted(table, key=len, reverse=True)
    either = "|".join(re.escape(w).replace(r"\-", r"[-\u2010-\u2014 ]?").replace(r"\ ", r"[\s-]") for w in spelled)
    keys = {re.sub(r"[-\s]", "", w): said for w, said in table.items()}
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE), keys


# Words that may stand inside a run, between two of its words.
_GLUE = only("inside", r"\-\u2010-\u2014")
_AND = re.compile(r"\s*(?:,|/|,?\s*(?:and|to|but|or))\s*", re.IGNORECASE)


def runs_of(words: str, offset: int, markers: Sequence[Mention]) -> list[Run]:
    """The runs of a sentence: result words outside the markers' names, glued where only small words part them."""
    regex, said = result_words()
    inside = [(m.start - offset, m.end - offset) for m in markers]
    tokens: list[Word] = []
    place = 0
    for match in regex.finditer(words):
        while place < len(inside) and inside[place][1] <= match.start():
            place += 1
        if place < len(inside) and inside[place][0] < match.end():
            continue
        if words[match.end() : match.end() + 1] == "/" and _after_number(words[: match.start()]):
            continue
        says, form = said[re.sub(r"[-\u2010-\u2014\s]", "", match[0].lower())]
        tokens.append(Word(match.start() + offset, match.end() + offset, says, form))
    grouped: list[list[Word]] = []
    for token in tokens:
        if grouped and _belongs(grouped[-1], token, words[grouped[-1][-1].end - offset : token.start - offset]):
            grouped[-1].append(token)
        else:
            grouped.append([token])
    return [_run(g, words, offset) for g in grouped]


def _after_number(before: str) -> bool:
    """Whether a number stands right before: "6 mutations/Mb" is a measure."""
    return bool(re.search(r"\d\s?$", before[-3:]))


def _belongs(run: Sequence[Word], token: Word, between: str) -> bool:
    """Whether a word goes on with a run: only small words part them, and it is no new statement."""
    if len(between) > 60:
        return False
    last = run[-1]
    if token.says == "negator" and last.says not in ("negator", "intensity") and token.form != "inner":
        return False
    if _GLUE.fullmatch(between):
        # "A was positive for B" has its own start: two words that could each stand alone are two runs.
        both_alone = last.form == token.form == "adjective" and last.says in _POLAR and token.says in _POLAR - {"shown"}
        return not both_alone or {last.says, token.says} & {"low", "high", "equivocal"} != set()
    small = last.says == "intensity" and token.says in ("intensity", "positive", "negative", "expressed")
    return small and bool(_AND.fullmatch(between))


def _run(group: list[Word], words: str, offset: int) -> Run:
    """What its words say together: an alteration outweighs all, a negation the rest."""
    says = {w.says for w in group}
    negative = "negative" in says or "negator" in says
    alteration = next((a for a in ALTERATIONS if a in says), None)
    value = None
    if alteration:
        status: str | None = alteration
    elif negative:
        status = "negative"
    elif "equivocal" in says:
        status = "equivocal"
    elif says & {"positive", "expressed", "shown"}:
        status = "low" if "low" in says and "positive" in says else "positive"
    elif "stained" in says:
        status = "positive" if says & {"intensity", "high"} else None
    else:
        status = "low" if "low" in says else "high" if "high" in says else None
    if status in ("positive", "low", "high", None) and says & {"intensity", "high"}:
        value = _intensity(group, words, offset)
    sure = bool(says & {"positive", "negative", "negator", "equivocal"}) or alteration == "wild-type"
    run = Run(group[0].start, group[-1].end, group, status, sure, value)
    if negative and alteration:
        run.says, run.sure = f"not {alteration}", True
    return run


def _intensity(group: Sequence[Word], words: str, offset: int) -> str | None:
    """The printed words of intensity, with the word "positive" or "expressed" that follows them."""
    first = next((i for i, w in enumerate(group) if w.says in ("intensity", "high")), None)
    if first is None:
        return None
    last = first
    while last + 1 < len(group) and group[last + 1].says in ("intensity", "high"):
        last += 1
    following = group[last + 1] if last + 1 < len(group) else None
    if following and following.form in ("adjective", "verb") and following.says in ("positive", "expressed"):
        last += 1
    return " ".join(words[group[first].start - offset : group[last].end - offset].split())


def only_negator(run: Run) -> bool:
    """Whether a run is nothing but "no", "without" or "nor"."""
    return all(w.says == "negator" for w in run.words)


def only_intensity(run: Run) -> bool:
    """Whether a run tells a strength and no result."""
    return all(w.says == "intensity" for w in run.words)


def grade(run: Run) -> str | None:
    """Low or high, where a run says so."""
    return next((w.says for w in run.words if w.says in ("low", "high")), None)
