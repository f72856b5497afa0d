"""Whose story is told: several patients in one report, relatives, newborns, and the literature within a case."""

from typing import Any

import pytest

from extractor.pipeline import extract
from extractor.readers.text import source_of

TWO_CASES = {
    "numbered, with a colon": (
        "Case 1: A 50-year-old woman presented with a breast lump. She underwent mastectomy. "
        "Case 2: A 61-year-old man presented with cough. He underwent lobectomy."
    ),
    "numbered in brackets": (
        "(Case 1) A 50-year-old woman presented with a breast lump. She underwent mastectomy. "
        "(Case 2) A 61-year-old man presented with cough. He underwent lobectomy."
    ),
    "numbered within the sentence": (
        "In case one, a 50-year-old woman presented with a breast lump and underwent mastectomy. "
        "In case two, a 61-year-old man presented with cough and underwent lobectomy."
    ),
    "numbered as the subject": (
        "The patient in Case 1 was a 50-year-old woman who presented with a breast lump. She underwent mastectomy. "
        "The patient in Case 2 was a 61-year-old man who presented with cough. He underwent lobectomy."
    ),
    "lettered": (
        "Patient A: A 50-year-old woman presented with a breast lump. She underwent mastectomy. "
        "Patient B: A 61-year-old man presented with cough. He underwent lobectomy."
    ),
    "first and second": (
        "The first case involved a 50-year-old woman with a breast lump. She underwent mastectomy. "
        "The second case involved a 61-year-old man with cough. He underwent lobectomy."
    ),
    "run together": (
        "Our first patient was a 50-year-old woman with a breast lump. She underwent mastectomy."
        "Our second patient was a 61-year-old man with cough. He underwent lobectomy."
    ),
    "only the second numbered": (
        "A 50-year-old woman presented with a breast lump. She underwent mastectomy. "
        "The second patient was a 61-year-old man with cough. He underwent lobectomy."
    ),
    "announced, then told by age": (
        "We describe two patients with rare tumors. A 50-year-old woman presented with a breast lump. She underwent mastectomy. "
        "A 61-year-old man was referred with cough. He underwent lobectomy."
    ),
    "a man and a woman": (
        "A 50-year-old woman presented with a breast lump. She underwent mastectomy. "
        "A 50-year-old man, her husband, presented with cough two weeks later. He underwent lobectomy."
    ),
    "headed": (
        "Case presentation\n\nCase 1\nA 50-year-old woman presented with a breast lump. She underwent mastectomy.\n\n"
        "Case 2\nA 61-year-old man presented with cough. He underwent lobectomy.\n\n"
        "Discussion\nSuch tumors are rare. Other authors gave cisplatin after lobectomy."
    ),
}  # fmt: skip


def timeline(text: str, nlp: Any) -> Any:
    return extract(source_of(text, name="case.txt", content=text.encode()), nlp)


def names(case: Any, patient: str) -> list[str]:
    return [f.name for f in case.facts if f.patient == patient]


@pytest.mark.parametrize("text", TWO_CASES.values(), ids=TWO_CASES)
def test_two_patients_each_have_their_own_facts(text: str, nlp: Any) -> None:
    case = timeline(text, nlp)
    assert [(p.id, p.sex) for p in case.patients] == [("P1", "female"), ("P2", "male")]
    assert ("mastectomy" in names(case, "P1"), "lobectomy" in names(case, "P1")) == (True, False)
    assert ("mastectomy" in names(case, "P2"), "lobectomy" in names(case, "P2")) == (False, True)


def test_each_patient_has_their_own_day_0_and_order(nlp: Any) -> None:
    case = timeline(
        "Case 1: A 50-year-old woman was admitted with a breast lump. Two weeks later she underwent mastectomy. "
        "Case 2: A 61-year-old man was admitted with cough. Three months later he underwent lobectomy.",
        nlp,
    )
    first, second = case.patients
    assert first.index.label.startswith("was admitted with a breast lump")
    assert second.index.label.startswith("was admitted with cough")
    start = {f.name: f.start.earliest for f in case.facts if f.type == "procedure"}
    assert start == {"mastectomy": 11, "lobectomy": 77}
    assert {f.step for f in case.facts if f.name == "cough"} == {1}


def test_the_same_thing_of_two_patients_is_two_facts(nlp: Any) -> None:
    case = timeline(
        "Case 1: A 50-year-old woman had lung cancer. She received cisplatin. "
        "Case 2: A 61-year-old man had lung cancer. He received cisplatin.",
        nlp,
    )
    assert [(f.patient, f.name) for f in case.facts if f.type == "drug"] == [("P1", "cisplatin"), ("P2", "cisplatin")]


def test_what_both_patients_had_is_a_fact_of_each_and_what_one_of_them_had_is_nobodys(nlp: Any) -> None:
    text = TWO_CASES["numbered, with a colon"] + " Both patients received cisplatin. One patient received etoposide."
    drugs = [(f.patient, f.name) for f in timeline(text, nlp).facts if f.type == "drug"]
    assert drugs == [("P1", "cisplatin"), ("P2", "cisplatin")]


def test_an_abstract_and_a_legend_retell_the_patient_they_name(nlp: Any) -> None:
    case = timeline(
        "Two cases of thymic carcinoma\n\nAbstract\nCase 1 is a 50-year-old woman who underwent thymectomy. "
        "Case 2 is a 61-year-old man who received carboplatin.\n\n"
        "Introduction\nThymic carcinoma is rare.\n\n"
        "Case 1\nA 50-year-old woman was admitted with cough. Chest CT showed a mediastinal mass. She underwent thymectomy.\n\n"
        "Case 2\nA 61-year-old man was admitted with chest pain. He was given carboplatin.\n\n"
        "Discussion\nThymic carcinoma is aggressive. Most patients receive etoposide.\n",
        nlp,
    )
    evidence = {(f.patient, f.name): len(f.evidence) for f in case.facts if f.type in ("drug", "procedure")}
    assert evidence[("P1", "thymectomy")] >= 2
    assert evidence[("P2", "carboplatin")] >= 2
    assert ("P1", "carboplatin") not in evidence
    assert not {name for _, name in evidence} & {"etoposide"}


@pytest.mark.parametrize(
    "text",
    [
        "A 50-year-old woman had lung cancer. To our knowledge, this is the second case of this kind. She received cisplatin.",
        "A 50-year-old woman had lung cancer. Only two cases have been reported in patients of 30 and 61 years. She received cisplatin.",
        "A 50-year-old woman had lung cancer. Her 61-year-old brother had gout. She received cisplatin in two courses.",
        "A 50-year-old woman was seen.\n\nDiscussion\nPatient 2 of Smith's series was a 61-year-old man. He received cisplatin.",
        "A 34-year-old woman gave birth to a boy. A healthy male neonate was seen in the nursery. She had a rash.",
    ],
)
def test_one_patient_stays_one(text: str, nlp: Any) -> None:
    assert [p.id for p in timeline(text, nlp).patients] == ["P1"]


def test_evidence_and_relations_of_several_patients_hold_together(nlp: Any) -> None:
    """Loading a document checks every reference and offset; relations never join two patients."""
    from extractor.schema import dump, load

    case = load(dump(timeline(TWO_CASES["headed"], nlp)))
    whose = {f.id: f.patient for f in case.facts}
    assert {whose[r.source] == whose[r.target] for r in case.relations} == {True}
