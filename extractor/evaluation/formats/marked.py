"""Marked sentences, as the test cases of this project are written: "She had no [fever]{finding negated}." """

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extractor.errors import DataError, InputError
from extractor.evaluation.judged import FLAGS, JudgedCase, JudgedMention, Level
from extractor.marked import Mark, parse


def is_marked(content: Any) -> bool:
    """Whether the content of a YAML file is marked sentences and no timeline."""
    return isinstance(content, dict) and "facts" not in content and isinstance(content.get("cases"), list)


def read_marked(path: Path, content: dict[str, Any]) -> Iterator[JudgedCase | InputError]:
    """Each sentence of a file. Of the types under `labels` every mention is marked; without any, only the marked words are judged."""
    labels = content.get("labels") or []
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InputError(f"{path}: labels {labels!r} is no list of entity types: write labels: [drug]")
    for number, case in enumerate(content["cases"], start=1):
        yield _case(path, number, case, labels)


def _case(path: Path, number: int, case: Any, labels: list[str]) -> JudgedCase | InputError:
    where = f"{path}: case {number}"
    if not isinstance(case, dict) or not isinstance(case.get("text"), str):
        return InputError(f"{where}: has no text: write it as - text: She had no [fever]{{finding negated}}.")
    try:
        text, marks = parse(case["text"])
    except DataError as error:
        return InputError(f"{where}: {error}")
    levels: frozenset[Level] = frozenset({"mention", "context"} if labels else {"context"})
    # A sentence without its report leaves open whose it is, unless the mark says so.
    whose = any("experiencer" in mark.values for mark in marks)
    return JudgedCase(
        id=f"{path.stem}-{number}",
        text=text,
        mentions=tuple(_mention(n, mark) for n, mark in enumerate(marks) if not labels or mark.label in labels),
        levels=levels,
        scheme={label: label for label in labels} if labels else None,
        flags=frozenset(flag for flag in FLAGS if whose or flag != "experiencer"),
    )


def _mention(number: int, mark: Mark) -> JudgedMention:
    other = mark.values.get("experiencer", "patient") != "patient"
    flags = {flag for flag in FLAGS if flag in mark.flags} | ({"experiencer"} if other else set())
    return JudgedMention(f"T{number}", mark.label, ((mark.start, mark.end),), frozenset(flags))
