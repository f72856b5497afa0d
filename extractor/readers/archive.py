"""Archives of many files (zip, tar, gzip): their members one by one, in memory; nothing is ever written.

What an archive claims is not trusted: names that lead out of it, members that unpack to more than one report may have, and archives
in archives in archives are refused with the reason, and the other members are read.
"""

import gzip
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from extractor.errors import ExtractorError, InputError
from extractor.readers.formats import format_of

MANY = 100
"""How many times the size that one report may have an archive may unpack to."""
DEEPEST = 2
"""An archive in an archive is read (PMC packs articles so); one in that is refused."""
MOST_MEMBERS = 200_000
_CHUNK = 1 << 20
_DAMAGE = (BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError, OSError, NotImplementedError,
           RuntimeError, ValueError, KeyError, IndexError, OverflowError)  # fmt: skip
"""What the standard library raises for archives that are damaged, encrypted, or compressed in ways it does not know."""
_OFFICE = {
    "xl/workbook.xml": "an Excel workbook", "ppt/presentation.xml": "a PowerPoint presentation", "content.xml": "an OpenDocument file",
}  # fmt: skip


@dataclass(frozen=True)
class File:
    """One file's bytes, and the name by which a person finds it ("archive.zip/folder/a.xml")."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Failed:
    """What could not be read, and why."""

    name: str
    error: ExtractorError


@dataclass
class Limits:
    """How many bytes one file may have, and how many may still be unpacked altogether."""

    one: int
    left: int

    def take(self, count: int, name: str) -> None:
        """Count bytes that were unpacked; InputError where they are more than any archive of reports holds."""
        self.left -= count
        if self.left < 0:
            raise InputError(f"{name} unpacks to far more than what it is read for could have: unpack it yourself and name the folder")


def limits_of(max_bytes: int) -> Limits:
    """Fresh limits for one archive, from the size that one report may have."""
    return Limits(max_bytes, MANY * max_bytes)


def kind_of_zip(archive: ZipFile, name: str) -> str:
    """ "epub", "docx" or "many"; InputError for other office files."""
    names = archive.NameToInfo
    if "META-INF/container.xml" in names:
        return "epub"
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return "docx"
    for path, what in _OFFICE.items():
        if path in names and ("[Content_Types].xml" in names or "mimetype" in names):
            raise InputError(f"{name} is {what}, which cannot be read: save it as a Word document or as plain text")
    return "many"


def open_zip(file: IO[bytes], name: str) -> ZipFile:
    """A ZIP archive, opened; InputError where it is damaged or has too many members."""
    try:
        archive = ZipFile(file)
    except _DAMAGE as error:
        raise InputError(f"{name} is a ZIP archive that is damaged ({error}): fetch it again") from None
    if len(archive.filelist) > MOST_MEMBERS:
        raise InputError(f"{name} is a ZIP archive of more than {MOST_MEMBERS} files: unpack it and name the folder")
    return archive


def member(archive: ZipFile, path: str, name: str, limits: Limits) -> bytes:
    """The bytes of one member, never more than the limits allow."""
    info = archive.NameToInfo.get(path)
    if info is None:
        raise InputError(f"{name} lacks its part {path!r}: it is not whole")
    return _unpacked(archive, info, name, limits)


def checked_members(archive: ZipFile, name: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Every member, unpacked and counted, so that a library that unpacks them by itself meets no surprise."""
    for info in archive.filelist:
        yield info.filename, _unpacked(archive, info, name, limits)


def _unpacked(archive: ZipFile, info: ZipInfo, name: str, limits: Limits) -> bytes:
    shown = f"{name}/{printable(info.filename)}"
    if info.flag_bits & 1:
        raise InputError(f"{shown} is encrypted: unpack it with its password")
    if info.file_size > limits.one:
        raise InputError(f"{shown} unpacks to {info.file_size} bytes, more than one report may have: raise the limit with --max-size")
    try:
        with archive.open(info) as file:
            content = file.read(limits.one + 1)
    except _DAMAGE as error:
        raise InputError(f"{shown} is damaged ({error}): fetch the archive again") from None
    limits.take(len(content), name)
    if len(content) > limits.one:
        raise InputError(f"{shown} unpacks to more than one report may have: raise the limit with --max-size")
    return content


def unsafe(path: str) -> str | None:
    """Why a member's name is refused, None where it is a path within the archive.

    >>> unsafe("a/b.xml"), unsafe("../b.xml")
    (None, 'leads out of the archive')
    """
    parts = re.split(r"[/\\]", path)
    if ".." in parts or path[:1] in ("/", "\\") or re.match(r"[A-Za-z]:", path):
        return "leads out of the archive"
    if re.search(r"[\x00-\x1f\x7f]", path):
        return "holds control characters"
    return None


def printable(path: str) -> str:
    """A member's name for a message: no character that a terminal would obey, not longer than a line."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "\ufffd", path)[:200]


def _is_hidden(path: str) -> bool:
    return any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in path.split("/"))


def files_of_zip(archive: ZipFile, name: str, limits: Limits, depth: int = 1) -> Iterator[File | Failed]:
    """The files of an archive of many, in the order of their names, each whole or with the reason why not."""
    for info in sorted((i for i in archive.filelist if not i.is_dir()), key=lambda i: i.filename):
        shown = f"{name}/{printable(info.filename)}"
        if why := unsafe(info.orig_filename) or unsafe(info.filename):
            yield Failed(shown, InputError(f"{shown}: its name {why}, which is refused"))
        elif not _is_hidden(info.filename):
            try:
                content = _unpacked(archive, info, name, limits)
            except InputError as error:
                yield Failed(shown, error)
                if limits.left < 0:
                    return
                continue
            yield from opened(File(shown, content), limits, depth)


def opened(file: File, limits: Limits, depth: int = 0) -> Iterator[File | Failed]:
    """A file itself, or the files in it where it is an archive; EPUB and Word documents are files."""
    try:
        kind = format_of(file.content)
        if kind not in ("zip", "gzip", "tar") or (
            kind == "zip" and kind_of_zip(archive := open_zip(io.BytesIO(file.content), file.name), file.name) != "many"
        ):
            yield file
        elif depth >= DEEPEST:
            raise InputError(f"{file.name} is an archive within archives, which is refused: unpack it first")
        elif kind == "zip":
            yield from files_of_zip(archive, file.name, limits, depth + 1)
        elif kind == "tar":
            yield from files_of_tar(io.BytesIO(file.content), file.name, limits, depth + 1)
        else:
            yield from files_of_gzip(io.BytesIO(file.content), file.name, limits, depth)
    except InputError as error:
        yield Failed(file.name, error)


def files_of_gzip(file: IO[bytes], name: str, limits: Limits, depth: int = 0) -> Iterator[File | Failed]:
    """The file that a gzip holds, or those of the tar archive in it, which is read as a stream whatever its size."""
    try:
        stream = gzip.GzipFile(fileobj=file)
        begin = stream.read(512)
        stream.seek(0)
        if begin[257:262] == b"ustar":
            yield from files_of_tar(stream, name, limits, depth + 1)
            return
        content = stream.read(limits.one + 1)
    except _DAMAGE as error:
        yield Failed(name, InputError(f"{name} is a gzip archive that is damaged ({error}): fetch it again"))
        return
    if len(content) > limits.one:
        yield Failed(name, InputError(f"{name} unpacks to more than one report may have: raise the limit with --max-size"))
        return
    limits.take(len(content), name)
    yield from opened(File(name, content), limits, depth + 1)


class _Counted:
    """A stream of a tar archive that ends with an error where one member, or all of them, are larger than the limits."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, name: str, limits: Limits) -> None:
        self.stream, self.name, self.limits, self.since = stream, name, limits, 0

    def read(self, count: int = -1) -> bytes:
        content = self.stream.read(min(count, _CHUNK) if count >= 0 else _CHUNK)
        self.since += len(content)
        if self.since > 10 * self.limits.one:
            raise InputError(f"{self.name} holds a file far larger than a report: unpack it and name the folder")
        self.limits.take(len(content), self.name)
        return content


def files_of_tar(stream: IO[bytes] | gzip.GzipFile, name: str, limits: Limits, depth: int) -> Iterator[File | Failed]:
    """The files of a tar archive, in its order; links and devices are not followed."""
    if depth > DEEPEST:
        yield Failed(name, InputError(f"{name} is an archive within archives, which is refused: unpack it first"))
        return
    counted = _Counted(stream, name, limits)
    try:
        with tarfile.open(fileobj=counted, mode="r|") as archive:  # type: ignore[call-overload]
            for number, entry in enumerate(archive):
                counted.since = 0
                if number > MOST_MEMBERS:
                    raise InputError(f"{name} is an archive of more than {MOST_MEMBERS} files: unpack it and name the folder")
                archive.members = []  # The stream is read once: what tarfile would remember only grows.
                yield from _entry(archive, entry, name, limits, depth)
    except InputError as error:
        yield Failed(name, error)
    except _DAMAGE as error:
        yield Failed(name, InputError(f"{name} is a tar archive that is damaged ({error}): fetch it again"))


def _entry(archive: tarfile.TarFile, entry: tarfile.TarInfo, name: str, limits: Limits, depth: int) -> Iterator[File | Failed]:
    shown = f"{name}/{printable(entry.name)}"
    if why := unsafe(entry.name):
        yield Failed(shown, InputError(f"{shown}: its name {why}, which is refused"))
        return
    if not entry.isfile() or entry.issparse() or _is_hidden(entry.name):
        return
    if entry.size > limits.one:
        yield Failed(shown, InputError(f"{shown} has {entry.size} bytes, more than one report may have: raise the limit with --max-size"))
        return
    file = archive.extractfile(entry)
    if file is not None:
        yield from opened(File(shown, file.read(limits.one)), limits, depth)
