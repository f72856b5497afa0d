"""Whether words that only the trained recogniser takes for a disease can name one.

It reads by the look of words and their neighbours, and errs on what looks like a disease's name: abbreviations of anything, the
adjective of a name that goes on, a germ that was grown, the name of an institute.
"""

import re

from extractor.entities.diagnosis.naming import modifiers, organ_nouns
from extractor.entities.reading import Reading
from extractor.schema import Mention

_ABBREVIATION = re.compile(r"[A-Z][A-Za-z]?[A-Z0-9/-]{0,6}s?")
_OF_A_PATIENT = re.compile(
    r"\b(?:diagnosed(?: with| as(?: having)?)?|diagnos[ei]s of|consistent with|compatible with|confirm(?:ed|"
    r"ing)|(?:man|woman|patient|male|female|boy|girl|child|case|history|suffer\w*|he|she)"
    r"(?: was| had| has| of| with| from| known| who| having| suffering| diagnosed| previous| a){1,4})\s+(?:an?\s+|the\s+)?(?:\w+\s+)?$",
    re.IGNORECASE,
)
_MEASURED = re.compile(r"\s*(?:at|of|was|were|is|=|:)\s*\d|\s*\d")
_GERM = re.compile(r"(?:[A-Z][a-z]{3,}|[A-Z]\.)\s+[a-z]{4,}|[A-Z][a-z]{3,}(?:coccus|bacter|ella|monas|myces|cystis|bacillus)(?:\s[a-z]+)?")
_OF_A_PLACE = re.compile(
    r"\b(?:institute|department|division|cent(?:er|re)|society|ministry|ward|hospital|unit|school|journal)\s+(?:of|for)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_ADJECTIVE = re.compile(r"(?:\w+[- ])?(?:\w+(?:ic|al|ar|ary|ous|ive|oid|ed)|primary|secondary|\w+-(?:type|cell|like)|cell)", re.IGNORECASE)
_DISEASE_NOUN = re.compile(r"(?:oma|itis|osis|emia|aemia|uria|pathy|cancer|tumou?r|failure|infarct|ectasia|plasia)s?$", re.IGNORECASE)
_NAME_GOES_ON = re.compile(
    r"\s+(?!(?:and|or|of|in|with|on|at|by|for|to|from|as|was|were|is|are|had|has|after|before|who|that|"
    r"which)\b)[a-z]{3,}",
)
_VAGUE = re.compile(
    r"(?:the\s+)?(?:underlying|primary|refractory|systemic|operable|resectable|original|initial|known|present|same|main|further|medical)\s+"
    r"(?:disease|malignancy|condition|disorder|illness|instability)",
    re.IGNORECASE,
)


def may_name_a_disease(mention: Mention, reading: Reading) -> bool:
    """Whether a mention of the trained recogniser alone can be the name of a disease the patient has."""
    words, text = mention.text.strip(), reading.text
    before, after = text[max(0, mention.start - 60) : mention.start], text[mention.end : mention.end + 40]
    if _OF_A_PLACE.search(before) or is_vague(words):
        return False
    if _ABBREVIATION.fullmatch(words):
        named = _OF_A_PATIENT.search(before) or after.lstrip().startswith("diagnos")
        return bool(named) and not _MEASURED.match(after)
    if _GERM.fullmatch(words):
        return False
    last = words.rpartition(" ")[2].lower()
    is_adjective = _ADJECTIVE.fullmatch(last) or last in modifiers() or last in organ_nouns() or _is_only_a_place(mention, reading)
    return not (is_adjective and not _DISEASE_NOUN.search(last) and _NAME_GOES_ON.match(after))


def is_vague(words: str) -> bool:
    """Whether words only point to a disease that is told elsewhere or to none in particular ("the underlying malignancy")."""
    return bool(_VAGUE.fullmatch(words))


def _is_only_a_place(mention: Mention, reading: Reading) -> bool:
    return any(m.start <= mention.start and mention.end <= m.end for m in reading.within(mention.start, mention.end, "site"))
