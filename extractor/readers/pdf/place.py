"""Where words of the text stand on paper."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from extractor.schema import Box, Evidence, Source
from extractor.schema.source import Run

AnyRecord = TypeVar("AnyRecord", bound=Any)


def boxes_of(source: Source, start: int, end: int) -> tuple[int | None, tuple[Box, ...] | None]:
    """The page and the boxes of `text[start:end]`, a box for each printed line; None for a format without pages."""
    if not source.layout:
        return None, None
    first = max(0, bisect_right(source.layout, start, key=lambda run: run.start) - 1)
    covered = []
    for run in source.layout[first:]:
        if run.start >= end:
            break
        if run.end > start:
            covered.append(_part(run, start, end))
    boxes = _lines(covered)
    return (boxes[0].page, tuple(boxes)) if boxes else (None, None)


def located(source: Source, records: Iterable[AnyRecord]) -> tuple[AnyRecord, ...]:
    """Facts, patients or relations with the page and boxes of each piece of their evidence."""
    if not source.layout:
        return tuple(records)
    return tuple(r.model_copy(update={"evidence": tuple(_located(source, e) for e in r.evidence)}) for r in records)


def _located(source: Source, evidence: Evidence) -> Evidence:
    page, boxes = boxes_of(source, evidence.start, evidence.end)
    return evidence.model_copy(update={"page": page, "boxes": boxes})


def _part(run: Run, start: int, end: int) -> Run:
    """The part of a word's box that some of its characters take, as if all were of one width."""
    share = (run.x1 - run.x0) / (run.end - run.start)
    left, right = max(start, run.start), min(end, run.end)
    return run._replace(start=left, end=right, x0=run.x0 + share * (left - run.start), x1=run.x0 + share * (right - run.start))


def _lines(runs: Sequence[Run]) -> list[Box]:
    boxes: list[Box] = []
    for run in runs:
        last = boxes[-1] if boxes else None
        beside = last is not None and last.page == run.page and min(last.y1, run.y1) - max(last.y0, run.y0) > 0.3 * (run.y1 - run.y0)
        if last is not None and beside and run.x0 >= last.x0:
            y0, y1 = min(last.y0, run.y0), max(last.y1, run.y1)
            boxes[-1] = Box(page=run.page, x0=last.x0, y0=y0, x1=round(max(last.x1, run.x1), 2), y1=y1)
        else:
            boxes.append(Box(page=run.page, x0=round(run.x0, 2), y0=run.y0, x1=round(run.x1, 2), y1=run.y1))
    return boxes
