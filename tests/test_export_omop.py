"""OMOP: the tables against the CDM v5.4 of the `omop-cdm` package, generated from OHDSI's DDL, and loaded into a database made of it."""

import csv
import io
from datetime import date
from typing import Any

import documents
import pytest

from extractor.exporters import Export, export
from extractor.exporters.omop import NLP, columns
from extractor.schema import Case

EPOCH = date(2000, 1, 1)
cdm54 = pytest.importorskip("omop_cdm.regular.cdm54", reason="needs the package omop-cdm")
sqlalchemy = pytest.importorskip("sqlalchemy")
TABLES = {name.split(".")[1]: table for name, table in cdm54.Base.metadata.tables.items()}


def rows(done: Export, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.files[f"{name}.csv"].decode(), newline="")))


def value(column: Any, cell: str) -> Any:
    """A cell as the column's type has it; ValueError where it is none."""
    if cell == "":
        assert column.nullable, f"{column} is empty and must not be"
        return None
    kind = column.type.python_type
    if kind is str:
        assert column.type.length is None or len(cell) <= column.type.length, f"{column}: {cell!r} is longer than {column.type.length}"
        return cell
    return date.fromisoformat(cell) if kind is date else kind(cell)


def typed(done: Export) -> dict[str, list[dict[str, Any]]]:
    return {name: [{c.name: value(c, row[c.name]) for c in TABLES[name].columns} for row in rows(done, name)] for name in columns()}


def test_our_table_of_columns_is_that_of_the_cdm():
    for name, ours in columns().items():
        theirs = TABLES[name].columns
        assert [c.name for c in ours] == [c.name for c in theirs]
        assert [c.required for c in ours] == [not c.nullable for c in theirs]
        assert [c.longest for c in ours] == [getattr(c.type, "length", None) for c in theirs]


@pytest.fixture(params=["made", "article"])
def case(request: pytest.FixtureRequest) -> Case:
    return documents.case() if request.param == "made" else request.getfixturevalue("article")


def test_every_table_has_the_columns_types_and_lengths_of_the_cdm(case):
    done = export([case], "omop", EPOCH)
    assert set(done.files) == {f"{name}.csv" for name in columns()}
    for name in columns():
        assert done.files[f"{name}.csv"].decode().splitlines()[0].split(",") == [c.name for c in TABLES[name].columns]
    assert sum(map(len, typed(done).values())) > 20


def test_the_tables_load_into_a_database_of_the_cdm(case):
    here = {"cdm_schema": None, "vocabulary_schema": None}
    engine = sqlalchemy.create_engine("sqlite://").execution_options(schema_translate_map=here)
    other = case.model_copy(update={"source": case.source.model_copy(update={"id": "b"})})
    with engine.begin() as connection:
        cdm54.Base.metadata.create_all(connection)
        for name, found in typed(export([case, other], "omop", EPOCH)).items():
            if found:
                connection.execute(TABLES[name].insert(), found)
        orphans = {
            "drug_exposure": "person_id not in (select person_id from person)",
            "episode_event": "event_id not in (select drug_exposure_id from drug_exposure)",
            "note_nlp": "note_id not in (select note_id from note)",
            "measurement": "measurement_event_id not in (select condition_occurrence_id from condition_occurrence)",
        }
        for table, where in orphans.items():
            assert connection.execute(sqlalchemy.text(f"select count(*) from {table} where {where}")).scalar() == 0
        quotes = 'select count(*) from note_nlp l join note n using (note_id) where substr(n.note_text, cast(l."offset" as int) + 1, '
        wrong = connection.execute(sqlalchemy.text(quotes + "length(l.lexical_variant)) <> l.lexical_variant")).scalar()
        assert wrong == 0
        assert connection.execute(sqlalchemy.text("select count(*) from person")).scalar() == 2


def test_dates_are_the_epoch_and_the_middle_of_the_bounds():
    done = export([documents.case()], "omop", EPOCH)
    [mastectomy] = [r for r in rows(done, "procedure_occurrence") if r["procedure_source_value"] == "mastectomy"]
    assert mastectomy["procedure_date"] == "2000-01-25"  # 11 to 38 days after day 0
    [person] = rows(done, "person")
    assert (person["year_of_birth"], person["gender_concept_id"], person["month_of_birth"]) == ("1950", "8532", "")
    assert {row["term_temporal"] for row in rows(done, "note_nlp") if "fact=F6" in row["term_modifiers"]} == {"day 11..38"}
    assert rows(done, "death")[0]["death_date"] == "2003-01-01"


def test_what_did_not_happen_is_an_observation():
    done = export([documents.case()], "omop", EPOCH)
    assert "tamoxifen" not in [r["drug_source_value"] for r in rows(done, "drug_exposure")]
    assert ("tamoxifen", "declined") in {(r["observation_source_value"], r["value_as_string"]) for r in rows(done, "observation")}
    assert {r["term_exists"] for r in rows(done, "note_nlp") if r["lexical_variant"] == "fever"} == {"N"}


def test_results_sizes_and_regimens_have_their_values():
    done = export([documents.case()], "omop", EPOCH)
    columns = ("measurement_source_value", "value_as_number", "value_as_concept_id", "unit_source_value", "value_source_value")
    found = {tuple(row[column] for column in columns) for row in rows(done, "measurement")}
    assert ("HER2", "", "9191", "", "positive 3+") in found
    assert ("ER", "", "9189", "", "negative") in found
    assert {("lesion size", "23.0", "", "mm", "23 mm"), ("lesion size", "10.0", "", "mm", "10 mm")} <= found
    [episode] = rows(done, "episode")
    assert (episode["episode_source_value"], episode["episode_concept_id"]) == ("trastuzumab + pertuzumab", "32531")
    assert {row["event_id"] for row in rows(done, "episode_event")} == {"1", "2"}
    assert {row["drug_type_concept_id"] for row in rows(done, "drug_exposure")} == {str(NLP)}


def test_a_patient_without_an_age_is_left_out_as_the_cdm_asks_and_told():
    patients = (documents.Patient(id="P1", sex="male"),)
    case = documents.case(kinds=documents.KINDS[1:3]).model_copy(update={"patients": patients})
    done = export([case], "omop", EPOCH)
    assert rows(done, "person") == []
    assert any("P1" in loss.what and "year of birth" in loss.why for loss in done.losses)


def test_what_is_too_long_or_has_no_day_is_told():
    name = "carcinoma of " + "very " * 12 + "small cells"
    kinds = [{"type": "diagnosis", "name": name, "words": "carcinoma", "start": (0, 0)}, documents.KINDS[10]]
    done = export([documents.case(kinds=kinds)], "omop", EPOCH)
    assert rows(done, "condition_occurrence")[0]["condition_source_value"] == name[:50]
    said = {loss.fact: loss.why for loss in done.losses if loss.fact}
    assert said == {
        "F1": "condition_occurrence.condition_source_value holds 50 characters",
        "F2": "OMOP needs a date, and no day is known that the calendar has",
    }


def test_a_day_beyond_the_calendar_is_told():
    kinds = [{"type": "drug", "name": "x", "words": "lump", "start": (9e8, 9e8)}]
    assert [loss.fact for loss in export([documents.case(kinds=kinds)], "omop", EPOCH).losses if loss.fact] == ["F1"]
