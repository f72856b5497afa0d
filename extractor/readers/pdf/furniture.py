"""What a page holds that is no part of the article: running heads and feet, page and line numbers, side notes, watermarks.

What is taken away is given back as text, for it may name the article (its DOI, the journal, the year).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median

from extractor.readers.pdf.glyphs import Page, Word
from extractor.readers.pdf.lines import Line

CUES = Path(__file__).parent / "furniture.tsv"
_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"^\W*(?:page|p\.|s|e)?\s*\d{1,6}\W*(?:(?:of|/|\|)\s*\d{1,4})?\W*$|^[ivxl]{1,6}$", re.IGNORECASE)
_WHOLE = re.compile(r"\d{1,4}$")
_EDGE = 0.13
"""Heads and feet stand within this share of the page's height from its edges."""


@cache
def cues() -> tuple[str, ...]:
    rows = CUES.read_text(encoding="utf-8").splitlines()
    return tuple(row for row in rows if row and not row.startswith("#") and row != "cue")


def drop_line_numbers(page: Page) -> list[Word]:
    """The words of a page without the numbers of its lines: whole numbers that count on beside most of its lines."""
    numbers = [w for w in page.words if _WHOLE.fullmatch(w.text)]
    if len(numbers) < 8:
        return page.words
    dropped: set[int] = set()
    stacks: dict[int, list[Word]] = defaultdict(list)
    for word in numbers:
        # They are set flush right or flush left.
        stacks[round(word.x1 / 3)].append(word)
        stacks[-1000 - round(word.x0 / 3)].append(word)
    for place, stack in stacks.items():
        column = sorted([*stack, *stacks.get(place + 1, [])], key=lambda w: w.middle)
        if len(column) < 8 or not _counts_on(column):
            continue
        edge = column[0].x1
        beside = [w for w in page.words if abs(w.x0 - edge) < 60 and w.x0 > edge and not _WHOLE.fullmatch(w.text)]
        left = min(w.x0 for w in column)
        within = sum(w.x0 < left - 1 for w in page.words) * 20 > len(page.words)
        levels = {round(w.y1) for w in beside}
        if (not within and len(column) * 2 >= len(levels)) or _by_five(column):
            dropped |= {id(w) for w in column}
    return [w for w in page.words if id(w) not in dropped]


def _counts_on(column: Sequence[Word]) -> bool:
    values = [int(w.text) for w in column]
    steps = Counter(b - a for a, b in pairwise(values))
    step, count = steps.most_common(1)[0]
    return step in (1, 5) and count * 10 >= 9 * (len(values) - 1)


def _by_five(column: Sequence[Word]) -> bool:
    return all(int(w.text) % 5 == 0 for w in column)


def drop_furniture(pages: Sequence[Page], chains: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], list[str]]:
    """The chains of each page without its furniture, and the words of the furniture, page by page."""
    at_edge, anywhere = _repeated(pages, chains)
    edges = [_edges(page, lines, at_edge) for page, lines in zip(pages, chains, strict=True)]
    top = _common([top for top, _ in edges if top])
    bottom = -_common([-bottom for _, bottom in edges if bottom])
    kept: list[list[Line]] = []
    said: list[str] = []
    for page, lines, own in zip(pages, chains, edges, strict=True):
        flags = {id(line) for line in lines if id(line) in anywhere or _beyond(line, page, own, top, bottom) or _lone(line, page, lines)}
        kept.append([line for line in lines if id(line) not in flags])
        said.append("\n".join(line.text for line in lines if id(line) in flags))
    return kept, said


def _key(line: Line) -> str:
    return _NUMBER.sub("#", "".join([word.text for word in line.words]).casefold())


def _repeated(pages: Sequence[Page], chains: Sequence[Sequence[Line]]) -> tuple[set[int], set[int]]:
    """Lines that stand in the same words (numbers apart) at the same height of several pages: near an edge, and of most pages anywhere."""
    places: dict[str, list[tuple[int, Line]]] = defaultdict(list)
    for page, lines in zip(pages, chains, strict=True):
        for line in lines:
            places[_key(line)].append((page.number, line))
    at_edge: set[int] = set()
    anywhere: set[int] = set()
    for key, seen in places.items():
        if len(seen) < 2:
            continue
        for number, line in seen:
            same = {n for n, other in seen if n != number and abs(other.y0 - line.y0) < 4 and abs(other.x0 - line.x0) < 400}
            if same and _near_edge(line, pages[number - 1]):
                at_edge.add(id(line))
            if len(same) + 1 > max(2, 0.6 * len(pages)) and len(key) >= 8:
                anywhere.add(id(line))
    return at_edge, anywhere


def _near_edge(line: Line, page: Page) -> bool:
    return line.y0 < _EDGE * page.height or line.y1 > (1 - _EDGE) * page.height


def _edges(page: Page, lines: Sequence[Line], repeated: set[int]) -> tuple[float, float]:
    """Where the head ends and the foot begins on a page, 0 where it has none: row by row from the edge, while rows are repeated ones."""
    ends = []
    for from_top in (True, False):
        end = 0.0
        for row in _rows_from(lines, from_top):
            letters = sum(len(line.text) for line in row)
            if 2 * sum(len(line.text) for line in row if id(line) in repeated) < letters or not all(_near_edge(line, page) for line in row):
                break
            end = max(line.y1 for line in row) if from_top else min(line.y0 for line in row)
        ends.append(end)
    return ends[0], ends[1]


def _rows_from(lines: Sequence[Line], from_top: bool) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: each.y1, reverse=not from_top):
        if rows and abs(rows[-1][0].y1 - line.y1) < 3:
            rows[-1].append(line)
        elif len(rows) == 6:
            break
        else:
            rows.append([line])
    return rows


def _common(edges: Sequence[float]) -> float:
    """The edge that most pages have, so that one page's accident does not count."""
    return median(edges) if edges else 0.0


def _beyond(line: Line, page: Page, own: tuple[float, float], top: float, bottom: float) -> bool:
    """Whether a line stands in the head or foot of its page, or where the other pages have theirs."""
    if line.y1 <= max(own[0], top) + 1 and line.y0 < _EDGE * page.height:
        return True
    foot = min(own[1] or 1e9, bottom or 1e9)
    return line.y0 >= foot - 1 and line.y1 > (1 - _EDGE) * page.height


def _lone(line: Line, page: Page, lines: Sequence[Line]) -> bool:
    """Whether a line is a lone page number or an imprint at an edge."""
    at_top = line.y0 < 0.1 * page.height
    if not at_top and line.y1 <= 0.9 * page.height:
        return False
    words = line.text.casefold()
    numbered, cued = _PAGE_NUMBER.match(words), len(words) < 200 and any(cue in words for cue in cues())
    if not numbered and not cued:
        return False
    if any(o is not line and abs(o.y1 - line.y1) < 3 and len(o.text) > 40 for o in lines):
        return False  # A part of a line of text.
    gap = min([(o.y0 - line.y1 if at_top else line.y0 - o.y1) for o in lines if (o.y0 > line.y1 if at_top else o.y1 < line.y0)], default=0)
    if numbered and gap > 0.3 * line.size:
        return True
    usual = median([o.size for o in lines])
    return bool(cued) and line.size < 1.05 * usual and gap > 0.8 * line.size
