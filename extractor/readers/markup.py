"""XML and HTML read without trusting them, and the running text of their elements.

No document type is fetched, no entity of a document's own is expanded, and the depth is bounded, so that no input makes the reader
open another file, reach the network, grow without end or recurse without end.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from html.entities import html5
from typing import Any

from lxml import etree

from extractor.errors import InputError
from extractor.readers.blocks import Block

Element = Any
DEEPEST = 200
"""Elements within elements. libxml2 itself stops at 256; real articles stay under 40."""
MOST_ELEMENTS = 1_000_000
"""Elements of one file: four times those of the largest set of articles that PubMed Central hands out at once."""
WIDEST = 60
"""Columns that one table cell may span."""

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # Noncharacters: they stand in no text, so they can mark citations until the paragraph is whole.
_DROPPED = re.compile("[\u00ad\u200b\u2060\ufeff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_SPACE = re.compile(r"[\s\u00a0]+")
_TOKEN = rf"{_OPEN}[^{_OPEN}{_CLOSE}]*{_CLOSE}"
_BETWEEN = r"(?:[\s,;:&\u2010-\u2015\-]|\band\b|\bsee\b|\balso\b|\be\.g\.|\bcf\.|\bin\b|\brefs?\b\.?|\breviewed\b|\breview\b|\bfor\b)"
_BRACKETED = re.compile(rf" ?[(\[] ?(?:{_BETWEEN}*{_TOKEN})+{_BETWEEN}*[)\]]", re.IGNORECASE)
_NUMBER = rf"{_OPEN}[\s\d,;.*()\[\]\u2010-\u2015\-]+{_CLOSE}"
_NUMBERED = re.compile(rf" ?{_NUMBER}(?:[\s,;\u2010-\u2015\-]*{_NUMBER})*")
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_PRINTED = re.compile(
    r"(?P<before>[\w\u2019'\"\u201d).,%]*) ?\[(?P<numbers>[1-9]\d{0,2}(?: ?[,;\u2010-\u2015\-] ?[1-9]\d{0,2})*)\](?P<after>)"
)
_NO_CITATION = re.compile(r"range|normal|reference|interval|ci|values?|between|\d+", re.IGNORECASE)
_REFERENCE_NUMBERS = re.compile(r"[\s(\[]*\d{1,3}(?:\s*[,;\u2010-\u2015\-]\s*\d{1,3})*[\s)\]]*")
_RAISED = str.maketrans("0123456789+-\u2212", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207b")
_MUTATION = re.compile(r"[A-Z]\d{1,4}(?:[A-Z*]|fs|del)")

Handler = Callable[[Element, int, "Walk"], Iterator[Block]]


@dataclass(frozen=True)
class Walk:
    """How one dialect is walked: what becomes of its elements that are no running text, and which ones are citations."""

    handlers: Mapping[str, Handler]
    left_out: Callable[[Element], bool]
    cited: Callable[[Element], bool]
    containers: set[Element] = field(default_factory=set)
    """The elements with a handled element somewhere in them: they are gone through, never taken as one paragraph."""
    apart: set[Element] = field(default_factory=set)
    """Those of them that hold more than a list's items may: a table, a heading."""
    loose: bool = False
    """Whether printed "[12]" and bare superscript numbers are citations too: in dialects that need not mark them."""


def parse_xml(content: bytes, name: str) -> Element:
    """The root of an XML document; InputError where it is malformed, declares entities of its own or is nested without end."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{name} {_fault(error)}") from None
    except (ValueError, LookupError) as error:
        raise InputError(f"{name} is XML in an encoding that cannot be read ({error}): save it as UTF-8") from None
    if root is None:
        raise InputError(f"{name} is an XML document with nothing in it")
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise InputError(f"{name} is XML that declares entities of its own, which is refused as unsafe: save it without its DTD subset")
    return checked_depth(root, name)


def parse_html(content: bytes, name: str) -> Element:
    """The root of an HTML page, however badly formed; InputError where it is nested without end or holds nothing."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(_html_text(content).encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(f"{name} is HTML that cannot be read ({error}): save the page as text") from None
    if any("xcessive depth" in entry.message for entry in parser.error_log):
        raise InputError(f"{name} is HTML nested deeper than {DEEPEST} elements, which is refused: save the page as text")
    if root is None:
        raise InputError(f"{name} is an XML or HTML document with nothing in it")
    return checked_depth(root, name)


def parse_page(content: bytes, name: str) -> Element:
    """The root of a page of XHTML or HTML; XHTML that is malformed is read as the HTML it nearly is."""
    if content[:100].lstrip(b"\xef\xbb\xbf\xff\xfe\r\n\t ").startswith(b"<?xml") or b"http://www.w3.org/1999/xhtml" in content[:2000]:
        try:
            return parse_xml(content, name)
        except InputError as error:
            if "malformed" not in str(error):
                raise
    return parse_html(content, name)


def checked_depth(root: Element, name: str) -> Element:
    """The root itself; InputError where its elements stand deeper than any article nests them, or are too many."""
    depth = 0
    for count, (event, _) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST:
            raise InputError(f"{name} is nested deeper than {DEEPEST} elements, which is refused: no article is")
        if count > 2 * MOST_ELEMENTS:
            raise InputError(f"{name} has more than {MOST_ELEMENTS} elements, which is refused: give its articles one by one")
    return root


def tag(element: Element) -> str:
    """An element's name without its namespace, in lower case; "" for what is no element (an entity)."""
    name = element.tag
    return name.rpartition("}")[2].lower() if isinstance(name, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute by its name without namespace, "" where it is absent."""
    return next((str(v) for k, v in element.attrib.items() if k.rpartition("}")[2].lower() == name), "")


def first(element: Element, *path: str) -> Element | None:
    """The first descendant reached through children of these names, whatever their namespaces."""
    found = element
    for name in path:
        found = next((child for child in found if tag(child) == name), None)
        if found is None:
            return None
    return found


def every(element: Element, *names: str) -> list[Element]:
    """All descendants of these names, in order, the element itself included."""
    return [e for e in element.iter("*") if tag(e) in names]


def containers(root: Element, handlers: Collection[str]) -> set[Element]:
    """The elements that hold one of these names, found in one pass upwards."""
    found: set[Element] = set()
    for element in root.iter("*"):
        if tag(element) in handlers:
            for above in element.iterancestors():
                if above in found:
                    break
                found.add(above)
    return found


def flow(element: Element, depth: int, walk: Walk, *, late: Collection[str] = ()) -> Iterator[Block]:
    """The blocks of an element: stretches of running text, and between them what its elements with a handler become.

    Elements of the names in `late` come after all others, and the text goes on over them.
    """
    run: list[str] = [element.text or ""]
    waiting: list[Element] = []
    for child in element:
        name = tag(child)
        if not name:
            run.append(entity(child))
        elif name in late:
            waiting.append(child)
        elif not walk.left_out(child):
            handler = walk.handlers.get(name)
            if handler is None and child not in walk.containers:
                inline_into(run, child, walk)
            else:
                yield from paragraph(run, walk)
                run = []
                yield from (handler or flow)(child, depth, walk)
        run.append(child.tail or "")
    yield from paragraph(run, walk)
    for child in waiting:
        yield from walk.handlers[tag(child)](child, depth, walk)


def paragraph(run: list[str], walk: Walk) -> Iterator[Block]:
    """One block of the pieces of a paragraph, none where they hold no words."""
    if words := clean("".join(run), loose=walk.loose):
        yield Block(words)


def words_of(element: Element, walk: Walk) -> str:
    """All words of an element as one line."""
    run: list[str] = []
    inline_into(run, element, walk)
    return clean("".join(run), loose=walk.loose)


def inline_into(run: list[str], element: Element, walk: Walk) -> None:
    """Add the words of an element to a paragraph: citations marked, superscripts written so that they keep their meaning."""
    name = tag(element)
    if walk.cited(element):
        run.append(_OPEN + _MARKS.sub("", "".join(_texts(element))) + _CLOSE)
        return
    if name in _BREAKS:
        run.append(" ")
    inner: list[str] = [_MARKS.sub("", element.text or "")]
    for child in element:
        if not tag(child):
            inner.append(entity(child))
        elif not walk.left_out(child):
            inline_into(inner, child, walk)
        inner.append(_MARKS.sub("", child.tail or ""))
    words = "".join(inner)
    run.append(_raised(words, "".join(run[-3:]), loose=walk.loose) if name == "sup" else words)
    if name in _BREAKS:
        run.append(" ")


_BREAKS = frozenset({"br", "break", "p", "td", "th", "tr", "li", "list-item", "title", "div", "dt", "dd", "caption", "label", "sec"})
"""Elements whose words never join those beside them into one word."""


def entity(node: Element) -> str:
    """The character that a named entity of HTML stands for; others are nothing."""
    text = getattr(node, "text", None) or ""
    return html5.get(text[1:], "") if text.startswith("&") and node.tag is etree.Entity else ""


def clean(words: str, *, loose: bool = False) -> str:
    """Words in normal form C with single spaces, without citations and without characters that are not text.

    >>> clean("a\\u00a0mass [12, 13] of 3\\u00a0 cm", loose=True)
    'a mass of 3 cm'
    """
    words = _SPACE.sub(" ", words)
    if _OPEN in words:
        words = _BRACKETED.sub("", words)
        words = _NUMBERED.sub("", words)
    if loose and "[" in words:
        words = _PRINTED.sub(_without_numbers, words)
    return unicodedata.normalize("NFC", _SPACE.sub(" ", _DROPPED.sub("", words))).strip()


def printed(words: str) -> str:
    """Words as a format hands them out with its own line ends: normal form C, nothing but text, lines and tabs kept."""
    lines = (" ".join(line.replace("\u00a0", " ").split(" ")) for line in re.split(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", words))
    return unicodedata.normalize("NFC", "\n".join(_DROPPED.sub("", line).rstrip() for line in lines)).strip()


def rows_of(cells: list[list[tuple[str, int]]]) -> str:
    """Rows of (words, columns spanned) as lines of cells with a tab between; a cell over several columns leaves the others empty."""
    lines = ("\t".join(w + "\t" * (min(span, WIDEST) - 1) for w, span in row).rstrip() for row in cells)
    return "\n".join(line for line in lines if line.strip())


def span_of(cell: Element) -> int:
    """How many columns a cell takes."""
    value = attribute(cell, "colspan")
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 4 else 1


def _without_numbers(match: re.Match[str]) -> str:
    before = match["before"]
    if not before or _NO_CITATION.fullmatch(before):
        return match[0]
    return before


def _raised(words: str, before: str, *, loose: bool) -> str:
    """What a superscript is written as, by what stands before it: a power, a mutation, a citation or a part of the name."""
    if _OPEN in words or not words.strip():
        return words
    bare = words.strip()
    if before[-1:].isdigit() and len(bare) <= 4 and all(c in "0123456789+-\u2212" for c in bare):
        return bare.translate(_RAISED)
    if _MUTATION.fullmatch(bare) and before[-1:].isalnum():
        return " " + bare
    if loose and _REFERENCE_NUMBERS.fullmatch(bare) and re.search(r"[A-Za-z]{4}$|[.,;:)\]\"\u201d]$", before):
        return _OPEN + bare + _CLOSE
    return words


def _texts(element: Element) -> Iterator[str]:
    for node in element.iter():
        if isinstance(node.tag, str):
            yield node.text or ""
        elif node is not element:
            yield entity(node)
        if node is not element:
            yield node.tail or ""


def _fault(error: etree.XMLSyntaxError) -> str:
    message = str(error)
    if "amplification" in message or ("entity" in message.lower() and "loop" in message.lower()):
        return "is XML whose entities expand without end (\u201cbillion laughs\u201d), which is refused"
    if "xcessive depth" in message:
        return f"is XML nested deeper than {DEEPEST} elements, which is refused: no article is"
    if "huge" in message.lower():
        return "is XML with a part too long to be an article, which is refused"
    said = message.rsplit(" (", 1)[0]
    return f"is an XML or HTML document that is malformed ({said}): mend it, or save the article again"


def _html_text(content: bytes) -> str:
    """A page's text by its byte-order mark, its own declaration, UTF-8 or Windows-1252, in this order."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    declared = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]{1,30})", content[:4096], re.IGNORECASE)
    for encoding in (*([declared[1].decode("ascii")] if declared else ()), "utf-8-sig"):
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except (UnicodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")
