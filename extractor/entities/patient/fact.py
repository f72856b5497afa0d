"""Who the report is about: one patient, or one for each "Case 1", "Case 2" that is introduced with an age or a sex.

The first words that give an age are the introduction; what they leave open (a sex, where only "a patient" is named) the pronouns of
the story tell.
"""

import re
from collections.abc import Sequence
from typing import Literal

from extractor.entities.reading import Reading
from extractor.entities.values import number
from extractor.schema import CASE_KINDS, Evidence, Mention, Patient

Sex = Literal["female", "male", "unknown"]
_UNITS = {"years": "Y", "months": "M", "weeks": "W", "days": "D"}
_OLDEST = 115
_PRONOUNS = re.compile(r"\b(?:(she|her|hers|herself)|(he|his|him|himself))\b", re.IGNORECASE)
_FEMALE_BODY = re.compile(
    r"\b(?:pregnan\w+|gravida|hysterectom\w+|postmenopausal|premenopausal|menarche|mammogra\w+|ovarian|her uterus)\b", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"(?:^|(?<=[.\n:]))\s*(?:case|patient)\s*(?:no\.?\s*|number\s*|#\s*)?(\d|one|two|three|I{1,3})\b\s*[:.\-\u2013\u2014)]?",
    re.IGNORECASE | re.MULTILINE,
)
_RELATIVE = re.compile(
    r"\b(?:his|her|whose|their|patient['’]s)\s+(?:\w+\s+)?$|"
    r"\b(?:brother|sister|father|mother|son|daughter|cousin|aunt|uncle|husband|wife)\s*(?:,|\(|aged|\w+)?\s*$",
    re.IGNORECASE,
)


def patients(reading: Reading) -> list[Patient]:
    """The reported patients, P1 first; always at least one."""
    parts = _parts(reading)
    introduced = [(part, _introduction(reading, *part)) for part in parts]
    told = [(part, mentions) for part, mentions in introduced if mentions]
    if len(told) < 2:
        whole = (0, len(reading.text))
        told = [(whole, _introduction(reading, *whole))]
    return [_patient(f"P{i}", reading, part, mentions) for i, (part, mentions) in enumerate(told, start=1)]


def _parts(reading: Reading) -> list[tuple[int, int]]:
    """The stretches that tell of a numbered case each; empty where cases are not numbered from one on."""
    starts = [m for s in reading.sections if s.kind in CASE_KINDS for m in _NUMBERED.finditer(reading.text, s.start, s.end)]
    numbers = list(dict.fromkeys(m[1].lower() for m in starts))
    if len(numbers) < 2 or numbers[0] not in ("1", "one", "i"):
        return []
    firsts = [next(m.start() for m in starts if m[1].lower() == n) for n in numbers]
    return list(zip(firsts, [*firsts[1:], len(reading.text)], strict=True))


def _introduction(reading: Reading, start: int, end: int) -> list[Mention]:
    """The words about the patient's person, those of the case before those of an abstract, each group in text order."""
    kinds = {s.id: s.kind for s in reading.sections}
    found = [
        m for m in reading.within(start, end, "patient")
        if m.context.experiencer == "patient" and not _RELATIVE.search(reading.text[max(start, m.start - 30) : m.start])
    ]  # fmt: skip
    rank = {"abstract": 1, "front": 2}
    return sorted(found, key=lambda m: (0 if kinds[m.section] in CASE_KINDS else rank.get(kinds[m.section], 3), m.start))


def _patient(name: str, reading: Reading, part: tuple[int, int], mentions: Sequence[Mention]) -> Patient:
    aged = next((m for m in mentions if age_of(m)), None)
    sexed = next((m for m in ([aged] if aged else []) + list(mentions) if m and sex_of(m)), None)
    sex = sex_of(sexed) if sexed else None
    used = {m.id for m in (aged, sexed) if m}
    evidence = tuple(
        Evidence(start=m.start, end=m.end, text=m.text, role="head", mention=m.id, section=m.section) for m in mentions if m.id in used
    )
    return Patient(id=name, sex=sex or _sex_by_pronouns(reading, part), age=age_of(aged) if aged else None, evidence=evidence)


def age_of(mention: Mention) -> str | None:
    """The age a mention tells as an ISO 8601 duration ("P42Y"); a decade of life is none."""
    for unit, letter in _UNITS.items():
        value = number(str(mention.attributes[unit]).removesuffix(".5").removesuffix("½")) if unit in mention.attributes else None
        if value is not None and not (unit == "years" and value > _OLDEST):
            return f"P{int(value)}{letter}"
    return "P0D" if "hours" in mention.attributes or mention.found_by.endswith("/newborn") else None


def sex_of(mention: Mention) -> Sex | None:
    """The sex a mention tells by its noun."""
    word = str(mention.attributes.get("female", "")).lower()
    if word in ("outpatient", "patient"):
        return "female" if re.search(r"\bher\b", mention.text) else "male" if re.search(r"\bhis\b", mention.text) else None
    return "female" if "female" in mention.attributes else "male" if "male" in mention.attributes else None


def _sex_by_pronouns(reading: Reading, part: tuple[int, int]) -> Sex:
    """The sex that most pronouns of the story have; unknown where there are none, or as many of each."""
    story = [s for s in reading.sections if s.kind in CASE_KINDS] or list(reading.sections)
    text = " ".join(reading.text[max(s.start, part[0]) : min(s.end, part[1])] for s in story if s.end > part[0] and s.start < part[1])
    female = sum(bool(m[1]) for m in _PRONOUNS.finditer(text))
    male = sum(bool(m[2]) for m in _PRONOUNS.finditer(text))
    if female == male:
        return "female" if _FEMALE_BODY.search(text) else "unknown"
    return "female" if female > male else "male"
