"""Many files, one after the other: a bad file is reported and never stops the rest, a document is written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import ExtractorError, InputError
from extractor.schema import Case, dump


@dataclass(frozen=True)
class Done:
    """What became of one file: its document and where it was written, or the reason why there is none."""

    path: Path
    case: Case | None = None
    written: Path | None = None
    error: ExtractorError | None = None


def extract_all(paths: Sequence[Path], output: Path | None, extract: Callable[[Path], Case]) -> Iterator[Done]:
    """Extract each file in turn and write `output/<id>.json`; without `output` nothing is written.

    InputError before any work where two files would have one id, or `output` cannot be a folder.
    """
    _check_ids(paths)
    if output is not None:
        _make_folder(output)
    for path in paths:
        try:
            case = extract(path)
            written = None if output is None else write_whole(output / f"{case.source.id}.json", dump(case))
        except ExtractorError as error:
            yield Done(path, error=error)
        else:
            yield Done(path, case, written)


def _check_ids(paths: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        if path.stem in seen:
            raise InputError(f"{seen[path.stem]} and {path} would both be written as {path.stem}.json: rename one of them")
        seen[path.stem] = path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made a folder ({error.strerror}): name another with --output") from None


def write_whole(path: Path, content: str) -> Path:
    """Write a file so that it is either all there or not there: to a temporary name beside it, then renamed."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(content)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}): free space or name another folder with --output") from None
    return path
