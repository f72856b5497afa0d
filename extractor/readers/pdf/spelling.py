"""Lines to running text: words broken at line ends made whole, citations left out, and for each word its place on the page."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from extractor.readers.pdf.glyphs import HYPHEN, Word
from extractor.readers.pdf.lines import Line

HALVES = Path(__file__).parent / "hyphens.tsv"
Place = tuple[int, int, int, float, float, float, float]
"""Start and end in a text, then page, x0, y0, x1, y1."""

_DASHES = ("-", HYPHEN)
_ADDRESS = re.compile(r"(?:://|www\.|\b10\.\d{4,9}/)\S*[/._=?&-]$")
"""An address of the web or a DOI that a line end breaks goes on without a space."""
_EDGES = re.compile(r"^\W+|\W+$")
_CITED = re.compile(r"[\[(]?\d{1,3}(?:[,;\u2013\u2212-]\d{1,3}|[,;])*[\])]?")
_TAKES_CITATION = re.compile(r"[A-Za-z]{4}$|[.,;:)\]\"\u201d]$")
_UNIT = re.compile(r"(?:^|[\d/\u00b7\u22c5])(?:[kcdm\u00b5\u03bcn]?m|[mk]?g|m?l|L|s|h|d|min|mol)$|^[A-Z][a-z]?$")
"""A unit, which a raised number is a power of, or the sign of a chemical element, which it counts the mass of."""
_POWER = re.compile(r"[0-9+\u2212\u2013-]{1,4}")
_RAISED = str.maketrans("0123456789+-\u2212\u2013", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b\u207b")
_PRINTED = re.compile(r"(?P<before>[\w\u2019'\"\u201d).,%]*) ?\[[1-9]\d{0,2}(?: ?[,;\u2010-\u2015\-] ?[1-9]\d{0,2})*\](?!\w)")
_NO_CITATION = re.compile(r"range|normal|reference|interval|ci|values?|between|\d+", re.IGNORECASE)
_CELL = 1.2
"""A gap of this many times the size of the letters parts two cells of a table."""


@cache
def halves(path: Path = HALVES) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {"keep": set(), "join": set(), "after": set(), "tail": set()}
    for row in path.read_text(encoding="utf-8").splitlines():
        rule, _, half = row.partition("\t")
        if rule in found:
            found[rule].add(half)
    return {rule: frozenset(words) for rule, words in found.items()}


def vocabulary(lines: Iterable[Line]) -> Counter[str]:
    """The words of a document that no line end breaks, with how often they stand."""
    words: list[str] = []
    for line in lines:
        words += [w.text for w in line.words[1:-1]]
        if line.words and not line.words[-1].text.endswith(_DASHES) and len(line.words) > 1:
            words.append(line.words[-1].text)
    counted: Counter[str] = Counter()
    for word, count in Counter(words).items():
        bare = _EDGES.sub("", word.casefold())
        counted[bare] += count
        for part in bare.split("-") if "-" in bare else ():
            counted[part] += count
    return counted


def joined(first: str, second: str, known: Counter[str]) -> str:
    """What a line end broke in two, with or without the hyphen.

    >>> from collections import Counter
    >>> joined("inflam-", "matory", Counter()), joined("tumor-", "associated", Counter({"tumor": 2, "associated": 1}))
    ('inflammatory', 'tumor-associated')
    """
    half = first.rstrip("".join(_DASHES))
    if not half or not second[:1].isalpha() or not half[-1:].isalpha():
        return half + "-" + second
    before = re.split(r"[^\w]", half.casefold())[-1]
    after = re.split(r"[^\w]", second.casefold())[0]
    whole, apart = known[before + after], known[f"{before}-{after}"]
    if whole or apart:
        return half + ("" if whole >= apart else "-") + second
    if second[:1].isupper() and not half.isupper():
        return half + "-" + second
    rules = halves()
    if (before in rules["keep"] and len(after) > 3) or after in rules["after"] or ("-" in half and known[before]):
        return half + "-" + second
    # Both halves are words of the document: a compound, unless one of them is also a common syllable.
    keeps = known[before] and known[after] and len(before) > 1 and before not in rules["join"] and after not in rules["tail"]
    return half + ("-" if keeps else "") + second


def cites_raised(lines: Iterable[Line]) -> bool:
    """Whether a document prints its citations as raised numbers."""
    count = 0
    for line in lines:
        for before, word in zip(line.words, line.words[1:], strict=False):
            count += word.raised and bool(_CITED.fullmatch(word.text)) and bool(_TAKES_CITATION.search(before.text))
    return count >= 5


def running(lines: Sequence[Line], known: Counter[str], raised: bool = False) -> tuple[str, list[Place]]:
    """The text of the lines of a paragraph, and the place of each word; `raised` says that the document cites by raised numbers."""
    parts: list[str] = []
    places: list[Place] = []
    length = 0
    last = ""  # What was written last, to know how a word goes on.

    def write(text: str, word: Word, page: int) -> None:
        nonlocal length, last
        parts.append(text)
        places.append((length, length + len(text), page, word.x0, word.y0, word.x1, word.y1))
        length += len(text)
        last = text

    broken = False
    for line in lines:
        for index, word in enumerate(line.words):
            text = word.text
            if HYPHEN in text:
                text = _with_hyphen(text, index == len(line.words) - 1)
            if word.raised and (text := _lifted(text, last, raised)) == "":
                continue
            if broken:
                whole = joined(last, text, known)
                kept = whole[: len(whole) - len(text)]
                length += len(kept) - len(last)
                parts[-1] = kept
                places[-1] = (places[-1][0], length, *places[-1][2:])
                write(text, word, line.page)
            else:
                if (
                    parts
                    and not (not index and _ADDRESS.search(last))
                    and not (index and (word.glued or (word.raised and not text[0].isalpha())))
                ):
                    parts.append(" ")
                    length += 1
                write(text, word, line.page)
            broken = False
        # A dash with white before it is a dash.
        broken = len(last) > 1 and last.endswith(_DASHES) and not last.endswith("--")
    if broken and last.endswith(HYPHEN):
        parts[-1] = last[:-1] + "-"
    return _without_citations("".join(parts), places)


def _with_hyphen(text: str, at_end: bool) -> str:
    """A word with the hyphens that may break it: kept for joining where it ends its line, else printed or gone."""
    if not text.endswith(HYPHEN):
        return text.replace(HYPHEN, "")
    return text if at_end else text.replace(HYPHEN, "-")


def _lifted(text: str, before: str, raised: bool) -> str:
    """What a raised word is written as: nothing where it cites, a power after a number, else itself."""
    if before[-1:].isdigit() and _POWER.fullmatch(text):
        return text.translate(_RAISED)
    if _CITED.fullmatch(text) and (_TAKES_CITATION.search(before) or (raised and not _UNIT.search(before))):
        return ""
    return text


def _without_citations(text: str, places: list[Place]) -> tuple[str, list[Place]]:
    """The text in normal form C without printed reference numbers ("[12, 13]"), as the other readers leave them out."""
    cuts = []
    if "[" in text:
        cuts = [
            (match.end("before"), match.end())
            for match in _PRINTED.finditer(text)
            if match["before"] and not _NO_CITATION.fullmatch(match["before"])
        ]
    if cuts:
        text, places = cut(text, places, cuts)
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text, places = _composed(text, places)
    return text, places


def cut(text: str, places: list[Place], cuts: Sequence[tuple[int, int]]) -> tuple[str, list[Place]]:
    """A text without some stretches of it, and where its other words stand."""
    kept = "".join(text[a:b] for a, b in zip([0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)], strict=True))

    def moved(offset: int) -> int:
        return offset - sum(min(end, offset) - start for start, end in cuts if start < offset)

    shifted = [(moved(p[0]), moved(p[1]), *p[2:]) for p in places]
    return kept, [p for p in shifted if p[0] < p[1]]


def _composed(text: str, places: list[Place]) -> tuple[str, list[Place]]:
    """Letters and their accents as one character, word by word, so that each word keeps its place."""
    parts: list[str] = []
    moved: list[Place] = []
    at = length = 0
    for place in places:
        for piece, own in ((text[at : place[0]], None), (text[place[0] : place[1]], place)):
            composed = unicodedata.normalize("NFC", piece)
            if own is not None and composed:
                moved.append((length, length + len(composed), *own[2:]))
            parts.append(composed)
            length += len(composed)
        at = place[1]
    return "".join(parts) + text[at:], moved


def rows(lines: Sequence[Line], known: Counter[str]) -> tuple[str, list[Place]]:
    """The lines of a table: a line for each row, a tab between its cells."""
    parts: list[str] = []
    places: list[Place] = []
    length = 0
    for number, line in enumerate(lines):
        for index, word in enumerate(line.words):
            gap = word.x0 - line.words[index - 1].x1 if index else 0.0
            text = word.text.replace(HYPHEN, "-")
            between = "\n" if number and not index else "\t" if gap > _CELL * line.size else "" if not index or word.glued else " "
            parts += [between, text]
            length += len(between)
            places.append((length, length + len(text), line.page, word.x0, word.y0, word.x1, word.y1))
            length += len(text)
    text = "".join(parts)
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        return _composed(text, places)
    return text, places
