"""Plain text: the decoded file as it is, so that every offset is an offset into the file."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from extractor.errors import InputError
from extractor.readers.sections import find_sections
from extractor.schema import Section, Source, SourceInfo, Warning

MAX_BYTES = 10 * 1024 * 1024
_MAGIC = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (such as a Word document)"),
    (b"\xd0\xcf\x11\xe0", "an old Microsoft Office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database"),
)
_MARKUP = re.compile(rb"\s*(?:<\?xml|<!doctype|<html|<article|<pmc-articleset|<pubmedarticle)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>\u201c\u201d|]+", re.IGNORECASE)
_PMID = re.compile(r"\bPMID:?\s*(\d{5,8})\b")
_PMCID = re.compile(r"\bPMC\d{5,8}\b")
_COVER = re.compile(r"\[image: Cover: ([^\]\n]{10,300})\]")
_NO_TITLE = re.compile(r"https?:|doi|@|\d{4};|[.;]$|^\[|published|received", re.IGNORECASE)
_FRONT = 3000


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> Source:
    """A plain-text report. UTF-8 or UTF-16 (a byte-order mark is dropped), else Windows-1252, as the source's warnings then say."""
    content = read_bytes(path, max_bytes=max_bytes)
    text, warnings = decode(content, str(path))
    return source_of(text, name=path.name, content=content, warnings=warnings)


def source_of(text: str, *, name: str, content: bytes, warnings: Sequence[Warning] = ()) -> Source:
    """The source of a decoded text, with its sections and what its front matter says of it."""
    sections = find_sections(text)
    front = _front_matter(text, sections)
    doi, pmid, pmcid = _DOI.search(front), _PMID.search(front), _PMCID.search(front)
    info = SourceInfo(
        id=Path(name).stem if name not in ("", "-") else "stdin",
        file=name,
        sha256=hashlib.sha256(content).hexdigest(),
        title=_title(text, sections),
        doi=_clean_doi(doi[0]) if doi else None,
        pmid=pmid[1] if pmid else None,
        pmcid=pmcid[0] if pmcid else None,
    )
    return Source(info=info, text=text, sections=sections, warnings=tuple(warnings))


def read_bytes(path: Path, *, max_bytes: int = MAX_BYTES, begin: int | None = None) -> bytes:
    """The bytes of a file, at most `max_bytes`, or its first `begin`; InputError says in one sentence what is wrong and what to do."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name the files in it, or use the command for many files")
        with path.open("rb") as file:
            content = file.read(max_bytes + 1 if begin is None else begin)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist: check the name and the folder it is in") from None
    except PermissionError:
        raise InputError(f"{path} may not be read: change its permissions") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > max_bytes and begin is None:
        raise too_large(str(path), max_bytes)
    return content


def too_large(name: str, max_bytes: int) -> InputError:
    """The error for a file that is larger than one report may be."""
    return InputError(f"{name} is larger than {_size(max_bytes)}: if it is one report, raise the limit with --max-size")


def decode(content: bytes, name: str) -> tuple[str, list[Warning]]:
    """The text of some bytes and what a reader should know of it; InputError where they are no text, or hold nothing."""
    what = next((what for magic, what in _MAGIC if content.startswith(magic)), None)
    if what is None and _MARKUP.match(content[:400].removeprefix(b"\xef\xbb\xbf")):
        what = "an XML or HTML document"
    if what is not None:
        raise InputError(f"{name} is {what}, which cannot be read yet: convert it to plain text first")
    text, warnings = _decoded(content, name)
    if "\x00" in text:
        raise InputError(f"{name} is no text (it holds NUL bytes): give a plain-text file in UTF-8")
    if len(_CONTROL.findall(text[:100_000])) * 100 > min(len(text), 100_000):
        raise InputError(f"{name} is no text (too many control characters): give a plain-text file in UTF-8")
    if not text.strip():
        raise InputError(f"{name} is empty: there is nothing to read in it")
    return text, warnings


def _decoded(content: bytes, name: str) -> tuple[str, list[Warning]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), []
        except UnicodeDecodeError:
            raise InputError(f"{name} begins as UTF-16 and is not: save it as UTF-8") from None
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        if b"\x00" in content:
            raise InputError(f"{name} is no text (it holds NUL bytes): give a plain-text file in UTF-8") from None
        place = error.start
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise InputError(f"{name} is neither UTF-8 (byte {place} is wrong) nor Windows-1252: save it as UTF-8") from None
    message = f"The file is not UTF-8 (byte {place} is wrong) and was read as Windows-1252: check its special characters."
    return text, [Warning(code="encoding", message=message)]


def _front_matter(text: str, sections: Sequence[Section]) -> str:
    """The words in which an article names itself; those of a text without front matter are its first ones, never its references."""
    parts = [text[s.start : s.end] for s in sections if s.kind in ("front", "abstract")]
    end = min((s.start for s in sections if s.kind == "references"), default=len(text))
    return "\n".join(parts)[: 10 * _FRONT] or text[: min(end, _FRONT)]


def _clean_doi(found: str) -> str:
    doi = found.rstrip(".,;:)]}")
    return doi + ")" if doi.count("(") > doi.count(")") and found[len(doi) : len(doi) + 1] == ")" else doi


def _title(text: str, sections: Sequence[Section]) -> str | None:
    """The title as printed: on an e-book's cover, or as the first line of the front matter that reads like one."""
    if cover := _COVER.search(text[:_FRONT]):
        return " ".join(cover[1].split())
    if not sections or sections[0].kind != "front":
        return None
    for line in text[sections[0].start : sections[0].end].splitlines():
        words = " ".join(line.split()).lstrip("# ")
        if 4 <= len(words.split()) <= 40 and len(words) <= 300 and not _NO_TITLE.search(words):
            return words
    return None


def _size(count: int) -> str:
    if count >= 1024 * 1024:
        return f"{count / 1024 / 1024:.3g} MB"
    return f"{count / 1024:.3g} kB" if count >= 1024 else f"{count} bytes"
