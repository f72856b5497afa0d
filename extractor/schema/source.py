"""Where the words come from: the file, its text, and the parts of that text."""

from typing import Literal, NamedTuple, get_args

from pydantic import Field

from extractor.schema.base import Record, Span

SectionKind = Literal[
    "front", "abstract", "introduction", "case", "history", "examination", "investigation", "treatment",
    "follow-up", "discussion", "conclusion", "table", "figure", "references", "back", "other",
]  # fmt: skip
SECTION_KINDS: tuple[str, ...] = get_args(SectionKind)
CASE_KINDS = frozenset({"case", "history", "examination", "investigation", "treatment", "follow-up"})
"""The section kinds whose every sentence speaks of the reported patient unless it says otherwise."""


class Section(Span):
    """A part of the text with one kind; sections do not overlap and stand in the order of the text."""

    id: str
    kind: SectionKind
    title: str | None = None


class SourceInfo(Record):
    """What is known of the file a document was made from, and of the article in it; `id` names the document.

    `authors` are names as printed, given name first; `year` is that of publication.
    """

    id: str
    file: str | None = None
    media_type: str = "text/plain"
    sha256: str | None = None
    title: str | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    pages: int | None = None
    authors: tuple[str, ...] = ()
    journal: str | None = None
    year: int | None = None


class Run(NamedTuple):
    """Where characters `[start, end)` of a text stand on paper: the page, from 1, and a box in points from its top left."""

    start: int
    end: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Warning(Record):
    """Something the reader of a document should know: a machine-readable code, a sentence, and the facts it concerns."""

    code: str
    message: str
    facts: tuple[str, ...] = ()


class Source(Record):
    """What a reader hands on: the text every offset counts in, its sections, and what is known of the file.

    `layout` says where the words stand on the pages, in the order of the text; it is empty for a format without pages.
    """

    info: SourceInfo
    text: str
    sections: tuple[Section, ...]
    warnings: tuple[Warning, ...] = Field(default=())
    layout: tuple[Run, ...] = Field(default=(), repr=False)
