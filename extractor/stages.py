"""Where the time goes: the seconds of each stage of the pipeline, counted only while somebody asks for them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_counted: dict[str, float] | None = None


@contextmanager
def counting() -> Iterator[dict[str, float]]:
    """While it lasts, the seconds of each stage of this process are added up in the mapping given."""
    global _counted  # noqa: PLW0603 - one process reads one report at a time
    _counted = {}
    try:
        yield _counted
    finally:
        _counted = None


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """What is done inside belongs to a stage."""
    if _counted is None:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        _counted[stage] = _counted.get(stage, 0.0) + time.perf_counter() - began
