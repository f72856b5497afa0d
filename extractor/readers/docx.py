"""Word documents (.docx) through python-docx: headings by their styles, tables as rows, tracked changes as accepted."""

import io
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from docx import Document

from extractor.errors import InputError
from extractor.readers.archive import Limits, checked_members
from extractor.readers.blocks import Article, Block, source_of
from extractor.readers.markup import checked_depth, clean, rows_of, tag
from extractor.schema import Source

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_GONE = frozenset({"del", "movefrom", "txbxcontent", "instrtext", "footnotereference", "endnotereference", "pict", "drawing"})
_WORDS = {"t": None, "tab": "\t", "br": " ", "cr": " ", "nobreakhyphen": "-", "sym": ""}
_FRONT_BLOCKS = 10
_CITED = re.compile(r"[\s\[(]*\d{1,3}(?:\s*[,;\u2010-\u2015\-]\s*\d{1,3})*[\s\])]*")
_RAISED = str.maketrans("0123456789+-\u2212", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b")


def read_docx(archive: ZipFile, content: bytes, *, name: str, limits: Limits) -> Source:
    """The text of a Word document. InputError where it is damaged, or unpacks to more than the limits allow."""
    _refuse_entities(archive, name, limits)
    try:
        document = Document(io.BytesIO(content))
        styles = {s.style_id: s.name or "" for s in document.styles}
        properties = document.core_properties
        title, author = clean(properties.title or "") or None, clean(properties.author or "")
    except Exception as error:  # python-docx lets the errors of its parts through: of keys, of zlib, of XML, of its own.
        raise InputError(f"{name} is a Word document that is damaged ({type(error).__name__}: {error}): save it again") from None
    body = checked_depth(document.element.body, name)
    blocks = list(_blocks(body, styles))
    titles = [b.text for b in blocks if b.kind == "front"]
    known = Article(titles[0] if titles else title, authors=_authors(author, blocks[:_FRONT_BLOCKS]))
    return source_of(blocks, name=name, content=content, media_type=MEDIA_TYPE, article=known)


def _authors(told: str, front: list[Block]) -> tuple[str, ...]:
    """The names in the properties, if the document's begin prints them all: Word writes there whose computer it was."""
    names = tuple(filter(None, (name.strip() for name in re.split(r"[;,]| and ", told))))
    printed = " ".join(b.text for b in front).casefold()
    return names if names and all(n.casefold() in printed and " " in n for n in names) else ()


def _refuse_entities(archive: ZipFile, name: str, limits: Limits) -> None:
    """Word writes no document type into its parts, so one that has it is hostile: python-docx's parser shall not see it."""
    size = 0
    for path, part in checked_members(archive, name, limits):
        size += len(part) if path.endswith(".xml") else 0
        if size > 2 * limits.one:
            raise InputError(f"{name} is a Word document of more text than one report may have: raise the limit with --max-size")
        if path.endswith((".xml", ".rels")) and (
            b"<!DOCTYPE" in part or b"<!ENTITY" in part or part.startswith((b"\xff\xfe", b"\xfe\xff"))
        ):
            raise InputError(f"{name} is a Word document whose {path} declares a document type, which is refused as unsafe")


def _blocks(parent: Any, styles: dict[str, str]) -> Iterator[Block]:
    for element in parent:
        name = tag(element)
        if name == "p":
            yield from _paragraph(element, styles)
        elif name == "tbl":
            yield from _table(element)
        elif name in ("sdt", "sdtcontent", "ins", "smarttag", "customxml"):
            yield from _blocks(element, styles)


def _paragraph(paragraph: Any, styles: dict[str, str]) -> Iterator[Block]:
    words = _words(paragraph)
    if not words:
        return
    style = styles.get(_value(paragraph, "pPr", "pStyle"), "")
    if style.lower() == "title":
        yield Block(words, "front")
        return
    heading = _HEADING.fullmatch(style)
    level = _value(paragraph, "pPr", "outlineLvl")
    depth = int(heading[1]) if heading else int(level) + 1 if level.isdigit() and int(level) < 9 else 0
    yield Block(words, depth=depth)


def _table(table: Any) -> Iterator[Block]:
    rows = [[(" ".join(filter(None, map(_words, _all(c, "p")))), _span(c)) for c in row if tag(c) == "tc"] for row in _rows(table)]
    if text := rows_of(rows):
        yield Block(text, "table")


def _rows(table: Any) -> Iterator[Any]:
    """The rows of a table itself; a table within a cell is part of the cell's words."""
    for child in table:
        if tag(child) == "tr":
            yield child
        elif tag(child) in ("sdt", "sdtcontent", "ins"):
            yield from _rows(child)


def _words(paragraph: Any) -> str:
    """A paragraph's words: superscript numbers after a word are citations, those after a number its power."""
    pieces: list[str] = []
    for run in _runs(paragraph):
        words = "".join(_printed(run))
        before = "".join(pieces[-3:])[-4:]
        if _value(run, "rPr", "vertAlign") == "superscript" and _CITED.fullmatch(words):
            if before[-1:].isdigit():
                words = words.strip().translate(_RAISED)
            elif re.search(r"[A-Za-z]{4}$|[.,;:)\]]$", before):
                words = ""
        pieces.append(words)
    return clean("".join(pieces), loose=True)


def _runs(element: Any) -> Iterator[Any]:
    for child in element:
        name = tag(child)
        if name == "r":
            yield child
        elif name not in _GONE and name != "ppr":
            yield from _runs(child)


def _printed(run: Any) -> Iterator[str]:
    for child in run:
        fixed = _WORDS.get(tag(child), "")
        yield (child.text or "") if fixed is None else fixed


def _all(element: Any, name: str) -> list[Any]:
    return [e for e in element.iter("*") if tag(e) == name]


def _value(element: Any, *path: str) -> str:
    """The value of a property, "" where it is not set."""
    for name in path:
        element = next((e for e in element if tag(e) == name.lower()), None)
        if element is None:
            return ""
    return next((str(v) for k, v in element.attrib.items() if k.endswith("}val")), "")


def _span(cell: Any) -> int:
    value = _value(cell, "tcPr", "gridSpan")
    return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 4 and int(value) else 1
