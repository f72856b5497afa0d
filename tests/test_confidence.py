"""The confidence of a fact is a share that was counted, not a constant."""

from extractor.confidence import _counts, confidence, kind
from extractor.entities.reading import Draft, Sentence
from extractor.schema import Mention, Section

SENTENCE = Sentence(0, 0, 9, Section(id="S1", kind="case", start=0, end=9))


def draft(type_: str, found_by: str, told: int = 1) -> Draft:
    mention = Mention(id="M1", label=type_, start=0, end=4, text="mass", section="S1", found_by=found_by)
    return Draft(type_, "mass", mention, SENTENCE, heads=[(0, 4, mention)] * told)


def test_a_kind_is_its_type_what_found_it_and_whether_it_is_told_again():
    assert kind("drug", "drug/terms_class.tsv", 1) == ("drug", "terms", "once")
    assert kind("drug", "drug/unlisted_antibody", 2) == ("drug", "pattern", "again")
    assert kind("lesion", "abbreviation", 1) == ("lesion", "abbreviation", "once")


def test_every_share_is_a_probability_and_kinds_differ():
    shares = {of: confidence(draft(of[0], f"{of[0]}/{of[1]}", 1 if of[2] == "once" else 2)) for of in _counts()}
    assert all(0 < share < 1 or share == 1 for share in shares.values())
    assert len(set(shares.values())) > 3


def test_a_type_never_counted_gets_a_half():
    assert confidence(draft("allergy", "allergy/terms.tsv")) == 0.5
