"""What became of each document: one line of JSON in `status.jsonl`, written when the document is, and all that a batch remembers."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Literal, NamedTuple

from extractor.batch.inputs import Shard
from extractor.errors import InputError

Status = Literal["ok", "partial", "failed"]


@dataclass(frozen=True)
class Line:
    """One document's line. `partial`: written, but not all of the text was read, or no patient's story found in it, as `reason` says.

    `seconds` is the time of its input in its process; `digest` that of the input's bytes; `version`, `pipeline` and `format` say what
    made `output`; `part` is "2/3" for the second of three articles in one file; `metadata` is what the manifest says of it.
    """

    id: str
    file: str
    status: Status
    reason: str | None
    seconds: float
    facts: int
    output: str | None
    digest: str | None
    version: str
    pipeline: str
    format: str
    part: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def input(self) -> str:
        """The id of the input that the document came from."""
        return self.id if self.part is None else self.id.rpartition("#")[0]


class Known(NamedTuple):
    """What is remembered of an input: a key of all that its output depends on, whether it failed, and the outputs of its documents."""

    key: bytes
    failed: bool
    outputs: tuple[str, ...]
    whole: bool


class Maker(NamedTuple):
    """What makes documents: equal ones of equal inputs give equal outputs."""

    version: str
    pipeline: str
    format: str


def key(digest: str | None, metadata: Mapping[str, str]) -> bytes:
    """What is compared of an input with that of an earlier run."""
    return hashlib.blake2b(json.dumps([digest, sorted(metadata.items())]).encode(), digest_size=12).digest()


def status_name(shard: Shard) -> str:
    """The name of a batch's status file; the jobs of an array have one each."""
    return "status.jsonl" if shard.of == 1 else f"status-{shard.number}-of-{shard.of}.jsonl"


class StatusFile:
    """The status file of a batch: read once, then written line by line, and put in order by id when all is done."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def read(self, made: Maker) -> dict[str, Known]:
        """What is done already, by the ids of inputs. InputError where something else made it, or a line is none of ours."""
        known: dict[str, Known] = {}
        for line in self.lines():
            _same_maker(self.path, line, made)
            own = Known(key(line.digest, line.metadata), line.status == "failed", (line.output,) if line.output else (), line.part is None)
            before = known.get(line.input)
            if line.part is not None and before is not None and not line.part.startswith("1/") and before.key == own.key:
                number, of = line.part.split("/")
                own = own._replace(outputs=before.outputs + own.outputs, failed=before.failed or own.failed, whole=number == of)
            known[line.input] = own
        return known

    def lines(self) -> Iterator[Line]:
        """Every line, in the order of writing; a later line of a document stands for an earlier one. Half a line at the end is cut off."""
        for number, (_, raw) in enumerate(self._raw(), start=1):
            try:
                yield Line(**json.loads(raw))
            except (ValueError, TypeError):
                raise InputError(
                    f"{self.path}: line {number} is no status of a document: remove the line, or start over with --fresh"
                ) from None

    def write(self, lines: Iterable[Line]) -> None:
        """Add lines, in one go."""
        content = "".join(json.dumps(asdict(line)) + "\n" for line in lines).encode()
        try:
            if self._file is None:
                self._cut()
                self._file = self.path.open("ab", buffering=0)
            self._file.write(content)
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror}): free space or name another folder with --output"
            ) from None

    def settle(self, temporary: Path) -> None:
        """Write the file anew with the last line of each document, sorted by id: equal batches end with equal files but for `seconds`."""
        self.close()
        places: dict[tuple[str, int], int] = {}
        in_order, before = True, ("", 0)
        for (place, _), line in zip(self._raw(), self.lines(), strict=True):
            own = (line.input, int(line.part.split("/")[0]) if line.part else 0)
            in_order = in_order and own > before
            before = own
            places[own] = place
        if in_order:
            return
        try:
            with self.path.open("rb") as old, temporary.open("wb") as new:
                for own in sorted(places):
                    old.seek(places[own])
                    new.write(old.readline())
            temporary.replace(self.path)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror}): free space and run the command again") from None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _raw(self) -> Iterator[tuple[int, bytes]]:
        """The lines as they are, with their places."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            place = 0
            for raw in file:
                if raw.endswith(b"\n"):
                    yield place, raw
                place += len(raw)

    def _cut(self) -> None:
        """Cut off what a process that was killed left of a line."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            end = place = file.seek(0, os.SEEK_END)
            while place and (file.seek(place - 1), file.read(1))[1] != b"\n":
                place -= 1
            if place != end:
                file.truncate(place)


def _same_maker(path: Path, line: Line, made: Maker) -> None:
    if (line.version, line.pipeline, line.format) != made:
        differ = [f"{what} {getattr(line, what)} (now {now})" for what, now in made._asdict().items() if getattr(line, what) != now]
        raise InputError(
            f"{path.parent} holds documents of {' and '.join(differ)}: name another folder with --output, "
            "or give --fresh, which removes the documents that its status lists and does all anew"
        )
