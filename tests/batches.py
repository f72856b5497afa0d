"""A batch without a pipeline, for the tests of what is kept and remembered: each file gives a document that says its own text."""

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from extractor.batch import outputs
from extractor.batch.inputs import Inputs, Shard
from extractor.batch.run import Batch, Options, Summary
from extractor.batch.tables import HEAD, TABLES
from extractor.batch.work import Made, Result, Settings, Task
from extractor.knowledge import pipeline_of

GENERATOR = (version("extractor"), pipeline_of()[1])


class Instant:
    """Does the tasks in order; a text "bad" fails, a text "two" holds two reports. `did` are the ids it was asked for."""

    def __init__(self, form: str = "json") -> None:
        self.form, self.did = form, []

    def __call__(self, tasks: Iterator[Task]) -> Iterator[Result]:
        for task in tasks:
            self.did.append(task.id)
            text = task.file.content.decode()
            ids = [f"{task.id}#1", f"{task.id}#2"] if text == "two" else [task.id]
            made = tuple(Made(identity, (), 1, self.content(identity, text, task.metadata), GENERATOR) for identity in ids)
            error = f"{task.file.name} is bad: mend it" if text == "bad" else None
            yield Result(task.number, () if error else made, error, seconds=0.5)

    def content(self, identity: str, text: str, metadata: Any) -> dict[str, bytes]:
        line = json.dumps({"document": identity, "text": text, **metadata}).encode() + b"\n"
        if self.form != "parquet":
            return dict.fromkeys(["", *TABLES], line)
        return {table: json.dumps({"document": identity} | ({"title": text} if table == HEAD else {})).encode() for table in TABLES}


def run(inputs: Sequence[Path | str], output: Path, form: str = "json", engine: Any = None, shard: str = "1/1", **options: Any) -> Summary:
    """A batch of Instant, or of another engine."""
    asked = Options(Shard.parse(shard), **options)
    found = Inputs([str(i) for i in inputs], output)
    return Batch(found, output, Settings(format=form), asked, lambda reasons: None).run(engine or Instant(form))  # type: ignore[arg-type]


def reports(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, also in folders, with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def small_shards(size: int = 3) -> None:
    """Shards of few inputs."""
    outputs.SHARD = size
