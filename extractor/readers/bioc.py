"""BioC, in XML and JSON, as PubMed Central's service gives it: documents of passages, each with its type.

Read by hand: the `bioc` package parses with lxml's defaults (it expands a document's own entities) and brings four packages along,
for a format of three elements. Annotations and relations of a document are not read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.errors import InputError
from extractor.readers.blocks import Article, Block, source_of, types, year_of
from extractor.readers.markup import Element, attribute, clean, first, printed, tag
from extractor.schema import Source

_HEADING = re.compile(r"title_(\d)")
_DEEPEST_JSON = 64
Passage = tuple[Mapping[str, str], str]


def documents_of(root: Element, content: bytes, *, name: str) -> tuple[Source, ...]:
    """The documents under a root that is already parsed."""
    found = [e for e in ([root] if tag(root) == "document" else root) if tag(e) == "document"]
    documents = [[_xml_passage(p) for p in d if tag(p) == "passage"] for d in found]
    return _sources(documents, content, name, "application/xml")


def read_bioc_json(content: bytes, *, name: str) -> tuple[Source, ...]:
    """The documents of one or more BioC collections in JSON."""
    text = content.decode("utf-8-sig", "replace")
    if _depth(text) > _DEEPEST_JSON:
        raise InputError(f"{name} is JSON nested deeper than {_DEEPEST_JSON} levels, which is refused: no BioC is")
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputError(f"{name} is JSON that is malformed ({error}): mend it, or fetch it again") from None
    documents = [[_json_passage(p) for p in _list(d, "passages")] for d in _documents(data)]
    return _sources(documents, content, name, "application/json")


def _sources(documents: list[list[Passage]], content: bytes, name: str, media_type: str) -> tuple[Source, ...]:
    if not documents:
        raise InputError(f"{name} is BioC without a document in it")
    numbers = [None] if len(documents) == 1 else range(1, len(documents) + 1)
    return tuple(_source(d, content, name, media_type, n) for d, n in zip(documents, numbers, strict=True))


def _source(passages: list[Passage], content: bytes, name: str, media_type: str, number: int | None) -> Source:
    told = {k: v for infons, _ in reversed(passages) for k, v in infons.items()}
    title = next((clean(t) for i, t in passages if _section(i) == "front" or i.get("type") in ("front", "title")), None) or None
    pmc = re.search(r"\d{4,9}", told.get("article-id_pmc", ""))
    # References name authors and years of their own, so only what the title's passage says is the article's.
    front = next((i for i, _ in passages if _section(i) == "front" or i.get("type") in ("front", "title")), {})
    known = Article(
        title, told.get("article-id_doi"), told.get("article-id_pmid"), f"PMC{pmc[0]}" if pmc else None,
        authors=_authors(front), journal=clean(front.get("journal", "").split(";")[0]) or None,
        year=year_of(front.get("year", "") or front.get("journal", "")),
    )  # fmt: skip
    return source_of(_blocks(passages), name=name, content=content, media_type=media_type, article=known, number=number)


def _authors(front: Mapping[str, str]) -> tuple[str, ...]:
    """PMC's service writes name_0 as "surname:Specimen;given-names:Ada", PubMed's a list of names in `authors`."""
    names = []
    for number in range(len(front)):
        parts = dict(part.split(":", 1) for part in front.get(f"name_{number}", "").split(";") if ":" in part)
        names.append(clean(f"{parts.get('given-names', '')} {parts.get('surname', '')}"))
    return tuple(filter(None, names or [])) or tuple(filter(None, map(clean, front.get("authors", "").split(","))))


def _blocks(passages: list[Passage]) -> Iterator[Block]:
    has_body = any(_section(i) not in ("front", "abstract", "references", "") for i, _ in passages)
    opened = ""
    for infons, words in passages:
        kind, what = _section(infons), infons.get("type", "")
        text = printed(words) if kind == "table" else clean(words, loose=True)
        heading = _HEADING.fullmatch(what)
        if not text:
            continue
        if kind in ("front", "figure", "table", "references"):
            yield Block(text, kind)
        elif kind == "abstract":
            if has_body:
                yield Block(text, kind, title="Abstract")
            else:
                yield Block(text, depth=1 if what.startswith("abstract_title") or heading else 0)
        elif heading:
            opened = kind
            yield Block(text, kind, int(heading[1]))
        elif kind == "back" and opened != "back":
            yield Block(text, kind)
        else:
            yield Block(text)


def _section(infons: Mapping[str, str]) -> str:
    """The kind of section of a passage by its section type, or by its own type where it has none (as in PubMed's abstracts)."""
    known, what = types(), infons.get("type", "")
    if what.startswith("table"):
        return "table"
    by_type = {"title": "front", "front": "front", "abstract": "abstract", "ref": "references"}
    return known.get(("bioc", infons.get("section_type", "").upper()), "") or by_type.get(what.lower(), "")


def _xml_passage(passage: Element) -> Passage:
    infons = {attribute(e, "key"): e.text or "" for e in passage if tag(e) == "infon"}
    text = first(passage, "text")
    if text is not None:
        return infons, "".join(text.itertext())
    return infons, " ".join("".join(t.itertext()) for s in passage if tag(s) == "sentence" for t in s if tag(t) == "text")


def _json_passage(passage: Any) -> Passage:
    given = passage.get("infons") if isinstance(passage, dict) else None
    infons = {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    text = passage.get("text") if isinstance(passage, dict) else ""
    if not text:
        text = " ".join(s["text"] for s in _list(passage, "sentences") if isinstance(s, dict) and isinstance(s.get("text"), str))
    return infons, text if isinstance(text, str) else ""


def _documents(data: Any) -> Iterator[Any]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield from (d for d in _list(item, "documents") if isinstance(d, dict)) if "documents" in item else [item]


def _list(item: Any, key: str) -> list[Any]:
    found = item.get(key) if isinstance(item, dict) else None
    return found if isinstance(found, list) else []


def _depth(text: str) -> int:
    """How deep brackets nest, those in strings left out: asked before Python's own parser recurses."""
    depth = deepest = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', text, re.DOTALL):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest
