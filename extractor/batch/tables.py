"""A document as rows of the exporters' tables, for shards: columns fixed, whatever types of facts a pipeline has."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from extractor.exporters._rows import ATTRIBUTES, COLUMNS, Kind, Row, kind_of, rows_of
from extractor.schema import Case

HEAD = "cases"
"""The table that has one row a document."""
METADATA = "meta_"
"""What stands before the name of a manifest's column in that table."""
OWN = "own_attributes"
"""The column of facts that holds the attributes of a user's own types, as JSON: the columns of all shards are the same."""
_MORE = {"facts": (*ATTRIBUTES, OWN)}
TABLES: dict[str, dict[str, Kind]] = {name: {c: kind_of(c) for c in (*columns, *_MORE.get(name, ()))} for name, columns in COLUMNS.items()}
"""The columns of each table and what they hold."""


def columns_of(table: str, metadata: Iterable[str]) -> Mapping[str, Kind]:
    """The columns of a table of a batch whose manifests have these further columns."""
    further: dict[str, Kind] = {METADATA + name: "string" for name in metadata} if table == HEAD else {}
    return TABLES[table] | further


def tables_of(case: Case, metadata: Mapping[str, str]) -> dict[str, bytes]:
    """The rows of a document by table, each a line of JSON."""
    lines = {table: [b""] for table in TABLES}
    further = {METADATA + name: value for name, value in metadata.items()}
    for table, row in rows_of(case):
        lines[table].append(_line(columns_of(table, metadata), row | further if table == HEAD else row))
    return {table: b"".join(of) for table, of in lines.items()}


def _line(columns: Mapping[str, Kind], row: Row) -> bytes:
    """A row with all of its columns in their order, what has none as JSON in the column for such."""
    own = {name: value for name, value in row.items() if name not in columns}
    told = {name: _value(kind, row.get(name)) for name, kind in columns.items()}
    if own:
        told[OWN] = json.dumps(own, ensure_ascii=False)
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _value(kind: Kind, value: Any) -> Any:
    return str(value) if kind == "string" and value is not None else value
