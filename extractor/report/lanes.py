"""What stands in which lane of a timeline, under which name, and how a mark is labelled."""

import unicodedata
from dataclasses import dataclass

from extractor.schema import Biomarker, Diagnosis, Drug, Fact, Finding, Lesion, Outcome, Procedure

COLOURS = {
    "drug": "#0072b2", "biomarker": "#cc79a7", "lesion": "#d55e00", "procedure": "#009e73", "diagnosis": "#e69f00",
    "outcome": "#56b4e9", "finding": "#767676",
}  # fmt: skip
"""Okabe and Ito's colours, which colour-blind readers tell apart (Color Universal Design, 2008); their black is softened to grey."""
OTHER = "#444444"
TYPES = ("diagnosis", "outcome", "drug", "procedure", "lesion", "biomarker", "finding")
COURSES = {"new": "new", "increased": "↑", "decreased": "↓", "stable": "=", "resolved": "resolved", "present": ""}
SIGNS = {"positive": "+", "negative": "−", "unknown": ""}


@dataclass(frozen=True, order=True)
class Lane:
    """A lane of the timeline; lanes sort from top to bottom."""

    rank: int
    key: str
    title: str


_LANES = {
    "diagnosis": Lane(0, "diagnosis", "Diagnoses, outcomes"),
    "outcome": Lane(0, "diagnosis", "Diagnoses, outcomes"),
    "drug": Lane(1, "drug", "Drugs"),
    "procedure": Lane(2, "procedure", "Procedures"),
    "lesion": Lane(3, "lesion", "Lesions"),
    "biomarker": Lane(4, "biomarker", "Biomarkers"),
    "finding": Lane(5, "finding", "Findings"),
}


def lane_of(fact: Fact) -> Lane:
    """The lane of a fact; a user's own type has one of its own, below the others."""
    return _LANES.get(fact.type) or Lane(6, fact.type, fact.type.capitalize())


def row_name(fact: Fact) -> str:
    """What a fact shares its rows with: courses of a drug, procedures of a kind, lesions of a site, markers of a specimen."""
    match fact:
        case Drug():
            return fact.name
        case Procedure():
            return fact.category.replace("-", " ")
        case Lesion():
            return " ".join(filter(None, (fact.laterality, fact.site))) or "site not told"
        case Biomarker():
            return fact.specimen or "specimen not told"
        case Diagnosis():
            return "diagnoses"
        case Outcome():
            return "outcomes"
    return ""


def label_of(fact: Fact) -> str:
    """The words beside a mark: the name, and what is most worth knowing of it."""
    said: list[str | None] = [fact.name]
    match fact:
        case Biomarker():
            said += [fact.value or (SIGNS.get(fact.status, fact.status))]
        case Lesion():
            said += [COURSES[fact.course], _size(fact), f"({fact.count})" if fact.count == "multiple" or (fact.count or 1) != 1 else None]
        case Procedure():
            said += [fact.dose, fact.status]
        case Diagnosis():
            said += [None if fact.stage is None else f"stage {fact.stage}"]
        case Finding():
            said += [fact.value, fact.unit if fact.value else None, None if fact.grade is None else f"grade {fact.grade}"]
    return _line(" ".join(part for part in said if part)) + ("?" if fact.certainty == "suspected" else "")


def dose_of(fact: Fact) -> str:
    """The words beside the bar of a drug, whose name stands before its row."""
    if not isinstance(fact, Drug):
        return label_of(fact)
    said = [None if fact.status == "given" else fact.status, fact.dose, fact.route, fact.intent]
    return _line(", ".join(part for part in said if part))


def colour(kind: str) -> str:
    return COLOURS.get(kind, OTHER)


def _size(lesion: Lesion) -> str | None:
    return None if lesion.size_mm is None else " × ".join(f"{x:g}" for x in lesion.size_mm) + " mm"


def _line(words: str) -> str:
    """On one line, without control characters."""
    return "".join(c for c in " ".join(words.split()) if unicodedata.category(c) != "Cc")


_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]/-· "), frozenset("mwMW@%+=−≥≤→↑↓")


def width_of(words: str, size: float) -> float:
    """About how wide words stand in a sans-serif font of `size`: for a picture whose fonts are the reader's own, so rather too wide."""

    def one(c: str) -> float:
        if unicodedata.combining(c):
            return 0
        if unicodedata.east_asian_width(c) in "WF" or unicodedata.category(c) == "So":
            return 1.35
        return 0.36 if c in _NARROW else 0.9 if c in _WIDE else 0.7 if c.isupper() else 0.58

    return size * sum(map(one, words))
