"""A whole batch: what is to be done, by whom, and what became of it; it goes on where an earlier run ended, however that ended."""

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from extractor.batch import make_folder
from extractor.batch.engines import Engine
from extractor.batch.inputs import Input, Inputs, Shard
from extractor.batch.outputs import Documents, Tables, emptied, pyarrow, removed
from extractor.batch.status import Known, Line, Maker, StatusFile, key, status_name
from extractor.batch.work import Result, Settings, Task
from extractor.errors import InputError
from extractor.knowledge import pipeline_of
from extractor.readers import Failed

WORK = ".extractor"
"""The folder in the output folder for what is not whole yet; it is gone when a batch has ended."""


@dataclass
class Summary:
    """How many documents a run made, of each status; how many inputs were done before; the seconds of each stage, if asked for."""

    documents: Counter[str] = field(default_factory=Counter)
    before: int = 0
    stages: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """How many inputs have no document, now or since an earlier run."""
        return self.documents["failed"]

    def __str__(self) -> str:
        counts = [
            f"{self.documents[status]} {status}" for status in ("ok", "partial", "failed") if self.documents[status] or status == "ok"
        ]
        return ", ".join([*counts, *([f"{self.before} done before"] if self.before else [])])


@dataclass(frozen=True)
class Options:
    """What is asked of a batch beside how each input is read: its share of the inputs, and what of earlier runs is to be done again."""

    shard: Shard = field(default_factory=Shard)
    retry_failed: bool = False
    fresh: bool = False


@dataclass(frozen=True)
class _Waiting:
    """What is remembered of an input while others work on it; not its content."""

    id: str
    name: str
    digest: str | None
    metadata: Mapping[str, str]
    before: tuple[str, ...]


class Batch:
    """One run over some inputs into an output folder."""

    def __init__(self, inputs: Inputs, output: Path, settings: Settings, options: Options, tell: Callable[[Sequence[str]], None]) -> None:
        self._inputs, self._output, self._settings, self._options, self._tell = inputs, output, settings, options, tell
        name, digest = pipeline_of(settings.config, model=settings.model)
        self._made = Maker(version("extractor"), f"{name} {digest}" + (" with OCR" if settings.ocr else ""), settings.format)
        self._generator = (self._made.version, digest)
        self._status = StatusFile(output / status_name(options.shard))
        self._work = output / (WORK if options.shard.of == 1 else f"{WORK}-{options.shard.number}-of-{options.shard.of}")
        self._waiting: dict[int, _Waiting] = {}
        self._lines: dict[str, Line] = {}
        self.summary = Summary()

    def run(self, engine: Engine) -> Summary:
        """Do what is not done yet. InputError where the output folder holds another batch, or the disk is full: what is done stays done."""
        if self._settings.format == "parquet":
            pyarrow()
        make_folder(self._output)
        with self._alone():
            known = self._known()
            emptied(self._work, keep=not self._options.fresh)
            self._store = self._opened(known)
            for result in engine(self._tasks(known)):
                self._take(result)
            self._settle(self._store.finish())
            self._status.settle(self._work / "status")
            emptied(self._work, keep=False)
        return self.summary

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process writes the same; the lock of a process that is killed is free."""
        self._work.mkdir(exist_ok=True)
        folder = os.open(self._work, os.O_RDONLY)
        try:
            _lock(folder, self._output)
            yield
        finally:
            self._status.close()
            os.close(folder)
            with suppress(OSError):
                self._work.rmdir()  # Where nothing waits in it.

    def _known(self) -> dict[str, Known]:
        """What the status files say is done; with `fresh` it is removed. The other jobs of the same array have other inputs."""
        jobs = "" if self._options.shard.of == 1 else f"-of-{self._options.shard.of}"
        others = [p for p in sorted(self._output.glob("status*.jsonl")) if p != self._status.path and not (jobs and p.stem.endswith(jobs))]
        if others and (self._settings.format != "json" or (self._options.fresh and jobs)):
            raise InputError(
                f"{self._output} holds what a batch in other shards made ({others[0].name}): name another folder with --output"
            )
        if self._options.fresh:
            for status in (self._status, *map(StatusFile, others)):
                removed(self._output, (line.output for line in status.lines()))
                status.path.unlink(missing_ok=True)
            return {}
        known: dict[str, Known] = {}
        for path in others:
            known |= StatusFile(path).read(self._made)
        return known | self._status.read(self._made)

    def _opened(self, known: Mapping[str, Known]) -> Documents | Tables:
        if self._settings.format == "json":
            return Documents(self._output, self._work)
        tables = Tables(self._output, self._work, self._settings.format, self._options.shard, self._inputs.columns)
        if known:
            tables.plan((self._done(one, known) for one in self._read()), known.values())
        return tables

    def _read(self) -> Iterator[Input]:
        return self._inputs.read(self._options.shard, max_bytes=self._settings.max_bytes)

    def _done(self, one: Input, known: Mapping[str, Known]) -> Known | None:
        """What an earlier run made of an input; None where it is to be done (again)."""
        done = known.get(one.id)
        if done is None or not done.whole or done.key != key(one.digest, one.metadata) or (done.failed and self._options.retry_failed):
            return None
        return done

    def _tasks(self, known: Mapping[str, Known]) -> Iterator[Task]:
        """What is to be done; what is done already, or cannot be read, is counted on the way."""
        for number, one in enumerate(self._read()):
            before = known[one.id].outputs if one.id in known else ()
            if isinstance(one.file, Failed):
                self._waiting[number] = _Waiting(one.id, one.file.name, None, one.metadata, before)
                self._take(Result(number, error=str(one.file.error)))
                continue
            done = self._done(one, known)
            if done is not None and self._store.has(number, done):
                self.summary.before += not done.failed
                self.summary.documents["failed"] += done.failed
                self._tell(())
                self._settle(self._store.settled(number, done.outputs))
                continue
            self._waiting[number] = _Waiting(one.id, one.file.name, one.digest, one.metadata, before)
            yield Task(number, one.id, one.file, one.metadata)

    def _take(self, result: Result) -> None:
        """Write what an input gave, then its status."""
        one = self._waiting.pop(result.number)
        self._check(result)
        outputs = self._store.keep(result.documents)
        lines = list(self._lines_of(one, result, outputs))
        self._status.write(lines)
        for old in {o for o in one.before if Path(o).suffix in (".json", ".part")} - set(outputs):
            (self._output / old).unlink(missing_ok=True)
        for line in lines:
            self.summary.documents[line.status] += 1
            if self._settings.format != "json" and line.output:
                self._lines[line.output] = line
        self.summary.stages.update(result.stages)
        self._tell([line.reason or "" for line in lines if line.status == "failed"])
        self._settle(self._store.settled(result.number, outputs))

    def _check(self, result: Result) -> None:
        """InputError where a worker elsewhere has another program or other knowledge than this process."""
        for made in result.documents:
            if made.generator != self._generator:
                raise InputError(
                    f"a worker has extractor {made.generator[0]} with the pipeline {made.generator[1]}, this process {self._made.version} "
                    f"with {self._generator[1]}: install the same on every machine"
                )

    def _lines_of(self, one: _Waiting, result: Result, outputs: Sequence[str]) -> Iterator[Line]:
        reason = result.error or f"{one.name} holds no report"
        failed = Line(
            id=one.id, file=one.name, status="failed", reason=reason, seconds=round(result.seconds, 3), facts=0, output=None,
            digest=one.digest, **self._made._asdict(), metadata=one.metadata,
        )  # fmt: skip
        if result.error is not None or not result.documents:
            yield failed
            return
        for number, (document, output) in enumerate(zip(result.documents, outputs, strict=True), start=1):
            yield replace(
                failed, id=document.id, status="partial" if document.warnings else "ok", reason=" ".join(document.warnings) or None,
                facts=document.facts, output=output, part=f"{number}/{len(outputs)}" if document.id != one.id else None,
            )  # fmt: skip

    def _settle(self, moved: Iterator[tuple[str, str]]) -> None:
        """Note where documents lie that have gone into a shard, and then remove what waited for it."""
        places = dict(moved)
        if not places:
            return
        if places.keys() - self._lines.keys():  # An earlier run made some of them.
            self._lines |= {line.output: line for line in self._status.lines() if line.output in places}
        self._status.write(replace(self._lines.pop(old), output=new) for old, new in places.items())
        for old in places:
            (self._output / old).unlink(missing_ok=True)


def _lock(folder: int, output: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(f"{output} is being written by another batch: wait for its end, or name another folder") from None
    except OSError:
        return  # Some network file systems know no locks: then nothing guards against two batches.
