"""OMOP CDM v5.4 tables (CSV) with person, events, episodes, note and note_nlp; needs --epoch, the date of day 0.

https://ohdsi.github.io/CommonDataModel/cdm54.html. Dates are the epoch plus the day at the middle of a fact's bounds; the bounds
themselves stand in note_nlp (term_temporal). Standard concepts need the OMOP vocabularies, which are not ours to give: every event has
concept 0 ("no matching concept") and its name in the source value, ready for Usagi. What did not happen (declined, planned) is an
observation, never an exposure or a procedure.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from extractor.entities.lexicon import read_table
from extractor.exporters import Export, Loss, attributes, bounds_in_words, middle, one_line
from extractor.schema import Biomarker, Bounds, Case, Drug, Fact, Finding, Lesion, Mention, Outcome, Patient, Procedure

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


def export_together(cases: Sequence[Case], epoch: date | None = None) -> Export:
    """The tables of all cases, one CSV file each, those without a row too."""
    assert epoch is not None, "omop needs an epoch"
    tables = _Tables()
    for case in cases:
        for patient in case.patients:
            _person(case, patient, epoch, tables)
        _told(case, tables)
    return Export({f"{name}.csv": _csv(name, rows) for name, rows in tables.rows.items()}, tuple(tables.losses))


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
    person = tables.add(
        "person", case, None, year_of_birth=birth, gender_concept_id=_GENDERS.get(patient.sex, 0), gender_source_value=patient.sex,
        race_concept_id=0, ethnicity_concept_id=0, person_source_value=source,
    )  # fmt: skip
    dated = []
    exposures: list[tuple[date, date, Drug, int]] = []
    for fact in (f for f in case.facts if f.patient == patient.id):
        start = _day(epoch, fact.start)
        if start is None:
            tables.losses.append(Loss(case.source.id, fact.id, fact.name, "OMOP needs a date, and no day is known that the calendar has"))
            continue
        end = _day(epoch, fact.end)
        end = None if end is None else max(start, end)
        dated += [start, end or start]
        number = _event(case, person, fact, start, end, tables)
        if isinstance(fact, Drug) and fact.status == "given":
            exposures.append((start, end or start, fact, number))
    _regimens(case, person, exposures, tables)
    if dated:
        tables.add(
            "observation_period", case, None, person_id=person, observation_period_start_date=min(dated),
            observation_period_end_date=max(dated), period_type_concept_id=NLP,
        )  # fmt: skip
    if case.text is not None:
        _note(case, patient, person, epoch, tables)


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


def _event(case: Case, person: int, fact: Fact, start: date, end: date | None, tables: _Tables) -> int:
    """The row of a fact in the table of its kind; its number."""
    own = attributes(fact)
    if own.get("status") in ("declined", "planned"):
        return _observation(case, person, fact, start, str(own["status"]), tables)
    if isinstance(fact, Drug):
        sig = [fact.dose, fact.frequency, None if fact.cycles is None else f"{fact.cycles} cycles", fact.intent]
        if end is None:
            tables.losses.append(
                Loss(case.source.id, fact.id, f"that it is not told when {fact.name} ended", "OMOP asks for an end: its start")
            )
        return tables.add(
            "drug_exposure", case, fact, person_id=person, drug_concept_id=0, drug_exposure_start_date=start,
            drug_exposure_end_date=end or start, drug_type_concept_id=NLP, stop_reason=fact.stop_reason, drug_source_value=fact.name,
            sig=", ".join(word for word in sig if word) or None, route_source_value=fact.route,
        )  # fmt: skip
    if isinstance(fact, Procedure):
        where = " ".join(word for word in (fact.laterality, fact.site, fact.dose) if word) or None
        return tables.add(
            "procedure_occurrence", case, fact, person_id=person, procedure_concept_id=0, procedure_date=start, procedure_end_date=end,
            procedure_type_concept_id=NLP, procedure_source_value=fact.name, modifier_source_value=where, quantity=fact.fractions,
        )  # fmt: skip
    if isinstance(fact, Biomarker) or (isinstance(fact, Finding) and fact.value is not None):
        return _measurement(case, person, fact, start, tables)
    if isinstance(fact, Outcome) and fact.name == "death" and all(row["person_id"] != person for row in tables.rows["death"]):
        return tables.add("death", case, fact, person_id=person, death_date=start, death_type_concept_id=NLP)
    if fact.type in ("diagnosis", "lesion", "finding"):
        words = " ".join(str(own[name]) for name in ("laterality", "site") if name in own)
        number = tables.add(
            "condition_occurrence", case, fact, person_id=person, condition_concept_id=0, condition_start_date=start,
            condition_end_date=end, condition_type_concept_id=NLP, condition_status_source_value=fact.certainty,
            condition_source_value=f"{fact.name}, {words}" if words else fact.name,
        )  # fmt: skip
        if isinstance(fact, Lesion) and fact.size_mm:
            _size(case, person, fact, start, number, tables)
        return number
    return _observation(case, person, fact, start, ", ".join(f"{k} {v}" for k, v in own.items()) or None, tables)


def _measurement(case: Case, person: int, fact: Fact, start: date, tables: _Tables) -> int:
    own = attributes(fact)
    value = own.get("value")
    number = _NUMBER.fullmatch(str(value or "").replace("%", "").strip())
    return tables.add(
        "measurement", case, fact, person_id=person, measurement_concept_id=0, measurement_date=start, measurement_type_concept_id=NLP,
        measurement_source_value=fact.name, value_as_number=number and float(number[1]), value_as_concept_id=_VALUES.get(str(own.get("status"))),
        unit_source_value=own.get("unit") or ("%" if "%" in str(value or "") else None),
        value_source_value=" ".join(str(own[name]) for name in ("status", "value") if name in own),
    )  # fmt: skip


def _size(case: Case, person: int, fact: Lesion, start: date, condition: int, tables: _Tables) -> None:
    """Each dimension of a lesion, as a measurement of its condition."""
    for millimetres in fact.size_mm or ():
        tables.add(
            "measurement", case, fact, person_id=person, measurement_concept_id=0, measurement_date=start, measurement_type_concept_id=NLP,
            measurement_source_value="lesion size", value_as_number=millimetres, unit_source_value="mm", measurement_event_id=condition,
            value_source_value=f"{millimetres:g} mm", meas_event_field_concept_id=_FIELDS["condition_occurrence"],
        )  # fmt: skip


def _observation(case: Case, person: int, fact: Fact, start: date, value: str | None, tables: _Tables) -> int:
    return tables.add(
        "observation", case, fact, person_id=person, observation_concept_id=0, observation_date=start, observation_type_concept_id=NLP,
        observation_source_value=fact.name, value_as_string=value,
    )  # fmt: skip


def _regimens(case: Case, person: int, exposures: Sequence[tuple[date, date, Drug, int]], tables: _Tables) -> None:
    """An episode for each regimen: the drugs that start on one day and name a regimen or each other."""
    groups: dict[date, list[tuple[date, date, Drug, int]]] = {}
    for exposure in exposures:
        if exposure[2].regimen or exposure[2].components:
            groups.setdefault(exposure[0], []).append(exposure)
    for number, (start, members) in enumerate(sorted(groups.items()), start=1):
        names = " + ".join(dict.fromkeys(drug.name for _, _, drug, _ in members))
        episode = tables.add(
            "episode", case, None, person_id=person, episode_concept_id=REGIMEN, episode_start_date=start, episode_number=number,
            episode_end_date=max(end for _, end, _, _ in members), episode_object_concept_id=0, episode_type_concept_id=NLP,
            episode_source_value=names,
        )  # fmt: skip
        for _, _, _, exposure_id in members:
            tables.rows["episode_event"].append(
                {"episode_id": episode, "event_id": exposure_id, "episode_event_field_concept_id": _FIELDS["drug_exposure"]}
            )


def _note(case: Case, patient: Patient, person: int, epoch: date, tables: _Tables) -> None:
    note = tables.add(
        "note", case, None, person_id=person, note_date=epoch, note_type_concept_id=NLP, note_class_concept_id=0, note_text=case.text,
        note_title=case.source.title, encoding_concept_id=0, language_concept_id=0, note_source_value=case.source.id,
    )  # fmt: skip
    system = f"{case.generator.name} {case.generator.version} {case.generator.pipeline}"
    told: set[str] = set()
    for fact in (f for f in case.facts if f.patient == patient.id):
        said = [f"{name}={one_line(str(value))}" for name, value in attributes(fact).items()]
        for evidence in fact.evidence:
            told |= {evidence.mention} if evidence.mention else set()
            tables.add(
                "note_nlp", case, fact, note_id=note, snippet=_snippet(case.text or "", evidence.start, evidence.end), offset=str(evidence.start),
                lexical_variant=evidence.text, note_nlp_concept_id=0, nlp_system=system, nlp_date=epoch, term_exists="Y",
                term_temporal=f"day {bounds_in_words(fact.start)}",
                term_modifiers="; ".join([f"fact={fact.id}", f"role={evidence.role}", f"type={fact.type}", f"certainty={fact.certainty}", *said]),
            )  # fmt: skip
    for mention in (m for m in case.mentions if m.id not in told):
        tables.add(
            "note_nlp", case, None, note_id=note, snippet=_snippet(case.text or "", mention.start, mention.end), offset=str(mention.start),
            lexical_variant=mention.text, note_nlp_concept_id=0, nlp_system=system, nlp_date=epoch, term_exists=_exists(mention),
            term_modifiers=f"mention={mention.id}; type={mention.label}; {_context(mention)}",
        )  # fmt: skip


def _exists(mention: Mention) -> str:
    """Y where the text speaks of the patient and does not deny it; N as the CDM has it for what is negated, doubtful or another's."""
    context = mention.context
    apart = context.negated or context.uncertain or context.hypothetical or context.planned or context.declined
    return "N" if apart or context.experiencer != "patient" else "Y"


def _context(mention: Mention) -> str:
    return "; ".join(f"{name}={value}" for name, value in mention.context.model_dump().items() if value not in (False,))


def _snippet(text: str, start: int, end: int) -> str:
    """The words with some of what stands around them, no longer than the column."""
    room = max(0, 240 - (end - start)) // 2
    return one_line(text[max(0, start - room) : min(len(text), end + room)])[:250]


def _csv(name: str, rows: Sequence[Row]) -> bytes:
    held = io.StringIO()
    writer = csv.DictWriter(held, [column.name for column in columns()[name]], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue().encode()
