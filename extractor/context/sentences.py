"""Where sentences end, told from the characters alone and in one pass.

Trained splitters and medspaCy's PyRuSH read clinical notes; a journal writes "(Fig. 2)", "et al.", "i.v." and "Dr. Lin", one file
puts a sentence on a line and another breaks lines at a fixed width. And offsets must be those of the text, whatever the tokens.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from extractor.errors import DataError

WORDS = Path(__file__).parent / "sentences.tsv"
LONGEST = 4000
"""A stretch without an end is cut at the last white space before this many characters: no later stage meets one without bounds."""

_STOP = re.compile(
    r"""(?<![.!?\u2026])(?P<stop>[.!?\u2026]+)
        (?P<closers>["'\u201d\u2019)\]]*)
        (?P<cited>(?:\[\d[\d,;\u2013\u2014\- ]*\]|\(\d[\d,;\u2013\u2014\- ]*\)|(?<=[a-z]\.)\d{1,3}(?:[,\u2013 -]\d{1,3})*)?)
        (?P<space>[ \t\u00a0]+|(?=[A-Z][a-z]))
        (?=(?P<next>\S))""",
    re.VERBOSE,
)
_BREAK = re.compile(r"(?:\r\n|[\n\r\f\v\u2028\u2029])\s*")
_LAST_WORD = re.compile(r"[^\s()\[\]{}\"\u201c/,;]*\Z")
_FIRST_WORD = re.compile(r"[^\s,;:.]+")
_NAME_LIKE = re.compile(r"[a-z]{1,2}-?[A-Z0-9]")
_UNIT_BEFORE = re.compile(r"(?:/|\d[\s\u2005\u200a]?)\Z")
_BULLET = re.compile(r"[-\u2022\u2013\u25cf\u25aa*][ \t]")
_CLOSERS = "\"'\u201d\u2019)]"


@cache
def stop_words() -> dict[str, frozenset[str]]:
    """The words of sentences.tsv by kind: never, number, sometimes, opener."""
    kinds: dict[str, set[str]] = {"never": set(), "number": set(), "sometimes": set(), "opener": set()}
    for line, row in enumerate(WORDS.read_text(encoding="utf-8").splitlines(), start=1):
        if row.startswith("#") or row.startswith("kind\t"):
            continue
        kind, _, rest = row.partition("\t")
        if kind not in kinds:
            raise DataError(f"{WORDS}:{line}: no kind {kind!r} of word: there are {', '.join(kinds)}")
        kinds[kind].add(rest.split("\t")[0])
    return {kind: frozenset(words) for kind, words in kinds.items()}


def split(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The sentences `[start, end)` of a part of the text: in order, disjoint, without white space at their ends, none left out."""
    end = len(text) if end is None else end
    found: list[tuple[int, int]] = []
    begin = start
    for cut, after in _cuts(text, start, end):
        found += _pieces(text, begin, cut)
        begin = after
    return [*found, *_pieces(text, begin, end)]


def _cuts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where a sentence ends and the next may begin, in order."""
    breaks = list(_line_breaks(text, start, end))
    stops = (m for m in _STOP.finditer(text, start, end) if _is_end(text, m, start))
    yield from sorted([*breaks, *((m.end("cited") if m["cited"] else m.end("closers"), m.end("space")) for m in stops)])


def _is_end(text: str, match: re.Match[str], start: int) -> bool:
    following = match["next"]
    if "." not in match["stop"] or len(match["stop"]) > 1:
        return not following.islower()
    if not match["space"] and not re.search(r"[a-z]{3}[)\]]?\.\Z", text[max(start, match.start() - 5) : match.start() + 1]):
        return False
    return _ends(text, match.start(), start, match.end("space"))


def _ends(text: str, stop: int, start: int, following: int, *, new_line: bool = False) -> bool:
    """Whether the full stop at `stop` ends a sentence before what begins at `following`; a new line makes it likelier."""
    words = stop_words()
    word = _last_word(text, stop, start)
    bare = word.lower().lstrip("'\u2018(")
    first = _FIRST_WORD.match(text, following)
    after = first[0] if first else text[following : following + 1]
    opens = after[:1].isupper() and (new_line or after.lower() in words["opener"])
    is_acronym = word.isupper() and len(word) > 1 and word.isalpha()  # "severe MR." is no title, "12 ED." no abbreviation
    is_unit = len(bare) == 1 and _UNIT_BEFORE.search(text[max(start, stop - len(word) - 4) : stop - len(word)])
    if not is_acronym and not is_unit:
        if bare in words["never"]:
            return False
        if bare in words["number"] and after[:1].isdigit():
            return False
        if bare in words["sometimes"] or (len(bare) == 1 and bare.isalpha() and after[:1].isalpha()):
            return opens
    before = text[_line_start(text, stop, start) : stop - len(word)].strip()
    if re.fullmatch(r"\d{1,2}|[ivxIVX]{1,4}|[A-Za-z]", word) and before[-1:] in (".!?;:" if word.isdigit() else ""):
        return False  # the number of a list's entry or of a heading; `"" in x` holds for the start of a line
    if after[:1].islower():
        return new_line or bool(_NAME_LIKE.match(after))
    return True


def _last_word(text: str, stop: int, start: int) -> str:
    match = _LAST_WORD.search(text[max(start, stop - 24) : stop])
    return match[0] if match else ""


def _line_start(text: str, at: int, start: int) -> int:
    low = max(start, at - 8)
    return max(low, text.rfind("\n", low, at) + 1, text.rfind("\r", low, at) + 1)


def _line_breaks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The line breaks that end a sentence: a blank line, a line that ends in a stop, one that was not broken to fit a width."""
    matches = list(_BREAK.finditer(text, start, end))
    widths = _paragraph_widths(matches, start, end)
    line = start
    for match, width in zip(matches, widths, strict=True):
        before, after = match.start(), match.end()
        blank = len(re.findall(r"\r\n|\n|\r", match[0])) > 1
        if blank or after >= end or "\t" in match[0] or not _continues(text, line, before, after, width):
            yield before, after
        line = after


def _paragraph_widths(breaks: Sequence[re.Match[str]], start: int, end: int) -> list[int]:
    """For each line break the length of the longest line of its paragraph."""
    widths = [0] * len(breaks)
    line, first, longest = start, 0, 0
    for index, match in enumerate(breaks):
        longest = max(longest, match.start() - line)
        line = match.end()
        if match[0].count("\n") > 1 or index == len(breaks) - 1:
            longest = max(longest, end - line) if match[0].count("\n") < 2 else longest
            widths[first : index + 1] = [longest] * (index + 1 - first)
            first, longest = index + 1, 0
    return widths


def _continues(text: str, line: int, before: int, after: int, width: int) -> bool:
    """Whether the sentence of the line `[line, before)` goes on at `after`; `width` is its paragraph's longest line."""
    last = text[line:before].rstrip(_CLOSERS + " ")[-1:]
    following = text[after]
    if _BULLET.match(text, after):
        return False
    if last in ".!?":
        stop = text.rfind(last, line, before)
        return last == "." and not _ends(text, stop, line, after, new_line=True)
    if last == ":":
        return False
    if following.islower() or last in ",(-\u2013":
        return True
    first = _FIRST_WORD.match(text, after)
    needed = before - line + 1 + (first.end() - first.start() if first else 1)
    return 45 <= width <= 160 and needed > width


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` without white space at its ends, in pieces of bounded length; nothing where nothing is written."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST:
        space = max(text.rfind(" ", start, start + LONGEST), text.rfind("\n", start, start + LONGEST))
        cut = space if space > start else start + LONGEST
        yield from _pieces(text, start, cut)
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if end > start:
        yield start, end


def title_end(text: str, start: int, title: str | None) -> int:
    """Where the heading printed at the start of a section ends, its colon included; `start` where none is printed there."""
    if not title:
        return start
    first = start
    while first < len(text) and text[first].isspace():
        first += 1
    if not text.startswith(title, first):
        return start
    end = first + len(title)
    mark = re.compile(r"[ \t]*[:.\u2013\u2014|]?").match(text, end)
    return mark.end() if mark else end


def split_sections(text: str, sections: Iterable[tuple[int, int, str | None]]) -> list[tuple[int, int]]:
    """The sentences of `(start, end, title)` sections: none reaches over the end of a section, and a heading stands alone."""
    found: list[tuple[int, int]] = []
    for start, end, title in sections:
        body = min(title_end(text, start, title), end)
        found += split(text, start, body) if body > start else []
        found += split(text, body, end)
    return found


if not Doc.has_extension("sections"):
    Doc.set_extension("sections", default=())
    Doc.set_extension("sentences", default=())


@Language.factory("extractor_sentences", assigns=["doc._.sentences", "token.is_sent_start"])
def make_sentences(nlp: Language, name: str) -> "SentenceSplitter":
    """spaCy's way to the splitter."""
    return SentenceSplitter()


class SentenceSplitter:
    """Writes the sentences of `doc._.sections` to `doc._.sentences` (characters) and to the tokens. Holds no state of a text."""

    def __call__(self, doc: Doc) -> Doc:
        text = doc.user_data.get("text") or doc.text
        sentences = split_sections(text, [(s.start, s.end, s.title) for s in doc._.sections] or [(0, len(text), None)])
        # A token belongs to the sentence its first character stands in; a token over a boundary starts none.
        begins, spaces = doc.to_array(["IDX", "IS_SPACE"]).T if len(doc) else (np.empty(0), np.empty(0))
        words = np.flatnonzero((spaces == 0) | (np.arange(len(doc)) == 0))
        sentence = np.searchsorted([s for s, _ in sentences], begins[words].astype("int64"), side="right")
        marks = np.full((len(doc), 1), -1, dtype="int64")
        marks[words[np.flatnonzero(np.diff(sentence, prepend=-1))]] = 1
        doc._.sentences = tuple(sentences)
        # All at once: setting `token.is_sent_start` looks through the whole document each time.
        return doc.from_array(["SENT_START"], marks.astype("uint64")) if len(doc) else doc  # type: ignore[arg-type]
