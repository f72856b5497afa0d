"""Phenopackets: read back by the schema's own classes, and each fact where the schema wants it."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from documents import GOLD, gold_case, told
from google.protobuf.json_format import MessageToDict, Parse
from hypothesis import given
from hypothesis import strategies as st
from phenopackets.schema.v2.phenopackets_pb2 import Phenopacket

from extractor.errors import InputError
from extractor.exporters.phenopacket import export
from extractor.schema import Case

EPOCH = date(2000, 1, 1)


def packets(case: Case, epoch: date | None = None) -> list[dict]:
    """The packets of a case, each as the schema's classes read it, which must be what was written (but for enums' defaults)."""
    read = []
    for content in export(case, epoch).files.values():
        packet = json.loads(content)
        assert MessageToDict(Parse(content, Phenopacket())) == without_defaults(packet)
        read.append(packet)
    return read


def packet(case: Case, epoch: date | None = None) -> dict:
    (one,) = packets(case, epoch)
    return one


def without_defaults(value):
    if isinstance(value, dict):
        told = {k: without_defaults(v) for k, v in value.items()}
        return {k: v for k, v in told.items() if not (isinstance(v, str) and v.startswith(("UNKNOWN_", "unspecified_")))}
    return [without_defaults(v) for v in value] if isinstance(value, list) else value


def lost(case: Case, fact: str, epoch: date | None = None) -> str:
    return "; ".join(loss.what for loss in export(case, epoch).losses if loss.fact == fact)


def classes(value) -> list[dict]:
    """Every ontology class in a packet."""
    if isinstance(value, dict):
        own = [value] if value.keys() == {"id", "label"} else []
        return own + [c for v in value.values() for c in classes(v)]
    return [c for v in value for c in classes(v)] if isinstance(value, list) else []


def resting_on(packet: dict) -> set[str]:
    """The facts whose words a packet points at."""
    references = packet["metaData"].get("externalReferences", [])
    references += [e["reference"] for f in packet.get("phenotypicFeatures", []) for e in f["evidence"]]
    return {r["id"].split("#")[1] for r in references if "#" in r["id"]}


def complete(case: Case, epoch: date | None = None) -> None:
    """Every fact is in a packet or said to be lost, every prefix is explained, and every time is well-formed."""
    done = export(case, epoch)
    there = set().union(*map(resting_on, packets(case, epoch)))
    whole = {loss.fact for loss in done.losses}
    assert {f.id for f in case.facts if f.evidence} <= there | whole
    for one in packets(case, epoch):
        explained = {r["namespacePrefix"] for r in one["metaData"].get("resources", [])}
        assert {c["id"].split(":")[0] for c in classes(one)} <= explained
    assert done == export(case, epoch)


@pytest.mark.parametrize("epoch", [None, EPOCH])
@pytest.mark.parametrize("gold", sorted(GOLD.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_gold_timeline_becomes_packets_the_schema_reads(gold: Path, epoch, shared):
    complete(gold_case(gold, shared / "gold" / "dev"), epoch)


def test_the_article_becomes_a_packet(nlp):
    from extractor import extract

    case = extract(Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt", nlp)
    complete(case)
    one = packet(case)
    assert one["subject"]["sex"] == "FEMALE"
    assert one["subject"]["vitalStatus"]["status"] == "DECEASED"
    assert {"invasive ductal carcinoma", "metastatic carcinoma"} <= {d["term"]["label"] for d in one["diseases"]}
    variants = [g["variantInterpretation"] for i in one["interpretations"] for g in i["diagnosis"].get("genomicInterpretations", [])]
    assert "TP53 D281E" in {v["variationDescriptor"]["label"] for v in variants}


def test_it_uses_the_fields_that_the_published_examples_use(shared):
    """Of the two published examples, each field that our facts can fill is filled where they fill it."""
    facts = [
        {"type": "finding", "name": "fever", "start": {"earliest": 0, "latest": 3}},
        {"type": "finding", "name": "chills", "start": {"earliest": 0, "latest": 0}},
        {"type": "finding", "name": "hemoglobin", "value": "9.5", "unit": "g/dL", "start": {"earliest": 0, "latest": 2}},
        {"type": "finding", "name": "pulse", "value": "90", "start": {"earliest": 0, "latest": 0}},
        {"type": "diagnosis", "name": "influenza", "start": {"earliest": 2, "latest": 2}},
        {
            "type": "drug",
            "name": "oseltamivir",
            "dose": "75 mg",
            "frequency": "twice daily",
            "route": "oral",
            "start": {"earliest": 1, "latest": 1},
            "end": {"earliest": 5, "latest": 5},
        },
        {"type": "procedure", "name": "intubation", "start": {"earliest": 3, "latest": 3}},
        {"type": "outcome", "name": "death", "start": {"earliest": 9, "latest": 9}},
    ]
    ours = packet(told(*facts), EPOCH)
    example = json.loads((shared / "validators" / "phenopacket" / "covid19.json").read_text())
    Parse(json.dumps(example), Phenopacket())
    not_ours = {"causeOfDeath", "referenceRange", "low", "high", "created", "submittedBy", "excluded"}
    assert keys(example["subject"]) - not_ours <= keys(ours["subject"]) | {"age", "iso8601duration", "label"}
    for part in ("phenotypicFeatures", "measurements", "diseases", "medicalActions", "metaData"):
        assert keys(example[part]) - not_ours <= keys(ours[part]), part


def test_a_feature_cites_its_words_as_the_published_example_cites_a_paper(shared):
    example = json.loads((shared / "validators" / "phenopacket" / "mcahs1.json").read_text())
    ours = packet(told({"type": "finding", "name": "cough"}))["phenotypicFeatures"]
    assert keys(example["phenotypicFeatures"][0]) <= keys(ours)


def keys(value) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize(
    ("bounds", "time"),
    [
        ((0, 0), {"age": {"iso8601duration": "P42Y"}}),
        ((0, 21), {"ageRange": {"start": {"iso8601duration": "P42Y"}, "end": {"iso8601duration": "P43Y20D"}}}),
        ((-3652.5, -3652.5), {"ageRange": {"start": {"iso8601duration": "P32Y"}, "end": {"iso8601duration": "P32Y365D"}}}),
        ((None, 0), {"ageRange": {"start": {"iso8601duration": "P0D"}, "end": {"iso8601duration": "P42Y365D"}}}),
        ((3, None), None),
    ],
)
def test_a_time_is_the_age_at_day_0_and_the_bounds(bounds, time):
    case = told({"type": "diagnosis", "name": "asthma", "start": {"earliest": bounds[0], "latest": bounds[1]}})
    assert packet(case)["diseases"][0].get("onset") == time
    assert (time == {"age": {"iso8601duration": "P42Y"}}) == (lost(case, "F1") == "")


@given(age=st.integers(0, 100), low=st.integers(-40000, 40000), width=st.integers(0, 4000))
def test_an_age_range_is_never_narrower_than_what_is_known(age, low, width):
    case = told({"type": "diagnosis", "name": "asthma", "start": {"earliest": low, "latest": low + width}}, age=f"P{age}Y")
    onset = packet(case)["diseases"][0].get("onset", {})
    if "ageRange" in onset:
        first, last = (days(onset["ageRange"][x]["iso8601duration"]) for x in ("start", "end"))
        assert first <= max(age * 365.25 + low, 0)
        assert last >= age * 365.25 + 364.25 + low + width
    elif "age" not in onset:
        assert "its start" in lost(case, "F1")


def days(duration: str) -> float:
    years, rest = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)D)?", duration).groups()
    return int(years or 0) * 365.25 + int(rest or 0)


def test_without_an_age_a_time_is_lost_and_said():
    case = told({"type": "diagnosis", "name": "asthma", "start": {"earliest": 3, "latest": 9}}, age=None)
    assert "onset" not in packet(case)["diseases"][0]
    assert lost(case, "F1") == "its start, 3 to 9 days from day 0"


def test_dates_stand_where_the_report_tells_them_or_an_epoch_is_given():
    case = told({"type": "diagnosis", "name": "asthma", "start": {"earliest": 3, "latest": 9, "date": "2014-02"}})
    assert packet(case)["diseases"][0]["onset"] == {"interval": {"start": "2014-02-01T00:00:00Z", "end": "2014-02-28T00:00:00Z"}}
    assert packet(case, EPOCH)["diseases"][0]["onset"] == {"interval": {"start": "2000-01-04T00:00:00Z", "end": "2000-01-10T00:00:00Z"}}


def test_a_day_outside_the_calendar_is_refused_in_words():
    case = told({"type": "diagnosis", "name": "asthma", "start": {"earliest": -900000, "latest": 0}})
    with pytest.raises(InputError, match="a: day -900000 from 2000-01-01 is in no calendar"):
        export(case, EPOCH)


def test_stage_and_tnm_stand_apart():
    case = told({"type": "diagnosis", "name": "breast cancer", "stage": "pT3N0M0, stage IIB", "site": "breast", "laterality": "left"})
    disease = packet(case)["diseases"][0]
    assert [t["label"] for t in disease["clinicalTnmFinding"]] == ["T3", "N0", "M0"]
    assert [s["label"] for s in disease["diseaseStage"]] == ["stage IIB"]
    assert (disease["primarySite"]["label"], disease["laterality"]["label"]) == ("breast", "left")
    assert "pathologic" in lost(case, "F1")


def test_a_suspected_disease_is_an_interpretation_in_progress():
    one = packet(told({"type": "diagnosis", "name": "asthma", "certainty": "suspected"}))
    assert "diseases" not in one
    assert one["interpretations"][0]["progressStatus"] == "IN_PROGRESS"


def test_a_marker_is_measured_in_its_specimen():
    one = packet(told({"type": "biomarker", "name": "ER", "status": "low", "value": "1%", "specimen": "breast primary"}))
    (sample,) = one["biosamples"]
    assert sample["sampledTissue"]["label"] == "breast primary"
    values = [m["value"] for m in sample["measurements"]]
    assert values[0]["ontologyClass"]["label"] == "low"
    assert values[1]["quantity"] == {"unit": {"id": "UCUM:%", "label": "%"}, "value": 1.0}


def test_a_variant_is_interpreted_for_the_only_cancer():
    cancer = {"type": "diagnosis", "name": "lung adenocarcinoma"}
    variant = {"type": "biomarker", "name": "EGFR", "status": "mutated", "value": "L858R", "concept": {"system": "HGNC", "code": "3236"}}
    one = packet(told(cancer, variant))
    diagnosis = one["interpretations"][0]["diagnosis"]
    assert diagnosis["disease"]["label"] == "lung adenocarcinoma"
    descriptor = diagnosis["genomicInterpretations"][0]["variantInterpretation"]["variationDescriptor"]
    assert (descriptor["label"], descriptor["geneContext"]) == ("EGFR L858R", {"valueId": "HGNC:3236", "symbol": "EGFR"})
    assert "HGNC" in {r["namespacePrefix"] for r in one["metaData"]["resources"]}
    assert "the disease of its interpretation" in lost(told(variant), "F1")


def test_a_gene_has_its_approved_symbol_whatever_the_report_calls_it():
    gene = {"type": "biomarker", "name": "HER2", "status": "amplified", "concept": {"system": "hgnc.symbol", "code": "ERBB2"}}
    one = packet(told({"type": "diagnosis", "name": "breast carcinoma"}, gene))
    (found,) = one["interpretations"][0]["diagnosis"]["genomicInterpretations"]
    descriptor = found["variantInterpretation"]["variationDescriptor"]
    assert descriptor["geneContext"] == {"valueId": "hgnc.symbol:ERBB2", "symbol": "ERBB2"}
    assert "hgnc.symbol" in {r["namespacePrefix"] for r in one["metaData"]["resources"]}


def test_a_drug_keeps_its_dose_route_reasons_and_dates():
    drug = {
        "type": "drug",
        "name": "paclitaxel",
        "dose": "80 mg/m2",
        "route": "intravenous",
        "frequency": "weekly",
        "intent": "adjuvant",
        "cycles": 12,
        "stop_reason": "toxicity",
        "start": {"earliest": 10, "latest": 12},
        "end": {"earliest": 40, "latest": 40},
    }
    action = packet(told(drug), EPOCH)["medicalActions"][0]
    (dose,) = action["treatment"]["doseIntervals"]
    assert dose["quantity"] == {"unit": {"id": "UCUM:mg/m2", "label": "mg/m2"}, "value": 80.0}
    assert dose["interval"] == {"start": "2000-01-12T00:00:00Z", "end": "2000-02-10T00:00:00Z"}
    assert action["treatment"]["routeOfAdministration"]["label"] == "intravenous"
    assert (action["treatmentIntent"]["label"], action["treatmentTerminationReason"]["label"]) == ("adjuvant", "toxicity")
    assert lost(told(drug), "F1") == "its start, 10 to 12 days from day 0; its end, 40 days from day 0; its cycles 12"


def test_a_regimen_keeps_its_ages():
    action = packet(told({"type": "drug", "name": "FOLFOX", "components": ["folinic acid"], "start": {"earliest": 0, "latest": 0}}))
    assert action["medicalActions"][0]["therapeuticRegimen"]["startTime"] == {"age": {"iso8601duration": "P42Y"}}


def test_radiotherapy_with_dose_and_fractions_is_radiation_therapy():
    radiation = {"type": "procedure", "name": "radiotherapy", "category": "radiotherapy", "site": "brain", "dose": "30 Gy", "fractions": 10}
    action = packet(told(radiation))["medicalActions"][0]["radiationTherapy"]
    assert (action["dosage"], action["fractions"], action["bodySite"]["label"]) == (30, 10, "brain")
    without = told({**radiation, "fractions": None})
    assert "procedure" in packet(without)["medicalActions"][0]
    assert "its dose 30 Gy" in lost(without, "F1")


def test_a_biopsy_gives_a_biosample():
    one = packet(told({"type": "procedure", "name": "core biopsy", "category": "biopsy", "site": "breast", "laterality": "left"}))
    assert one["biosamples"][0]["procedure"] == one["medicalActions"][0]["procedure"]
    assert one["biosamples"][0]["sampledTissue"]["label"] == "left breast"


@pytest.mark.parametrize("status", ["planned", "declined"])
def test_what_was_not_done_is_lost_and_said(status):
    case = told({"type": "drug", "name": "cisplatin", "status": status}, {"type": "procedure", "name": "mastectomy", "status": status})
    assert "medicalActions" not in packet(case)
    assert lost(case, "F1") == f"cisplatin, {status}"


def test_a_resolved_lesion_has_a_resolution_and_its_size_is_measured():
    lesion = {"type": "lesion", "name": "mass", "size_mm": [20, 30], "start": {"earliest": 0, "latest": 0}, "site": "lung"}
    one = packet(told(lesion, {**lesion, "course": "resolved", "size_mm": None}))
    assert ["onset" in f for f in one["phenotypicFeatures"]] == [True, False]
    sizes = one["measurements"][0]["complexValue"]["typedQuantities"]
    assert [s["quantity"]["value"] for s in sizes] == [30, 20]


def denied(name: str, at: int, **context) -> dict:
    return {
        "id": f"M{at}",
        "label": "finding",
        "start": at,
        "end": at + len(name),
        "text": name,
        "section": "S1",
        "found_by": "t",
        "context": {"negated": True, **context},
    }


def test_findings_denied_are_excluded_unless_told_as_present():
    text = "no fever, no cough, no pain, no rash"
    mentions = [denied("fever", 3), denied("cough", 13), denied("pain", 23, hypothetical=True), denied("rash", 32, experiencer="family")]
    sections = [{"id": "S1", "kind": "case", "start": 0, "end": len(text)}]
    case = told({"type": "finding", "name": "cough"}, text=text, mentions=mentions, sections=sections)
    features = packet(case)["phenotypicFeatures"]
    assert [(f["type"]["label"], f.get("excluded", False)) for f in features] == [("cough", False), ("fever", True)]
    assert features[1]["evidence"][0]["reference"]["reference"] == "a.txt#char=3,8"
    assert any("that cough is denied" in loss.what for loss in export(case).losses)


def test_each_patient_has_a_packet():
    patients = [{"id": "P1", "sex": "male"}, {"id": "P2"}]
    case = told({"type": "diagnosis", "name": "asthma", "patient": "P2"}, patients=patients)
    assert list(export(case).files) == ["a.P1.phenopacket.json", "a.P2.phenopacket.json"]
    first, second = packets(case)
    assert ("diseases" in first, "diseases" in second) == (False, True)


def test_a_case_without_facts_is_a_packet_of_its_subject():
    one = packet(told())
    assert one["subject"] == {
        "id": "P1",
        "timeAtLastEncounter": {"age": {"iso8601duration": "P42Y"}},
        "vitalStatus": {"status": "UNKNOWN_STATUS"},
        "sex": "FEMALE",
    }


def test_types_of_ones_own_and_unknown_codes_are_lost_and_said():
    case = told(
        {"type": "allergy", "name": "penicillin"}, {"type": "finding", "name": "cough", "concept": {"system": "SNOMED", "code": "1"}}
    )
    assert lost(case, "F1") == "allergy penicillin, as a whole"
    assert lost(case, "F2") == "its code SNOMED 1"


def test_thousands_of_facts_and_emoji_pass():
    kinds = ("finding", "diagnosis", "drug", "biomarker", "lesion", "procedure")
    facts = [{"type": kinds[n % 6], "name": f"name 🎗️ {n} שלום", "start": {"earliest": n, "latest": n + 3}} for n in range(2000)]
    complete(told(*facts, text="🎗️ words שלום"))
