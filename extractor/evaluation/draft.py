"""A draft gold file: what was found in a report, written as gold is written, to be corrected by hand."""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from extractor.errors import InputError
from extractor.evaluation.gold import Quoted
from extractor.evaluation.judged import TYPES, years
from extractor.schema import BaseFact, Bounds, Case, Fact, Patient, SourceInfo

PREFIXES = {"drug": "dr", "biomarker": "bm", "lesion": "le", "procedure": "pr", "diagnosis": "dx", "outcome": "oc"}
"""What the ids of a type begin with."""
WORDS = (4, 6, 9, 13, 20, 40, 80, 160)
"""So many words are quoted on each side of the head, the fewest that stand in the text only once."""
LINE = 140
_PLAIN = re.compile(r"[A-Za-z][\w/-]*(?: [\w/-]+)*")
_SENTENCE_END = re.compile(r"[.!?][)\]\"'”’]* (?=[A-Z0-9\"“(\[])")


def draft_files(case: Case, path: Path, *, texts: Path | None = None) -> dict[Path, str]:
    """A draft for `path` (ID.yaml) with, where it does not lie there yet, its text: beside it or in the folder `texts`.

    InputError where a file is in the way: what was corrected by hand is never overwritten.
    """
    if path.suffix != ".yaml":
        raise InputError(f"{path}: a gold file is named ID.yaml: name it {path.with_suffix('.yaml')}")
    if path.exists():
        raise InputError(f"{path} exists and may have been corrected by hand: remove it first or name another file with --output")
    content, text_file = draft(case, path.stem), (texts or path.parent) / f"{path.stem}.txt"
    if not text_file.exists():
        return {text_file: case.text or "", path: content}
    try:
        same = text_file.read_bytes().decode("utf-8-sig") == case.text
    except (OSError, UnicodeDecodeError):
        same = False
    if not same:
        raise InputError(f"{text_file} is not the text of {case.source.id} in UTF-8: name another --output or another folder of texts")
    return {path: content}


def draft(case: Case, name: str | None = None) -> str:
    """The gold file of a document's facts, with `name` as its id; what gold cannot hold is said in comments."""
    if case.text is None:
        raise InputError(f"{case.source.id}: the document holds no text to quote: write it again with its text")
    entries, left_out = _entries(case, case.text)
    ids = {entry.fact.id: entry.id for entry in entries}
    same_as = {r.source: ids[r.target] for r in case.relations if r.type == "same-lesion" and r.target in ids}
    facts = [line for entry in entries for line in _lines(entry, same_as.get(entry.fact.id))]
    lines = [*_head(case, name or case.source.id), *(["facts:", *facts] if facts else ["facts: []"]), *_left_out(left_out)]
    return "\n".join(lines) + "\n"


def _head(case: Case, name: str) -> Iterator[str]:
    made_by = f"{case.generator.name} {case.generator.version} (pipeline {case.generator.pipeline})"
    yield _comment(f"Draft by {made_by}: read the text, correct each fact, add what is missing, then run extractor check.")
    yield f"id: {_quoted(name)}"
    yield f"source: {_quoted(_source(case.source))}"
    if len(case.patients) > 1:
        yield "patients:"
        for number, patient in enumerate(case.patients, start=1):
            quoted = {key: _quoted(value) for key, value in _index(patient).items()}
            yield f"- {{{', '.join(f'{k}: {v}' for k, v in {'patient': number, **_patient(patient), **quoted}.items())}}}"
    else:
        patient = case.patients[0] if case.patients else Patient(id="P1")
        index = _index(patient)
        yield f"patient: {_flow(_patient(patient))}"
        yield f"index: {_quoted(index['index'])}" if index["index"] else 'index: ""  # say what day 0 is'
        yield f"index_date: {_quoted(index['index_date']) if 'index_date' in index else 'null'}"


def _source(source: SourceInfo) -> str:
    known = ("doi", source.doi), ("PMID", source.pmid), ("", source.pmcid)
    said = [source.title or "", *(f"{label} {value}".strip() for label, value in known if value)]
    return ", ".join(_line(part) for part in said if part) or source.file or source.id


def _patient(patient: Patient) -> dict[str, Any]:
    age = None if patient.age is None else years(patient.age)
    return {"sex": patient.sex} if age is None else {"sex": patient.sex, "age_years": _number(round(age, 2))}


def _index(patient: Patient) -> dict[str, str]:
    index = patient.index
    said = {"index": _line(index.label) if index else ""}
    return {**said, "index_date": index.date} if index and index.date else said


@dataclass(frozen=True)
class _Entry:
    """A fact as gold will hold it; `patient` is its number where the report has several."""

    fact: Fact
    id: str
    attributes: Mapping[str, Any]
    quotes: tuple[str, ...]
    patient: int | None


def _entries(case: Case, text: str) -> tuple[list[_Entry], list[tuple[str, str]]]:
    """The facts that gold can hold, patient by patient in the order of time and of the text; and each other one with the reason."""
    numbers = {patient.id: number for number, patient in enumerate(case.patients, start=1)}
    quoted, counts, seen = Quoted.of(text), Counter[str](), set[tuple[str, ...]]()
    entries: list[_Entry] = []
    left_out: list[tuple[str, str]] = []
    for fact in sorted(case.facts, key=lambda f: (numbers[f.patient], f.step is None, f.step or 0, _first(f), f.id)):
        if fact.type not in TYPES:
            left_out.append((f"gold has no {fact.type}", fact.name))
            continue
        heads = dict.fromkeys((e.start, e.end) for e in fact.evidence if e.role == "head")
        quotes = {head: found for head in heads if (found := quote(quoted, *head)) is not None}
        attributes = _attributes(fact)
        content = fact.type, _line(fact.name), *(str(attributes.get(key)) for key in ("specimen", "site", "status")), str(fact.step)
        told = {(*map(str, head), *content) for head in quotes}
        if not quotes:
            left_out.append(("since their words cannot be quoted", fact.name))
        elif not seen.isdisjoint(told):
            left_out.append(("since gold would take them for facts it has already", fact.name))
        else:
            seen |= told
            counts[fact.type] += 1
            number = numbers[fact.patient] if len(numbers) > 1 else None
            entries.append(_Entry(fact, f"{PREFIXES[fact.type]}{counts[fact.type]}", attributes, tuple(quotes.values()), number))
    return entries, left_out


def _first(fact: Fact) -> int:
    return min((e.start for e in fact.evidence if e.role == "head"), default=0)


def _attributes(fact: Fact) -> dict[str, Any]:
    """The attributes of a fact that gold knows, in the order of its type; a drug is given where nothing else is said."""
    own = [key for key in type(fact).model_fields if key not in BaseFact.model_fields and key not in {"type", "components"}]
    said = {key: _number(getattr(fact, key)) for key in own if getattr(fact, key) is not None}
    return {key: value for key, value in said.items() if (key, value) != ("status", "given")}


def _lines(entry: _Entry, same_as: str | None) -> Iterator[str]:
    fact = entry.fact
    yield f"- id: {entry.id}"
    yield f"  type: {fact.type}"
    yield f"  name: {_flow(_line(fact.name))}"
    yield from (f"  {key}: {_flow(value)}" for key, value in entry.attributes.items())
    if same_as is not None:
        yield f"  same_as: {same_as}"
    if fact.certainty == "suspected":
        yield "  certainty: suspected"
    if entry.patient is not None:
        yield f"  patient: {entry.patient}"
    quotes = [_quoted(q) for q in entry.quotes]
    one_line = f"  at: [{', '.join(quotes)}]"
    yield from [one_line] if len(quotes) == 1 or len(one_line) <= LINE else ["  at:", *(f"  - {q}" for q in quotes)]
    yield f"  step: {fact.step}" if fact.step is not None else "  step: 1  # not told"
    for key, bounds in (("start", fact.start), ("end", fact.end)):
        yield from _bounds(key, bounds)


def _bounds(key: str, bounds: Bounds | None) -> Iterator[str]:
    """Bounds in whole days; of half-open ones gold holds nothing, so a comment says what is known."""
    if bounds is None:
        return
    earliest, latest = (None if day is None else round(day) for day in (bounds.earliest, bounds.latest))
    if earliest is not None and latest is not None:
        yield f"  {key}: [{earliest}, {latest}]"
    elif earliest is not None or latest is not None:
        yield f"  {key}: null  # {f'not before {earliest}' if latest is None else f'not after {latest}'}"


def _left_out(left_out: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Comments that name the facts that are not in the draft, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for reason, name in left_out:
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield _comment(f"Left out, {reason}: {', '.join(names)}")


# Quotes and scalars -----------------------------------------------------------------------------------------------------------


def quote(quoted: Quoted, start: int, end: int) -> str | None:
    """The words from `start` to `end` of a text in [[ ]], among the fewest words around them that stand in the text only once.

    They stay within the sentence where that is enough. None where no quote leads back to the place: the words are white space, or
    the text itself has [[ ]] there.
    """
    first, last = bisect_left(quoted.offsets, start), bisect_left(quoted.offsets, end)
    before, head, after = quoted.plain[:first], quoted.plain[first:last], quoted.plain[last:]
    for left, right in _surroundings(before, after):
        snippet = f"{left}[[{head}]]{right}"
        try:
            if "]]" not in left and quoted.head(snippet) == (start, end):
                return snippet.strip()
        except ValueError:
            continue
    return None


def _surroundings(before: str, after: str) -> Iterator[tuple[str, str]]:
    """More and more words before and after a head: within its sentence, beyond it, and on one side alone (the other may hold brackets)."""
    begins = max((stop.end() for stop in _SENTENCE_END.finditer(before)), default=0)
    stop = _SENTENCE_END.search(after)
    inside = before[begins:], after[: stop.end() - 1] if stop else after
    sides = [*((inside, words) for words in WORDS), *(((before, after), words) for words in WORDS)]
    sides += [*(((before, ""), words) for words in WORDS), *((("", after), words) for words in WORDS)]
    for (left, right), words in sides:
        lefts, rights = left.rsplit(" ", words + 1), right.split(" ", words + 1)
        yield (
            " ".join(lefts[1:]) if len(lefts) > words + 1 else left,
            " ".join(rights[:-1]) if len(rights) > words + 1 else right,
        )


def _number(value: Any) -> Any:
    """A value as gold writes it: whole numbers without a point, lists for tuples."""
    if isinstance(value, tuple):
        return [_number(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _line(text: str) -> str:
    return " ".join(text.split())


def _comment(text: str) -> str:
    """A line that YAML passes over; what it cannot print becomes a space."""
    return "# " + _line("".join(c if c.isprintable() else " " for c in text))


def _flow(value: Any) -> str:
    """A value in YAML on one line, a text in double quotes unless it is plain words."""
    if isinstance(value, str) and not (_PLAIN.fullmatch(value) and yaml.safe_load(value) == value):
        return _quoted(value)
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf).removesuffix("...\n").strip()


def _quoted(text: str) -> str:
    """A text in YAML in double quotes, on one line."""
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=math.inf).strip()
