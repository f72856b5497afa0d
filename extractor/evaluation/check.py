"""Whether gold files and timeline documents are right: every problem of every file, with its line and remedy."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from extractor.errors import ExtractorError
from extractor.evaluation.formats import read_cases
from extractor.evaluation.gold import SUFFIXES, contents, gold_files
from extractor.evaluation.judged import JudgedCase
from extractor.schema import Case

Place = tuple[str | int, ...]
REMEDIES = {
    "missing": "is missing: add it",
    "extra_forbidden": "is no key that belongs here: correct its spelling or remove it",
}
"""What is said of the commonest errors instead of the validator's words."""
SHOWN = 60
"""So many characters of a wrong value are shown."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


@dataclass(frozen=True)
class Checked:
    """A file with what it holds, and everything that is wrong with it; `mentions` where it holds no facts."""

    path: Path
    facts: int = 0
    mentions: int = 0
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.problems:
            return "\n".join([f"{self.path}: {_counted(len(self.problems), 'problem')}", *(f"  {problem}" for problem in self.problems)])
        holds = _counted(self.facts, "fact") if self.facts or not self.mentions else _counted(self.mentions, "mention")
        return f"{self.path}: {holds} OK"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def check(paths: Sequence[Path], *, texts: Path | None = None, labels: Path | None = None) -> Iterator[Checked]:
    """Check gold files, timeline documents and annotations in others' formats, as `evaluate` reads them; a folder stands for its files.

    `texts` is the folder of the .txt files, when they do not lie beside the gold; `labels` a table of labels for others' annotations.
    """
    for path in paths:
        try:
            files = gold_files([path])
        except ExtractorError as error:
            yield Checked(path, problems=_said(path, error))
            continue
        yield from (_checked(file, texts, labels) for file in files)


def _checked(path: Path, texts: Path | None, labels: Path | None) -> Checked:
    if not path.is_file():
        return Checked(path, problems=("there is no such file: check its name",))
    if not path.name.lower().endswith((*SUFFIXES, ".txt")):
        return Checked(path, problems=(f"is no gold and no timeline document: their names end in {', '.join(SUFFIXES)}",))
    try:
        document = _document(path) if path.suffix == ".json" else None
    except ExtractorError as error:
        return Checked(path, problems=_said(path, error))
    if document is not None and not document.problems:
        return document
    read = list(read_cases(path, texts, labels))
    cases = [case for case in read if isinstance(case, JudgedCase)]
    if document is not None and not cases:
        return document  # No format of others: what is wrong is said of a timeline document.
    problems = tuple(said for error in read if isinstance(error, ExtractorError) for said in _said(path, error))
    return Checked(path, sum(len(case.facts) for case in cases), sum(len(case.mentions) for case in cases), problems)


def _said(path: Path, error: ExtractorError) -> tuple[str, ...]:
    """The problems that an error tells, each on a line of its own, without the file's name."""
    lines = (line.strip() for line in str(error).removeprefix(f"{path}:").splitlines())
    return tuple(line for line in lines if line)


def _document(path: Path) -> Checked:
    content = contents(path)
    try:
        return Checked(path, len(Case.model_validate_json(content).facts))
    except ValidationError as error:
        problems = error.errors(include_url=False)
        lines = {} if problems[0]["type"] == "json_invalid" else lines_of(content.decode("utf-8"))
        return Checked(path, problems=tuple(said for problem in problems for said in _problem(problem, content, lines)))


def _problem(problem: ErrorDetails, content: bytes, lines: Mapping[Place, int]) -> Iterator[str]:
    """What a validation error says, with its line; an error of the document as a whole may say several things, a line each."""
    if problem["type"] == "json_invalid":
        yield f"{problem['msg']}: it is no JSON: write the document again"
    elif not problem["loc"] and problem["type"] != "value_error":
        yield "is no timeline document: it needs the keys that extractor schema prints"
    elif not problem["loc"]:
        ids = _ids(content, lines)
        for message in problem["msg"].removeprefix("Value error, ").splitlines():
            yield _at(next((ids[word] for word in re.findall(r"[\w-]+", message) if word in ids), None)) + message
    else:
        known, line = _nearest(problem["loc"], lines)
        said = REMEDIES.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        value = "" if isinstance(problem["input"], dict | list) else f" {str(problem['input'])[:SHOWN]!r}"
        where = ".".join(map(str, known)) or str(problem["loc"][-1])
        yield _at(line) + (f"{where} {said}" if problem["type"] in REMEDIES else f"{where}{value}: {said}")


def _at(line: int | None) -> str:
    return "" if line is None else f"line {line}: "


def _nearest(place: Place, lines: Mapping[Place, int]) -> tuple[Place, int | None]:
    """A place in the document as its keys (a validator's also names the type it tried), and the line of the innermost that is there."""
    known: Place = ()
    for step in place:
        if (*known, step) in lines:
            known = (*known, step)
    line = lines.get(known)
    return (known if place[-1] in known else (*known, place[-1])), line


def _ids(content: bytes, lines: Mapping[Place, int]) -> dict[str, int]:
    """The line on which each fact, mention, patient and section begins, by its id."""
    document: dict[str, Any] = json.loads(content)
    return {
        item["id"]: lines[kind, number]
        for kind in ("sections", "mentions", "patients", "facts")
        for number, item in enumerate(document.get(kind, ()))
    }


def lines_of(text: str) -> dict[Place, int]:
    """The line of each value of a JSON text, by the keys and numbers that lead to it."""
    lines: dict[Place, int] = {}
    place: list[str | int | None] = []  # None stands for a key that is still to come
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        line, counted = line + text.count("\n", counted, token.start()), token.start()
        if word in "]}":
            place.pop()
        elif word == ",":
            place[-1] = place[-1] + 1 if isinstance(place[-1], int) else None
        elif word != ":" and place and place[-1] is None:
            place[-1] = json.loads(word)
        elif word != ":":
            lines[tuple(step for step in place if step is not None)] = line
            if word in "[{":
                place.append(0 if word == "[" else None)
    return lines
