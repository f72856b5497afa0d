"""cBioPortal: the study against the file rules of https://docs.cbioportal.org/file-formats/, and those of its importer's validator."""

import re
from pathlib import PurePath

import documents
import pytest

from extractor.errors import InputError
from extractor.exporters import export

# The rules, as data. Sections "Cancer Study", "Clinical Data" and "Timeline Data" of the page above, and META_FIELD_MAP of
# cbioportal-core's scripts/importer/cbioportal_common.py: the fields of a meta file, and whether each is required.
META = {
    "meta_study": {
        "type_of_cancer": True, "cancer_study_identifier": True, "name": True, "description": True, "citation": False, "pmid": False,
        "groups": False, "add_global_case_list": False, "tags_file": False, "reference_genome": False,
    },
    "meta": {"cancer_study_identifier": True, "genetic_alteration_type": True, "datatype": True, "data_filename": True},
}  # fmt: skip
DATATYPES = {"meta_clinical_patient": "PATIENT_ATTRIBUTES", "meta_clinical_sample": "SAMPLE_ATTRIBUTES"}
REQUIRED = {"data_clinical_patient": ["PATIENT_ID"], "data_clinical_sample": ["PATIENT_ID", "SAMPLE_ID"]}
TIMELINE = ["PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE"]
IDENTIFIER = re.compile(r"[A-Za-z0-9._-]+")
ATTRIBUTE = re.compile(r"[A-Z][A-Z0-9_]*")
KINDS = {"STRING": ".*", "NUMBER": r"-?\d+(\.\d+)?|", "BOOLEAN": "TRUE|FALSE|"}
OS_STATUS = {"0:LIVING", "1:DECEASED", ""}


def study(files) -> dict[str, list[list[str]]]:
    """The cells of every file; the study is checked against the rules."""
    texts = {PurePath(name).stem: content.decode() for name, content in files.items()}
    assert {"meta_study", "meta_clinical_sample", "data_clinical_sample"} <= set(texts)
    cells = {name: [line.split("\t") for line in text.splitlines()] for name, text in texts.items() if name.startswith("data_")}
    metas = {name: dict(line.split(": ", 1) for line in text.splitlines()) for name, text in texts.items() if name.startswith("meta_")}
    identifier = metas["meta_study"]["cancer_study_identifier"]
    assert IDENTIFIER.fullmatch(identifier)
    for name, fields in metas.items():
        rules = META.get(name, META["meta"])
        assert set(fields) <= set(rules) and {f for f, needed in rules.items() if needed} <= set(fields), name
        assert fields["cancer_study_identifier"] == identifier
        if name != "meta_study":
            assert fields["genetic_alteration_type"] == "CLINICAL"
            assert fields["datatype"] == DATATYPES.get(name, "TIMELINE")
            assert PurePath(fields["data_filename"]).stem in cells
    assert len(cells) == len(metas) - 1
    patients = clinical(cells["data_clinical_patient"], REQUIRED["data_clinical_patient"])
    samples = clinical(cells["data_clinical_sample"], REQUIRED["data_clinical_sample"])
    assert len({row["PATIENT_ID"] for row in patients}) == len(patients)
    assert len({row["SAMPLE_ID"] for row in samples}) == len(samples)
    assert {row["PATIENT_ID"] for row in samples} == {row["PATIENT_ID"] for row in patients}
    assert {row["OS_STATUS"] for row in patients} <= OS_STATUS
    known = {row["PATIENT_ID"] for row in patients}
    for name, rows in cells.items():
        if name.startswith("data_timeline_"):
            timeline(name, rows, known, {row["SAMPLE_ID"] for row in samples})
    return cells


def clinical(rows: list[list[str]], required: list[str]) -> list[dict[str, str]]:
    """The rows of a clinical file: four lines about its columns, the columns, and the data."""
    assert all(row[0].startswith("#") for row in rows[:4])
    assert len({len(row) for row in rows}) == 1
    kinds, names = [rows[2][0][1:], *rows[2][1:]], rows[4]
    assert all(priority.isdigit() for priority in [rows[3][0][1:], *rows[3][1:]])
    assert all(ATTRIBUTE.fullmatch(name) for name in names) and len(set(names)) == len(names)
    assert set(required) <= set(names)
    found = [dict(zip(names, row, strict=True)) for row in rows[5:]]
    for row in found:
        assert all(IDENTIFIER.fullmatch(row[name]) for name in required)
        for name, kind in zip(names, kinds, strict=True):
            assert re.fullmatch(KINDS[kind], row[name]), f"{name} {row[name]!r} is no {kind}"
            assert len(row[name]) <= 255 and row[name] == row[name].strip() and '"' not in row[name]
    return found


def timeline(name: str, rows: list[list[str]], patients: set[str], samples: set[str]) -> None:
    header, *data = rows
    assert header[:4] == TIMELINE
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", column) for column in header) and len(set(header)) == len(header)
    assert len({len(row) for row in rows}) == 1
    assert data
    for cells in data:
        row = dict(zip(header, cells, strict=True))
        assert row["PATIENT_ID"] in patients
        assert re.fullmatch(r"-?\d+", row["START_DATE"]) and re.fullmatch(r"-?\d+|", row["STOP_DATE"])
        assert row["STOP_DATE"] == "" or int(row["STOP_DATE"]) >= int(row["START_DATE"])
        assert row["EVENT_TYPE"].lower() == name.removeprefix("data_timeline_")
        assert row.get("SAMPLE_ID", "") in {*samples, ""}
        assert '"' not in "".join(cells)


def event(cells, kind: str, name: str) -> dict[str, str]:
    header, *rows = cells[f"data_timeline_{kind}"]
    [found] = [row for row in (dict(zip(header, row, strict=True)) for row in rows) if row["NAME"] == name]
    return found


def test_an_article_makes_a_study_by_the_rules(article):
    cells = study(export([article], "cbioportal").files)
    assert {
        "data_timeline_treatment",
        "data_timeline_surgery",
        "data_timeline_imaging",
        "data_timeline_lab_test",
        "data_timeline_status",
    } <= set(cells)
    assert [row[5] for row in cells["data_clinical_sample"][5:]] == ["breast primary", "brain metastasis"]


def test_days_are_the_middle_of_the_bounds_which_have_columns_of_their_own():
    cells = study(export([documents.case()], "cbioportal").files)
    drug = event(cells, "treatment", "trastuzumab")
    assert (drug["START_DATE"], drug["STOP_DATE"]) == ("40", "225")
    assert (drug["START_EARLIEST"], drug["START_LATEST"], drug["STOP_EARLIEST"], drug["STOP_LATEST"]) == ("20", "60", "190", "260")
    assert event(cells, "surgery", "mastectomy")["STOP_DATE"] == ""
    assert event(cells, "lab_test", "HER2")["SAMPLE_ID"] == "report-S1"
    patient = dict(zip(cells["data_clinical_patient"][4], cells["data_clinical_patient"][5], strict=True))
    assert (patient["OS_STATUS"], patient["OS_MONTHS"], patient["AGE"], patient["SEX"]) == ("1:DECEASED", "36", "50", "Female")


def test_what_was_declined_is_on_no_treatment_track():
    cells = study(export([documents.case()], "cbioportal").files)
    assert "tamoxifen" not in {cell for row in cells["data_timeline_treatment"] for cell in row}
    assert event(cells, "not_given", "tamoxifen")["STATUS"] == "declined"


def test_a_fact_without_a_day_is_a_loss():
    assert [loss.fact for loss in export([documents.case()], "cbioportal").losses if loss.fact] == ["F11"]


def test_several_cases_and_patients_are_one_study():
    second = documents.case(identity="case two/ü", patients=("P1", "P2"))
    cells = study(export([documents.case(identity="one"), second], "cbioportal").files)
    assert [row[0] for row in cells["data_clinical_patient"][5:]] == ["one", "case_two__-P1", "case_two__-P2"]


def test_attributes_of_a_users_type_never_take_the_place_of_a_required_column():
    kind = {
        "type": "my device",
        "name": 'the "port"',
        "words": "lump",
        "start": (1, 2),
        "event_type": "X",
        "patient_id": "Y",
        "start_date": "Z",
    }
    cells = study(export([documents.case(kinds=[kind])], "cbioportal").files)
    assert event(cells, "my_device", "the 'port'")["PATIENT_ID"] == "report"


def test_two_patients_of_one_identifier_are_refused():
    with pytest.raises(InputError, match="two patients would be called a_b"):
        export([documents.case(identity="a b"), documents.case(identity="a_b")], "cbioportal")


def test_documents_without_a_patient_are_refused_in_words():
    with pytest.raises(InputError, match="needs a patient"):
        export([documents.case(kinds=(), patients=())], "cbioportal")
