"""How the text speaks of each mention, and whose it is: medspaCy's ConText over our mentions, with our rules.

ConText (Harkema et al. 2009, J Biomed Inform 42:839) gives each cue a reach within its sentence. medspaCy's component compares
every cue with every other cue and with every mention of the document, which is quadratic in the length of an article; here its
rules, modifiers and graph are used a sentence at a time. Outside the case itself the experiencer is told first by the section and
by whether the sentence speaks of this patient.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.matcher import Matcher, PhraseMatcher
from spacy.tokens import Doc, Span

from extractor.context.kin import told_of_kin
from extractor.context.medspacy_door import ConTextGraph, ConTextModifier, ConTextRule, prune_overlapping_matches
from extractor.errors import DataError
from extractor.schema import CASE_KINDS, Context, Section

RULES = Path(__file__).parent / "rules.json"
SPEAKERS = frozenset({"THIS_PATIENT", "INTRODUCES", "PRONOUN"})
"""Categories that tell whom a sentence speaks of; matched apart, so that "she" may both end a clause and name the patient."""
_AGE = re.compile(r"(?:years?|yrs?|months?|weeks?|days?)[-\u2010\u2011\u2013 ]olds?\b", re.IGNORECASE)
_NEVER_THE_PATIENT = frozenset({"front", "references", "back"})
_RETELLS = frozenset({"abstract"})
_FLAGS = frozenset(Context.model_fields) - {"experiencer"}
_OTHERS = ("family", "other_patient", "literature")
_TRUE_IN_GENERAL = "GENERAL_TRUTH"
_PLAIN = Context()
_LITERATURE = Context(experiencer="literature")
_NO_WORD = 0
"""Under this number, which is no word's, stand the patterns that need no word."""
_LONGEST = 400
"""Tokens of a sentence that cues are weighed in at a time: the work grows with the square of the cues."""


@dataclass(frozen=True)
class Knowledge:
    """rules.json: the cues; what each category means for each label, and which others take that back ("the planned surgery was
    performed"); what ends its reach; which words before a label shield it, and
    which behind it: what shows something was done ("no bleeding, and angiography showed")."""

    rules: tuple[Any, ...]
    categories: Mapping[str, Mapping[str, str | None]]
    cancelled_by: Mapping[str, frozenset[str]]
    shielded: Mapping[str, frozenset[str]]
    told_by: Mapping[str, frozenset[str]]


def read_rules(path: Path = RULES) -> Knowledge:
    """Read a file of cues in medspaCy's format with our three keys; DataError names the file and the cue."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: no valid JSON: {error.msg}") from None
    missing = {"categories", "ended_by", "cancelled_by", "shielded", "context_rules"} - set(data)
    if missing:
        raise DataError(f"{path}: it has no {sorted(missing)[0]!r}")
    for category, meaning in data["categories"].items():
        for label, value in meaning.items():
            if value is not None and value not in _FLAGS and value not in _OTHERS:
                raise DataError(f"{path}: {category} of {label}: {value!r} is none of {', '.join(sorted({*_FLAGS, *_OTHERS}))}")
    rules = []
    seen: dict[tuple[str, str, bool], int] = {}
    for number, cue in enumerate(data["context_rules"], start=1):
        try:
            rule = ConTextRule.from_dict(cue)
            if isinstance(rule.pattern, str):
                raise ValueError("a pattern must be a list of tokens, not a regular expression")
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: cue {number} ({cue.get('literal', '?')}): {error}") from None
        # Speakers are matched apart, so that "she" may stand in both lists.
        own = (rule.literal.lower(), json.dumps(rule.pattern), rule.category in SPEAKERS)
        if own in seen:
            raise DataError(f"{path}: cue {number} ({rule.literal}, {rule.category}) stands already as cue {seen[own]}: remove one of them")
        seen[own] = number
        rule.terminated_by.update(data["ended_by"].get(rule.category, ()))
        rules.append(rule)
    shielded = {label: frozenset(words) for label, words in data["shielded"].items()}
    cancelled_by = {category: frozenset(others) for category, others in data["cancelled_by"].items()}
    told_by = {label: frozenset(words) for label, words in data.get("told_by", {}).items()}
    return Knowledge(tuple(rules), data["categories"], cancelled_by, shielded, told_by)


@Language.factory(
    "extractor_context", default_config={"rules": None, "spans": "extractor"}, requires=["doc.spans"], assigns=["doc._.contexts"]
)
def make_context(nlp: Language, name: str, rules: str | None, spans: str) -> "ContextStage":
    """spaCy's way to the context stage; `rules` is a file of cues in place of the package's own."""
    return ContextStage(nlp, read_rules(Path(rules) if rules else RULES), spans)


if not Doc.has_extension("contexts"):
    Doc.set_extension("contexts", default=())


class ContextStage:
    """Writes to `doc._.contexts` one `Context` for each span of a span group. Holds no state of a text."""

    def __init__(self, nlp: Language, knowledge: Knowledge, spans: str) -> None:
        self._knowledge = knowledge
        self._spans = spans
        self._rules = {f"{r.category}_{i}": r for i, r in enumerate(knowledge.rules) if r.category not in SPEAKERS}
        self._literals = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._patterns: dict[int, list[tuple[int, list[frozenset[int]], Matcher]]] = {}
        """By the number of a word that a match must hold: number, words for each of its places, and the pattern itself."""
        for number, (key, rule) in enumerate(self._rules.items()):
            if rule.pattern is None:
                self._literals.add(key, [nlp.make_doc(rule.literal.lower())])
                continue
            pattern = Matcher(nlp.vocab)
            pattern.add(key, [rule.pattern])
            places = [frozenset(map(nlp.vocab.strings.add, place)) for place in _needed(rule.pattern)]
            for word in min(places, key=len, default=frozenset({_NO_WORD})):
                self._patterns.setdefault(word, []).append((number, places, pattern))
        self._speakers = PhraseMatcher(nlp.vocab, attr="LOWER")
        for category in SPEAKERS:
            self._speakers.add(category, [nlp.make_doc(r.literal) for r in knowledge.rules if r.category == category])

    def __call__(self, doc: Doc) -> Doc:
        spans = list(doc.spans.get(self._spans, ()))
        if not spans:
            return doc
        contexts = [_PLAIN] * len(spans)
        text = doc.user_data.get("text") or doc.text
        starts = [int(i) for i in np.flatnonzero(doc.to_array("SENT_START") == 1)]
        targets = _by_sentence(((i, s) for i, s in enumerate(spans)), starts, key=lambda x: x[1].start)
        cues = self._matches(doc, starts)
        speakers = _by_sentence(((doc.vocab.strings[m], start) for m, start, _ in self._speakers(doc)), starts)
        speaks = self._who_speaks(doc, text, starts, cues, speakers)
        kin = self._of_kin(doc, text, starts, spans)
        for number, found in enumerate(targets):
            if not found:
                continue
            kind, patient = speaks[number]
            # What is told of others is not told apart further: whether a trial's drug was planned or given is nobody's fact here.
            edges = self._edges(doc, [s for _, s in found], cues[number] if patient or kind in CASE_KINDS else ())
            for (index, span), categories in zip(found, edges, strict=True):
                if any(start <= span.start_char < end for start, end in kin):
                    categories |= {"FAMILY"}
                contexts[index] = self._context(span.label_, categories, kind, patient)
        doc._.contexts = tuple(contexts)
        return doc

    def _matches(self, doc: Doc, starts: Sequence[int]) -> list[list[tuple[Any, int, int]]]:
        """The cues of each sentence, in order; of those that overlap only the longest.

        Literal cues are found in one pass. A token pattern costs a look at every token, so patterns are tried only in sentences
        that hold a word for each of a pattern's places.
        """
        found = _by_sentence(self._literals(doc), starts)
        strings = doc.vocab.strings
        tokens = doc.to_array("LOWER").tolist()  # the numbers of the words in the store of strings
        for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(doc)], strict=True)):
            words = {*tokens[start:end], _NO_WORD}
            possible = {
                order: pattern
                for word in words & self._patterns.keys()
                for order, places, pattern in self._patterns[word]
                if all(not words.isdisjoint(place) for place in places)
            }
            for _, pattern in sorted(possible.items()):
                found[number] += [(m, start + a, start + b) for m, a, b in pattern(doc[start:end])]
        kept = [sorted(prune_overlapping_matches(cues), key=lambda x: x[1:]) if len(cues) > 1 else cues for cues in found]
        return [[(self._rules[strings[m]], start, end) for m, start, end in cues] for cues in kept]

    def _edges(self, doc: Doc, spans: list[Span], cues: Sequence[tuple[Any, int, int]]) -> list[set[str]]:
        """For each mention of a sentence the categories of the cues that reach it."""
        reached: list[set[str]] = [set() for _ in spans]
        if not cues:
            return reached
        place = {id(s): i for i, s in enumerate(spans)}
        for chunk in _chunks(cues):
            graph = ConTextGraph(targets=spans, modifiers=[_modifier(r, start, end, doc) for r, start, end in chunk])
            graph.update_scopes()
            graph.apply_modifiers()
            for target, modifier in graph.edges:
                if not _overlap(target, modifier) and not self._is_shielded(doc, target, modifier):
                    reached[place[id(target)]].add(modifier.category)
        return reached

    def _is_shielded(self, doc: Doc, target: Span, modifier: Any) -> bool:
        """Whether a word between a cue and what follows keeps the cue off: in "no recurrence after surgery" there was surgery."""
        words = self._knowledge.shielded.get(target.label_)
        if not words or self._meaning(modifier.category, "*") in _OTHERS:
            return False
        if target.end < len(doc) and doc[target.end].lower_ in self._knowledge.told_by.get(target.label_, ()):
            return True
        _, end = modifier.modifier_span
        return any(doc[i].lower_ in words for i in range(end, target.start))

    def _who_speaks(
        self, doc: Doc, text: str, starts: Sequence[int], cues: Sequence[Sequence[Any]], speakers: Sequence[Sequence[Any]]
    ) -> list[tuple[str, bool]]:
        """For each sentence the kind of its section and whether it speaks of this patient."""
        told: list[tuple[str, bool]] = []
        offsets = [doc[i].idx for i in starts]
        aged = {bisect_right(offsets, m.start()) - 1 for m in _AGE.finditer(text)}
        sections = _sections_at(offsets, doc._.sections)
        before: Section | None = None
        patient = False
        for number, section in enumerate(sections):
            kind = section.kind if section else "case"
            names = {category for category, _ in speakers[number]}
            general = any(rule.category in ("LITERATURE", "OTHER_PATIENT", "GENERAL") for rule, _, _ in cues[number])
            follows = patient and section is before
            # "A 45-year-old man" is this patient, but not in a sentence that names authors or the literature.
            introduces = ("INTRODUCES" in names or number in aged) and not general
            if "THIS_PATIENT" in names or introduces:
                patient = kind not in _NEVER_THE_PATIENT
            elif kind in CASE_KINDS:
                patient = "PRONOUN" in names
            else:
                patient = follows and not general and (kind in _RETELLS or "PRONOUN" in names)
            told.append((kind, patient))
            before = section
        return told

    def _of_kin(self, doc: Doc, text: str, starts: Sequence[int], spans: Sequence[Span]) -> list[tuple[int, int]]:
        """The stretches of the text that tell of a relative of the patient."""
        offsets = [doc[i].idx for i in starts]
        introduced = next((s.text for s in spans if s.label_ == "patient"), "")
        return told_of_kin(text, list(zip(offsets, [*offsets[1:], len(text)], strict=True)), introduced) if offsets else []

    def _context(self, label: str, categories: Set[str], kind: str, of_patient: bool) -> Context:
        said = {c: self._meaning(c, label) for c in categories if not self._knowledge.cancelled_by.get(c, frozenset()) & categories}
        flags = {value: True for value in said.values() if value in _FLAGS}
        others = [o for o in _OTHERS if o in said.values()]
        if kind in CASE_KINDS:
            # A cue of the literature in a sentence about this patient compares: "the largest in the literature"; what is true in
            # general stays so there: "because the drug is known to cause …".
            others = [o for o in others if o == "family" or not of_patient or _TRUE_IN_GENERAL in categories]
        elif not of_patient:
            others = [o for o in others if o == "family"] or ["literature"]
        if not flags and not others:
            return _PLAIN
        if not flags and others[0] == "literature":
            return _LITERATURE
        return Context.model_validate({**flags, "experiencer": others[0] if others else "patient"})

    def _meaning(self, category: str, label: str) -> str | None:
        meaning = self._knowledge.categories.get(category, {})
        return meaning[label] if label in meaning else meaning.get("*")


def _needed(pattern: Sequence[Mapping[str, Any]]) -> list[frozenset[str]]:
    """For each place of a token pattern that must be filled by one of some words, these words."""
    places = []
    for token in pattern:
        words = token.get("LOWER")
        if token.get("OP", "1") == "1" and isinstance(words, str):
            places.append(frozenset({words}))
        elif token.get("OP", "1") == "1" and isinstance(words, dict) and "IN" in words:
            places.append(frozenset(words["IN"]))
    return places


def _modifier(rule: Any, start: int, end: int, doc: Doc) -> Any:
    # What only ends or blocks others reaches no further than its own words: medspaCy would give it the whole sentence, and its test
    # of whether two reaches overlap fails where the second holds the first, so a cue of limited reach would not end at a "but".
    if rule.direction in ("TERMINATE", "PSEUDO"):
        return ConTextModifier(rule, start, end, doc, scope_start=start, scope_end=end)
    return ConTextModifier(rule, start, end, doc)


def _overlap(target: Span, modifier: Any) -> bool:
    """Whether a cue is among the words of the mention itself ("no evidence of disease"); medspaCy sees it at its edges only."""
    start, end = modifier.modifier_span
    return bool(start < target.end and target.start < end)


def _by_sentence(items: Iterable[Any], starts: Sequence[int], key: Any = lambda x: x[1]) -> list[list[Any]]:
    groups: list[list[Any]] = [[] for _ in starts]
    for item in items:
        groups[bisect_left(starts, key(item) + 1) - 1].append(item)
    return groups


def _chunks(cues: Sequence[tuple[Any, int, int]]) -> Iterator[list[tuple[Any, int, int]]]:
    """The cues of a sentence, in stretches of bounded length."""
    chunk: list[tuple[Any, int, int]] = []
    for cue in cues:
        if chunk and cue[1] - chunk[0][1] > _LONGEST:
            yield chunk
            chunk = []
        chunk.append(cue)
    if chunk:
        yield chunk


def _sections_at(offsets: Sequence[int], sections: Sequence[Section]) -> list[Section | None]:
    """The section each of the rising offsets stands in."""
    found: list[Section | None] = []
    place = 0
    for offset in offsets:
        while place + 1 < len(sections) and sections[place + 1].start <= offset:
            place += 1
        found.append(sections[place] if sections else None)
    return found
