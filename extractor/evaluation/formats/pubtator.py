"""PubTator: a title and an abstract, each behind its document's id, and below them its spans, as the BioCreative V CDR corpus has it."""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from extractor.errors import InputError
from extractor.evaluation.formats.labels import HERE, Labels, read_labels
from extractor.evaluation.gold import decoded, refused
from extractor.evaluation.judged import JudgedCase, JudgedMention

BC5CDR = HERE / "bc5cdr.tsv"
_TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)")
_SPAN_CELLS = 5

Line = tuple[int, str]


def is_pubtator(start: str) -> bool:
    """Whether a file that begins so is PubTator's."""
    said = _TEXT.match(start.lstrip("\ufeff\r\n "))
    return said is not None and said[2] == "t"


def read_pubtator(path: Path, labels: Path | None = None) -> Iterator[JudgedCase | InputError]:
    """Each document of a file, or what is wrong with it. Its text is the title, a space and the abstract."""
    table = read_labels(labels or BC5CDR)
    lines = [(n, line.rstrip("\r")) for n, line in enumerate(decoded(path).split("\n"), start=1)]
    for is_blank, block in groupby(lines, key=lambda line: not line[1].strip()):
        if not is_blank:
            yield _case(path, list(block), table)


def _case(path: Path, lines: list[Line], table: Labels) -> JudgedCase | InputError:
    texts = [(said[1], said[2], said[3]) for _, line in lines if (said := _TEXT.fullmatch(line))]
    first = lines[0][0]
    if [part for _, part, _ in texts] not in (["t", "a"], ["t"]) or len({name for name, _, _ in texts}) != 1:
        return InputError(f"{path}: line {first}: a document begins with its title (ID|t|…) and its abstract (ID|a|…): correct it")
    name, text = texts[0][0], " ".join(words for _, _, words in texts)
    mentions: list[JudgedMention] = []
    problems: list[str] = []
    for number, line in lines:
        cells = line.split("\t")
        if _TEXT.fullmatch(line) or (len(cells) >= 2 and not cells[1].isdigit()):
            continue  # a text, or a relation between concepts
        problem = _problem(cells, name, text, table)
        if problem:
            problems.append(f"line {number}: {problem}")
        elif (judged_as := table.spans[cells[4]]) is not None:
            mentions.append(JudgedMention(f"T{number}", judged_as, ((int(cells[1]), int(cells[2])),)))
    if problems:
        return refused(str(path), problems)
    return JudgedCase(name, text, mentions=tuple(mentions), levels=frozenset({"mention"}), scheme=table.scheme, flags=frozenset())


def _problem(cells: list[str], name: str, text: str, table: Labels) -> str | None:
    if len(cells) < _SPAN_CELLS or not cells[2].isdigit():
        return f"{' '.join(cells)!r} is no span: write ID, start, end, words and type with tabs between"
    start, end = int(cells[1]), int(cells[2])
    if cells[0] != name:
        return f"the span is of {cells[0]}, not of {name}: put an empty line between two documents"
    if not 0 <= start < end <= len(text):
        return f"the span {start}-{end} lies outside the text, which ends at {len(text)}: correct the offsets"
    if text[start:end] != cells[3]:
        return f"the span {start}-{end} is {cells[3]!r}, but the text reads {text[start:end]!r}: correct the offsets"
    return table.unknown(cells[4])
