"""The door to spaCy: a pipeline is loaded from a config, and turns a source into a reading. A Doc never leaves this module."""

import gc
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import spacy.util
from spacy.language import Language
from spacy.tokens import Doc

# Imported for the factories that default.cfg names; an installed package announces them by entry points as well.
import extractor.context.assertion
import extractor.context.sentences
import extractor.context.tokens
import extractor.entities.recogniser  # noqa: F401
from extractor.context.abbreviations import Definition, codes, definitions
from extractor.entities.lexicon import RECOGNISED, Entity
from extractor.entities.matcher import Hit, entity_stage
from extractor.entities.reading import Reading, Sentence
from extractor.errors import DataError
from extractor.knowledge import DEFAULT_CONFIG, RECOGNISER, pipeline_of
from extractor.schema import Generator, Mention, Section, Source
from extractor.stages import timed

_COVERED = 0.6
"""A long form is a mention's where the mention covers at least this share of it."""


def load_pipeline(config: Path | str | None = None, *, model: bool = True) -> Language:
    """The pipeline of a config file (the package's own by default), loaded once; without `model` the rules alone, no trained recogniser.
    DataError says what is wrong with the config."""
    return _load(Path(config) if config else DEFAULT_CONFIG, model)


@cache
def _load(path: Path, model: bool) -> Language:
    try:
        settings = spacy.util.load_config(path)
        trained = [name for name, said in settings.get("components", {}).items() if said.get("factory") == RECOGNISER]
        without = [] if model else trained
        nlp = spacy.util.load_model_from_config(settings, meta={"name": path.stem}, auto_fill=True, validate=True, exclude=without)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {str(error).strip()}") from None
    nlp.max_length = 10**9  # spaCy's limit guards the memory of parsers; there are none here.
    nlp.meta["digest"] = pipeline_of(path, model=model)[1]
    return nlp


def settle_memory() -> None:
    """For a process that reads many reports: what pipelines know stays, so the collector need not walk through it at every report."""
    gc.freeze()
    gc.set_threshold(100_000)


def annotate(source: Source, nlp: Language) -> Reading:
    """Read a report: its sentences and mentions, each mention with its section and with how the text speaks of it."""
    with timed("tokens"):
        doc = nlp.make_doc(source.text)
    doc.user_data["text"] = source.text  # spaCy puts its text together anew each time it is asked for
    doc._.sections = source.sections
    for name, component in nlp.pipeline:
        with timed(name):
            doc = component(doc)
    with timed("mentions"):
        return _reading(source, doc)


def _reading(source: Source, doc: Doc) -> Reading:
    sections = _Sections(source.sections, len(source.text))
    sentences = [Sentence(i, start, end, sections.at(start)) for i, (start, end) in enumerate(doc._.sentences)]
    mentions = [
        Mention(
            id=f"M{number}",
            label=hit.label,
            start=hit.start,
            end=hit.end,
            text=source.text[hit.start : hit.end],
            section=sections.at(hit.start).id,
            found_by=hit.source,
            name=hit.name,
            attributes=dict(hit.attributes) | ({"code": hit.code} if hit.code else {}),
            context=context,
        )
        for number, (hit, context) in enumerate(zip(doc._.hits, doc._.contexts, strict=True), start=1)
    ]
    return Reading(source.text, sections.all, sentences, mentions)


def entities_of(nlp: Language) -> Mapping[str, Entity]:
    """The entity types a pipeline looks for, by label."""
    return entity_stage(nlp).matcher.entities


def generator_of(nlp: Language) -> Generator:
    """What makes a document: the program's version, and the pipeline by its config's name and by the digest of all that it knows."""
    return Generator(version=_version(), pipeline=nlp.meta["name"], pipeline_digest=nlp.meta["digest"])


@cache
def _version() -> str:
    """The program's version; looking it up walks through the installed packages."""
    return version("extractor")


class _Sections:
    """The section at an offset; a text without any is one case."""

    def __init__(self, sections: Sequence[Section], length: int) -> None:
        self.all = tuple(sections) or (Section(id="S1", kind="case", start=0, end=length),)
        self._starts = [s.start for s in self.all]

    def at(self, offset: int) -> Section:
        return self.all[max(0, bisect_right(self._starts, offset) - 1)]


@Language.factory("extractor_abbreviations", default_config={"spans": "extractor"}, requires=["doc._.hits"], assigns=["doc._.hits"])
def make_abbreviations(nlp: Language, name: str, spans: str) -> "AbbreviationStage":
    """spaCy's way to the abbreviations; the stage of the entities comes before it."""
    return AbbreviationStage(nlp)


class AbbreviationStage:
    """Gives every short form that a report defines the meaning of its long form. Holds no state of a text."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp

    def __call__(self, doc: Doc) -> Doc:
        stage = entity_stage(self._nlp)
        text = doc.user_data.get("text") or doc.text
        hits = expand(text, doc._.hits, definitions(text, doc.vocab), stage.matcher.entities)
        return stage.write(doc, stage.matcher.settle(hits)) if hits != list(doc._.hits) else doc


def expand(text: str, hits: Sequence[Hit], defined: Sequence[Definition], entities: Mapping[str, Entity]) -> list[Hit]:
    """The hits with the report's own abbreviations taken at their word.

    Where the long form is a mention, each whole word equal to the short form is one too. Where it is something else ("emergency
    room (ER)"), a short form that a term list knows otherwise is no mention.
    """
    meanings: dict[str, Hit] = {}
    foreign: dict[str, str] = {}
    ending: dict[int, list[Hit]] = {}
    for hit in hits:
        ending.setdefault(hit.end, []).append(hit)
    for definition in defined:
        meant = _meant(ending.get(definition.long_end, ()), definition, entities)
        if meant:
            meanings[definition.short] = meant
        elif _has_initials(text[definition.long_start : definition.long_end], definition.short):
            foreign[definition.short] = text[definition.long_start : definition.long_end].lower()
    for short in _named(text, hits, [d for d in defined if d.short in foreign]):
        del foreign[short]
    for short, meant in _named_in_brackets(text, hits, meanings):
        meanings[short] = meant
        foreign.pop(short, None)
    if not meanings and not foreign:
        return list(hits)
    shorts = list(_occurrences(text, meanings))
    known = {at for start, end, _ in shorts for at in range(start, end)}
    # The trained recogniser gives no name, so it gives way.
    recognised = [h for h in hits if h.source.startswith(RECOGNISED) and not known.isdisjoint(range(h.start, h.end))]
    kept = [h for h in hits if h not in recognised and not _contradicts(text, h, meanings, foreign)]
    taken = {(h.start, h.end, h.label) for h in kept}
    for start, end, hit in shorts:
        if (start, end, hit.label) not in taken:
            said = hit.attributes if _is_term(hit) else {}
            kept.append(Hit(start, end, hit.label, hit.name, "abbreviation", dict(said), hit.code))
    return kept


def _meant(ending: Sequence[Hit], definition: Definition, entities: Mapping[str, Entity]) -> Hit | None:
    """The mention that a long form is, of those that end with it: one that becomes a fact, and covers most of it, not more."""
    # By chance of its letters a long form may begin too early; its end is sure.
    needed = _COVERED * (definition.long_end - definition.long_start)
    found = [h for h in ending if h.name and h.start >= definition.long_start and h.end - h.start >= needed]
    return max(found, key=lambda h: (entities[h.label].fact is not None, h.end - h.start, h.label)) if found else None


def _has_initials(long_form: str, short: str) -> bool:
    """Whether each letter of a short form begins a word of the long form: sure enough to believe it rather than a term list."""
    letters = iter(word[0].lower() for word in re.findall(r"[A-Za-z]+", long_form))
    return all(letter in letters for letter in short.lower() if letter.isalpha())


def _named(text: str, hits: Sequence[Hit], defined: Iterable[Definition]) -> set[str]:
    """The short forms with a mention among the words of their long form that has the label a term list gives the short form."""
    labels: dict[str, set[str]] = {}
    for hit in hits:
        labels.setdefault(text[hit.start : hit.end], set()).add(hit.label)
    starts = [h.start for h in hits]
    found = set()
    for definition in defined:
        near = hits[max(0, bisect_right(starts, definition.long_start) - 4) : bisect_right(starts, definition.long_end)]
        if any(h.end > definition.long_start and h.label in labels.get(definition.short, ()) for h in near):
            found.add(definition.short)
    return found


def _named_in_brackets(text: str, hits: Sequence[Hit], known: Mapping[str, Any]) -> list[tuple[str, Hit]]:
    """Codes printed behind a drug's name, whose letters need not fit: "trastuzumab deruxtecan (T-DXd/DS-8201)"."""
    ending = {h.end: h for h in hits if h.label == "drug" and h.name}
    found: list[tuple[str, Hit]] = []
    first_of: dict[int, bool] = {}
    for before, short, start in codes(text):
        hit = ending.get(before)
        if hit is None or short in known or text[start : start + len(short)].lower() == text[hit.start : hit.end].lower():
            continue
        fits = short[0].lower() == text[hit.start].lower() or short[0].lower() == (hit.name or "")[:1].lower()
        numbered = bool(re.search(r"[A-Z]{2,}-?\d{3,}", short))
        if (fits and re.search(r"[A-Z].*[A-Z]|-", short)) or (numbered and first_of.get(before, True)):
            found.append((short, hit))
        first_of[before] = first_of.get(before, True) and (fits or numbered)
    return found


def _contradicts(text: str, hit: Hit, meanings: Mapping[str, Hit], foreign: Mapping[str, str]) -> bool:
    """Whether a term found on a short form says something else than the report's definition."""
    # A regimen's acronym beside its drugs spelled out is no definition by another: "… and prednisone (R-CHOP)".
    if not _is_term(hit) or hit.attributes.get("kind") == "regimen":
        return False
    words = text[hit.start : hit.end]
    short = words if words in meanings or words in foreign else words.removesuffix("s")
    if short in meanings:
        return (hit.label, hit.name) != (meanings[short].label, meanings[short].name)
    if short not in foreign:
        return False
    # The long form may be a way of saying the term that no list holds: "electrocardiogram (ECG)" of electrocardiography.
    return not any(stem in foreign[short] for stem in re.findall(r"\w{5}", (hit.name or "").lower()))


def _is_term(hit: Hit) -> bool:
    return hit.source.endswith("terms.tsv")


def _occurrences(text: str, meanings: Mapping[str, Hit]) -> list[tuple[int, int, Hit]]:
    """Where the short forms stand as whole words, one defined in the singular also in the plural and the other way round."""
    if not meanings:
        return []
    number = {other: hit for short, hit in meanings.items() for other in _in_other_number(short) if other not in meanings}
    known = {**meanings, **number}
    names = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return [(m.start(), m.end(), known[m[0]]) for m in re.finditer(rf"(?<![\w])(?:{names})(?![\w])", text)]


def _in_other_number(short: str) -> tuple[str, ...]:
    """ "SFTs" for "SFT", and "SFT" for "SFTs"; nothing where a short form is too short to be sure."""
    stem = short.removesuffix("s")
    if len(stem) < 3 or not stem[-1].isupper():
        return ()
    return (stem if stem != short else f"{short}s",)
