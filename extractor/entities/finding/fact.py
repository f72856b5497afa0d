"""A symptom or sign by its name, a measured value with its number and unit.

An effusion or ascites that is drained, or causes the trouble that is acted on, is the complication itself: a diagnosis.
"""

import re
from collections.abc import Sequence

from extractor.entities.reading import Draft, Reading, Sentence
from extractor.entities.site.composition import site_of
from extractor.schema import Mention

_FLUIDS = {"pleural effusion": "pleura", "pericardial effusion": "pericardium", "ascites": None, "pleural effusions": "pleura"}
_TREATED = re.compile(
    r"drain|thoracent|thoracocent|paracent|pericardiocent|\btapp(?:ed|ing)\b|chest tube|pleurodesis|pigtail|pericardial window",
    re.IGNORECASE,
)
_SEVERITY = re.compile(
    r"\b(mild to moderate|moderate to severe|mild|moderate|severe|massive|slight|marked|intense|progressive|intractable|minimal|minor|"
    r"trace|profound|profuse|extensive|extreme|critical|heavy|excruciating|significant|near total|total|complete|partial|high-grade|"
    r"deep|strong|gross)(?:ly)?\s+(?:[\w-]+\s+){0,2}$",
    re.IGNORECASE,
)
_SEVERITY_AFTER = re.compile(
    r"\s+(?:was|is|were|are|became)\s+(?:very\s+)?(mild|moderate|severe|intense|intractable|profuse|massive)\b", re.IGNORECASE
)
_GRADE = re.compile(r"\b(?:grade\s*([1-5](?:\s*[-/]\s*[1-5])?|I{1,3}V?|IV)|(G[1-4]))\s+(?:\w+\s+)?$", re.IGNORECASE)
_UNIT = (
    r"(?:%|°\s?[CF]\b|℃|mm\s?Hg|beats?(?:/|\s+per\s+)min(?:ute)?|bpm|breaths?(?:/|\s+per\s+)min(?:ute)?|"
    r"(?:×\s?10\^?\d+\s?)?(?:[kmμµun]?g|m?mol|[μµ]mol|[nmpf]mol|m?Eq|[mkμµ]?I?U|cells?|copies|mL|mm)?\s?(?:/|\s+per\s+)\s?"
    r"(?:d[lL]|m[lL]|[lL]|[μµu][lL]|mm3|mm³|h(?:r|our)?|kg|min|24\s?h|m2|cmm)|"
    r"×\s?10\^?\d+\s?/\s?[μµ]?[lL]|s\b|seconds?|kg/m2)"
)
_VALUE = re.compile(
    rf"(?:\s*\([A-Za-z0-9 -]{{1,15}}\))?(?:\s+(?:levels?|count|concentration|value|titer|rate)s?)?"
    rf"(?:\s*\([A-Za-z0-9 -]{{1,12}}\))?\s*"
    rf"(?:\s(?:was|were|is|of|at|to|with|level|levels|increased|elevated|reached|rose|decreased|dropped|fell|measured|"
    rf"showed|and|a|an|value|in)\b\s*){{0,4}}[:=,(]?\s*"
    rf"(?P<value>[<>≤≥]?\s?\d[\d,.]*(?:\s?/\s?\d+)?(?:\s?[×x]\s?10\^?\d+)?)\s*(?P<unit>{_UNIT})?"
)


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The finding a mention makes; a measured thing makes one only with its value, a word for any finding none."""
    if mention.attributes.get("kind") == "generic":
        return []
    sentence = reading.sentence_at(mention.start)
    name = mention.name or mention.text.lower()
    place = site_of(reading, sentence, mention.start, mention.end)
    if name in _FLUIDS and _is_treated(reading, sentence):
        attributes = {"site": _FLUIDS[name], "laterality": place.laterality}
        return [Draft("diagnosis", name, mention, sentence, attributes)]
    if mention.attributes.get("kind") == "measured":
        return _measured(name, mention, reading, sentence)
    before = reading.text[sentence.start : mention.start]
    severity, grade = _SEVERITY.search(before) or _SEVERITY_AFTER.match(reading.text, mention.end), _GRADE.search(before)
    attributes = {
        "severity": severity[1].lower() if severity else None,
        "grade": (grade[1] or grade[2]) if grade else None,
        "site": place.site,
        "laterality": place.laterality,
    }
    return [Draft("finding", name, mention, sentence, attributes)]


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """Whether a symptom is told again: in the same sentence or the next, with nothing new. A value is always a new finding."""
    return earlier.name == later.name and not later.attributes.get("value") and later.sentence.index - earlier.sentence.index <= 1


def _is_treated(reading: Reading, sentence: Sentence) -> bool:
    following = reading.sentences[sentence.index : sentence.index + 2]
    return any(_TREATED.search(reading.words(s)) for s in following)


def _measured(name: str, mention: Mention, reading: Reading, sentence: Sentence) -> list[Draft]:
    match = _VALUE.match(reading.text, mention.end, min(sentence.end, mention.end + 90))
    if not match:
        return []
    attributes = {"value": " ".join(match["value"].split()).rstrip(",."), "unit": match["unit"]}
    return [Draft("finding", name, mention, sentence, attributes, evidence=[(*match.span("value"), "attribute")])]
