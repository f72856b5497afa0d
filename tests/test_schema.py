"""The document: it round-trips, and loading refuses what does not keep its promises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import DocumentError
from extractor.schema import Case, dump, load

TEXT = "She received trastuzumab."


def document(**changes):
    evidence = {"start": 13, "end": 24, "text": "trastuzumab", "role": "head", "mention": "M1", "section": "S1"}
    record = {
        "schema_version": "1.0",
        "generator": {"name": "extractor", "version": "0.1.0", "pipeline_digest": "sha256:0"},
        "source": {"id": "a"},
        "text": TEXT,
        "sections": [{"id": "S1", "kind": "case", "start": 0, "end": 25}],
        "patients": [{"id": "P1", "sex": "female", "age": "P42Y", "index": {"label": "day 0", "fact": "F1"}}],
        "mentions": [{"id": "M1", "label": "drug", "start": 13, "end": 24, "text": "trastuzumab", "section": "S1", "found_by": "t"}],
        "facts": [
            {"id": "F1", "type": "drug", "name": "trastuzumab", "status": "given", "evidence": [evidence], "step": 1,
             "start": {"earliest": 0, "latest": 3}},
            {"id": "F2", "type": "allergy", "name": "penicillin", "reaction": "rash", "evidence": []},
        ],
        "relations": [{"type": "before", "source": "F2", "target": "F1"}],
    }  # fmt: skip
    return {**record, **changes}


def test_a_document_round_trips():
    case = load(json.dumps(document()))
    assert load(dump(case)) == case
    assert case.facts[0].status == "given"


def test_a_type_of_the_users_own_keeps_its_attributes():
    assert json.loads(dump(load(json.dumps(document()))))["facts"][1]["reaction"] == "rash"


def test_an_older_minor_version_loads_and_a_newer_major_does_not():
    assert load(json.dumps(document(schema_version="1.7"))).schema_version == "1.7"
    with pytest.raises(DocumentError, match=r"schema version is 2\.0"):
        load(json.dumps(document(schema_version="2.0")))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("facts", 0, "patient"), "P9", "F1 refers to P9, which is none of its patients"),
        (("facts", 0, "evidence", 0, "mention"), "M9", "F1 refers to M9, which is none of its mentions"),
        (("facts", 0, "evidence", 0, "section"), "S9", "F1 refers to S9, which is none of its sections"),
        (("facts", 0, "evidence", 0, "text"), "Trastuzumab", "the text reads 'trastuzumab'"),
        (("mentions", 0, "end"), 25, "M1 quotes"),
        (("relations", 0, "target"), "F9", "a relation refers to F9"),
        (("patients", 0, "index", "fact"), "F9", "the index event of P1 refers to F9"),
        (("sections", 0, "end"), 99, "S1 ends at 99, the text at 25"),
        (("facts", 1, "id"), "F1", "two facts have the id F1"),
        (("facts", 0, "status"), "taken", "facts.0.drug.status"),
        (("facts", 0, "colour"), "red", "facts.0.drug.colour"),
        (("facts", 0, "evidence", 0, "start"), 30, "ends at 24, before it starts at 30"),
    ],
)
def test_a_document_that_breaks_a_promise_is_refused_in_words(path, value, said):
    record = document()
    place = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(DocumentError) as error:
        load(json.dumps(record), "a.json")
    assert str(error.value).startswith("a.json: ")
    assert said in str(error.value)


def test_a_document_without_its_text_loads():
    assert load(json.dumps(document(text=None))).text is None


@given(st.binary(max_size=60))
def test_anything_else_is_refused_and_never_crashes(content):
    with pytest.raises(DocumentError):
        load(content)


def test_json_schema_names_the_standard_types():
    assert {"Drug", "Biomarker", "Lesion", "Procedure", "Diagnosis", "Outcome", "Finding"} <= set(Case.model_json_schema()["$defs"])
