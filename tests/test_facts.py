"""Mentions to facts: what context does, what is told twice, and types of the user's own."""

from pathlib import Path

import pytest

from extractor.entities.lexicon import load_entity
from extractor.entities.patient.stories import Person
from extractor.entities.reading import Reading, Sentence
from extractor.facts import find_facts, policy
from extractor.schema import Context, Mention, Patient, Section

TEXT = "Rash after penicillin. Rash again. Hives in her mother."


@pytest.fixture
def allergy(tmp_path: Path):
    """A type of the user's own: a folder with an entity.yaml and terms."""
    (tmp_path / "entity.yaml").write_text(
        "label: allergy\nabout: what the body does not bear\nfact: allergy\n"
        "policy: {negated: drop, uncertain: suspected, planned: status}\nattributes: {severity: text}\n"
    )
    (tmp_path / "terms.tsv").write_text("concept\tcode\tterm\tnote\tseverity\nrash\t\trash\t\tmild\nurticaria\t\thives\t\t\n")
    return load_entity(tmp_path)


def mention(words: str, number: int, name: str, start: int, **context) -> Mention:
    said = {"severity": "mild"} if name == "rash" else {}
    return Mention(id=f"M{number}", label="allergy", start=start, end=start + len(words), text=words, section="S1",
                   found_by="allergy/terms.tsv", name=name, attributes=said, context=Context(**context))  # fmt: skip


def reading(*mentions: Mention) -> Reading:
    section = Section(id="S1", kind="case", start=0, end=len(TEXT))
    return Reading(TEXT, [section], [Sentence(0, 0, 22, section), Sentence(1, 23, 34, section), Sentence(2, 35, 55, section)], mentions)


def told(*mentions: Mention) -> list[Person]:
    return [Person(Patient(id="P1"), reading(*mentions))]


def test_what_is_told_twice_is_one_fact_with_both_places_as_evidence(allergy):
    (fact,) = find_facts(told(mention("Rash", 1, "rash", 0), mention("Rash", 2, "rash", 23)), {"allergy": allergy}).facts
    assert (fact.type, fact.name, fact.model_extra["severity"]) == ("allergy", "rash", "mild")
    assert [(e.start, e.end, e.mention) for e in fact.evidence] == [(0, 4, "M1"), (23, 27, "M2")]


@pytest.mark.parametrize("context", [{"negated": True}, {"hypothetical": True}, {"experiencer": "family"}, {"declined": True}])
def test_what_is_denied_feared_or_anothers_is_no_fact(allergy, context):
    assert find_facts(told(mention("Hives", 1, "urticaria", 35, **context)), {"allergy": allergy}).facts == ()


def test_what_is_uncertain_is_suspected(allergy):
    (fact,) = find_facts(told(mention("Rash", 1, "rash", 0, uncertain=True)), {"allergy": allergy}).facts
    assert fact.certainty == "suspected"


def test_a_plan_is_said_in_the_status(allergy):
    assert policy(mention("Rash", 1, "rash", 0, planned=True), allergy) == {"status": "planned"}


def test_a_retelling_outside_the_case_is_further_evidence_of_the_fact_in_the_case(allergy):
    abstract = Section(id="S1", kind="abstract", start=0, end=22)
    case = Section(id="S2", kind="case", start=22, end=len(TEXT))
    first = mention("Rash", 1, "rash", 0)
    second = mention("Rash", 2, "rash", 23).model_copy(update={"section": "S2"})
    report = Reading(TEXT, [abstract, case], [Sentence(0, 0, 22, abstract), Sentence(1, 23, 55, case)], [first, second])
    (fact,) = find_facts([Person(Patient(id="P1"), report)], {"allergy": allergy}).facts
    assert [e.section for e in fact.evidence] == ["S2", "S1"]
