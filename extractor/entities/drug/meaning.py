"""Whether a drug word is treatment of the patient at all, or something measured, tested, blamed or only spoken of."""

import re

from extractor.entities.drug.cues import MICROBES, cues_in, said, unbound
from extractor.entities.drug.lists import around, drugs_of, family_of, group, is_part, kind_of, list_start
from extractor.entities.reading import Reading
from extractor.schema import Mention


def is_treatment(mention: Mention, reading: Reading) -> bool:
    """Whether the words around allow that a drug was given: no allergy to it, no level of it, for ambiguous words a cue."""
    left, _ = around(list_start(mention, reading), reading, 45, 0)
    _, right = around(mention, reading, 0, 30)
    if any(
        re.search(rf"{c.regex.pattern}(?: (?:the|both|his|her|any|of|oral|intravenous))* *[(\"']*\Z", left, re.IGNORECASE)
        for c in cues_in("not_before", left)
    ):
        return False
    if any(re.match(rf"[ -]?{unbound(c)}", right, re.IGNORECASE) for c in cues_in("not_after", right)):
        return False
    need = mention.attributes.get("needs")
    if not need:
        return True
    if need == "regimen":
        return _reads_as_regimen(mention, reading)
    if need == "treatment" and any(not m.attributes.get("needs") and kind_of(m) == "drug" for m in group(mention, reading)):
        return True
    if need == "no anesthesia":
        return said("anesthesia", reading.words(reading.sentence_at(mention.start))) is None
    return any(said(str(need), text) is not None for text in around(mention, reading, 80, 100))


def _reads_as_regimen(mention: Mention, reading: Reading) -> bool:
    """Whether letters of many meanings (AC, ICE) stand right beside a word of chemotherapy or beside their own drugs."""
    if sum(c.isupper() for c in mention.text) < 2:
        return False
    left, right = around(mention, reading, 60, 30)
    if any(re.search(rf"{c.regex.pattern}(?:,|:)? *[(\"]? *\Z", left, re.IGNORECASE) for c in cues_in("regimen_before", left)):
        return True
    if any(re.match(rf"[ -]{unbound(c)}", right, re.IGNORECASE) for c in cues_in("regimen_after", right)):
        return True
    drugs = drugs_of(reading.sentence_at(mention.start), reading)
    beside = [m for m in drugs if kind_of(m) == "drug" and -60 < m.start - mention.end < 20 and is_part(m, mention)]
    return bool(beside) and (re.search(r"[(\[] *\Z", left) is not None or re.match(r" *[(\[:]", right) is not None)


def is_only_spoken_of(mention: Mention, reading: Reading) -> bool:
    """Whether the words speak of a drug known already ("X-induced", "response to X") and give none."""
    left, _ = around(list_start(mention, reading), reading, 45, 0)
    _, right = around(mention, reading, 0, 30)
    words = r"(?: (?:the|this|his|her|oral|intravenous|of|use|recent|long-term|previous))* *\Z"
    before = [c.value for c in cues_in("retell_before", left) if re.search(c.regex.pattern + words, left, re.IGNORECASE)]
    if before and family_of(mention) in MICROBES:
        return True
    if any(re.match(rf"[ -]?{unbound(c)}", right, re.IGNORECASE) for c in cues_in("retell_after", right)):
        return True
    given = re.match(r" (?:therapy|treatment|administration|infusions?|use)\b", right, re.IGNORECASE) is not None
    return bool(before) and not given and "" in before


def is_passing(mention: Mention, reading: Reading) -> bool:
    """Whether a class word only refers back or ahead: "after two cycles of chemotherapy", "during the chemotherapy"."""
    left, right = around(mention, reading, 60, 40)
    return bool(
        re.search(
            r"\b(?:the|this|these|that|his|her|such|same|current|previous|prior|ongoing|after|during|before|following|despite|since"
            r"|post|of|completing|completed|between)(?: [\w-]+){0,2} ?-?\Z",
            left,
            re.IGNORECASE,
        )
        or re.match(
            r"[ -](?:was|were|is|had been|has been) (?:\w+ )?"
            r"(?:discontinu|stopp|suspend|continu|complet|interrupt|terminat|well|toler|withdr)",
            right,
        )
    )
