"""Timeline documents to other people's formats: what `extractor export` reads, writes and tells."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from extractor.batch import make_folder, write_whole
from extractor.errors import ExtractorError, InputError
from extractor.exporters import Export, Loss, export
from extractor.readers import read_bytes
from extractor.schema import Case, load


@dataclass(frozen=True)
class Exported:
    """The files written, what the format does not carry, and the documents that could not be read."""

    written: tuple[Path, ...]
    losses: tuple[Loss, ...]
    problems: tuple[ExtractorError, ...]


def export_all(paths: Sequence[Path], to: str, output: Path, *, loss_report: Path | None = None, epoch: date | None = None) -> Exported:
    """Export documents, and those of folders, into one folder; a document that cannot be read is told and never stops the rest.

    InputError before anything is written where there is no such format, no document, or nowhere to write.
    """
    found = list(documents(paths))
    cases = [one for one in found if isinstance(one, Case)]
    problems = tuple(one for one in found if isinstance(one, ExtractorError))
    if not cases and problems:
        return Exported((), (), problems)
    made = export(cases, to, epoch)
    wrong = [name for name in made.files if not _is_inside(name)]
    if wrong:
        raise InputError(f"the file {wrong[0]!r} would lie outside of {output}: give its document an id without / and ..")
    folders = {output, *(output / PurePosixPath(name).parent for name in made.files)}
    for folder in sorted(folders):
        make_folder(folder)
    if loss_report is not None:
        make_folder(loss_report.parent)
        write_whole(loss_report, loss_table(made))
    written = tuple(write_whole(output / name, content) for name, content in made.files.items())
    return Exported(written, made.losses, problems)


def documents(paths: Sequence[Path]) -> Iterator[Case | ExtractorError]:
    """The documents of some files and folders (their *.json, in the order of their names), or what is wrong with each."""
    seen: dict[str, Path] = {}
    for path in paths:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not files:
            yield InputError(f"{path}: has no timeline document (*.json): name the folder that extract wrote to")
        for file in files:
            try:
                case = load(read_bytes(file), str(file))
            except ExtractorError as error:
                yield error
                continue
            if case.source.id in seen:
                yield InputError(f"{file}: has the id {case.source.id}, which {seen[case.source.id]} has already: export one of them")
                continue
            seen[case.source.id] = file
            yield case


def loss_table(made: Export) -> str:
    """What a format does not carry, a line each: document, fact, what and why."""
    held = io.StringIO()
    writer = csv.writer(held, delimiter="\t", lineterminator="\n")
    writer.writerow(("document", "fact", "what", "why"))
    writer.writerows((loss.document, loss.fact or "", " ".join(loss.what.split()), " ".join(loss.why.split())) for loss in made.losses)
    return held.getvalue()


def _is_inside(name: str) -> bool:
    """Whether a file's name stays in its folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name
