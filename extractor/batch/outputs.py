"""How documents are kept: one JSON file each, or tables in shards of a thousand inputs. What is written is written whole or not at all."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from extractor.batch import write_whole
from extractor.batch.inputs import Shard
from extractor.batch.status import Known
from extractor.batch.tables import HEAD, TABLES, columns_of
from extractor.batch.work import Made
from extractor.errors import InputError

SHARD = 1000
"""Inputs whose documents go into one shard of tables."""
_GROUP = 64
"""Documents in a row group of Parquet: what is held in memory when a shard is put together."""


@dataclass(frozen=True)
class Documents:
    """One JSON document a report: `OUT/<id>.json`."""

    folder: Path
    work: Path

    def has(self, number: int, done: Known) -> bool:
        """Whether the outputs of an input that was done before are all there."""
        return all((self.folder / name).exists() for name in done.outputs)

    def keep(self, made: Sequence[Made]) -> list[str]:
        """Write the documents of an input; their outputs, as the status names them."""
        return [write_whole(self.folder / f"{m.id}.json", m.content[""], self.work).name for m in made]

    def settled(self, number: int, outputs: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Nothing more is to be done for an input that is done."""
        return iter(())

    def finish(self) -> Iterator[tuple[str, str]]:
        """Nothing more is to be done when all inputs are."""
        return iter(())


@dataclass
class _Open:
    """A shard that still lacks inputs: what is ready of it, by the number of the input."""

    lacking: int = SHARD
    parts: dict[int, tuple[str, ...]] = field(default_factory=dict)


class Tables:
    """Tables in shards: `OUT/facts-00000.parquet`, …; the documents of a shard wait in a folder for work until the shard is whole."""

    def __init__(self, folder: Path, work: Path, form: str, shard: Shard, metadata: Sequence[str]) -> None:
        self.folder, self.work, self.form, self.metadata = folder, work, form, metadata
        self._of = "" if shard.of == 1 else f"{shard.number}-of-{shard.of}-"
        self._open: dict[int, _Open] = {}
        self._whole: set[int] = set()
        self._last = -1
        (work / "parts").mkdir(exist_ok=True)

    def plan(self, inputs: Iterable[Known | None], known: Iterable[Known]) -> None:
        """Find the shards that hold just what they should: those of `inputs` in order (None: not done), in what is known."""
        held: dict[str, int] = {}
        for before in known:
            for name in before.outputs:
                held[name] = held.get(name, 0) + 1
        wanted: dict[int, int] = {}
        broken: set[int] = set()
        for number, done in enumerate(inputs):
            shard = number // SHARD
            own = self.name(HEAD, shard)
            if done is None or any(name != own for name in done.outputs):
                broken.add(shard)
            wanted[shard] = wanted.get(shard, 0) + len(done.outputs if done else ())
        for shard, count in wanted.items():
            files = (self.folder / self.name(table, shard) for table in TABLES)
            if shard not in broken and held.get(self.name(HEAD, shard), 0) == count and all(f.exists() for f in files):
                self._whole.add(shard)

    def has(self, number: int, done: Known) -> bool:
        """Whether what an input gave lies in a shard that is whole, or waits for its shard."""
        return number // SHARD in self._whole or all(self._is_part(name) and (self.folder / name).exists() for name in done.outputs)

    def keep(self, made: Sequence[Made]) -> list[str]:
        """Write what an input gives to the folder for work; its outputs, as the status names them."""
        return [f"{self.work.name}/parts/{self._part(m).name}" for m in made]

    def settled(self, number: int, outputs: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Count an input as done; where its shard is whole by that, write it: each output and the file in which it lies from now on."""
        shard = number // SHARD
        self._last = max(self._last, shard)
        if shard in self._whole:
            return
        own = self._open.setdefault(shard, _Open())
        own.lacking -= 1
        own.parts[number] = tuple(outputs)
        if not own.lacking:
            yield from self._put_together(shard)

    def finish(self) -> Iterator[tuple[str, str]]:
        """Write the last shard, and remove shards beyond it, which are of an earlier run with more inputs."""
        for shard in sorted(self._open):
            yield from self._put_together(shard)
        for table in TABLES:
            for path in self.folder.glob(f"{table}-{self._of}[0-9][0-9][0-9][0-9][0-9].{self.form}"):
                if int(path.stem[-5:]) > self._last:
                    path.unlink()

    def name(self, table: str, shard: int) -> str:
        """The name of a shard of a table."""
        return f"{table}-{self._of}{shard:05d}.{self.form}"

    def _is_part(self, output: str) -> bool:
        return output.startswith(f"{self.work.name}/parts/")

    def _part(self, made: Made) -> Path:
        lengths = {table: len(made.content[table]) for table in TABLES}
        content = b"".join([json.dumps(lengths).encode(), b"\n", *(made.content[table] for table in TABLES)])
        return write_whole(self.work / "parts" / f"{made.id}.part", content, self.work)

    def _put_together(self, shard: int) -> Iterator[tuple[str, str]]:
        parts = [name for _, outputs in sorted(self._open.pop(shard).parts.items()) for name in outputs]
        for table in TABLES:
            path, temporary = self.folder / self.name(table, shard), self.work / self.name(table, shard)
            try:
                if self.form == "jsonl":
                    with temporary.open("wb") as file:
                        file.writelines(self._rows(name, table) for name in parts)
                else:
                    _parquet(temporary, columns_of(table, self.metadata), (self._rows(name, table) for name in parts))
                temporary.replace(path)
            except OSError as error:
                raise InputError(
                    f"{path}: cannot be written ({error.strerror or error}): free space or name another folder with --output"
                ) from None
        yield from ((name, self.name(HEAD, shard)) for name in parts)

    def _rows(self, part: str, table: str) -> bytes:
        with (self.folder / part).open("rb") as file:
            place = 0
            for name, length in json.loads(file.readline()).items():
                if name == table:
                    file.seek(place, 1)
                    return file.read(length)
                place += length
        raise InputError(f"{self.folder / part}: is damaged: remove it and run the command again")


def _parquet(path: Path, columns: Mapping[str, str], rows: Iterator[bytes]) -> None:
    """Write lines of JSON as Parquet, a row group for each `_GROUP` documents."""
    arrow, reader, parquet = pyarrow()
    types = {"string": arrow.string(), "int": arrow.int64(), "float": arrow.float64(), "bool": arrow.bool_()}
    schema = arrow.schema([(name, types[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(rows, _GROUP)):
            if content := b"".join(some):
                options = reader.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
                whole = reader.ReadOptions(use_threads=False, block_size=len(content) + 1)
                writer.write_table(reader.read_json(arrow.BufferReader(content), read_options=whole, parse_options=options))


def pyarrow() -> tuple[Any, Any, Any]:
    """pyarrow, its reader of JSON and its Parquet; InputError where it is not installed."""
    try:
        import pyarrow as arrow  # noqa: PLC0415 - an extra
        from pyarrow import json as reader  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise InputError('--format parquet needs pyarrow, which is not installed: pip install "extractor[parquet]"') from None
    return arrow, reader, parquet


def removed(folder: Path, outputs: Iterable[str | None]) -> int:
    """Remove outputs that a status names, with the tables beside the documents; how many documents there were."""
    count = 0
    for name in {o for o in outputs if o}:
        path = folder / name
        beside = [path.with_name(path.name.replace(HEAD, table, 1)) for table in TABLES] if path.suffix != ".json" else [path]
        count += path.exists()
        for file in beside:
            file.unlink(missing_ok=True)
    return count


def emptied(work: Path, *, keep: bool) -> None:
    """Make the folder for work, without what a process that was killed left half written; `keep` what waits in it."""
    work.mkdir(exist_ok=True)
    for path in work.iterdir():
        if path.is_file():
            path.unlink()
        elif not keep:
            shutil.rmtree(path)
