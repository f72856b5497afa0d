"""What the words around a disease name tell: whether the patient has it, its grade, and the stage of a tumour."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from extractor.entities.diagnosis.naming import grade_word
from extractor.entities.lexicon import read_table
from extractor.entities.reading import Reading, Sentence
from extractor.schema import CASE_KINDS

_LONGEST_CUE = 7
_ABBREVIATED = re.compile(r"^\s*\([A-Z][\w-]{1,8}\)")
_ARTICLE = re.compile(r"(?:^|(?<=\W))(?:an?|the|his|her|their|primary|possible|typical|either|both)$", re.IGNORECASE)
_LISTED = re.compile(r"^(?:\s*\([^()]*\))?\s*(?:,|/|,?\s*(?:and/or|and|or|versus|vs\.?|as well as))\s*(?:an?\s+|the\s+)?$", re.IGNORECASE)
_EXAMINED = re.compile(r"patholog|histolog|immuno|biops|microscop|cytolog|specimen|stain", re.IGNORECASE)
_SUGGESTED = re.compile(r"(?:suggest\w*|compatible with|favou?r\w*)(?:\W+\w+){0,3}\W*$", re.IGNORECASE)
_TYPICAL = re.compile(
    r"\b(?:was|were|are|is|features|appearances?|findings|pattern|picture|morphology)\s+(?:typical|characteristic|"
    r"diagnostic|pathognomonic)\s+(?:of|for)\s+(?:an?\s+)?(?:[\w-]+\s+)?$",
    re.IGNORECASE,
)
_TESTED_FOR = re.compile(
    r"\b(?:evaluations?|tests?|testing|work-?ups?|screen(?:ing|s)?|investigations?|serolog\w+|cultures?|"
    r"assays?|stud(?:y|ies)|search)\s+for\b[^.;:]*$",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"[^.;:]{0,120}?\b(?:was|were|remained|came back|returned|proved|yielded|gave|had)\s+(?:all\s+|also\s+|"
    r"a\s+)?(?:negative|normal|unremarkable|inconclusive|unrevealing|non-?contributory)\b",
    re.IGNORECASE,
)
"""What was looked for in a test that came out negative ("evaluations for allergy, infection and leukemia were negative")."""
_DENIED = re.compile(r"\b(?:no|never|without|denied|neither|nor|any)\b[^.;,]{0,70}$", re.IGNORECASE)
_MAIN_CLAUSE = re.compile(r",\s+(?:but|however|yet|the|this|these|he|she|his|her|it|we)\s(?!same\b)", re.IGNORECASE)
"""Where another clause begins, which the doubt of the first does not reach ("although the differential included …, the rash was …")."""
_PRELIMINARY = re.compile(r"in favou?r of|extemporaneous|frozen", re.IGNORECASE)
_GRADE_AFTER = re.compile(
    r"(?:\s*\(|\s*,\s*|\s+of\s+|\s+with\s+an?\s+|\s*;\s*|\s+)(?:(?:histologic(?:al)?|nuclear|tumou?r|"
    r"Nottingham|Fuhrman|WHO|ISUP|FNCLCC)\s+)?"
    r"(?P<grade>(?:high|low|intermediate)[\s-]grade|grade\s+(?:[1-5]|I{1,3}V?|IV)\b(?:\s*[/-]\s*[1-5])?|G[1-4]\b|"
    r"Gleason\s+(?:score\s+)?(?:of\s+)?\d+(?:\s*\+\s*\d)?(?:\s*=\s*\d+)?|(?:poorly|moderately|well)[\s-]differentiated|high grade)",
    re.IGNORECASE,
)
_STAGE_AFTER = re.compile(r"\s*,?\s*\(?\s*(?:at\s+)?stage\s+(?P<stage>[1-5][ab]?|I{1,3}V?|IV|G[1-5][ab]?)\b", re.IGNORECASE)
_TNM = (
    r"(?:[cpr]|c-|p-)?T(?:is|x|[0-4][a-d]?)\s*,?\s*(?:\(m\)\s*)?(?:[cp]-?)?N(?:x|[0-3][a-c]?)(?:mi)?(?:\s*\(\d+/\d+\)\s*)?"
    r"(?:\s*,?\s*(?:[cp]-?)?M(?:x|[01][a-d]?))?"
    r"|(?:[cp]T|(?<=stage )T)(?:is|[1-4][a-d]?)(?:\s*,?\s*[cp]?M[01x])?"
)
_NUMBER = r"(?:0|I{1,3}V?|IV|[1-4])(?:\s?[A-E][1-3]?(?:S?X?|ES)?)?"
_STAGE = re.compile(
    rf"(?<![\w/])(?:(?P<tnm>{_TNM})(?![A-Za-z])|"
    rf"(?P<named>BCLC\s+(?:\w+\s+)?(?:stage\s+)?[0A-D]|"
    rf"Dukes?['’]?s?\s+(?:stage\s+|class\s+)?[A-D][12]?|"
    rf"Clark(?:['’]?s)?\s+level\s+(?:I{{1,3}}|IV|V)(?:\s*(?:and|,)\s*Breslow\s+stage\s+(?:I{{1,3}}|IV|V))?)\b|"
    rf"(?:[cp]?stages?|FIGO(?:\s+stage)?|Ann\s+Arbor(?:\s+stage)?|AJCC(?:\s+stage)?|staged\s+as|staged)\s*:?\s*(?:(?:of|was|as|is|to\s+be)\s+)?(?P<number>{_NUMBER})(?![\w-]*[a-z])\b|"
    r"(?P<extent>(?:limited|extensive)[\s-](?:stage|disease))(?=\W+(?:small|SCLC)))",
    re.IGNORECASE,
)
_NOT_THE_TUMOUR = re.compile(
    r"[\w ,-]{0,14}(?:kidney|renal|CKD|ulcer|pressure|decubit|hypertens|trial|fibrosis|nephropath|liver disease|sarcoidosis|"
    r"encephalopathy|labou?r)",
    re.IGNORECASE,
)
_TREATED = re.compile(r"^y", re.IGNORECASE)


@cache
def _cues() -> dict[tuple[str, str], str]:
    return {
        (r["side"], r["words"].lower()): r["effect"] for r in read_table(Path(__file__).parent / "cues.tsv", ("side", "effect", "words"))
    }


def effect(reading: Reading, sentence: Sentence, start: int, end: int) -> str | None:
    """What the words around make of a disease name: none (nobody's here), suspected, confirmed, or None where they say nothing.

    A name in a list shares what stands before the list ("rule out pneumonia or tuberculosis").
    """
    after = _after(reading.text[end : sentence.end])
    if after:
        return after
    before = reading.text[sentence.start : start]
    if _TESTED_FOR.search(before) and _NOT_FOUND.match(reading.text[end : sentence.end]):
        return "none"
    for earlier in reversed(reading.within(sentence.start, start, "diagnosis")):
        if not _LISTED.match(reading.text[earlier.end : start]):
            break
        start = earlier.start
        before = reading.text[sentence.start : start]
    said = _before(before) or _earlier(before)
    if said == "none" and _TYPICAL.search(before) and _EXAMINED.search(before):
        return "confirmed"
    if said == "suspected" and _DENIED.search(before):
        return "none"
    if said == "suspected" and _SUGGESTED.search(before) and _EXAMINED.search(before) and not _PRELIMINARY.search(before):
        return "confirmed"
    return said


def _earlier(before: str) -> str | None:
    """What words further back in the sentence make of all names after them ("the differential diagnosis included …")."""
    before = _MAIN_CLAUSE.split(before)[-1]
    words = " ".join(["", *re.findall(r"[\w'’-]+", before.lower()), ""])
    said = {effect for (side, cue), effect in _cues().items() if side == "sentence" and f" {cue} " in words}
    return "none" if "none" in said else "suspected" if said else None


def _before(before: str) -> str | None:
    cues = _cues()
    words = re.findall(r"[\w'’/+-]+", before.lower())[-(_LONGEST_CUE + 4) :]
    if re.search(r"[.;:]\s*$", before.rstrip()):
        return None
    for skipped in range(min(4, len(words) + 1)):
        left = words[: len(words) - skipped]
        for size in range(min(_LONGEST_CUE, len(left)), 0, -1):
            said = cues.get(("before", " ".join(left[-size:])))
            # An adjective may stand between, but only for words of doubt: "suspicious for early …".
            if said and (skipped == 0 or said == "suspected" or all(_ARTICLE.match(w) for w in words[len(words) - skipped :])):
                return said
    return None


def _after(after: str) -> str | None:
    cues = _cues()
    after = _ABBREVIATED.sub("", after)  # "deep vein thrombosis (DVT) was suspected"
    words = re.findall(r"[a-z]+|[^\sa-z]", after[:80].lower())
    while words and words[0] == "-":
        words = words[1:]
    for size in range(min(_LONGEST_CUE, len(words)), 0, -1):
        if said := cues.get(("after", " ".join(words[:size]))):
            return said
    return None


def grade_after(reading: Reading, sentence: Sentence, end: int) -> str | None:
    """The grade told right behind a name: "carcinoma of high grade", "carcinoma, grade II"."""
    match = _GRADE_AFTER.match(reading.text, end, min(sentence.end, end + 60))
    return grade_word(match["grade"]) if match else None


def stage_after(reading: Reading, sentence: Sentence, end: int) -> tuple[str, tuple[int, int]] | None:
    """The stage told right behind the name of any disease: "chronic kidney disease stage 3"."""
    match = _STAGE_AFTER.match(reading.text, end, sentence.end)
    return (match["stage"], match.span("stage")) if match else None


def stages(reading: Reading) -> Iterator[tuple[int, int, str]]:
    """Each stage of a tumour told in the case itself: where, and as printed; a TNM and a stage number of one sentence are one."""
    for sentence in reading.sentences:
        if sentence.section.kind not in CASE_KINDS:
            continue
        found = [m for m in _STAGE.finditer(reading.text, sentence.start, sentence.end) if _of_tumour(reading, m)]
        if found:
            yield found[0].start(), found[-1].end(), _stage_name(reading.words(sentence), found)


def _of_tumour(reading: Reading, match: re.Match[str]) -> bool:
    """The stage found after treatment ("ypT0") and that of another disease (an ulcer, the kidneys) are none of the tumour's."""
    before = reading.text[max(0, match.start() - 1) : match.start()]
    return not _TREATED.match(before) and not _NOT_THE_TUMOUR.match(reading.text[match.end() : match.end() + 40])


def _stage_name(sentence: str, found: list[re.Match[str]]) -> str:
    tnm = next((m["tnm"].strip() for m in found if m["tnm"]), None)
    number = next((m["number"].strip() for m in found if m["number"]), None)
    named = next((m["named"] or m["extent"] for m in found if m["named"] or m["extent"]), None)
    if tnm and number:
        behind = re.search(rf"{re.escape(number)}[\s,]*\(\s*{re.escape(tnm)}", sentence)
        return f"{number} ({tnm})" if behind else f"{tnm}, stage {number}"
    return " ".join((named or tnm or number or found[0].group()).split()).replace(" and Breslow", ", Breslow")
