"""PHEE: a JSON object a line, each a sentence with its pharmacovigilance events (Sun et al. 2022)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extractor.errors import InputError
from extractor.evaluation.formats.labels import HERE, Labels, read_labels
from extractor.evaluation.gold import decoded, refused
from extractor.evaluation.judged import JudgedCase, JudgedMention

PHEE = HERE / "phee.tsv"


def read_phee(path: Path, labels: Path | None = None) -> Iterator[JudgedCase | InputError]:
    """Each sentence of a file, or what is wrong with it. The same words in the same role of two events are one mention."""
    table = read_labels(labels or PHEE)
    for number, line in enumerate(decoded(path).split("\n"), start=1):
        if line.strip():
            yield _case(f"{path}: line {number}", line, table)


def _case(where: str, line: str, table: Labels) -> JudgedCase | InputError:
    try:
        sentence = json.loads(line)
        name, text = sentence["id"], sentence["context"]
        events = [event for annotation in sentence["annotations"] for event in annotation["events"]]
        parts = [part for event in events for part in _parts(event)]
        spans = [(label, spans) for label, part in parts for spans in _spans(part)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return InputError(f"{where}: is no sentence of PHEE's ({type(error).__name__}: {error}): correct it")
    problems = [problem for label, said in spans if (problem := _problem(label, said, text, table))]
    if problems or not isinstance(name, str):
        return refused(where, problems or [f"its id {name!r} is no text"])
    found = sorted({(label, tuple((a, a + len(words)) for a, words in said)) for label, said in spans})
    mentions = [
        JudgedMention(f"T{n}", judged_as, at) for n, (label, at) in enumerate(found) if (judged_as := table.spans[label]) is not None
    ]
    return JudgedCase(name, text, mentions=tuple(mentions), levels=frozenset({"mention"}), scheme=table.scheme, flags=frozenset())


Words = tuple[tuple[int, str], ...]


def _parts(said: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The arguments of an event, and theirs."""
    for label, part in said.items():
        for one in part if isinstance(part, list) else [part]:
            if isinstance(one, dict):
                if "text" in one and "start" in one:
                    yield label, one
                yield from _parts(one)


def _spans(part: dict[str, Any]) -> Iterator[Words]:
    """The words of each entity of an argument, a piece for each stretch of the text."""
    for pieces, starts in zip(part["text"], part["start"], strict=True):
        yield tuple(sorted((int(start), str(words)) for words, start in zip(pieces, starts, strict=True) if words))


def _problem(label: str, said: Words, text: str, table: Labels) -> str | None:
    for start, words in said:
        if text[start : start + len(words)] != words or start < 0:
            return f"{label} {words!r} does not stand at {start}: the text reads {text[max(0, start) : max(0, start) + len(words)]!r}"
    return table.unknown(label) if said else f"{label} has no words"
