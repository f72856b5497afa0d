"""What phenopackets and FHIR bundles share: reading stages, quantities and ages, and that no word of a fact is dropped without a word."""

import doctest
import re
from datetime import date
from pathlib import Path

import pytest
from documents import told
from hypothesis import given
from hypothesis import strategies as st

from extractor.exporters import _clinical, export, formats
from extractor.schema import STANDARD_TYPES, BaseFact

DOCS = Path(__file__).parents[1] / "docs" / "phenopacket_fhir.md"


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(_clinical).failed == 0


@pytest.mark.parametrize(
    ("printed", "tnm", "basis", "group"),
    [
        ("IV (c-T2bN2M1b)", "T2b N2 M1b", "clinical", "IV"),
        ("pT3N0M0, stage IIB", "T3 N0 M0", "pathologic", "IIB"),
        ("T2a N1", "T2a N1", "other", None),
        ("ypT0N0", "T0 N0", "pathologic", None),
        ("pTis", "Tis", "pathologic", None),
        ("M1a", "M1a", "other", None),
        ("IIIC2", "", "other", "IIIC2"),
        ("BCLC early stage A", "", "other", None),
        ("Clark level V, Breslow stage V", "", "other", None),
    ],
)
def test_a_stage_is_split_into_tnm_and_group(printed, tnm, basis, group):
    stage = _clinical.stage_of(printed)
    assert (" ".join(stage.tnm.values()), stage.basis, stage.group) == (tnm, basis, group)


@pytest.mark.parametrize(
    ("printed", "unit", "ucum"),
    [
        ("75 mg/m2", None, "mg/m2"),
        ("2500 mg/m2 per day", None, "mg/m2/d"),
        ("9.5", "g/dL", "g/dL"),
        ("65%", None, "%"),
        ("8 Gy", None, "Gy"),
        ("11-50%", None, None),
        ("3+", None, None),
        ("low dose", None, None),
        ("6000 units", None, None),
        ("9.5 mg", "g/dL", None),
        ("", None, None),
    ],
)
def test_a_quantity_is_a_number_with_a_unit_of_ucum(printed, unit, ucum):
    amount = _clinical.quantity_of(printed, unit)
    assert (amount.ucum if amount else None) == ucum


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("primary", "invasive ductal carcinoma, Langerhans cell histiocytosis, multiple myeloma, breast cancer, leukaemia, gastric tumour"),
        ("secondary", "brain metastasis, metastatic melanoma, leptomeningeal disease, leptomeningeal carcinomatosis"),
        (None, "subdural hematoma, glaucoma, pituitary adenoma, diabetes, benign tumor, inverted papilloma, thrombocytosis"),
    ],
)
def test_a_cancer_is_known_by_its_name(kind, names):
    assert {name: _clinical.cancer(name) for name in names.split(", ")} == dict.fromkeys(names.split(", "), kind)


@given(st.text(), st.text())
def test_any_text_can_be_a_stage_a_dose_an_age_or_a_name(text, unit):
    _clinical.stage_of(text)
    _clinical.quantity_of(text, unit)
    _clinical.age_span(text)
    _clinical.cancer(text)


def full(kind: str) -> dict:
    """A fact of a type whose every attribute of free text is a word of its own, and every number one of its own."""
    values = {}
    for n, (name, field) in enumerate(sorted(STANDARD_TYPES[kind].model_fields.items())):
        if name in BaseFact.model_fields or name == "type":
            continue
        said = str(field.annotation)
        words = re.findall(r"'([a-z][^']*)'", said)
        if "tuple[str" in said:
            values[name] = [f"word{n:02}"]
        elif "tuple[float" in said:
            values[name] = [700.0 + n]
        elif words:
            values[name] = words[-1]
        else:
            values[name] = 700 + n if "int" in said else f"word{n:02}"
    return values


STATUSES = {
    "drug": ("given", "declined", "planned"),
    "procedure": (None, "declined", "planned"),
    "biomarker": ("low", "mutated", "wild-type", "unknown"),
}


def kinds_of(kind: str) -> list[dict]:
    """A full fact of a type in each status and category that is written in its own way."""
    attributes = {k: v for k, v in full(kind).items() if k != "status"}
    ways = [{"status": status} if status else {} for status in STATUSES.get(kind, (None,))]
    if kind == "procedure":
        ways = [{**way, "category": c} for way in ways for c in ("surgery", "radiotherapy", "biopsy", "other")]
    return [{**attributes, **way, "certainty": certainty} for way in ways for certainty in ("confirmed", "suspected")]


@pytest.mark.parametrize("to", ["phenopacket", "fhir"])
@pytest.mark.parametrize("disease", ["breast cancer", "asthma"])
@pytest.mark.parametrize("kind", sorted(STANDARD_TYPES.keys() - {"outcome"}))
def test_every_word_of_a_fact_is_written_or_said_to_be_lost(to, disease, kind):
    for attributes in kinds_of(kind):
        fact = {"type": kind, "name": "name of it", "concept": {"system": "X", "code": "code1"}, **attributes}
        done = export([told({"type": "diagnosis", "name": disease}, fact)], to, date(2000, 1, 1))
        losses = [loss.what for loss in done.losses if loss.fact == "F2"]
        if losses == [f"name of it, {attributes.get('status')}"]:  # The fact as a whole is lost.
            continue
        written = " ".join([*(c.decode() for c in done.files.values()), *losses])
        sought = ["name of it", "code1", *words_of({k: v for k, v in attributes.items() if k != "status" or kind == "biomarker"})]
        assert [w for w in sought if w not in written] == [], attributes


def words_of(attributes: dict) -> list[str]:
    values = [x for v in attributes.values() if v not in ("unknown", "other", "confirmed") for x in (v if isinstance(v, list) else [v])]
    return [f"{v:g}" if isinstance(v, float) else str(v) for v in values]


def test_the_documentation_names_every_extension_and_value_set():
    from test_export_fhir import IN_WORDS

    text = DOCS.read_text(encoding="utf-8")
    source = (Path(_clinical.__file__).parent / "fhir.py").read_text(encoding="utf-8")
    addresses = set(re.findall(r'URN \+ "([a-z0-9-]+)"', source))
    assert {a for a in addresses if f"`{a}`" not in text} == set()
    assert {v for v in IN_WORDS if v not in text} == set()
    assert len(addresses) == 5


def test_both_are_formats():
    assert formats()["phenopacket"].startswith("GA4GH Phenopacket v2")
    assert formats()["fhir"].startswith("HL7 FHIR R4 bundle")
