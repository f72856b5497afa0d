"""A PDF's bytes to the blocks of its article, without any guard: pdfium may abort the process on a malformed file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import pypdfium2 as pdfium

from extractor.readers.pdf.bibliography import printed_authors
from extractor.readers.pdf.boxes import boxed
from extractor.readers.pdf.citations import round_citations
from extractor.readers.pdf.furniture import drop_furniture, drop_line_numbers
from extractor.readers.pdf.glyphs import Area, Fonts, Page, on_paper, read_page
from extractor.readers.pdf.lines import Line, chains, gutters, in_order, lines_of
from extractor.readers.pdf.parts import Part, columns_in, parts_of
from extractor.readers.pdf.spelling import Place, cites_raised, cut, rows, running, vocabulary
from extractor.readers.sections import caption_kind

MOST_PAGES = 400
_FEW_WORDS = 5


@dataclass
class Converted:
    """The article's blocks as (text, kind, depth), the places of their words block by block, and what else the file tells."""

    blocks: list[tuple[str, str, int]] = field(default_factory=list)
    places: list[list[Place]] = field(default_factory=list)
    pages: int = 0
    title: str | None = None
    authors: tuple[str, ...] = ()
    furniture: str = ""
    without_text: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)


class TooManyPages(Exception):  # noqa: N818 - said by its first argument, the count
    """A PDF with more pages than a report has."""


def convert(content: bytes) -> Converted:
    """The article in a PDF. Raises pdfium's PdfiumError where the file is encrypted or is no PDF."""
    document = pdfium.PdfDocument(content)
    try:
        count = len(document)
        if count > MOST_PAGES:
            raise TooManyPages(count)
        fonts = Fonts()
        pages = [read_page(document, index, fonts) for index in range(count)]
        metadata = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    return _article(pages, count, metadata)


def _article(pages: Sequence[Page], count: int, metadata: dict[str, Any]) -> Converted:
    found = Converted(pages=count, without_text=[p.number for p in pages if p.pictured and not p.words])
    found.cut = [p.number for p in pages if p.cut]
    for page in pages:
        page.words = drop_line_numbers(page)
    kept, said = drop_furniture(pages, [chains(page.words) for page in pages])
    kept = [_outside_figures(page, lines) for page, lines in zip(pages, kept, strict=True)]
    kept, boxes = boxed(pages, kept)
    white = gutters(kept, [page.areas for page in pages])
    ordered = [in_order(lines_of(lines, own), own, page.areas) for page, lines, own in zip(pages, kept, white, strict=True)]
    columns = [column for column in columns_in(pages, ordered, boxes) if column]
    if not columns:
        return found
    known = vocabulary(line for column in columns for line in column)
    raised = cites_raised(line for column in columns for line in column)
    parts = parts_of(pages, columns, [box for page in boxes for box in page])
    found.furniture = "\n".join(said)
    found.authors = next(filter(None, map(printed_authors, _after_title(parts))), ())
    for part in parts:
        _write(part, found, known, pages, raised)
    if not raised:
        _leave_out(round_citations(found.blocks), found)
    found.title = next((text for text, kind, _ in found.blocks if kind == "title"), None) or _told_title(metadata, found)
    found.blocks = [(text, "front" if kind == "title" else kind, depth) for text, kind, depth in found.blocks]
    return found


def _after_title(parts: Sequence[Part]) -> list[Part]:
    """What of the front matter follows the title at once, where authors are named."""
    at = next((i for i, part in enumerate(parts) if part.kind == "title"), None)
    front = [] if at is None else [p for p in parts if p.kind == "front" and p.page == parts[at].page]
    below = [p for p in front if p.lines[0].y0 > parts[at or 0].lines[-1].y0]
    return sorted(below, key=lambda p: p.lines[0].y0)[:3]


def _leave_out(cuts: Sequence[Sequence[tuple[int, int]]], found: Converted) -> None:
    for i, own in enumerate(cuts):
        if own:
            text, found.places[i] = cut(found.blocks[i][0], found.places[i], own)
            found.blocks[i] = (text, *found.blocks[i][1:])


_KINDS = {"note": "back"} | {kind: kind for kind in ("title", "front", "figure", "table", "references", "box")}


def _write(part: Part, found: Converted, known: Any, pages: Sequence[Page], raised: bool) -> None:
    text, places = running(part.lines, known, raised)
    if part.rows:
        more, further = rows(part.rows, known)
        offset = len(text) + 1
        text, places = f"{text}\n{more}", places + [(p[0] + offset, p[1] + offset, *p[2:]) for p in further]
    if text.strip():
        found.blocks.append((text, _KINDS.get(part.kind, ""), part.depth if part.kind == "heading" else 0))
        found.places.append([_placed(p, pages) for p in places])


def _placed(place: Place, pages: Sequence[Page]) -> Place:
    page = pages[place[2] - 1]
    return place if not page.turn else (*place[:3], *on_paper(place[3:], page))


def _told_title(metadata: dict[str, Any], found: Converted) -> str | None:
    """The title in the file's properties, if the first page prints it: many files carry that of their template."""
    title = " ".join(str(metadata.get("Title", "")).split())
    printed = "".join(c for text, *_ in found.blocks[:12] for c in text.casefold() if c.isalnum())
    bare = "".join(c for c in title.casefold() if c.isalnum())
    return title if len(title.split()) > 3 and bare and bare in printed else None


def _outside_figures(page: Page, lines: list[Line]) -> list[Line]:
    """The lines of a page without what is written within its pictures and drawings."""
    areas = [a for a in page.areas if a.parts == 0 or a.parts >= 8]
    if not areas:
        return lines
    usual = median([line.size for line in lines]) if lines else 0.0
    tables = [line for line in lines if caption_kind(line.text) == "table"]
    legends = [line for line in lines if caption_kind(line.text) == "figure"]
    dropped: set[int] = set()
    for area in areas:
        inside = [line for line in lines if _within(line, area)]
        if not inside or any(line in tables or line in legends for line in inside) or _is_table(area, tables, legends):
            continue
        letters = sum(len(line.words) for line in inside)
        prose = sum(len(line.words) for line in inside if len(line.words) >= _FEW_WORDS)
        if 2 * prose <= letters:
            dropped |= {id(line) for line in inside}
            dropped |= {id(line) for line in lines if _labels(line, area, usual)}
    return [line for line in lines if id(line) not in dropped]


def _within(line: Line, area: Area) -> bool:
    x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return area.x0 - 4 < x < area.x1 + 4 and area.y0 - 6 < y < area.y1 + 6


def _labels(line: Line, area: Area, usual: float) -> bool:
    """Whether a line is a few small letters beside a drawing: a unit, a mark of an axis, the name of a curve."""
    if len(line.words) >= _FEW_WORDS or line.size > 0.88 * usual:
        return False
    return area.x0 - 40 < line.x0 and line.x1 < area.x1 + 60 and area.y0 - 16 < line.y0 and line.y1 < area.y1 + 16


def _is_table(area: Area, tables: Sequence[Line], legends: Sequence[Line]) -> bool:
    """Whether a drawing is the frame of a table: its caption is the nearest, and it is no picture."""

    def away(line: Line) -> float:
        return min(abs(line.y1 - area.y0), abs(line.y0 - area.y1)) + (0 if line.x0 < area.x1 and line.x1 > area.x0 else 200)

    near_table = min(map(away, tables), default=1e9)
    return area.parts > 0 and near_table < 60 and near_table <= min(map(away, legends), default=1e9)
