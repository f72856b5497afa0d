"""Who a patient is: sex and age, by the words that introduce them.

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
_RELATIVE = re.compile(
    r"\b(?:his|her|whose|their|patient['’]s)\s+(?:\w+\s+)?$|"
    r"\b(?:brother|sister|father|mother|son|daughter|cousin|aunt|uncle|husband|wife)\s*(?:,|\(|aged|\w+)?\s*$",
    re.IGNORECASE,
)


def introductions(reading: Reading) -> list[Mention]:
    """The words about the patient's person, those of the case before those of an abstract, each group in text order."""
    kinds = {s.id: s.kind for s in reading.sections}
    found = [m for m in reading.mentions if m.label == "patient" and m.context.experiencer == "patient" and not is_relative(m, reading)]
    rank = {"abstract": 1, "front": 2}
    return sorted(found, key=lambda m: (0 if kinds[m.section] in CASE_KINDS else rank.get(kinds[m.section], 3), m.start))


def is_relative(mention: Mention, reading: Reading) -> bool:
    """Whether words about a person tell of a relative: "her 50-year-old sister"."""
    return _RELATIVE.search(reading.text[max(0, mention.start - 30) : mention.start]) is not None


def described(name: str, reading: Reading, mentions: Sequence[Mention]) -> Patient:
    """The patient that these words introduce; what they leave open the reading of this patient tells."""
    aged = next((m for m in mentions if age_of(m)), None)
    sexed = next((m for m in ([aged] if aged else []) + list(mentions) if m and sex_of(m)), None)
    sex = sex_of(sexed) if sexed else None
    used = {m.id for m in (aged, sexed) if m}
    evidence = tuple(
        Evidence(start=m.start, end=m.end, text=m.text, role="head", mention=m.id, section=m.section) for m in mentions if m.id in used
    )
    return Patient(id=name, sex=sex or _sex_by_pronouns(reading), age=age_of(aged) if aged else None, evidence=evidence)


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


def _sex_by_pronouns(reading: Reading) -> Sex:
    """The sex that most pronouns of the story have; unknown where there are none, or as many of each."""
    story = [s for s in reading.sentences if s.section.kind in CASE_KINDS] or list(reading.sentences)
    text = " ".join(map(reading.words, story))
    female = sum(bool(m[1]) for m in _PRONOUNS.finditer(text))
    male = sum(bool(m[2]) for m in _PRONOUNS.finditer(text))
    if female == male:
        return "female" if _FEMALE_BODY.search(text) else "unknown"
    return "female" if female > male else "male"
