"""Words to lines: chains of near words first, then the gutters between columns, then what stands on one line between gutters."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from statistics import median

from extractor.readers.pdf.glyphs import Area, Word

_NEAR = 0.6
"""Words nearer than this many times their size are surely of one column; justified text may have wider spaces."""
_NARROWEST = 5.0
_TEXTY = 7.0
"""Columns of text are at least this many times as wide as their letters are high; cells of a table seldom are."""


@dataclass(slots=True, eq=False)
class Line:
    """Words in the order of reading that stand on one line."""

    words: list[Word]
    x0: float = 0.0
    y0: float = 0.0
    x1: float = 0.0
    y1: float = 0.0
    size: float = 0.0
    page: int = 0

    def __post_init__(self) -> None:
        self.measure()

    def measure(self) -> None:
        words = self.words
        self.x0, self.x1 = min([w.x0 for w in words]), max([w.x1 for w in words])
        if len(words) == 1:
            self.size, self.y0, self.y1 = words[0].size, words[0].y0, words[0].y1
            return
        self.size = size = _usual_size(words)
        # Raised and lowered characters do not make a line higher: its height is that of its own letters.
        level = [w for w in words if w.size > 0.8 * size]
        self.y0, self.y1 = _middle([w.y0 for w in level]), _middle([w.y1 for w in level])

    @property
    def text(self) -> str:
        return "".join(w.text if w.glued or i == 0 else " " + w.text for i, w in enumerate(self.words))

    @property
    def width(self) -> float:
        return self.x1 - self.x0


def _middle(values: list[float]) -> float:
    """The median, in a third of the time that `statistics` takes for the few words of a line."""
    values.sort()
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _usual_size(words: Sequence[Word]) -> float:
    """The size that half of the letters do not exceed."""
    first = words[0].size
    if all(w.size == first for w in words):
        return first
    counted = sorted([(w.size, len(w.text)) for w in words])
    half = sum([count for _, count in counted]) / 2
    for size, count in counted:
        half -= count
        if half <= 0:
            return size
    return counted[-1][0]


@dataclass(slots=True, eq=False)
class Gutter:
    """White between two columns: from `a` to `b`, seen beside the lines from `y0` to `y1`; `left` and `right` are those lines' edges."""

    a: float
    b: float
    y0: float
    y1: float
    rows: list[tuple[Line, Line]] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return (self.a + self.b) / 2


def _on_one_line(a: Word | Line, b: Word | Line, share: float = 0.5) -> bool:
    # Asked for every pair of neighbours: comparisons cost a third of what min and max do.
    a0, a1, b0, b1 = a.y0, a.y1, b.y0, b.y1
    common = (a1 if a1 < b1 else b1) - (a0 if a0 > b0 else b0)
    return common > share * (a1 - a0) or common > share * (b1 - b0)


def _follows(a: Word, b: Word) -> bool:
    em = a.size if a.size > b.size else b.size
    return -0.4 * em < b.x0 - a.x1 < _NEAR * em and _on_one_line(a, b)


def chains(words: Sequence[Word]) -> list[Line]:
    """Words that follow each other closely, whatever their order in the file."""
    started: list[list[Word]] = []
    for word in words:
        if started and _follows(started[-1][-1], word):
            started[-1].append(word)
        else:
            started.append([word])
    lines = sorted((Line(w) for w in started), key=lambda line: (line.x0, line.y0))
    rows = _rows(lines)
    joined: dict[int, Line] = {}
    gone: set[int] = set()
    for line in lines:
        if id(line) in gone:
            continue
        current = joined.get(id(line), line)
        while (after := _nearest(current, rows, gone)) is not None and _close(current, after):
            current.words += after.words
            gone.add(id(after))
            current.measure()
    kept = [line for line in lines if id(line) not in gone]
    for line in kept:
        _raise(line)
    return sorted(kept, key=lambda line: (line.y0, line.x0))


_BAND = 24.0


Bands = dict[int, list[Line]]
"""Lines by the bands of the page that they touch."""
Beside = dict[int, tuple[Line, Line]]
"""Chains, by their identity, with the next one to their right."""


def _rows(lines: Iterable[Line]) -> Bands:
    rows: Bands = {}
    for line in lines:
        for band in range(int(line.y0 // _BAND), int(line.y1 // _BAND) + 1):
            rows.setdefault(band, []).append(line)
    return rows


def _nearest(line: Line, rows: Bands, gone: Set[int] = frozenset(), share: float = 0.5) -> Line | None:
    """The next line to the right that stands beside this one."""
    best = None
    edge, nearest, y0, y1 = line.x1 - 0.4 * line.size, 1e9, line.y0, line.y1
    for band in range(int(y0 // _BAND), int(y1 // _BAND) + 1):
        for other in rows.get(band, ()):
            if edge <= other.x0 < nearest and other is not line and id(other) not in gone and _on_one_line(line, other, share):
                best, nearest = other, other.x0
    return best


def _close(a: Line, b: Line) -> bool:
    em = max(a.words[-1].size, b.words[0].size)
    return -0.4 * em < b.x0 - a.x1 < _NEAR * em and _on_one_line(a.words[-1], b.words[0])


def _raise(line: Line) -> None:
    for word in line.words:
        word.raised = word.size < 0.86 * line.size and word.y1 < line.y1 - 0.12 * line.size


Widths = tuple[float, float]
"""How wide the running text is at the left and at the right of a gap, 0 where there is none."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A gutter that the document shows plainly: its edges and how wide its columns are."""

    a: float
    b: float
    columns: Widths


def gutters(pages: Sequence[Sequence[Line]], areas: Sequence[Sequence[Area]]) -> list[list[Gutter]]:
    """The gutters of each page. Where the document shows a gutter plainly, it is believed at the same place for fewer lines."""
    bands = [_rows(lines) for lines in pages]
    beside = [_beside(lines, rows) for lines, rows in zip(pages, bands, strict=True)]
    widths = [_widths(pairs) for pairs in beside]
    strips = [
        _apart([s for s in _strips(lines, pairs, rows) if len(s.rows) >= 4])
        for lines, pairs, rows in zip(pages, beside, bands, strict=True)
    ]
    measured = [[[width(a, b) for a, b in strip.rows] for strip in page] for page, width in zip(strips, widths, strict=True)]
    known = _plain([(s, r) for page, rows in zip(strips, measured, strict=True) for s, r in zip(page, rows, strict=True)])
    found = []
    for lines, pairs, band, width, page, rows, pictures in zip(pages, beside, bands, widths, strips, measured, areas, strict=True):
        kept = [
            part
            for gutter in known
            for strip in _at(gutter, lines, pairs, band, pictures)
            for part in _filled(strip, [width(a, b) for a, b in strip.rows], gutter)
        ]
        for strip, own in zip(page, rows, strict=True):
            if not any(min(strip.b, k.b) - max(strip.a, k.a) > 0 for k in known):
                kept += _side_column(strip, own) or _texty(strip, own)
        found.append(sorted(kept, key=lambda g: g.y0))
    return found


def _apart(strips: Sequence[Gutter]) -> list[Gutter]:
    """The strips without those that see the same gaps as a longer one: beside indented lines the white is wider than the gutter."""
    claimed: set[int] = set()
    kept = []
    for strip in sorted(strips, key=lambda g: (len(g.rows), g.b - g.a), reverse=True):
        own = [id(line) for line, _ in strip.rows]
        if 2 * sum(line in claimed for line in own) <= len(own):
            claimed.update(own)
            kept.append(strip)
    return kept


def _plain(strips: Sequence[tuple[Gutter, list[Widths]]]) -> list[_Known]:
    """The gutters seen beside many lines of running text, on one page or on several."""
    groups: list[list[tuple[Gutter, list[Widths]]]] = []
    for strip, rows in sorted(strips, key=lambda each: each[0].middle):
        both = [row for row in rows if min(row) > 0]
        if len(both) < 6 or (2 * len(both) < len(rows) and len(both) < 12):
            continue
        if groups and strip.middle - groups[-1][-1][0].middle < 6:
            groups[-1].append((strip, both))
        else:
            groups.append([(strip, both)])
    found = []
    for group in groups:
        rows = [row for _, both in group for row in both]
        if len(rows) >= 12:
            a = median([strip.a for strip, both in group for _ in both])
            b = median([strip.b for strip, both in group for _ in both])
            found.append(_Known(a, b, (median([left for left, _ in rows]), median([right for _, right in rows]))))
    return found


def _at(known: _Known, lines: Sequence[Line], beside: Beside, rows: Bands, areas: Sequence[Area]) -> list[Gutter]:
    """The strips of a page at the place of a known gutter: gaps that leave it white, with nothing across it between them."""
    pictures = [area for area in areas if area.x0 < known.a - 10 and area.x1 > known.b + 10]
    strips: list[Gutter] = []
    for line in lines:
        if id(line) not in beside:
            continue
        other = beside[id(line)][1]
        if line.x1 > known.a + 3 or other.x0 < known.b - 3:
            continue
        y0, y1 = min(line.y0, other.y0), max(line.y1, other.y1)
        above = strips[-1].y1 if strips else 0.0
        pictured = any(area.y0 > above - 2 * line.size and area.y1 < y0 + 2 * line.size for area in pictures)
        if strips and not pictured and not _crossed(rows, known.a + 1, known.b - 1, above, y0):
            strips[-1].rows.append((line, other))
            strips[-1].y1 = max(strips[-1].y1, y1)
        else:
            strips.append(Gutter(known.a, known.b, y0, y1, [(line, other)]))
    return strips


def _filled(strip: Gutter, rows: Sequence[Widths], known: _Known) -> list[Gutter]:
    """The parts of a strip beside which lines fill a column: what is beside the cells of a table is left out."""
    full = [i for i, row in enumerate(rows) if min(row) > 0 or any(w >= 0.7 * c for w, c in zip(row, known.columns, strict=True))]
    return [_cut(strip, part[0], part[-1]) for part in _runs_of(full)]


def _texty(strip: Gutter, rows: Sequence[Widths]) -> list[Gutter]:
    """The parts of a strip at no known place that have running text at both sides."""
    parts = _runs_of([i for i, row in enumerate(rows) if min(row) > 0])
    return [_cut(strip, part[0], part[-1]) for part in parts if len(part) >= max(4, 0.4 * (part[-1] - part[0] + 1))]


def _side_column(strip: Gutter, rows: Sequence[Widths]) -> list[Gutter]:
    """The strip itself where one side is a narrow column in smaller letters, as first pages have it for addresses and dates.

    Both sides begin at one place each, and the wider one is running text: the cells of a table have letters of one size.
    """
    sizes = [(a.size, b.size) for a, b in strip.rows]
    smaller = [a < 0.93 * b for a, b in sizes], [b < 0.93 * a for a, b in sizes]
    for side, small in enumerate(smaller):
        full = sum(row[1 - side] > 0 for row in rows)
        edges = [[pair[s].x0 for pair in strip.rows] for s in (0, 1)]
        even = all(sum(abs(x - median(e)) < 1.5 for x in e) * 10 >= 7 * len(e) for e in edges)
        if len(rows) >= 6 and sum(small) * 10 >= 9 * len(rows) and full * 10 >= 6 * len(rows) and even:
            return [strip]
    return []


def _runs_of(indices: Sequence[int]) -> list[list[int]]:
    parts: list[list[int]] = []
    for i in indices:
        if parts and i - parts[-1][-1] <= 5:
            parts[-1].append(i)
        else:
            parts.append([i])
    return parts


def _cut(strip: Gutter, first: int, last: int) -> Gutter:
    rows = strip.rows[first : last + 1]
    return Gutter(strip.a, strip.b, min(min(a.y0, b.y0) for a, b in rows), max(max(a.y1, b.y1) for a, b in rows), rows)


def _beside(lines: Sequence[Line], rows: Bands) -> Beside:
    """Each chain with the next one to its right."""
    return {id(a): (a, b) for a in lines if (b := _nearest(a, rows, share=0.25)) is not None}


def _widths(beside: Beside) -> Callable[[Line, Line], tuple[float, float]]:
    """How wide the running text is at each side of a gap, 0 where there is none: what wide spaces part on a line counts together."""
    before = {id(b): a for a, b in beside.values()}
    spoken = cache(_spoken)

    @cache
    def width(line: Line, rightward: bool) -> float:
        total, words = line.width, spoken(line)
        while True:
            pair = beside.get(id(line)) if rightward else None
            other = pair[1] if pair else None if rightward else before.get(id(line))
            if other is None or (other.x0 - line.x1 if rightward else line.x0 - other.x1) > 1.2 * line.size:
                return total if total >= _TEXTY * line.size and words >= 3 else 0.0
            line = other
            total, words = total + line.width, words + spoken(line)

    return lambda a, b: (width(a, False), width(b, True))


def _spoken(line: Line) -> int:
    """How many words of a line are words, not numbers or signs."""
    return sum([len(w.text) > 1 and w.text[0].isalpha() and not w.text.isupper() for w in line.words])


def _strips(lines: Sequence[Line], beside: Beside, rows: Bands) -> list[Gutter]:
    """Stacks of gaps that have white in common, with no line across it between them."""
    done: list[Gutter] = []
    open_strips: list[Gutter] = []
    for line in lines:
        if id(line) not in beside:
            continue
        other = beside[id(line)][1]
        a, b, em = line.x1, other.x0, max(line.size, other.size)
        y0, y1 = min(line.y0, other.y0), max(line.y1, other.y1)
        least = max(_NARROWEST, 0.55 * em)
        if b - a < least:
            continue
        done += [strip for strip in open_strips if y0 - strip.y1 > 6 * em]
        open_strips = [strip for strip in open_strips if y0 - strip.y1 <= 6 * em]
        taken = False
        for strip in open_strips:
            left, right = (strip.a if strip.a > a else a), (strip.b if strip.b < b else b)
            # One gap may belong to several: beside a table's empty cell both the white of the column and that of the cells go on.
            if right - left >= least and not _crossed(rows, left, right, strip.y1, y0):
                strip.a, strip.b, strip.y1 = left, right, max(strip.y1, y1)
                strip.rows.append((line, other))
                taken = True
        if not taken:
            open_strips.append(Gutter(a, b, y0, y1, [(line, other)]))
    return done + open_strips


def _crossed(rows: Bands, a: float, b: float, y0: float, y1: float) -> bool:
    for band in range(int(y0 // _BAND), int(y1 // _BAND) + 1):
        for line in rows.get(band, ()):
            if line.x0 < b - 1 and line.x1 > a + 1 and line.y0 > y0 - 1 and line.y1 < y1 + 1:
                return True
    return False


def _wide(line: Line) -> bool:
    return line.width >= _TEXTY * line.size and len(line.words) >= 3


def lines_of(pieces: Sequence[Line], white: Sequence[Gutter]) -> list[Line]:
    """Chains that stand on one line are one, unless a gutter lies between them."""
    rows = _rows(pieces)
    gone: set[int] = set()
    for line in sorted(pieces, key=lambda p: p.x0):
        if id(line) in gone:
            continue
        while (after := _nearest(line, rows, gone, share=0.6)) is not None and not _parted(line, after, white):
            line.words += after.words
            gone.add(id(after))
            line.measure()
    kept = [line for line in pieces if id(line) not in gone]
    for line in kept:
        _raise(line)
        _close_up(line)
    return kept


def _parted(a: Line, b: Line, white: Sequence[Gutter]) -> bool:
    # Beyond the rows that a gutter was seen at it is believed for some lines, if both sides look like text.
    # Words as far apart as a gutter's edges right under its last row are the ends of two columns' last paragraphs.
    slack = 4 * a.size if _wide(a) and _wide(b) else 0.7 * a.size
    top, bottom = max(a.y0, b.y0) - slack, min(a.y1, b.y1) + slack
    return any(g.y0 < bottom and g.y1 > top and g.a < b.x0 + 1 and g.b > a.x1 - 1 for g in white)


def _close_up(line: Line) -> None:
    """Take the spaces out of letter-spaced words: single letters with even gaps, words apart by wider ones."""
    if sum(len(w.text) == 1 and w.text.isalpha() for w in line.words) * 10 < 7 * len(line.words) or len(line.words) < 4:
        return
    gaps = [b.x0 - a.x1 for a, b in zip(line.words, line.words[1:], strict=False)]
    wide = max(2.0 * median(gaps), median(gaps) + 0.12 * line.size)
    merged = [line.words[0]]
    for gap, word in zip(gaps, line.words[1:], strict=True):
        if gap > wide:
            merged.append(word)
            continue
        last = merged[-1]
        merged[-1] = Word(last.text + word.text, last.x0, min(last.y0, word.y0), word.x1, max(last.y1, word.y1),
                          last.size, last.bold, last.italic, last.glued)  # fmt: skip
    line.words = merged


def in_order(lines: Sequence[Line], white: Sequence[Gutter], areas: Sequence[Area] = ()) -> list[list[Line]]:
    """The lines in the order of reading, a list for each column: down each column, from left to right, between what spans them.

    A picture spans columns as a line does.
    """
    if not lines:
        return []
    best, reach = None, (0.0, 0.0)
    for gutter in white:
        top, bottom = _reach(gutter, lines, areas)
        inside = [line for line in lines if top <= (line.y0 + line.y1) / 2 <= bottom]
        sides = {(line.x0 + line.x1) / 2 < gutter.middle for line in inside}
        if len(sides) == 2 and (best is None or bottom - top > reach[1] - reach[0]):
            best, reach = gutter, (top, bottom)
    if best is None:
        return [sorted(lines, key=lambda line: (line.y1, line.x0))]
    others = [g for g in white if g is not best]
    above: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    below: list[Line] = []
    for line in lines:
        middle = (line.y0 + line.y1) / 2
        if middle < reach[0]:
            above.append(line)
        elif middle > reach[1]:
            below.append(line)
        else:
            (left if (line.x0 + line.x1) / 2 < best.middle else right).append(line)
    return [column for part in (above, left, right, below) for column in in_order(part, others, areas)]


def _reach(gutter: Gutter, lines: Sequence[Line], areas: Sequence[Area]) -> tuple[float, float]:
    """How far up and down a gutter parts the page: to what spans it, and to where both columns have ended."""
    middle = gutter.middle
    top, bottom = 0.0, 1e9
    lefts, rights = [a.x0 for a, _ in gutter.rows], [b.x0 for _, b in gutter.rows]
    left, right = median(lefts), median(rights)
    em = median([a.size for a, _ in gutter.rows])
    for line in lines:
        center = (line.y0 + line.y1) / 2
        spans = line.x0 < middle - 2 and line.x1 > middle + 2
        # A title's last line that stands right of the gutter belongs to what is above, not to the right column.
        stray = line.size > 1.1 * em and line.x0 > middle and abs(line.x0 - right) > 3.5 * em and center < gutter.y0
        large = line.size > 1.5 * em and center < gutter.y0 and abs(line.x0 - left) > 4 and abs(line.x0 - right) > 4
        if spans or stray or large:
            if center < gutter.y0:
                top = max(top, line.y1 - 1)
            elif center > gutter.y1:
                bottom = min(bottom, line.y0 + 1)
    edges = min(line.x0 for line in lines), max(line.x1 for line in lines)
    for area in areas:
        if max(area.x0, edges[0]) < middle - 10 and min(area.x1, edges[1]) > middle + 10:
            if area.y1 < gutter.y0 + 2 * em:
                top = max(top, area.y1 - 1)
            elif area.y0 > gutter.y1 - 2 * em:
                bottom = min(bottom, area.y0 + 1)
    top, bottom = _past_neighbours(gutter, lines, em, top, bottom)
    return min(top, gutter.y1), min(bottom, _both_end(gutter, lines, em, bottom))


def _past_neighbours(gutter: Gutter, lines: Sequence[Line], em: float, top: float, bottom: float) -> tuple[float, float]:
    """A short line of small letters beside white, next to what spans the columns, belongs to that: the end of a legend, a caption."""
    ranked = sorted((line for line in lines if top < (line.y0 + line.y1) / 2 < bottom), key=lambda line: line.y0)
    for line in ranked:
        if line.y0 - top > 1.4 * line.size + 4 or line.size > 0.96 * em or _has_beside(line, lines, gutter):
            break
        top = line.y1 - 1
    for line in reversed(ranked):
        if bottom - line.y1 > 1.4 * line.size + 4 or line.size > 0.96 * em or _has_beside(line, lines, gutter):
            break
        bottom = line.y0 + 1
    return top, bottom


def _has_beside(line: Line, lines: Sequence[Line], gutter: Gutter) -> bool:
    left = line.x0 < gutter.middle
    return any(other is not line and (other.x0 < gutter.middle) != left and _on_one_line(line, other, 0.2) for other in lines)


def _both_end(gutter: Gutter, lines: Sequence[Line], em: float, bottom: float) -> float:
    """Where both columns end on one level and only one side goes on after white: notes that stand under the columns."""
    under = sorted((line for line in lines if gutter.y1 - 3 * em < line.y1 and line.y0 < bottom), key=lambda line: line.y0)
    end = max([max(a.y1, b.y1) for a, b in gutter.rows[-2:]], default=gutter.y1)
    below = [line for line in under if (line.y0 + line.y1) / 2 > end]
    if below and below[0].y0 - end > 1.2 * em and len({line.x0 < gutter.middle for line in below}) == 1:
        return end + 0.5 * em
    return 1e9
