"""The gold's own facts placed in time by our engine, so that time is judged apart from finding."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from extractor.annotate import annotate, generator_of
from extractor.entities.patient.stories import Person, by_introduction, people
from extractor.entities.reading import Reading
from extractor.evaluation.judged import JudgedCase, JudgedFact, JudgedPatient
from extractor.evaluation.pairs import source
from extractor.readers import read
from extractor.schema import STANDARD_TYPES, Case, Evidence, Fact, Patient
from extractor.timeline import place

_ANY: TypeAdapter[Fact] = TypeAdapter(Fact)


def given(gold: JudgedCase, nlp: Any) -> Case:
    """The timeline of a gold case: its facts and patients are the gold's, their times what our engine makes of the text."""
    report = read(gold.text_file) if gold.text_file else source(gold)
    reading = annotate(report, nlp)
    ordered = sorted(gold.facts, key=lambda f: min(f.heads, default=(len(gold.text), 0)))
    placed = place([_fact(f, f"F{n}", reading) for n, f in enumerate(ordered, start=1)], _people(gold, reading))
    return Case(
        generator=generator_of(nlp),
        source=report.info.model_copy(update={"id": gold.id}),
        text=report.text,
        sections=reading.sections,
        patients=placed.patients,
        mentions=reading.mentions,
        facts=placed.facts,
        relations=placed.relations,
        warnings=(*report.warnings, *placed.warnings),
    )


def _fact(fact: JudgedFact, name: str, reading: Reading) -> Fact:
    """A gold fact without its times. A value that the document cannot hold ("6-8" cycles) is left out: it says nothing of time."""
    own = STANDARD_TYPES[fact.type].model_fields
    said = {key: value for key, value in fact.attributes.items() if key in own}
    common = {
        "id": name,
        "type": fact.type,
        "name": fact.name,
        "patient": f"P{fact.patient}",
        "certainty": "suspected" if fact.suspected else "confirmed",
        "confidence": 1,
        "evidence": [_evidence(head, fact, reading) for head in fact.heads],
    }
    try:
        return _ANY.validate_python({**common, **said})
    except ValidationError as error:
        wrong = {str(part) for problem in error.errors() for part in problem["loc"]}
        return _ANY.validate_python({**common, **{key: value for key, value in said.items() if key not in wrong}})


def _evidence(head: tuple[int, int], fact: JudgedFact, reading: Reading) -> Evidence:
    start, end = head
    near = [m for m in reading.within(start, end) if m.label == fact.type]
    section = reading.sentence_at(start).section.id
    return Evidence(start=start, end=end, text=reading.text[start:end], mention=near[0].id if near else None, section=section)


def _people(gold: JudgedCase, reading: Reading) -> list[Person]:
    """The gold's patients, each told where our reading finds them, or, if that finds another number, from their first fact on."""
    found = people(reading)
    if len(found) == len(gold.patients):
        pairs = zip(gold.patients, found, strict=True)
        return [Person(_patient(n, p, f.patient.evidence), f.reading) for n, (p, f) in enumerate(pairs, start=1)]
    return by_introduction(reading, [_patient(n, p, _first_told(n, gold, reading)) for n, p in enumerate(gold.patients, start=1)])


def _patient(number: int, patient: JudgedPatient, evidence: Sequence[Evidence]) -> Patient:
    age = None if patient.age is None else f"P{patient.age:g}Y"
    return Patient.model_validate({"id": f"P{number}", "sex": patient.sex or "unknown", "age": age, "evidence": tuple(evidence)})


def _first_told(number: int, gold: JudgedCase, reading: Reading) -> list[Evidence]:
    heads = [(head, f) for f in gold.facts if f.patient == number for head in f.heads]
    return [_evidence(*min(heads, key=lambda told: told[0]), reading)] if heads else []
