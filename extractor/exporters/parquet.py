"""The tables of `table` as Parquet files, which keep the type of each column."""

import io
from collections.abc import Sequence
from datetime import date

from extractor.exporters import Export, package
from extractor.exporters.table import to_frames
from extractor.schema import Case


def export_together(cases: Sequence[Case], epoch: date | None = None) -> Export:
    """One Parquet file a table for all cases."""
    package("pyarrow")
    files = {}
    for name, frame in to_frames(cases).items():
        buffer = io.BytesIO()
        frame.to_parquet(buffer, engine="pyarrow", index=False)
        files[f"{name}.parquet"] = buffer.getvalue()
    return Export(files)


def export(case: Case, epoch: date | None = None) -> Export:
    """The tables of one case."""
    return export_together([case], epoch)
