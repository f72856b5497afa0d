"""What the drug lists promise each other: regimens are made of listed drugs, cues and needs are ones that the builder asks for."""

import pytest

from extractor.entities.drug.cues import CUES, cues
from extractor.entities.lexicon import HERE, load_entity, read_table

DRUG = load_entity(HERE / "drug")
USES = {
    "route", "frequency", "intent", "stop", "stopping", "progressed", "starting", "restart", "not_before", "not_after", "retell_before",
    "retell_after", "treatment", "regimen_before", "regimen_after", "gap", "near", "anesthesia",
}  # fmt: skip


def test_the_drugs_of_a_regimen_are_listed_drugs():
    known = {t.concept for t in DRUG.terms}
    for term in DRUG.terms:
        parts = [p for p in term.attributes.get("components", "").split(", ") if p]
        assert set(parts) <= known, f"{term.term}: {set(parts) - known} is no concept of the drug lists"


def test_every_term_says_what_kind_of_word_it_is():
    assert {t.attributes.get("kind") for t in DRUG.terms} == {"drug", "class", "regimen"}
    assert {t.attributes.get("needs", "") for t in DRUG.terms} == {"", "treatment", "regimen", "no anesthesia"}


def test_one_word_names_one_drug():
    meanings: dict[str, set[str]] = {}
    for term in DRUG.terms:
        meanings.setdefault(term.term, set()).add(term.concept)
    assert not {word: names for word, names in meanings.items() if len(names) > 1}


@pytest.mark.parametrize("use", sorted(USES))
def test_every_use_of_a_cue_has_cues(use):
    assert cues(use)


def test_no_cue_is_of_an_unknown_use():
    assert {row["use"] for row in read_table(CUES, ("use", "value", "pattern", "note"))} == USES
