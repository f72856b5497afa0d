"""JATS and NLM XML, as publishers and PubMed Central give it, and PubMed's abstracts: articles to sources.

Left out of the text: references and the numbers that point to them, authors and affiliations, formulas in TeX, and sub-articles
(reviewers' reports, replies, translations), which are other texts than the article.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from extractor.errors import InputError
from extractor.readers.blocks import Article, Block, box_kind, source_of, types, year_of
from extractor.readers.markup import (
    Element,
    Walk,
    attribute,
    clean,
    containers,
    every,
    first,
    flow,
    parse_xml,
    rows_of,
    span_of,
    tag,
    words_of,
)  # fmt: skip
from extractor.schema import Source

MEDIA_TYPE = "application/jats+xml"
ROOTS = frozenset({
    "article", "pmc-articleset", "articles", "articleset", "records", "oai-pmh", "getrecord", "record",
    "pubmedarticleset", "pubmedarticle",
})  # fmt: skip
"""Root elements under which articles stand: NLM's article sets and the answers of PMC's services among them."""
_LEFT_OUT = frozenset({
    "tex-math", "annotation", "graphic", "inline-graphic", "alt-text", "long-desc", "object-id", "permissions", "fn", "index-term",
    "ref-list", "sub-article", "response", "journal-meta", "x", "email", "custom-meta-group", "processing-meta", "target", "attrib",
    "sec-meta",
})  # fmt: skip
_OTHER_ABSTRACTS = frozenset({"graphical", "teaser", "toc", "web-summary", "video"})
_BACK = frozenset({"ack", "fn-group", "notes", "app-group", "app", "glossary", "bio", "sec"})
_FLOATS = frozenset({"fig", "table-wrap", "supplementary-material", "boxed-text"})
_CELLS = frozenset({"td", "th", "entry"})
_CITED = frozenset({"bibr", "ref", "reference", "citation"})


def read_jats(content: bytes, *, name: str) -> tuple[Source, ...]:
    """The articles of an XML file; several of them get the ids `id#1`, `id#2`, ... InputError where there is none."""
    return articles_of(parse_xml(content, name), content, name=name)


def articles_of(root: Element, content: bytes, *, name: str) -> tuple[Source, ...]:
    """The articles under a root that is already parsed."""
    articles = every(root, *_READERS)
    found = [e for e in articles if not any(tag(above) in _READERS for above in e.iterancestors())]
    if not found:
        raise InputError(f"{name} is an XML or HTML document without an article in it")
    numbers = [None] if len(found) == 1 else range(1, len(found) + 1)
    return tuple(_READERS[tag(e)](e, content, name, n) for e, n in zip(found, numbers, strict=True))


# An article --------------------------------------------------------------------------------------------------------------------


def _article(article: Element, content: bytes, name: str, number: int | None) -> Source:
    walk = Walk(_HANDLERS, _is_left_out, _is_citation, containers(article, _HANDLERS))
    meta = first(article, "front", "article-meta")
    if meta is None:
        meta = article
    title = _title(meta, walk)
    body, after = first(article, "body"), [e for e in article if tag(e) in ("back", "floats-group", "floats-wrap")]
    main = list(flow(body, 0, walk)) if body is not None else []
    abstract = list(_abstracts(meta, walk))
    if not main:
        # The abstract is all there is: its headings then divide the text as those of an article do.
        main, abstract = [replace(b, kind="" if b.kind == "abstract" else b.kind, title=None) for b in abstract], []
    blocks = [*_front(article, meta, title, walk), *_as_kind(abstract, "abstract", "Abstract"), *main]
    for part in after:
        blocks += list(_back(part, walk)) if tag(part) == "back" else list(flow(part, 0, walk))
    # Notes before the article, on what a new version changed, say nothing of its own course.
    for notes in (e for e in every(article, "notes") if tag(e.getparent()) == "front"):
        blocks += _back_part(notes, walk)
    ids, (journal, year) = _ids(meta), _published(article, meta, walk)
    known = Article(
        title, ids.get("doi"), ids.get("pmid"), ids.get("pmcid"),
        authors=_authors(meta), journal=journal or None, year=year_of(year),
    )  # fmt: skip
    return source_of(blocks, name=name, content=content, media_type=MEDIA_TYPE, article=known, number=number)


def _authors(meta: Element) -> tuple[str, ...]:
    """The authors' names, given name first, and groups by theirs; editors and others who contributed are left out."""
    found = []
    for group in (e for e in meta if tag(e) == "contrib-group"):
        for one in (e for e in group if tag(e) == "contrib" and attribute(e, "contrib-type") in ("", "author")):
            name = next(iter(every(one, "name", "string-name", "collab")), None)
            if name is None:
                continue
            parts = [first(name, part) for part in ("given-names", "surname", "suffix")]
            told = [clean("".join(p.itertext())) for p in parts if p is not None]
            # A group is named by its own words; those of its members stand in it as a list of contributors.
            found.append(" ".join(filter(None, told)) or clean(name.text or ""))
    return tuple(filter(None, found))


def _published(article: Element, meta: Element, walk: Walk) -> tuple[str, str]:
    """The journal and the year, "" where they are not told."""
    journal = next((words_of(e, walk) for e in every(article, "journal-title") if e.text), "")
    years = (clean(year.text or "") for date in meta if tag(date) == "pub-date" for year in every(date, "year"))
    return journal, next(years, "")


def _title(meta: Element, walk: Walk) -> str | None:
    group = first(meta, "title-group")
    title = first(group if group is not None else meta, "article-title")
    if title is None:
        return None
    subtitle = first(group, "subtitle") if group is not None else None
    words = [words_of(e, walk) for e in (title, subtitle) if e is not None]
    return ": ".join(w.rstrip(":") for w in words if w) or None


def _ids(meta: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in meta:
        if tag(element) != "article-id":
            continue
        kind, value = attribute(element, "pub-id-type").lower(), clean(element.text or "")
        if kind in ("pmc", "pmcid", "pmcaid") and (digits := re.match(r"(?:PMC)?(\d{4,9})", value)):
            found.setdefault("pmcid", f"PMC{digits[1]}")
        elif kind in ("doi", "pmid") and value:
            found.setdefault(kind, re.sub(r"^https?://(?:dx\.)?doi\.org/", "", value))
    return found


def _front(article: Element, meta: Element, title: str | None, walk: Walk) -> Iterator[Block]:
    """Title, where and when it was published, its licence and its key words."""
    if title:
        yield Block(title, "front")
    if told := ", ".join(filter(None, _published(article, meta, walk))):
        yield Block(told, "front")
    if licence := _licence(meta):
        yield Block(f"Licence: {licence}", "front")
    for group in every(meta, "kwd-group"):
        if words := "; ".join(filter(None, (words_of(k, walk) for k in every(group, "kwd")))):
            yield Block(f"Keywords: {words}", "front")


def _licence(meta: Element) -> str:
    for element in every(meta, "license_ref"):
        if words := clean(element.text or ""):
            return words
    for element in every(meta, "license"):
        linked = [attribute(e, "href") for e in (element, *every(element, "ext-link"))]
        if url := next((x for x in linked if "creativecommons" in x), attribute(element, "license-type")):
            return clean(url)
    return ""


def _abstracts(meta: Element, walk: Walk) -> Iterator[Block]:
    for element in meta:
        if tag(element) == "abstract" and attribute(element, "abstract-type") not in _OTHER_ABSTRACTS:
            heading = first(element, "title")
            words = words_of(heading, walk) if heading is not None else ""
            if words and words.casefold() != "abstract":
                yield Block(words, "abstract")
            yield from (b for b in flow(_without(element, heading), 0, walk))


def _without(element: Element, child: Element | None) -> Element:
    if child is not None:
        child.clear(keep_tail=True)
    return element


def _as_kind(blocks: list[Block], kind: str, title: str | None) -> Iterator[Block]:
    """Blocks as parts of one section, whatever they say of themselves; figures and tables remain what they are."""
    for block in blocks:
        if block.kind in ("figure", "table") and not block.depth:
            yield block
        else:
            yield replace(block, kind=kind, depth=0, title=title)


def _back(back: Element, walk: Walk) -> Iterator[Block]:
    for part in back:
        if tag(part) and not (walk.left_out(part) and tag(part) != "fn-group"):
            yield from _back_part(part, walk)


def _back_part(part: Element, walk: Walk) -> Iterator[Block]:
    """A part of the back matter, named by its title, which may stand in its only section."""
    heading = first(part, "title")
    title = words_of(heading, walk) if heading is not None else ""
    told = list(_footnotes(part, walk)) if tag(part) == "fn-group" else list(_part(part, 0, walk))
    yield from _as_kind(told, "back", title or next((b.text for b in told[:1] if b.depth), None))


def _part(part: Element, depth: int, walk: Walk) -> Iterator[Block]:
    handler = walk.handlers.get(tag(part), flow)
    yield from handler(part, depth, walk)


def _footnotes(group: Element, walk: Walk) -> Iterator[Block]:
    for note in (group, *every(group, "fn"))[1:]:
        if words := " ".join(filter(None, (words_of(p, walk) for p in note if tag(p) == "p"))):
            yield Block(words)


# Elements ----------------------------------------------------------------------------------------------------------------------


def _section(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A section: its heading with its printed number, then what stands in it, one level deeper."""
    heading, label = first(element, "title"), first(element, "label")
    words = " ".join(words_of(e, walk) for e in (label, heading) if e is not None).strip()
    if words:
        kind = types().get(("jats", attribute(element, "sec-type").lower()), "")
        yield Block(words, kind, depth + 1)
    for e in (heading, label):
        _without(element, e)
    yield from flow(element, depth + bool(words), walk)


def _paragraph(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A paragraph; figures and tables that stand in it follow it, so that they cut no sentence in two."""
    yield from flow(element, depth, walk, late=_FLOATS)


def _list(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A list as lines of one block; a list within one of its items stands in the item's line or after it."""
    lines = []
    for item in element:
        if tag(item) in ("list-item", "def-item"):
            parts = [b.text for child in item if tag(child) for b in _part_or_words(child, depth, walk)]
            if tag(item) == "def-item" and len(parts) > 1:
                parts = [f"{parts[0].rstrip(':')}: {' '.join(parts[1:])}"]
            lines.append(" ".join(parts))
        elif tag(item) == "title":
            lines.append(words_of(item, walk))
    if text := "\n".join(line for line in lines if line):
        yield Block(text)


def _part_or_words(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    if tag(element) in walk.handlers or element in walk.containers:
        yield from _part(element, depth, walk)
    elif not walk.left_out(element) and (words := words_of(element, walk)):
        yield Block(words)


def _figure(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    if words := _caption(element, walk):
        yield Block(words, "figure", title=_label(element, walk))


def _table(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A table: its caption, its rows as lines of cells, its footnotes."""
    tables = [t for t in every(element, "table") if not any(tag(a) in _CELLS for a in t.iterancestors())]
    lines = [_caption(element, walk), *(_rows(t, walk) for t in tables)]
    for foot in every(element, "table-wrap-foot"):
        lines += [words_of(p, walk) for p in every(foot, "p") if tag(p.getparent()) != "p"]
    if text := "\n".join(line for line in lines if line):
        yield Block(text, "table", title=_label(element, walk))


def _rows(table: Element, walk: Walk) -> str:
    rows = [r for r in every(table, "tr", "row") if not any(tag(a) in _CELLS for a in r.iterancestors())]
    return rows_of([[(words_of(c, walk), span_of(c)) for c in row if tag(c) in _CELLS] for row in rows])


def _bare_table(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    if text := _rows(element, walk):
        yield Block(text, "table")


def _label(element: Element, walk: Walk) -> str | None:
    label = first(element, "label")
    return (words_of(label, walk).rstrip(".:|") or None) if label is not None else None


def _caption(element: Element, walk: Walk) -> str:
    """A caption as it would be printed: "Figure 2 | title text"."""
    caption = first(element, "caption")
    told = [words_of(e, walk) for e in (caption if caption is not None else ()) if tag(e)]
    if caption is not None and not told:
        told = [words_of(caption, walk)]
    label = _label(element, walk)
    words = " ".join(filter(None, told))
    return f"{label} | {words}".rstrip(" |") if label else words


def _box(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    """A box beside the text: a section of its own, told from its heading, after which the text goes on."""
    blocks = list(flow(element, 0, walk))
    caption = _caption(element, walk)
    heading = next((b for b in blocks if b.depth), None)
    title = caption or (heading.text if heading else None)
    from_words = types().get(("jats", attribute(element, "content-type").lower()), "")
    yield from _as_kind(blocks, box_kind(title, from_words, "\n".join(b.text for b in blocks)), title)


def _supplement(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    if words := _caption(element, walk):
        yield Block(words, "back", title=_label(element, walk))


def _leave_out(element: Element, depth: int, walk: Walk) -> Iterator[Block]:
    yield from ()


def _is_left_out(element: Element) -> bool:
    return tag(element) in _LEFT_OUT


def _is_citation(element: Element) -> bool:
    return tag(element) == "xref" and attribute(element, "ref-type").lower() in _CITED


_HANDLERS: dict[str, Any] = {
    "sec": _section, "app": _section, "ack": _section, "notes": _section, "glossary": _section, "p": _paragraph, "list": _list,
    "def-list": _list, "fig": _figure, "table-wrap": _table, "table": _bare_table, "array": _bare_table, "boxed-text": _box,
    "supplementary-material": _supplement, "media": _supplement, "disp-formula": _leave_out, "disp-quote": flow,
}  # fmt: skip


# PubMed ------------------------------------------------------------------------------------------------------------------------


def _pubmed(article: Element, content: bytes, name: str, number: int | None) -> Source:
    """An abstract of PubMed: its labels are its headings."""
    walk = Walk({}, _is_left_out, _is_citation)
    title = next((words_of(e, walk) for e in every(article, "articletitle")), None) or None
    blocks = [Block(title, "front")] if title else []
    for part in (e for a in every(article, "abstract") for e in a if tag(e) == "abstracttext"):
        if label := clean(attribute(part, "label")):
            blocks.append(Block(label.capitalize() if label.isupper() else label, depth=1))
        blocks.append(Block(words_of(part, walk)))
    own = first(article, "pubmeddata", "articleidlist")
    ids = {attribute(e, "idtype").lower(): clean(e.text or "") for e in (own if own is not None else ()) if tag(e) == "articleid"}
    pmid = next((clean(e.text or "") for e in every(article, "pmid")), None)
    journal = first(article, "medlinecitation", "article", "journal")
    dates = every(journal, "pubdate") if journal is not None else []
    known = Article(
        title, ids.get("doi"), pmid, ids.get("pmc"), authors=_pubmed_authors(article),
        journal=next((clean("".join(e.itertext())) for e in (journal if journal is not None else ()) if tag(e) == "title"), None) or None,
        year=year_of(" ".join("".join(dates[0].itertext()).split())) if dates else None,
    )  # fmt: skip
    return source_of(blocks, name=name, content=content, media_type="application/xml", article=known, number=number)


def _pubmed_authors(article: Element) -> tuple[str, ...]:
    names = []
    for author in every(article, "author"):
        parts = [first(author, part) for part in ("forename", "lastname", "suffix", "collectivename")]
        names.append(" ".join(clean("".join(p.itertext())) for p in parts if p is not None))
    return tuple(filter(None, names))


_READERS: dict[str, Any] = {"article": _article, "pubmedarticle": _pubmed}
