"""spaCy's DocBin (.spacy): the entities and the span groups of each document. The one reader that needs spaCy."""

from collections.abc import Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from extractor.errors import InputError
from extractor.evaluation.formats.labels import Labels, own_labels, read_labels
from extractor.evaluation.gold import contents, refused
from extractor.evaluation.judged import JudgedCase, JudgedMention


def read_docbin(path: Path, labels: Path | None = None) -> Iterator[JudgedCase | InputError]:
    """Each document of a file, or what is wrong with it. Labels are ours, or those of the table `labels`.

    A document is called as its user data's "id", else as the file, with its number where there are several.
    """
    table = read_labels(labels) if labels else own_labels()
    content = contents(path)
    try:
        docs = list(DocBin().from_bytes(content).get_docs(Vocab()))
    except Exception as error:  # spaCy, msgpack and zlib each have their own errors for a damaged file
        raise InputError(f"{path}: is no DocBin of spaCy's ({error}): write it again with DocBin.to_disk") from None
    for number, doc in enumerate(docs, start=1):
        name = str(doc.user_data.get("id") or (path.stem if len(docs) == 1 else f"{path.stem}-{number}"))
        yield _case(f"{path}: document {number} ({name})", name, doc, table)


def _case(where: str, name: str, doc: Doc, table: Labels) -> JudgedCase | InputError:
    groups = [doc.ents, *doc.spans.values()]
    found = sorted({(span.start_char, span.end_char, span.label_) for group in groups for span in group})
    problems = [problem for label in sorted({label for _, _, label in found}) if (problem := table.unknown(label))]
    if problems:
        return refused(where, problems)
    mentions = [
        JudgedMention(f"T{n}", judged_as, ((start, end),))
        for n, (start, end, label) in enumerate(found)
        if (judged_as := table.spans[label]) is not None
    ]
    return JudgedCase(name, doc.text, mentions=tuple(mentions), levels=frozenset({"mention"}), scheme=table.scheme, flags=frozenset())
