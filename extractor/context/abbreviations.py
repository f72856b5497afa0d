"""What the report's own abbreviations stand for.

The algorithm is Schwartz & Hearst 2003 (Pac Symp Biocomput 8:451), in scispaCy's implementation. Its candidates are found here, on
the characters: scispaCy's detector looks at every pair of brackets of the document, and reads neither "ER, estrogen receptor; PR,
…" under a figure nor two short forms in one bracket ("T-DXd/DS-8201").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scispacy.abbreviation import find_abbreviation
from spacy.tokens import Doc
from spacy.vocab import Vocab

LONGEST_SHORT_FORM = 12
_BRACKET = re.compile(r"\(([^()\n]{2,120})\)")
_SHORT = re.compile(r"(?=[^a-z]*[A-Z]|[a-z]{0,3}[A-Z])[A-Za-z0-9\u03b1-\u03c9][\w\u03b1-\u03c9+\-\u2010\u2011\u2013/]{1,11}")
_ALTERNATIVE = re.compile(r"\s*(?:/|;|,|\bor\b)\s*")
_LEGEND = re.compile(
    r"(?:(?<=[.;:,|]\s)|(?<=^)|(?<=\n))(?P<short>[A-Z][\w+\-/]{1,11})\s?[,:=\u2013\u2014]\s?"
    r"(?P<long>[A-Za-z][^;.:,()\n]{4,80}?)(?=\s*(?:[;.,\n]|$))"
)
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Definition:
    """A short form and the words it stands for, where both are defined."""

    short: str
    short_start: int
    long_start: int
    long_end: int


def is_short_form(text: str) -> bool:
    """Whether words could be an abbreviation: one word of 2 to 12 characters, mostly letters, no unit ("mL") and no number."""
    letters, capitals = sum(c.isalpha() for c in text), sum(c.isupper() for c in text)
    return bool(_SHORT.fullmatch(text)) and (capitals > 1 or text[0].isupper() or text[0].isdigit()) and letters * 2 >= len(text)


def is_code(text: str) -> bool:
    """Whether words could be a drug's code or short name: one word with at least two letters, one of them a capital ("DS-8201")."""
    return bool(_SHORT.fullmatch(text)) and sum(c.isalpha() for c in text) > 1


def definitions(text: str, vocab: Vocab) -> list[Definition]:
    """The abbreviations a text defines, in its order; the first definition of a short form counts."""
    found: dict[str, Definition] = {}
    for definition in sorted([*_bracketed(text, vocab), *_listed(text, vocab)], key=lambda d: d.short_start):
        found.setdefault(definition.short, definition)
    return list(found.values())


def codes(text: str) -> Iterator[tuple[int, str, int]]:
    """Short forms in brackets: `(where the words before end, short form, its start)`, whether or not its letters fit.

    "trastuzumab emtansine (T-DM1)" does not fit the algorithm; the caller knows which names stand before a bracket.
    """
    for match in _BRACKET.finditer(text):
        before = match.start()
        while before and text[before - 1] in " \u00a0":
            before -= 1
        for start, short in _alternatives(match):
            if is_code(short):
                yield before, short, start


def _bracketed(text: str, vocab: Vocab) -> Iterator[Definition]:
    for match in _BRACKET.finditer(text):
        inside = match[1].strip()
        alternatives = list(_alternatives(match))
        shorts = [(at, s) for at, s in alternatives[:2] if is_short_form(s)]
        for at, short in shorts:
            place = _long_form(text, match.start(), short, vocab)
            if place is not None:
                yield Definition(short, at, *place)
        if not shorts and len(inside.split()) > 1:
            yield from _explained(text, match, inside, vocab)


def _alternatives(match: re.Match[str]) -> Iterator[tuple[int, str]]:
    """The parts of a bracket, with where they start; a whole that may itself be one short form ("CK5/6") comes as it is."""
    inside, start = match[1], match.start(1)
    parts = [0, *(x for m in _ALTERNATIVE.finditer(inside) for x in m.span()), len(inside)]
    for first, last in zip(parts[::2], parts[1::2], strict=True):
        part = inside[first:last].strip()
        if part:
            yield start + first + inside[first:last].index(part), part.strip("\"'\u201c\u201d\u2018\u2019")


def _long_form(text: str, bracket: int, short: str, vocab: Vocab) -> tuple[int, int] | None:
    """The words right before a bracket that the short form abbreviates."""
    size = sum(c.isalnum() for c in short)
    low = max(0, bracket - 160)
    low = max(low, text.rfind("\n\n", low, bracket) + 1)
    words = list(_WORD.finditer(text, low, bracket))[-min(size + 5, size * 2) :]
    place = _align([m[0] for m in words], short, vocab)
    if place is None or not words:
        return None
    start = words[place].start()
    start += len(text[start : words[place].end()]) - len(text[start : words[place].end()].lstrip("([\"'\u201c"))
    end = words[-1].end()
    return (start, end) if end - start > len(short) else None


def _explained(text: str, match: re.Match[str], inside: str, vocab: Vocab) -> Iterator[Definition]:
    """ "ALND (axillary lymph node dissection)"."""
    before = re.search(r"(\S+)[ \u00a0]\Z", text[max(0, match.start() - LONGEST_SHORT_FORM - 2) : match.start()])
    if not before or not is_short_form(before[1]) or sum(c.isupper() for c in before[1]) < 2:
        return
    words = list(_WORD.finditer(text, match.start(1), match.end(1)))
    if len(words) <= 8 and _align([m[0].strip(",;") for m in words], before[1], vocab) == 0:
        yield Definition(before[1], match.start() - len(before[0]), match.start(1), match.start(1) + len(match[1].rstrip()))


def _listed(text: str, vocab: Vocab) -> Iterator[Definition]:
    """ "ER, estrogen receptor; PR, progesterone receptor"."""
    for match in _LEGEND.finditer(text):
        short, words = match["short"], match["long"].split()
        if is_short_form(short) and len(words) <= 8 and len(match["long"]) > len(short) and _align(words, short, vocab) == 0:
            yield Definition(short, match.start("short"), match.start("long"), match.end("long"))


def _align(words: list[str], short: str, vocab: Vocab) -> int | None:
    """The index of the word at which the long form begins, by scispaCy's algorithm; None where the letters do not fit."""
    if not words:
        return None
    doc = Doc(vocab, words=[*words, short])
    _, long_form = find_abbreviation(doc[: len(words)], doc[len(words) :])
    if long_form is None or not len(long_form):
        return None
    return int(long_form.start)
