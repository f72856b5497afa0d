"""OMOP CDM v5.4 tables (CSV), with episodes and note_nlp; needs --epoch.

https://ohdsi.github.io/CommonDataModel/cdm54.html. Dates are the epoch plus the day at the middle of a fact's bounds; the bounds
themselves stand in note_nlp (term_temporal). Standard concepts need the OMOP vocabularies, which are not ours to give: every event has
concept 0 ("no matching concept") and its name in the source value, ready for Usagi. What did not happen (declined, planned) is an
observation, never an exposure or a procedure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from extractor.entities.lexicon import read_table
from extractor.exporters import Export, Loss, attributes, bounds_in_words, csv_bytes, middle, one_line
from extractor.schema import Biomarker, Bounds, Case, Drug, Evidence, Fact, Finding, Lesion, Mention, Outcome, Patient, Procedure

NEEDS_EPOCH = True
NLP = 32858
"""OMOP's type concept of what was derived from text."""
REGIMEN = 32531
"""OMOP's episode concept of a treatment regimen."""
_GENDERS = {"female": 8532, "male": 8507}
_VALUES = {"positive": 9191, "negative": 9189}
"""OMOP's concepts of a measured value."""
_FIELDS = {"condition_occurrence": 1147127, "drug_exposure": 1147094}
"""OMOP's concepts of the columns that an event is identified by."""
_AGE = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
_NUMBER = re.compile(r"[<>]?\s*(\d+(?:\.\d+)?)")
Row = dict[str, Any]
Exposure = tuple[date, date, Drug, int]
"""Start, end, fact and number of a drug exposure."""


@dataclass(frozen=True)
class Column:
    """A column of a table of the CDM; `longest` is the most characters it holds."""

    name: str
    required: bool
    longest: int | None


@cache
def columns() -> dict[str, tuple[Column, ...]]:
    """The columns of each table that is written, as omop.tsv has them."""
    found: dict[str, list[Column]] = {}
    for row in read_table(Path(__file__).with_suffix(".tsv"), ("table", "column", "type", "required")):
        length = re.search(r"\((\d+)\)", row["type"])
        found.setdefault(row["table"], []).append(Column(row["column"], row["required"] == "yes", int(length[1]) if length else None))
    return {name: tuple(of) for name, of in found.items()}


@dataclass
class _Tables:
    """The rows of each table, numbered as they are made, and what did not fit."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in columns()})
    losses: list[Loss] = field(default_factory=list)

    def add(self, table: str, case: Case, fact: Fact | None, **values: Any) -> int:
        """Add a row and say its number; what is longer than its column is cut and told."""
        first = columns()[table][0]
        number = len(self.rows[table]) + 1
        row = {first.name: number} | values
        for column in columns()[table]:
            value = row.get(column.name)
            if column.longest is not None and isinstance(value, str) and len(value) > column.longest:
                row[column.name] = value[: column.longest]
                what = f"the end of {value!r}"
                self.losses.append(
                    Loss(
                        case.source.id, None if fact is None else fact.id, what, f"{table}.{column.name} holds {column.longest} characters"
                    )
                )
        self.rows[table].append(row)
        return number


@dataclass(frozen=True)
class _Person:
    """Whose rows are made, and where they go."""

    case: Case
    patient: Patient
    number: int
    epoch: date
    tables: _Tables

    def add(self, table: str, fact: Fact | None, **values: Any) -> int:
        own = {} if table == "note_nlp" else {"person_id": self.number}
        return self.tables.add(table, self.case, fact, **own, **values)

    def has(self, table: str) -> bool:
        return any(row["person_id"] == self.number for row in self.tables.rows[table])

    def lose(self, fact: Fact, what: str, why: str) -> None:
        self.tables.losses.append(Loss(self.case.source.id, fact.id, what, why))


def export_together(cases: Sequence[Case], epoch: date | None = None) -> Export:
    """The tables of all cases, one CSV file each, those without a row too."""
    assert epoch is not None, "omop needs an epoch"
    tables = _Tables()
    for case in cases:
        for patient in case.patients:
            _person(case, patient, epoch, tables)
        _told(case, tables)
    files = {}
    for name, rows in tables.rows.items():
        header = [column.name for column in columns()[name]]
        files[f"{name}.csv"] = csv_bytes(header, ([row.get(column) for column in header] for row in rows))
    return Export(files, tuple(tables.losses))


def export(case: Case, epoch: date | None = None) -> Export:
    """The tables of one case."""
    return export_together([case], epoch)


def _told(case: Case, tables: _Tables) -> None:
    name = case.source.id
    if not case.patients:
        tables.losses.append(Loss(name, None, "the document", "it tells of no patient"))
    if case.facts:
        tables.losses.append(Loss(name, None, "standard concepts", "they need the OMOP vocabularies: map the source values, with Usagi"))
        tables.losses.append(Loss(name, None, "confidence and the reasons for bounds", "OMOP has no column for them"))
    if any(f.concept for f in case.facts):
        tables.losses.append(Loss(name, None, "the codes of facts", "OMOP has its own numbers for them, in its vocabularies"))
    if case.relations:
        tables.losses.append(Loss(name, None, f"{len(case.relations)} relations", "events are related by their dates"))
    if case.text is None:
        tables.losses.append(Loss(name, None, "note and note_nlp", "the document's text was left out"))


def _person(case: Case, patient: Patient, epoch: date, tables: _Tables) -> None:
    birth = _birth(patient.age, epoch)
    if birth is None:
        why = "OMOP asks for a year of birth, and its convention is to leave out a person without one: no age is told"
        tables.losses.append(Loss(case.source.id, None, f"the patient {patient.id} and all of their facts", why))
        return
    source = case.source.id if len(case.patients) == 1 else f"{case.source.id}-{patient.id}"
    number = tables.add(
        "person", case, None, year_of_birth=birth, gender_concept_id=_GENDERS.get(patient.sex, 0), gender_source_value=patient.sex,
        race_concept_id=0, ethnicity_concept_id=0, person_source_value=source,
    )  # fmt: skip
    person = _Person(case, patient, number, epoch, tables)
    dated = []
    exposures: list[Exposure] = []
    for fact in (f for f in case.facts if f.patient == patient.id):
        start = _day(epoch, fact.start)
        if start is None:
            person.lose(fact, fact.name, "OMOP needs a date, and no day is known that the calendar has")
            continue
        end = _day(epoch, fact.end)
        end = None if end is None else max(start, end)
        dated += [start, end or start]
        event = _event(person, fact, start, end)
        if isinstance(fact, Drug) and fact.status == "given":
            exposures.append((start, end or start, fact, event))
    _regimens(person, exposures)
    if dated:
        person.add(
            "observation_period", None, observation_period_start_date=min(dated), observation_period_end_date=max(dated),
            period_type_concept_id=NLP,
        )  # fmt: skip
    if case.text is not None:
        _note(person, case.text)


def _birth(age: str | None, epoch: date) -> int | None:
    """The year of birth of someone who is so old on day 0; None where no age is told, or none that the calendar has."""
    said = _AGE.fullmatch(age or "")
    if said is None or not any(said.groups()):
        return None
    years, months, weeks, days = (int(part or 0) for part in said.groups())
    try:
        return (epoch - timedelta(days=years * 365.25 + months * 30.44 + weeks * 7 + days)).year
    except OverflowError:
        return None


def _day(epoch: date, bounds: Bounds | None) -> date | None:
    day = middle(bounds)
    try:
        return None if day is None else epoch + timedelta(days=day)
    except OverflowError:
        return None


def _event(person: _Person, fact: Fact, start: date, end: date | None) -> int:
    """The row of a fact in the table of its kind; its number."""
    own = attributes(fact)
    if own.get("status") in ("declined", "planned"):
        return _observation(person, fact, start, str(own["status"]))
    if isinstance(fact, Drug):
        sig = [fact.dose, fact.frequency, None if fact.cycles is None else f"{fact.cycles} cycles", fact.intent]
        if end is None:
            person.lose(fact, f"that it is not told when {fact.name} ended", "OMOP asks for an end of exposure: it is the start")
        return person.add(
            "drug_exposure", fact, drug_concept_id=0, drug_exposure_start_date=start, drug_exposure_end_date=end or start,
            drug_type_concept_id=NLP, stop_reason=fact.stop_reason, drug_source_value=fact.name, route_source_value=fact.route,
            sig=", ".join(words for words in sig if words) or None,
        )  # fmt: skip
    if isinstance(fact, Procedure):
        where = " ".join(words for words in (fact.laterality, fact.site, fact.dose) if words) or None
        return person.add(
            "procedure_occurrence", fact, procedure_concept_id=0, procedure_date=start, procedure_end_date=end, quantity=fact.fractions,
            procedure_type_concept_id=NLP, procedure_source_value=fact.name, modifier_source_value=where,
        )  # fmt: skip
    if isinstance(fact, Biomarker) or (isinstance(fact, Finding) and fact.value is not None):
        return _measurement(person, fact, start)
    if isinstance(fact, Outcome) and fact.name == "death" and not person.has("death"):
        return person.add("death", fact, death_date=start, death_type_concept_id=NLP)
    if fact.type in ("diagnosis", "lesion", "finding"):
        words = " ".join(str(own[name]) for name in ("laterality", "site") if name in own)
        number = person.add(
            "condition_occurrence", fact, condition_concept_id=0, condition_start_date=start, condition_end_date=end,
            condition_type_concept_id=NLP, condition_status_source_value=fact.certainty,
            condition_source_value=f"{fact.name}, {words}" if words else fact.name,
        )  # fmt: skip
        if isinstance(fact, Lesion) and fact.size_mm:
            _size(person, fact, start, number)
        return number
    return _observation(person, fact, start, ", ".join(f"{k} {v}" for k, v in own.items()) or None)


def _measurement(person: _Person, fact: Fact, start: date) -> int:
    own = attributes(fact)
    value = str(own.get("value") or "")
    number = _NUMBER.fullmatch(value.replace("%", "").strip())
    return person.add(
        "measurement", fact, measurement_concept_id=0, measurement_date=start, measurement_type_concept_id=NLP,
        measurement_source_value=fact.name, value_as_number=number and float(number[1]),
        value_as_concept_id=_VALUES.get(str(own.get("status"))), unit_source_value=own.get("unit") or ("%" if "%" in value else None),
        value_source_value=" ".join(str(own[name]) for name in ("status", "value") if name in own),
    )  # fmt: skip


def _size(person: _Person, fact: Lesion, start: date, condition: int) -> None:
    """Each dimension of a lesion, as a measurement of its condition."""
    for millimetres in fact.size_mm or ():
        person.add(
            "measurement", fact, measurement_concept_id=0, measurement_date=start, measurement_type_concept_id=NLP,
            measurement_source_value="lesion size", value_as_number=millimetres, unit_source_value="mm",
            value_source_value=f"{millimetres:g} mm", measurement_event_id=condition,
            meas_event_field_concept_id=_FIELDS["condition_occurrence"],
        )  # fmt: skip


def _observation(person: _Person, fact: Fact, start: date, value: str | None) -> int:
    return person.add(
        "observation", fact, observation_concept_id=0, observation_date=start, observation_type_concept_id=NLP,
        observation_source_value=fact.name, value_as_string=value,
    )  # fmt: skip


def _regimens(person: _Person, exposures: Sequence[Exposure]) -> None:
    """An episode for each regimen: the drugs that start on one day and belong to a regimen."""
    groups: dict[date, list[Exposure]] = {}
    for exposure in exposures:
        if exposure[2].regimen or exposure[2].components:
            groups.setdefault(exposure[0], []).append(exposure)
    for number, (start, members) in enumerate(sorted(groups.items()), start=1):
        episode = person.add(
            "episode", None, episode_concept_id=REGIMEN, episode_start_date=start, episode_number=number,
            episode_end_date=max(end for _, end, _, _ in members), episode_object_concept_id=0, episode_type_concept_id=NLP,
            episode_source_value=" + ".join(dict.fromkeys(drug.name for _, _, drug, _ in members)),
        )  # fmt: skip
        person.tables.rows["episode_event"] += [
            {"episode_id": episode, "event_id": exposure, "episode_event_field_concept_id": _FIELDS["drug_exposure"]}
            for _, _, _, exposure in members
        ]


def _note(person: _Person, text: str) -> None:
    """The text as the person's note, and below it every piece of evidence and every other mention."""
    case = person.case
    note = person.add(
        "note", None, note_date=person.epoch, note_type_concept_id=NLP, note_class_concept_id=0, note_text=text,
        note_title=case.source.title, encoding_concept_id=0, language_concept_id=0, note_source_value=case.source.id,
    )  # fmt: skip
    system = f"{case.generator.name} {case.generator.version} {case.generator.pipeline}"
    found = {"note_id": note, "note_nlp_concept_id": 0, "nlp_system": system, "nlp_date": person.epoch}
    told: set[str | None] = set()
    for fact in (f for f in case.facts if f.patient == person.patient.id):
        said = [f"{name}={one_line(str(value))}" for name, value in attributes(fact).items()]
        for evidence in fact.evidence:
            told.add(evidence.mention)
            modifiers = [f"fact={fact.id}", f"role={evidence.role}", f"type={fact.type}", f"certainty={fact.certainty}", *said]
            person.add(
                "note_nlp", fact, **found, **_words(text, evidence), term_exists="Y", term_modifiers="; ".join(modifiers),
                term_temporal=f"day {bounds_in_words(fact.start)}",
            )  # fmt: skip
    for mention in (m for m in case.mentions if m.id not in told):
        modifiers = [f"mention={mention.id}", f"type={mention.label}", *_context(mention)]
        person.add(
            "note_nlp", None, **found, **_words(text, mention), term_exists=_exists(mention), term_modifiers="; ".join(modifiers)
        )  # fmt: skip


def _words(text: str, span: Evidence | Mention) -> dict[str, str]:
    """The words of a span, where they begin, and the words with some of what stands around them."""
    room = max(0, 240 - (span.end - span.start)) // 2
    snippet = one_line(text[max(0, span.start - room) : span.end + room])[:250]
    return {"offset": str(span.start), "lexical_variant": span.text, "snippet": snippet}


def _exists(mention: Mention) -> str:
    """Y where the text speaks of the patient and does not deny it; N as the CDM has it for what is negated, doubtful or another's."""
    context = mention.context
    apart = context.negated or context.uncertain or context.hypothetical or context.planned or context.declined
    return "N" if apart or context.experiencer != "patient" else "Y"


def _context(mention: Mention) -> list[str]:
    return [f"{name}={value}" for name, value in mention.context.model_dump().items() if value is not False]
