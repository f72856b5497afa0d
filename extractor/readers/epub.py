"""Electronic books (EPUB): the chapters in the order of the spine, each a page of XHTML."""

import posixpath
import re
from urllib.parse import unquote
from zipfile import ZipFile

from extractor.errors import InputError
from extractor.readers.archive import Limits, member
from extractor.readers.blocks import Article, Block, source_of, year_of
from extractor.readers.html import name_of, page_blocks
from extractor.readers.markup import Element, attribute, clean, every, parse_page, parse_xml
from extractor.schema import Source

MEDIA_TYPE = "application/epub+zip"
CONTAINER = "META-INF/container.xml"
_MOST_CHAPTERS = 2000
_CHAPTER = re.compile(r"html|xml", re.IGNORECASE)


def read_epub(archive: ZipFile, content: bytes, *, name: str, limits: Limits) -> Source:
    """The text of a book. InputError where its container, its package or its chapters are missing or unsafe."""
    package_path = _package_path(archive, name, limits)
    package = parse_xml(member(archive, package_path, name, limits), f"{name} ({package_path})")
    title = next((clean("".join(e.itertext())) for e in every(package, "title")), None) or None
    blocks: list[Block] = []
    for path in _spine(package, posixpath.dirname(package_path)):
        if path not in archive.NameToInfo:
            raise InputError(f"{name} lacks its chapter {path!r}: the book is not whole")
        blocks += page_blocks(parse_page(member(archive, path, name, limits), f"{name} ({path})"), None, whole=True)
    if title and not any(b.text.casefold() == title.casefold() for b in blocks):
        blocks.insert(0, Block(title, "front"))
    doi = next((m[0] for e in every(package, "identifier", "source") if (m := re.search(r"10\.\d{4,9}/\S+", e.text or ""))), None)
    blocks = [b if not title or b.text.casefold() != title.casefold() else Block(b.text, "front") for b in blocks]
    authors = tuple(filter(None, (name_of(clean("".join(e.itertext()))) for e in every(package, "creator"))))
    year = next((y for e in every(package, "date") if (y := year_of(e.text or ""))), None)
    known = Article(title, doi, authors=authors, year=year)
    return source_of(blocks, name=name, content=content, media_type=MEDIA_TYPE, article=known)


def _package_path(archive: ZipFile, name: str, limits: Limits) -> str:
    root = parse_xml(member(archive, CONTAINER, name, limits), f"{name} ({CONTAINER})")
    path = next((attribute(e, "full-path") for e in every(root, "rootfile")), "")
    if path not in archive.NameToInfo:
        raise InputError(f"{name} names {path!r} as its package, which is not in it: the book is not whole")
    return path


def _spine(package: Element, folder: str) -> list[str]:
    """The paths of the chapters, in order, without the table of contents and the cover."""
    items = {attribute(e, "id"): e for e in every(package, "item")}
    found = []
    for reference in every(package, "itemref")[:_MOST_CHAPTERS]:
        item = items.get(attribute(reference, "idref"))
        if item is None or "nav" in attribute(item, "properties").split() or not _CHAPTER.search(attribute(item, "media-type")):
            continue
        # A path out of the book leads nowhere: only what the archive itself holds is read, by exactly this name.
        path = posixpath.normpath(posixpath.join(folder, unquote(attribute(item, "href").partition("#")[0])))
        if path not in found:
            found.append(path)
    return found
