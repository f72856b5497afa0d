"""What is judged: the one shape that a gold file and a timeline document are both turned into."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from extractor.schema import BaseFact, Bounds, Case, Context

CORE_TYPES = ("drug", "biomarker", "lesion", "procedure")
TYPES = (*CORE_TYPES, "diagnosis", "outcome")
"""The types that are judged; `finding` and a user's own types are not."""

Days = tuple[float, float]
Span = tuple[int, int]

Level = Literal["mention", "context", "fact", "attribute", "start", "order", "placed", "relation", "series"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""What can be judged, each for itself; a gold format has some of them."""
FACT_LEVELS: frozenset[Level] = frozenset({"fact", "attribute", "start", "order", "placed", "relation", "series"})
"""The levels of gold that tells facts with their times."""
FLAGS = ("negated", "uncertain", "hypothetical", "planned", "declined", "historical", "experiencer")
"""How a text can speak of a mention; `experiencer` where it speaks of someone else than the patient."""


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


@dataclass(frozen=True)
class JudgedMention:
    """Words of the text with a label: one span, or several where they stand apart, and which of FLAGS the text says of them.

    `kind` parts the mentions of a label of ours further, for schemes that part them ("finding:measured").
    """

    id: str
    label: str
    spans: tuple[Span, ...]
    flags: frozenset[str] = frozenset()
    kind: str = ""


@dataclass(frozen=True)
class JudgedRelation:
    """The mention `source` happened before the mention `target`, or at the same time, as the gold says itself; both are ids."""

    type: Literal["before", "overlap"]
    source: str
    target: str


@dataclass(frozen=True, eq=False)
class JudgedCase:
    """A case report with what is known of it. Cases are compared by identity, so that what is worked out for a pair can be remembered.

    `levels` is what it can be gold of. `scheme` gives for the labels of our own mentions those of this case's mentions, where they are
    another's: what it does not name is not annotated there, and not judged. `flags` are those of FLAGS that are annotated.
    `findings` are facts that are not judged as such, but stand in time between the others.
    """

    id: str
    text: str
    facts: tuple[JudgedFact, ...] = ()
    patients: tuple[JudgedPatient, ...] = (JudgedPatient(),)
    text_file: Path | None = None
    mentions: tuple[JudgedMention, ...] = ()
    relations: tuple[JudgedRelation, ...] = ()
    findings: tuple[JudgedFact, ...] = ()
    levels: frozenset[Level] = FACT_LEVELS
    scheme: Mapping[str, str] | None = None
    flags: frozenset[str] = frozenset(FLAGS)


def judged(case: Case) -> JudgedCase:
    """A timeline document as it is judged: its patients counted from 1 in their order, a missing drug status read as given.

    A document without its text is judged as if its text were empty: the caller refuses it for not being the gold's.
    """
    numbers = {patient.id: n for n, patient in enumerate(case.patients, start=1)}
    facts = [_fact(fact, numbers[fact.patient]) for fact in case.facts]
    return JudgedCase(
        id=case.source.id,
        text=case.text or "",
        facts=tuple(fact for fact in facts if fact.type in TYPES),
        findings=tuple(fact for fact in facts if fact.type not in TYPES),
        patients=tuple(
            JudgedPatient(None if p.sex == "unknown" else p.sex, None if p.age is None else years(p.age)) for p in case.patients
        ),
        mentions=tuple(
            JudgedMention(m.id, m.label, ((m.start, m.end),), flags_of(m.context), str(m.attributes.get("kind", ""))) for m in case.mentions
        ),
        levels=frozenset(LEVELS),
    )


def flags_of(context: Context) -> frozenset[str]:
    """How the text speaks of a mention, as a set of FLAGS."""
    said = {flag for flag in FLAGS[:-1] if getattr(context, flag)}
    return frozenset(said | ({"experiencer"} if context.experiencer != "patient" else set()))


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
