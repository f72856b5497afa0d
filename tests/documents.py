"""Timeline documents for the tests of the exporters: made by hand, and those of the development gold."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from extractor.evaluation.gold import read_gold
from extractor.evaluation.judged import JudgedFact
from extractor.schema import (
    Case,
    Constraint,
    Context,
    Evidence,
    Fact,
    Generator,
    IndexEvent,
    Mention,
    Patient,
    Relation,
    Section,
    SourceInfo,
)

GOLD = Path(__file__).parents[1] / "annotations" / "gold" / "dev"
WHOLE = ("cycles", "count", "fractions")
_ANY: TypeAdapter[Fact] = TypeAdapter(Fact)

TEXT = (
    "A 50-year-old woman presented with a lump in the left breast. Biopsy showed invasive carcinoma, HER2 3+ and ER negative.\n"
    "She had no fever. Mastectomy was done 2 weeks later. She took trastuzumab and pertuzumab for 6 months, declined tamoxifen,\n"
    "had nausea (grade 2), a haemoglobin of 9.1 g/dL, and a 23 x 10 mm liver metastasis. She died three years after diagnosis."
)
KINDS: list[dict[str, Any]] = [
    {"type": "lesion", "name": "lump", "words": "lump", "start": (0, 0), "step": 1, "site": "breast", "laterality": "left", "count": 1},
    {"type": "procedure", "name": "biopsy", "words": "Biopsy", "start": (0, 21), "step": 2, "category": "biopsy", "site": "breast"},
    {"type": "diagnosis", "name": "invasive carcinoma", "words": "invasive carcinoma", "start": (0, 21), "step": 2, "site": "breast"},
    {"type": "biomarker", "name": "HER2", "words": "HER2", "start": (0, 21), "step": 2, "status": "positive", "value": "3+",
     "specimen": "breast primary"},
    {"type": "biomarker", "name": "ER", "words": "ER", "start": (0, 21), "step": 2, "status": "negative", "specimen": "breast primary"},
    {"type": "procedure", "name": "mastectomy", "words": "Mastectomy", "start": (11, 38), "step": 3, "category": "surgery"},
    {"type": "drug", "name": "trastuzumab", "words": "trastuzumab", "start": (20, 60), "end": (190, 260), "step": 4,
     "regimen": "pertuzumab", "dose": "8 mg/kg", "route": "intravenous"},
    {"type": "drug", "name": "pertuzumab", "words": "pertuzumab", "start": (20, 60), "end": (190, 260), "step": 4,
     "regimen": "trastuzumab"},
    {"type": "drug", "name": "tamoxifen", "words": "tamoxifen", "start": (20, 60), "step": 5, "status": "declined"},
    {"type": "finding", "name": "nausea", "words": "nausea", "start": (20, None), "step": 5, "grade": "2"},
    {"type": "finding", "name": "haemoglobin", "words": "haemoglobin", "start": None, "value": "9.1", "unit": "g/dL"},
    {"type": "lesion", "name": "metastasis", "words": "metastasis", "start": (30, 400), "step": 6, "site": "liver", "size_mm": (23.0, 10.0),
     "certainty": "suspected"},
    {"type": "outcome", "name": "death", "words": "died", "start": (1004, 1187), "step": 7},
    {"type": "device", "name": "port", "words": "breast", "start": (5, 9), "step": 3, "maker": "unknown maker"},
]  # fmt: skip
"""A fact of every type, and one of a user's own."""


def case(
    text: str | None = TEXT,
    kinds: Sequence[dict[str, Any]] = KINDS,
    *,
    identity: str = "report",
    patients: Sequence[str] = ("P1",),
    **more: Any,
) -> Case:
    """A document of one or more patients whose facts are named by words of the text."""
    facts, mentions = [], []
    for number, kind in enumerate(kinds, start=1):
        said = dict(kind)
        words = said.pop("words")
        start = 0 if text is None else re.search(rf"\b{re.escape(words)}\b|{re.escape(words)}", text).start()  # type: ignore[union-attr]
        span = {"start": start, "end": start + len(words), "text": words, "section": "S1"}
        group = {"group": "neoplasm"} if said["type"] == "diagnosis" else {}
        mentions.append(Mention(id=f"M{number}", label=said["type"], found_by="hand", attributes=group, **span))
        for point in ("start", "end"):
            if said.get(point) is not None:
                said[point] = dict(zip(("earliest", "latest"), said[point], strict=True))
        reason = Constraint(relation="after", anchor="day0", low=0, high=21, source="story")
        facts.append({"id": f"F{number}", "evidence": (Evidence(mention=f"M{number}", **span),), "derivation": (reason,), **said})
    whole = len(text or "")
    if text is not None and "fever" in text:
        at = text.index("fever")
        denied = Context(negated=True)
        mentions.append(
            Mention(id="M90", label="finding", start=at, end=at + 5, text="fever", section="S1", found_by="hand", context=denied)
        )
    relations = () if len(facts) < 2 else (
        Relation(type="before", source="F1", target=f"F{len(facts)}"),
        Relation(type="simultaneous", source="F1", target="F2", derived=True),
    )  # fmt: skip
    given: dict[str, Any] = {
        "generator": Generator(version="0", pipeline_digest="none"),
        "source": SourceInfo(id=identity, file=f"{identity}.txt", title="A case", doi="10.1/x"),
        "text": text,
        "sections": (Section(id="S1", kind="case", start=0, end=whole),),
        "patients": tuple(
            Patient(id=name, sex="female", age="P50Y", index=IndexEvent(label="presented with a lump", fact="F1" if facts else None))
            for name in patients
        ),
        "mentions": mentions,
        "facts": facts,
        "relations": relations,
    }
    return Case.model_validate(given | more)


def marked(text: str, spans: Sequence[tuple[int, int, str]]) -> Case:
    """A document whose mentions, each a fact as well, are spans of the text with a type: for offsets of every kind."""
    mentions = [
        Mention(id=f"M{n}", label=t, start=a, end=b, text=text[a:b], section="S1", found_by="x") for n, (a, b, t) in enumerate(spans)
    ]
    facts = [
        {"id": f"F{n}", "type": t, "name": "death" if t == "outcome" else "x", "start": {"earliest": n, "latest": n + 3}, "step": n,
         "evidence": ({"start": a, "end": b, "text": text[a:b], "mention": f"M{n}"},)}
        for n, (a, b, t) in enumerate(spans)
    ]  # fmt: skip
    return case(text, (), mentions=mentions, facts=facts)


def gold_case(path: Path, texts: Path) -> Case:
    """A gold file as a document: its facts with their words, attributes, times and steps."""
    gold = read_gold(path, texts)
    patients = tuple(
        Patient(id=f"P{n}", sex=p.sex or "unknown", age=None if p.age is None else f"P{p.age:g}Y")
        for n, p in enumerate(gold.patients, start=1)
    )
    return Case(
        generator=Generator(version="1.0", pipeline="gold", pipeline_digest="sha256:0"),
        source=SourceInfo(id=gold.id, file=f"{gold.id}.txt"),
        text=gold.text,
        sections=(Section(id="S1", kind="case", start=0, end=len(gold.text)),),
        patients=patients,
        facts=tuple(_fact(f, gold.text) for f in gold.facts),
    )


def _fact(fact: JudgedFact, text: str) -> Fact:
    """A gold fact; a value that a document cannot hold ("6-8" cycles) is left out."""
    content = {
        "id": fact.id,
        "type": fact.type,
        "name": fact.name,
        "patient": f"P{fact.patient}",
        "step": fact.step,
        "certainty": "suspected" if fact.suspected else "confirmed",
        "evidence": [Evidence(start=s, end=e, text=text[s:e]) for s, e in fact.heads],
        "start": fact.start and {"earliest": fact.start[0], "latest": fact.start[1]},
        "end": fact.end and {"earliest": fact.end[0], "latest": fact.end[1]},
        **{k: v if k in WHOLE or not isinstance(v, int | float) else str(v) for k, v in fact.attributes.items() if k != "same_as"},
    }
    try:
        return _ANY.validate_python(content)
    except ValidationError as error:
        wrong = {str(part) for problem in error.errors() for part in problem["loc"]}
        return _ANY.validate_python({k: v for k, v in content.items() if k not in wrong})


def told(*facts: dict, text: str = "words", age: str | None = "P42Y", **parts) -> Case:
    """A document with facts that rest on its first word."""
    words = [{"start": 0, "end": len(text), "text": text}] if text else []
    record = {
        "generator": {"version": "1.0", "pipeline_digest": "sha256:0"},
        "source": {"id": "a", "file": "a.txt"},
        "text": text,
        "sections": [],
        "patients": [{"id": "P1", "sex": "female", "age": age}],
        "facts": [{"id": f"F{n}", "evidence": words, **fact} for n, fact in enumerate(facts, start=1)],
    }
    return Case.model_validate({**record, **parts})
