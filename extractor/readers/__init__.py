"""A file to a source: its text, its sections and what is known of it. The content tells the format, never the suffix."""

from pathlib import Path

from extractor.readers.sections import has_case, tells_of_a_patient
from extractor.readers.text import MAX_BYTES, read_bytes, read_text
from extractor.schema import Source

__all__ = ["MAX_BYTES", "has_case", "read", "read_bytes", "read_text", "tells_of_a_patient"]


def read(path: Path | str, *, max_bytes: int = MAX_BYTES) -> Source:
    """The report in a file; InputError names the file, what is wrong with it and the remedy."""
    return read_text(Path(path), max_bytes=max_bytes)
