"""A cBioPortal study: patients, samples, clinical timelines in days from day 0.

The file rules are those of https://docs.cbioportal.org/file-formats/ ("Clinical Data" and "Timeline Data"). START_DATE and STOP_DATE are
whole days; START_EARLIEST and the like beside them say how sure they are. A patient has one sample for each specimen that a biomarker
names, and one without a name where none does, for cBioPortal asks for one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from extractor.errors import InputError
from extractor.exporters import Export, Loss, attributes, middle, one_line
from extractor.schema import DAYS_PER_MONTH, Case, Fact, Outcome, Patient

Row = dict[str, str]
LONGEST = 255
"""Characters that cBioPortal keeps of a clinical attribute."""
_PATIENT = {
    "PATIENT_ID": ("Patient Identifier", "Document and patient", "STRING"),
    "SEX": ("Sex", "Sex as reported", "STRING"),
    "AGE": ("Age", "Age in years at the first event told", "NUMBER"),
    "OS_STATUS": ("Overall Survival Status", "Whether a death is reported, or the patient alive at last follow-up", "STRING"),
    "OS_MONTHS": ("Overall Survival (Months)", "Months from day 0 to death or last follow-up, at the middle of the bounds", "NUMBER"),
    "OS_DAYS_EARLIEST": ("Overall Survival, least days", "The least number of days that the report allows", "NUMBER"),
    "OS_DAYS_LATEST": ("Overall Survival, most days", "The greatest number of days that the report allows", "NUMBER"),
    "INDEX_EVENT": ("Day 0", "What the days of the timeline count from", "STRING"),
    "REPORT": ("Report", "Title of the case report", "STRING"),
    "DOI": ("DOI", "Digital object identifier of the report", "STRING"),
}
_SAMPLE = {
    "PATIENT_ID": ("Patient Identifier", "Document and patient", "STRING"),
    "SAMPLE_ID": ("Sample Identifier", "Patient and number of the specimen", "STRING"),
    "CANCER_TYPE": ("Cancer Type", "The first tumour diagnosed", "STRING"),
    "CANCER_TYPE_DETAILED": ("Cancer Type Detailed", "The first tumour diagnosed, with its site", "STRING"),
    "SAMPLE_TYPE": ("Sample Type", "primary, metastasis or recurrence, as the name of the specimen says", "STRING"),
    "SPECIMEN": ("Specimen", "The specimen as the report names it", "STRING"),
}
_TIMES = ("START_EARLIEST", "START_LATEST", "STOP_EARLIEST", "STOP_LATEST")
_REQUIRED = ("PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE")
_PROCEDURES = {"surgery": "SURGERY", "imaging": "IMAGING", "radiotherapy": "TREATMENT", "biopsy": "SPECIMEN"}
_TYPES = {"drug": "TREATMENT", "biomarker": "LAB_TEST", "outcome": "STATUS"}


def export_together(cases: Sequence[Case], epoch: date | None = None) -> Export:
    """One study of all cases; InputError where they tell of no patient, or two would have one identifier."""
    study = _identifier(cases[0].source.id if len(cases) == 1 else "case_reports").lower()
    losses: list[Loss] = []
    patients: list[Row] = []
    samples: list[Row] = []
    events: dict[str, list[Row]] = {}
    for case in cases:
        losses += _losses(case)
        for patient in case.patients:
            name = _identifier(case.source.id if len(case.patients) == 1 else f"{case.source.id}-{patient.id}")
            facts = [fact for fact in case.facts if fact.patient == patient.id]
            patients.append(_patient(case, patient, name, facts, losses))
            specimens = _specimens(case, name, facts)
            samples += specimens.values()
            for fact in facts:
                row = _event(case, fact, name, specimens, losses)
                if row is not None:
                    events.setdefault(row["EVENT_TYPE"], []).append(row)
    if not patients:
        raise InputError("cbioportal needs a patient, and none of these documents has one")
    names = [row["PATIENT_ID"] for row in patients]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"two patients would be called {twice[0]} in cBioPortal: give the documents different ids")
    files = _study(study, cases) | _clinical(study, "PATIENT", _PATIENT, patients) | _clinical(study, "SAMPLE", _SAMPLE, samples)
    for kind, rows in sorted(events.items()):
        files |= _timeline(study, kind, rows)
    return Export({name: content.encode() for name, content in files.items()}, tuple(losses))


def export(case: Case, epoch: date | None = None) -> Export:
    """A study of one case."""
    return export_together([case], epoch)


def _losses(case: Case) -> Iterator[Loss]:
    name = case.source.id
    if not case.patients:
        yield Loss(name, None, "the document", "it tells of no patient")
    if case.relations:
        yield Loss(name, None, f"{len(case.relations)} relations", "cBioPortal's events stand for themselves")
    if case.mentions:
        yield Loss(name, None, "mentions, the text and its sections", "cBioPortal holds data, not texts")
    if any(f.derivation or len(f.evidence) > 1 for f in case.facts):
        yield Loss(name, None, "offsets, further evidence, and the reasons for bounds", "cBioPortal holds no texts")


def _patient(case: Case, patient: Patient, name: str, facts: Sequence[Fact], losses: list[Loss]) -> Row:
    last = next((f for f in facts if isinstance(f, Outcome) and f.name == "death"), None)
    living = [f for f in facts if isinstance(f, Outcome) and f.name == "alive at last follow-up"]
    status = "1:DECEASED" if last else "0:LIVING" if living else ""
    last = last or max(living, key=lambda f: middle(f.start) or 0, default=None)
    day = None if last is None else middle(last.start)
    start = None if last is None else last.start
    label = "" if patient.index is None else one_line(patient.index.label)
    if len(label) > LONGEST:
        losses.append(Loss(case.source.id, None, "the end of what day 0 is", f"cBioPortal keeps {LONGEST} characters"))
    age = _years(patient.age)
    if patient.age is not None and age is None:
        losses.append(Loss(case.source.id, None, f"the age {patient.age}", "it is no ISO 8601 duration"))
    return _row({
        "PATIENT_ID": name, "SEX": {"female": "Female", "male": "Male"}.get(patient.sex), "AGE": age, "OS_STATUS": status,
        "OS_MONTHS": None if day is None else round(day / DAYS_PER_MONTH, 1),
        "OS_DAYS_EARLIEST": None if start is None else start.earliest, "OS_DAYS_LATEST": None if start is None else start.latest,
        "INDEX_EVENT": label[:LONGEST], "REPORT": (case.source.title or "")[:LONGEST], "DOI": case.source.doi,
    })  # fmt: skip


def _years(age: str | None) -> float | None:
    """An ISO 8601 duration in years, to two places."""
    said = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?", age or "")
    if said is None or not any(said.groups()):
        return None
    years, months, weeks, days = (int(part or 0) for part in said.groups())
    return round(years + months / 12 + weeks * 7 / 365.25 + days / 365.25, 2)


def _specimens(case: Case, name: str, facts: Sequence[Fact]) -> dict[str, Row]:
    """A row for each specimen by its name; one without a name where no biomarker names one."""
    tumour = _tumour(case, facts)
    sort = None if tumour is None else tumour.name
    site = None if tumour is None else getattr(tumour, "site", None)
    named = [str(said) for fact in facts if fact.type == "biomarker" and (said := attributes(fact).get("specimen"))]
    return {
        words: _row({
            "PATIENT_ID": name, "SAMPLE_ID": f"{name}-S{number}", "CANCER_TYPE": sort,
            "CANCER_TYPE_DETAILED": sort if site is None else f"{sort} of the {site}", "SAMPLE_TYPE": _sample_type(words),
            "SPECIMEN": words,
        })
        for number, words in enumerate(dict.fromkeys(named or [""]), start=1)
    }  # fmt: skip


def _tumour(case: Case, facts: Sequence[Fact]) -> Fact | None:
    """The first diagnosis in time that its mention says is a neoplasm."""
    neoplasms = {mention.id for mention in case.mentions if mention.attributes.get("group") == "neoplasm"}
    found = [f for f in facts if f.type == "diagnosis" and f.evidence and f.evidence[0].mention in neoplasms]
    return min(found, key=lambda f: (f.step is None, f.step or 0), default=None)


def _sample_type(words: str) -> str:
    for cue, kind in (("metasta", "metastasis"), ("recurren", "recurrence"), ("primary", "primary")):
        if cue in words.lower():
            return kind
    return ""


def _event(case: Case, fact: Fact, name: str, specimens: Mapping[str, Row], losses: list[Loss]) -> Row | None:
    day, stop = middle(fact.start), middle(fact.end)
    if day is None:
        losses.append(Loss(case.source.id, fact.id, fact.name, "a timeline needs a day, and none is known"))
        return None
    own = attributes(fact)
    start, end = fact.start, fact.end
    return _row({
        **{_column(key): value for key, value in own.items()}, **_suggested(fact, own, specimens),
        "PATIENT_ID": name, "START_DATE": day, "STOP_DATE": None if stop is None else max(day, stop), "EVENT_TYPE": _kind(fact, own),
        "NAME": fact.name, "FACT_ID": fact.id, "FACT_TYPE": fact.type, "CERTAINTY": fact.certainty, "CONFIDENCE": fact.confidence,
        "START_EARLIEST": start and start.earliest, "START_LATEST": start and start.latest,
        "STOP_EARLIEST": end and end.earliest, "STOP_LATEST": end and end.latest, "DATE_IN_REPORT": start and start.date,
        "STEP": fact.step, "CONCEPT": fact.concept and f"{fact.concept.system}:{fact.concept.code}",
        "EVIDENCE": fact.evidence[0].text if fact.evidence else None,
    })  # fmt: skip


def _kind(fact: Fact, own: Mapping[str, Any]) -> str:
    """cBioPortal's own event types where it has one; what did not happen has its own, so that no track shows it as given."""
    if own.get("status") in ("declined", "planned"):
        return "NOT_GIVEN"
    if fact.type == "procedure":
        return _PROCEDURES.get(str(own.get("category")), "PROCEDURE")
    if fact.type == "finding" and own.get("value") is not None:
        return "LAB_TEST"
    return _TYPES.get(fact.type) or _column(fact.type) or "OTHER"


def _suggested(fact: Fact, own: Mapping[str, Any], specimens: Mapping[str, Row]) -> dict[str, Any]:
    """The columns that cBioPortal suggests for an event type, and draws tracks by."""
    kind = _kind(fact, own)
    if kind == "TREATMENT":
        what = "Radiation Therapy" if fact.type == "procedure" else "Medical Therapy"
        return {"TREATMENT_TYPE": what, "SUBTYPE": own.get("intent"), "AGENT": fact.name}
    if kind == "LAB_TEST":
        result = own.get("value") or own.get("status")
        sample = specimens.get(str(own.get("specimen"))) if own.get("specimen") else None
        return {"TEST": fact.name, "RESULT": result, "SAMPLE_ID": sample and sample["SAMPLE_ID"]}
    if kind == "IMAGING":
        return {"DIAGNOSTIC_TYPE": fact.name}
    return {"STATUS": fact.name} if kind == "STATUS" else {}


def _row(values: Mapping[str, Any]) -> Row:
    return {key: _cell(value) for key, value in values.items()}


def _cell(value: Any) -> str:
    """A value without tabs, line ends and double quotes, which cBioPortal's files cannot hold."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple | list):
        return " x ".join(_cell(one) for one in value)
    return one_line(str(value)).replace('"', "'")


def _column(name: str) -> str:
    """An attribute's name as a column: capitals, digits and underscores."""
    return re.sub(r"[^A-Z0-9_]", "_", name.upper())


def _identifier(words: str) -> str:
    """Letters, digits, points, underscores and hyphens, which is what cBioPortal allows in an identifier."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", words)


def _study(study: str, cases: Sequence[Case]) -> dict[str, str]:
    name = cases[0].source.title if len(cases) == 1 else None
    return {
        "meta_study.txt": _meta({
            "type_of_cancer": "mixed", "cancer_study_identifier": study,
            "name": _cell(name)[:LONGEST] or f"{len(cases)} case report{'s' * (len(cases) > 1)}",
            "description": "Timelines of published case reports; days count from day 0 of each report", "add_global_case_list": "true",
        })
    }  # fmt: skip


def _clinical(study: str, level: str, columns: Mapping[str, tuple[str, str, str]], rows: Sequence[Row]) -> dict[str, str]:
    data = f"data_clinical_{level.lower()}.txt"
    heads = ["#" + "\t".join(column[n] for column in columns.values()) for n in range(3)] + ["#" + "\t".join("1" for _ in columns)]
    lines = [*heads, "\t".join(columns), *("\t".join(row.get(name, "") for name in columns) for row in rows)]
    about = {"genetic_alteration_type": "CLINICAL", "datatype": f"{level}_ATTRIBUTES", "data_filename": data}
    return {data: "\n".join(lines) + "\n", f"meta_clinical_{level.lower()}.txt": _meta({"cancer_study_identifier": study, **about})}


def _timeline(study: str, kind: str, rows: Sequence[Row]) -> dict[str, str]:
    data = f"data_timeline_{kind.lower()}.txt"
    filled = [name for name in dict.fromkeys(name for row in rows for name in row) if any(row.get(name) for row in rows)]
    columns = [*_REQUIRED, *(name for name in dict.fromkeys([*filled, *_TIMES]) if name not in _REQUIRED)]
    ordered = sorted(rows, key=lambda row: (row["PATIENT_ID"], int(row["START_DATE"])))
    lines = ["\t".join(columns), *("\t".join(row.get(name, "") for name in columns) for row in ordered)]
    about = {"genetic_alteration_type": "CLINICAL", "datatype": "TIMELINE", "data_filename": data}
    return {data: "\n".join(lines) + "\n", f"meta_timeline_{kind.lower()}.txt": _meta({"cancer_study_identifier": study, **about})}


def _meta(values: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in values.items())
