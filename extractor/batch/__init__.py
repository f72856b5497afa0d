"""Many files, one after the other: a bad file is reported and never stops the rest, a document is written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import ExtractorError, InputError
from extractor.readers import Failed
from extractor.schema import Case, Source, dump


@dataclass(frozen=True)
class Done:
    """What became of one report: its document and where it was written, or the reason why there is none."""

    name: str
    case: Case | None = None
    written: Path | None = None
    error: ExtractorError | None = None


def extract_all(found: Iterable[Source | Failed], output: Path | None, extract: Callable[[Source], Case]) -> Iterator[Done]:
    """Extract each report in turn and write `output/<id>.json`; without `output` nothing is written.

    InputError before any work where `output` cannot be a folder (and from `sources` where two files would have one id).
    """
    if output is not None:
        make_folder(output)
    for source in found:
        if isinstance(source, Failed):
            yield Done(source.name, error=source.error)
            continue
        name = source.info.file or source.info.id
        try:
            case = extract(source)
            written = None if output is None else write_whole(output / f"{case.source.id}.json", dump(case))
        except ExtractorError as error:
            yield Done(name, error=error)
        else:
            yield Done(name, case, written)


def make_folder(folder: Path) -> None:
    """Make a folder for output, with those above it; InputError where it cannot be one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made a folder ({error.strerror}): name another with --output") from None


def write_whole(path: Path, content: str | bytes, beside: Path | None = None) -> Path:
    """Write a file so that it is either all there or not there: to a temporary name beside it (or in a folder beside it), then renamed.
    Its folder is made where it is missing."""
    make_folder(path.parent)
    try:
        handle, temporary = tempfile.mkstemp(dir=beside or path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode("utf-8") if isinstance(content, str) else content)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}): free space or name another folder with --output") from None
    return path
