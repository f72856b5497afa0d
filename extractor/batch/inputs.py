"""What a batch is asked to read: files, folders, globs, archives and manifests, as one stream of inputs with their ids."""

import csv
import glob
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from extractor.errors import InputError
from extractor.readers import Failed, File, files, id_of, is_archive, walk

MANIFESTS = {".tsv": "\t", ".csv": ","}
"""The suffixes of manifests and what stands between their columns. Only a file that is named itself is a manifest, none in a folder."""
_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True)
class Place:
    """Where an input lies; a line of a manifest also says its id and whatever else is known of it."""

    path: Path
    id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Input:
    """One file to be read, or why it cannot be; its id names its document."""

    id: str
    file: File | Failed
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str | None:
        """The digest of the file's bytes, as "sha256:…"; None where there are none."""
        return None if isinstance(self.file, Failed) else f"sha256:{hashlib.sha256(self.file.content).hexdigest()}"


@dataclass(frozen=True)
class Shard:
    """The share of a batch that one of several jobs takes: `number` of `of`, from 1, told by the ids of the inputs alone."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """A shard as written on the command line.

        >>> Shard.parse("3/64")
        Shard(number=3, of=64)
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise InputError(f"--shard {text}: write the number of this job and of all, from 1/64 to 64/64")
        return cls(int(match[1]), int(match[2]))

    def takes(self, identity: str) -> bool:
        """Whether an input with this id belongs to the shard; every id belongs to one shard and one only."""
        return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) % self.of == self.number - 1


class Inputs:
    """The inputs that the arguments of a batch name.

    Making it looks at every name (no content), so that what would lose work is said before there is any: InputError for a name that is
    not there, folders and globs without a file, manifests that lack columns, two inputs with one id, an output folder among the inputs.
    """

    def __init__(self, arguments: Sequence[str], output: Path) -> None:
        self._named = list(_expanded(arguments))
        for path in (p for p, _ in self._named):
            if path.is_dir() and output.resolve().is_relative_to(path.resolve()):
                raise InputError(
                    f"{output} lies in {path}, whose files are all read, so that the documents would be too: name another folder"
                )
        self.count, self.columns = 0, _columns(self._named)
        """How many files there are, an archive counted as one; the columns that manifests have beside id and path."""
        seen: set[str] = set()
        for place in self._places():
            self.count += 1
            if place.id is None and is_archive(place.path):
                continue
            identity = place.id or id_of(str(place.path))
            if identity in seen:
                raise self._twice(identity)
            seen.add(identity)
        if not self.count:
            raise InputError(f"{', '.join(arguments)} holds no file to read: name a folder of reports")

    def read(self, shard: Shard, *, max_bytes: int) -> Iterator[Input]:
        """The inputs of a shard, one after the other, in order; of two with one id in archives the second fails."""
        seen: set[str] = set()
        for place in self._places():
            if place.id is not None and not shard.takes(place.id):
                continue
            for found in _inputs(place, max_bytes):
                one = found
                if found.id in seen:
                    error = InputError(f"{found.file.name}: another input has the id {found.id!r} too: rename one of them")
                    one = replace(found, id=found.file.name, file=Failed(found.file.name, error))
                seen.add(one.id)
                if shard.takes(one.id):
                    yield one

    def _twice(self, identity: str) -> InputError:
        first, second = islice((p.path for p in self._places() if (p.id or id_of(str(p.path))) == identity), 2)
        if first.resolve() == second.resolve():
            return InputError(f"{first} is named twice, as the id {identity!r}: name it once")
        return InputError(f"{first} and {second} both have the id {identity!r}: rename one of them, or name the ids in a manifest")

    def _places(self) -> Iterator[Place]:
        for path, is_manifest in self._named:
            if is_manifest:
                yield from _manifest(path)
            else:
                yield from map(Place, walk([path]))


def _expanded(arguments: Iterable[str]) -> Iterator[tuple[Path, bool]]:
    """The paths that arguments name, and whether each is a manifest; InputError for what is not there."""
    for argument in arguments:
        path = Path(argument)
        if argument == "-" or path.exists():
            if path.is_dir() and next(walk([path]), None) is None:
                raise InputError(f"{path} holds no file to read: name a folder of reports")
            yield path, path.is_file() and path.suffix.lower() in MANIFESTS
        elif glob.has_magic(argument):
            found = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
            if not found:
                raise InputError(f"{argument} fits no file: check the pattern and the folder it starts from")
            yield from ((Path(name), False) for name in found)
        else:
            raise InputError(f"{path} does not exist: check the name and the folder it is in")


def _inputs(place: Place, max_bytes: int) -> Iterator[Input]:
    found = files([place.path], max_bytes=max_bytes)
    if place.id is None:
        yield from (Input(id_of(f.name), f) for f in found)
        return
    first, *others = islice(found, 2)
    if others:
        error = InputError(f"{place.path} holds several files, and the manifest one id for them: name the archive beside the manifest")
        first = Failed(str(place.path), error)
    yield Input(place.id, first, place.metadata)


def _columns(named: Iterable[tuple[Path, bool]]) -> list[str]:
    columns: dict[str, None] = {}
    for path in (p for p, is_manifest in named if is_manifest):
        with path.open(encoding="utf-8-sig", newline="") as file:
            columns.update(dict.fromkeys(_header(path, _rows(path, file))))
    return [c for c in columns if c not in ("id", "path")]


def _manifest(path: Path) -> Iterator[Place]:
    """The lines of a manifest; its paths count from its own folder. InputError names the line and what it lacks."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = _rows(path, file)
        header = _header(path, rows)
        for number, row in enumerate(rows, start=2):
            if not any(row):
                continue
            if len(row) != len(header):
                raise InputError(f"{path}: line {number} has {len(row)} columns where the first line has {len(header)}: mend the line")
            cells = dict(zip(header, row, strict=True))
            identity, where = cells.pop("id"), cells.pop("path")
            if not _NAME.fullmatch(identity) or identity.startswith("."):
                raise InputError(f"{path}: line {number}: the id {identity!r} cannot be a file's name: use letters, digits, '-' and '_'")
            if not where:
                raise InputError(f"{path}: line {number} has no path: name the file of {identity}")
            yield Place(path.parent / where, identity, cells)


def _rows(path: Path, file: Iterable[str]) -> Iterator[list[str]]:
    try:
        yield from ([cell.strip() for cell in row] for row in csv.reader(file, delimiter=MANIFESTS[path.suffix.lower()], strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no table in UTF-8 ({error}): save it as tab- or comma-separated text") from None


def _header(path: Path, rows: Iterator[list[str]]) -> list[str]:
    header = next(rows, [])
    if missing := [c for c in ("id", "path") if c not in header]:
        raise InputError(f"{path} lacks the column {' and '.join(missing)}: its first line names the columns id, path and any others")
    if len(set(header)) != len(header):
        raise InputError(f"{path} has two columns of one name: rename one of them")
    return header
