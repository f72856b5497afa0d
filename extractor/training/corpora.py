"""Annotated corpora to spaCy documents: the corpus's spans in a span group of its own, and what the rules found as the tokens' tags."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import spacy.util
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.vocab import Vocab

from extractor.entities.matcher import EntityStage
from extractor.errors import ExtractorError, InputError
from extractor.evaluation.formats.brat import read_brat
from extractor.evaluation.formats.phee import read_phee
from extractor.evaluation.formats.pubtator import read_pubtator
from extractor.evaluation.judged import JudgedCase

HERE = Path(__file__).parent
BC5CDR = {"train": "CDR_TrainingSet.PubTator.txt", "dev": "CDR_DevelopmentSet.PubTator.txt"}


def labelled(shared: Path, split: str, without: frozenset[str]) -> Iterator[tuple[str, Iterator[JudgedCase]]]:
    """The corpora under `shared`, each with its name and the cases of its part `split` (train or dev), but those named in `without`."""
    folder = shared / "corpora"
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder: set EXTRACTOR_SHARED to the folder that holds the corpora")
    yield (
        "maccrobat",
        _sound(
            read_brat(path, labels=HERE / "maccrobat.tsv")
            for path in sorted((folder / "maccrobat2020" / split).glob("*.ann"))
            if path.stem not in without
        ),
    )
    yield "phee", _sound(read_phee(folder / "phee" / f"{split}.json", labels=HERE / "phee.tsv"))
    yield "bc5cdr", _sound(read_pubtator(folder / "bc5cdr" / BC5CDR[split], labels=HERE / "bc5cdr.tsv"))


def unlabelled(shared: Path, without: frozenset[str]) -> Iterator[str]:
    """The oncology texts without annotations, but those named in `without`."""
    for path in sorted((shared / "corpora" / "oncology_ccby" / "docs").glob("*.json")):
        if path.stem not in without:
            yield json.loads(path.read_bytes())["text"]


def _sound(cases: Iterable[JudgedCase | ExtractorError]) -> Iterator[JudgedCase]:
    for case in cases:
        if isinstance(case, ExtractorError):
            raise case
        yield case


def documents(cases: Iterable[JudgedCase], group: str, nlp: Language, stage: EntityStage) -> Iterator[Doc]:
    """Cases as documents of tokens: tags say which type the rules found there, the span group has what the corpus marks.

    Of spans that overlap the longest is kept; of one in pieces, those that are neighbours.
    """
    for case in cases:
        doc = bare(stage(nlp.make_doc(case.text)), nlp.vocab)
        marked = [(m.spans[0][0], _end(m.spans), m.label) for m in case.mentions]
        spans = [doc.char_span(start, end, label=label, alignment_mode="expand") for start, end, label in marked]
        doc.spans[group] = spacy.util.filter_spans([span for span in spans if span is not None])
        yield doc


def _end(spans: Sequence[tuple[int, int]]) -> int:
    end = spans[0][1]
    for start, after in spans[1:]:
        if start > end + 1:
            break
        end = after
    return end


def bare(doc: Doc, vocab: Vocab) -> Doc:
    """A document's words and their tags alone."""
    return Doc(vocab, words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc], tags=[t.tag_ for t in doc])


def store(docs: Iterable[Doc], path: Path) -> None:
    """Write documents with their span groups in spaCy's format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    DocBin(attrs=("ORTH", "SPACY", "TAG"), docs=docs).to_disk(path)


def stored(folder: Path, nlp: Language, but: str) -> Iterator[Doc]:
    """The stored documents of a folder, but those of the file named `but`."""
    for path in sorted(folder.glob("*.spacy")):
        if path.stem != but:
            yield from DocBin().from_disk(path).get_docs(nlp.vocab)


@spacy.util.registry.readers("extractor.corpus.v1")
def make_reader(path: Path, times: Mapping[str, int]) -> Callable[[Language], Iterator[Example]]:
    """spaCy's way to stored documents; `times` says how often those of a file are seen in a pass. What is predicted on has the words and
    the rules' tags of the reference, for these are input."""

    def read(nlp: Language) -> Iterator[Example]:
        for file in sorted(Path(path).glob("*.spacy")):
            for reference in DocBin().from_disk(file).get_docs(nlp.vocab):
                for _ in range(times.get(file.stem, 1)):
                    yield Example(bare(reference, nlp.vocab), reference)

    return read
