"""The timeline documents that a page or a figure is made of."""

from pathlib import Path

from extractor.errors import DocumentError, ExtractorError, InputError
from extractor.readers import read_bytes
from extractor.schema import Case, load

MAX_BYTES = 200_000_000


def load_case(path: Path) -> Case:
    """One document, checked; InputError where it cannot be read, DocumentError where it is no timeline document of ours."""
    content = read_bytes(path, max_bytes=MAX_BYTES)
    if not content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        raise DocumentError(f"{path} is no timeline document: make one of a report with extractor extract {path} -o DIR")
    return load(content, str(path))


def cases_of(folder: Path) -> tuple[list[Case], list[ExtractorError]]:
    """The documents of a folder (its *.json) in the order of their names, and those refused, each with its reason.

    InputError where a folder holds none; a second document of one id is refused, for its page would take the first one's place.
    """
    paths = sorted(path for path in folder.glob("*.json") if not path.name.endswith(".sections.json"))
    if not paths:
        raise InputError(f"{folder} holds no timeline documents (*.json): make them with extractor extract FILE... -o {folder}")
    cases: dict[str, Case] = {}
    refused: list[ExtractorError] = []
    for path in paths:
        try:
            case = load_case(path)
            if case.source.id in cases:
                raise DocumentError(f"{path}: its id {case.source.id!r} is that of another document of the folder: give it one of its own")
            if "/" in case.source.id or "\0" in case.source.id:
                raise DocumentError(f"{path}: its id {case.source.id!r} cannot name a page: leave out the slash")
        except ExtractorError as error:
            refused.append(error)
        else:
            cases[case.source.id] = case
    return list(cases.values()), refused
