"""What a process of a batch does: load the pipeline once, then one input after the other, each to the bytes of its documents."""

import faulthandler
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from extractor.batch.tables import tables_of
from extractor.errors import ExtractorError, InputError
from extractor.readers import File, id_of, read_file
from extractor.schema import Case, Source, dump
from extractor.stages import counting, timed

Format = Literal["json", "jsonl", "parquet"]
PARTIAL = frozenset({"needs-ocr", "page-cut", "no-case"})
"""The warnings of a document that make it partial: not all of the text was read, or there is no patient in it."""
_ONE_AT_A_TIME = Lock()
"""A pipeline reads one report at a time; some engines have several threads in a process."""


@dataclass(frozen=True)
class Settings:
    """How every input of a batch is read and written; without `model` by the rules alone."""

    config: Path | None = None
    format: Format = "json"
    max_bytes: int = 10_000_000
    ocr: bool = False
    profile: bool = False
    model: bool = True


@dataclass(frozen=True)
class Task:
    """One input, with its place among those of the batch."""

    number: int
    id: str
    file: File
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Made:
    """One document: what it is called, what is to be known of it, and its bytes in the format asked for (by table, for tables)."""

    id: str
    warnings: tuple[str, ...]
    facts: int
    content: Mapping[str, bytes]
    generator: tuple[str, str]


@dataclass(frozen=True)
class Result:
    """What became of one input: its documents, or the reason why there are none; the seconds it took, by stage where asked for."""

    number: int
    documents: tuple[Made, ...] = ()
    error: str | None = None
    seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)


def prepare(settings: Settings) -> None:
    """Load the pipeline before the first input comes."""
    with suppress(Exception):  # The first input meets the same, and there it reaches the batch.
        _pipeline(settings.config, settings.model)


@cache
def _pipeline(config: Path | None, model: bool = True) -> Any:
    from extractor.annotate import load_pipeline, settle_memory  # noqa: PLC0415 - heavy; the process that hands out the work does without

    try:
        nlp = load_pipeline(config, model=model)
    except ImportError as error:  # spaCy imports what the installed package announces, whether a config asks for it or not.
        raise InputError(f"the pipeline cannot be loaded ({error}): install extractor anew") from None
    settle_memory()
    return nlp


def work(task: Task, settings: Settings, seconds: float | None = None) -> Result:
    """The documents of one input. A fault of the program in it is told as its reason; a broken pipeline is raised.

    With `seconds` the process ends itself when the input outlasts them, for engines that cannot end it.
    """
    with _ONE_AT_A_TIME:
        nlp = _pipeline(settings.config, settings.model)
        began = time.perf_counter()
        if seconds is not None:
            faulthandler.dump_traceback_later(seconds, exit=True)
        try:
            with counting() as stages:
                documents = _documents(task, settings, nlp)
            return Result(task.number, documents, None, time.perf_counter() - began, dict(stages) if settings.profile else {})
        except ExtractorError as error:
            return Result(task.number, error=str(error), seconds=time.perf_counter() - began)
        except Exception as error:  # One report must not stop the others, whatever it meets in the program.
            return Result(task.number, error=_fault(task.file.name, error), seconds=time.perf_counter() - began)
        finally:
            if seconds is not None:
                faulthandler.cancel_dump_traceback_later()


def _documents(task: Task, settings: Settings, nlp: Any) -> tuple[Made, ...]:
    from extractor.pipeline import extract  # noqa: PLC0415 - see _pipeline

    with timed("reading"):
        found = read_file(task.file, max_bytes=settings.max_bytes, ocr=settings.ocr)
    made = []
    for source in found:
        case = extract(_named(source, task), nlp)
        with timed("writing"):
            content = {"": dump(case).encode()} if settings.format == "json" else tables_of(case, task.metadata)
        warnings = tuple(w.message for w in case.warnings if w.code in PARTIAL)
        made.append(Made(case.source.id, warnings, len(case.facts), content, (case.generator.version, case.generator.pipeline_digest)))
    return tuple(made)


def _named(source: Source, task: Task) -> Source:
    """A source under the id of its input: a manifest may call a file otherwise than its name does."""
    identity = task.id + source.info.id.removeprefix(id_of(task.file.name))
    return source if identity == source.info.id else source.model_copy(update={"info": source.info.model_copy(update={"id": identity})})


def _fault(name: str, error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{name}: the program failed on it ({type(error).__name__}: {error}, {Path(place.filename).name}:{place.lineno}): please report it"
    )


def timelines(files: Any, config: Path | None = None) -> Any:
    """The timelines of files given as pairs of name and bytes, one (id, `Case`, reason) after the other: for Spark's `mapPartitions`.

    What cannot be read has no case but a reason, which names the file.
    """
    for name, content in files:
        try:
            for source in read_file(File(str(name), bytes(content))):
                yield source.info.id, _case(source, config), None
        except ExtractorError as error:
            yield id_of(str(name)), None, str(error)


def _case(source: Source, config: Path | None) -> Case:
    from extractor.pipeline import extract  # noqa: PLC0415 - see _pipeline

    return extract(source, _pipeline(config))
