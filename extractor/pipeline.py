"""A case report in, its timeline out: the arrows of the program, each one line."""

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from extractor.annotate import annotate, entities_of, pipeline_digest, pipeline_name
from extractor.entities.patient.stories import people
from extractor.entities.reading import Reading
from extractor.facts import Found, find_facts
from extractor.readers import has_case, read
from extractor.readers.pdf.place import located
from extractor.schema import Case, Generator, Patient, Source, Warning
from extractor.stages import timed
from extractor.timeline import Placed, place


def extract(source: Source | Path | str, nlp: Any) -> Case:
    """The timeline of one case report, from a file or from a source already read; `nlp` comes from `load_pipeline`."""
    report = source if isinstance(source, Source) else read(Path(source))
    reading = annotate(report, nlp)
    with timed("facts"):
        reported = people(reading)
        found = find_facts(reported, entities_of(nlp))
    with timed("timeline"):
        placed = place(found.facts, reported)
    with timed("document"):
        return _case(report, reading, found, placed, nlp)


def _case(report: Source, reading: Reading, found: Found, placed: Placed, nlp: Any) -> Case:
    return Case(
        generator=Generator(version=_version(), pipeline=pipeline_name(nlp), pipeline_digest=pipeline_digest(nlp)),
        source=report.info,
        text=report.text,
        sections=report.sections,
        patients=tuple(_on_pages(report, patient) for patient in placed.patients),
        mentions=reading.mentions,
        facts=located(report, placed.facts),
        relations=located(report, (*placed.relations, *found.relations)),
        warnings=(*report.warnings, *_no_case(report, len(placed.facts)), *placed.warnings),
    )


@cache
def _version() -> str:
    return version("extractor")


def _on_pages(report: Source, patient: Patient) -> Patient:
    """A patient whose evidence, and that of day 0, says where on the pages of a PDF it stands."""
    index = None if patient.index is None else located(report, [patient.index])[0]
    return located(report, [patient.model_copy(update={"index": index})])[0]


def _no_case(report: Source, facts: int) -> list[Warning]:
    if facts and has_case(report.text, report.sections):
        return []
    return [Warning(code="no-case", message="No patient's story was found in this text, so its timeline is empty or incomplete.")]
