"""Tidy tables (CSV) that carry all of a document.

Every table has `document` as its first column, so that the tables of many reports stand in one file, and every other column is a field
of the document under its own name: a fact's attributes are columns of `facts`, bounds are `start_earliest`, `start_latest` and so on.
What is a list in the document (a size in two dimensions, the drugs of a regimen, boxes on a page) is JSON in its cell.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pandas as pd

from extractor.exporters import Export, csv_bytes
from extractor.exporters._rows import ATTRIBUTES, COLUMNS, Row, kind_of, rows_of
from extractor.schema import Case

DTYPES = {"string": "string", "int": "Int64", "float": "float64", "bool": "boolean"}


def to_frames(cases: Case | Iterable[Case]) -> dict[str, pd.DataFrame]:
    """The tables of one case or of several, by name, for pandas.

    Columns and their order are always the same, but for attributes of a user's own fact types, which are further columns of `facts`.
    Days are floats, offsets and ranks whole numbers that may be missing (Int64), flags booleans, everything else text.
    """
    several = [cases] if isinstance(cases, Case) else list(cases)
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    for case in several:
        for name, row in rows_of(case):
            rows[name].append(row)
    return {name: _frame(name, found) for name, found in rows.items()}


def export_together(cases: Sequence[Case], epoch: date | None = None) -> Export:
    """One CSV file a table for all cases, in UTF-8; what is missing is an empty cell."""
    files = {}
    for name, frame in to_frames(cases).items():
        cells = frame.astype(object).where(frame.notna(), None)
        files[f"{name}.csv"] = csv_bytes(list(frame.columns), cells.itertuples(index=False, name=None))
    return Export(files)


def export(case: Case, epoch: date | None = None) -> Export:
    """The tables of one case."""
    return export_together([case], epoch)


def _frame(name: str, rows: list[Row]) -> pd.DataFrame:
    columns = list(COLUMNS[name])
    if name == "facts":
        columns += ATTRIBUTES
        columns += sorted({key for row in rows for key in row} - set(columns))
    return pd.DataFrame({column: _column(column, [row.get(column) for row in rows]) for column in columns}, columns=columns)


def _column(name: str, values: list[Any]) -> pd.Series:
    kind = kind_of(name)
    if kind == "string":
        values = [None if value is None else str(value) for value in values]
    return pd.Series(values, dtype=DTYPES[kind])
