"""Blocks of a structured document, in reading order, to a text and its sections; every converting reader ends here.

What the format says of its parts is kept, and headings are understood by the words of sections.tsv as in plain text, but nested:
a heading's kind depends on that of the section it stands in. The list of references is left out of the text.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import cast, get_args

from extractor.errors import DataError, InputError
from extractor.readers.sections import caption_kind, find_sections, heading_kind, tells_of_a_patient
from extractor.schema import CASE_KINDS, Section, SectionKind, Source, SourceInfo, Warning

TYPES = Path(__file__).parent / "types.tsv"
GAP = "\n\n"
MOST_BLOCKS = 50_000
"""Paragraphs, headings and captions of one article; a long book has 20,000."""
_WITHIN_CASE = CASE_KINDS - {"case"}
_CLOSED = frozenset({"abstract", "references", "back", "front", "figure", "table"})
"""Sections whose parts are of their own kind, whatever their headings say."""
_AFTER = frozenset({"discussion", "conclusion", "back", "references"})
_RESULTS = re.compile(r"\b(?:results?|methods|findings)\b", re.IGNORECASE)
_REACH = 20_000
_REACH_BLOCKS = 40
_LONG_ABSTRACT = 250


@dataclass(frozen=True)
class Block:
    """A heading (`depth` 1 is the highest) or a stretch of text.

    `kind` is what the format itself says: of a heading, its section's type; of a text, that it is no part of the running text
    around it (a figure's legend, a table, the abstract). "" leaves it to the headings.
    """

    text: str
    kind: str = ""
    depth: int = 0
    title: str | None = None


@dataclass(frozen=True)
class Article:
    """What a file says of its article: fields of SourceInfo."""

    title: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    authors: tuple[str, ...] = ()
    journal: str | None = None
    year: int | None = None


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def year_of(date: str) -> int | None:
    """The year of a printed date.

    >>> year_of("2021-03-04"), year_of("4 March 1998"), year_of("")
    (2021, 1998, None)
    """
    found = _YEAR.search(date)
    return int(found[0]) if found else None


def source_of(
    blocks: Iterable[Block],
    *,
    name: str,
    content: bytes,
    media_type: str,
    article: Article = Article(),
    number: int | None = None,
    warnings: Sequence[Warning] = (),
) -> Source:
    """The source of a document's blocks; `number` is that of an article among several of one file. InputError where it is empty."""
    text, sections = text_of(_bounded(blocks, name))
    if not text.strip():
        raise InputError(f"{name} is {_article(media_type)} without the text of an article: there is nothing to read in it")
    digest = hashlib.sha256(content).hexdigest()
    info = SourceInfo(
        id=id_of(name, number), file=file_of(name), media_type=media_type, sha256=digest,
        title=article.title, doi=article.doi, pmid=article.pmid, pmcid=article.pmcid,
        authors=article.authors, journal=article.journal, year=article.year,
    )  # fmt: skip
    return Source(info=info, text=text, sections=sections, warnings=tuple(warnings))


def box_kind(title: str | None, said: str, text: str) -> str:
    """The kind of section of a box beside the text: from its title, from what the format says, else from its words."""
    return heading_kind(title or "") or said or ("case" if tells_of_a_patient(text) else "other")


def _bounded(blocks: Iterable[Block], name: str) -> Iterator[Block]:
    """The blocks themselves; InputError where they are more than any article has, before they fill the memory."""
    for number, block in enumerate(blocks):
        if number >= MOST_BLOCKS:
            raise InputError(f"{name} has more than {MOST_BLOCKS} paragraphs and headings, which is refused: no article has")
        yield block


def file_of(name: str) -> str:
    """A file's own name without its folders, or that of a member of an archive ("archive.zip/folder/a.xml")."""
    return Path(name).name or name


def id_of(name: str, number: int | None = None) -> str:
    """The id of a document: its file's name without the last suffix (and without .gz), "stdin", and #1, #2 for articles of one file."""
    own = file_of(name)
    stem = "stdin" if own in ("", "-") else Path(own.removesuffix(".gz")).stem
    return stem if number is None else f"{stem}#{number}"


def text_of(blocks: Iterable[Block]) -> tuple[str, tuple[Section, ...]]:
    """The text of some blocks, a blank line between them, and its sections without gap or overlap."""
    kept = _without_references([_as_caption(b) for b in blocks if b.text.strip()])
    starts, place = [], 0
    for block in kept:
        starts.append(place)
        place += len(block.text) + len(GAP)
    text = GAP.join(b.text for b in kept) + ("\n" if kept else "")
    marks = [*_marks(kept, starts), (len(text), "", None)]
    found = [
        Section(id=f"S{number}", kind=cast(SectionKind, kind), title=title, start=start, end=following[0])
        for number, ((start, kind, title), following) in enumerate(pairwise(marks), start=1)
    ]
    return text, tuple(found)


@cache
def types(path: Path = TYPES) -> dict[tuple[str, str], str]:
    """The kind of section for each type that a format gives its sections; DataError names file and line."""
    found: dict[tuple[str, str], str] = {}
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if row.startswith("#") or not row or row.startswith("format\t"):
            continue
        cells = row.split("\t")
        if len(cells) < 3 or cells[2] not in get_args(SectionKind):
            raise DataError(f"{path}:{number}: not a format, a type and a kind of section: {row!r}")
        found[cells[0], cells[1]] = cells[2]
    return found


def _article(media_type: str) -> str:
    return "an XML or HTML document" if "xml" in media_type or "html" in media_type else "a document"


def _as_caption(block: Block) -> Block:
    """A paragraph that is printed as a caption ("Figure 2 | …") is one, also where the format does not say so."""
    if block.kind or block.depth:
        if block.kind in ("figure", "table") and block.title is None:
            return replace(block, title=_caption_title(block.text))
        return block
    kind = caption_kind(block.text)
    return replace(block, kind=kind, title=_caption_title(block.text)) if kind else block


def _caption_title(text: str) -> str | None:
    return " ".join(text[:40].split()[:2]).rstrip("|.:") if caption_kind(text) else None


def _without_references(blocks: Sequence[Block]) -> list[Block]:
    """The blocks with each heading's kind decided, without the lists of references."""
    kinds = _heading_kinds(blocks)
    kept: list[Block] = []
    dropped_at = 0  # The depth of the heading "References" that is being left out.
    for index, block in enumerate(blocks):
        if block.depth and (not dropped_at or block.depth <= dropped_at):
            dropped_at = block.depth if kinds[index] == "references" else 0
        if not dropped_at and block.kind != "references":
            kept.append(replace(block, kind=kinds.get(index, block.kind)))
    return kept


def _heading_kinds(blocks: Sequence[Block]) -> dict[int, str]:
    """The kind of section that each heading opens, from its words, its type, and the sections it stands in and after."""
    found: dict[int, str] = {}
    within: list[tuple[int, str]] = []
    seen_case, closed = False, False
    for index, block in enumerate(blocks):
        if not block.depth:
            continue
        while within and within[-1][0] >= block.depth:
            within.pop()
        said = heading_kind(block.text) or block.kind
        if within and within[-1][1] != "front":
            kind = _nested(said, within[-1][1], blocks, index)
        else:
            kind = _top(said, blocks, index, seen_case=seen_case, closed=closed)
        within.append((block.depth, kind))
        seen_case, closed = seen_case or kind in CASE_KINDS, (closed and kind != "case") or kind in ("discussion", "conclusion")
        found[index] = kind
    return found


def _nested(said: str, parent: str, blocks: Sequence[Block], index: int) -> str:
    if parent in _CLOSED:
        return "references" if said == "references" else parent
    if said in _AFTER:
        return said
    if parent in CASE_KINDS:
        return said if said in CASE_KINDS else parent
    if said in CASE_KINDS and parent == "other" and tells_of_a_patient(_reach(blocks, index)):
        return said
    return "case" if said == "case" and tells_of_a_patient(_reach(blocks, index)) else parent


def _top(said: str, blocks: Sequence[Block], index: int, *, seen_case: bool, closed: bool) -> str:
    if not said:
        return "discussion" if seen_case or closed else "other"
    if said == "abstract" and (seen_case or closed):
        return "conclusion"  # "Summary" at an article's end.
    if said == "case" and _RESULTS.search(blocks[index].text) and not tells_of_a_patient(_reach(blocks, index)):
        return "other"  # The results of a study, not of a case.
    if said in _WITHIN_CASE and (closed or not seen_case) and not tells_of_a_patient(_reach(blocks, index)):
        return "discussion" if closed else "other"
    return said


def _reach(blocks: Sequence[Block], index: int) -> str:
    """The text under a heading and the headings below it, as far as is needed to see whether it tells of a patient."""
    told: list[str] = []
    length = 0
    for block in blocks[index + 1 : index + _REACH_BLOCKS]:
        if (block.depth and block.depth <= blocks[index].depth) or length > _REACH:
            break
        told.append(block.text[:_REACH])
        length += len(told[-1])
    return "\n".join(told)[:_REACH]


def _marks(blocks: Sequence[Block], starts: Sequence[int]) -> list[tuple[int, str, str | None]]:
    """Where each section begins, with its kind and title."""
    running = _running(blocks)
    marks: list[tuple[int, str, str | None]] = []
    current: tuple[str, str | None] = ("other", None)
    for index, block in enumerate(blocks):
        begins = starts[index]
        if block.kind and not block.depth:
            # A table's rows and notes without a caption of their own go with what stands before.
            before = marks[-1][1:] if marks else ("", None)
            if before != (block.kind, block.title) and not (before[0] == block.kind == "table" and block.title is None):
                marks.append((begins, block.kind, block.title))
            continue
        opened = running.get(index, [])
        if (not opened or opened[0][0] > 0) and (not marks or marks[-1][1:] != current):
            marks.append((begins, *current))
        for offset, kind, title in opened:
            current = (kind, title)
            if block.depth or not marks or marks[-1][1:] != current:
                marks.append((begins + offset, *current))
    return marks


def _running(blocks: Sequence[Block]) -> dict[int, list[tuple[int, str, str | None]]]:
    """For each block of running text, the sections that begin in it: their offset, kind and title."""
    found: dict[int, list[tuple[int, str, str | None]]] = {}
    own = [i for i, b in enumerate(blocks) if b.depth or not b.kind]
    first_heading = next((i for i in own if blocks[i].depth), None)
    if first_heading is None:
        return _unheaded(blocks, own)
    opening = [i for i in own if i < first_heading]
    for index, kind in _opening(blocks, opening):
        found[index] = [(0, kind, None)]
    for i in own:
        if blocks[i].depth:
            found[i] = [(0, blocks[i].kind, blocks[i].text)]
    return found


def _opening(blocks: Sequence[Block], opening: Sequence[int]) -> list[tuple[int, str]]:
    """The sections of the running text before the first heading: a story that began without one, or front matter."""
    if not opening:
        return []
    kinds = {b.kind for b in blocks if b.depth}
    told = "\n".join(blocks[i].text for i in opening)
    if not kinds & {"case", "introduction"} and tells_of_a_patient(told) and not ("abstract" in kinds and "case" in kinds):
        return [(opening[0], "case")]
    if any(b.kind == "abstract" and not b.depth for b in blocks[: opening[0]]):
        return [(opening[0], "introduction")]
    if "abstract" not in kinds:
        for place, i in enumerate(opening):
            words = blocks[i].text
            if len(words) >= _LONG_ABSTRACT and len(re.findall(r"[a-z\d)\]]\. [A-Z]", words)) >= 2:
                return [(opening[0], "front"), (i, "abstract")] if place else [(i, "abstract")]
    return [(opening[0], "front")]


def _unheaded(blocks: Sequence[Block], own: Sequence[int]) -> dict[int, list[tuple[int, str, str | None]]]:
    """A document whose format marks no headings: its running text is divided as plain text is."""
    found: dict[int, list[tuple[int, str, str | None]]] = {}
    places, place = [], 0
    for i in own:
        places.append(place)
        place += len(blocks[i].text) + len(GAP)
    sections = find_sections(GAP.join(blocks[i].text for i in own))
    at = 0
    for section in sections:
        while at + 1 < len(own) and places[at + 1] <= section.start:
            at += 1
        offset = min(section.start - places[at], len(blocks[own[at]].text))
        found.setdefault(own[at], []).append((offset, section.kind, section.title))
    return found
