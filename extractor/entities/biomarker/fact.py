"""A marker with its result becomes a fact: status, value and specimen. A marker without a result is only a mention."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from extractor.entities.biomarker.cues import cue, either
from extractor.entities.biomarker.results import results
from extractor.entities.biomarker.runs import Result
from extractor.entities.biomarker.specimen import specimens
from extractor.entities.lexicon import read_table
from extractor.entities.reading import Draft, Reading, Sentence
from extractor.schema import Mention

ER_POSITIVE_FROM = 1.0
KI67_LOW_TO = 5.0
KI67_HIGH_FROM = 30.0

_UNIT = re.compile(
    r"\b[n\u00b5\u03bcpm]?g\s?/\s?(?:m?L|dL)\b|\bm?[IU]U?\s?/\s?m?L\b|\bmmol|\bplasma(?! cell)|cells\s?/",
    re.IGNORECASE,
)
_OTHER_USE = re.compile(
    rf"(?:\s?\(?\+\)?)?[-\s]?(?:{either('use')})\b|\+?\s?(?:of\s)?\d+\scells|\s?/\s?(?:CD)?8\b|\+ of \d",
    re.IGNORECASE,
)
_AGENT = re.compile(rf"[- ](?:{either('agent')})\b", re.IGNORECASE)
# "her HER2-positive breast cancer": the result is the disease's name by then, and no new one.
_DISEASE = re.compile(
    r"[- ]?(?:positive|negative|mutant|mutated|amplified|rearranged|wild[- ]type|overexpressing)\s(?:\w+\s){0,3}?"
    rf"(?:{either('disease')})\b",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"[^.;,]{0,40}\b(?:(?:was|were|is|are|could|has|had)\s(?:not|never)\s(?:be\s|been\s)?"
    rf"(?:{either('undone')})|(?:was|were|is|are)\s(?:{either('awaited')}))\b",
    re.IGNORECASE,
)
_SUCH_AS = re.compile(
    r"[\s,:(]*(?:such as|like|including|includes?|i\.?\s?e\.?,?|e\.?\s?g\.?,?|namely|for)?[\s:(]*(?:the )?", re.IGNORECASE
)
OF_A_GENE = frozenset({"mutated", "amplified", "rearranged", "wild-type"})
"""Statuses of a gene; the same marker's others may be of its protein, whose concept stays open."""
Told = tuple[str, str, str | None]
"""Name, status and value."""


def build(mention: Mention, reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The fact of a marker, where its sentence tells a result of it."""
    kind = mention.attributes.get("kind", "")
    sentence = reading.sentence_at(mention.start)
    result = results(reading, sentence).get(mention.id)
    name = name_of(mention)
    if result is None or name is None or _is_something_else(mention, reading, sentence, kind):
        return []
    told = _read(mention, result, name, reading, sentence)
    if told is None:
        return []
    name, status, value = told
    attributes: dict[str, Any] = {"status": status}
    if value:
        attributes["value"] = value
    if (kind in ("gene", "unlisted") or status in OF_A_GENE) and (symbol := approved_symbols().get(name)):
        attributes["concept"] = {"system": "hgnc.symbol", "code": symbol, "label": None}
    spans = [(a, b, "attribute") for a, b in dict.fromkeys(result.spans)]
    return [
        Draft("biomarker", name, mention, sentence, attributes | ({"specimen": where} if where else {}), spans + evidence)
        for where, evidence in specimens(mention, reading, sentence, drafts)
    ]


def same(earlier: Draft, later: Draft, reading: Reading) -> bool:
    """A marker told again with the same status is the same fact, unless another specimen, value or examination stands between."""
    if earlier.attributes["status"] != later.attributes["status"]:
        return False
    if earlier.name != later.name and not _retells_its_family(earlier, later):
        return False
    if _DISEASE.match(reading.text, later.mention.end):
        return True
    values = earlier.attributes.get("value"), later.attributes.get("value")
    if None not in values and values[0] != values[1]:
        return False
    places = earlier.attributes.get("specimen"), later.attributes.get("specimen")
    if earlier.sentence.index == later.sentence.index:
        return None in places or places[0] == places[1]
    last = max(end for _, end, _ in earlier.heads)
    # Another specimen makes another fact where it was named since the marker was last told.
    if None not in places and places[0] != places[1] and any(s >= last for s, _, role in later.evidence if role == "context"):
        return False
    if earlier.name != later.name:
        return True
    between = reading.within(min(last, later.mention.start), later.mention.start, "procedure")
    return not any(m.attributes.get("category") in ("surgery", "biopsy") for m in between)


def _retells_its_family(earlier: Draft, later: Draft) -> bool:
    """Whether a family stands for its members: "hormone receptor positivity" after ER and PR, "cytokeratins" after CK7."""
    plural = later.name == "cytokeratin" and later.mention.text.lower().endswith("s") and re.match(r"CK", earlier.name)
    return bool(plural) or (later.name == "hormone receptors" and earlier.name in ("ER", "PR"))


def name_of(mention: Mention) -> str | None:
    """The normal name: a family and its number, the approved symbol of an unlisted gene; None where it is no gene."""
    said = mention.attributes
    if said.get("number") and said.get("family"):
        return f"{said['family']}{said['number']}"
    if said.get("kind") == "unlisted":
        return approved_symbols().get(mention.text)
    if said.get("kind") == "blood" and mention.name is None:
        return {"growth hormone": "GH", "human chorionic gonadotropin": "beta-HCG"}.get(mention.text.lower(), mention.text)
    return mention.name or " ".join(mention.text.split())


@cache
def approved_symbols() -> dict[str, str]:
    """Gene symbols and their aliases to the approved symbol."""
    return {r["symbol"]: r["approved"] for r in read_table(Path(__file__).parent / "hgnc.tsv", ("symbol", "approved"))}


def _is_something_else(mention: Mention, reading: Reading, sentence: Sentence, kind: str) -> bool:
    """Whether the word is used of a treatment, a count, a blood level or an infection and not of a marker's result."""
    text = reading.text
    after = text[mention.end : mention.end + 40]
    if _OTHER_USE.match(after):
        return True
    before = text[max(0, mention.start - 6) : mention.start].lower()
    if re.search(r"anti[- ]?$", before) and _AGENT.match(after):
        return True
    if kind == "group":
        following = next(iter(reading.within(mention.end, sentence.end, "biomarker")), None)
        if following and _SUCH_AS.fullmatch(text[mention.end : following.start]):
            return True
    if kind == "light" and _of_blood(text[mention.end : min(sentence.end, mention.end + 50)]):
        return True
    if _NOT_DONE.match(text, mention.end):
        return True
    if kind in ("blood", "virus"):
        words = reading.words(sentence)
        near = text[max(sentence.start, mention.start - 60) : min(sentence.end, mention.end + 50)]
        told = results(reading, sentence)
        plain = [m for m in reading.in_sentence(sentence, "biomarker") if m.attributes.get("kind", "") in ("", "index", "receptor")]
        tissue = bool(cue("tissue").search(words)) or any(told[m.id].told for m in plain)
        return not tissue or _of_blood(near)
    return False


def _of_blood(words: str) -> bool:
    return bool(cue("blood").search(words) or _UNIT.search(words))


def _read(mention: Mention, result: Result, name: str, reading: Reading, sentence: Sentence) -> Told | None:
    """Name, status and value; None where no result is told."""
    kind = mention.attributes.get("kind", "")
    if kind == "variant":
        return _variant(mention, result, name, reading, sentence)
    if kind == "msi":
        return _msi(mention, result, name, reading)
    if kind == "mmr":
        return _mmr(mention, result, name)
    if kind == "burden":
        return _burden(result, name)
    if kind == "fusion":
        return _fusion(mention, result, name)
    alteration = result.alteration or ("mutated" if result.variant else None)
    if alteration and kind != "group":
        return _alteration(mention, result, name, alteration)
    if kind in ("gene", "unlisted") and not (result.says in ("positive", "negative", "equivocal") and result.sure and kind == "gene"):
        return None
    return _protein(kind, result, name, reading, sentence)


def _alteration(mention: Mention, result: Result, name: str, alteration: str) -> Told:
    denied = result.negated or result.says == "negative"
    status = alteration
    if denied and alteration != "wild-type":
        status = "wild-type" if alteration == "mutated" and not result.variant else "negative"
    value = result.variant if alteration == "mutated" else result.value
    return mention.attributes.get("gene") or name, status, None if denied else value or result.value


def _variant(mention: Mention, result: Result, name: str, reading: Reading, sentence: Sentence) -> Told | None:
    """A bare variant stands for its gene only where the sentence does not name the gene."""
    named = any(name_of(m) == name and m.attributes.get("kind") != "variant" for m in reading.in_sentence(sentence, "biomarker"))
    if named or not result.told:
        return None
    negative = result.negated or result.says == "negative"
    return name, "negative" if negative else "mutated", None if negative else mention.text


def _fusion(mention: Mention, result: Result, name: str) -> Told | None:
    says = mention.attributes.get("says")
    if result.negated or result.says == "negative" or (says and mention.context.negated):
        return name, "negative", None
    if says:
        return name, says, None
    if result.alteration == "mutated":
        return name, "positive", None
    return (name, "rearranged", result.variant) if result.alteration or result.says == "positive" else None


def _msi(mention: Mention, result: Result, name: str, reading: Reading) -> Told | None:
    words = mention.text
    if re.search(r"stable|MSS|[- ]S$", words):
        return name, "negative", words
    if re.search(r"low$|[- ]L$", words, re.IGNORECASE):
        return name, "low", words
    if re.search(r"high$|[- ]H(?![a-z])|unstable|instable|phenotype$|dMMR", words):
        return name, "negative" if result.says == "negative" else "high", words if result.says != "negative" else None
    if result.says is None:
        return None
    return name, {"equivocal": "equivocal", "low": "low", "high": "high", "negative": "negative"}.get(result.says, "positive"), None


def _mmr(mention: Mention, result: Result, name: str) -> Told | None:
    if mention.text in ("dMMR", "pMMR"):
        return name, "negative" if mention.text == "dMMR" else "positive", mention.text
    return (name, result.says, None) if result.says in ("positive", "negative") and result.sure else None


def _burden(result: Result, name: str) -> Told | None:
    status = result.grade or ("unknown" if result.burden else None)
    return (name, status, result.burden) if status else None


def _protein(kind: str, result: Result, name: str, reading: Reading, sentence: Sentence) -> Told | None:
    percent = _percent(result.percent) if result.percent else None
    if kind == "index":
        return _index(result, name, percent)
    status = result.says
    if status in (None, "positive", "negative", "high") and result.score and name == "HER2":
        status = _her2(result.score) if status is None else status
        if status == "positive" and result.score in ("0", "1+", "2+", "++"):
            status = _her2(result.score)
    elif status is None and result.score:
        status = "negative" if result.score == "0" else "positive"
    elif status is None and percent is not None and kind in ("", "receptor", "group"):
        status = "positive" if percent >= ER_POSITIVE_FROM and not (result.percent or "").startswith("<1") else "negative"
    if status is None:
        return None
    if status == "positive" and result.grade == "low" and (kind in ("receptor", "group") or name in ("HER2", "PD-L1")):
        status = "low"
    if status == "high" and name != "PD-L1":
        # "S100B was elevated" is a blood level, "high CD34 in the tumor cells" a stain.
        if kind != "receptor" and name != "hormone receptors" and not cue("tissue").search(reading.words(sentence)):
            return None
        status = "positive"
    value = result.score or result.percent or (result.value if status in ("positive", "low", "high", "equivocal") else None)
    return name, status, value


def _index(result: Result, name: str, percent: float | None) -> Told | None:
    value = result.percent or result.score or result.value
    if result.grade:
        return name, result.grade, value
    if percent is not None:
        status = "low" if percent <= KI67_LOW_TO else "high" if percent >= KI67_HIGH_FROM else "unknown"
        return name, status, value
    return (name, result.says, value) if result.says else None


def _percent(words: str) -> float:
    """The number that a percentage is judged by: the upper end of a range."""
    found = re.findall(r"\d+(?:[.,\u00b7]\d+)?", words)
    return float(found[-1].replace(",", ".").replace("\u00b7", "."))


def _her2(score: str) -> str:
    level = int(score[0]) if score[0].isdigit() else len(score)
    return "negative" if level <= 1 else "equivocal" if level == 2 else "positive"
