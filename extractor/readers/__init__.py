"""A file to a source: its text, its sections and what is known of it. The content tells the format, never the suffix."""

import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from extractor.errors import ExtractorError, InputError
from extractor.readers import bioc, jats
from extractor.readers.archive import (
    Failed,
    File,
    Limits,
    files_of_gzip,
    files_of_tar,
    files_of_zip,
    kind_of_zip,
    limits_of,
    open_zip,
    opened,
)  # fmt: skip
from extractor.readers.blocks import file_of, id_of
from extractor.readers.epub import read_epub
from extractor.readers.formats import BIOC_ROOTS, format_of
from extractor.readers.html import read_html
from extractor.readers.markup import parse_xml, tag
from extractor.readers.sections import has_case, tells_of_a_patient
from extractor.readers.text import MAX_BYTES, decode, read_bytes, read_text, source_of, too_large
from extractor.schema import Source

__all__ = [
    "MAX_BYTES", "Failed", "File", "files", "has_case", "id_of", "is_archive", "read", "read_bytes", "read_file", "read_text", "sources",
    "tells_of_a_patient", "walk",
]  # fmt: skip

STDIN = "-"


def read(path: Path | str, *, max_bytes: int = MAX_BYTES) -> Source:
    """The one report in a file; InputError names the file, what is wrong with it and the remedy."""
    path = Path(path)
    if path.is_dir():
        read_bytes(path)
    found = list(sources([path], max_bytes=max_bytes))
    failed = next((f for f in found if isinstance(f, Failed)), None)
    if failed is not None:
        raise failed.error
    if len(found) != 1:
        raise InputError(f"{path} holds {len(found) or 'no'} reports where one is asked for: use the command for many files")
    assert isinstance(found[0], Source)
    return found[0]


def sources(paths: Sequence[Path | str], *, max_bytes: int = MAX_BYTES, ocr: bool = False) -> Iterator[Source | Failed]:
    """Every report of some files, folders and archives, in order; what cannot be read is told and never stops the rest.

    With `ocr` the pages of PDF files that have no text are read by ocrmypdf first.

    InputError before any work where two of the files named would have one id; of two articles in archives the second one fails.
    """
    for folder in (p for p in map(Path, paths) if p.is_dir() and not any(walk([p]))):
        yield Failed(str(folder), InputError(f"{folder} is a folder without a file in it: name another"))
    walked = list(walk(paths))
    _check_ids(walked)
    seen: dict[str, str] = {}
    for file in files(walked, max_bytes=max_bytes):
        if isinstance(file, Failed):
            yield file
            continue
        try:
            found = read_file(file, max_bytes=max_bytes, ocr=ocr)
        except ExtractorError as error:
            yield Failed(file.name, error)
            continue
        for source in found:
            other = seen.setdefault(source.info.id, file.name)
            if other == file.name:
                yield source
            else:
                message = f"{other} and {file.name} both have the id {source.info.id!r}: rename one of them"
                yield Failed(file.name, InputError(message))


def files(paths: Sequence[Path | str], *, max_bytes: int = MAX_BYTES) -> Iterator[File | Failed]:
    """Every file that some paths name: those in folders (hidden ones left out) and in archives too; "-" is standard input."""
    for path in walk(paths):
        try:
            if str(path) == STDIN:
                yield from _streamed(sys.stdin.buffer, max_bytes)
            else:
                yield from _files_at(path, max_bytes)
        except ExtractorError as error:
            yield Failed(str(path), error)


def read_file(file: File, *, max_bytes: int = MAX_BYTES, ocr: bool = False) -> tuple[Source, ...]:
    """The reports in one file: one, or the articles of a set, with the ids `id#1`, `id#2`, … InputError says what is wrong with it."""
    kind, content, name = format_of(file.content), file.content, file.name
    if kind == "xml":
        return _read_xml(content, name)
    if kind == "html":
        return (read_html(content, name=name),)
    if kind == "bioc-json":
        return bioc.read_bioc_json(content, name=name)
    if kind == "zip":
        return _read_zip(content, name, max_bytes)
    if kind == "pdf":
        from extractor.readers.pdf import read_pdf, with_text_layer  # noqa: PLC0415 - its library is large; texts do without it

        return (_named(read_pdf(with_text_layer(content, name=name) if ocr else content, name=name), name),)
    text, warnings = decode(content, name)
    return (_named(source_of(text, name=file_of(name), content=content, warnings=warnings), name),)


def _named(source: Source, name: str) -> Source:
    return source.model_copy(update={"info": source.info.model_copy(update={"id": id_of(name), "file": file_of(name)})})


def _read_xml(content: bytes, name: str) -> tuple[Source, ...]:
    root = parse_xml(content, name)
    kind = tag(root)
    if kind in jats.ROOTS:
        return jats.articles_of(root, content, name=name)
    if kind in BIOC_ROOTS:
        return bioc.documents_of(root, content, name=name)
    raise InputError(f"{name} is an XML or HTML document whose root is <{kind}>, which is no article that can be read: save it as text")


def _read_zip(content: bytes, name: str, max_bytes: int) -> tuple[Source, ...]:
    archive = open_zip(io.BytesIO(content), name)
    kind = kind_of_zip(archive, name)
    if kind == "many":
        raise InputError(f"{name} is a ZIP archive of several files: they are read one by one")
    if kind == "epub":
        return (read_epub(archive, content, name=name, limits=Limits(max_bytes, 2 * max_bytes)),)
    from extractor.readers.docx import read_docx  # noqa: PLC0415 - its library is large, and texts are read without it

    return (read_docx(archive, content, name=name, limits=limits_of(max_bytes)),)


def _files_at(path: Path, max_bytes: int) -> Iterator[File | Failed]:
    """The file at a path, or those in it where it is an archive, which may be larger than one report."""
    if not path.is_file():  # A pipe can be read only once, and only whole.
        yield from opened(File(str(path), read_bytes(path, max_bytes=max_bytes)), limits_of(max_bytes))
        return
    kind = format_of(read_bytes(path, begin=512))
    if kind not in ("zip", "gzip", "tar"):
        yield File(str(path), read_bytes(path, max_bytes=max_bytes))
        return
    with path.open("rb") as file:
        if kind == "zip" and kind_of_zip(archive := open_zip(file, str(path)), str(path)) == "many":
            yield from files_of_zip(archive, str(path), limits_of(max_bytes))
        elif kind == "zip":
            yield File(str(path), read_bytes(path, max_bytes=max_bytes))
        elif kind == "tar":
            yield from files_of_tar(file, str(path), limits_of(max_bytes), 1)
        else:
            yield from files_of_gzip(file, str(path), limits_of(max_bytes))


def _streamed(stream: IO[bytes], max_bytes: int) -> Iterator[File | Failed]:
    content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise too_large(STDIN, max_bytes)
    yield from opened(File(STDIN, content), limits_of(max_bytes))


def walk(paths: Sequence[Path | str]) -> Iterator[Path]:
    """The files that paths name: those of a folder sorted, without hidden ones, links to folders not followed, dead links too."""
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        for folder, inner, names in os.walk(path):
            inner[:] = sorted(n for n in inner if not n.startswith("."))
            found = (Path(folder, n) for n in sorted(names) if not n.startswith("."))
            yield from (p for p in found if p.is_file() or (p.is_symlink() and not p.exists()))


def _check_ids(paths: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        if is_archive(path):
            continue
        other = seen.setdefault(id_of(str(path)), path)
        if other is not path:
            identity = id_of(str(path))
            raise InputError(f"{other} and {path} would both be written as {identity}.json: rename one of them")


def is_archive(path: Path) -> bool:
    """Whether a file may hold others, whose names are not known before it is read."""
    try:
        return path.is_file() and format_of(read_bytes(path, begin=512)) in ("zip", "gzip", "tar")
    except (OSError, InputError):
        return False  # Said when its turn comes.
