"""Gold timelines: what a careful reader found in a report, in YAML beside its text; or a timeline document of our own.

A gold file quotes the text with [[ ]] around the words that name a fact; each quote must stand in the text exactly once,
white space folded. What is wrong with a file is said all at once, each with its line and remedy.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeGuard, Union, get_args, get_origin

import yaml

from extractor.errors import InputError
from extractor.evaluation.judged import TYPES, JudgedCase, JudgedFact, JudgedPatient, judged
from extractor.schema import STANDARD_TYPES, BaseFact, load

COMMON = frozenset({"id", "type", "name", "at", "step", "start", "end", "certainty", "patient"})
REQUIRED = ("id", "name", "at", "step")
REQUIRED_OF = {"biomarker": ("status",), "lesion": ("course",), "procedure": ("category",)}
FREE = frozenset({"stage", "grade"})
"""Attributes that are text in a document and may be written as numbers in gold."""
SEXES = ("female", "male", "unknown")
SUFFIXES = (".yaml", ".yml", ".json", ".jsonl", ".ann", ".spacy", ".pubtator", ".pubtator.txt")
"""How the names of files end that hold timelines or annotations."""


def gold_files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and of each folder named those of a format that can be read, in the order of their names."""
    files: list[Path] = []
    for path in paths:
        inside = sorted(p for p in path.iterdir() if p.name.lower().endswith(SUFFIXES)) if path.is_dir() else [path]
        if not inside:
            others = ", ".join(SUFFIXES[3:])
            raise InputError(f"{path}: holds no .yaml or .json file (nor {others}): name the folder of the gold or predicted timelines")
        files += inside
    return files


def read_case(path: Path, texts: Path | None = None) -> JudgedCase:
    """A gold YAML file or a timeline document, as it is judged. `texts` is where the .txt files lie, when not beside the .yaml."""
    if path.suffix == ".json":
        return read_document(path)
    return read_gold(path, texts)


def read_document(path: Path) -> JudgedCase:
    """A timeline document, as it is judged; InputError where it was written without its text."""
    case = load(contents(path), str(path))
    if case.text is None:
        raise InputError(f"{path}: holds no text to compare with the gold's: write the document again with its text")
    text_file = path.with_suffix(".txt")
    return replace(judged(case), text_file=text_file if text_file.is_file() else None)


def read_gold(path: Path, texts: Path | None = None) -> JudgedCase:
    """A gold YAML file with its text; InputError names every problem with its line."""
    text_file = (texts or path.parent) / f"{path.stem}.txt"
    if not text_file.is_file():
        raise InputError(f"{path}: its text {text_file} does not exist: put it there, or say where the texts are")
    gold = _Gold(path, decoded(text_file), text_file, *_parsed(path))
    problems = list(gold.problems())
    if problems:
        raise refused(str(path), problems)
    return gold.case()


def refused(name: str, problems: Sequence[str]) -> InputError:
    """What is wrong with a file or a document, all at once."""
    return InputError(f"{name}: " + (problems[0] if len(problems) == 1 else "\n  " + "\n  ".join(problems)))


def contents(path: Path) -> bytes:
    """The bytes of a file; InputError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): check its name and permissions") from None


def decoded(path: Path) -> str:
    """The text as every offset counts in it: a byte-order mark is dropped, line ends stay as they are."""
    try:
        return contents(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 at byte {error.start}: save it as UTF-8") from None


def _parsed(path: Path) -> tuple[Any, list[int]]:
    """The content of a YAML file, and the line on which each of its facts stands."""
    try:
        loader = yaml.SafeLoader(decoded(path))
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise InputError(f"{path}: is not a gold timeline: it needs the keys id, source, patient, index and facts")
        facts = [value for key, value in node.value if key.value == "facts"]
        items = facts[-1].value if facts and isinstance(facts[-1], yaml.SequenceNode) else []
        for mapping in (node, *(item for item in items if isinstance(item, yaml.MappingNode))):
            _refuse_repeated_keys(path, mapping)
        lines = [item.start_mark.line + 1 for item in items]
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise InputError(f"{path}: {line}is not YAML: {error.problem}: correct it there") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not YAML: {error}: correct it") from None


def _refuse_repeated_keys(path: Path, mapping: yaml.MappingNode) -> None:
    """YAML keeps the last of two equal keys and loses the other without a word."""
    seen = set()
    for key, _ in mapping.value:
        if str(key.value) in seen:
            raise InputError(f"{path}: line {key.start_mark.line + 1}: the key {key.value!r} stands here twice: keep one")
        seen.add(str(key.value))


def folded(text: str) -> tuple[str, list[int]]:
    """The text with white space folded to single spaces, and for each of its characters the offset in the text."""
    characters, offsets, in_space = [], [], True
    for offset, character in enumerate(text):
        if not character.isspace():
            characters.append(character)
            offsets.append(offset)
            in_space = False
        elif not in_space:
            characters.append(" ")
            offsets.append(offset)
            in_space = True
    return "".join(characters), offsets


@dataclass(frozen=True)
class Quoted:
    """A text prepared for finding quotes in it: white space folded, and for each character its offset in the text."""

    plain: str
    offsets: list[int]

    @classmethod
    def of(cls, text: str) -> "Quoted":
        return cls(*folded(text))

    def head(self, quote: object) -> tuple[int, int]:
        """Where the words in [[ ]] stand; ValueError says why the quote cannot be found."""
        if not isinstance(quote, str):
            raise ValueError(f"{quote!r} is no quote: put it in quotation marks")
        marked = folded(quote)[0].strip()
        head = re.search(r"\[\[(.*?)\]\]", marked)
        if head is None or (marked.count("[["), marked.count("]]")) != (1, 1) or not head[1].strip():
            raise ValueError(f"the quote {quote!r} needs exactly one [[ ]] around the words that name the fact")
        words = marked[: head.start()] + head[1] + marked[head.end() :]
        found = self.plain.count(words)
        if found == 0:
            raise ValueError(f"the quote {words!r} does not stand in the text: copy it exactly")
        if found > 1:
            raise ValueError(f"the quote {words!r} stands in the text {found} times: take more of the words around it")
        first = self.plain.index(words) + head.start()
        return self.offsets[first], self.offsets[first + len(head[1]) - 1] + 1


@dataclass(frozen=True)
class _Gold:
    """A gold file that was read but not yet found right."""

    path: Path
    text: str
    text_file: Path
    content: Any
    lines: list[int]

    def problems(self) -> Iterator[str]:
        for key in ("id", "source", "facts"):
            if key not in self.content:
                yield f"has no {key}: add it"
        if "patients" not in self.content and not {"patient", "index"} <= self.content.keys():
            yield "needs patient and index, or patients: add them"
        if str(self.content.get("id", self.path.stem)) != self.path.stem:
            yield f"its id is {self.content['id']!r}, not the file's name {self.path.stem!r}: make them the same"
        yield from self._patient_problems()
        facts = self.content.get("facts")
        if facts is not None and not isinstance(facts, list):
            yield "facts is no list: begin each fact with '- id: '"
            return
        ids = Counter(str(f.get("id")) for f in self._facts() if isinstance(f, dict))
        quoted = Quoted.of(self.text)
        seen: dict[tuple[Any, ...], str] = {}
        for number, fact in enumerate(self._facts()):
            place = f"line {self.lines[number]}: " if number < len(self.lines) else ""
            if not isinstance(fact, dict):
                yield f"{place}{fact!r} is no fact: begin it with '- id: '"
                continue
            where = f"{place}{fact.get('id')}: "
            if ids[str(fact.get("id"))] > 1:
                yield f"{where}another fact has this id: give each its own"
            for problem in (*self._fact_problems(fact, ids), *_quote_problems(fact, quoted, seen)):
                yield where + problem
        yield from self._step_problems()

    def _facts(self) -> list[Any]:
        return self.content.get("facts") or []

    def _patients(self) -> list[dict[str, Any]]:
        """The patients as they are written; none where they are not written as they should be."""
        patients = self.content.get("patients", [self.content.get("patient")])
        return patients if isinstance(patients, list) and all(isinstance(p, dict) for p in patients) else []

    def _numbers(self) -> list[Any]:
        """The numbers by which the facts name the patients; a single patient is 1."""
        return [p.get("patient") for p in self._patients()] if "patients" in self.content else [1]

    def _patient_problems(self) -> Iterator[str]:
        patients = self._patients()
        if not patients and not {"patient", "patients"}.isdisjoint(self.content):
            yield "its patients are not written as {sex: …, age_years: …}: correct them"
        for patient in patients:
            if patient.get("sex", "unknown") not in SEXES:
                yield f"the sex {patient['sex']!r} is none of {', '.join(SEXES)}"
            if patient.get("age_years") is not None and not _is_number(patient["age_years"]):
                yield f"the age {patient['age_years']!r} is no number of years"
        if len(set(map(repr, self._numbers()))) < len(patients):
            yield "two patients have the same number: count them from 1"

    def _fact_problems(self, fact: Mapping[str, Any], ids: Mapping[str, int]) -> Iterator[str]:
        kind = fact.get("type")
        if kind not in TYPES:
            yield f"the type {kind!r} is none of {', '.join(TYPES)}"
            return
        for key in (*REQUIRED, *REQUIRED_OF.get(kind, ())):
            if key not in fact:
                yield f"has no {key}: add it"
        yield from _attribute_problems(kind, fact)
        if not isinstance(fact.get("name", ""), str | int | float):
            yield f"the name {fact['name']!r} is no text"
        if fact.get("certainty", "suspected") != "suspected":
            yield f"the certainty {fact['certainty']!r} can only be suspected: leave it out otherwise"
        if "step" in fact and not _is_whole(fact["step"]):
            yield f"the step {fact['step']!r} is no whole number"
        if fact.get("same_as") and str(fact["same_as"]) not in ids:
            yield f"same_as {fact['same_as']!r} is the id of no fact"
        numbers = self._numbers()
        if fact.get("patient", 1) not in numbers:
            yield f"the patient {fact.get('patient', 1)!r} is none of {', '.join(map(str, numbers))}"
        for key in ("start", "end"):
            if fact.get(key) is not None and not _is_bounds(fact[key]):
                yield f"the {key} {fact[key]!r} is not [earliest, latest] in days"
        if _is_bounds(fact.get("start")) and _is_bounds(fact.get("end")) and fact["end"][1] < fact["start"][0]:
            yield "it ends before it starts"

    def _step_problems(self) -> Iterator[str]:
        """Each fact that starts wholly before one of the same patient with a smaller step."""
        timed = [f for f in self._facts() if isinstance(f, dict) and _is_whole(f.get("step")) and _is_bounds(f.get("start"))]
        timed.sort(key=lambda f: f["step"])
        latest: dict[str, Mapping[str, Any]] = {}
        for _, together in groupby(timed, key=lambda f: f["step"]):
            group = list(together)
            for fact in group:
                before = latest.get(repr(fact.get("patient", 1)))
                if before is not None and fact["start"][1] < before["start"][0]:
                    yield f"{fact.get('id')} has a later step than {before.get('id')} but starts wholly before it: correct one of them"
            for fact in group:
                whose = repr(fact.get("patient", 1))
                if whose not in latest or fact["start"][0] > latest[whose]["start"][0]:
                    latest[whose] = fact

    def case(self) -> JudgedCase:
        quoted = Quoted.of(self.text)
        numbers = self._numbers()
        return JudgedCase(
            id=self.path.stem,
            text=self.text,
            facts=tuple(_fact(fact, quoted, numbers.index(fact.get("patient", 1)) + 1) for fact in self._facts()),
            patients=tuple(_patient(p) for p in self._patients()),
            text_file=self.text_file,
        )


def _fact(fact: Mapping[str, Any], quoted: Quoted, patient: int) -> JudgedFact:
    return JudgedFact(
        id=str(fact["id"]),
        type=fact["type"],
        name=str(fact["name"]),
        heads=tuple(quoted.head(quote) for quote in fact["at"]),
        attributes={key: value for key, value in fact.items() if key not in COMMON and value is not None},
        start=None if fact.get("start") is None else (fact["start"][0], fact["start"][1]),
        end=None if fact.get("end") is None else (fact["end"][0], fact["end"][1]),
        step=fact["step"],
        patient=patient,
        suspected="certainty" in fact,
    )


def _patient(patient: Mapping[str, Any]) -> JudgedPatient:
    sex = patient.get("sex", "unknown")
    return JudgedPatient(None if sex == "unknown" else sex, patient.get("age_years"))


def _quote_problems(fact: Mapping[str, Any], quoted: Quoted, seen: dict[tuple[Any, ...], str]) -> Iterator[str]:
    """The quotes that cannot be found, and those by which an earlier fact with the same content was told already."""
    quotes = fact.get("at", [])
    if not isinstance(quotes, list) or ("at" in fact and not quotes):
        yield f'at {quotes!r} is no list of quotes: write at: ["… [[head]] …"]'
        return
    for quote in quotes:
        try:
            head = quoted.head(quote)
        except ValueError as error:
            yield str(error)
            continue
        content = (head, *(str(fact.get(key)) for key in ("type", "name", "specimen", "site", "status", "step")))
        if content in seen:
            yield f"is the same fact as {seen[content]}, by the quote {quote!r}: keep one of them"
        seen[content] = str(fact.get("id"))


def _attribute_problems(kind: str, fact: Mapping[str, Any]) -> Iterator[str]:
    """The keys that facts of a type do not have, and the values that a key cannot have."""
    fields = STANDARD_TYPES[kind].model_fields
    allowed = (fields.keys() - BaseFact.model_fields.keys() - {"type", "components"}) | ({"same_as"} if kind == "lesion" else set())
    for key, value in fact.items():
        if key in COMMON:
            continue
        if key not in allowed:
            yield f"a {kind} has no key {key!r}: it can have {', '.join(sorted(allowed)) or 'none of its own'}"
        elif key in fields:
            yield from _value_problems(key, value, fields[key].annotation)
    if kind == "outcome" and "name" in fact:
        yield from _value_problems("name", fact["name"], fields["name"].annotation)


def _value_problems(key: str, value: Any, annotation: Any) -> Iterator[str]:
    """Gold numbers may be written as text ("6-8" cycles, grade 3), so only words, texts and lists are checked."""
    parts = get_args(annotation) if isinstance(annotation, UnionType) or get_origin(annotation) is Union else (annotation,)
    words = [word for part in parts if get_origin(part) is Literal for word in get_args(part)]
    if words and int not in parts and value not in words:
        yield f"the {key} {value!r} is none of {', '.join(words)}"
    if set(parts) == {str, NoneType} and key not in FREE and not isinstance(value, str):
        yield f"the {key} {value!r} is no text: put it in quotation marks"
    if any(get_origin(part) is tuple for part in parts) and not (isinstance(value, list) and value and all(map(_is_number, value))):
        yield f"the {key} {value!r} is no list of numbers: write {key}: [12, 8]"


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_bounds(value: object) -> TypeGuard[list[int | float]]:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
