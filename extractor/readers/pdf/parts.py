"""Lines in the order of reading to the parts of an article: title, headings, paragraphs, legends, tables, notes."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median

from extractor.errors import DataError
from extractor.readers.pdf.glyphs import Page
from extractor.readers.pdf.lines import Line
from extractor.readers.sections import caption_kind, heading_kind

Column = list[Line]
_TERMINAL = re.compile(r"[.!?:][\"'\u201d\u2019)\]]*(?:\[?\d[\d,\u2013-]*\]?)?$")
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})[.)]?\s+[A-Z]")
FRONT = Path(__file__).parent / "front.tsv"
_MARK = re.compile(r"[*\u2020\u2021\u00a7\u00b6#\u2709\s]*(?:\(?\d{1,2}[.)]?\s?(?=[A-Z])|[a-z](?=[A-Z][a-z]))?")
_KEYWORDS = re.compile(r"key\s?-?words?\b|index terms\b|mesh terms\b", re.IGNORECASE)
_TOP = frozenset({"introduction", "discussion", "conclusion", "references", "abstract"})
LONGEST_HEADING = 220
LONGEST_FRONT = 1500
FRONT_CUE = 200
"""A licence after an abstract, in the same paragraph, does not make the abstract one."""


@dataclass(slots=True, eq=False)
class Part:
    """Lines that belong together. `kind`: title, front, heading, text, figure, table or note; `right` is its column's right edge."""

    lines: list[Line]
    left: float
    right: float
    kind: str = "text"
    depth: int = 0
    rows: list[Line] = field(default_factory=list)
    gap: float = 0.0
    first_in_column: bool = False

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def size(self) -> float:
        return median([line.size for line in self.lines])

    @property
    def largest(self) -> float:
        """The size of the largest letters: that of a line in small capitals."""
        return max([w.size for line in self.lines for w in line.words])

    @property
    def page(self) -> int:
        return self.lines[0].page

    @property
    def bold(self) -> bool:
        return _share(self.lines, "bold") > 0.8

    @property
    def italic(self) -> bool:
        return _share(self.lines, "italic") > 0.8


def _share(lines: Sequence[Line], quality: str) -> float:
    letters = [(len(w.text), getattr(w, quality)) for line in lines for w in line.words if not w.raised]
    return sum(n for n, has in letters if has) / max(1, sum(n for n, _ in letters))


@dataclass(frozen=True, slots=True)
class Body:
    """How the running text of a document looks: size, whether bold, distance from line to line, whether paragraphs are indented."""

    size: float
    bold: bool
    pitch: float
    indented: bool


def body_of(columns: Sequence[Column]) -> Body:
    """The look of most letters."""
    counted: Counter[tuple[float, bool]] = Counter()
    pitches: list[float] = []
    for column in columns:
        for a, b in zip(column, [*column[1:], None], strict=True):
            bold_letters, letters = sum([len(w.text) for w in a.words if w.bold]), sum([len(w.text) for w in a.words])
            counted[round(a.size * 4) / 4, 2 * bold_letters > letters] += len(a.words)
            if b is not None and abs(a.size - b.size) < 0.4 and 0 < b.y1 - a.y1 < 3 * a.size:
                pitches.append((b.y1 - a.y1) / a.size)
    (size, bold), _ = counted.most_common(1)[0] if counted else ((10.0, False), 0)
    near = sum(n for (s, _), n in counted.items() if abs(s - size) <= 0.3)
    size = sum(s * n for (s, _), n in counted.items() if abs(s - size) <= 0.3) / max(1, near)
    pitch = median(pitches) if pitches else 1.4
    return Body(size, bold, pitch, _indents(columns, size, pitch))


def _indents(columns: Sequence[Column], size: float, pitch: float) -> bool:
    """Whether paragraphs begin with an indented line rather than after white."""
    count = 0
    for column in columns:
        for a, b, c in zip(column, column[1:], column[2:], strict=False):
            same = all(abs(x.size - size) < 0.4 for x in (a, b, c)) and b.y1 - a.y1 < 1.25 * pitch * size
            if same and 0.7 * size < b.x0 - a.x0 < 4 * size and abs(a.x0 - c.x0) < 0.3 * size:
                count += 1
    return count >= 3


def parts_of(pages: Sequence[Page], columns: Sequence[Column], boxes: Sequence[Column] = ()) -> list[Part]:
    """The parts of a document in the order of reading; what interrupts a paragraph stands after it, notes at the end.

    `boxes` are those of the columns that stand in a frame.
    """
    body = body_of(columns)
    framed = {id(box) for box in boxes}
    parts = [part for column in columns if column for part in (_box(column) if id(column) in framed else _stacks(column, body))]
    _apart(parts)
    parts = _captions(parts, body)
    _headings(parts, body)
    _front(parts, body)
    _notes(parts, body, {p.number: p.height for p in pages})
    _references(parts)
    return _flow(_depths(parts), body)


# Stacks of lines ---------------------------------------------------------------------------------------------------------------


def _stacks(column: Column, body: Body) -> list[Part]:
    """The lines of a column, apart where white, an indent, a change of look or a line that ends early parts them."""
    left = min(line.x0 for line in column)
    right = max(line.x1 for line in column)
    starts = [0]
    for i in range(1, len(column)):
        if _parts(column, i, starts[-1], right, body):
            starts.append(i)
    stacks = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(column)], strict=True)):
        gap = column[start].y0 - column[start - 1].y1 if start else 1e3
        stacks.append(Part(column[start:end], left, right, gap=gap, first_in_column=number == 0))
    return stacks


def _box(column: Column) -> list[Part]:
    return [Part(column, min(line.x0 for line in column), max(line.x1 for line in column), kind="box")]


def _parts(column: Column, i: int, start: int, right: float, body: Body) -> bool:
    """Whether line `i` begins a new stack."""
    a, b = column[i - 1], column[i]
    size = min(a.size, b.size)
    usual = body.pitch if i - start < 2 else (a.y1 - column[i - 2].y1) / size
    step = (b.y1 - a.y1) / size
    if step > 1.25 * max(usual, 1.0) + 0.1 or step < -0.5 or abs(a.size - b.size) > 0.08 * size + 0.2:
        return True
    if _all_bold(a) != _all_bold(b) and (_all_bold(a) or _all_bold(b)):
        return _all_bold(b) or not _ends_in_bold(a, b)
    shift = b.x0 - a.x0
    if shift > 0.7 * size and i - start > 0 and shift < 5 * size:
        following = column[i + 1] if i + 1 < len(column) else None
        hanging = (
            i - start == 1 and (following is None or abs(following.x0 - b.x0) < 0.3 * size) and re.match(r"\W?\d|[•\u2022\u2013-]", a.text)
        )
        if (following is None or following.x0 < b.x0 - 0.3 * size or body.indented) and not hanging:
            return bool(_TERMINAL.search(a.text)) or a.x1 < right - 2 * size
    if shift < -0.7 * size and i - start > 1 and column[start].x0 <= b.x0 + 0.5 * size:
        return True  # Hanging entries of a list.
    fits = a.x1 + 0.3 * size + (b.words[0].x1 - b.words[0].x0) < right - 0.3 * size
    return fits and bool(_TERMINAL.search(a.text)) and (b.text[:1].isupper() or b.text[:1].isdigit())


def _all_bold(line: Line) -> bool:
    return all(w.bold for w in line.words if len(w.text) > 1 or w.text.isalnum())


def _ends_in_bold(a: Line, b: Line) -> bool:
    """Whether a bold run-in heading fills a line and its paragraph goes on in the next."""
    return b.words[0].bold


# Legends and tables ------------------------------------------------------------------------------------------------------------


def _captions(parts: Sequence[Part], body: Body) -> list[Part]:
    """Mark legends; the rows that follow a table's caption become its rows, and its last lines its notes."""
    kept: list[Part] = []
    table: Part | None = None
    latest: Part | None = None
    for part in parts:
        kind = caption_kind(" ".join(line.text for line in part.lines[:2])) if part.kind != "box" else None
        if kind and not _is_label(part, body):
            kind = None
        if kind:
            part.kind = kind
            kept.append(part)
            table = latest = part if kind == "table" else None
        elif part.kind == "box":
            kept.append(part)
        elif table is not None and _is_row(part, table, body) and (part.page == table.page or _next_page(part, table)):
            table.rows += part.lines
        elif (
            latest is not None
            and part.first_in_column
            and any(map(_has_cells, part.lines))
            and _is_row(part, latest, body)
            and _next_page(part, latest)
        ):
            table = latest
            latest.rows += part.lines
        else:
            table = None
            if kept and _goes_on(kept[-1], part, body):
                kept[-1].lines += part.lines
            else:
                kept.append(part)
    return kept


def _is_label(part: Part, body: Body) -> bool:
    """Whether a paragraph that begins like a legend looks like one: a label of its own look, other letters, or a number that ends."""
    first = part.lines[0].words[0]
    return first.bold != body.bold or first.italic or abs(part.size - body.size) > 0.04 * body.size or bool(
        re.match(r"\S+ \S*\d+[A-Za-z]?[.:|]", part.text)
    )  # fmt: skip


def _is_row(part: Part, table: Part, body: Body) -> bool:
    if part.size > 1.15 * body.size or (part.page != table.page and part.size > 0.95 * body.size):
        return False
    full = [line.width > 0.6 * (part.right - part.left) and len(line.words) >= 4 for line in part.lines]
    prose = len(part.lines) > 1 and 2 * sum(full) > len(full) and not any(_has_cells(x) for x in part.lines)
    if abs(part.size - body.size) <= 0.04 * body.size and part.size > 1.02 * (table.rows[0].size if table.rows else 0) and prose:
        return False
    if prose and part.size > 0.94 * body.size:
        return False
    if part.bold and not body.bold and part.size > 0.96 * body.size and not any(_has_cells(x) for x in part.lines):
        return False  # The next heading.
    single = len(part.lines) == 1 and not _has_cells(part.lines[0])
    if single and part.size > 0.96 * body.size and (part.bold or heading_kind(part.text)) and part.gap > 0.8 * body.size:
        return False
    return part.page != table.page or part.lines[0].y0 > table.lines[-1].y0 or part.left > table.left


def _next_page(part: Part, table: Part) -> bool:
    """Whether a table's rows go on at the top of the next page, in letters of their size."""
    last = (table.rows or table.lines)[-1]
    top = part.first_in_column or last.page == part.page
    return bool(table.rows) and part.page <= last.page + 1 and top and abs(part.size - last.size) < 0.03 * last.size


def _has_cells(line: Line) -> bool:
    """Whether a line has a gap that parts cells: wide, and wider than the even spaces of a justified line."""
    gaps = sorted(b.x0 - a.x1 for a, b in zip(line.words, line.words[1:], strict=False) if not b.glued)
    return bool(gaps) and gaps[-1] > 1.5 * line.size and (len(gaps) == 1 or gaps[-1] > 1.8 * max(gaps[0], 0.1 * line.size))


def _goes_on(before: Part, part: Part, body: Body) -> bool:
    """Whether a legend's last line, which is short and so may count to the column below it, belongs to the lines above."""
    if before.kind not in ("figure", "table") or before.rows:
        return False
    a, b = before.lines[-1], part.lines[0]
    if (
        part.first_in_column
        and not _TERMINAL.search(a.text)
        and abs(a.size - b.size) < 0.03 * a.size
        and abs(a.size - body.size) > 0.04 * body.size
    ):
        return True
    if before.page != part.page or len(part.lines) > 1:
        return False
    return abs(a.size - b.size) < 0.06 * a.size and abs(a.x0 - b.x0) < 2 and 0 < b.y1 - a.y1 < 1.7 * a.size and part.first_in_column


# Headings ----------------------------------------------------------------------------------------------------------------------


def _headings(parts: Sequence[Part], body: Body) -> None:
    for i, part in enumerate(parts):
        if part.kind == "text" and _is_heading(part, body, parts[i + 1] if i + 1 < len(parts) else None):
            part.kind = "heading"
    for before, part in pairwise(parts):
        if before.kind == part.kind == "heading" and part.first_in_column and part.text[0].islower() and _style(before) == _style(part):
            before.lines += part.lines  # One that the end of a column breaks.
            part.kind = "gone"


def _is_heading(part: Part, body: Body, following: Part | None) -> bool:
    if len(part.lines) > 4:
        return False
    text = part.text
    bare = re.sub(r"^\d[\d.]*\s|\s", "", text)
    letters = sum(c.isalpha() for c in bare)
    if len(text) > LONGEST_HEADING or letters < 3 or 2 * letters < len(bare):
        return False
    known = heading_kind(text) is not None
    if (
        text[-1] in ",;"
        or (text.endswith(".") and not known and not (part.bold and len(text) < 90))
        or not (text[0].isupper() or text[0].isdigit() or known or part.first_in_column)
    ):
        return False
    larger = part.size > 1.07 * body.size
    distinct = (part.bold and not body.bold) or part.italic or _in_capitals(part)
    alone = part.gap > 0.35 * body.size or part.first_in_column
    if known and len(part.lines) == 1:
        return larger or distinct or (alone and part.largest > 0.9 * body.size)
    if part.largest < 0.93 * body.size or (
        following is not None and following.kind in ("figure", "table") and following.page == part.page and part.italic
    ):
        return False
    if larger or (part.bold and not body.bold):
        return True
    return distinct and alone and len(text) < 120 and part.lines[-1].x1 < part.right - 2 * body.size


def _in_capitals(part: Part) -> bool:
    letters = [c for c in part.text if c.isalpha()]
    return len(letters) > 3 and sum(c.isupper() for c in letters) > 0.9 * len(letters)


def _style(part: Part) -> tuple[float, bool, bool, bool]:
    return round(part.largest * 2) / 2, _in_capitals(part), part.bold, not part.italic


def _depths(parts: list[Part]) -> list[Part]:
    """Give each heading its depth: from its printed number, else from its look beside that of the great sections' headings."""
    heads = [p for p in parts if p.kind == "heading"]
    great = Counter(_style(p) for p in heads if heading_kind(p.text) in _TOP)
    if not great:
        great = Counter(_style(p) for p in heads)
    top = great.most_common(1)[0][0] if great else None
    ranks = sorted({_style(p) for p in heads}, reverse=True)
    first = ranks.index(top) if top is not None else 0
    for part in heads:
        number = _NUMBERED.match(part.text)
        if number:
            part.depth = number["number"].count(".") + 1
        elif heading_kind(part.text) in _TOP and heading_kind(part.text) != "abstract":
            part.depth = 1
        else:
            part.depth = 1 + max(0, ranks.index(_style(part)) - first)
    return parts


# Front matter and notes --------------------------------------------------------------------------------------------------------


def _front(parts: Sequence[Part], body: Body) -> None:
    """The title, and what stands on the first page before the article begins: authors, addresses, dates, key words."""
    first = [p for p in parts if p.page == 1]
    large = [p for p in first if p.kind in ("text", "heading") and p.size > 1.15 * body.size and len(p.text.split()) >= 3]
    below = first.index(large[0]) if large else len(first)  # "Case report" above a title is no section's heading.
    prose = next((i for i, p in enumerate(first) if _opens(p, i > below) or (p.kind == "text" and _is_prose(p))), 0)
    titles = [p for p in large if first.index(p) < prose]
    title = max(titles, key=lambda p: (round(p.size), len(p.text)), default=None)
    at = first.index(title) if title is not None else -1
    known = (i for i in range(at + 1, prose) if first[i].kind == "heading" and heading_kind(first[i].text) not in (None, "front"))
    opening = first[: next(known, prose)]
    for i, part in enumerate(opening):
        if part is title:
            part.kind = "title"
        elif part.kind == "gone":
            continue
        elif i > 0 and title is not None and opening[i - 1].kind in ("title", "gone") and abs(part.size - title.size) < 0.5:
            title.lines += part.lines
            part.kind = "gone"
        elif part.kind in ("heading", "text"):
            part.kind = "front"
    for part in parts:
        if part.kind in ("text", "heading") and _KEYWORDS.match(part.text):
            part.kind = "front"


@cache
def cues(path: Path = FRONT) -> dict[str, re.Pattern[str]]:
    """What a paragraph about the article begins with or holds; DataError names file and line."""
    found: dict[str, list[str]] = {"begins": [], "holds": []}
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where, _, pattern = row.partition("\t")
        if row.startswith("#") or row == "where\tpattern":
            continue
        try:
            re.compile(pattern)
        except re.error as error:
            raise DataError(f"{path}:{number}: {pattern!r} is no regular expression ({error})") from None
        if where not in found or not pattern:
            raise DataError(f"{path}:{number}: not begins or holds with its pattern: {row!r}")
        found[where].append(pattern)
    return {where: re.compile("|".join(patterns), re.IGNORECASE) for where, patterns in found.items()}


def _apart(parts: Sequence[Part]) -> None:
    """Mark what the first page says of the article: addresses, dates, editors, licence, wherever on it they stand."""
    for part in parts:
        if part.page == 1 and part.kind == "text" and len(part.text) < LONGEST_FRONT and _is_about_article(part.text):
            part.kind = "front"


def _is_about_article(text: str) -> bool:
    begin = _MARK.match(text)
    return bool(cues()["begins"].match(text, begin.end() if begin else 0) or cues()["holds"].search(text[:FRONT_CUE]))


def _opens(part: Part, titled: bool) -> bool:
    kind = heading_kind(part.text) if part.kind == "heading" else None
    return kind in ("abstract", "introduction") or (titled and kind not in (None, "front"))


def _is_prose(part: Part) -> bool:
    text = part.text
    return len(text) >= 250 and len(re.findall(r"[a-z\d)\]]\. [A-Z]", text)) >= 2


def _notes(parts: Sequence[Part], body: Body, heights: dict[int, float]) -> None:
    """Footnotes: small letters at the foot of a column, after which the text goes on elsewhere."""
    following: Part | None = None
    for i in range(len(parts) - 1, -1, -1):
        part = parts[i]
        if part.kind == "gone":
            continue
        leaves = following is None or following.page != part.page or following.first_in_column or following.kind == "note"
        small = part.kind == "text" and part.size <= 0.94 * body.size
        if small and leaves and part.lines[0].y0 > 0.55 * heights[part.page] and not _continues_references(parts, i):
            # The notes of the first page are on its authors.
            part.kind = "front" if part.page == 1 and any(p.kind == "title" for p in parts) else "note"
        following = part


def _continues_references(parts: Sequence[Part], index: int) -> bool:
    for part in reversed(parts[:index]):
        if part.kind == "heading":
            return heading_kind(part.text) in ("references", "back", "abstract")
    return False


def _references(parts: Sequence[Part]) -> None:
    """Entries that go on counting where another heading stands between them: the columns of a page may end in two lists."""
    cited, within = 0, False
    for part in parts:
        if part.kind == "heading":
            within = heading_kind(part.text) == "references"
        number = re.match(r"\[?(\d{1,3})[.\]]?\s", part.text) if part.kind == "text" else None
        if number and (within or cited):
            value = int(number[1])
            if within or value == cited + 1:
                cited = value
                part.kind = "text" if within else "references"


# The flow ----------------------------------------------------------------------------------------------------------------------


def _flow(parts: Sequence[Part], body: Body) -> list[Part]:
    """Paragraphs that go on in another column or on another page are one; what stood between comes after them.

    What is about the article comes first, its title before all.
    """
    done: list[Part] = []
    front = sorted((part for part in parts if part.kind in ("title", "front")), key=lambda part: part.kind != "title")
    waiting: list[Part] = []
    notes: list[Part] = []
    for part in parts:
        if part.kind in ("gone", "title", "front"):
            continue
        if part.kind == "note":
            notes.append(part)
        elif part.kind in ("figure", "table", "box"):
            waiting.append(part)
        elif part.kind == "text" and done and done[-1].kind == "text" and _continues(done[-1], part, body):
            done[-1].lines += part.lines
            done[-1].right = part.right
        else:
            done += waiting
            waiting = []
            done.append(part)
    return [*front, *done, *waiting, *notes]


def _continues(before: Part, part: Part, body: Body) -> bool:
    last, first = before.lines[-1], part.lines[0]
    moved = part.first_in_column or first.page != last.page or first.y0 < last.y0
    if abs(last.size - first.size) > 0.08 * last.size + 0.2:
        return False
    text, start = last.text, first.text
    unfinished = not _TERMINAL.search(text)
    if not moved:
        # An equation, a figure or a table between the halves of a sentence.
        return unfinished and start[:1].islower()
    if unfinished:
        return True
    if start[:1].islower():
        return True
    indented = len(part.lines) > 1 and first.x0 - part.lines[1].x0 > 0.7 * first.size
    full = last.x1 > before.right - 0.8 * last.size
    return body.indented and full and not indented and not re.match(r"\[?\d+[.\]]?\s", start)


def columns_in(pages: Sequence[Page], ordered: Sequence[Sequence[Column]], boxes: Sequence[Sequence[Column]]) -> Iterator[Column]:
    """All columns of a document, each line with its page, those in boxes after the others of their page."""
    for page, columns, framed in zip(pages, ordered, boxes, strict=True):
        for column in (*columns, *framed):
            for line in column:
                line.page = page.number
            yield column
