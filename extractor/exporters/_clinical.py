"""What the clinical formats share: ages, dates, stages, quantities and kinds of disease, read from what a fact says of itself."""

import json
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from extractor.entities.lexicon import read_table
from extractor.errors import DocumentError, InputError
from extractor.exporters import Export, Loss
from extractor.schema import DAYS_PER_MONTH, DAYS_PER_YEAR, BaseFact, Bounds, Case, Concept, Diagnosis, Evidence, Patient

HERE = Path(__file__).parent

_DAYS = {"Y": DAYS_PER_YEAR, "M": DAYS_PER_MONTH, "W": 7.0, "D": 1.0}
_AGE = re.compile(r"P(?:[\d.]+[YMWD])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([YMWD])")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class AgeSpan(NamedTuple):
    """The days since birth that an age told stands for: who is 42 is between 42 years and a day less than 43 years old."""

    low: float
    high: float


def age_span(age: str | None) -> AgeSpan | None:
    """The days an ISO 8601 duration stands for; None where there is none that can be read.

    >>> age_span("P2W")
    AgeSpan(low=14.0, high=20.0)
    """
    parts = _PART.findall(age) if age and _AGE.fullmatch(age) else []
    if not parts:
        return None
    low = sum(float(number) * _DAYS[unit] for number, unit in parts)
    number, unit = parts[-1]
    width = _DAYS[unit] / 10 ** len(number.partition(".")[2])
    return AgeSpan(low, low + max(width - 1, 0))


def at_age(age: AgeSpan, bounds: Bounds) -> AgeSpan | None:
    """The age at a time told in days from day 0, at which the patient had `age`; None where no latest age follows."""
    if bounds.latest is None or age.high + bounds.latest < 0:
        return None
    low = 0.0 if bounds.earliest is None else max(age.low + bounds.earliest, 0.0)
    return AgeSpan(low, age.high + bounds.latest)


def duration(days: float, *, up: bool = False) -> str:
    """Days as an ISO 8601 duration of years and days, to the whole day below (or above).

    >>> duration(42 * 365.25 + 3), duration(9.5, up=True), duration(0)
    ('P42Y3D', 'P10D', 'P0D')
    """
    years, rest = divmod(days, DAYS_PER_YEAR)
    left = math.ceil(rest) if up else math.floor(rest)
    if left > DAYS_PER_YEAR:
        years, left = years + 1, 0
    return "P" + (f"{years:.0f}Y" if years else "") + (f"{left}D" if left or not years else "")


def on(epoch: date, day: float, case: Case) -> date:
    """The calendar date of a day; InputError where the calendar does not reach so far."""
    try:
        return epoch + timedelta(days=day)
    except OverflowError:
        raise InputError(f"{case.source.id}: day {day:g} from {epoch} is in no calendar: name another --epoch") from None


def told_dates(bounds: Bounds | None) -> tuple[date, date] | None:
    """The first and last day of a date the report itself tells ("2014-03"); None where it tells none."""
    parts = _DATE.fullmatch(bounds.date) if bounds and bounds.date else None
    if parts is None:
        return None
    year, month, day = (int(p) if p else None for p in parts.groups())
    assert year is not None
    try:
        first = date(year, month or 1, day or 1)
        if day:
            return first, first
        following = date(year + 1, 1, 1) if month in (None, 12) else date(year, month + 1, 1)
    except ValueError:
        return None
    return first, following - timedelta(days=1)


def days_told(bounds: Bounds) -> str:
    """Bounds in words.

    >>> days_told(Bounds(earliest=3, latest=9)), days_told(Bounds(latest=0))
    ('3 to 9 days from day 0', 'unknown to 0 days from day 0')
    """
    low, high = ("unknown" if b is None else f"{b:g}" for b in (bounds.earliest, bounds.latest))
    return f"{low} days from day 0" if low == high else f"{low} to {high} days from day 0"


_T, _N, _M = r"T(?:is|[0-4xX])[a-d]?", r"N[0-3xX][a-c]?", r"M[01xX][a-d]?"
_TNM = re.compile(
    rf"(?<![A-Za-z0-9])(?P<prefix>[yra]*[cp])?-?(?:(?P<T>{_T})[ ,]*(?:[cp]?(?P<N>{_N}))?[ ,]*(?:[cp]?(?P<M>{_M}))?|"
    rf"(?P<N2>{_N})[ ,]*(?:[cp]?(?P<M2>{_M}))?|(?P<M3>{_M}))(?![A-Za-z0-9])"
)
_GROUP = re.compile(r"(?<![A-Za-z0-9])(?:IV|I{1,3}|0)[A-D]?[1-3]?(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Stage:
    """A stage as printed, its TNM categories by their letter ("T": "T2a"), how they were found, and its group ("IIIA")."""

    printed: str
    tnm: dict[str, str]
    basis: Literal["clinical", "pathologic", "other"]
    group: str | None


def stage_of(printed: str) -> Stage:
    """Read a stage.

    >>> stage_of("pT3N0M0, stage IIB")
    Stage(printed='pT3N0M0, stage IIB', tnm={'T': 'T3', 'N': 'N0', 'M': 'M0'}, basis='pathologic', group='IIB')
    """
    found = _TNM.search(printed)
    categories = (
        {k: found[k] or (found[k + "2"] if k != "T" else None) or (found["M3"] if k == "M" else None) for k in "TNM"} if found else {}
    )
    prefix = (found["prefix"] or "") if found else ""
    basis: Literal["clinical", "pathologic", "other"] = (
        "clinical" if prefix.endswith("c") else "pathologic" if prefix.endswith("p") else "other"
    )
    group = _GROUP.search(_TNM.sub(" ", printed))
    return Stage(printed, {k: v for k, v in categories.items() if v}, basis, group[0] if group else None)


class Quantity(NamedTuple):
    """A number with its unit as printed and in UCUM."""

    value: float
    printed: str
    ucum: str


@cache
def _units() -> dict[str, str]:
    return {row["printed"]: row["ucum"] for row in read_table(HERE / "_units.tsv", ("printed", "ucum"))}


def quantity_of(printed: str | None, unit: str | None = None) -> Quantity | None:
    """A number and a unit that UCUM knows; None where it is anything else ("11-50%", "3+", "standard dose").

    >>> quantity_of("75 mg/m2"), quantity_of("3+")
    (Quantity(value=75.0, printed='mg/m2', ucum='mg/m2'), None)
    """
    parts = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(\D.*)?", (printed or "").strip())
    if parts is None or (unit and parts[2]):
        return None
    told = re.sub(r" per ", "/", parts[2] or unit or "").strip()
    ucum = _units().get(told)
    return Quantity(float(parts[1]), told, ucum) if ucum else None


@cache
def _cancer_words() -> tuple[tuple[str, str], ...]:
    rows = read_table(HERE / "_cancers.tsv", ("word", "kind"))
    return tuple(sorted(((r["word"], r["kind"]) for r in rows), key=lambda r: -len(r[0])))


@cache
def cancer(name: str) -> Literal["primary", "secondary"] | None:
    """What kind of cancer a disease of this name is: a tumor where it arose, its spread, or none.

    >>> cancer("invasive ductal carcinoma"), cancer("metastatic carcinoma"), cancer("subdural hematoma")
    ('primary', 'secondary', None)
    """
    words = f" {' '.join(re.findall(r'[a-z]+', name.lower()))} "
    kinds = {kind for word, kind in _cancer_words() if word[0] != "*" and f" {word} " in words}
    if kinds & {"secondary", "none"}:
        return "secondary" if "secondary" in kinds else None
    for one in words.split():
        kinds |= {next((kind for word, kind in _cancer_words() if word[0] == "*" and one.endswith(word[1:])), "")}
    return "secondary" if "secondary" in kinds else "primary" if "primary" in kinds else None


def diseases_of(facts: Iterable[BaseFact], kind: Literal["primary", "secondary"]) -> list[Diagnosis]:
    """The diagnoses that are cancer of a kind."""
    return [f for f in facts if isinstance(f, Diagnosis) and cancer(f.name) == kind]


class Terminology(NamedTuple):
    """A terminology: its name, its page, its system in FHIR, and the stem of its codes' addresses."""

    name: str
    page: str
    fhir: str
    stem: str


SYMBOLS = "hgnc.symbol"
"""HGNC's approved gene symbols, under the prefix that identifiers.org has for them."""
SYSTEMS = {
    "HGNC": Terminology("HUGO Gene Nomenclature Committee", "https://www.genenames.org", "http://www.genenames.org", "https://identifiers.org/hgnc/"),
    SYMBOLS: Terminology(
        "HGNC approved gene symbols", "https://www.genenames.org", "https://identifiers.org/hgnc.symbol", "https://identifiers.org/hgnc.symbol:",
    ),
    "UBERON": Terminology(
        "Uber-anatomy ontology", "http://uberon.org", "http://purl.obolibrary.org/obo/uberon.owl", "http://purl.obolibrary.org/obo/UBERON_",
    ),
}  # fmt: skip
"""Terminologies whose licence allows their codes (HGNC CC0, UBERON CC BY 3.0), by the prefix of these."""


def coded(concept: Concept | None) -> tuple[str, str] | None:
    """The terminology of SYSTEMS and the code after its prefix; None where a concept is of none of them."""
    system = next((prefix for prefix in SYSTEMS if concept and prefix.lower() == concept.system.lower()), None)
    return None if concept is None or system is None else (system, concept.code.removeprefix(f"{system}:"))


def patients_of(case: Case) -> tuple[Patient, ...]:
    """The patients of a case; DocumentError where it has none, for formats that are of one patient."""
    if not case.patients:
        raise DocumentError(f"{case.source.id}: it tells of no patient, and this format is about one: export it to table instead")
    return case.patients


def exported(case: Case, form: str, write: Callable[[Patient], tuple[Any, Iterable[Loss]]], of_document: Iterable[Loss]) -> Export:
    """A JSON file for each patient of a case, `<id>[.<patient>].<form>.json`, by what `write` makes of one, and all that was lost.

    DocumentError where there is no patient.
    """
    files, losses = {}, list(of_document)
    for patient in patients_of(case):
        content, lost = write(patient)
        name = case.source.id if len(case.patients) == 1 else f"{case.source.id}.{patient.id}"
        files[f"{name}.{form}.json"] = (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
        losses += lost
    return Export(files, tuple(losses))


def file_of(case: Case) -> str:
    """What the offsets of a case count in: its file, else its id."""
    return case.source.file or case.source.id


def where(evidence: Evidence) -> str:
    """Where words stand, for a person: offsets, and the page where there are pages."""
    page = "" if evidence.page is None else f", page {evidence.page}"
    return f"[{evidence.start}, {evidence.end}){page}"
