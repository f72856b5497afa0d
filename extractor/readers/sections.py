"""The parts of a report's text, told from its headings, captions and layout; the words are in sections.tsv.

Every part of the text lies in exactly one section. Work grows with the length of the text only: lines are looked at one by one, a
heading is looked up, not searched for.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import cast, get_args

from extractor.errors import DataError
from extractor.schema import CASE_KINDS, Section, SectionKind

HEADINGS = Path(__file__).parent / "sections.tsv"
LONGEST_HEADING = 90
PROSE = 100
"""A line of at least this many characters with a sentence in it is running text, not a heading, a caption's row or a list."""

_NUMBER = re.compile(r"(?:#{1,6}[ \t]+)?(?P<number>(?:\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}|[A-H])(?=[.):|\u00a0 \t])[.):|]?[\u00a0 \t]+)?")
_NAMED = re.compile(r"(?P<heading>[A-Za-z][A-Za-z /]{2,40}?(?:\s(?:\d{1,2}|[IVX]{1,3}))?)\s?(?:[:.|]|\s[-\u2013\u2014])\s+\S")
_MARKUP = re.compile(r"^[*_#\s]+|[*_\s]+$")
_COUNT = re.compile(r"\s*(?:no\.?|number|#)?\s*(?:\d{1,2}|[ivx]{1,4}|[a-d]|one|two|three|four|five|six)$")
_JOINT = re.compile(r"\s*(?:\band\b|&|/|,|\bwith\b)\s*")
_INLINE = re.compile(
    r"(?P<number>\(?\d{1,2}[.)]\s+)?(?P<heading>[A-Za-z][A-Za-z ,/&\u2019'\-]{2,50}?"
    r"(?:\s(?:\d{1,2}|[IVX]{1,3}))?)\s?(?P<mark>[:.|]|\s[-\u2013\u2014](?=\s))(?=\s*\S)"
)
_INLINE_IN_CAPITALS = re.compile(r"(?<=[.!?)\]]\s)(?P<heading>[A-Z][A-Z ,/&\-]{3,50}?)\s?:(?=\s)")
_FIRST_CASE = re.compile(r"\W{0,3}(?:case|patient)\s*(?:no\.?\s*|#\s*)?(?:1|one|I|A)\b", re.IGNORECASE)
_COUNTED = re.compile(r"(?<=[.!?)\]]\s)(?P<heading>(?:Case|Patient)\s(?:\d{1,2}|[A-D]|[IVX]{1,3}))\s?[:.](?=\s+[A-Z])", re.IGNORECASE)
_INLINE_IN_PARAGRAPH = re.compile(r"(?<=[.!?)\]]\s)(?P<heading>[A-Z][A-Za-z ,/&\-]{3,40}?)\s?[:.](?=\s+[A-Z\d(])")
_CAPTION = re.compile(
    r"(?P<what>(?:Supplementary\s|Extended\sData\s)?(?:Fig(?:ure)?s?\b\.?|Scheme|Photo|Image|Video|Table|Tab\.|Chart|Box))"
    r"[\u00a0 ]?(?P<number>S?\d{1,2}[A-Za-z]?|[IVX]{1,4})"
    r"(?:(?P<mark>\s?[|.:\u2013\u2014]|\s-\s|\s\([A-Za-z]\)|\s{2,})|(?=\s[A-Z(])|(?=[A-Z][a-z])|\s*$)",
    re.IGNORECASE,
)
_SPEAKS_OF_FIGURE = re.compile(
    r"\s*(?:and|to|also|clearly|below|above|illustrates?|shows?|showed|showing|demonstrates?|depicts?|presents?|summari[sz]es?|"
    r"describes?|lists?|reveals?|provides?|outlines?|displays?|gives?|is|are|was|were)\b",
    re.IGNORECASE,
)
_TELLS_OF_A_PATIENT = re.compile(
    r"\b(?:years?|yrs?|months?|weeks?|days?)[-\u2010\u2011\u2013\u00a0 ]old\b"
    r"|\b(?:s?he|(?:the|our|this)\s(?:patient|infant|child|man|woman|boy|girl|gentleman|lady)(?:['\u2019]s\s\w+)?)\s(?:\w+\s)?"
    r"(?:was|had|presented|underwent|received|reported|developed|complained|died|did|denied|started|remained|visited)\b"
    r"|\bpresented\s(?:with|to\sour)\b|\bwas\s(?:admitted|referred)\b",
    re.IGNORECASE,
)
_MAY_TELL = (
    re.compile(r"\b(?:case|patient|man|woman|boy|girl|male|female|infant|mrs?|ms)\b", re.IGNORECASE),
    re.compile(r"\b(?:underwent|revealed|diagnosed|admitted|treated|received|developed|presented|operated)\b", re.IGNORECASE),
)
_SHORT_TEXT = 4000
_LONG_ABSTRACT = 250
_ONE_WORD = frozenset({"introduction", "abstract", "discussion", "conclusion", "other"})
_WITHIN_CASE = CASE_KINDS - {"case"}


@dataclass(frozen=True)
class Line:
    """A line's words `[start, end)` without white space at its ends, and where its line ends, the line break included."""

    start: int
    end: int
    stop: int
    indented: bool


@dataclass(frozen=True)
class Mark:
    """Where a section begins: at a heading on its own "line" or "inline" in running text, at a "caption", or where the section that
    a caption interrupts is "resumed"."""

    start: int
    kind: str
    title: str | None
    level: str = "line"
    number: str = ""


@cache
def headings(path: Path = HEADINGS) -> dict[str, str]:
    """The kind of section of each known heading; DataError names file and line."""
    found: dict[str, str] = {}
    kinds = get_args(SectionKind)
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if row.startswith("#") or not row or row == "kind\theading\tnote":
            continue
        cells = row.split("\t")
        if len(cells) < 2 or cells[0] not in kinds:
            raise DataError(f"{path}:{number}: {cells[0]!r} is no kind of section: there are {', '.join(kinds)}")
        if cells[1] in found:
            raise DataError(f"{path}:{number}: the heading {cells[1]!r} stands twice")
        found[cells[1]] = cells[0]
    return found


def tells_of_a_patient(text: str) -> bool:
    """Whether a text tells what happened to somebody: an age, a patient or a person as the subject of a past event."""
    return bool(_TELLS_OF_A_PATIENT.search(text))


def has_case(text: str, sections: Sequence[Section]) -> bool:
    """Whether any section tells a case, so that a timeline can be expected of it."""
    return any(s.kind in CASE_KINDS and tells_of_a_patient(text[s.start : s.end]) for s in sections)


def find_sections(text: str) -> tuple[Section, ...]:
    """The sections of a text: in order, without gap or overlap, named S1, S2, …"""
    lines = list(_lines(text))
    marks = _end_case(text, lines, _resolve(text, _marks(text, lines)))
    marks = _cover(text, lines, marks)
    found: list[Section] = []
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        end = following.start if following else len(text)
        if end <= mark.start:
            continue
        if mark.level == "resumed" and not text[mark.start : end].strip() and found:
            found[-1] = found[-1].model_copy(update={"end": end})
        else:
            kind = cast(SectionKind, mark.kind)
            found.append(Section(id=f"S{len(found) + 1}", kind=kind, title=mark.title, start=mark.start, end=end))
    return tuple(found)


def kind_of(heading: str) -> str | None:
    """The kind of section a heading opens, None where it is not known.

    >>> kind_of("CASE REPORT"), kind_of("Case 2"), kind_of("Treatment and prognosis:"), kind_of("Leptomeningeal disease")
    ('case', 'case', 'treatment', None)
    """
    known = headings()
    words = " ".join(_MARKUP.sub("", heading).rstrip(":.|").casefold().split())
    if not words or len(words) > LONGEST_HEADING:
        return None
    for form in (words, _COUNT.sub("", words), words.removeprefix("the ")):
        if form in known:
            return known[form]
    parts = _JOINT.split(words)
    if 1 < len(parts) <= 4 and all(p in known for p in parts):
        return known[parts[0]]
    return None


def heading_kind(heading: str) -> str | None:
    """The kind of section a heading opens as it is printed: with its number, and with what it adds of its own.

    >>> heading_kind("2.1 Case report"), heading_kind("Case 2: thymoma"), heading_kind("Background: why")
    ('case', 'case', None)
    """
    words = " ".join(heading.split())
    number = _NUMBER.match(words)
    kind = kind_of(words[number.end() :] if number else words) or kind_of(words)
    if kind is None and (named := _NAMED.match(words, number.end() if number else 0)):
        kind = kind_of(named["heading"])
        return kind if kind in CASE_KINDS else None
    return kind


def caption_kind(text: str) -> str | None:
    """ "figure" or "table" where a paragraph of its own begins as the caption of one, None where it only speaks of one."""
    match = _CAPTION.match(text, 0, min(len(text), 200))
    if match is None or _SPEAKS_OF_FIGURE.match(text, match.end()):
        return None
    return "table" if _of_a_table(match) else "figure"


def _lines(text: str) -> Iterator[Line]:
    for match in re.finditer(r"[^\n\r]*(?:\r\n|\n|\r|\Z)", text):
        if match.end() == match.start():
            continue
        words = match[0]
        left = len(words) - len(words.lstrip())
        if not words.strip():
            yield Line(match.start(), match.start(), match.end(), False)
            continue
        yield Line(match.start() + left, match.start() + len(words.rstrip()), match.end(), words[:left].count("\t") > 0)


def _is_prose(text: str, line: Line) -> bool:
    return line.end - line.start >= PROSE and bool(re.search(r"[a-z\d)\]][.;,] ", text[line.start : line.end]))


def _marks(text: str, lines: Sequence[Line]) -> list[Mark]:
    """Every heading, known or numbered, and every caption, in order; captions with the place where the section resumes."""
    marks: list[Mark] = []
    started = False  # Whether running text has begun: a table of contents before it holds headings without text.
    contents = _in_contents(text, lines)
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.start == line.end:
            index += 1
            continue
        caption = _caption(text, lines, index)
        if caption is not None:
            kind, after = caption
            title = " ".join(text[line.start : min(line.end, line.start + 40)].split()[:2]).rstrip("|.:")
            marks.append(Mark(line.start, kind, title, "caption"))
            if after < len(lines):
                marks.append(Mark(lines[after].start, "", None, "resumed"))
            index = after
            continue
        mark = _heading(text, lines, index)
        if mark is not None and not (contents[index] and not started):
            marks.append(mark)
            marks += _inline_marks(text, line, mark) if mark.level == "inline" else []
        elif mark is None and _is_prose(text, line):
            marks += _inline(text, line.start, line.end, (_INLINE_IN_CAPITALS, _COUNTED))
        started = started or (_is_prose(text, line) and not line.indented)
        index += 1
    return marks


def _in_contents(text: str, lines: Sequence[Line]) -> list[bool]:
    """For each line whether it stands in a table of contents: after such a heading, and not right before running text."""
    flags = [False] * len(lines)
    within = False
    written = [i for i, line in enumerate(lines) if line.end > line.start]
    for place, index in enumerate(written):
        line = lines[index]
        words = text[line.start : line.end].casefold()
        if words.strip(":. ") in ("table of contents", "contents"):
            within = True
        following = lines[written[place + 1]] if place + 1 < len(written) else None
        if within and following is not None and _is_prose(text, following) and not line.indented:
            within = False
        if within and _is_prose(text, line):
            within = False
        flags[index] = within
    return flags


def _heading(text: str, lines: Sequence[Line], index: int) -> Mark | None:
    line = lines[index]
    words = text[line.start : line.end]
    number = _NUMBER.match(words)
    bare = words[number.end() :] if number else words
    printed = (number["number"] or "").strip(" .):|\u00a0\t") if number else ""
    if len(words) <= LONGEST_HEADING:
        kind = kind_of(bare) or kind_of(words)
        if kind is not None:
            return Mark(line.start, kind, words.rstrip(":"), "line", printed)
        if printed[:1].isdigit() and _looks_like_heading(text, lines, index, bare):
            return Mark(line.start, "", words.rstrip(":"), "line", printed)
    inline = _INLINE.match(words)
    if inline is None:
        return None
    kind = kind_of(inline["heading"])
    one_word = not inline["heading"].isupper() and " " not in inline["heading"]
    if inline["mark"] == "." and one_word and kind not in _ONE_WORD and inline["heading"] != "Results":
        return None  # "Surgery. The patient …" may be a sentence.
    if kind is None or not re.match(r"\s*[A-Z\d(\[\"\u201c]", words[inline.end() :]):
        return None
    return Mark(line.start, kind, words[: inline.end("heading")], "inline", "")


def _looks_like_heading(text: str, lines: Sequence[Line], index: int, bare: str) -> bool:
    """Whether a numbered line of unknown words heads a section: short, no sentence, on its own."""
    alone = index == 0 or lines[index - 1].start == lines[index - 1].end or text[lines[index - 1].end - 1] in ".:"
    return alone and bool(re.match(r"[A-Z]", bare)) and bare[-1:] not in ".;,:" and len(bare.split()) <= 14 and "\t" not in bare


def _inline_marks(text: str, line: Line, first: Mark) -> list[Mark]:
    """The further headings of a structured paragraph that begins with one ("Background: … Case presentation: …")."""
    begin = line.start + len(first.title or "") + 1
    return list(_inline(text, begin, line.end, (_INLINE_IN_PARAGRAPH, _COUNTED)))


def _inline(text: str, start: int, end: int, patterns: Sequence[re.Pattern[str]]) -> Iterator[Mark]:
    matches = sorted((m for p in patterns for m in p.finditer(text, start, end)), key=lambda m: m.start())
    for match in matches:
        kind = kind_of(match["heading"])
        if kind is not None:
            yield Mark(match.start("heading"), kind, match["heading"], "inline")


def _caption(text: str, lines: Sequence[Line], index: int) -> tuple[str, int] | None:
    """The kind of a caption that begins at this line, and the index of the first line after it."""
    line = lines[index]
    match = _CAPTION.match(text, line.start, line.end)
    if match is None or _SPEAKS_OF_FIGURE.match(text, match.end(), line.end):
        return None
    before = lines[index - 1] if index else None
    if before and before.end > before.start and text[before.end - 1] not in ".:!?)]" and before.end - before.start > 40:
        return None  # "… as shown in" / "Fig. 2. The patient …": a sentence that goes on.
    after = _paragraph_end(text, lines, index)
    return ("table", _table_end(text, lines, after)) if _of_a_table(match) else ("figure", after)


def _of_a_table(caption: re.Match[str]) -> bool:
    return caption["what"].split()[-1].lower().startswith(("tab", "chart", "box"))


def _paragraph_end(text: str, lines: Sequence[Line], index: int) -> int:
    """The index of the line after a paragraph: at a blank line, or at once where a paragraph is one long line."""
    width = lines[index].end - lines[index].start
    index += 1
    while index < len(lines) and lines[index].end > lines[index].start:
        if width > 160 or _heading(text, lines, index) is not None or _CAPTION.match(text, lines[index].start):
            break
        if width < 60 and text[lines[index - 1].end - 1] in ".!?":
            break
        index += 1
    return index


def _table_end(text: str, lines: Sequence[Line], index: int) -> int:
    """The index of the first line after a table's rows: a heading, another caption, or running text that is not a cell."""
    while index < len(lines):
        line = lines[index]
        if line.end > line.start and not line.indented and "\t" not in text[line.start : line.end]:
            mark = _heading(text, lines, index)
            if mark is not None and mark.level == "line":
                break
            if _CAPTION.match(text, line.start) or _is_prose(text, line) or text[line.end - 1] in ".!?":
                break
        index += 1
    return index


def _resolve(text: str, marks: Sequence[Mark]) -> list[Mark]:
    """Decide what each mark means from what stands before it: numbered headings of unknown words, headings within a section."""
    later_case = [False] * (len(marks) + 1)
    for i in range(len(marks) - 1, -1, -1):
        later_case[i] = later_case[i + 1] or (marks[i].kind == "case" and marks[i].level == "line")
    found: list[Mark] = []
    current: Mark | None = None
    seen_case = closed = in_abstract = False
    for i, mark in enumerate(marks):
        body = text[mark.start : marks[i + 1].start if i + 1 < len(marks) else len(text)]
        if mark.level == "caption":
            found.append(mark)
            continue
        if mark.level == "resumed":
            found.append(replace(mark, kind=current.kind if current else "", title=current.title if current else None))
            continue
        kind = mark.kind
        if mark.level == "inline" and in_abstract:
            # The abstract's own case is told again below: only where it is all there is does it count as the case.
            kind = "abstract" if later_case[i] else kind
        elif mark.level == "line":
            in_abstract = kind == "abstract"
        after_all = current is not None and current.kind in ("references", "back")
        goes_on = kind in ("back", "figure", "table", "references") or (kind == "case" and tells_of_a_patient(body))
        if after_all and not goes_on:
            continue
        if not kind:
            kind = _unknown(mark, current, seen_case, closed)
        elif kind in _WITHIN_CASE and (closed or not seen_case) and not tells_of_a_patient(_reach(text, marks, i)):
            if closed or (current is not None and current.kind in ("discussion", "conclusion")):
                continue
            kind = "other"
        elif kind == "case" and mark.level == "line" and later_case[i + 1] and not tells_of_a_patient(_reach(text, marks, i)):
            kind = "front" if not seen_case else "case"
        elif kind == "other" and mark.level == "inline" and tells_of_a_patient(body):
            kind = "case"  # "Methods. We report a 45-year-old man …"
        if kind in CASE_KINDS:
            seen_case, closed = True, closed and kind != "case"
        elif kind in ("discussion", "conclusion"):
            closed = True
        current = replace(mark, kind=kind)
        found.append(current)
    return found


def _end_case(text: str, lines: Sequence[Line], marks: Sequence[Mark]) -> list[Mark]:
    """The marks with the case ended where a line of unknown words heads what tells of no patient any more.

    Such a line stands alone before running text and is written as the case's own unnumbered heading is (in capitals or not).
    """
    found: list[Mark] = []
    style: bool | None = None  # Whether the case's heading is in capitals; None where it has none of its own, or a number.
    ended: Mark | None = None
    for i, mark in enumerate(marks):
        if mark.level in ("line", "inline"):
            ended = None
            if mark.kind == "case" and mark.level == "line":
                style = None if mark.number or not mark.title else mark.title.isupper()
        own = replace(mark, kind=ended.kind, title=ended.title) if ended is not None and mark.level == "resumed" else mark
        found.append(own)
        if ended is None and style is not None and mark.kind in CASE_KINDS and mark.level in ("line", "resumed"):
            stop = next((m.start for m in marks[i + 1 :] if m.level in ("line", "inline")), len(text))
            until = marks[i + 1].start if i + 1 < len(marks) else len(text)
            ended = next(_ends(text, lines, (mark.start, until, stop), capitals=style), None)
            found += [ended] if ended is not None else []
    return found


def _ends(text: str, lines: Sequence[Line], span: tuple[int, int, int], *, capitals: bool) -> Iterator[Mark]:
    """The headings from `start` up to `until` under which nothing up to `stop` tells of a patient."""
    start, until, stop = span
    first = bisect_right(lines, start, key=lambda line: line.start)
    for index in range(first, min(bisect_right(lines, until - 1, key=lambda line: line.start), len(lines) - 2)):
        line, after, below = lines[index : index + 3]
        words = text[line.start : line.end]
        alone = lines[index - 1].start == lines[index - 1].end and after.start == after.end
        if (
            alone
            and len(words) <= LONGEST_HEADING
            and words.isupper() == capitals
            and _looks_like_heading(text, lines, index, words)
            and _is_prose(text, below)
            and not tells_of_a_patient(text[line.start : stop])
        ):
            yield Mark(line.start, "discussion", words, "line")


def _reach(text: str, marks: Sequence[Mark], index: int) -> str:
    """The text under a heading and under the headings within a case that follow it at once."""
    end = index + 1
    while end < min(len(marks), index + 6) and (marks[end].kind in _WITHIN_CASE or marks[end].level in ("caption", "resumed")):
        end += 1
    return text[marks[index].start : marks[end].start if end < len(marks) else len(text)][:20000]


def _unknown(mark: Mark, current: Mark | None, seen_case: bool, closed: bool) -> str:
    """The kind of a numbered heading whose words are not known: a part of the section it is numbered under, else by its place."""
    if current is not None and current.number and mark.number.startswith(current.number.split(".")[0] + "."):
        return current.kind
    if closed or seen_case:
        return "discussion"
    return "introduction" if current is not None and current.kind == "introduction" else "other"


def _cover(text: str, lines: Sequence[Line], marks: list[Mark]) -> list[Mark]:
    """Give the text before the first heading its kind, and say what resumes after a caption there."""
    headed = [m for m in marks if m.level in ("line", "inline")]
    end = headed[0].start if headed else len(text)
    opening = [m for m in marks if m.start < end]
    rest = [m for m in marks if m.start >= end]
    kinds = {m.kind for m in headed}
    narrative = text[:end]
    # "Treatment" or "Discussion" may head the later parts of a story that began without a heading.
    # So may "Case 2" that of a text which begins with "Case 1".
    if (_FIRST_CASE.match(narrative) or not kinds & {"case", "introduction", "abstract"}) and tells_of_a_patient(narrative):
        first = [Mark(0, "case", None)]
    elif not headed:
        # A short text without headings is an abstract or an excerpt: less is asked of it than of an editorial.
        short = len(narrative) <= _SHORT_TEXT and all(cue.search(narrative) for cue in _MAY_TELL)
        first = [Mark(0, "case" if short else "other", None)]
    else:
        first = _front(text, lines, end, kinds)
    filled = [replace(m, kind=first[-1].kind) if m.level == "resumed" and not m.kind else m for m in opening]
    if not narrative.strip() and rest:
        return [replace(rest[0], start=0), *rest[1:]]
    return sorted([*first, *filled, *rest], key=lambda m: m.start)


def _front(text: str, lines: Sequence[Line], end: int, kinds: set[str]) -> list[Mark]:
    """What stands before the first heading: front matter, and after it an abstract without a heading."""
    marks = [Mark(0, "front", None)]
    if "abstract" in kinds:
        return marks
    for line in lines:
        if line.start >= end:
            break
        words = text[line.start : line.end]
        if not line.indented and len(words) >= _LONG_ABSTRACT and len(re.findall(r"[a-z\d)\]]\. [A-Z]", words)) >= 2:
            return [*marks, Mark(line.start, "abstract", None)] if text[: line.start].strip() else [Mark(0, "abstract", None)]
    return marks
