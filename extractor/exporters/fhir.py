"""HL7 FHIR R4 bundle with mCODE profiles (JSON), one a patient.

FHIR R4 (4.0.1, http://hl7.org/fhir/R4) and mCODE STU 4 (http://hl7.org/fhir/us/mcode). Times are days from day 0 in an extension, as are
the words a resource rests on; dates stand only where the report tells them or an epoch is given, then at the middle of the bounds. Codes
are those of HL7 itself, of UCUM, the few LOINC codes that mCODE requires, and a fact's own; what mCODE binds to SNOMED CT is told in words.
"""

import base64
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from extractor.entities.lexicon import read_table
from extractor.exporters import Export, Loss, attributes, middle
from extractor.exporters._clinical import (
    HERE,
    SYMBOLS,
    SYSTEMS,
    Quantity,
    age_span,
    cancer,
    coded,
    diseases_of,
    exported,
    on,
    quantity_of,
    stage_of,
    told_dates,
)
from extractor.schema import (
    BaseFact,
    Biomarker,
    Bounds,
    Case,
    Concept,
    Diagnosis,
    Drug,
    Evidence,
    Fact,
    Finding,
    Lesion,
    Outcome,
    Patient,
    Procedure,
)
from extractor.timeline.kinds import kind_of

Json = dict[str, Any]

URN = "urn:extractor:fhir:"
"""What the addresses of our own extensions begin with; docs/phenopacket_fhir.md describes them."""
MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
RELATED = "http://hl7.org/fhir/StructureDefinition/condition-related"

UNKNOWN: Json = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
MASKED: Json = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}

VARIANTS = {"mutated": "present", "amplified": "present", "rearranged": "present", "wild-type": "absent"}
"""Marker statuses that are results of a gene, and whether they say that a variant is there."""
INTERPRETATIONS = {
    "positive": ("POS", "Positive"),
    "negative": ("NEG", "Negative"),
    "low": ("L", "Low"),
    "high": ("H", "High"),
    "equivocal": ("E", "Equivocal"),
}
"""Marker statuses in HL7's code system v3-ObservationInterpretation."""
AGE_UNITS = {"Y": "a", "M": "mo", "W": "wk", "D": "d"}
NO_DISEASE_STATUS = ("death", "alive at last follow-up", "discharged")
"""Outcomes that say nothing of the cancer's trend."""
TNM_PROFILES = {"T": "tnm-primary-tumor-category", "N": "tnm-regional-nodes-category", "M": "tnm-distant-metastases-category"}


def export(case: Case, epoch: date | None = None) -> Export:
    """A bundle for each patient; `epoch` is the date of day 0, from which all times become dates as well.

    DocumentError where there is no patient, InputError where a day is outside the calendar.
    """

    def write(patient: Patient) -> tuple[Json, list[Loss]]:
        made = _Bundle(case, patient, epoch)
        return made.content(), made.losses

    return exported(case, "fhir", write, _of_the_document(case))


def _of_the_document(case: Case) -> list[Loss]:
    others = sorted({r.type for r in case.relations} - {"treats"})
    parts = {
        "sections": case.sections,
        "mentions that became no fact": case.mentions,
        f"relations between facts ({', '.join(others)})": others,
        "derivations of the facts' times": any(f.derivation for f in case.facts),
        "where on the pages the words stand": any(e.boxes for f in case.facts for e in f.evidence),
        "warnings": case.warnings,
    }
    return [Loss(case.source.id, None, what, "a bundle of these resources has no place for it") for what, there in parts.items() if there]


@cache
def _loinc() -> dict[str, Json]:
    rows = read_table(HERE / "_loinc.tsv", ("use", "code", "display"))
    return {r["use"]: {"coding": [{"system": "http://loinc.org", "code": r["code"], "display": r["display"]}]} for r in rows}


@dataclass
class _Bundle:
    """One patient's bundle while it is written, and what did not fit."""

    case: Case
    patient: Patient
    epoch: date | None
    losses: list[Loss] = field(default_factory=list)
    entries: list[Json] = field(default_factory=list)
    specimens: dict[str, Json] = field(default_factory=dict)
    uncoded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.facts: list[Fact] = [f for f in self.case.facts if f.patient == self.patient.id]
        self.of_cancer = any(isinstance(f, Diagnosis) and cancer(f.name) for f in self.facts)
        self.primaries = [d for d in diseases_of(self.facts, "primary") if d.certainty == "confirmed"]

    def content(self) -> Json:
        """The bundle: the patient, the report, then the facts in the document's order."""
        self.add_patient()
        self.add_report()
        for fact in self.facts:
            self.add(fact)
        if self.uncoded:
            places = ", ".join(sorted(self.uncoded))
            self.lose(
                None, f"codes of {places} (told in words)", "mCODE binds them to SNOMED CT, whose licence does not let us ship its codes"
            )
        generator = self.case.generator
        return {
            "resourceType": "Bundle",
            "id": self.id_of("bundle"),
            "meta": {"source": f"urn:extractor:{generator.version}", **self.profiled("patient-bundle")},
            "identifier": {"system": "urn:extractor:document", "value": _clean(self.case.source.id)},
            "type": "collection",
            "entry": self.entries,
        }

    def lose(self, fact: BaseFact | None, what: str, why: str) -> None:
        self.losses.append(Loss(self.case.source.id, fact.id if fact else None, what, why))

    # What every resource is made of: its id, references to it, its names, times and words.

    def id_of(self, key: str) -> str:
        """A resource id: the document's and the part's where FHIR allows their characters, with a digest where it does not."""
        full = f"{self.case.source.id}-{self.patient.id}-{key}"
        plain = re.sub(r"[^A-Za-z0-9.-]", "-", full)
        return full if full == plain and len(full) <= 64 else f"{plain[:51]}-{sha256(full.encode()).hexdigest()[:12]}"

    def url_of(self, key: str) -> str:
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'urn:extractor:{self.case.source.id}/{self.patient.id}/{key}')}"

    def to(self, key: str, display: str) -> Json:
        """A reference to the resource of this bundle with a key."""
        return {"reference": self.url_of(key), "display": display}

    def me(self) -> Json:
        return {"reference": self.url_of("patient")}

    def profiled(self, name: str | None) -> Json:
        """The mCODE profile, which is for patients with cancer."""
        return {"profile": [MCODE + name]} if name and self.of_cancer else {}

    def put(
        self, kind: str, key: str, content: Json, *, fact: BaseFact | None = None, profile: str | None = None, own: Iterable[Json] = ()
    ) -> None:
        """Add a resource; of a fact it carries what every fact has, and its words."""
        meta = self.profiled(profile)
        extensions = [*(self.said(fact) if fact else ()), *own]
        resource = {
            "resourceType": kind,
            "id": self.id_of(key),
            "meta": meta,
            "extension": extensions,
            "identifier": [{"system": "urn:extractor:fact", "value": f"{self.case.source.id}#{fact.id}"}] if fact else None,
            **content,
        }
        kept = {k: _clean(v) for k, v in resource.items() if v not in (None, [], {})}
        self.entries.append({"fullUrl": self.url_of(key), "resource": kept})

    def said(self, fact: BaseFact) -> list[Json]:
        """What every fact has: its id and certainty, its place in time, and the words it rests on."""
        facts = [{"url": "id", "valueString": fact.id}, {"url": "type", "valueString": getattr(fact, "type", "")}]
        facts.append({"url": "name", "valueString": fact.name})
        facts += [{"url": "certainty", "valueCode": fact.certainty}, {"url": "confidence", "valueDecimal": fact.confidence}]
        times = [t for name, bounds in (("start", fact.start), ("end", fact.end)) if bounds for t in _times(name, bounds)]
        if fact.step is not None:
            times.append({"url": "step", "valueInteger": fact.step})
        time = [{"url": URN + "relative-time", "extension": times}] if times else []
        return [{"url": URN + "fact", "extension": facts}, *time, *map(_words, fact.evidence)]

    def named(self, fact: BaseFact) -> Json:
        """A name in words, and its code where it has one whose licence allows it."""
        return self.concept(fact.name, fact.concept, fact)

    def concept(self, text: str, concept: Concept | None, fact: BaseFact) -> Json:
        code = coded(concept)
        if concept is not None and code is None:
            self.lose(fact, f"its code {concept.system} {concept.code}", "only HGNC and UBERON are known to be free")
        if concept is None or code is None:
            return {"text": text}
        said = (
            code[1] if code[0] == SYMBOLS else f"{code[0]}:{code[1]}"
        )  # HL7 asks for HGNC's ids, which begin with HGNC:, in its own system.
        coding = {"system": SYSTEMS[code[0]].fhir, "code": said, **({"display": concept.label} if concept.label else {})}
        return {"coding": [coding], "text": text}

    def word(self, text: str, place: str) -> Json:
        """What mCODE wants in SNOMED CT, in words."""
        self.uncoded.add(place)
        return {"text": text}

    def day(self, bounds: Bounds | None) -> str | None:
        """A date: counted from the epoch to the middle of the bounds, else as the report tells it (perhaps only its month)."""
        if self.epoch is not None:
            day = middle(bounds)
            return None if day is None else on(self.epoch, day, self.case).isoformat()
        return bounds.date if bounds and told_dates(bounds) else None

    def dated(self, name: str, bounds: Bounds | None) -> Json:
        """A date under `name`; nothing where none is known."""
        day = self.day(bounds)
        return {name: day} if day else {}

    def period(self, fact: BaseFact) -> Json:
        parts = {"start": self.day(fact.start), "end": self.day(fact.end)}
        return {k: v for k, v in parts.items() if v}

    def sited(self, site: str | None, laterality: str | None) -> Json | None:
        """A place in words, its side in mCODE's extension."""
        if site is None:
            return None
        if laterality is None:
            return {"text": site}
        side = {"url": MCODE + "laterality-qualifier", "valueCodeableConcept": self.word(laterality, "laterality")}
        return {"extension": [side], "text": site}

    # The patient and the report.

    def add_patient(self) -> None:
        death = next((f for f in self.facts if isinstance(f, Outcome) and f.name == "death" and f.certainty == "confirmed"), None)
        alive = any(isinstance(f, Outcome) and f.name == "alive at last follow-up" for f in self.facts)
        day = self.day(death.start) if death else None
        deceased: Json = {"deceasedDateTime": day} if day else {"deceasedBoolean": bool(death)} if death or alive else {}
        index = self.patient.index
        own: list[Json] = [{"url": URN + "age-at-day-0", "valueAge": age} for age in [_age(self.patient.age)] if age]
        if self.patient.age and not own:
            self.lose(None, f"the age {self.patient.age} of {self.patient.id}", "it is no ISO 8601 duration")
        if index:
            told = {"label": index.label, "date": index.date, "fact": index.fact}
            own.append({
                "url": URN + "day-0",
                "extension": [{"url": k, "valueString": v} for k, v in told.items() if v],
            })  # fmt: skip
        own += [_words(e) for e in (*self.patient.evidence, *(index.evidence if index else ()))]
        self.put("Patient", "patient", {
            "identifier": [{"system": "urn:extractor:patient", "value": f"{self.case.source.id}#{self.patient.id}"}],
            "name": [MASKED],
            "gender": self.patient.sex,
            **deceased,
        }, profile="cancer-patient", own=own)  # fmt: skip

    def add_report(self) -> None:
        """The report with the text that all offsets count in."""
        source = self.case.source
        ids = {"https://doi.org": source.doi, "https://pubmed.ncbi.nlm.nih.gov": source.pmid, "https://pmc.ncbi.nlm.nih.gov": source.pmcid}
        text = self.case.text
        data = {"data": base64.b64encode(text.encode()).decode()} if text else {}
        attachment = {"contentType": "text/plain;charset=utf-8", **data, "title": source.title or source.file or source.id}
        self.put("DocumentReference", "report", {
            "identifier": [{"system": system, "value": value} for system, value in ids.items() if value],
            "status": "current",
            "subject": self.me(),
            "description": "The case report: the offsets of the evidence count in its text (Unicode code points, half-open).",
            "content": [{"attachment": attachment}],
        })  # fmt: skip

    # The facts.

    def add(self, fact: Fact) -> None:
        if fact.certainty == "suspected" and isinstance(fact, Lesion | Drug | Procedure):
            self.lose(fact, "that it is only suspected (told in an extension)", "its resource has no element for it")
        if isinstance(fact, Diagnosis):
            self.add_condition(fact)
        elif isinstance(fact, Lesion):
            self.add_lesion(fact)
        elif isinstance(fact, Biomarker):
            self.add_variant(fact) if fact.status in VARIANTS else self.add_marker(fact)
        elif isinstance(fact, Drug):
            self.add_drug_plan(fact) if fact.status == "planned" else self.add_drug(fact)
        elif isinstance(fact, Procedure):
            self.add_procedure_plan(fact) if fact.status == "planned" else self.add_procedure(fact)
        elif isinstance(fact, Outcome):
            self.add_outcome(fact)
        elif isinstance(fact, Finding):
            self.add_finding(fact)
        else:
            self.observe(fact, {"code": {"text": fact.type}, "valueCodeableConcept": self.named(fact), **_notes(attributes(fact))})

    def observe(self, fact: BaseFact, content: Json, *, part: str = "", profile: str | None = None, own: Iterable[Json] = ()) -> None:
        """An observation of the patient at the time of a fact."""
        self.put("Observation", fact.id + part, {
            "status": "final" if fact.certainty == "confirmed" else "preliminary",
            "subject": self.me(),
            **self.dated("effectiveDateTime", fact.start),
            **content,
        }, fact=fact, profile=profile, own=own)  # fmt: skip

    def add_condition(self, fact: Diagnosis) -> None:
        kind = cancer(fact.name)
        recurrent = fact.name.lower().startswith(("recurren", "relaps"))
        clinical = "resolved" if fact.end else "recurrence" if recurrent else "active" if _since_day_0(fact) else None
        verified = "confirmed" if fact.certainty == "confirmed" else "provisional"
        site = self.sited(fact.site, fact.laterality)
        content = {
            "clinicalStatus": _hl7("condition-clinical", clinical) if clinical else None,
            "verificationStatus": _hl7("condition-ver-status", verified),
            "category": [_hl7("condition-category", "problem-list-item")],
            "code": self.named(fact),
            "bodySite": [site] if site else None,
            "subject": self.me(),
            **self.dated("onsetDateTime", fact.start),
            **self.dated("abatementDateTime", fact.end),
            "stage": [{"summary": {"text": fact.stage}, **self.assessments(fact, kind)}] if fact.stage else None,
            **_notes({} if site else {"laterality": fact.laterality}),
        }
        own = []
        if kind == "secondary" and len(self.primaries) == 1:
            own.append({"url": RELATED, "valueReference": self.to(self.primaries[0].id, self.primaries[0].name)})
        self.put("Condition", fact.id, content, fact=fact, profile=f"{kind}-cancer-condition" if kind else None, own=own)
        if fact.grade:
            focus = [self.to(fact.id, fact.name)]
            self.observe(fact, {"code": {"text": "grade"}, "focus": focus, "valueCodeableConcept": {"text": fact.grade}}, part="-grade")

    def assessments(self, fact: Diagnosis, kind: str | None) -> Json:
        """The staging of a primary cancer as observations of their own: TNM categories and the stage group."""
        if kind != "primary" or not fact.stage:
            return {}
        stage = stage_of(fact.stage)
        about = {"focus": [self.to(fact.id, fact.name)], "method": UNKNOWN}
        mark = {"clinical": "c", "pathologic": "p", "other": ""}[stage.basis]
        members = []
        for letter, found in stage.tnm.items():
            category = {"code": _loinc()[f"{letter} {stage.basis}"], **about, "valueCodeableConcept": {"text": mark + found}}
            self.observe(fact, category, part=f"-{letter}", profile=TNM_PROFILES[letter])
            members.append(self.to(f"{fact.id}-{letter}", mark + found))
        if stage.tnm and not stage.group:
            return {"assessment": members}
        value = {"valueCodeableConcept": {"text": stage.group or stage.printed}}
        if stage.tnm:
            group = {"code": _loinc()[f"group {stage.basis}"], **about, **value, "hasMember": members}
            self.observe(fact, group, part="-stage", profile="tnm-stage-group")
        else:
            self.observe(fact, {"code": {"text": "stage"}, "focus": about["focus"], **value}, part="-stage", profile="cancer-stage")
        return {"assessment": [self.to(f"{fact.id}-stage", fact.stage)]}

    def add_lesion(self, fact: Lesion) -> None:
        described = {"count": fact.count, "course": fact.course}
        told = ", ".join(f"{k} {v}" for k, v in described.items() if v is not None)
        self.put("BodyStructure", fact.id, {
            "active": fact.course != "resolved",
            "location": {"text": fact.site} if fact.site else UNKNOWN,
            "locationQualifier": [self.word(fact.laterality, "laterality")] if fact.laterality else None,
            "description": f"{fact.name}: {told}",
            "patient": self.me(),
        }, fact=fact, profile="tumor")  # fmt: skip
        focus = [self.to(fact.id, fact.name)]
        components: list[Json] = [{"code": {"text": "lesion"}, "valueCodeableConcept": self.named(fact)}]
        if fact.count is not None:
            count: Json = {"valueInteger": fact.count} if isinstance(fact.count, int) else {"valueString": fact.count}
            components.append({"code": {"text": "count"}, **count})
        self.observe(
            fact,
            {
                "code": {"text": "course of a lesion"},
                "focus": focus,
                "valueCodeableConcept": {"text": fact.course},
                "component": components,
            },
            part="-course",
        )
        if fact.size_mm:
            longest, *others = sorted(fact.size_mm, reverse=True)
            sizes = [("longest dimension", longest), *(("other dimension", size) for size in others)]
            measured = [{"code": _loinc()[name], "valueQuantity": _quantity(Quantity(size, "mm", "mm"))} for name, size in sizes]
            self.observe(fact, {"code": _loinc()["tumor size"], "focus": focus, "component": measured}, part="-size", profile="tumor-size")

    def specimen(self, fact: Biomarker) -> Json:
        """A reference to the specimen a marker was found in, which is made when first named."""
        if fact.specimen is None:
            return {}
        if fact.specimen not in self.specimens:
            key = f"specimen-{len(self.specimens) + 1}"
            self.specimens[fact.specimen] = self.to(key, fact.specimen)
            named = [{"system": "urn:extractor:specimen", "value": f"{self.case.source.id}#{self.patient.id}#{fact.specimen}"}]
            content = {"identifier": named, "type": {"text": fact.specimen}, "subject": self.me()}
            self.put("Specimen", key, content, profile="human-specimen", own=[_words(e) for e in fact.evidence])
        return {"specimen": self.specimens[fact.specimen]}

    def add_marker(self, fact: Biomarker) -> None:
        amount = quantity_of(fact.value)
        code = INTERPRETATIONS.get(fact.status)
        coding = {"coding": [{"system": TERMINOLOGY + "v3-ObservationInterpretation", "code": code[0], "display": code[1]}]} if code else {}
        value: Json = {"valueQuantity": _quantity(amount)} if amount else {"valueCodeableConcept": {"text": fact.value or fact.status}}
        self.observe(fact, {
            "category": [_hl7("observation-category", "laboratory")],
            "code": self.named(fact),
            **value,
            "interpretation": [{**coding, "text": fact.status}] if fact.status != "unknown" else None,
            **self.specimen(fact),
        }, profile="tumor-marker-test")  # fmt: skip

    def add_variant(self, fact: Biomarker) -> None:
        components = [
            {"code": _loinc()["gene studied"], "valueCodeableConcept": self.named(fact)},
            {"code": {"text": "kind of alteration"}, "valueCodeableConcept": {"text": fact.status}},
        ]
        if fact.value:
            components.append({"code": _loinc()["variation"], "valueCodeableConcept": {"text": fact.value}})
        self.observe(fact, {
            "category": [_hl7("observation-category", "laboratory"), _hl7("v2-0074", "GE")],
            "code": _loinc()["variant"],
            "valueCodeableConcept": _loinc()[VARIANTS[fact.status]],
            "component": components,
            **self.specimen(fact),
        }, profile="genomic-variant")  # fmt: skip

    def intents(self, fact: Drug) -> list[Json]:
        """Why a drug was given and why it ended, in mCODE's extensions."""
        own = []
        if fact.intent:
            own.append({"url": MCODE + "procedure-intent", "valueCodeableConcept": self.word(fact.intent, "treatment intent")})
        if fact.stop_reason:
            reason = self.word(fact.stop_reason, "termination reason")
            own.append({"url": MCODE + "treatment-termination-reason", "valueCodeableConcept": reason})
        return own

    def reasons(self, fact: BaseFact) -> Json:
        """The diseases that the text says a treatment treats."""
        treated = [r.target for r in self.case.relations if r.type == "treats" and r.source == fact.id]
        conditions = [f for f in self.facts if isinstance(f, Diagnosis) and f.id in treated]
        return {"reasonReference": [self.to(f.id, f.name) for f in conditions]} if conditions else {}

    def add_drug(self, fact: Drug) -> None:
        ended = fact.end is not None or fact.stop_reason is not None
        status = (
            "not-done"
            if fact.status == "declined"
            else "unknown"
            if not ended
            else "completed"
            if fact.stop_reason in (None, "completion")
            else "stopped"
        )
        words = " ".join(t for t in (fact.dose, fact.route, fact.frequency) if t)
        amount = quantity_of(fact.dose)
        dosage = {
            "text": words,
            **({"route": {"text": fact.route}} if fact.route else {}),
            "dose": _quantity(amount) if amount else UNKNOWN,
        }
        self.put("MedicationAdministration", fact.id, {
            "status": status,
            "statusReason": [{"text": "declined"}] if fact.status == "declined" else None,
            "medicationCodeableConcept": self.named(fact),
            "subject": self.me(),
            "effectivePeriod": self.period(fact) or UNKNOWN,
            **self.reasons(fact),
            "dosage": dosage if words else None,
            **_notes(self.beside(fact)),
        }, fact=fact, profile=self.of_therapy(fact, "cancer-related-medication-administration"), own=self.intents(fact))  # fmt: skip

    def add_drug_plan(self, fact: Drug) -> None:
        words = " ".join(t for t in (fact.dose, fact.route, fact.frequency) if t)
        self.put("MedicationRequest", fact.id, {
            "status": "unknown",
            "intent": "plan",
            "medicationCodeableConcept": self.named(fact),
            "subject": self.me(),
            **self.dated("authoredOn", fact.start),
            "requester": UNKNOWN,
            **self.reasons(fact),
            "dosageInstruction": [{"text": words, **({"route": {"text": fact.route}} if fact.route else {})}] if words else None,
            **_notes(self.beside(fact)),
        }, fact=fact, profile=self.of_therapy(fact, "cancer-related-medication-request"), own=self.intents(fact))  # fmt: skip

    def of_therapy(self, fact: Drug, profile: str) -> str | None:
        """mCODE's profile for what is given against a tumor, by its name or the way it is given."""
        return profile if kind_of(fact.model_copy(update={"status": "given"})) == "therapy" else None

    def beside(self, fact: Drug) -> Json:
        return {"cycles": fact.cycles, "regimen": fact.regimen, "components": fact.components}

    def add_procedure(self, fact: Procedure) -> None:
        radiation = fact.category == "radiotherapy"
        profile = {"surgery": "cancer-related-surgical-procedure", "radiotherapy": "radiotherapy-course-summary"}.get(fact.category)
        site = self.sited(fact.site, fact.laterality)
        gray = quantity_of(fact.dose)
        own = []
        if radiation:
            self.uncoded.add("the code of a radiotherapy course")
            if site:
                self.uncoded.add("the place of radiotherapy")
        if radiation and (fact.fractions or (gray and gray.ucum in ("Gy", "cGy"))):
            own.append(self.dose_delivered(fact, gray))
            gray = gray if gray and gray.ucum in ("Gy", "cGy") else None
        else:
            gray = None
        beside = {
            "dose": None if gray else fact.dose,
            "fractions": None if own else fact.fractions,
            "laterality": None if site else fact.laterality,
        }
        ends = fact.end is not None or radiation
        performed: Json = {"performedPeriod": self.period(fact)} if ends else self.dated("performedDateTime", fact.start)
        self.put("Procedure", fact.id, {
            "status": "not-done" if fact.status == "declined" else "completed",
            "statusReason": {"text": "declined"} if fact.status == "declined" else None,
            "category": {"text": fact.category} if fact.category != "other" else None,
            "code": self.named(fact),
            "subject": self.me(),
            **performed,
            **self.reasons(fact),
            "bodySite": [site] if site else None,
            **_notes(beside),
        }, fact=fact, profile=profile, own=own)  # fmt: skip

    def dose_delivered(self, fact: Procedure, dose: Quantity | None) -> Json:
        """mCODE's dose of a course, delivered to a volume that is a resource of its own."""
        key = f"{fact.id}-volume"
        self.put("BodyStructure", key, {
            "location": {"text": fact.site} if fact.site else None,
            "locationQualifier": [self.word(fact.laterality, "laterality")] if fact.laterality else None,
            "description": f"volume of {fact.name}",
            "patient": self.me(),
        }, fact=fact, profile="radiotherapy-volume")  # fmt: skip
        parts: list[Json] = [{"url": "volume", "valueReference": self.to(key, f"volume of {fact.name}")}]
        if dose and dose.ucum in ("Gy", "cGy"):
            centigray = dose.value * (100 if dose.ucum == "Gy" else 1)
            parts.append({"url": "totalDoseDelivered", "valueQuantity": _quantity(Quantity(centigray, "cGy", "cGy"))})
        if fact.fractions:
            parts.append({"url": "fractionsDelivered", "valueUnsignedInt": fact.fractions})
        return {"url": MCODE + "radiotherapy-dose-delivered-to-volume", "extension": parts}

    def add_procedure_plan(self, fact: Procedure) -> None:
        site = self.sited(fact.site, fact.laterality)
        self.put("ServiceRequest", fact.id, {
            "status": "unknown",
            "intent": "plan",
            "category": [{"text": fact.category}] if fact.category != "other" else None,
            "code": self.named(fact),
            "subject": self.me(),
            **self.dated("occurrenceDateTime", fact.start),
            **self.reasons(fact),
            "bodySite": [site] if site else None,
            **_notes({"dose": fact.dose, "fractions": fact.fractions, "laterality": None if site else fact.laterality}),
        }, fact=fact)  # fmt: skip

    def add_outcome(self, fact: Outcome) -> None:
        if fact.name in NO_DISEASE_STATUS or not self.of_cancer:
            self.observe(fact, {"code": {"text": "outcome"}, "valueCodeableConcept": self.named(fact)})
            return
        focus = {"focus": [self.to(self.primaries[0].id, self.primaries[0].name)]} if len(self.primaries) == 1 else {}
        self.uncoded.add("disease status")
        value = {"valueCodeableConcept": self.named(fact)}
        self.observe(fact, {"code": _loinc()["disease status"], **focus, **value}, profile="cancer-disease-status")

    def add_finding(self, fact: Finding) -> None:
        amount = quantity_of(fact.value, fact.unit)
        printed = " ".join(t for t in (fact.value, fact.unit) if t)
        value: Json = (
            {"valueQuantity": _quantity(amount)}
            if amount
            else {"valueString": printed}
            if printed
            else {"valueCodeableConcept": {"text": "present"}}
        )
        graded = [{"code": {"text": k}, "valueString": v} for k, v in (("severity", fact.severity), ("grade", fact.grade)) if v]
        site = self.sited(fact.site, fact.laterality)
        self.observe(fact, {
            "code": self.named(fact), **value, "bodySite": site, "component": graded or None,
            **_notes({"caused by": fact.caused_by, "laterality": None if site else fact.laterality}),
        })  # fmt: skip


def _since_day_0(fact: BaseFact) -> bool:
    return fact.start is not None and fact.start.latest is not None and fact.start.latest >= 0


def _hl7(system: str, code: str) -> Json:
    return {"coding": [{"system": TERMINOLOGY + system, "code": code}]}


def _quantity(amount: Quantity) -> Json:
    return {"value": amount.value, "unit": amount.printed, "system": "http://unitsofmeasure.org", "code": amount.ucum}


def _times(name: str, bounds: Bounds) -> list[Json]:
    """Bounds in days from day 0, a bound that is not known left out, and the date as the report tells it."""
    days = {"low": bounds.earliest, "high": bounds.latest}
    known = {k: _quantity(Quantity(v, "day", "d")) for k, v in days.items() if v is not None}
    date_told = [{"url": f"{name}-date", "valueString": bounds.date}] if bounds.date else []
    return [*([{"url": name, "valueRange": known}] if known else []), *date_told]


def _words(evidence: Evidence) -> Json:
    """The words something rests on: their offsets in the report's text, the words themselves, and the page where there is one."""
    page = [] if evidence.page is None else [{"url": "page", "valuePositiveInt": evidence.page}]
    return {
        "url": URN + "evidence",
        "extension": [
            {"url": "role", "valueCode": evidence.role},
            {"url": "start", "valueUnsignedInt": evidence.start},
            {"url": "end", "valueUnsignedInt": evidence.end},
            {"url": "quote", "valueString": evidence.text},
            *page,
        ],
    }


def _age(age: str | None) -> Json | None:
    """An ISO 8601 duration as an age: in its own unit, or in days where it has several."""
    span = age_span(age)
    if age is None or span is None:
        return None
    one = re.fullmatch(r"P(\d+(?:\.\d+)?)([YMWD])", age)
    number, unit = (float(one[1]), AGE_UNITS[one[2]]) if one else (float(round(span.low)), "d")
    return {"value": number, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _notes(told: Json) -> Json:
    """Attributes that a resource has no element for, as a note."""
    words = [f"{k}: {', '.join(map(str, v)) if isinstance(v, tuple | list) else v}" for k, v in told.items() if v is not None]
    return {"note": [{"text": "; ".join(words)}]} if words else {}


def _clean(value: Any) -> Any:
    """The value with the characters FHIR's strings cannot have (controls, white space other than a blank and line ends) as blanks."""
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"[^\S \r\n\t]|[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", value).strip() or "not told"
