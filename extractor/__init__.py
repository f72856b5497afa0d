"""Reads published clinical case reports and writes what happened to the patient as a structured, grounded timeline.

>>> from extractor import extract, load_pipeline          # doctest: +SKIP
>>> case = extract("report.txt", load_pipeline())         # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from extractor.annotate import load_pipeline
    from extractor.exporters.table import to_frames
    from extractor.pipeline import extract
    from extractor.readers import read
    from extractor.schema import Case

__all__ = ["Case", "extract", "load_pipeline", "read", "to_frames"]
_HOMES = {
    "Case": "extractor.schema",
    "extract": "extractor.pipeline",
    "load_pipeline": "extractor.annotate",
    "read": "extractor.readers",
    "to_frames": "extractor.exporters.table",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when first asked for: `import extractor` and `extractor --help` do not load spaCy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'extractor' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(_HOMES[name]), name)
