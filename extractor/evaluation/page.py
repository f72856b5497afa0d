"""An evaluation as one self-contained page: the figures, every error in its sentence, and each text with both sides' spans.

Everything a text says reaches the page through the template's escaping, and the page's policy lets no script run but its own.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from extractor.evaluation.judged import FLAGS, TYPES, Days, JudgedCase, JudgedFact, JudgedPatient
from extractor.evaluation.metrics import ATTRIBUTES
from extractor.evaluation.mistakes import (
    KINDS,
    MENTION,
    TITLES,
    Mistake,
    attributes_of,
    disagreements,
    errors,
    in_sentence,
    sides,
    type_rank,
)
from extractor.evaluation.pairs import Result
from extractor.evaluation.report import IN_TABLES, SHARES, interval, p_value, percent
from extractor.evaluation.rows import ALL, CORE, Row
from extractor.evaluation.statistics import METHOD, Score, Spread, differences, spreads

HERE = Path(__file__).parent
SIGNS: dict[str, str] = {"right": "=", "wrong": "≠", "missed": "−", "invented": "+"}
"""How a fact did, as a sign, so that no colour is needed to tell."""
_WORST = ("missed", "invented", "wrong", "right")
HEADLINE = (
    ("placed", "Placed F1", "found and started right"),
    ("found", "F1", "found"),
    ("attributes", "Attributes F1", "of matched facts"),
    ("start", "Start", "of matched facts"),
    ("order", "Order", "of pairs of facts"),
    ("inverted", "Inverted", "of pairs told in the other order"),
)


@dataclass(frozen=True)
class Line:
    """One thing that both sides may say of a fact."""

    key: str
    gold: str
    predicted: str
    differs: bool


@dataclass(frozen=True)
class Pair:
    """A gold fact and the predicted one it was matched with, or either alone; numbered within its report."""

    number: int
    gold: JudgedFact | None
    predicted: JudgedFact | None
    wrong: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def fact(self) -> JudgedFact:
        fact = self.gold or self.predicted
        assert fact is not None
        return fact

    @property
    def status(self) -> str:
        return "missed" if self.predicted is None else "invented" if self.gold is None else "wrong" if self.wrong else "right"

    @property
    def said(self) -> str:
        """How the pair did, in words."""
        return {"wrong": "wrong " + ", ".join(self.wrong)}.get(self.status, self.status)


@dataclass(frozen=True)
class Segment:
    """A stretch of text under the same facts; of none, plain text."""

    text: str
    pairs: tuple[Pair, ...] = ()

    @property
    def status(self) -> str:
        return min((pair.status for pair in self.pairs), key=_WORST.index)

    @property
    def label(self) -> str:
        return "; ".join(f"{pair.fact.type} {pair.fact.name}: {pair.said}" for pair in self.pairs)


@dataclass(frozen=True)
class ShownError:
    """A mistake, the sentence around its head, and the number of its pair in the report."""

    mistake: Mistake
    sentence: tuple[str, str, str]
    pair: int

    @property
    def status(self) -> str:
        return self.mistake.kind if self.mistake.kind in SIGNS else "wrong"


@dataclass(frozen=True)
class Report:
    """A text with both sides' facts, as the page shows it."""

    id: str
    rows: dict[Score, Row]
    paragraphs: list[tuple[list[Segment], list[Segment]]]
    pairs: list[Pair]
    errors: list[ShownError]
    patients: list[Line]

    def row(self, metric: str, key: str = ALL) -> Row:
        return self.rows.get((metric, key), Row(metric, key, 0, 0, 0))


def page(result: Result, against: Result | None = None) -> str:
    """The page as HTML; the same result gives the same bytes, whatever order its files came in."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"percent": percent, "days": _days}
    environment.globals |= {"interval": interval, "p_value": p_value}
    script, style = (HERE / "page.js").read_text(encoding="utf-8"), (HERE / "page.css").read_text(encoding="utf-8")
    reports = [_report(gold, predicted, result.by_case[gold.id]) for gold, predicted in sorted(result.pairs, key=lambda pair: pair[0].id)]
    shown = sorted((error for report in reports for error in report.errors), key=_place)
    known = spreads(result.by_case)
    types = sorted(
        {pair.fact.type for report in reports for pair in report.pairs} | ({*TYPES} if "fact" in result.levels else set()), key=type_rank
    )
    return environment.get_template("page.html.jinja").render(
        script=Markup(script),
        style=Markup(style),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        result=result,
        reports=reports,
        errors=shown,
        counted=_counted(shown),
        spread=lambda metric, key=ALL: known.get((metric, key), Spread(None, 0)),
        others=[row for row in result.rows if row.metric not in IN_TABLES],
        against=None if against is None else [d for d in differences(result.by_case, against.by_case) if d.difference is not None],
        both=0 if against is None else len(result.by_case.keys() & against.by_case.keys()),
        method=METHOD,
        headline=HEADLINE,
        scored={row.metric for row in result.rows if row.gold or row.predicted},
        shares=SHARES,
        kinds=[kind for kind in KINDS if kind != "patient" or any(len(gold.patients) > 1 for gold, _ in result.pairs)],
        titles=TITLES,
        signs=SIGNS,
        types=types,
        mention=MENTION,
        keys=sorted({error.mistake.key for error in shown} - {""}),
        groups=(*TYPES, CORE, ALL),
        attribute_rows=[row for row in result.rows if row.metric == "attributes"],
    )


def _place(error: ShownError) -> tuple[Any, ...]:
    m = error.mistake
    return type_rank(m.type), KINDS.index(m.kind), m.key, m.case, m.offset, m.name, m.said


def _counted(shown: Iterable[ShownError]) -> Counter[tuple[str, ...]]:
    """How many errors there are of each (report, type, kind, attribute); "" stands for any."""
    counts: Counter[tuple[str, ...]] = Counter()
    for m in (error.mistake for error in shown):
        for case in ("", m.case):
            for kind in ("", m.type):
                counts[case, kind, m.kind, ""] += 1
                if m.key:
                    counts[case, kind, m.kind, m.key] += 1
    return counts


def _report(gold: JudgedCase, predicted: JudgedCase, rows: Sequence[Row]) -> Report:
    pairs = list(_pairs(gold, predicted))
    numbers = {_identity(pair.fact, pair.status == "invented"): pair.number for pair in pairs}
    mistakes = sorted(errors(gold, predicted), key=lambda m: (m.offset, KINDS.index(m.kind), m.key))
    return Report(
        id=gold.id,
        rows={(row.metric, row.key): row for row in rows},
        paragraphs=list(_paragraphs(gold.text, pairs)),
        pairs=pairs,
        errors=[ShownError(m, in_sentence(gold.text, m.fact), numbers[_identity(m.fact, m.kind == "invented")]) for m in mistakes],
        patients=list(_patients(gold.patients, predicted.patients)),
    )


def _pairs(gold: JudgedCase, predicted: JudgedCase) -> Iterator[Pair]:
    """Every fact of both sides with its partner, in the order of the text."""
    went = sides(gold, predicted)
    alone: list[tuple[JudgedFact | None, JudgedFact | None]] = [(g, None) for g in went.missed]
    alone += [(None, p) for p in went.invented]
    several = len(gold.patients) > 1 or len(predicted.patients) > 1
    for number, (g, p) in enumerate(sorted([*went.matched, *alone], key=_in_text), start=1):
        wrong = list(disagreements(gold, predicted, g, p)) if g and p else []
        lines = tuple(_lines(g, p, {w.key or w.kind for w in wrong}, several=several))
        yield Pair(number, g, p, tuple(w.key or w.kind for w in wrong), lines)


def _identity(fact: JudgedFact, invented: bool) -> tuple[Any, ...]:
    """What tells a fact from the others of its report and side."""
    return invented, fact.id, fact.type, fact.heads, fact.name, repr(fact)


def _in_text(pair: tuple[JudgedFact | None, JudgedFact | None]) -> tuple[Any, ...]:
    fact = pair[0] or pair[1]
    assert fact is not None
    return (
        fact.heads[:1],
        type_rank(fact.type),
        fact.name,
        pair[0] is None,
        fact.heads,
        repr(sorted(fact.attributes.items())),
        repr(fact),
    )


def _lines(gold: JudgedFact | None, predicted: JudgedFact | None, wrong: set[str], *, several: bool) -> Iterator[Line]:
    """What either side says: the judged attributes, and beside them the time."""
    both = [{} if fact is None else _said(fact, several=several) for fact in (gold, predicted)]
    of_type = next(ATTRIBUTES.get(fact.type, FLAGS) for fact in (gold, predicted) if fact is not None)
    for key in ("name", *of_type, "certainty", "start", "end", "step", "patient"):
        ours, theirs = (side.get(key, "") for side in both)
        if ours or theirs:
            yield Line(key, ours, theirs, key in wrong)


def _said(fact: JudgedFact, *, several: bool) -> dict[str, str]:
    said = {"name": fact.name} | {key: _value(value) for key, value in attributes_of(fact).items()}
    said |= {key: _days(bounds) for key, bounds in (("start", fact.start), ("end", fact.end)) if bounds is not None}
    return (
        said
        | ({} if fact.step is None else {"step": str(fact.step)})
        | ({"patient": str(fact.patient)} if several and fact.type in TYPES else {})
    )


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " × ".join(map(_value, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _days(bounds: Days | None) -> str:
    """Bounds in days as a reader says them."""
    if bounds is None:
        return "nothing"
    earliest, latest = (f"{bound:.0f}".replace("-", "−") for bound in bounds)
    return f"day {earliest}" if earliest == latest else f"days {earliest} … {latest}"


def _patients(gold: Sequence[JudgedPatient], predicted: Sequence[JudgedPatient]) -> Iterator[Line]:
    for number in range(max(len(gold), len(predicted))):
        ours, theirs = (side[number] if number < len(side) else JudgedPatient() for side in (gold, predicted))
        differs = ours.sex != theirs.sex or (ours.age is None) != (theirs.age is None) or abs((ours.age or 0) - (theirs.age or 0)) >= 0.1
        yield Line(f"patient {number + 1}", _person(ours), _person(theirs), differs)


def _person(patient: JudgedPatient) -> str:
    age = "" if patient.age is None else f"{patient.age:.3g} years"
    return ", ".join(filter(None, (patient.sex, age))) or "nothing"


def _paragraphs(text: str, pairs: Sequence[Pair]) -> Iterator[tuple[list[Segment], list[Segment]]]:
    """The lines of the text that hold something, each cut into segments by the spans of the gold and by those of the prediction."""
    both = [_spans(((pair, pair.gold) for pair in pairs), len(text)), _spans(((pair, pair.predicted) for pair in pairs), len(text))]
    start = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line.rstrip())
        if end > start:
            ours, theirs = (list(_segments(text, start, end, spans)) for spans in both)
            yield ours, theirs
        start += len(line)


Span = tuple[int, int, Pair]


def _spans(facts: Iterable[tuple[Pair, JudgedFact | None]], length: int) -> list[Span]:
    return [(max(0, s), min(e, length), pair) for pair, fact in facts if fact is not None for s, e in fact.heads if s < e and s < length]


def _segments(text: str, start: int, end: int, spans: Sequence[Span]) -> Iterator[Segment]:
    """The text from start to end, cut wherever a span begins or ends; a segment names the shortest span's fact first."""
    here = sorted((span for span in spans if span[0] < end and span[1] > start), key=lambda span: (span[1] - span[0], span[2].number))
    cuts = sorted({start, end, *(cut for s, e, _ in here for cut in (s, e) if start < cut < end)})
    for begin, stop in pairwise(cuts):
        over = dict.fromkeys(pair.number for s, e, pair in here if s <= begin and stop <= e)
        of_number = {pair.number: pair for _, _, pair in here}
        yield Segment(text[begin:stop], tuple(of_number[number] for number in over))
