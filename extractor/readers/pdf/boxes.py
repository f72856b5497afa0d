"""Boxes beside the text: a drawn or shaded rectangle with words of its own, which are no part of the text around it."""

import re
from collections.abc import Sequence
from statistics import median

from extractor.readers.pdf.glyphs import Area, Page
from extractor.readers.pdf.lines import Line, lines_of
from extractor.readers.sections import caption_kind, heading_kind

_ARTICLE = frozenset({"abstract", "front", "introduction", "case", "discussion", "conclusion", "references", "back"})
"""A frame with such a heading in it is a part of the article that is set in a frame."""
_FEWEST_WORDS = 4
_MOST = 0.5
"""A frame with more of a page's lines is no box beside its text."""
_NEAR = 30.0


def boxed(pages: Sequence[Page], kept: Sequence[list[Line]]) -> tuple[list[list[Line]], list[list[list[Line]]]]:
    """The lines of each page outside its boxes, and those of each box, from top to bottom."""
    outside: list[list[Line]] = []
    found: list[list[list[Line]]] = []
    opened = False  # What stands in a frame before the article begins is its abstract or its front matter.
    for page, lines in zip(pages, kept, strict=True):
        rest, boxes = lines, []
        for frame in _outermost(page.frames):
            inside = [line for line in rest if _within(line, frame)]
            begun = opened or any(_opens(line) for line in rest if line.y1 < frame.y0)
            if begun and _is_box(inside, rest, frame, page):
                whole = {id(line) for line in inside}
                boxes.append(sorted(lines_of(inside, ()), key=lambda line: (line.y1, line.x0)))
                rest = [line for line in rest if id(line) not in whole]
        opened = True
        outside.append(rest)
        found.append(boxes)
    return outside, found


def _outermost(frames: Sequence[Area]) -> list[Area]:
    """The frames that stand in no other one, from top to bottom."""
    ranked = sorted(frames, key=lambda f: (f.x0 - f.x1) * (f.y1 - f.y0))
    found: list[Area] = []
    for frame in ranked:
        x, y = (frame.x0 + frame.x1) / 2, (frame.y0 + frame.y1) / 2
        if not any(o.x0 <= x <= o.x1 and o.y0 <= y <= o.y1 for o in found):
            found.append(frame)
    return sorted(found, key=lambda f: (f.y0, f.x0))


def _within(line: Line, frame: Area) -> bool:
    return frame.x0 - 2 < line.x0 and line.x1 < frame.x1 + 2 and frame.y0 < (line.y0 + line.y1) / 2 < frame.y1


def _is_box(inside: Sequence[Line], lines: Sequence[Line], frame: Area, page: Page) -> bool:
    if len(inside) < 2 or len(inside) > _MOST * len(lines) or _cut(lines, frame):
        return False
    told = [line for line in inside if len(line.words) >= _FEWEST_WORDS and line.width > 0.5 * (frame.x1 - frame.x0)]
    if 2 * sum(len(line.words) for line in told) < sum(len(line.words) for line in inside):
        return False  # Cells of a table, labels of a drawing.
    if any(caption_kind(line.text) or (heading_kind(line.text) in _ARTICLE and len(line.words) < 6) for line in inside):
        return False
    captions = [line for line in lines if caption_kind(line.text) and line.x0 < frame.x1 and line.x1 > frame.x0]
    size = median([line.size for line in inside])
    if any(0 < frame.y0 - line.y1 + size < _NEAR or 0 < line.y0 - frame.y1 + size < _NEAR for line in captions):
        return False
    return not any(a.x0 < frame.x1 and a.x1 > frame.x0 and a.y0 < frame.y1 and a.y1 > frame.y0 for a in page.areas)


def _cut(lines: Sequence[Line], frame: Area) -> bool:
    """Whether a line of text crosses an edge of the frame: a bar or a shade behind running text is no box."""
    return any(
        frame.y0 < (line.y0 + line.y1) / 2 < frame.y1 and line.x0 < frame.x1 - 2 and line.x1 > frame.x0 + 2 and not _within(line, frame)
        for line in lines
    )


def _opens(line: Line) -> bool:
    return heading_kind(re.sub(r"[.:]$", "", line.text)) in ("abstract", "introduction", "case")
