"""The format of some bytes, told from what they begin with; a file's suffix is never asked."""

import re

from extractor.readers import html, jats

_HEAD = 65_536
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*(?:\[.*?\]\s*)?>)", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(r"\s*<(?:[\w.-]+:)?([A-Za-z][\w.-]*)(?=[\s/>])")
_DOCTYPE = re.compile(r"<!doctype\s+(?:[\w.-]+:)?([\w.-]+)", re.IGNORECASE)
_BIOC = re.compile(r'"(?:passages|documents|bioctype)"')
BIOC_ROOTS = frozenset({"collection", "document"})


def format_of(content: bytes) -> str:
    """ "pdf", "zip", "gzip", "tar", "xml", "html", "bioc-json", or "text", which is also the answer where nothing is known.

    >>> format_of(b"<!DOCTYPE html><p>A"), format_of(b"<5 mm in size"), format_of(b"%PDF-1.4")
    ('html', 'text', 'pdf')
    """
    if b"%PDF-" in content[:1024] and not content.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return "pdf"
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if content.startswith(b"\x1f\x8b"):
        return "gzip"
    if content[257:262] == b"ustar":
        return "tar"
    head = _head(content)
    if head.startswith("<"):
        return _markup(head)
    if head.startswith(("{", "[")) and re.match(r"[\[{][\s\[{]*[\"{]", head) and _BIOC.search(head):
        return "bioc-json"
    return "text"


def _markup(head: str) -> str:
    """ "xml" or "html" by the document type or the first element; "text" where "<" begins no markup."""
    place, doctype = 0, ""
    while match := _PROLOG.match(head, place):
        named = _DOCTYPE.match(match[0].lstrip())
        doctype = named[1].lower() if named else doctype
        place = match.end()
    root = _ROOT.match(head, place)
    name = root[1].lower() if root else ""
    if "html" in (doctype, name):
        return "html"
    if doctype or head.startswith(("<?xml", "<!DOCTYPE", "<!doctype")):
        return "xml"
    if name in html.ROOTS:
        return "html"
    return "xml" if name in jats.ROOTS | BIOC_ROOTS or (root is not None and f"</{root[1]}>" in head) else "text"


def _head(content: bytes) -> str:
    head = content[:_HEAD]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace").lstrip("\ufeff \t\r\n")
    return head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
