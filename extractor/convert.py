"""Documents of any format to plain text and sections: what `extractor convert` writes, and a page to look at the sections with."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.batch import make_folder, write_whole
from extractor.errors import ExtractorError
from extractor.readers import Failed
from extractor.schema import CASE_KINDS, Section, Source

TEMPLATES = Path(__file__).parent
PREVIEW = "preview.html.jinja"


@dataclass(frozen=True)
class Converted:
    """What became of one document: the files written, or the reason why there are none."""

    name: str
    written: tuple[Path, ...] = ()
    error: ExtractorError | None = None


def convert_all(sources: Iterable[Source | Failed], output: Path, *, preview: bool = False) -> Iterator[Converted]:
    """Write the files of each document into a folder; one that cannot be read or written is told and never stops the rest."""
    make_folder(output)
    for source in sources:
        if isinstance(source, Failed):
            yield Converted(source.name, error=source.error)
            continue
        try:
            files = converted(source, preview=preview)
            yield Converted(source.info.id, tuple(write_whole(output / name, content) for name, content in files.items()))
        except ExtractorError as error:
            yield Converted(source.info.id, error=error)


def converted(source: Source, *, preview: bool = False) -> dict[str, str]:
    """The files of one document by their names: its text, to the character, and everything else that is known of it."""
    identity = source.info.id
    known = source.model_dump(mode="json", exclude={"text"})
    files = {f"{identity}.txt": source.text, f"{identity}.sections.json": json.dumps(known, ensure_ascii=False, indent=1) + "\n"}
    if preview:
        files[f"{identity}.html"] = preview_page(source)
    return files


def preview_page(source: Source) -> str:
    """A self-contained page of the text with the kind of each section beside it; those that tell of the patient stand out."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - heavy, and rarely asked for

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    parts = [(section, source.text[section.start : section.end], section.kind in CASE_KINDS) for section in _all(source)]
    return environment.get_template(PREVIEW).render(source=source, parts=parts)


def _all(source: Source) -> tuple[Section, ...]:
    """The sections, and one of no kind where a text has none."""
    return source.sections or (Section(id="-", kind="other", start=0, end=len(source.text)),)
