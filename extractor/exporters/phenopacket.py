"""GA4GH Phenopacket v2 (JSON), one a patient.

The schema is that of https://phenopacket-schema.readthedocs.io/en/2.0.0. Times are ages (ISO 8601), as wide as the age and the bounds leave
them; dates only where the report tells them or an epoch is given. Names stand in a namespace of our own, unless a fact has a code.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from extractor.exporters import Export, Loss, attributes, middle
from extractor.exporters._clinical import (
    SYMBOLS,
    SYSTEMS,
    AgeSpan,
    age_span,
    at_age,
    coded,
    days_told,
    diseases_of,
    duration,
    exported,
    file_of,
    on,
    quantity_of,
    stage_of,
    told_dates,
    where,
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

Json = dict[str, Any]

SEXES = {"female": "FEMALE", "male": "MALE", "unknown": "UNKNOWN_SEX"}
ALTERED = ("mutated", "amplified", "rearranged")
"""What a marker's status says of a gene that is not as it should be."""
REGIMEN_STATUS = {None: "UNKNOWN_STATUS", "completion": "COMPLETED"}
"""The status of a regimen by why it ended; by any other reason it was discontinued."""

NO_FIELD = "the schema has no field for it there"
ONE_TIME = "the schema has no time there without a date: use --epoch"


def export(case: Case, epoch: date | None = None) -> Export:
    """A packet for each patient; `epoch` is the date of day 0, from which all times become dates.

    DocumentError where there is no patient, InputError where a day is outside the calendar.
    """

    def write(patient: Patient) -> tuple[Json, list[Loss]]:
        made = _Packet(case, patient, epoch)
        return made.content(), made.losses

    return exported(case, "phenopacket", write, _of_the_document(case))


def _of_the_document(case: Case) -> list[Loss]:
    """What no packet has a place for, whatever the facts."""
    parts = {
        "the text and its sections": case.text is not None or case.sections,
        "mentions that became no fact (findings denied are excluded phenotypic features)": case.mentions,
        "relations between facts": case.relations,
        "confidence, steps and derivations of the facts": case.facts,
        "where on the pages the words stand": any(e.boxes for f in case.facts for e in f.evidence),
        "warnings": case.warnings,
    }
    losses = [Loss(case.source.id, None, what, "a packet has no place for it") for what, there in parts.items() if there]
    return [
        *losses,
        Loss(
            case.source.id, None, "metaData.created", "the schema asks for the time of writing; the same document shall give the same bytes"
        ),
    ]


@dataclass
class _Packet:
    """One patient's packet while it is written, and what did not fit."""

    case: Case
    patient: Patient
    epoch: date | None
    losses: list[Loss] = field(default_factory=list)
    prefixes: set[str] = field(default_factory=set)
    references: list[Json] = field(default_factory=list)
    features: list[Json] = field(default_factory=list)
    measurements: list[Json] = field(default_factory=list)
    biosamples: list[Json] = field(default_factory=list)
    specimens: dict[str, int] = field(default_factory=dict)
    interpretations: list[Json] = field(default_factory=list)
    diseases: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = f"{self.case.source.id}.{self.patient.id}"
        self.facts: list[Fact] = [f for f in self.case.facts if f.patient == self.patient.id]

    def content(self) -> Json:
        """The packet; its parts in the order of the schema, empty ones left out."""
        subject = self.subject()
        for fact in self.facts:
            self.add(fact)
        self.add_denied()
        packet = {
            "id": self.id,
            "subject": subject,
            "phenotypicFeatures": self.features,
            "measurements": self.measurements,
            "biosamples": self.biosamples,
            "interpretations": self.interpretations,
            "diseases": self.diseases,
            "medicalActions": self.actions,
        }
        return {**{k: v for k, v in packet.items() if v}, "metaData": self.metadata()}

    def lose(self, fact: BaseFact | None, what: str, why: str = NO_FIELD) -> None:
        self.losses.append(Loss(self.case.source.id, fact.id if fact else None, what, why))

    def lose_rest(self, fact: BaseFact, carried: Iterable[str], why: str = NO_FIELD) -> None:
        """Every attribute that is known and not carried."""
        for name, value in attributes(fact).items():
            if name not in carried:
                said = ", ".join(map(str, value)) if isinstance(value, tuple) else value
                self.lose(fact, f"its {name.replace('_', ' ')} {said}", why)

    # What everything is made of: names, times, words.

    def term(self, name: str, concept: Concept | None = None) -> Json:
        """A name as an ontology class: under its code where it has one, else under the name itself in a namespace of ours."""
        code = coded(concept)
        prefix, local = code or ("extractor", quote("-".join(name.lower().split()) or "unnamed", safe="-."))
        self.prefixes.add(prefix)
        return {"id": f"{prefix}:{local}", "label": name or "unnamed"}

    def name_of(self, fact: BaseFact) -> Json:
        if coded(fact.concept) is None:
            self.lose_concept(fact, "only HGNC and UBERON are known to be free")
        return self.term(fact.name, fact.concept)

    def lose_concept(self, fact: BaseFact, why: str = NO_FIELD) -> None:
        if fact.concept is not None:
            self.lose(fact, f"its code {fact.concept.system} {fact.concept.code}", why)

    def stamp(self, day: date) -> str:
        return f"{day.isoformat()}T00:00:00Z"

    def dates(self, bounds: Bounds) -> tuple[date | None, date | None]:
        """The first and last day: counted from the epoch where there is one, else as the report tells them."""
        if self.epoch is None:
            return told_dates(bounds) or (None, None)
        low, high = bounds.earliest, bounds.latest
        return (
            None if low is None else on(self.epoch, math.floor(low), self.case),
            None if high is None else on(self.epoch, math.ceil(high), self.case),
        )

    def time(self, fact: BaseFact, bounds: Bounds | None, what: str = "start") -> Json | None:
        """A time element of a fact; what it says less exactly than the document is lost."""
        element = self.element(bounds)
        if bounds is None or (element and "ageRange" not in element):
            return element
        if element:
            why = "an age range is as wide as the age told: use --epoch for days"
            self.lose(fact, f"its {what} to the day, {days_told(bounds)}", why)
        elif bounds.earliest is not None or bounds.latest is not None:
            counted = self.epoch is not None or age_span(self.patient.age) is not None
            why = "a bound is not known" if counted else "no age is told from which it could be counted: use --epoch"
            self.lose(fact, f"its {what}, {days_told(bounds)}", why)
        return element

    def element(self, bounds: Bounds | None) -> Json | None:
        """A time element: dates where they are known, else ages; None where neither is."""
        if bounds is None:
            return None
        first, last = self.dates(bounds)
        if first and last:
            return (
                {"timestamp": self.stamp(first)} if first == last else {"interval": {"start": self.stamp(first), "end": self.stamp(last)}}
            )
        age = age_span(self.patient.age)
        if age is None or self.epoch is not None:
            return None
        if bounds.earliest == bounds.latest == 0:
            return self.age_told()
        span = at_age(age, bounds)
        return _age_range(span) if span else None

    def age_told(self) -> Json | None:
        """The age at day 0, as the report tells it."""
        return {"age": {"iso8601duration": self.patient.age}} if age_span(self.patient.age) else None

    def lose_time(self, fact: BaseFact) -> None:
        """Both times of a fact whose element has none."""
        for what, bounds in (("start", fact.start), ("end", fact.end)):
            if bounds is not None:
                self.lose(fact, f"its {what}, {days_told(bounds)}")

    def words(self, owner: str, evidence: Iterable[Evidence], path: str) -> None:
        """The words an element rests on, as references to the text by characters (RFC 5147)."""
        for e in evidence:
            self.references.append(self.reference(owner, e, f"{path}, {e.role}"))

    def reference(self, owner: str, evidence: Evidence, said: str) -> Json:
        file = quote(file_of(self.case))
        return {
            "id": f"{self.case.source.id}#{owner}",
            "reference": f"{file}#char={evidence.start},{evidence.end}",
            "description": f"{said} {where(evidence)}: {evidence.text}",
        }

    def append(self, part: str, items: list[Json], fact: BaseFact, element: Json) -> None:
        """Put an element without its unknown parts into a list of the packet, and its words into the references."""
        items.append({k: v for k, v in element.items() if v not in (None, "", [], {})})
        self.words(fact.id, fact.evidence, f"{part}[{len(items) - 1}]")

    # The patient.

    def subject(self) -> Json:
        index = self.patient.index
        if self.patient.age and age_span(self.patient.age) is None:
            self.lose(None, f"the age {self.patient.age} of {self.patient.id}", "it is no ISO 8601 duration")
        day0 = f" ({index.label}{f', {index.date}' if index.date else ''})" if index else ""
        told = f"subject: age {self.patient.age or 'not told'} at day 0{day0}"
        self.words(self.patient.id, (*self.patient.evidence, *(index.evidence if index else ())), told)
        if self.patient.age:
            self.lose(
                None,
                f"the age {self.patient.age} of {self.patient.id} at day 0",
                "a subject has only an age when last seen; ages of events count from it",
            )
        subject: Json = {"id": self.patient.id}
        last = self.last_seen()
        if last is not None:
            subject["timeAtLastEncounter"] = last
        return {**subject, "vitalStatus": self.vital_status(), "sex": SEXES[self.patient.sex]}

    def last_seen(self) -> Json | None:
        """When the last fact of the story happened, else the age told."""
        happened = [f for f in self.facts if f.start and getattr(f, "status", None) not in ("planned", "declined")]
        for fact in sorted(happened, key=lambda f: (f.step is None, -(f.step or 0))):
            seen = self.element(fact.start)
            if seen is not None:
                return seen
        return self.age_told()

    def vital_status(self) -> Json:
        outcomes = [f for f in self.facts if isinstance(f, Outcome) and f.certainty == "confirmed"]
        death = next((f for f in outcomes if f.name == "death"), None)
        if death is None:
            return {"status": "ALIVE" if any(f.name == "alive at last follow-up" for f in outcomes) else "UNKNOWN_STATUS"}
        when = self.time(death, death.start)
        return {"status": "DECEASED", **({"timeOfDeath": when} if when else {})}

    # The facts.

    def add(self, fact: Fact) -> None:
        if getattr(fact, "status", None) in ("planned", "declined"):
            self.lose(fact, f"{fact.name}, {getattr(fact, 'status', None)}", "a packet holds what was done")
        elif isinstance(fact, Diagnosis):
            self.add_disease(fact) if fact.certainty == "confirmed" else self.add_suspected(fact)
        elif isinstance(fact, Biomarker):
            self.add_marker(fact)
        elif isinstance(fact, Drug):
            self.add_regimen(fact) if fact.components else self.add_drug(fact)
        elif isinstance(fact, Procedure):
            self.add_procedure(fact)
        elif isinstance(fact, Lesion):
            self.add_lesion(fact)
        elif isinstance(fact, Finding):
            self.add_finding(fact)
        elif isinstance(fact, Outcome):
            self.add_outcome(fact)
        else:
            self.lose(fact, f"{fact.type} {fact.name}, as a whole", "the schema has no place for a type of one's own")

    def certainly(self, fact: BaseFact) -> None:
        if fact.certainty == "suspected":
            self.lose(fact, "that it is only suspected")

    def add_disease(self, fact: Diagnosis) -> None:
        stage = stage_of(fact.stage) if fact.stage else None
        group = None if stage is None else f"stage {stage.group}" if stage.group else None if stage.tnm else stage.printed
        self.append("diseases", self.diseases, fact, {
            "term": self.name_of(fact),
            "onset": self.time(fact, fact.start),
            "resolution": self.time(fact, fact.end, "end"),
            "diseaseStage": [self.term(group)] if group else [],
            "clinicalTnmFinding": [self.term(found) for found in stage.tnm.values()] if stage else [],
            "primarySite": self.term(fact.site) if fact.site else None,
            "laterality": self.term(fact.laterality) if fact.laterality else None,
        })  # fmt: skip
        if stage and stage.tnm and stage.basis == "pathologic":
            self.lose(
                fact,
                f"that {stage.printed} is pathologic",
                "a disease has clinical TNM findings only, pathologic ones belong to a biosample",
            )
        self.lose_rest(fact, ("stage", "site", "laterality"))

    def add_suspected(self, fact: Diagnosis) -> None:
        """A suspected disease is a diagnosis still in progress: `diseases` are those the patient has."""
        self.append("interpretations", self.interpretations, fact, {
            "id": f"{self.id}.{fact.id}",
            "progressStatus": "IN_PROGRESS",
            "diagnosis": {"disease": self.name_of(fact)},
            "summary": f"suspected: {_quotes(fact)}",
        })  # fmt: skip
        self.lose_time(fact)
        self.lose_rest(fact, ())

    def add_marker(self, fact: Biomarker) -> None:
        self.certainly(fact)
        sample = self.sample(fact.specimen) if fact.specimen else None
        if fact.status in ALTERED:
            self.add_variant(fact, sample)
            return
        items, part = (self.measurements, "measurements")
        if sample is not None:
            place = self.specimens[str(fact.specimen)]
            items, part = sample.setdefault("measurements", []), f"biosamples[{place}].measurements"
        common = {"assay": self.name_of(fact), "timeObserved": self.time(fact, fact.start)}
        said = f"{fact.name}: {fact.status}" + (f", printed as {fact.value}" if fact.value else "")
        amount = quantity_of(fact.value)
        if fact.status != "unknown" or amount is None:
            value = {"ontologyClass": self.term(fact.value if fact.status == "unknown" and fact.value else fact.status)}
            self.append(part, items, fact, {"description": said, **common, "value": value})
        if amount is not None:
            quantity = {"quantity": {"unit": self.unit(amount.ucum, amount.printed), "value": amount.value}}
            self.append(part, items, fact, {"description": said, **common, "value": quantity})
        if fact.end:
            self.lose(fact, f"its end, {days_told(fact.end)}")

    def add_variant(self, fact: Biomarker, sample: Json | None) -> None:
        """A changed gene is an interpretation; its disease is the patient's only cancer, where there is only one."""
        gene = self.name_of(fact)
        named = f"{fact.name} {fact.value or fact.status}"
        descriptor: Json = {
            "id": f"{self.id}.{fact.id}.variant",
            "variation": {"text": {"definition": named}},
            "label": named,
            "description": f"{fact.name}: {fact.status}" + (f", printed as {fact.value}" if fact.value else ""),
            "geneContext": {"valueId": gene["id"], "symbol": _symbol(fact)},
            "moleculeContext": "unspecified_molecule_context",
            "structuralType": self.term(fact.status),
        }
        cancers = diseases_of(self.facts, "primary")
        named_once = {d.name: d for d in cancers if d.certainty == "confirmed"}
        diagnosis: Json = {}
        if len(named_once) == 1:
            disease = next(iter(named_once.values()))
            diagnosis["disease"] = self.term(disease.name, disease.concept)
        else:
            self.lose(
                fact,
                "the disease of its interpretation",
                f"the patient has {len(named_once) or 'no'} primary cancers by name, and the schema asks for one",
            )
        diagnosis["genomicInterpretations"] = [{
            "subjectOrBiosampleId": sample["id"] if sample else self.patient.id,
            "interpretationStatus": "UNKNOWN_STATUS",
            "variantInterpretation": {"variationDescriptor": descriptor},
        }]  # fmt: skip
        self.append("interpretations", self.interpretations, fact, {
            "id": f"{self.id}.{fact.id}",
            "progressStatus": "UNKNOWN_PROGRESS",
            "diagnosis": diagnosis,
            "summary": f"found: {_quotes(fact)}",
        })  # fmt: skip
        self.lose_time(fact)

    def sample(self, specimen: str) -> Json:
        """The biosample of a specimen that markers name, made when first named."""
        if specimen not in self.specimens:
            self.specimens[specimen] = len(self.biosamples)
            self.biosamples.append({
                "id": f"{self.id}.specimen-{len(self.specimens)}",
                "individualId": self.patient.id,
                "description": specimen,
                "sampledTissue": self.term(specimen),
            })  # fmt: skip
        return self.biosamples[self.specimens[specimen]]

    def add_drug(self, fact: Drug) -> None:
        amount = quantity_of(fact.dose)
        span = self.dose_span(fact)
        dose = {
            "quantity": {"unit": self.unit(amount.ucum, amount.printed), "value": amount.value} if amount else None,
            "scheduleFrequency": self.term(fact.frequency) if fact.frequency else None,
            "interval": span,
        }
        told = {k: v for k, v in dose.items() if v}
        treatment = {
            "agent": self.name_of(fact),
            "routeOfAdministration": self.term(fact.route) if fact.route else None,
            "doseIntervals": [told] if told else None,
        }
        self.append_action(
            fact, {"treatment": {k: v for k, v in treatment.items() if v}}, ("route", "frequency", *(("dose",) if amount else ()))
        )

    def dose_span(self, fact: Drug) -> Json | None:
        """A dose interval knows dates only: the middle of the bounds counted from the epoch, or the dates told."""
        if fact.start is None:
            return None
        told_start, told_end = told_dates(fact.start), told_dates(fact.end)
        if self.epoch is None and told_start is None:
            for what, bounds in (("start", fact.start), ("end", fact.end)):
                if bounds is not None:
                    self.lose(fact, f"its {what}, {days_told(bounds)}", ONE_TIME)
            return None
        if self.epoch is None:
            assert told_start is not None
            return {"start": self.stamp(told_start[0]), **({"end": self.stamp(told_end[1])} if told_end else {})}
        days = {"start": middle(fact.start), "end": middle(fact.end)}
        for what, bounds in (("start", fact.start), ("end", fact.end)):
            if bounds is not None and bounds.earliest != bounds.latest:
                self.lose(
                    fact,
                    f"the bounds of its {what}, {days_told(bounds)}",
                    "a dose interval has one start and one end: their middle is taken",
                )
        return {what: self.stamp(on(self.epoch, day, self.case)) for what, day in days.items() if day is not None} or None

    def add_regimen(self, fact: Drug) -> None:
        status = REGIMEN_STATUS.get(fact.stop_reason, "DISCONTINUED")
        regimen = {
            "ontologyClass": self.name_of(fact),
            "startTime": self.time(fact, fact.start),
            "endTime": self.time(fact, fact.end, "end"),
            "regimenStatus": status,
        }
        self.append_action(fact, {"therapeuticRegimen": {k: v for k, v in regimen.items() if v}}, ())

    def append_action(self, fact: Drug, action: Json, carried: Iterable[str]) -> None:
        self.certainly(fact)
        self.append("medicalActions", self.actions, fact, {
            **action,
            "treatmentIntent": self.term(fact.intent) if fact.intent else None,
            "treatmentTerminationReason": self.term(fact.stop_reason) if fact.stop_reason else None,
        })  # fmt: skip
        self.lose_rest(fact, ("status", "intent", "stop_reason", *carried))

    def add_procedure(self, fact: Procedure) -> None:
        self.certainly(fact)
        site = {"bodySite": self.term(_sided(fact.site, fact.laterality))} if fact.site else {}
        gray = quantity_of(fact.dose)
        if fact.category == "radiotherapy" and gray and gray.ucum in ("Gy", "cGy") and fact.fractions:
            dose = gray.value / (100 if gray.ucum == "cGy" else 1)
            radiation: Json = {"modality": self.name_of(fact), **site, "dosage": int(dose), "fractions": fact.fractions}
            if dose != int(dose):
                self.lose(fact, f"the part of its dose {fact.dose} below a gray", "the schema counts whole grays")
            self.append("medicalActions", self.actions, fact, {"radiationTherapy": radiation})
            self.lose_time(fact)
            self.lose_rest(fact, ("category", "site", "laterality", "dose", "fractions"))
            return
        when = self.time(fact, fact.start)
        procedure = {"code": self.name_of(fact), **site, **({"performed": when} if when else {})}
        self.append("medicalActions", self.actions, fact, {"procedure": procedure})
        if fact.end:
            self.lose(fact, f"its end, {days_told(fact.end)}")
        if fact.category == "biopsy":
            self.append("biosamples", self.biosamples, fact, {
                "id": f"{self.id}.{fact.id}.sample",
                "individualId": self.patient.id,
                "description": f"taken by {fact.name}",
                "sampledTissue": self.term(_sided(fact.site, fact.laterality) if fact.site else "tissue"),
                "timeOfCollection": when,
                "procedure": procedure,
            })  # fmt: skip
        self.lose_rest(fact, ("site", *(("laterality",) if fact.site else ()), *(("category",) if fact.category == "other" else ())))

    def add_lesion(self, fact: Lesion) -> None:
        gone = fact.course == "resolved"
        said = [
            self.term(str(m)) for m in (fact.site, fact.laterality, fact.course, None if fact.count is None else f"count {fact.count}") if m
        ]
        times = {"resolution": self.time(fact, fact.start)} if gone else {
            "onset": self.time(fact, fact.start), "resolution": self.time(fact, fact.end, "end"),
        }  # fmt: skip
        self.feature(fact, {"modifiers": said, **times})
        if fact.size_mm:
            sizes = sorted(fact.size_mm, reverse=True)
            millimeter = self.unit("mm", "mm")
            amounts = [{"unit": millimeter, "value": size} for size in sizes]
            typed = [{"type": self.term(f"dimension {n}"), "quantity": a} for n, a in enumerate(amounts, start=1)] if len(sizes) > 1 else []
            value: Json = {"complexValue": {"typedQuantities": typed}} if typed else {"value": {"quantity": amounts[0]}}
            when = self.element(fact.start)
            self.append("measurements", self.measurements, fact, {
                "description": f"{fact.name}, {_sided(fact.site or 'site not told', fact.laterality)}",
                "assay": self.term(f"size of {fact.name}"), **value, **({"timeObserved": when} if when else {}),
            })  # fmt: skip

    def add_finding(self, fact: Finding) -> None:
        amount = quantity_of(fact.value, fact.unit)
        if fact.value is None:
            told = [m for m in (fact.site, fact.laterality, fact.grade and f"grade {fact.grade}") if m]
            self.feature(fact, {
                "severity": self.term(fact.severity) if fact.severity else None,
                "modifiers": [self.term(m) for m in told],
                "onset": self.time(fact, fact.start),
                "resolution": self.time(fact, fact.end, "end"),
            })  # fmt: skip
            self.lose_rest(fact, ("severity", "site", "laterality", "grade"))
            return
        self.certainly(fact)
        printed = f"{fact.value} {fact.unit}" if fact.unit else fact.value
        value = (
            {"quantity": {"unit": self.unit(amount.ucum, amount.printed), "value": amount.value}}
            if amount
            else {"ontologyClass": self.term(printed)}
        )
        self.append("measurements", self.measurements, fact, {
            "description": f"{fact.name}: {printed}",
            "assay": self.name_of(fact),
            "value": value,
            "timeObserved": self.time(fact, fact.start),
        })  # fmt: skip
        if fact.end:
            self.lose(fact, f"its end, {days_told(fact.end)}")
        self.lose_rest(fact, ("value", "unit"))

    def add_outcome(self, fact: Outcome) -> None:
        """Death is the subject's; every other state reached is measured at its time."""
        if fact.name == "death" and fact.certainty == "confirmed":
            self.words(fact.id, fact.evidence, "subject.vitalStatus, death")
            self.lose_concept(fact)
            return
        self.certainly(fact)
        self.append("measurements", self.measurements, fact, {
            "assay": self.term("outcome"), "value": {"ontologyClass": self.name_of(fact)}, "timeObserved": self.time(fact, fact.start),
        })  # fmt: skip
        if fact.end:
            self.lose(fact, f"its end, {days_told(fact.end)}")

    def feature(self, fact: BaseFact, said: Json) -> None:
        suspected = [self.term("suspected")] if fact.certainty == "suspected" else []
        self.append("phenotypicFeatures", self.features, fact, {
            "description": _quotes(fact),
            "type": self.name_of(fact),
            **said,
            "modifiers": [*said.get("modifiers", []), *suspected],
            "evidence": [self.statement(e, fact.id) for e in fact.evidence],
        })  # fmt: skip

    def statement(self, evidence: Evidence, owner: str) -> Json:
        return {"evidenceCode": self.term("words of the report"), "reference": self.reference(owner, evidence, evidence.role)}

    def add_denied(self) -> None:
        """Findings the report denies of the patient, as excluded features, where none of the same name is told as present."""
        denied = [m for m in self.case.mentions if m.label == "finding" and m.context.negated and m.context.experiencer == "patient"]
        if denied and len(self.case.patients) > 1:
            self.lose(None, f"{len(denied)} findings denied", "the report has several patients, and a mention does not say whose it is")
            return
        present = {f.name.lower() for f in self.facts}
        told: dict[str, Json] = {}
        for mention in denied:
            name = mention.name or mention.text
            if mention.context.hypothetical or mention.context.uncertain:
                continue
            if name.lower() in present:
                self.lose(
                    None,
                    f"that {name} is denied at {mention.start}",
                    "it is told as present at another time, and an exclusion would be read as never",
                )
                continue
            words = Evidence(start=mention.start, end=mention.end, text=mention.text, section=mention.section)
            feature = told.setdefault(name.lower(), {"type": self.term(name), "excluded": True, "evidence": []})
            feature["evidence"].append(self.statement(words, mention.id))
        self.features += told.values()

    def unit(self, ucum: str, printed: str) -> Json:
        self.prefixes.add("UCUM")
        return {"id": f"UCUM:{ucum}", "label": printed}

    def metadata(self) -> Json:
        source = self.case.source
        resources = [self.resource(prefix) for prefix in sorted(self.prefixes)]
        cited = [("DOI", source.doi), ("PMID", source.pmid), ("PMC", source.pmcid)]
        report = [{"id": f"{k}:{v.removeprefix(k)}", **({"description": source.title} if source.title else {})} for k, v in cited if v]
        generator = self.case.generator
        return {
            "createdBy": f"{generator.name} {generator.version}",
            **({"resources": resources} if resources else {}),
            "phenopacketSchemaVersion": "2.0",
            **({"externalReferences": report + self.references} if report or self.references else {}),
        }

    def resource(self, prefix: str) -> Json:
        if prefix in SYSTEMS:
            known = SYSTEMS[prefix]
            own = {"id": prefix.lower(), "name": known.name, "url": known.page, "version": "not told"}
            return {**own, "namespacePrefix": prefix, "iriPrefix": known.stem}
        if prefix == "UCUM":
            return {
                "id": "ucum",
                "name": "Unified Code for Units of Measure",
                "url": "https://ucum.org",
                "version": "2.2",
                "namespacePrefix": "UCUM",
                "iriPrefix": "https://units-of-measurement.org/",
            }
        return {
            "id": "extractor",
            "name": "Names in the words of the reports, of no public ontology",
            "url": "urn:extractor:name",
            "version": self.case.generator.version,
            "namespacePrefix": "extractor",
            "iriPrefix": "urn:extractor:name:",
        }


def _age_range(span: AgeSpan) -> Json:
    low, high = duration(span.low), duration(span.high, up=True)
    return {"ageRange": {"start": {"iso8601duration": low}, "end": {"iso8601duration": high}}}


def _symbol(fact: Biomarker) -> str:
    """The approved symbol of a gene where its concept tells it, else its name in the report."""
    code = coded(fact.concept)
    return code[1] if code and code[0] == SYMBOLS else fact.name


def _quotes(fact: BaseFact) -> str:
    return " … ".join(e.text for e in fact.evidence)


def _sided(site: str, laterality: str | None) -> str:
    return f"{laterality} {site}" if laterality else site
