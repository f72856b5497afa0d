"""Terms and patterns to mentions: one Aho-Corasick pass over the folded text, then each pattern once.

Offsets are exact to the character, independent of tokens, because markers stand inside them ("HER2-positive", "ER+/PR+").
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ahocorasick
import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span

from extractor.entities.lexicon import HERE, Entity, Term, entity_folders, load_entity, read_table
from extractor.entities.literals import lower_case, reach, required, without_case
from extractor.errors import DataError

_FOLD = {ord(c): " " for c in "-\u2010\u2011\u2012\u2013\u2014\u2212\u00a0\u2009\u202f\t\r\n\f\v"}
_FOLD |= {ord("\u2019"): "'", ord("\u2018"): "'", ord("\u02bc"): "'", ord("\u0130"): "i"}
_FOLD |= {ord(c): p for c, p in zip("αβγδκλμµ", "abgdklmm", strict=True)}
LONGEST_ACRONYM = 5
"""Terms in capitals up to this length are matched as written: "US" is ultrasound, "us" is not."""

REACH = 160
"""As far to each side of a word that a pattern cannot match without, the pattern is tried: no mention is as long."""


@dataclass(frozen=True)
class Hit:
    """A stretch of text that a term or a pattern names; `name` is the normal name, `source` the file or pattern."""

    start: int
    end: int
    label: str
    name: str | None
    source: str
    attributes: dict[str, Any] = field(default_factory=dict)
    code: str | None = None


def fold(text: str) -> str:
    """`text` in lower case, dashes and white space as single spaces' worth of space, typographic quotes plain; the same length."""
    return lower_case(text.translate(_FOLD))


def squeeze(folded: str) -> tuple[str, Sequence[int]]:
    """Runs of spaces as one, and for each character left (and the end) its place in `folded`."""
    if "  " not in folded:
        return folded, range(len(folded) + 1)
    kept: list[str] = []
    where: list[int] = []
    at = 0
    for run in re.finditer(r" {2,}", folded):
        kept.append(folded[at : run.start() + 1])
        where.extend(range(at, run.start() + 1))
        at = run.end()
    return "".join([*kept, folded[at:]]), [*where, *range(at, len(folded) + 1)]


def is_acronym(term: str) -> bool:
    """Whether a term is so short and so much in capitals that only its exact spelling counts."""
    if len(term) > LONGEST_ACRONYM:
        return False
    letters = [c for c in term if c.isalpha()]
    return bool(letters) and all(c.isupper() for c in letters)


def forms(term: str, spelling: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The folded forms a term is found by: plural, British spelling, "CD 20" and "CD-20" beside "CD20"."""
    base = squeeze(fold(term))[0].strip()
    bases = {base}
    if " " not in term and re.search(r"[A-Za-z]{1,6}-?\d", term):
        bases.add(re.sub(r"(?<=[a-z]) ?(?=\d)", " ", base, count=1))
        bases.add(re.sub(r"(?<=[a-z]) (?=\d)", "", base, count=1))
    if (prefix := _PREFIX.search(base)) and not is_acronym(term):
        bases.add(f"{base[: prefix.end()]} {base[prefix.end() :]}")
    british = base
    for american, other in spelling:
        if american in british and other not in british:
            british = british.replace(american, other)
    bases.add(british)
    for form in bases:
        yield form
        if not is_acronym(term) and re.search(r"[a-z]{3}$", form):
            yield _plural(form)
        elif is_acronym(term) and term.isalpha():
            yield form + "s"


_PREFIX = re.compile(
    r"\b(?:hemi|immuno|chemo|radio|electro|echo|broncho|gastro|retro|hydro|cardio|thoraco|naso|neuro|lymph|micro|photo|hepato|pancreatico|"
    r"salpingo|mediastino|entero|ileo|peri|endo|trans|intra|extra|supra|infra|sub|post|pre|multi|poly|pseudo|hyper|hypo)(?=[a-z]{5})"
)
"""Prefixes that reports also write with a hyphen: "hemi-colectomy", "broncho-alveolar lavage"."""


def _plural(form: str) -> str:
    if form.endswith("sis") or form.endswith("xis"):
        return form[:-2] + "es"
    if re.search(r"[^aeiou]y$", form):
        return form[:-1] + "ies"
    return form + ("es" if re.search(r"(s|x|ch|sh)$", form) else "s")


class Matcher:
    """Finds every entity of some folders in a text. Built once, used for every text; holds no state of a text."""

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self.entities: dict[str, Entity] = {}
        for entity in map(load_entity, entity_folders() if folders is None else folders):
            self.entities[entity.label] = entity
        spelling = [(r["american"], r["british"]) for r in read_table(HERE / "spelling.tsv", ("american", "british"))]
        found: dict[str, list[tuple[Term, str]]] = {}
        for entity in self.entities.values():
            for term in entity.terms:
                for form in forms(term.term, spelling):
                    entries = found.setdefault(form, [])
                    if (term, entity.label) not in entries:
                        entries.append((term, entity.label))
        self._automaton = ahocorasick.Automaton()
        for form, entries in found.items():
            # Whether only the exact spelling counts is asked here once, not again wherever the term stands.
            self._automaton.add_word(form, (len(form), [(term, label, is_acronym(term.term)) for term, label in entries]))
        self._automaton.make_automaton()
        self._patterns = [(entity.label, p) for entity in self.entities.values() for p in entity.patterns]
        self._literals = ahocorasick.Automaton()
        self._everywhere = []
        self._reach = [reach(pattern.regex, REACH) for _, pattern in self._patterns]
        sought: dict[str, list[int]] = {}
        for number, (_, pattern) in enumerate(self._patterns):
            literals = required(pattern.regex)
            if literals is None:
                self._everywhere.append(number)
            for literal in literals or ():
                sought.setdefault(literal, []).append(number)
        for literal, numbers in sought.items():
            self._literals.add_word(literal, numbers)
        self._literals.make_automaton()

    def __call__(self, text: str) -> list[Hit]:
        """The mentions of a text, in its order; of those of one label that overlap only the longest, and between types that
        become facts only the longest (then the one of higher priority)."""
        return self.settle([*self.terms(text), *self.patterns(text)])

    def terms(self, text: str) -> Iterator[Hit]:
        """Every listed term that stands in the text as whole words."""
        folded, where = squeeze(fold(text))
        length = len(folded)
        for last, (size, entries) in self._automaton.iter(folded):
            first, after = last - size + 1, last + 1
            if (after < length and _inside_word(folded, after)) or (first and _inside_word(folded, first)):
                continue
            start, end = where[first], where[last] + 1
            for term, label, as_written in entries:
                if as_written and not _written_as(text[start:end], term.term):
                    continue
                yield Hit(start, end, label, term.concept, f"{label}/terms.tsv", dict(term.attributes), term.code)

    def patterns(self, text: str) -> Iterator[Hit]:
        """Every match of every pattern; each is tried only around words that a match of it must hold."""
        lowered = lower_case(text)
        for number, windows in self._windows(lowered).items():
            label, pattern = self._patterns[number]
            caseless = without_case(pattern.regex)
            regex, searched = (caseless, lowered) if caseless else (pattern.regex, text)
            for first, last in windows:
                for match in regex.finditer(searched, first, last):
                    groups = {k: text[slice(*match.span(k))] for k, v in match.groupdict().items() if v is not None}
                    start, end = match.span("head") if "head" in groups else match.span()
                    groups.pop("head", None)
                    if end > start:
                        yield Hit(start, end, label, pattern.concept, f"{label}/{pattern.name}", {**pattern.attributes, **groups})

    def _windows(self, lowered: str) -> dict[int, list[tuple[int, int]]]:
        """For each pattern that may match, the disjoint stretches of the text to try it on, in order."""
        size = len(lowered)
        places: dict[int, list[int]] = {}
        for last, numbers in self._literals.iter(lowered) if len(self._literals) else ():
            for number in numbers:
                places.setdefault(number, []).append(last)
        windows = {number: list(_around(found, self._reach[number], size)) for number, found in places.items()}
        windows |= {number: [(0, size)] for number in self._everywhere}
        return dict(sorted(windows.items()))

    def settle(self, hits: Iterable[Hit]) -> list[Hit]:
        """The hits that stand: longest first, then priority, then the order of files; words that only say something about
        others (sites, times) stand beside the facts' words."""
        priority = {label: entity.priority for label, entity in self.entities.items()}
        ranked = sorted(hits, key=lambda h: (h.start - h.end, -priority[h.label], h.start, h.label, h.source))
        size = max((h.end for h in ranked), default=0)
        covers: dict[str, bytearray] = {}
        for label, entity in self.entities.items():
            covers[label] = covers.setdefault("fact", bytearray(size)) if entity.fact else bytearray(size)
        kept: list[Hit] = []
        for hit in ranked:
            cover = covers[hit.label]
            if cover.find(1, hit.start, hit.end) >= 0:
                continue
            cover[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
            kept.append(hit)
        return sorted(kept, key=lambda h: (h.start, -h.end, h.label))


def _around(places: Iterable[int], reach: int, size: int) -> Iterator[tuple[int, int]]:
    """The stretches of a text of `size` characters as far as `reach` from rising places in it, those that meet as one."""
    first = end = -1
    for place in places:
        if place - reach > end:
            if end >= 0:
                yield max(0, first), min(size, end)
            first = place - reach
        end = place + reach
    if end >= 0:
        yield max(0, first), min(size, end)


def _inside_word(text: str, at: int) -> bool:
    return text[at - 1].isalnum() and text[at].isalnum()


def _written_as(found: str, term: str) -> bool:
    letters = [c for c in found if c.isalpha()]
    wanted = sum(c.isalpha() for c in term)
    return all(c.isupper() for c in letters[:wanted]) and letters[wanted:] in ([], ["s"])


@Language.factory("extractor_entities", default_config={"folders": [], "spans": "extractor"}, assigns=["doc.spans", "doc._.hits"])
def make_entities(nlp: Language, name: str, folders: list[str], spans: str) -> "EntityStage":
    """spaCy's way to the matcher; `folders` are a curator's own entity folders, beside the package's."""
    return EntityStage(Matcher(entity_folders([Path(f) for f in folders])), spans)


if not Doc.has_extension("hits"):
    Doc.set_extension("hits", default=())


class EntityStage:
    """Writes the hits of a text to `doc._.hits`, exact to the character, and to a span group, widened to whole tokens."""

    def __init__(self, matcher: Matcher, spans: str) -> None:
        self.matcher = matcher
        self._spans = spans

    def __call__(self, doc: Doc) -> Doc:
        return self.write(doc, self.matcher(doc.user_data.get("text") or doc.text))

    def write(self, doc: Doc, hits: Sequence[Hit]) -> Doc:
        """Put `hits` in the place of those of the document; the span group keeps their order, and each token of one has its label as tag
        (where several share a token, the last), which a trained recogniser reads."""
        doc._.hits = tuple(hits)
        # Over all tokens at once: `doc.char_span` and `token.tag` make an object of every token that they look at.
        begins, lengths = doc.to_array(["IDX", "LENGTH"]).astype("int64").T if len(doc) else np.empty((2, 0))
        firsts = np.searchsorted(begins + lengths, [h.start for h in hits], side="right").tolist()
        afters = np.searchsorted(begins, [h.end for h in hits], side="left").tolist()
        doc.spans[self._spans] = [Span(doc, a, b, label=h.label) for h, a, b in zip(hits, firsts, afters, strict=True)]
        tags = doc.to_array("TAG")
        numbers = {label: doc.vocab.strings[label] for label in {h.label for h in hits}}
        for hit, first, after in zip(hits, firsts, afters, strict=True):
            tags[first:after] = numbers[hit.label]
        return doc.from_array(["TAG"], tags.reshape(-1, 1)) if hits else doc  # type: ignore[arg-type]


def entity_stage(nlp: Language) -> EntityStage:
    """The component of a pipeline that finds terms and patterns; DataError where it has none."""
    for _, component in nlp.pipeline:
        if isinstance(component, EntityStage):
            return component
    raise DataError("the pipeline has no component with the factory extractor_entities")
