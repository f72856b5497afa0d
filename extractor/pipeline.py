"""A case report in, its timeline out: the arrows of the program, each one line."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from extractor.annotate import annotate, entities_of, pipeline_digest, pipeline_name
from extractor.entities.patient.fact import patients
from extractor.facts import find_facts
from extractor.readers import has_case, read
from extractor.schema import Case, Generator, Source, Warning
from extractor.timeline import place


def extract(source: Source | Path | str, nlp: Any) -> Case:
    """The timeline of one case report, from a file or from a source already read; `nlp` comes from `load_pipeline`."""
    report = source if isinstance(source, Source) else read(Path(source))
    reading = annotate(report, nlp)
    facts = find_facts(reading, entities_of(nlp))
    placed = place(facts, reading, patients(reading))
    return Case(
        generator=Generator(version=version("extractor"), pipeline=pipeline_name(nlp), pipeline_digest=pipeline_digest(nlp)),
        source=report.info,
        text=report.text,
        sections=report.sections,
        patients=placed.patients,
        mentions=reading.mentions,
        facts=placed.facts,
        relations=placed.relations,
        warnings=(*report.warnings, *_no_case(report, len(placed.facts)), *placed.warnings),
    )


def _no_case(report: Source, facts: int) -> list[Warning]:
    if facts and has_case(report.text, report.sections):
        return []
    return [Warning(code="no-case", message="No patient's story was found in this text, so its timeline is empty or incomplete.")]
