"""The rows of the tables that a document is told in, and their columns: what `table`, `parquet` and `extractor batch` write.

Every table has `document` as its first column; a fact's attributes are columns of `facts`, those of the user's own types behind the others.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from extractor.exporters import attributes
from extractor.schema import STANDARD_TYPES, BaseFact, Bounds, Case, Evidence, Patient

Row = dict[str, Any]
Kind = Literal["string", "int", "float", "bool"]
_SPAN = ("start", "end", "text")
COLUMNS: dict[str, tuple[str, ...]] = {
    "cases": (
        "document", "schema_version", "generator", "generator_version", "pipeline", "pipeline_digest", "file", "media_type", "sha256",
        "title", "doi", "pmid", "pmcid", "authors", "journal", "year", "pages", "text",
    ),
    "patients": ("document", "patient", "sex", "age", "index_label", "index_fact", "index_date"),
    "sections": ("document", "section", "kind", "title", "start", "end"),
    "mentions": (
        "document", "mention", "label", *_SPAN, "name", "section", "found_by", "negated", "uncertain", "hypothetical", "planned",
        "declined", "historical", "experiencer", "attributes",
    ),
    "facts": (
        "document", "fact", "patient", "type", "name", "certainty", "confidence", "start_earliest", "start_latest", "start_date",
        "end_earliest", "end_latest", "end_date", "step", "concept_system", "concept_code", "concept_label",
    ),
    "evidence": ("document", "owner", "rank", "role", *_SPAN, "mention", "section", "page", "boxes"),
    "derivation": (
        "document", "fact", "rank", "relation", "point", "anchor", "anchor_point", "low", "high", "source", "why", "text", "start", "end",
    ),
    "relations": ("document", "relation", "type", "source", "target", "derived"),
    "warnings": ("document", "code", "message", "facts"),
}  # fmt: skip
"""The columns of each table in their order; those of attributes stand behind those of `facts`."""
_WHOLE = frozenset({"year", "pages", "start", "end", "rank", "page", "step", "cycles", "fractions"})
_DAYS = frozenset({"start_earliest", "start_latest", "end_earliest", "end_latest", "low", "high", "confidence"})
_FLAGS = frozenset({"derived", "negated", "uncertain", "hypothetical", "planned", "declined", "historical"})
_COMMON = frozenset({*BaseFact.model_fields, "type"})
ATTRIBUTES = tuple(dict.fromkeys(name for kind in STANDARD_TYPES.values() for name in kind.model_fields if name not in _COMMON))
"""The columns of the attributes of the standard types; those of a user's own types stand behind them."""


def kind_of(column: str) -> Kind:
    """What a column holds: days and confidence are floats, offsets and ranks whole numbers, flags booleans, everything else text."""
    return "int" if column in _WHOLE else "float" if column in _DAYS else "bool" if column in _FLAGS else "string"


def rows_of(case: Case) -> Iterator[tuple[str, Row]]:
    """Every row of a case with the name of its table; what is missing is left out, what is a list is JSON."""
    for table, row in _rows(case):
        yield table, {"document": case.source.id, **row}


def _rows(case: Case) -> Iterator[tuple[str, Row]]:
    made = case.generator
    yield "cases", {
        "schema_version": case.schema_version, "generator": made.name, "generator_version": made.version, "pipeline": made.pipeline,
        "pipeline_digest": made.pipeline_digest, "text": case.text,
        **{name: _cell(value) for name, value in case.source.model_dump(exclude={"id"}).items()},
    }  # fmt: skip
    for patient in case.patients:
        yield from _patient(patient)
    for section in case.sections:
        yield "sections", {"section": section.id, **section.model_dump(exclude={"id"})}
    for mention in case.mentions:
        said = json.dumps(mention.attributes, ensure_ascii=False) if mention.attributes else None
        own = mention.model_dump(exclude={"id", "attributes", "context"})
        yield "mentions", {"mention": mention.id, **own, **mention.context.model_dump(), "attributes": said}
    for fact in case.facts:
        yield from _fact(fact)
    for number, relation in enumerate(case.relations, start=1):
        yield "relations", {"relation": f"R{number}", **relation.model_dump(exclude={"evidence"})}
        yield from _evidence(f"R{number}", relation.evidence)
    for warning in case.warnings:
        yield "warnings", {"code": warning.code, "message": warning.message, "facts": _cell(warning.facts)}


def _patient(patient: Patient) -> Iterator[tuple[str, Row]]:
    index = patient.index
    day0 = {} if index is None else {"index_label": index.label, "index_fact": index.fact, "index_date": index.date}
    yield "patients", {"patient": patient.id, "sex": patient.sex, "age": patient.age, **day0}
    yield from _evidence(patient.id, patient.evidence)
    if index is not None:
        yield from _evidence(f"{patient.id} index", index.evidence)


def _fact(fact: BaseFact) -> Iterator[tuple[str, Row]]:
    concept = {} if fact.concept is None else {f"concept_{k}": v for k, v in fact.concept.model_dump().items()}
    fields = {"patient": fact.patient, "type": fact.model_dump()["type"], "name": fact.name, "certainty": fact.certainty}
    own = {f"own_{k}" if k in COLUMNS["facts"] else k: _cell(v) for k, v in attributes(fact).items()}
    yield "facts", {
        "fact": fact.id, **fields, "confidence": fact.confidence, "step": fact.step,
        **_bounds("start", fact.start), **_bounds("end", fact.end), **concept, **own,
    }  # fmt: skip
    yield from _evidence(fact.id, fact.evidence)
    for rank, reason in enumerate(fact.derivation, start=1):
        yield "derivation", {"fact": fact.id, "rank": rank, **reason.model_dump()}


def _bounds(point: str, bounds: Bounds | None) -> Row:
    return {} if bounds is None else {f"{point}_{name}": value for name, value in bounds.model_dump().items()}


def _evidence(owner: str, evidence: Sequence[Evidence]) -> Iterator[tuple[str, Row]]:
    for rank, one in enumerate(evidence, start=1):
        yield "evidence", {"owner": owner, "rank": rank, **one.model_dump(exclude={"boxes"}), "boxes": _cell(one.model_dump()["boxes"])}


def _cell(value: Any) -> Any:
    """A value as a cell holds it: lists and the like as JSON."""
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return value
