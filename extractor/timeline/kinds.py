"""What a fact is in the story, and how such things usually follow each other: the knowledge of gaps.tsv and courses.tsv."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.schema import BaseFact, Biomarker, Diagnosis, Drug, Lesion, Outcome, Procedure

HERE = Path(__file__).parent

SHOWN = frozenset({"biomarker", "lesion", "diagnosis", "response", "progression", "recurrence", "alive", "finding"})
"""Kinds that an examination shows: told with it, they share its time."""
SHOWING = frozenset({"exam", "biopsy", "pathology", "surgery", "other", "radiotherapy"})
"""Kinds that show something."""
TREATMENT = frozenset({"surgery", "therapy", "radiotherapy"})
COURSES = frozenset({"therapy", "medication", "radiotherapy"})
"""Kinds that last."""
SPECIMEN = frozenset({"biopsy", "surgery"})
"""Kinds that yield tissue for the pathologist."""

WORK_UP: Mapping[str, float] = {
    "exam": 45, "biopsy": 45, "lesion": 45, "pathology": 60, "diagnosis": 60, "biomarker": 60, "other": 60, "surgery": 90, "therapy": 90,
}  # fmt: skip
"""The days after a visit within which a first step of each kind is usually done: a chain of small gaps does not drag on."""

_CATEGORIES = {"imaging": "exam", "endoscopy": "exam", "genetic-test": "pathology"}
_OUTCOMES = {
    "discharged": "discharge", "death": "death", "alive at last follow-up": "alive", "no evidence of disease": "alive",
    "progression": "progression", "recurrence": "recurrence",
}  # fmt: skip
_TUMOR_ENDINGS = ("oma", "omas", "cancer", "leukemia", "tumor", "neoplasm", "malignancy", "metastasis", "metastases", "lymphoma")


@dataclass(frozen=True)
class Course:
    """The kind of a treatment and the days a course of it usually lasts."""

    kind: str
    low: float
    high: float


def kind_of(fact: BaseFact) -> str:
    """What a fact is in the story: one of the kinds of gaps.tsv. What was declined or only planned is an offer."""
    if isinstance(fact, Procedure):
        return "offer" if fact.status else _CATEGORIES.get(fact.category, fact.category)
    if isinstance(fact, Drug):
        return course_of(fact).kind if fact.status == "given" else "offer"
    if isinstance(fact, Outcome):
        return _OUTCOMES.get(fact.name, "response")
    kinds: tuple[tuple[type[BaseFact], str], ...] = ((Lesion, "lesion"), (Biomarker, "biomarker"), (Diagnosis, "diagnosis"))
    return next((kind for type_, kind in kinds if isinstance(fact, type_)), "finding")


def is_tumor(fact: BaseFact) -> bool:
    """Whether a fact's name is that of a tumor: such a disease is years old at most, a comorbidity may be lifelong."""
    return any(word.strip("(),").endswith(_TUMOR_ENDINGS) for word in fact.name.lower().split())


@cache
def _gaps() -> dict[tuple[str, str, str], tuple[float, float]]:
    rows = read_table(HERE / "gaps.tsv", ("tempo", "previous", "next", "low", "high"))
    return {(r["tempo"], r["previous"], r["next"]): (float(r["low"]), float(r["high"])) for r in rows}


def gap(previous: str, following: str, tempo: str = "usual") -> tuple[float, float]:
    """How many days usually pass between two kinds of event.

    >>> gap("surgery", "therapy"), gap("presentation", "exam", "acute")
    ((14.0, 75.0), (0.0, 1.0))
    """
    table = _gaps()
    pairs = ((previous, following), ("*", following), (previous, "*"), ("*", "*"))
    return next(table[tempo, *pair] for pair in pairs if (tempo, *pair) in table)


@cache
def _courses() -> tuple[dict[str, Course], list[tuple[str, Course]]]:
    rows = read_table(HERE / "courses.tsv", ("name", "kind", "low", "high"))
    known = [(r["name"].lower(), Course(r["kind"], float(r["low"]), float(r["high"]))) for r in rows]
    endings = [(name[1:], course) for name, course in known if name.startswith("*")]
    return {n: c for n, c in known if not n.startswith("*")}, sorted(endings, key=lambda e: (-len(e[0]), e[0]))


@cache
def _course_named(name: str) -> Course | None:
    whole, endings = _courses()
    if name in whole:
        return whole[name]
    return next((course for ending, course in endings if any(word.endswith(ending) for word in name.split())), None)


@cache
def _cycles() -> dict[str, float]:
    return {r["name"].lower(): float(r["days"]) for r in read_table(HERE / "cycles.tsv", ("name", "days", "source"))}


def cycle_of(fact: BaseFact) -> tuple[float, float] | None:
    """The days of a standard cycle of a treatment, with a week's delay; None where none is standard.

    >>> cycle_of(Drug(id="F1", name="FOLFOX", evidence=()))
    (14.0, 21.0)
    """
    regimen = getattr(fact, "regimen", None) or ""
    days = next((_cycles()[name.lower()] for name in (fact.name, regimen) if name.lower() in _cycles()), None)
    return None if days is None else (days, days + 7)


def course_of(fact: BaseFact) -> Course:
    """The course a treatment usually takes: by its name, by the ending of one of its words, or as what else is said of it."""
    course = _course_named(fact.name.lower())
    if course is not None:
        return course
    if isinstance(fact, Procedure):
        return Course("radiotherapy", 1, 60)
    acronym = len(fact.name) > 2 and fact.name.replace("-", "").isupper()
    systemic = isinstance(fact, Drug) and (fact.cycles or fact.intent not in (None, "supportive", "prophylactic"))
    return Course("therapy", 21, 180) if acronym or systemic else Course("medication", 1, 180)
