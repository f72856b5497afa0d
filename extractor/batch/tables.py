"""A document as rows of flat tables, for pandas and DuckDB: documents, facts, evidence, relations, mentions."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from extractor.schema import BaseFact, Bounds, Case

TABLES: dict[str, dict[str, str]] = {
    "documents": {
        "case": "string", "file": "string", "sha256": "string", "title": "string", "doi": "string", "pmid": "string", "pmcid": "string",
        "patients": "int", "sex": "string", "age": "string", "day0": "string", "facts": "int", "warnings": "string", "document": "string",
    },
    "facts": {
        "case": "string", "patient": "string", "fact": "string", "type": "string", "name": "string", "system": "string", "code": "string",
        "certainty": "string", "confidence": "float", "step": "int", "start_earliest": "float", "start_latest": "float",
        "start_date": "string", "end_earliest": "float", "end_latest": "float", "end_date": "string", "text": "string",
        "attributes": "string",
    },
    "evidence": {
        "case": "string", "fact": "string", "number": "int", "role": "string", "start": "int", "end": "int", "text": "string",
        "mention": "string", "section": "string", "page": "int",
    },
    "relations": {"case": "string", "type": "string", "source": "string", "target": "string", "derived": "bool"},
    "mentions": {
        "case": "string", "mention": "string", "label": "string", "name": "string", "start": "int", "end": "int", "text": "string",
        "section": "string", "found_by": "string", "negated": "bool", "uncertain": "bool", "hypothetical": "bool", "planned": "bool",
        "declined": "bool", "historical": "bool", "experiencer": "string", "attributes": "string",
    },
}  # fmt: skip
"""The columns of each table and their types. `attributes` and `warnings` are JSON; `document` is the whole document as JSON."""
METADATA = "meta_"
"""What stands before the name of a manifest's column in the table of documents."""
_OF_EVERY_FACT = frozenset(BaseFact.model_fields) | {"type"}


def columns_of(table: str, metadata: Iterable[str]) -> dict[str, str]:
    """The columns of a table of a batch whose manifests have these further columns."""
    return TABLES[table] | ({METADATA + name: "string" for name in metadata} if table == "documents" else {})


def tables_of(case: Case, metadata: Mapping[str, str], form: str) -> dict[str, bytes]:
    """The rows of a document by table, each a line of JSON. The document itself is an object in JSON lines and a string in Parquet."""
    lines = {table: b"".join(_line(row) for row in rows) for table, rows in rows_of(case, metadata).items()}
    document = case.model_dump_json()
    held = document if form == "jsonl" else json.dumps(document, ensure_ascii=False)
    lines["documents"] = lines["documents"].replace(b'"document": null', b'"document": ' + held.encode(), 1)
    return lines


def rows_of(case: Case, metadata: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of a document by table, without the document itself."""
    own = case.source.id
    return {
        "documents": [_document(case, metadata)],
        "facts": [{"case": own, **_fact(fact)} for fact in case.facts],
        "evidence": [
            {"case": own, "fact": fact.id, "number": number, **e.model_dump(exclude={"boxes"})}
            for fact in case.facts
            for number, e in enumerate(fact.evidence, start=1)
        ],
        "relations": [{"case": own, **r.model_dump(exclude={"evidence"})} for r in case.relations],
        "mentions": [
            {"case": own, "mention": m.id, **m.model_dump(exclude={"id", "context", "attributes"}), **m.context.model_dump(),
             "attributes": _json(m.attributes)}
            for m in case.mentions
        ],
    }  # fmt: skip


def _document(case: Case, metadata: Mapping[str, str]) -> dict[str, Any]:
    first = case.patients[0] if case.patients else None
    info = case.source.model_dump(include={"file", "sha256", "title", "doi", "pmid", "pmcid"})
    patient = {"sex": first.sex if first else None, "age": first.age if first else None}
    return {
        "case": case.source.id, **info, "patients": len(case.patients), **patient,
        "day0": first.index.label if first and first.index else None, "facts": len(case.facts),
        "warnings": _json([w.code for w in case.warnings]), "document": None, **{METADATA + k: v for k, v in metadata.items()},
    }  # fmt: skip


def _fact(fact: BaseFact) -> dict[str, Any]:
    values = fact.model_dump(mode="json", exclude=set(_OF_EVERY_FACT))
    head = next((e.text for e in fact.evidence if e.role == "head"), None)
    return {
        "patient": fact.patient, "fact": fact.id, "type": fact.type, "name": fact.name,  # type: ignore[attr-defined]
        "system": fact.concept.system if fact.concept else None, "code": fact.concept.code if fact.concept else None,
        "certainty": fact.certainty, "confidence": fact.confidence, "step": fact.step, **_bounds("start", fact.start),
        **_bounds("end", fact.end), "text": head, "attributes": _json({k: v for k, v in values.items() if v is not None}),
    }  # fmt: skip


def _bounds(point: str, bounds: Bounds | None) -> dict[str, Any]:
    own = bounds or Bounds()
    return {f"{point}_earliest": own.earliest, f"{point}_latest": own.latest, f"{point}_date": own.date}


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
