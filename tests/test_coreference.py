"""Words that mean what was told before: drugs given again, procedures repeated, lesions observed again."""

from typing import Any

import pytest

from extractor.pipeline import extract
from extractor.readers.text import source_of

STORY = "A 60-year-old woman was admitted with breast cancer. She received docetaxel and trastuzumab. "


def timeline(text: str, nlp: Any) -> Any:
    return extract(source_of(text, name="case.txt", content=text.encode()), nlp)


@pytest.mark.parametrize(
    ("again", "given"),
    [
        ("Two years later, the same regimen was given again.", ["docetaxel", "trastuzumab"]),
        ("Two years later, she was rechallenged with this combination.", ["docetaxel", "trastuzumab"]),
        ("Both drugs were stopped. Two years later, both drugs were restarted.", ["docetaxel", "trastuzumab"]),
        ("Two years later, she was retreated with the same agents.", ["docetaxel", "trastuzumab"]),
        ("The same chemotherapy was repeated two years later.", ["docetaxel", "trastuzumab"]),
        ("Two years later, the latter was resumed.", ["trastuzumab"]),
        ("Two years later, the former was resumed.", ["docetaxel"]),
        ("Trastuzumab was stopped. It was restarted two years later.", ["trastuzumab"]),
        ("Both drugs were stopped because of fever.", []),
        ("This regimen was well tolerated.", []),
        ("She resumed work. It was cold.", []),
    ],
)
def test_what_gives_drugs_again_is_another_course_of_each(again: str, given: list[str], nlp: Any) -> None:
    drugs = [f.name for f in timeline(STORY + again, nlp).facts if f.type == "drug"]
    assert sorted(drugs) == sorted(["docetaxel", "trastuzumab", *given])


def test_a_course_given_again_starts_when_it_is_told(nlp: Any) -> None:
    case = timeline(STORY + "Two years later, the same regimen was given again.", nlp)
    first, again = (f for f in case.facts if f.name == "trastuzumab")
    assert first.step < again.step
    assert again.start.earliest > 365
    assert [e.text for e in again.evidence if e.role == "head"] == ["the same regimen"]


def test_a_supportive_drug_is_not_the_regimen_that_is_given_again(nlp: Any) -> None:
    text = "A 60-year-old man received pembrolizumab. He was given prednisone for colitis. Later the drug was restarted."
    drugs = [f.name for f in timeline(text, nlp).facts if f.type == "drug"]
    assert sorted(drugs) == ["pembrolizumab", "pembrolizumab", "prednisone"]


def test_a_procedure_that_is_repeated_is_another_one(nlp: Any) -> None:
    text = "A 60-year-old man had a mass. He underwent radiotherapy. One year later, the same radiotherapy was repeated."
    assert [f.name for f in timeline(text, nlp).facts if f.type == "procedure"] == ["radiotherapy", "radiotherapy"]


@pytest.mark.parametrize(
    "later",
    ["the lesion had grown to 4 cm", "CT showed that the mass had decreased to 1 cm", "the tumor had disappeared"],
)
def test_a_change_is_told_of_the_same_lesion(later: str, nlp: Any) -> None:
    case = timeline(f"A 60-year-old man had cough. CT showed a 2 cm mass in the right lung. Three months later, {later}.", nlp)
    found = [f for f in case.facts if f.type == "lesion"]
    relations = [(r.source, r.target) for r in case.relations if r.type == "same-lesion"]
    assert relations == [(found[1].id, found[0].id)]


def test_another_lesion_is_not_the_same(nlp: Any) -> None:
    text = "A 60-year-old man had cough. CT showed a 2 cm mass in the right lung. Three months later, MRI showed a new lesion in the liver."
    assert [r for r in timeline(text, nlp).relations if r.type == "same-lesion"] == []
