"""A timeline in other people's formats. Every module of this folder is a format, and nothing else lists them.

A module's first line is what `extractor export --help` says of it. It has

- `export(case, epoch=None) -> Export`, a pure function: the files of one case, named after the case, and what they cannot carry;
- `NEEDS_EPOCH = True` where it cannot do without the calendar date of day 0;
- `export_together(cases, epoch=None) -> Export` where the cases of a folder go into the same files (the tables of one study).
"""

import csv
import importlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from extractor.errors import DocumentError, InputError

if TYPE_CHECKING:
    from extractor.schema import Bounds, Case

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Loss:
    """Something of a document that a format does not carry: `fact` is None where it concerns more than one fact."""

    document: str
    fact: str | None
    what: str
    why: str


@dataclass(frozen=True)
class Export:
    """Files by their names (with / between folders), and what they do not carry."""

    files: Mapping[str, bytes]
    losses: tuple[Loss, ...] = ()


def formats() -> dict[str, str]:
    """The name of each format and what it is, without importing any."""
    found = {}
    for path in sorted(HERE.glob("[!_]*.py")):
        with path.open(encoding="utf-8") as file:
            found[path.stem] = file.readline().strip().strip('"')
    return found


def export(cases: Sequence["Case"], to: str, epoch: date | None = None) -> Export:
    """The cases in the format named `to`; `epoch` is the calendar date of day 0.

    InputError where there is no such format, where it needs an epoch, or where two cases would make the same file;
    DocumentError where a document lacks what the format needs.
    """
    if not cases:
        raise InputError("no document to export")
    if to not in formats():
        raise InputError(f"no format named {to!r}: there are {', '.join(formats())}")
    module = importlib.import_module(f"extractor.exporters.{to}")
    if epoch is None and getattr(module, "NEEDS_EPOCH", False):
        raise InputError(f"{to} knows calendar dates only: say which day day 0 is to be, as in --epoch 2000-01-01")
    if hasattr(module, "export_together"):
        done: Export = module.export_together(cases, epoch)
        return done
    return united([module.export(case, epoch) for case in cases])


def united(exports: Iterable[Export]) -> Export:
    """Several cases' own files side by side; InputError where two have the same name."""
    files: dict[str, bytes] = {}
    losses: list[Loss] = []
    for one in exports:
        for name, content in one.files.items():
            if name in files:
                raise InputError(f"two documents make the file {name}: give them different ids")
            files[name] = content
        losses += one.losses
    return Export(files, tuple(losses))


def text_of(case: "Case", to: str) -> str:
    """The text of a case; DocumentError where it was left out, for formats whose offsets mean nothing without."""
    if case.text is None:
        raise DocumentError(f"{case.source.id}: its text was left out, and {to} needs it: export the document that has its text")
    return case.text


def package(name: str) -> ModuleType:
    """A package that only a format needs; InputError says how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(f"this format needs the package {name.split('.', maxsplit=1)[0]}: pip install 'extractor[export]'") from None


def middle(bounds: "Bounds | None") -> int | None:
    """The whole day at the middle of some bounds; the bound that is known where the other is not; None where neither is."""
    known = [b for b in (bounds.earliest, bounds.latest) if b is not None] if bounds else []
    return round(sum(known) / len(known)) if known else None


def attributes(fact: object) -> dict[str, object]:
    """What a fact says of itself beside what every fact has: the attributes of its type that are known."""
    from extractor.schema import BaseFact  # noqa: PLC0415 - `extractor --help` lists the formats without the schema

    assert isinstance(fact, BaseFact)
    common = {*BaseFact.model_fields, "type"}
    return {name: value for name, value in fact.model_dump().items() if name not in common and value is not None}


def one_line(words: str) -> str:
    """Words as a line of a file or a cell of a table holds them: every run of white space is one space."""
    return " ".join(words.split())


def bounds_in_words(bounds: "Bounds | None") -> str:
    """Bounds in days: `14`, `472..502`, `..30`, `60..`, `?`."""
    if bounds is None or (bounds.earliest is None and bounds.latest is None):
        return "?"
    earliest, latest = ("" if b is None else f"{b:.0f}" for b in (bounds.earliest, bounds.latest))
    return earliest if earliest == latest else f"{earliest}..{latest}"


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8 (RFC 4180, lines end in a line feed); None is an empty cell.

    Each line is written by itself with both characters of a line end in view, for the csv module of Python before 3.13 leaves a lone
    carriage return without quotes where lines end in a line feed.
    """
    lines = []
    for row in (header, *rows):
        held = io.StringIO(newline="")
        csv.writer(held, lineterminator="\r\n").writerow(row)
        lines.append(held.getvalue().removesuffix("\r\n"))
    return ("\n".join(lines) + "\n").encode()
