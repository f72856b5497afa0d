"""The words of a page and where they stand, as pdfium gives them; nothing here trusts the order in the file."""

import ctypes
import math
import re
from collections import defaultdict, deque
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

GLYPHS = Path(__file__).parent / "glyphs.tsv"
MOST_WORDS = 8_000
MOST_CHARACTERS = 60_000
"""A page with more is no page of text; what is over is not read."""
_MOST_OBJECTS = 1500
_HYPHEN_CODES = np.array([0x2, 0xAD, 0xFFFE], dtype=np.int32)
HYPHEN = "\u00ad"
"""What a word ends with where the file says that a line end broke it; a plain "-" may also stand for that."""
_BOLD = re.compile(r"bold|black|heavy|demi|semibold|medi(?:um)?$|[-.,]bd?$|\bBX\d|CMBX|\.B\b", re.IGNORECASE)
_ITALIC = re.compile(r"ital|obliq|[-.,]it?$|\.I\b|CMTI", re.IGNORECASE)
_SPACES = np.array([0, 9, 10, 11, 12, 13, 32, 0xA0, 0x2002, 0x2003, 0x2009, 0x200B, 0x202F, 0x3000, 0xFEFF], dtype=np.int32)


@dataclass(slots=True, eq=False)
class Word:
    """Characters that stand together on one line: box in points from the top left, `glued` to the word before where no space is."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    italic: bool
    glued: bool
    raised: bool = False

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class Area:
    """A rectangle that holds a picture, a drawing or a form; `parts` counts its lines and shapes."""

    x0: float
    y0: float
    x1: float
    y1: float
    parts: int


@dataclass(slots=True)
class Page:
    """What a page holds. `turn` is the quarter turns its words were read with, to find their place on the paper again.

    `frames` are the rectangles, drawn or shaded, that text may stand in.
    """

    number: int
    width: float
    height: float
    turn: int
    words: list[Word]
    areas: list[Area]
    frames: list[Area]
    pictured: bool
    cut: bool


@cache
def mapped() -> dict[tuple[str, int], str]:
    """What private-use and symbol-font characters mean, by font (a part of its name, empty for any) and code."""
    found = {}
    for row in GLYPHS.read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#") and not row.startswith("font\t"):
            font, code, meaning = row.split("\t")[:3]
            found[font.lower(), int(code, 16)] = meaning
    return found


def _entry(function: Any, result: Any, *arguments: Any) -> Any:
    """A function of pdfium with plain numbers for pointers that keeps the interpreter's lock: a call costs half as much."""
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)


_text = _entry(raw.FPDFText_GetText, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_unicode = _entry(raw.FPDFText_GetUnicode, ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
_box = _entry(raw.FPDFText_GetLooseCharBox, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_object = _entry(raw.FPDFPage_GetObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_kind = _entry(raw.FPDFPageObj_GetType, ctypes.c_int, ctypes.c_void_p)
_font_of = _entry(raw.FPDFTextObj_GetFont, ctypes.c_void_p, ctypes.c_void_p)
_text_object = _entry(raw.FPDFText_GetTextObject, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
_font_info = _entry(
    raw.FPDFText_GetFontInfo, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p
)
_font_weight = _entry(raw.FPDFText_GetFontWeight, ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_font_size = _entry(raw.FPDFText_GetFontSize, ctypes.c_double, ctypes.c_void_p, ctypes.c_int)
_matrix = _entry(raw.FPDFText_GetMatrix, ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

Look = tuple[bool, bool, float, int]
"""Whether bold and whether italic, size of the letters on the page (0: not told), quarter turns (-1: askew)."""


class Fonts:
    """The fonts of a document, and how its characters look."""

    def __init__(self) -> None:
        self._known: dict[int | None, tuple[bool, bool]] = {}
        self._symbolic: dict[int, tuple[str, ...]] = {}
        self._buffer = ctypes.create_string_buffer(256)
        self._flags = ctypes.c_int()
        self._addresses = tuple(ctypes.addressof(x) for x in (self._buffer, self._flags))

    def looks(self, page: int, indices: list[int]) -> list[Look]:
        """How some characters look. All characters of a text object look the same, so each object is asked once."""
        owners = list(map(_text_object, repeat(page), indices))
        firsts = dict(zip(reversed(owners), reversed(indices), strict=True))
        firsts.pop(None, None)
        known = dict(zip(firsts, self._looked(page, list(firsts.values()), list(map(_font_of, firsts))), strict=True))
        return [known[o] if o is not None else self._looked(page, [i], [None])[0] for o, i in zip(owners, indices, strict=True)]

    def forget(self) -> None:
        """Objects and fonts of another page may have the same addresses."""
        self._known.clear()
        self._symbolic.clear()

    def _looked(self, page: int, indices: list[int], fonts: list[int | None]) -> list[Look]:
        """The looks of characters of different text objects, given the objects' fonts."""
        count = len(indices)
        numbers = np.zeros((count, 6), np.float32)
        start = numbers.ctypes.data
        told = list(map(_matrix, repeat(page), indices, range(start, start + 24 * count, 24)))
        sizes = list(map(_font_size, repeat(page), indices))
        found = []
        for index, font, has, size, (a, b, c, d, _, _) in zip(indices, fonts, told, sizes, numbers.tolist(), strict=True):
            if font not in self._known:
                self._known[font] = self._described(page, index)
            if not has:
                found.append((*self._known[font], 0.0, 0))
                continue
            turn = 0 if b == 0 and a > 0 else _quarter(math.atan2(b, a))
            found.append((*self._known[font], size * (d if c == 0 and d > 0 else math.hypot(c, d)), turn))
        return found

    def _described(self, page: int, index: int) -> tuple[bool, bool]:
        buffer, flags = self._addresses
        _font_info(page, index, buffer, 256, flags)
        name = self._buffer.value.decode("utf-8", "replace")
        bold = bool(_BOLD.search(name)) or bool(self._flags.value & (1 << 18)) or _font_weight(page, index) >= 600
        italic = bool(_ITALIC.search(name)) or bool(self._flags.value & (1 << 6))
        return bold, italic

    def symbols(self, items: list[int]) -> dict[int, tuple[str, ...]]:
        """The fonts of these text objects that have an encoding of their own: by handle, the names that glyphs.tsv has for them."""
        found = {}
        for handle in set(map(_font_of, items)):
            if handle is None:
                continue
            if handle not in self._symbolic:
                font = ctypes.cast(handle, raw.FPDF_FONT)
                size = raw.FPDFFont_GetBaseFontName(font, ctypes.cast(self._buffer, ctypes.POINTER(ctypes.c_char)), 256)
                name = self._buffer.value.decode("utf-8", "replace").lower() if 0 < size <= 256 else ""
                self._symbolic[handle] = tuple(sorted({part for part, _ in mapped() if part and part in name}))
            if self._symbolic[handle]:
                found[handle] = self._symbolic[handle]
        return found


def read_page(document: pdfium.PdfDocument, index: int, fonts: Fonts) -> Page:
    """The words and areas of one page."""
    page = document[index]
    try:
        text = page.get_textpage()
        try:
            return _read(page, text, index + 1, fonts)
        finally:
            text.close()
    finally:
        page.close()


def _read(page: pdfium.PdfPage, text: pdfium.PdfTextPage, number: int, fonts: Fonts) -> Page:
    left, bottom, right, top = page.get_cropbox()
    width, height = abs(right - left), abs(top - bottom)
    count = min(text.count_chars(), MOST_CHARACTERS)
    fonts.forget()
    handle = ctypes.cast(text.raw, ctypes.c_void_p).value or 0
    codes, boxes = _characters(handle, count)
    items = _objects(page)
    _decipher(handle, codes, fonts.symbols(items[raw.FPDF_PAGEOBJ_TEXT]))
    # From points up from the bottom left to points down from the top left.
    x0, x1 = np.minimum(boxes[:, 0], boxes[:, 2]) - left, np.maximum(boxes[:, 0], boxes[:, 2]) - left
    y0, y1 = top - np.maximum(boxes[:, 1], boxes[:, 3]), top - np.minimum(boxes[:, 1], boxes[:, 3])
    printed = np.flatnonzero(~np.isin(codes, _SPACES) & ((x1 - x0) * (y1 - y0) > 0) & (x1 > 0) & (y1 > 0) & (x0 < width) & (y0 < height))
    turn = _turn(handle, printed, fonts)
    place = _turned(np.stack([x0, y0, x1, y1], axis=1)[printed].astype(np.float64), turn, width, height)
    words = _words(handle, codes, printed, place, fonts=fonts, turn=turn)
    areas, frames = _areas(items, left, top, width, height) if turn == 0 else ([], [])
    pictured = not words and any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
    cut = len(words) == MOST_WORDS or text.count_chars() > MOST_CHARACTERS
    return Page(number, width, height, turn, words, areas, frames, pictured, cut)


def _characters(handle: int, count: int) -> tuple[Any, Any]:
    codes = _codes(handle, count)
    boxes = np.zeros((count, 4), np.float32)
    start = boxes.ctypes.data
    deque(map(_box, repeat(handle), range(count), range(start, start + 16 * count, 16)), maxlen=0)
    return codes, np.nan_to_num(boxes, nan=0.0, posinf=0.0, neginf=0.0)


def _codes(handle: int, count: int) -> Any:
    """The code of each character: from the text as a whole where it has exactly one unit for each, else asked one by one."""
    units = np.zeros(count + 2, np.uint16)
    written = _text(handle, 0, count, units.ctypes.data)
    whole = units[:count]
    if written == count + 1 and whole.all() and not ((whole >= 0xD800) & (whole < 0xE000)).any():
        return whole.astype(np.int32)
    return np.fromiter(map(_unicode, repeat(handle), range(count)), dtype=np.int64, count=count).astype(np.int32)


def _objects(page: pdfium.PdfPage) -> dict[int, list[int]]:
    """The objects of a page by their kind."""
    handle = ctypes.cast(page.raw, ctypes.c_void_p).value
    found: dict[int, list[int]] = defaultdict(list)
    items = list(map(_object, repeat(handle), range(min(raw.FPDFPage_CountObjects(page.raw), MOST_CHARACTERS))))
    for item, kind in zip(items, map(_kind, items), strict=True):
        found[kind].append(item)
    return found


def _decipher(handle: int, codes: Any, fonts: dict[int, tuple[str, ...]]) -> None:
    """Replace the characters of fonts with an encoding of their own by what they mean."""
    if not fonts:
        return
    table = mapped()
    owners: dict[int, tuple[str, ...]] = {}
    for index, owner in enumerate(map(_text_object, repeat(handle), range(len(codes)))):
        if owner is None:
            continue
        if owner not in owners:
            owners[owner] = fonts.get(_font_of(owner), ())
        for part in owners[owner]:
            if meaning := table.get((part, int(codes[index]))):
                codes[index] = ord(meaning[0])


def _turn(handle: int, printed: Any, fonts: Fonts) -> int:
    """The quarter turns of most of the page's characters: a table printed along the long side is read along it."""
    turns = [look[3] for look in fonts.looks(handle, printed[:: max(1, len(printed) // 40)].tolist())]
    best = max(set(turns), key=turns.count, default=0)
    return best if best > 0 and turns.count(best) * 2 > len(turns) else 0


def _quarter(angle: float) -> int:
    """Quarter turns of an angle, -1 where it is none."""
    quarters = angle / (math.pi / 2)
    return round(quarters) % 4 if abs(quarters - round(quarters)) < 0.03 else -1


def _turned(boxes: Any, turn: int, width: float, height: float) -> Any:
    x0, y0, x1, y1 = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
    sides = {
        0: (x0, y0, x1, y1),
        1: (height - y1, x0, height - y0, x1),
        2: (width - x1, height - y1, width - x0, height - y0),
        3: (y0, width - x1, y1, width - x0),
    }[turn]
    return np.stack(sides, axis=1)


def on_paper(box: tuple[float, float, float, float], page: Page) -> tuple[float, float, float, float]:
    """The place on the unturned page of a box in the coordinates that the page's words are in."""
    x0, y0, x1, y1 = box
    if page.turn == 1:
        return y0, page.height - x1, y1, page.height - x0
    if page.turn == 2:
        return page.width - x1, page.height - y1, page.width - x0, page.height - y0
    if page.turn == 3:
        return page.width - y1, x0, page.width - y0, x1
    return box


def _words(handle: int, codes: Any, printed: Any, place: Any, *, fonts: Fonts, turn: int) -> list[Word]:
    if not len(printed):
        return []
    size = place[:, 3] - place[:, 1]
    gap = place[1:, 0] - place[:-1, 2]
    follows = printed[1:] == printed[:-1] + 1
    # Both letters of a ligature have the box of the whole ligature.
    near = (gap < 0.28 * size[1:]) & (gap > -0.9 * size[1:]) & (place[1:, 0] > place[:-1, 0] - 0.1 * size[1:])
    level = np.abs(place[1:, 3] - place[:-1, 3]) < 0.14 * np.maximum(size[1:], size[:-1])
    starts = np.concatenate(([0], np.flatnonzero(~(follows & near & level)) + 1, [len(printed)]))
    lows, highs = np.minimum.reduceat(place, starts[:-1]), np.maximum.reduceat(place, starts[:-1])
    # Where a broken word's hyphen has no box of its own, it is known by its code only.
    after = np.minimum(printed + 1, len(codes) - 1)
    hidden = set(np.flatnonzero(np.isin(codes[after], _HYPHEN_CODES) & ~np.isin(after, printed)).tolist())
    glued = [False, *(follows & near)[starts[1:-1] - 1].tolist()]
    heights, spans = size[starts[:-1]].tolist(), starts.tolist()
    looks = fonts.looks(handle, printed[starts[:-1]].tolist())
    letters = _letters(codes[printed])
    words: list[Word] = []
    for i, (x0, y0, x1, y1) in enumerate(np.concatenate((lows[:, :2], highs[:, 2:]), axis=1).tolist()):
        bold, italic, height, turned = looks[i]
        if turned != turn:
            continue
        text = letters[spans[i] : spans[i + 1]]
        if not text.isascii():
            text = _spelled(text)
        if spans[i + 1] - 1 in hidden:
            text += HYPHEN
        if text == HYPHEN and words:
            words[-1].text += HYPHEN
        elif text and glued[i] and words and _small_capitals(words[-1], text, y1, height):
            first = words[-1]
            first.text, first.x1, first.y0, first.y1 = first.text + text, x1, min(first.y0, y0), max(first.y1, y1)
        elif len(words) == MOST_WORDS:
            break
        elif text:
            words.append(Word(text, x0, y0, x1, y1, height or heights[i], bold, italic, glued[i]))
    return words


def _letters(codes: Any) -> str:
    """Codes as a string, one character each: hyphens at line ends as HYPHEN, what is no character as U+FFFD."""
    clean = np.where(np.isin(codes, _HYPHEN_CODES), ord(HYPHEN), codes)
    wrong = (clean < 33) | (clean >= 0x110000) | ((clean >= 0xD800) & (clean < 0xE000)) | (clean == 0x7F)
    return np.where(wrong, 0xFFFD, clean).astype("<u4").tobytes().decode("utf-32-le")


def _small_capitals(first: Word, text: str, bottom: float, size: float) -> bool:
    """Whether letters go on, on the same line, in small capitals after a capital."""
    return first.text.isupper() and text[0].isalpha() and 0.6 < size / first.size < 0.92 and abs(first.y1 - bottom) < 0.28 * first.size


def _spelled(text: str) -> str:
    """The characters of a word with ligatures and private-use codes by their meaning, without what has none."""
    table = mapped()
    return "".join([table.get(("", ord(c)), "" if _meaningless(ord(c)) else c) for c in text])


def _meaningless(code: int) -> bool:
    return 0xE000 <= code < 0xF900 or code in (0xFFFD, 0xFEFF, 0x2060) or 0x80 <= code < 0xA0 or code >= 0xE0000


def _areas(items: dict[int, list[int]], left: float, top: float, width: float, height: float) -> tuple[list[Area], list[Area]]:
    """Pictures and drawings, and frames. Thin long lines alone are rules of a table or a page, not a drawing."""
    found: list[Area] = []
    frames: list[Area] = []
    shapes: list[tuple[float, float, float, float]] = []
    sides = [ctypes.c_float() for _ in range(4)]
    others = [(kind, item) for kind, some in items.items() if kind != raw.FPDF_PAGEOBJ_TEXT for item in some]
    for kind, item in others[:: max(1, len(others) // _MOST_OBJECTS)]:
        if not raw.FPDFPageObj_GetBounds(ctypes.cast(item, raw.FPDF_PAGEOBJECT), *sides):
            continue
        x0, y0, x1, y1 = sides[0].value - left, top - sides[3].value, sides[2].value - left, top - sides[1].value
        if not all(map(math.isfinite, (x0, y0, x1, y1))) or (x1 - x0) * (y1 - y0) > 0.6 * width * height:
            continue
        if kind == raw.FPDF_PAGEOBJ_PATH:
            shapes.append((x0, y0, x1, y1))
            if x1 - x0 > _NARROWEST_FRAME and y1 - y0 > _LOWEST_FRAME and _is_seen(item):
                frames.append(Area(x0, y0, x1, y1, 1))
        elif x1 - x0 > 36 and y1 - y0 > 36:
            found.append(Area(x0, y0, x1, y1, 0))
    return found + _drawings(shapes), frames


_NARROWEST_FRAME, _LOWEST_FRAME = 90.0, 24.0


def _is_seen(item: int) -> bool:
    """Whether a path is drawn, or shaded other than white: word processors lay white under their paragraphs."""
    path = ctypes.cast(item, raw.FPDF_PAGEOBJECT)
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(path, fill, stroke):
        return False
    colours = [ctypes.c_uint() for _ in range(4)]
    asked = raw.FPDFPageObj_GetStrokeColor if stroke.value else raw.FPDFPageObj_GetFillColor
    if not (fill.value or stroke.value) or not asked(path, *colours):
        return False
    return min(c.value for c in colours[:3]) < _WHITE and colours[3].value > 0


_WHITE = 252


_CELL = 8.0


def _drawings(shapes: list[tuple[float, float, float, float]]) -> list[Area]:
    """Shapes that touch each other are one drawing; a few of them are a frame or the rules of a table."""
    small = [s for s in shapes if s[2] - s[0] < 320 or s[3] - s[1] > 4]
    if len(small) < 8:
        return []
    owner: dict[tuple[int, int], int] = {}
    parent = list(range(len(small)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, (x0, y0, x1, y1) in enumerate(small):
        for column in range(int(max(x0 - 4, 0) // _CELL), min(int((x1 + 4) // _CELL), 400) + 1):
            for row in range(int(max(y0 - 4, 0) // _CELL), min(int((y1 + 4) // _CELL), 400) + 1):
                before = owner.setdefault((column, row), i)
                if before != i:
                    parent[root(i)] = root(before)
    groups: dict[int, list[tuple[float, float, float, float]]] = {}
    for i, shape in enumerate(small):
        groups.setdefault(root(i), []).append(shape)
    areas = [Area(min(s[0] for s in g), min(s[1] for s in g), max(s[2] for s in g), max(s[3] for s in g), len(g)) for g in groups.values()]
    return [a for a in areas if a.parts >= 8 and a.x1 - a.x0 > 36 and a.y1 - a.y0 > 36]
