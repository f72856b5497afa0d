"""What is claimed about the patient: seven standard types, each with its attributes, and room for a user's own."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from extractor.schema.base import Record, Span
from extractor.schema.time import Bounds, Constraint

Laterality = Literal["left", "right", "bilateral", "midline"]
Role = Literal["head", "attribute", "time", "context"]


class Box(Record):
    """Where on a page words stand: points, origin top left, pages from 1."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Evidence(Span):
    """Words a fact rests on. `head` names the fact; `attribute`, `time` and `context` say more about it."""

    text: str
    role: Role = "head"
    mention: str | None = None
    section: str | None = None
    page: int | None = None
    boxes: tuple[Box, ...] | None = None


class Concept(Record):
    """A code of a terminology whose licence allows it."""

    system: str
    code: str
    label: str | None = None


class BaseFact(Record):
    """What every fact carries. Evidence stands most important first; `step` ranks the facts of one patient in time."""

    id: str
    patient: str = "P1"
    name: str
    concept: Concept | None = None
    certainty: Literal["confirmed", "suspected"] = "confirmed"
    confidence: float = Field(default=0.5, ge=0, le=1)
    evidence: tuple[Evidence, ...]
    start: Bounds | None = None
    end: Bounds | None = None
    step: int | None = None
    derivation: tuple[Constraint, ...] = ()


class Drug(BaseFact):
    type: Literal["drug"] = "drug"
    status: Literal["given", "declined", "planned"] = "given"
    dose: str | None = None
    route: str | None = None
    frequency: str | None = None
    cycles: int | None = None
    regimen: str | None = None
    components: tuple[str, ...] | None = None
    intent: Literal[
        "neoadjuvant", "adjuvant", "induction", "consolidation", "maintenance", "first-line", "second-line",
        "third-line", "later-line", "salvage", "concurrent", "palliative", "prophylactic", "supportive",
    ] | None = None  # fmt: skip
    stop_reason: Literal["progression", "toxicity", "completion", "decline", "death", "other"] | None = None


class Biomarker(BaseFact):
    type: Literal["biomarker"] = "biomarker"
    status: Literal[
        "positive", "negative", "low", "equivocal", "mutated", "amplified", "rearranged", "wild-type", "high", "unknown"
    ] = "unknown"  # fmt: skip
    value: str | None = None
    specimen: str | None = None


class Lesion(BaseFact):
    type: Literal["lesion"] = "lesion"
    site: str | None = None
    laterality: Laterality | None = None
    size_mm: tuple[float, ...] | None = None
    count: int | Literal["multiple"] | None = None
    course: Literal["new", "increased", "decreased", "stable", "resolved", "present"] = "present"


class Procedure(BaseFact):
    type: Literal["procedure"] = "procedure"
    category: Literal[
        "surgery", "biopsy", "imaging", "radiotherapy", "endoscopy", "pathology", "genetic-test", "other"
    ] = "other"  # fmt: skip
    site: str | None = None
    laterality: Laterality | None = None
    dose: str | None = None
    fractions: int | None = None
    status: Literal["declined", "planned"] | None = None


class Diagnosis(BaseFact):
    type: Literal["diagnosis"] = "diagnosis"
    stage: str | None = None
    grade: str | None = None
    site: str | None = None
    laterality: Laterality | None = None


class Outcome(BaseFact):
    type: Literal["outcome"] = "outcome"
    name: Literal[
        "complete response", "partial response", "stable disease", "progression", "recurrence", "remission",
        "no evidence of disease", "death", "alive at last follow-up", "discharged",
    ]  # fmt: skip


class Finding(BaseFact):
    type: Literal["finding"] = "finding"
    value: str | None = None
    unit: str | None = None
    severity: str | None = None
    grade: str | None = None
    site: str | None = None
    laterality: Laterality | None = None
    caused_by: str | None = None


class OtherFact(BaseFact):
    """A fact of a type that a user has added; its attributes are those its entity file declares."""

    model_config = ConfigDict(frozen=True, extra="allow")
    type: str


STANDARD_TYPES: dict[str, type[BaseFact]] = {
    "drug": Drug, "biomarker": Biomarker, "lesion": Lesion, "procedure": Procedure,
    "diagnosis": Diagnosis, "outcome": Outcome, "finding": Finding,
}  # fmt: skip


def _kind(fact: Any) -> str:
    kind = fact.get("type") if isinstance(fact, dict) else fact.type
    return kind if kind in STANDARD_TYPES else "other"


Fact = Annotated[
    Annotated[Drug, Tag("drug")]
    | Annotated[Biomarker, Tag("biomarker")]
    | Annotated[Lesion, Tag("lesion")]
    | Annotated[Procedure, Tag("procedure")]
    | Annotated[Diagnosis, Tag("diagnosis")]
    | Annotated[Outcome, Tag("outcome")]
    | Annotated[Finding, Tag("finding")]
    | Annotated[OtherFact, Tag("other")],
    Discriminator(_kind),
]
"""A fact of any type, told apart by `type`; what is none of the standard types is an `OtherFact`."""
