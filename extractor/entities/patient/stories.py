"""Whose story each part of a report tells: of one patient, or of each of several ("Case 1 … Case 2 …", "the second patient").

A patient of several is told by the sentences after the words that turn to them, up to the next such words. "Both patients" tell of
all. What is said of cases in general, or of two of them at once ("in cases 1 and 3"), is told of nobody.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.entities.patient.fact import age_of, described, introductions, is_relative, sex_of
from extractor.entities.reading import Reading, Sentence
from extractor.schema import CASE_KINDS, Mention, Patient

Stretch = tuple[int, int]

_NUMBERS = {
    **{word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1)},
    **{word: n for n, word in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), start=1)},
    **{word: n for n, word in enumerate(("1st", "2nd", "3rd", "4th", "5th", "6th"), start=1)},
    **{word: n for n, word in enumerate(("i", "ii", "iii", "iv", "v", "vi"), start=1)},
    **{word: n for n, word in enumerate("abcdef", start=1)},
}
_MOST = 20
"""A number above is no number of a case ("case 2019")."""
_PERSON = r"(?:case|patient|individual|wom[ae]n|m[ae]n|boy|girl|twin|sibling|brother|sister)"
_WORD_NUMBER = r"one|two|three|four|five|six|seven|eight|nine|ten"
_NUMBER = rf"(?:\d{{1,2}}|(?i:{_WORD_NUMBER})|(?-i:I{{1,3}}|IV|VI?|[A-F]))"
_UNIT = r"(?:year|month|week|day|hour|case|patient|of|from)s?\b"
_LABEL = re.compile(
    r"\b(?:cases?|patients?)(?: (?:report|presentation|description))?\s*(?:no\.?\s*|numbers?\s*|#\s*)?"
    rf"(?P<label>{_NUMBER})\b(?![-\u2010-\u2014%]\w|\.\d|\s*(?:/|%|{_UNIT}))"
    rf"(?P<more>(?:\s*(?:,|and|&|or|-|\u2013)\s*(?:cases? |patients? )?{_NUMBER}\b(?!\s*{_UNIT}))*)",
    re.IGNORECASE,
)
"""A numbered case, with further numbers where several are named: "Case 2", "patients A and B"."""
_ORDINAL = re.compile(
    rf"\b(?P<label>first|second|third|fourth|fifth|sixth|1st|2nd|3rd|4th|5th|6th)\s+{_PERSON}\b(?:['\u2019]s\b)?"
    r"(?!\s+(?:of|in|to|with|ever|report|describ|document|publish|known|series|report)\b)",
    re.IGNORECASE,
)
_RUN_ON = re.compile(r"[.:;]\s*(?P<turn>(?:(?:in|our|the)\s+|[(\[])*)\Z", re.IGNORECASE)
_LEAD = re.compile(
    r"[\s(\[\u2022*#.:\d\u2013-]*(?:(?:in|for|as for|regarding|concerning)\s+)?(?:(?:the|our|a)\s+)?"
    r"(?:(?:patient|case) (?:in|of|from)\s+)?",
    re.IGNORECASE,
)
"""What may stand in a sentence before the words that turn to a patient: "(", "In the", "The patient in"."""
_GROUP = r"(?:patients|cases|women|men|boys|girls|individuals|children|siblings|brothers|sisters|twins)"
_ALL = re.compile(
    r"\b(?:both|(?:all |both )?(?:of )?(?:the |our |these )?(?:two|three|four|five|six|\d)|all(?: of)?(?: the| our| these)?) "
    rf"(?:{_GROUP}|of them)\b",
    re.IGNORECASE,
)
_THEY = re.compile(rf"(?:[\w,-]+ ){{0,4}}?(?:the|our|these) {_GROUP}\b", re.IGNORECASE)
_ONE_OF = re.compile(r"\b(?:one|another|the other) (?:patient|case|of (?:the|our|these|them))\b", re.IGNORECASE)
_ANNOUNCES = re.compile(
    r"\b(?:report|describ|present|discuss|encounter|experienc)(?:e?s|e?d|ing|e)?\b[^.]{0,60}?"
    rf"\b(?P<count>{_WORD_NUMBER}|\d)\s+(?:[\w-]+ ){{0,5}}?{_GROUP}\b"
    rf"|^\s*(?:two|three|four|five)\s+(?:[\w-]+ ){{0,5}}?{_GROUP}\b",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"\b(?:she|he|her|his)\b", re.IGNORECASE)
_INTRODUCES = re.compile(
    r"\s*(?:(?:the|our|this) patient (?:was|is)\s+)?(?:an?|the other(?: patient)?,?(?: was)?(?: an?)?)\s", re.IGNORECASE
)
_OPENING = 80
"""A patient is introduced by age within so many characters of a sentence."""


@dataclass(frozen=True)
class Person:
    """A patient and the report as far as it speaks of them."""

    patient: Patient
    reading: Reading


def people(reading: Reading) -> list[Person]:
    """The reported patients, P1 first, each with what is told of them; always at least one, and of one the whole report."""
    parts = _parts(reading)
    if len(parts) < 2:
        return [Person(described("P1", reading, introductions(reading)), reading)]
    found = []
    for number, label in enumerate(sorted(parts), start=1):
        own = reading.only(parts[label])
        found.append(Person(described(f"P{number}", own, introductions(own)), own))
    return found


def by_introduction(reading: Reading, patients: Sequence[Patient]) -> list[Person]:
    """What is told of each of some patients, where one is told after the other: up to where the next is introduced."""
    begins = sorted((p.evidence[0].start, p.id) for p in patients if p.evidence)
    if len(patients) < 2 or not begins:
        return [Person(p, reading) for p in patients]
    starts = [0, *(reading.sentence_at(at).start for at, _ in begins[1:]), len(reading.text)]
    parts = {name: [(starts[n], starts[n + 1])] for n, (_, name) in enumerate(begins)}
    return [Person(p, reading.only(parts.get(p.id, []))) for p in patients]


def _parts(reading: Reading) -> dict[int, list[Stretch]]:
    """The stretches that tell of each patient, by the number of the patient; fewer than two where one patient is reported."""
    case = [s for s in reading.sentences if s.section.kind in CASE_KINDS]
    body = case or [s for s in reading.sentences if s.section.kind not in ("front", "references", "back", "table", "figure")]
    starts = _numbered(body, reading) or _introduced(body, reading)
    if len(starts) < 2:
        return {}
    numbers = frozenset(starts.values())
    ages = _ages(starts, body, reading)
    parts: dict[int, list[Stretch]] = {n: [] for n in sorted(numbers)}
    inside = {s.index for s in body}
    now: frozenset[int] = frozenset()
    single = now
    section = None
    for sentence in reading.sentences:
        if sentence.section.kind in ("front", "references", "back"):
            continue
        of_body = sentence.index in inside
        if sentence.section is not section and not (of_body and section is not None and section.kind in CASE_KINDS):
            now = frozenset()
        section = sentence.section
        for start, end, named, lasting in _turns(sentence, starts, numbers, ages, reading, of_body=of_body):
            of_one = named is None and now == numbers and len(single) == 1 and _SINGLE.search(reading.text[start:end])
            meant = single if of_one else named
            owners = now if meant is None else meant
            for n in sorted(owners):
                parts[n].append((start, end))
            if meant is not None and lasting:
                now = meant
                single = meant if len(meant) == 1 else single
            elif not of_body and sentence.section.kind != "abstract":
                now = frozenset()
    return parts if sum(map(bool, parts.values())) > 1 else {}


def _turns(
    sentence: Sentence, starts: Mapping[int, int], numbers: frozenset[int], ages: Mapping[str, int], reading: Reading, *, of_body: bool
) -> list[tuple[int, int, frozenset[int] | None, bool]]:
    """The pieces of a sentence with whom each tells of (None: of whom was told before), and whether that lasts beyond it."""
    inner = sorted(at for at in starts if sentence.start < at < sentence.end)
    edges = [sentence.start, *inner, sentence.end]
    return [(a, b, *_meant(a, b, starts, numbers, ages, reading, of_body=of_body)) for a, b in pairwise(edges)]


def _meant(  # noqa: PLR0917 - what a piece of a sentence is read against
    start: int, end: int, starts: Mapping[int, int], numbers: frozenset[int], ages: Mapping[str, int], reading: Reading, *, of_body: bool
) -> tuple[frozenset[int] | None, bool]:
    if start in starts:
        return frozenset({starts[start]}), True
    words = reading.text[start:end]
    named = [(at, labels & numbers) for at, labels in _labels(words) if labels & numbers]
    if named:
        at, labels = named[0]
        several = len(labels) > 1 or len({*labels, *(n for _, more in named for n in more)}) > 1
        if several:
            return (labels, False) if _LEAD.fullmatch(words[:at]) and len(named) == 1 else (frozenset(), False)
        leads = _LEAD.fullmatch(words[:at]) is not None
        if leads or not of_body:
            return labels, leads
    if of_body or reading.sentence_at(start).section.kind == "abstract":
        announced = _ANNOUNCES.search(words)
        if announced and announced["count"]:
            return frozenset(), False
        if _ONE_OF.match(words.lstrip()):
            return frozenset(), False
        if _ALL.search(words) or _THEY.match(words):
            return numbers, True
    for mention in reading.within(start, min(end, start + _OPENING), "patient"):
        age = age_of(mention)
        if age is not None and age in ages and _is_patient(mention, reading):
            return frozenset({ages[age]}), True
    return None, False


def _labels(words: str) -> list[tuple[int, frozenset[int]]]:
    """The numbers of the cases that words name, each naming with where it begins."""
    found = []
    for match in _LABEL.finditer(words):
        said = [match["label"], *re.findall(r"\w+", re.sub(r"\b(?:and|or|cases?|patients?)\b", " ", match["more"], flags=re.IGNORECASE))]
        numbers = [n for word in said if (n := _number(word)) is not None]
        if re.match(r"\s*[-\u2013]\s*\w", match["more"]) and len(numbers) == 2:
            numbers = list(range(numbers[0], numbers[1] + 1))
        if numbers:
            found.append((match.start(), frozenset(numbers)))
    found += [(m.start(), frozenset({_NUMBERS[m["label"].lower()]})) for m in _ORDINAL.finditer(words)]
    return sorted(found, key=lambda x: x[0])


def _number(word: str) -> int | None:
    number = int(word) if word.isdigit() else _NUMBERS.get(word.lower())
    return number if number is not None and 0 < number <= _MOST else None


def _numbered(body: Sequence[Sentence], reading: Reading) -> dict[int, int]:
    """Where the text turns to a numbered patient, in words that open a sentence, with the number; empty where it never numbers two.

    Numbers count from one; where the first patient is introduced without a number, the story begins with them.
    """
    starts: dict[int, int] = {}
    if _LABEL.search(reading.text) is None and _ORDINAL.search(reading.text) is None:
        return {}
    for sentence in body:
        words = reading.words(sentence)
        for at, labels in _labels(words):
            # Where sentences are run together ("… years earlier.Our second patient"), behind the full stop.
            turn = 0 if _LEAD.fullmatch(words[:at]) else next((m.start("turn") for m in [_RUN_ON.search(words[:at])] if m), None)
            if len(labels) == 1 and turn is not None:
                starts.setdefault(sentence.start + turn, next(iter(labels)))
    numbers = sorted(set(starts.values()))
    if numbers == [2]:
        before = [s for s in body if s.start < min(starts)]
        opens = next((s for s in before if _introduction(s, reading)), None)
        if opens is not None:
            starts[opens.start] = 1
            numbers = [1, 2]
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) < 2:
        return {}
    firsts = [min(at for at, n in starts.items() if n == number) for number in numbers]
    return starts if firsts == sorted(firsts) else {}


def _introduced(body: Sequence[Sentence], reading: Reading) -> dict[int, int]:
    """Where patients without numbers are introduced, each by an age and sex of their own.

    A report that does not say how many they are tells of two only where one is a man, one a woman.
    """
    found: dict[tuple[str | None, str | None], int] = {}
    for sentence in body:
        mention = _introduction(sentence, reading)
        if mention is not None:
            found.setdefault((age_of(mention), sex_of(mention)), sentence.start)
    elsewhere = ("references", "back", "discussion")
    if len(found) < 2:
        return {}
    announced = any(_ANNOUNCES.search(reading.words(s)) for s in reading.sentences if s.section.kind not in elsewhere)
    if not announced and {sex for _, sex in found} != {"female", "male"}:
        return {}
    return {at: number for number, at in enumerate(sorted(found.values()), start=1)}


def _introduction(sentence: Sentence, reading: Reading) -> Mention | None:
    """The words with which a sentence introduces a patient: "A 45-year-old woman was …"."""
    words = reading.words(sentence)
    opening = _INTRODUCES.match(words)
    near = reading.within(sentence.start, min(sentence.end, sentence.start + _OPENING), "patient")
    return next((m for m in near if opening and age_of(m) and _is_patient(m, reading)), None)


def _is_patient(mention: Mention, reading: Reading) -> bool:
    return mention.context.experiencer == "patient" and not is_relative(mention, reading)


def _ages(starts: Mapping[int, int], body: Sequence[Sentence], reading: Reading) -> dict[str, int]:
    """The patients that an age tells from the others."""
    of: dict[str, set[int]] = {}
    for at, number in starts.items():
        for mention in reading.within(at, at + 2 * _OPENING, "patient"):
            age = age_of(mention)
            if age is not None and _is_patient(mention, reading):
                of.setdefault(age, set()).add(number)
                break
    return {age: next(iter(numbers)) for age, numbers in of.items() if len(numbers) == 1}
