"""What is judged: the one shape that a gold file and a timeline document are both turned into."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.schema import BaseFact, Bounds, Case

CORE_TYPES = ("drug", "biomarker", "lesion", "procedure")
TYPES = (*CORE_TYPES, "diagnosis", "outcome")
"""The types that are judged; `finding` and a user's own types are not."""

Days = tuple[float, float]


@dataclass(frozen=True)
class JudgedPatient:
    """A reported patient; `age` in years; None where it is not told."""

    sex: str | None = None
    age: float | None = None


@dataclass(frozen=True)
class JudgedFact:
    """A fact as far as it is judged: `heads` are the spans that name it, `start` and `end` days from day 0 of patient number `patient`."""

    id: str
    type: str
    name: str
    heads: tuple[tuple[int, int], ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    start: Days | None = None
    end: Days | None = None
    step: int | None = None
    patient: int = 1
    suspected: bool = False


@dataclass(frozen=True, eq=False)
class JudgedCase:
    """A case report with its facts. Cases are compared by identity, so that what is worked out for a pair of them can be remembered."""

    id: str
    text: str
    facts: tuple[JudgedFact, ...] = ()
    patients: tuple[JudgedPatient, ...] = (JudgedPatient(),)
    text_file: Path | None = None


def judged(case: Case) -> JudgedCase:
    """A timeline document as it is judged: its patients counted from 1 in their order, a missing drug status read as given.

    A document without its text is judged as if its text were empty: the caller refuses it for not being the gold's.
    """
    numbers = {patient.id: n for n, patient in enumerate(case.patients, start=1)}
    return JudgedCase(
        id=case.source.id,
        text=case.text or "",
        facts=tuple(_fact(fact, numbers[fact.patient]) for fact in case.facts if fact.type in TYPES),
        patients=tuple(
            JudgedPatient(None if p.sex == "unknown" else p.sex, None if p.age is None else years(p.age)) for p in case.patients
        ),
    )


def _fact(fact: BaseFact, patient: int) -> JudgedFact:
    own = type(fact).model_fields.keys() - BaseFact.model_fields.keys() - {"type"}
    return JudgedFact(
        id=fact.id,
        type=getattr(fact, "type"),  # noqa: B009 - each type declares it for itself
        name=fact.name,
        heads=tuple((e.start, e.end) for e in fact.evidence if e.role == "head"),
        attributes={key: getattr(fact, key) for key in sorted(own) if getattr(fact, key) is not None},
        start=_days(fact.start),
        end=_days(fact.end),
        step=fact.step,
        patient=patient,
        suspected=fact.certainty == "suspected",
    )


def _days(bounds: Bounds | None) -> Days | None:
    """Both bounds, a missing one replaced by the other; None where both are missing."""
    if bounds is None:
        return None
    earliest = bounds.latest if bounds.earliest is None else bounds.earliest
    latest = earliest if bounds.latest is None else bounds.latest
    return None if earliest is None or latest is None else (earliest, latest)


_AGE = re.compile(r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?")


def years(age: str) -> float | None:
    """The years of an ISO 8601 duration ("P42Y", "P18M"); None where it is none."""
    parts = _AGE.fullmatch(age)
    if parts is None or not any(parts.groups()):
        return None
    y, m, w, d = (float(part or 0) for part in parts.groups())
    return y + m / 12 + (7 * w + d) / 365.25
