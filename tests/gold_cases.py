"""The development gold as timeline documents, for the tests of the exporters."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from extractor.evaluation.gold import read_gold
from extractor.evaluation.judged import JudgedFact
from extractor.schema import Case, Evidence, Fact, Generator, Patient, Section, SourceInfo

GOLD = Path(__file__).parents[1] / "annotations" / "gold" / "dev"
WHOLE = ("cycles", "count", "fractions")
_ANY: TypeAdapter[Fact] = TypeAdapter(Fact)


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
