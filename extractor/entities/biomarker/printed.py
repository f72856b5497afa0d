"""What is printed at a marker itself: a sign ("A+"), a score ("3+"), a percentage ("A 80%"), a burden, a variant ("A p.R273H")."""

import re
from collections.abc import Mapping, Sequence

from extractor.entities.biomarker.cues import only
from extractor.entities.biomarker.runs import BRACKETS, Result, result_words
from extractor.entities.reading import Sentence
from extractor.schema import Mention

_DASHES = r"\-\u2010-\u2015"
_SYMBOL = re.compile(
    r"[\s)]{0,2}(?:(?:expression|staining|protein|oncoprotein|expressed|receptors?)\s?)?(?:[:=]\s?)?(?P<symbol>"
    rf"\(\s?(?:\+{{1,4}}|[{_DASHES}\u2212\u207b]{{1,2}}|\u00b1|\+/-)\s?\)"
    r"|(?<=[\w)])\s?(?:\+{1,4}(?!\d)|\u207a|\uff0b|\u00b1|\u2212|\u207b)"
    rf"|(?<=[\w)])[{_DASHES}](?=[\s,;./)]|$|CD\d))"
)
_SUSPENDED = re.compile(rf"[{_DASHES}]?,?\s*(?:and|or|/)\s[^.;]{{0,60}}?[- ](?:positive|negative|receptor)", re.IGNORECASE)
_SCORE = re.compile(
    r"(?<![\w+])(?P<score>[0-4]\s?\+(?:\s?/\s?[34]\+)?(?!\w)|\+{2,4}|(?:(?<=score )|(?<=score of )|(?<=score: ))[0-3](?![\w.]))"
)
_SCORE_BEFORE = re.compile(r"(?<![\w+])([1-4]\+)\s?(?:for\s)?(?:the\s)?$")
_NUMBER = r"\d{1,3}(?:[.,\u00b7]\d+)?"
_RANGE = rf"{_NUMBER}(?:\s?%?\s?(?:[{_DASHES}]|to)\s?{_NUMBER})?"
_PERCENT = re.compile(rf"(?<![\w.])(?P<percent>(?:(?:less|more) than )?[<>\u2264\u2265~]?\s?{_RANGE}\s?(?:%|per ?cent\b))", re.IGNORECASE)
_EACH = re.compile(rf"{_PERCENT.pattern}|{_SCORE.pattern}|(?<!\w)(?P<word>positive|negative|equivocal)(?!\w)", re.IGNORECASE)
_BETWEEN = only("amount", r"(:=,<>~\-+\d")
_BURDEN = re.compile(rf"{_NUMBER}\s?(?:mutations?|muts?|variants?)?\s?(?:/|per)\s?(?:Mb|megabase|megabases|Mbp)", re.IGNORECASE)
_AMINO = "Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val|Ter|[ACDEFGHIKLMNPQRSTVWY]"
_PROTEIN = re.compile(
    rf"(?<![A-Za-z0-9])(?:p\.?\s?\(?)?(?:{_AMINO})\d{{1,4}}(?:_(?:{_AMINO})\d{{1,4}})?"
    rf"(?:fs\w*\*?\d*|del\w*|dup\w*|ins\w*|(?:{_AMINO}|X|\*|\s[A-Z](?=\s))(?:fs\*?\w*)?)(?![A-Za-z0-9])"
)
_CODING = re.compile(
    r"(?<![A-Za-z])[cgmn]\.\s?[-*]?\d+(?:[+-]\d+)?(?:_\d+(?:[+-]\d+)?)?\s?(?:[ACGT]+\s?>\s?[ACGT]+|(?:del|dup|ins|inv)[ACGTins\d]*)"
)
_EXON = re.compile(
    r"(?:in-frame )?(?:deletion|insertion|mutation)s? (?:in|of) exon \d+|"
    r"exon \d+ (?:in-frame )?(?:deletion|insertion|skipping|mutation)s?|"
    r"ex(?:on)?\s?\d+\s?(?:del|ins)\b|\d+ ?bp (?:deletion|insertion)|(?:homozygous|heterozygous) deletion",
    re.IGNORECASE,
)
_VARIANTS = (_PROTEIN, _CODING, _EXON)


def printed_results(text: str, sentence: Sentence, markers: Sequence[Mention], found: Mapping[str, Result]) -> None:
    """What is printed at each marker: a sign, a score, a percentage, a variant."""
    for number, marker in enumerate(markers):
        following = markers[number + 1] if number + 1 < len(markers) else None
        end = min(following.start if following else sentence.end, marker.end + 140)
        before = markers[number - 1].end if number else sentence.start
        result = found[marker.id]
        _sign(text, marker, following, end, result)
        window = _own_window(text[marker.end : end])
        if match := _SCORE.search(window):
            result.score = match["score"].replace(" ", "")
            result.spans.append((marker.end + match.start("score"), marker.end + match.end("score")))
        elif match := _SCORE_BEFORE.search(text[max(before, marker.start - 20) : marker.start]):
            result.score = match[1]
        elif marker.name == "HER2" and re.match(
            r"\s?(?:(?:was|is)\s|\(?(?:IHC\s)?score\s(?:of\s)?|\(?IHC\s)?:?\s?\(?0\)?(?=[,.;)]|$)", window
        ):
            result.score = "0"
        if (match := _PERCENT.search(window)) and _leads(window[: match.start()], marker):
            result.percent = match["percent"].strip()
            result.spans.append((marker.end + match.start("percent"), marker.end + match.end("percent")))
        elif before_it := _percent_before(text[max(before, marker.start - 70) : marker.start]):
            result.percent = before_it
        if match := _BURDEN.search(window):
            result.burden = match[0]
        result.variant = _variant(text, marker, before, end, result)
    if markers:
        _respectively(text, sentence, markers, found)


def without_variants(words: str) -> str:
    """Words without the changes of genes among them, so that "JAK2 V617F was negative" reads as "JAK2 was negative"."""
    return _CODING.sub("", _PROTEIN.sub("", _EXON.sub("", words)))


def _respectively(text: str, sentence: Sentence, markers: Sequence[Mention], found: Mapping[str, Result]) -> None:
    """ "ER, PR and HER2 were 90%, negative and 3+, respectively": as many results as markers, in their order."""
    if not (told := respective(text, sentence, markers)):
        return
    listed, results = told
    names = list(dict.fromkeys(m.name or m.text for m in listed))
    for marker in listed:
        match, result = results[names.index(marker.name or marker.text)], found[marker.id]
        result.percent, result.score, result.says = None, None, None
        if match["percent"]:
            result.percent = match["percent"].strip()
        elif match["score"]:
            result.score = match["score"].replace(" ", "")
        else:
            result.says, result.sure = match["word"].lower(), True
        result.spans.append(match.span())


def respective(text: str, sentence: Sentence, markers: Sequence[Mention]) -> tuple[list[Mention], list[re.Match[str]]] | None:
    """The markers and the results that "respectively" pairs, in their order; None where there are not as many of both."""
    end = text.rfind("respectively", markers[0].start, sentence.end)
    if end < 0:
        return None
    last = next((m for m in reversed(markers) if m.end < end and not _EACH.search(text, m.end - 2, m.end)), None)
    results = list(_EACH.finditer(text, last.end, end)) if last else []
    if last is None or len(results) < 2:
        return None
    before = [m for m in markers if m.end <= last.end]
    names = list(dict.fromkeys(m.name or m.text for m in before))[-len(results) :]
    listed = [m for m in before if (m.name or m.text) in names]
    return (listed, results) if len(names) == len(results) else None


def _own_window(after: str) -> str:
    """The part of what follows a marker that can only be about it: up to the next statement."""
    stop = re.search(
        r";|\.\s+[A-Z]|,\s+(?:and|but|whereas|while|with|which|without)\s|\b(?:whereas|while|but|which|after|of patients)\b", after
    )
    return after[: stop.start()] if stop else after


def _sign(text: str, marker: Mention, following: Mention | None, end: int, result: Result) -> None:
    match = _SYMBOL.match(text, marker.end, max(end, min(len(text), marker.end + 6)))
    if not match:
        return
    symbol = match["symbol"].strip("() ")
    after = text[match.end("symbol") : match.end("symbol") + 80]
    if symbol in "-\u2010\u2011\u2012\u2013\u2014" and "(" not in match["symbol"]:
        # A hyphen, and not a minus, in "estrogen receptor- and progesterone receptor-positive".
        shared = _SUSPENDED.match(text[match.start("symbol") : match.start("symbol") + 100])
        if shared or (after[:1] == "/" and not re.search(r"[+-]", after[:12])):
            return
    if "+" in symbol and re.match(r"\d", after):
        return
    result.spans.append(match.span("symbol"))
    if symbol in ("\u00b1", "+/-"):
        result.says, result.value = "equivocal", symbol
    elif symbol.startswith("+") or symbol in ("\u207a", "\uff0b"):
        result.says = "positive"
        result.score = symbol if len(symbol) > 1 else result.score
    else:
        result.says = "negative"
    result.sure = result.signed = True


def _leads(between: str, marker: Mention) -> bool:
    """Whether only words of results stand between a marker and a percentage; an index may have more ("was of the order of")."""
    if marker.attributes.get("kind") == "index" or not between.strip(" (:=,-"):
        return True
    regex, _ = result_words()
    return bool(_BETWEEN.fullmatch(regex.sub(" ", BRACKETS.sub(" ", between))))


def _percent_before(before: str) -> str | None:
    """A percentage that leads to the marker: "a 45% rate of Ki-67 expression", "2% by Ki-67", "80% ER positive"."""
    found = list(_PERCENT.finditer(before))
    if not found:
        return None
    tail = before[found[-1].end() :]
    leads = r"\s*(?:(?:rate|expression|increase|positivity|staining|index|cells?|labell?ing|proliferation|in|was|observed)\s+)*"
    near = re.fullmatch(leads + r"(?:of|by|for|with|on)?\s*(?:the )?", tail)
    return found[-1]["percent"].strip() if near else None


def _variant(text: str, marker: Mention, before: int, end: int, result: Result) -> str | None:
    """The change of a gene as printed: protein before coding sequence before exon; behind the marker, else right before it."""
    after = text[marker.end : end]
    stop = re.search(r";|\.\s+[A-Z]|\b(?:whereas|while|but)\b", after)
    after = after[: stop.start()] if stop else after
    places = [(after, marker.end)]
    lead = text[max(before, marker.start - 70) : marker.start]
    if re.search(r"\b(?:in|of|at)\s+(?:both\s+)?(?:the\s+)?$", lead):
        places.insert(0, (lead, marker.start - len(lead)))
    for words, offset in places:
        for regex in _VARIANTS:
            if match := regex.search(words):
                result.spans.append((offset + match.start(), offset + match.end()))
                return re.sub(r"(?<=\d)\s(?=[A-Z]$)", "", match[0].strip())
    glued = re.search(r"(?<=[A-Z0-9])[A-Z]\d{3,4}[A-Z]$", marker.text)
    return glued[0] if glued else None
