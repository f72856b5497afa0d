"""Web pages of articles, as publishers and PubMed Central show them: the article of a page, without what surrounds it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree

from extractor.errors import DataError
from extractor.readers.blocks import Article, Block, source_of, year_of
from extractor.readers.markup import (
    Element,
    Walk,
    attribute,
    clean,
    containers,
    every,
    flow,
    parse_page,
    rows_of,
    span_of,
    tag,
    words_of,
)  # fmt: skip
from extractor.readers.sections import caption_kind, heading_kind
from extractor.schema import CASE_KINDS, Source

MEDIA_TYPE = "text/html"
SURROUNDINGS = Path(__file__).parent / "html.tsv"
ROOTS = frozenset({
    "html", "head", "body", "main", "div", "p", "h1", "h2", "h3", "table", "section", "span", "title", "meta", "style", "script",
})  # fmt: skip
"""Elements with which a page, or a piece of one, begins."""
_LEFT_OUT = frozenset({
    "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "select", "input", "textarea", "label",
    "iframe", "object", "embed", "svg", "canvas", "video", "audio", "img", "picture", "dialog", "head", "menu", "annotation", "math-alt",
})  # fmt: skip
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "menu", "alert"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CITATION_TARGET = re.compile(r"#\S*?(?:bib|ref|cit|cr\d|\bb\d|\br\d|\bc\d|note)\S*$", re.IGNORECASE)
_CITATION_CLASS = re.compile(r"\b(?:bibr|xref-bibr|citation|ref-link|reference-link|biblio)", re.IGNORECASE)
_NUMBERS = re.compile(r"[\[(\s]*\d{1,3}(?:\s*[,;\u2010-\u2015\-]\s*\d{1,3})*[\])\s]*")
_FLOAT_CLASS = re.compile(r"(?:^|[\s_-])(?:fig|figure|tw|table-wrap|tablewrap|table)(?:$|[\s_-])", re.IGNORECASE)
_SAYS = re.compile(
    r"(?:open in (?:a )?(?:new (?:tab|window)|figure viewer)|powerpoint$|full size (?:image|table)|view (?:larger|full|in)\b|download)",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_IN_LINES = frozenset({"p", "ul", "ol", "li", "div"})
_MOST_LINKS = 0.7
_MOST_NAMES = 20
_OF_AN_ARTICLE = CASE_KINDS | {"abstract", "introduction", "discussion", "conclusion"}


def read_html(content: bytes, *, name: str) -> Source:
    """The article of a page. InputError where the page holds no text."""
    root = parse_page(content, name)
    known = article_of(root)
    return source_of(page_blocks(root, known.title), name=name, content=content, media_type=MEDIA_TYPE, article=known)


def page_blocks(root: Element, title: str | None, *, whole: bool = False) -> list[Block]:
    """The blocks of a page's article; `whole` takes the page as it is, as a chapter of a book."""
    apart = containers(root, _HANDLERS.keys() - _IN_LINES)
    walk = Walk(_HANDLERS, _is_left_out, _is_citation, containers(root, _HANDLERS), apart, loose=True)
    body = next(iter(every(root, "body")), root)
    found = list(flow(body if whole else _article(body, walk), 0, walk))
    return _titled(found, title)


def _titled(blocks: list[Block], title: str | None) -> list[Block]:
    """The blocks with the title in front: the heading that prints it, or the only one of the highest rank, is no section's."""
    highest = [i for i, b in enumerate(blocks) if b.depth == 1]
    same = [i for i in highest if title and _same(blocks[i].text, title)]
    own = same[:1] or (highest if len(highest) == 1 and len([b for b in blocks if b.depth]) > 1 and highest[0] < 15 else [])
    if own:
        blocks[own[0]] = replace(blocks[own[0]], kind="front", depth=0)
        return blocks
    return [Block(title, "front"), *blocks] if title else blocks


def _same(one: str, other: str) -> bool:
    return re.sub(r"\W+", "", one).casefold() == re.sub(r"\W+", "", other).casefold()


def article_of(root: Element) -> Article:
    """What a page says of its article in its head, in the tags that search engines for literature ask for."""
    said: dict[str, str] = {}
    authors: dict[str, list[str]] = {"citation_author": [], "dc.creator": []}
    for meta in every(root, "meta"):
        key = (attribute(meta, "name") or attribute(meta, "property")).lower()
        words = clean(attribute(meta, "content"))
        said.setdefault(key, words)
        if words and key in authors:
            authors[key].append(name_of(words))
    title = next((said[k] for k in ("citation_title", "dc.title", "og:title") if said.get(k)), None)
    if title is None:
        title = next((clean("".join(e.itertext())) for e in every(root, "title")), "").split(" | ")[0] or None
    doi = next((m[0] for k in ("citation_doi", "dc.identifier", "prism.doi") if (m := _DOI.search(said.get(k, "")))), None)
    pmcid = re.search(r"PMC\d{4,9}", said.get("citation_pmcid", "") + " " + said.get("og:url", "") + " " + said.get("ncbi_pcid", ""))
    pmid = said.get("citation_pmid") or None
    journal = next((said[k] for k in ("citation_journal_title", "prism.publicationname", "dc.source") if said.get(k)), None)
    dates = ("citation_publication_date", "citation_date", "citation_year", "citation_online_date", "prism.publicationdate", "dc.date")
    year = next((y for k in dates if (y := year_of(said.get(k, "")))), None)
    names = tuple(authors["citation_author"] or authors["dc.creator"])
    return Article(title, doi, pmid, pmcid[0] if pmcid else None, authors=names, journal=journal, year=year)


def name_of(name: str) -> str:
    """A name with its given name first: pages and libraries also write "Specimen, Ada B".

    >>> name_of("Specimen, Ada B"), name_of("Ada Specimen"), name_of("Study Group, Network, Others")
    ('Ada B Specimen', 'Ada Specimen', 'Study Group, Network, Others')
    """
    surname, comma, given = name.partition(",")
    return f"{given.strip()} {surname.strip()}" if comma and given.strip() and "," not in given else name.strip()


def _article(body: Element, walk: Walk) -> Element:
    """The element that holds the article: the `main` or `article` with most paragraphs, where most of the page's are in it."""
    sizes, total = _sizes(body, walk)
    most = max(sizes.values(), default=0)
    # Of those that hold nearly everything the innermost is the article.
    good = [e for e, size in sizes.items() if size * 2 > total and size * 10 > 9 * most]
    return max(good, key=lambda e: len(list(e.iterancestors())), default=body)


def _sizes(body: Element, walk: Walk) -> tuple[dict[Element, int], int]:
    """How many characters of paragraphs each part that may be the article holds, and the whole page."""
    sizes: dict[Element, int] = {}
    total = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if tag(element) in ("main", "article") or attribute(element, "role") == "main":
            if event == "end" and element in sizes:
                sizes[element] += total
            elif event == "start" and not walk.left_out(element):
                sizes[element] = -total
        elif event == "start" and tag(element) == "p":
            total += len("".join(element.itertext()))
    return sizes, total


# Elements ----------------------------------------------------------------------------------------------------------------------


def _heading(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    if words := words_of(element, walk):
        yield Block(words, depth=int(tag(element)[1]))


def _container(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A part of a page; one that is named a figure or a table is one, with its heading as its label."""
    if not _FLOAT_CLASS.search(attribute(element, "class")):
        yield from flow(element, depth, walk)
        return
    told = list(flow(element, depth, walk))
    within = any(tag(e) == "figure" or _FLOAT_CLASS.search(attribute(e, "class")) for e in element.iterancestors())
    yield from _float(told) if not within and _is_float(told) else told


def _is_float(told: list[Block]) -> bool:
    """Whether a part holds no more than a figure or a table would: a caption, a few lines, rows."""
    return sum(len(b.text) for b in told if b.kind != "table") < 6000 and any(
        b.kind in ("figure", "table") or caption_kind(b.text) or re.match(r"(?:fig|table)", b.text, re.IGNORECASE) for b in told
    )


def _figure(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    yield from _float(list(flow(element, depth, walk)))


def _float(told: list[Block]) -> Iterator[Block]:
    """One block of a figure's or a table's parts: the label first, then caption, rows and notes."""
    words = [b.text for b in told if b.kind != "table" and not _SAYS.match(b.text)]
    rows = [b.text for b in told if b.kind == "table"]
    if re.fullmatch(r"\w+\.?\s?\w{1,4}[.:]?", words[0]) if words else False:
        words[:2] = [" | ".join([words[0].rstrip(".:"), *words[1:2]])]
    before, after = (words[:1], words[1:]) if rows else ([" ".join(words)] if words else [], [])
    if text := "\n".join([*before, *rows, *after]).strip():
        yield Block(text, "table" if rows or caption_kind(text) == "table" else "figure")


def _table(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A table's caption and rows; one that only lays out a page is gone through."""
    holds_another = next(element.iterdescendants("{*}table"), None) is not None
    rows = [] if holds_another else [[c for c in row if tag(c) in ("td", "th")] for row in every(element, "tr")]
    if attribute(element, "role") == "presentation" or max(map(len, rows), default=0) < 2:
        yield from flow(element, depth, walk)
        return
    captions = [words_of(e, walk) for e in every(element, "caption")]
    text = rows_of([[(words_of(c, walk), span_of(c)) for c in row] for row in rows])
    if text := "\n".join([*filter(None, captions), text]).strip():
        yield Block(text, "table")


def _list(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A list as lines of one block; one of links is a menu and left out, one that holds more than words is gone through."""
    items = [e for e in element if tag(e) in ("li", "dt", "dd") and not walk.left_out(e)]
    if any(e in walk.apart for e in items):
        yield from flow(element, depth, walk)
        return
    lines = [words_of(e, walk) for e in items]
    linked = sum(len("".join(a.itertext())) for e in items for a in every(e, "a"))
    if len(items) > 2 and linked > _MOST_LINKS * sum(map(len, lines)):
        return
    if text := "\n".join(line for line in lines if line):
        yield Block(text)


def _is_left_out(element: Element) -> bool:
    name = tag(element)
    if name in _LEFT_OUT or attribute(element, "role") in _ROLES or "hidden" in element.attrib:
        return True
    if name in ("body", "main", "article", "html"):
        return False
    if attribute(element, "aria-hidden") == "true" or _HIDDEN.search(attribute(element, "style")):
        return True
    return _is_surroundings(element) and not _tells(element)


def _is_surroundings(element: Element) -> bool:
    names = f"{attribute(element, 'class')} {attribute(element, 'id')}".lower().split()[:_MOST_NAMES]
    known = surroundings()
    return any(("name", n) in known or any(("word", w) in known for w in re.split(r"[_-]+", n)) for n in names)


def _tells(element: Element) -> bool:
    """Whether a part holds a section of an article all the same: pages name things as they like ("share-section")."""
    begin = list(islice(element.iter("{*}h1", "{*}h2", "{*}h3", "{*}p"), _MOST_NAMES))
    headed = any(tag(e) != "p" and heading_kind("".join(e.itertext())) in _OF_AN_ARTICLE for e in begin)
    return headed and any(tag(e) == "p" for e in begin)


@cache
def surroundings(path: Path = SURROUNDINGS) -> frozenset[tuple[str, str]]:
    """The names, and the words in names, by which a page marks what is no part of its article; DataError names file and line."""
    found = set()
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        kind, _, value = row.partition("\t")
        if row.startswith("#") or row == "as\tvalue":
            continue
        if kind not in ("name", "word") or not value:
            raise DataError(f"{path}:{number}: not a name or a word with its value: {row!r}")
        found.add((kind, value))
    return frozenset(found)


def _is_citation(element: Element) -> bool:
    if tag(element) != "a":
        return False
    named = f"{attribute(element, 'class')} {attribute(element, 'role')}"
    if "doc-biblioref" in named or _CITATION_CLASS.search(named):
        return True
    target = attribute(element, "href")
    if "#" not in target:
        return False
    words = "".join(element.itertext())
    return bool(_CITATION_TARGET.search(target)) and len(words) < 80 and not re.match(r"\s*(?:fig|tab|box)", words, re.IGNORECASE)


_HANDLERS: dict[str, Any] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(("div", "section"), _container),
    **dict.fromkeys(
        ("article", "main", "header", "p", "blockquote", "pre", "address", "center", "details", "figcaption", "hr", "caption"), flow
    ),
    **dict.fromkeys(("ul", "ol", "dl"), _list),
    "table": _table, "figure": _figure,
}  # fmt: skip
