"""FHIR bundles: read by the R4B models, held against mCODE's element tables, and each fact in the resource it belongs in."""

import base64
import json
import re
from datetime import date
from pathlib import Path

import pytest
from documents import GOLD, gold_case, told
from fhir.resources.R4B.bundle import Bundle

from extractor.errors import DocumentError, InputError
from extractor.exporters.fhir import MCODE, URN, export
from extractor.schema import Case

EPOCH = date(2000, 1, 1)
CANCER = {"type": "diagnosis", "name": "lung adenocarcinoma", "start": {"earliest": 0, "latest": 4}}
DAR = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

CODES = {
    "observation-status": {"registered", "preliminary", "final", "amended"},
    "medication-admin-status": {"in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown"},
    "medicationrequest-status": {"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"},
    "medicationrequest-intent": {"proposal", "plan", "order"},
    "event-status": {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown"},
    "administrative-gender": {"male", "female", "other", "unknown"},
    "condition-clinical": {"active", "recurrence", "relapse", "inactive", "remission", "resolved"},
    "condition-ver-status": {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"},
    "us-core-problem-or-health-concern": {"problem-list-item", "health-concern"},
    "LL1971-2": {"LA9633-4", "LA9634-2", "LA18198-4", "LA11884-6"},
}
"""Codes of the required value sets that are FHIR's, HL7's or LOINC's own (R4, 4.0.1)."""
IN_WORDS = {
    "mcode-procedure-intent-vs",
    "mcode-treatment-termination-reason-vs",
    "mcode-laterality-qualifier-vs",
    "mcode-condition-status-trend-vs",
    "mcode-body-location-and-laterality-qualifier-vs",
    "mcode-radiotherapy-treatment-location-vs",
    "mcode-radiotherapy-treatment-location-qualifier-vs",
}
"""Required value sets of SNOMED CT codes, for which we have words only: docs/phenopacket_fhir.md lists the same."""


def bundles(case: Case, epoch: date | None = None) -> list[dict]:
    """The bundles of a case, each as the R4B models read it, which must be what was written."""
    read = []
    for content in export(case, epoch).files.values():
        bundle = json.loads(content)
        assert json.loads(Bundle.model_validate_json(content).model_dump_json()) == bundle
        read.append(bundle)
    return read


def resources(case: Case, kind: str, epoch: date | None = None, profile: str = "") -> list[dict]:
    """The resources of a kind, and with a profile where one is named."""
    found = [e["resource"] for b in bundles(case, epoch) for e in b["entry"] if e["resource"]["resourceType"] == kind]
    return [r for r in found if not profile or MCODE + profile in r.get("meta", {}).get("profile", [])]


def resource(case: Case, kind: str, epoch: date | None = None, profile: str = "") -> dict:
    (one,) = resources(case, kind, epoch, profile)
    return one


def extensions(element: dict, url: str) -> list[dict]:
    return [e for e in element.get("extension", []) if e["url"] == url]


def parts(extension: dict) -> dict:
    """The parts of one of our extensions by their names."""
    return {e["url"]: next(v for k, v in e.items() if k != "url") for e in extension["extension"]}


def facts_in(bundle: dict) -> set[str]:
    return {parts(e)["id"] for entry in bundle["entry"] for e in extensions(entry["resource"], URN + "fact")}


def every(value, key: str) -> list:
    """The values of a key anywhere in a resource."""
    if isinstance(value, dict):
        return [v for k, v in value.items() if k == key] + [x for v in value.values() for x in every(v, key)]
    return [x for v in value for x in every(v, key)] if isinstance(value, list) else []


def complete(case: Case, epoch: date | None = None) -> None:
    """Every fact is there with its words and its bounds, every reference resolves, ids are FHIR's and unique."""
    read = bundles(case, epoch)
    assert set().union(*map(facts_in, read)) == {f.id for f in case.facts}
    by_id = {f.id: f for f in case.facts}
    for bundle in read:
        urls = [e["fullUrl"] for e in bundle["entry"]]
        ids = [e["resource"]["id"] for e in bundle["entry"]]
        assert len(set(urls)) == len(set(ids)) == len(urls)
        assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,64}", i) for i in ids)
        assert set(every(bundle, "reference")) <= set(urls)
        for entry in bundle["entry"]:
            for mark in extensions(entry["resource"], URN + "fact"):
                fact = by_id[parts(mark)["id"]]
                words = [parts(e) for e in extensions(entry["resource"], URN + "evidence")]
                assert [(w["start"], w["end"], w["role"]) for w in words] == [(e.start, e.end, e.role) for e in fact.evidence]
                times = [parts(e) for e in extensions(entry["resource"], URN + "relative-time")]
                if fact.start and fact.start.earliest is not None:
                    assert times[0]["start"]["low"]["value"] == fact.start.earliest
    assert export(case, epoch) == export(case, epoch)


@pytest.mark.parametrize("epoch", [None, EPOCH])
@pytest.mark.parametrize("gold", sorted(GOLD.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_gold_timeline_becomes_bundles_the_models_read(gold: Path, epoch, shared):
    complete(gold_case(gold, shared / "gold" / "dev"), epoch)


@pytest.fixture(scope="module")
def article(nlp) -> Case:
    from extractor import extract

    return extract(Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt", nlp)


def test_the_article_becomes_a_bundle(article):
    complete(article)
    profiles = {p.removeprefix(MCODE) for b in bundles(article) for p in every(b, "profile") for p in p}
    assert {
        "patient-bundle",
        "cancer-patient",
        "primary-cancer-condition",
        "secondary-cancer-condition",
        "tumor-marker-test",
        "tumor",
        "tumor-size",
        "cancer-related-medication-administration",
        "cancer-related-surgical-procedure",
        "radiotherapy-course-summary",
        "genomic-variant",
        "cancer-disease-status",
        "human-specimen",
    } <= profiles


def test_no_date_is_invented(article):
    """Without an epoch the article, which tells no date, has none."""
    content = next(iter(export(article).files.values())).decode()
    assert not re.search(r'"(effective|onset|performed|deceased|abatement|authored|occurrence)\w*": "\d', content)
    dated = next(iter(export(article, EPOCH).files.values())).decode()
    assert len(re.findall(r'"(?:effective|onset|performed)DateTime": "20\d\d-\d\d-\d\d"', dated)) > 50


# mCODE's element tables.


def dictionary(shared: Path) -> dict:
    return json.loads((shared / "validators" / "mcode" / "data-dictionary" / "mCODEDataDictionary-STU4.json").read_text())


SLICES = {
    "treatmentIntent": MCODE + "procedure-intent",
    "terminationReason": MCODE + "treatment-termination-reason",
    "doseDeliveredToVolume": MCODE + "radiotherapy-dose-delivered-to-volume",
    "lateralityQualifier": MCODE + "laterality-qualifier",
    "relatedPrimaryCancerCondition": "http://hl7.org/fhir/StructureDefinition/condition-related",
    "tumorLongestDimension": "33728-7",
    "tumorOtherDimension": "33729-5",
    "gene-studied": "48018-6",
    "variation-code": "81252-9",
}
"""How a named slice is told from its neighbours: by the address of an extension or the code of a component."""


def at(resource: dict, path: str) -> list:
    """The values at a path of the data dictionary ("Observation.component:gene-studied.value[x]")."""
    found = [resource]
    for step in path.split(".")[1:]:
        name, _, slice_ = step.partition(":")
        stem = name.removesuffix("[x]")
        inside = [v for f in found for k, v in f.items() if k == name or (name.endswith("[x]") and re.fullmatch(rf"{stem}[A-Z]\w*", k))]
        found = [x for v in inside for x in (v if isinstance(v, list) else [v])]
        if slice_ in SLICES:
            found = [f for f in found if SLICES[slice_] in (f.get("url"), *every(f.get("code"), "code"))]
        elif slice_ and name in ("extension", "component"):
            found = []  # A slice we never fill.
    return found


def problems(resource: dict, rows: list[dict], codes: dict[str, set[str]], words: set[str]) -> list[str]:
    """What the element table of a resource's profile asks for and the resource does not have."""
    wrong = []
    for row in rows:
        path = row["FHIR Element (R4)"]
        if path.split(".")[0] != resource["resourceType"]:
            continue
        values = at(resource, path)
        parent = at(resource, path.rpartition(".")[0]) if path.count(".") > 1 else [resource]
        required = row["Required?"] == "Required" or (row["Required?"].startswith("Required (conditional") and parent and ":" not in path)
        if required and not values:
            wrong.append(f"{resource['id']}: no {path}")
        told_apart = ":" not in path or path.rpartition(":")[2].split(".")[0] in SLICES
        if row["Occurrences Allowed"] == "Single" and told_apart and len(values) > max(len(parent), 1):
            wrong.append(f"{resource['id']}: {len(values)} of {path}")
        bound = row["Value Set URI"].split("/")[-1].split("|")[0] if row["Value Set Binding"] == "required" else ""
        for value in values:
            given = [value] if isinstance(value, str) else every(value, "code")
            given = [g for g in given if isinstance(g, str)]
            if bound in codes and not (set(given) & codes[bound] or every(value, "url")):
                wrong.append(f"{resource['id']}: {path} is {given}, none of {bound}")
            if bound and bound not in codes and not given and "text" in str(value):
                words.add(bound)
    return wrong


def test_resources_have_what_the_element_tables_of_their_profiles_require(shared, article):
    tables = dictionary(shared)
    rows: dict[str, list[dict]] = {}
    for row in tables["profileElements"]:
        rows.setdefault(row["Source Profile URI"], []).append(row)
    listed: dict[str, set[str]] = {k: set(v) for k, v in CODES.items()}
    for row in tables["valueSetElements"]:
        if row.get("Code") and row["Code system"] in ("http://loinc.org", "http://unitsofmeasure.org"):
            listed.setdefault(row["Value set URI"].split("/")[-1], set()).add(row["Code"])
    checked, words, wrong = set(), set(), []
    cases = [article, *(gold_case(p, shared / "gold" / "dev") for p in sorted(GOLD.glob("*.yaml")))]
    for case in [*cases, told(CANCER, {"type": "drug", "name": "cisplatin", "status": "planned", "intent": "adjuvant"})]:
        for entry in (e for content in export(case).files.values() for e in json.loads(content)["entry"]):
            for profile in entry["resource"].get("meta", {}).get("profile", []):
                checked.add(profile)
                wrong += problems(entry["resource"], rows[profile], listed, words)
    assert wrong == []
    assert words <= IN_WORDS
    assert len(checked) > 15


def test_a_resource_that_breaks_its_table_is_found(shared):
    rows = [r for r in dictionary(shared)["profileElements"] if r["Source Profile URI"] == MCODE + "tumor-marker-test"]
    good = resource(told(CANCER, {"type": "biomarker", "name": "ER", "status": "positive"}), "Observation")
    assert problems(good, rows, CODES, set()) == []
    without = {k: v for k, v in good.items() if k != "valueCodeableConcept"}
    assert problems({**without, "status": "done"}, rows, CODES, set()) == [
        f"{good['id']}: Observation.status is ['done'], none of observation-status",
        f"{good['id']}: no Observation.value[x]",
    ]


def test_profiles_are_those_of_the_data_dictionary(shared):
    import inspect

    from extractor.exporters import fhir

    known = {p["url"] for p in dictionary(shared)["profiles"]} | {e["url"] for e in dictionary(shared)["extensions"]}
    source = inspect.getsource(fhir)
    named = set(re.findall(r'profile="([a-z-]+)"|MCODE \+ "([a-z-]+)"|: "((?:tnm|cancer|radiotherapy)-[a-z-]+)"', source))
    assert {MCODE + next(n for n in names if n) for names in named} <= known
    assert len(named) > 12


# Each type of fact.


def test_the_patient_has_an_age_at_day_0_and_no_name():
    index = {"label": "visit", "fact": "F1"}
    case = told(CANCER, {"type": "outcome", "name": "death"}, patients=[{"id": "P1", "sex": "female", "age": "P18M", "index": index}])
    patient = resource(case, "Patient")
    assert patient["name"] == [{"extension": [{"url": DAR, "valueCode": "masked"}]}]
    assert (patient["gender"], patient["deceasedBoolean"]) == ("female", True)
    (age,) = extensions(patient, URN + "age-at-day-0")
    assert (age["valueAge"]["value"], age["valueAge"]["code"]) == (18, "mo")
    assert "birthDate" not in patient
    assert parts(*extensions(patient, URN + "day-0")) == {"label": "visit", "fact": "F1"}


def test_without_a_cancer_no_mcode_profile_is_claimed():
    case = told({"type": "diagnosis", "name": "asthma"}, {"type": "procedure", "name": "appendectomy", "category": "surgery"})
    assert not any(every(b, "profile") for b in bundles(case))


def test_the_report_and_its_text_are_there():
    report = resource(told(CANCER, text="🎗️ words"), "DocumentReference")
    assert base64.b64decode(report["content"][0]["attachment"]["data"]).decode() == "🎗️ words"


def test_a_time_is_its_bounds_and_a_date_only_with_an_epoch_or_as_told():
    drug = {
        "type": "drug",
        "name": "cisplatin",
        "start": {"earliest": 3, "latest": 7, "date": "2014-02"},
        "end": {"earliest": 30, "latest": 30},
        "step": 2,
    }
    given = resource(told(CANCER, drug), "MedicationAdministration")
    (time,) = extensions(given, URN + "relative-time")
    day = {"unit": "day", "system": "http://unitsofmeasure.org", "code": "d"}
    assert parts(time)["start"] == {"low": {"value": 3.0, **day}, "high": {"value": 7.0, **day}}
    assert parts(time)["step"] == 2
    assert given["effectivePeriod"] == {"start": "2014-02"}
    assert resource(told(CANCER, drug), "MedicationAdministration", EPOCH)["effectivePeriod"] == {
        "start": "2000-01-06",
        "end": "2000-01-31",
    }


def test_a_mandatory_time_that_is_not_known_says_so():
    given = resource(told(CANCER, {"type": "drug", "name": "cisplatin"}), "MedicationAdministration")
    assert given["effectivePeriod"] == {"extension": [{"url": DAR, "valueCode": "unknown"}]}


def test_a_day_outside_the_calendar_is_refused_in_words():
    with pytest.raises(InputError, match="is in no calendar: name another --epoch"):
        export(told({"type": "diagnosis", "name": "asthma", "start": {"earliest": -900000, "latest": -900000}}), EPOCH)


def test_a_spread_points_at_the_only_primary():
    case = told(CANCER, {"type": "diagnosis", "name": "brain metastasis", "site": "brain", "laterality": "left"})
    primary = resource(case, "Condition", profile="primary-cancer-condition")
    spread = resource(case, "Condition", profile="secondary-cancer-condition")
    (related,) = extensions(spread, "http://hl7.org/fhir/StructureDefinition/condition-related")
    assert related["valueReference"]["display"] == primary["code"]["text"]
    assert spread["bodySite"][0]["extension"][0]["valueCodeableConcept"] == {"text": "left"}
    assert primary["clinicalStatus"]["coding"][0]["code"] == "active"


def test_a_stage_is_observed_and_assessed():
    case = told({**CANCER, "stage": "IV (cT2bN2M1b)", "grade": "poorly differentiated"})
    condition = resource(case, "Condition")
    assert condition["stage"][0]["summary"] == {"text": "IV (cT2bN2M1b)"}
    group = resource(case, "Observation", profile="tnm-stage-group")
    assert group["valueCodeableConcept"] == {"text": "IV"}
    assert group["code"]["coding"][0]["code"] == "21908-9"
    assert [m["display"] for m in group["hasMember"]] == ["cT2b", "cN2", "cM1b"]
    assert group["method"] == {"extension": [{"url": DAR, "valueCode": "unknown"}]}
    grade = next(o for o in resources(case, "Observation") if o["code"].get("text") == "grade")
    assert grade["valueCodeableConcept"] == {"text": "poorly differentiated"}


def test_a_stage_without_tnm_is_a_cancer_stage():
    stage = resource(told({**CANCER, "stage": "BCLC early stage A"}), "Observation", profile="cancer-stage")
    assert stage["valueCodeableConcept"] == {"text": "BCLC early stage A"}


def test_what_is_only_suspected_says_so():
    marker = told(CANCER, {"type": "biomarker", "name": "ER", "status": "positive", "certainty": "suspected"})
    assert resource(marker, "Observation")["status"] == "preliminary"
    lesion = told({"type": "lesion", "name": "mass", "certainty": "suspected"})
    assert "only suspected" in " ".join(loss.what for loss in export(lesion).losses)


def test_a_suspected_disease_is_provisional():
    assert resource(told({**CANCER, "certainty": "suspected"}), "Condition")["verificationStatus"]["coding"][0]["code"] == "provisional"


def test_a_lesion_is_a_tumor_with_its_size_and_course():
    case = told(
        CANCER, {"type": "lesion", "name": "mass", "site": "lung", "laterality": "left", "size_mm": [20, 31.5], "count": 2, "course": "new"}
    )
    tumor = resource(case, "BodyStructure", profile="tumor")
    assert (tumor["location"], tumor["locationQualifier"]) == ({"text": "lung"}, [{"text": "left"}])
    size = resource(case, "Observation", profile="tumor-size")
    assert [(c["code"]["coding"][0]["code"], c["valueQuantity"]["value"]) for c in size["component"]] == [
        ("33728-7", 31.5),
        ("33729-5", 20),
    ]
    course = next(o for o in resources(case, "Observation") if o["code"].get("text") == "course of a lesion")
    assert (course["valueCodeableConcept"], course["component"][1]["valueInteger"]) == ({"text": "new"}, 2)


def test_a_marker_has_its_value_its_interpretation_and_its_specimen():
    case = told(CANCER, {"type": "biomarker", "name": "ER", "status": "low", "value": "1%", "specimen": "breast primary"})
    marker = resource(case, "Observation", profile="tumor-marker-test")
    assert (marker["valueQuantity"]["value"], marker["valueQuantity"]["code"]) == (1, "%")
    assert marker["interpretation"][0]["coding"][0]["code"] == "L"
    assert marker["specimen"]["display"] == resource(case, "Specimen")["type"]["text"] == "breast primary"


def test_a_changed_gene_is_a_variant():
    gene = {"type": "biomarker", "name": "EGFR", "status": "mutated", "value": "L858R", "concept": {"system": "HGNC", "code": "HGNC:3236"}}
    variant = resource(told(CANCER, gene), "Observation", profile="genomic-variant")
    assert variant["valueCodeableConcept"]["coding"][0]["code"] == "LA9633-4"
    studied = at(variant, "Observation.component:gene-studied.value[x]")[0]
    assert studied == {"coding": [{"system": "http://www.genenames.org", "code": "HGNC:3236"}], "text": "EGFR"}
    assert at(variant, "Observation.component:variation-code.value[x]") == [{"text": "L858R"}]
    named = {**gene, "name": "HER2", "status": "amplified", "concept": {"system": "hgnc.symbol", "code": "ERBB2"}}
    (studied, *_) = at(
        resource(told(CANCER, named), "Observation", profile="genomic-variant"), "Observation.component:gene-studied.value[x]"
    )
    assert studied == {"coding": [{"system": "https://identifiers.org/hgnc.symbol", "code": "ERBB2"}], "text": "HER2"}
    wild = resource(told(CANCER, {"type": "biomarker", "name": "KRAS", "status": "wild-type"}), "Observation", profile="genomic-variant")
    assert wild["valueCodeableConcept"]["coding"][0]["code"] == "LA9634-2"


def test_a_drug_says_how_it_was_given_and_why_it_ended():
    drug = {
        "type": "drug",
        "name": "paclitaxel",
        "dose": "80 mg/m2",
        "route": "intravenous",
        "frequency": "weekly",
        "intent": "adjuvant",
        "cycles": 12,
        "stop_reason": "toxicity",
        "regimen": "TC",
    }
    treats = [{"type": "treats", "source": "F2", "target": "F1"}]
    given = resource(told(CANCER, drug, relations=treats), "MedicationAdministration")
    assert given["status"] == "stopped"
    assert given["dosage"]["text"] == "80 mg/m2 intravenous weekly"
    assert given["dosage"]["dose"]["code"] == "mg/m2"
    assert extensions(given, MCODE + "procedure-intent")[0]["valueCodeableConcept"] == {"text": "adjuvant"}
    assert extensions(given, MCODE + "treatment-termination-reason")[0]["valueCodeableConcept"] == {"text": "toxicity"}
    assert given["note"] == [{"text": "cycles: 12; regimen: TC"}]
    assert given["reasonReference"][0]["display"] == "lung adenocarcinoma"
    assert given["meta"]["profile"] == [MCODE + "cancer-related-medication-administration"]


def test_what_is_no_cancer_drug_claims_no_profile():
    assert "meta" not in resource(told(CANCER, {"type": "drug", "name": "insulin"}), "MedicationAdministration")


def test_what_was_planned_is_requested_and_what_was_declined_is_not_done():
    drug, operation = {"type": "drug", "name": "cisplatin"}, {"type": "procedure", "name": "mastectomy", "category": "surgery"}
    planned = told(CANCER, {**drug, "status": "planned"}, {**operation, "status": "planned"})
    assert resource(planned, "MedicationRequest")["intent"] == resource(planned, "ServiceRequest")["intent"] == "plan"
    declined = told(CANCER, {**drug, "status": "declined"}, {**operation, "status": "declined"})
    assert resource(declined, "MedicationAdministration")["status"] == resource(declined, "Procedure")["status"] == "not-done"


def test_radiotherapy_delivers_its_dose_to_a_volume():
    case = told(
        CANCER, {"type": "procedure", "name": "radiotherapy", "category": "radiotherapy", "site": "brain", "dose": "30 Gy", "fractions": 10}
    )
    course = resource(case, "Procedure", profile="radiotherapy-course-summary")
    (dose,) = extensions(course, MCODE + "radiotherapy-dose-delivered-to-volume")
    assert parts(dose)["totalDoseDelivered"]["value"] == 3000
    assert parts(dose)["totalDoseDelivered"]["code"] == "cGy"
    assert parts(dose)["fractionsDelivered"] == 10
    assert resource(case, "BodyStructure", profile="radiotherapy-volume")["location"] == {"text": "brain"}


def test_an_outcome_is_the_status_of_the_cancer():
    case = told(CANCER, {"type": "outcome", "name": "progression"}, {"type": "outcome", "name": "discharged"})
    status = resource(case, "Observation", profile="cancer-disease-status")
    assert (status["valueCodeableConcept"], status["focus"][0]["display"]) == ({"text": "progression"}, "lung adenocarcinoma")
    assert "disease status" in " ".join(loss.what for loss in export(case).losses)


def test_a_finding_keeps_its_value_or_its_severity():
    case = told(
        {"type": "finding", "name": "hemoglobin", "value": "9.5", "unit": "g/dL"},
        {"type": "finding", "name": "pain", "severity": "severe", "caused_by": "fall"},
    )
    value, pain = resources(case, "Observation")
    assert value["valueQuantity"]["code"] == "g/dL"
    assert (pain["component"][0]["valueString"], pain["note"]) == ("severe", [{"text": "caused by: fall"}])


def test_a_type_of_ones_own_is_an_observation():
    observation = resource(told({"type": "allergy", "name": "penicillin", "reaction": "rash"}), "Observation")
    assert (observation["code"], observation["valueCodeableConcept"]) == ({"text": "allergy"}, {"text": "penicillin"})


def test_each_patient_has_a_bundle():
    case = told({"type": "diagnosis", "name": "asthma", "patient": "P2"}, patients=[{"id": "P1"}, {"id": "P2"}])
    assert list(export(case).files) == ["a.P1.fhir.json", "a.P2.fhir.json"]
    assert [len(facts_in(b)) for b in bundles(case)] == [0, 1]


def test_a_case_without_facts_is_its_patient_and_report():
    (bundle,) = bundles(told())
    assert [e["resource"]["resourceType"] for e in bundle["entry"]] == ["Patient", "DocumentReference"]


@pytest.mark.parametrize("epoch", [None, EPOCH])
@pytest.mark.parametrize(
    "case",
    [
        told({"type": "finding", "name": ""}, text=""),
        told({"type": "diagnosis", "name": "🎗️", "start": {"earliest": None, "latest": None, "date": "2014-13"}}),
        told({"type": "drug", "name": "x", "cycles": 0, "dose": "1 mg", "start": {"earliest": None, "latest": 3}}, age="P0D"),
        told({"type": "lesion", "name": "mass", "size_mm": [], "count": "multiple"}, age="forty"),
        told({"type": "procedure", "name": "x", "category": "radiotherapy", "dose": "8.5 Gy", "fractions": 0}),
        told({"type": "biomarker", "name": " ", "value": "", "specimen": ""}, {"type": "finding", "name": "x", "value": " ", "unit": ""}),
        told({"type": "diagnosis", "name": "cancer", "stage": " ", "site": ""}, source={"id": "..", "title": "  "}),
    ],
    ids=["no words", "no such month", "one bound", "no sizes", "half a gray", "blank values", "blank stage"],
)
def test_odd_documents_pass(case, epoch):
    from test_export_phenopacket import packets

    for bundle in bundles(case, epoch):
        assert bundle["entry"]
    assert len(packets(case, epoch)) == len(case.patients)


def test_a_document_without_a_patient_is_refused_in_words():
    with pytest.raises(DocumentError, match="a: it tells of no patient"):
        export(told(patients=[]))


def test_a_long_or_foreign_id_becomes_one_that_fhir_allows():
    case = told(CANCER, source={"id": "Fallbericht Nr. 7 über eine sehr lange Krankengeschichte mit vielen Wörtern#2"})
    complete(case)


@pytest.mark.parametrize("number", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_thousands_of_facts_and_emoji_pass(number):
    kinds = ("finding", "diagnosis", "drug", "biomarker", "lesion", "procedure")
    facts = [{"type": kinds[n % 6], "name": f"name 🎗️ {n} שלום", "start": {"earliest": n, "latest": n + 3}} for n in range(number)]
    complete(told(*facts, text="🎗️ words\u00a0\x0c שלום"))
