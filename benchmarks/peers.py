"""Other programs on the same texts: what reads a case report by rules, and the floors that nothing that reads can be faster than."""

import gc
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any

Reader = Callable[[str], object]


def ours(*, model: bool = True) -> Reader:
    """Everything: sections, mentions, context, facts, timeline, and the document as JSON; or by the rules alone."""
    from extractor import load_pipeline  # noqa: PLC0415 - loading is part of what is measured
    from extractor.pipeline import extract  # noqa: PLC0415
    from extractor.readers import File, read_file  # noqa: PLC0415
    from extractor.schema import dump  # noqa: PLC0415

    nlp = load_pipeline(model=model)
    return lambda text: [dump(extract(source, nlp)) for source in read_file(File("report.txt", text.encode()))]


def medspacy_stock() -> Reader:
    """medspaCy as its manual loads it: its tokenizer, PyRuSH sentences, target matcher without rules, ConText."""
    return import_module("medspacy").load()  # type: ignore[no-any-return]


def medspacy_vocabulary() -> Reader:
    """The same, with each term of our vocabularies as a rule of its target matcher."""
    nlp = import_module("medspacy").load()
    rule = import_module("medspacy.ner").TargetRule
    nlp.get_pipe("medspacy_target_matcher").add([rule(term, label) for term, label in vocabulary().items()])
    return nlp  # type: ignore[no-any-return]


def scispacy_context() -> Reader:
    """scispaCy's tokenizer, PyRuSH sentences, our vocabularies by spaCy's phrase matcher, medspaCy's ConText."""
    import_module("medspacy")
    nlp = import_module("spacy").blank("en")
    nlp.tokenizer = import_module("scispacy.custom_tokenizer").combined_rule_tokenizer(nlp)
    nlp.add_pipe("medspacy_pyrush")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": label, "pattern": term} for term, label in vocabulary().items()])
    nlp.add_pipe("medspacy_context")
    return nlp  # type: ignore[no-any-return]


def openmed_rules() -> Reader:
    """What OpenMed does without a downloaded model: sentences, sections, context, severity and side, HGVS; on the terms found."""
    context, sections = import_module("openmed.clinical.context"), import_module("openmed.clinical.sections.detect")
    sentences, sides = import_module("openmed.processing.sentences"), import_module("openmed.clinical.severity_laterality")
    genes = import_module("openmed.clinical.genomics")
    find = aho_corasick_matches()

    def read(text: str) -> object:
        spans = [{"start": start, "end": end, "label": label} for start, end, label in find(text)]
        parts = sentences.segment_text(text)
        found = context.apply_context_rules(text, [(s["start"], s["end"]) for s in spans], [(p.start, p.end) for p in parts])
        return found, sections.detect_sections(text), sides.extract_severity_laterality(spans, text), genes.parse_hgvs(text)

    return read


def blank_spacy() -> Reader:
    """Floor: the words of the text, nothing more."""
    return import_module("spacy").blank("en")  # type: ignore[no-any-return]


def aho_corasick() -> Reader:
    """Floor: one pass for all terms, with whole words only."""
    find = aho_corasick_matches()
    return lambda text: list(find(text))


def aho_corasick_matches() -> Callable[[str], Iterator[tuple[int, int, str]]]:
    automaton = import_module("ahocorasick").Automaton()
    for term, label in vocabulary().items():
        automaton.add_word(term.lower(), (len(term), label))
    automaton.make_automaton()

    def find(text: str) -> Iterator[tuple[int, int, str]]:
        low = text.lower()
        for last, (length, label) in automaton.iter_long(low):
            start, end = last - length + 1, last + 1
            if not low[start - 1 : start].isalnum() and not low[end : end + 1].isalnum():
                yield start, end, label

    return find


def vocabulary() -> Mapping[str, str]:
    """Our terms and their types."""
    from extractor.entities.lexicon import entity_folders, load_entity  # noqa: PLC0415

    return {term.term: entity.label for entity in map(load_entity, entity_folders()) for term in entity.terms}


SYSTEMS: dict[str, Callable[[], Reader]] = {
    "extractor": ours,
    "extractor --no-model": partial(ours, model=False),
    "medspaCy, stock": medspacy_stock,
    "medspaCy, our vocabulary as target rules": medspacy_vocabulary,
    "scispaCy's tokenizer, our vocabulary, medspaCy ConText": scispacy_context,
    "OpenMed, rule parts": openmed_rules,
    "floor: blank spaCy tokenization": blank_spacy,
    "floor: one Aho–Corasick pass": aho_corasick,
}


def measured(article: str, reports: Sequence[str], rounds: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Each system's speed on a full article and on some short reports, on one core.

    Medians of rounds in which all take turns, so that a busy moment of the machine hits all alike. `ratio` is the time of each for the
    article over ours.
    """
    import_module("loguru").logger.remove()  # PyRuSH would write every token to standard error.
    readers: dict[str, Reader] = {}
    loading: dict[str, float] = {}
    for name, load in SYSTEMS.items():
        began = time.process_time()
        try:
            readers[name] = load()
        except ImportError as error:
            say(f"{name}: left out, for {error.name} is not installed")
            continue
        loading[name] = time.process_time() - began
    warnings.filterwarnings("ignore")
    for read in readers.values():
        for text in (article, *reports):
            read(text)
    gc.freeze()
    long: dict[str, list[float]] = {name: [] for name in readers}
    short: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            long[name].append(_seconds(read, [article]))
            short[name].append(_seconds(read, reports))
    tokens = len(import_module("spacy").blank("en")(article))
    ours = statistics.median(long["extractor"])
    rows = []
    for name in readers:
        one, some = statistics.median(long[name]), statistics.median(short[name])
        rows.append({
            "system": name, "articles_per_second": round(1 / one, 2), "tokens_per_second": round(tokens / one),
            "ratio": round(one / ours, 2),
            "short_reports_per_second": round(len(reports) / some, 2), "load_seconds": round(loading[name], 1),
        })  # fmt: skip
    return rows


def _seconds(read: Reader, texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        read(text)
    return time.process_time() - began


def versions() -> dict[str, str]:
    """The versions of what was measured."""
    found = {}
    for name in ("extractor", "spacy", "medspacy", "scispacy", "openmed", "pyahocorasick", "distributed"):
        try:
            found[name] = version(name)
        except ImportError:
            continue
    return found
