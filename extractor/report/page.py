"""Timeline documents as pages: one that shows a case, and an index of several. Each is one file that needs no network.

All that a document says reaches a page through the template's escaping, and the page's policy lets no script run but its own.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote as url_quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from extractor.report.lanes import COLOURS, OTHER, TYPES, colour, lane_of, width_of
from extractor.report.picture import Picture, Scale, Sizes, in_order, middle, picture
from extractor.report.terminal import COMMON, attributes, days, in_words
from extractor.report.words import Left, not_taken, paragraphs
from extractor.schema import BaseFact, Bounds, Case, Constraint, Patient

HERE = Path(__file__).parent
FONT = 11.5
"""Pixels of a label in a picture."""
SMALL = Sizes(width=320, row=5, glyph=2.2, gap=0, edge=4, heading=0, tick=70)


@dataclass(frozen=True)
class Person:
    """A patient with the pictures of the timeline, by scale."""

    patient: Patient
    said: str
    pictures: tuple[Picture, ...]
    scale: Scale


@dataclass(frozen=True)
class Entry:
    """A case in the index: where its page lies, and what the search looks through."""

    case: Case
    href: str
    people: tuple[tuple[str, Picture], ...]
    counts: list[tuple[str, int]]
    words: str
    span: str


def page(case: Case, index: str | None = None) -> str:
    """The page of one case as HTML; `index` is the address of the index it belongs to."""
    left = not_taken(case)
    return _render(
        "page",
        case=case,
        title=title_of(case),
        index=index,
        people=[_person(case, patient) for patient in case.patients],
        facts=[fact for patient in case.patients for fact in in_order(case, patient.id)],
        paragraphs=list(paragraphs(case)),
        left=left,
        reasons=Counter(x.reason for x in left).most_common(),
        types=types_of(case),
        data=_data(case, left),
        place=lambda fact: next((e.page for e in fact.evidence if e.page is not None), None),
        pages=any(e.page is not None for f in case.facts for e in f.evidence),
    )


def index(cases: Sequence[Case], folder: str) -> str:
    """The page that lists several cases, whose pages lie in `folder` beside it."""
    return _render(
        "index", entries=[_entry(case, folder) for case in cases], types=sorted({t for c in cases for t in types_of(c)}, key=_rank)
    )


def file_of(case: Case) -> str:
    """The name of a case's page."""
    return f"{case.source.id}.html"


def title_of(case: Case) -> str:
    return case.source.title or case.source.id


def types_of(case: Case) -> list[str]:
    """The types of a case's facts, in the order of the lanes."""
    return sorted({fact.type for fact in case.facts}, key=_rank)


def _rank(kind: str) -> tuple[int, str]:
    return TYPES.index(kind) if kind in TYPES else len(TYPES), kind


def _person(case: Case, patient: Patient) -> Person:
    facts = in_order(case, patient.id)
    scales: tuple[Scale, ...] = ("time", "order")
    measure = partial(width_of, size=FONT)
    dated = sum(middle(f.start) is not None for f in facts)
    return Person(
        patient,
        said(patient),
        tuple(picture(case, patient.id, scale, measure) for scale in scales),
        "order" if dated * 2 < len(facts) and any(f.step is not None for f in facts) else "time",
    )


def said(patient: Patient) -> str:
    """Who a patient is, in words."""
    age = patient.age or ""
    years = age.removeprefix("P").removesuffix("Y") + "-year-old" if age.endswith("Y") and age[1:-1].isdigit() else age
    return " ".join(filter(None, (years, "" if patient.sex == "unknown" else patient.sex))) or "age and sex not told"


def _entry(case: Case, folder: str) -> Entry:
    people = tuple((said(p), picture(case, p.id, "time", lambda _: 0, SMALL)) for p in case.patients)
    counts = Counter(fact.type for fact in case.facts)
    words = {case.source.id, title_of(case), *(who for who, _ in people), *(f"{f.name} {attributes(f)}" for f in case.facts)}
    last = max((d for f in case.facts for b in (f.start, f.end) if b for d in (b.earliest, b.latest) if d is not None), default=None)
    span = "no day known" if last is None else f"up to {_long(last)}"
    return Entry(
        case,
        f"{url_quote(folder)}/{url_quote(file_of(case))}",
        people,
        [(t, counts[t]) for t in types_of(case)],
        " ".join(sorted(words)).lower(),
        span,
    )


def _long(days: float) -> str:
    return f"{days / 365.25:.1f} years" if days > 730 else f"{days / 30.44:.0f} months" if days > 60 else f"{days:.0f} days"


def _data(case: Case, left: Sequence[Left]) -> dict[str, Any]:
    """What the script shows of a fact when it is chosen."""
    relations: dict[str, list[list[str]]] = {}
    for r in case.relations:
        relations.setdefault(r.source, []).append([r.type.replace("-", " "), r.target])
        relations.setdefault(r.target, []).append([f"{r.type.replace('-', ' ')} (of)", r.source])
    several = len(case.patients) > 1
    facts = [
        {
            "id": fact.id, "type": fact.type, "name": fact.name, "certainty": fact.certainty, "confidence": fact.confidence,
            "step": fact.step, "patient": fact.patient if several else None, "start": day(fact.start),
            "end": None if fact.end is None else day(fact.end), "said": _said(fact),
            "evidence": [
                {"role": e.role, "start": e.start, "text": " ".join(e.text.split()), "page": e.page,
                 "boxes": [[b.page, b.x0, b.y0, b.x1, b.y1] for b in e.boxes or ()]}
                for e in fact.evidence
            ],
            "why": [_why(reason) for reason in fact.derivation],
            "relations": relations.get(fact.id, []),
        }
        for fact in case.facts
    ]  # fmt: skip
    boxes = [b for f in case.facts for e in f.evidence for b in e.boxes or ()]
    paper = [max([595.0, *(b.x1 for b in boxes)]), max([842.0, *(b.y1 for b in boxes)])]
    return {
        "facts": facts,
        "paper": paper,
        "left": {x.mention.id: [x.mention.label, x.mention.name or x.mention.text, x.reason] for x in left},
    }


def _said(fact: BaseFact) -> list[list[str]]:
    """What a fact says of itself, value by value."""
    values = [
        [key.replace("_", " "), in_words(value)] for key, value in fact.model_dump().items() if key not in COMMON and value is not None
    ]
    return values if fact.concept is None else [*values, ["concept", f"{fact.concept.system} {fact.concept.code}"]]


def _why(reason: Constraint) -> dict[str, Any]:
    """A reason for a fact's bounds, as a sentence around the fact it counts from."""
    low, high = (None if x is None else f"{x:.0f}" for x in (reason.low, reason.high))
    if low is None and high is None:
        words = "in no known relation to"
    elif (low, high) == ("0", "0"):
        words = "together with"
    elif low == "0" and high is None:
        words = "not before"
    elif high == "0" and low is None:
        words = "not after"
    else:
        span = f"{low} to {high}" if low is not None and high is not None else f"at least {low}" if high is None else f"at most {high}"
        words = f"{span} days after".replace("-", "−")
    return {
        "point": reason.point, "words": words, "anchor": None if reason.anchor == "day0" else reason.anchor,
        "of": reason.anchor_point,
        "rule": reason.source, "text": None if reason.text is None else " ".join(reason.text.split()),
    }  # fmt: skip


def day(bounds: Bounds | None) -> str:
    """Bounds in words: `day 14`, `day 472…502`, `not told`."""
    words = days(bounds).replace("-", "−")
    return "not told" if words == "?" else words if bounds and bounds.date else f"day {words}"


@cache
def environment() -> Environment:
    """The templates, with escaping on for everything."""
    made = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    made.filters |= {"days": days, "day": day, "attributes": attributes, "n": _number, "fit": _fit}
    made.globals |= {"colour": colour, "COLOURS": COLOURS, "title_of": title_of, "lane_of": lane_of, "middle": middle}
    return made


def _number(value: float) -> str:
    """A coordinate: a tenth of a unit is as fine as a screen shows."""
    return f"{value:.1f}".removesuffix(".0")


def _fit(words: str, width: float) -> str:
    """Words cut where they would stand wider than `width` pixels."""
    if width_of(words, FONT) <= width:
        return words
    return next(f"{cut}…" for n in range(len(words) - 1, -1, -1) if width_of((cut := words[:n].rstrip()) + "…", FONT) <= width)


def source(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def style(*names: str) -> Markup:
    """Style sheets, with the colours of the types before them."""
    colours = " ".join(f"--{kind}: {value};" for kind, value in {**COLOURS, "other": OTHER}.items())
    return Markup(f".extractor-timeline, .extractor-page {{ {colours} }}\n" + "".join(map(source, names)))


def _render(name: str, **values: Any) -> str:
    script = source(f"{name}.js")
    return (
        environment()
        .get_template(f"{name}.html.jinja")
        .render(
            script=Markup(script),
            style=style("timeline.css", "page.css"),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            **values,
        )
    )
