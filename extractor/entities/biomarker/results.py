"""How each marker of a sentence came out: enumerations of markers and words of result, read item by item.

A run (runs.py) looks forward ("positive for A, B and C") or backward ("A, B and C were negative"); what stands at the marker
itself ("A+", "A (3+)", "A 80%") is its own (printed.py). Runs and markers are sorted and every run walks its own list once, so
the work grows with the length of the sentence.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from extractor.entities.biomarker.cues import cue, either, only
from extractor.entities.biomarker.printed import printed_results, respective, without_variants
from extractor.entities.biomarker.runs import ALTERATIONS, BRACKETS, Result, Run, grade, only_intensity, only_negator, runs_of
from extractor.entities.reading import Reading, Sentence
from extractor.schema import Mention

_GAP = 90
"""So many characters may stand between two items of one list, brackets not counted; more is another thought."""
# What stands between the items of a list: punctuation, conjunctions and the small words that name an item's kind.
_LIST = only("item", r",;/&+()\-\u2010-\u2014\u2212:\u207a\u207b%*'\u2019\"\u201c\u201d.")
_BREAK = re.compile(rf"\b(?:{either('turn')})\b|;", re.IGNORECASE)
_FOREIGN = cue("statement")
_ASIDE = re.compile(r"^,?\s*(?:which|that|a|an)\b(?:\s+[\w-]+){1,9},(?=\s*(?:was|were|is|are)\b)")
_LINK = only("link", r"\-\u2010-\u2014:=(),\d")
_AUXILIARY = (
    r"(?:(?:was|were|is|are)\s+)?(?:(?:also|only)\s+)?"
    r"(?:(?:seen|noted|observed|found|obtained|present|performed|done|positive)\s+)?"
    r"(?:(?:both|antibody|antibodies|antibodies directed)\s+)?"
)
_FOR = {
    "adjective": re.compile(r"\W{0,3}(?:\w+\s){0,2}?(?:for|to|with|against)\b|\s*:", re.IGNORECASE),
    "noun": re.compile(rf"\W{{0,3}}{_AUXILIARY}(?:for|of|to|with|against|in|by using|by|using)\b|\s*:", re.IGNORECASE),
}
_PASSIVE = re.compile(rf"\b(?:{either('be')})\s+(?:(?:not|also|all|both|only|never|neither|\w+ly|strong|diffuse|weak)\s+)*$", re.IGNORECASE)
_NO_BEFORE = re.compile(rf"\b(?:{either('denial')})\b[^;.]{{0,40}}$", re.IGNORECASE)
# "the percentage of AR expression", "evaluation of HER2 expression": no result yet
_MEASURED = re.compile(rf"\b(?:{either('measured')})\s(?:of|for)?\s?(?:the\s)?$", re.IGNORECASE)
_BUT_NOT = re.compile(r"\b(?:not|without|no|except)\b", re.IGNORECASE)
_CONTRAST = re.compile(rf"\b(?:{either('contrast')})\b|;", re.IGNORECASE)
_RIGHT_BEFORE = re.compile(r"(?:\s+(?:(?:for|anti|the|both|nuclear|cytoplasmic|membranous|human)[\s-])*|-?)", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A sentence as lists of its markers and runs, both in the order of the text."""

    text: str
    start: int
    markers: Sequence[Mention]
    runs: Sequence[Run]
    found: Mapping[str, Result]

    def marker_after(self, offset: int) -> int:
        """The index of the first marker that begins at or behind `offset`."""
        return bisect_left(self.markers, offset, key=lambda m: m.start)

    def marker_before(self, offset: int) -> Mention | None:
        """The last marker that ends at or before `offset`."""
        number = bisect_right(self.markers, offset, key=lambda m: m.end)
        return self.markers[number - 1] if number else None

    def runs_between(self, start: int, end: int) -> Sequence[Run]:
        """The runs that begin at or behind `start` and end before `end`."""
        first = bisect_left(self.runs, start, key=lambda r: r.start)
        return self.runs[first : bisect_right(self.runs, end, key=lambda r: r.end)]

    def plain(self, start: int, end: int) -> str:
        """The words between two places, without what stands in brackets or in an aside ("CD99, which …, was expressed")."""
        return _ASIDE.sub("", BRACKETS.sub("", self.text[start:end]))


@lru_cache(maxsize=32)
def results(reading: Reading, sentence: Sentence) -> Mapping[str, Result]:
    """The result of each biomarker mention of a sentence, by mention id."""
    named = reading.in_sentence(sentence, "biomarker")
    # A bare variant beside a gene is part of what is said of the gene.
    markers = [m for m in named if m.attributes.get("kind") != "variant"] or named
    found = {m.id: Result() for m in named}
    runs = runs_of(reading.words(sentence), sentence.start, markers)
    if markers and (told := respective(reading.text, sentence, markers)):
        first, last = told[1][0].start(), told[1][-1].end()
        runs = [r for r in runs if r.end <= first or r.start >= last]
    line = Line(reading.text, sentence.start, markers, runs, found)
    printed_results(reading.text, sentence, markers, found)
    for number, run in enumerate(runs):
        run.forward = _looks_forward(line, run, runs[number + 1] if number + 1 < len(runs) else None)
    _backward(line)
    _forward(line)
    return found


def _looks_forward(line: Line, run: Run, next_run: Run | None) -> bool:
    """Which way a run looks: to the markers behind a preposition or right behind it, else to those before it."""
    number = line.marker_after(run.end)
    if number == len(line.markers):
        return False
    following = line.markers[number]
    if next_run is not None and next_run.start < following.start and not only_intensity(next_run):
        return False
    if len(plain := line.plain(run.end, following.start)) > _GAP:
        return False
    between = line.text[run.end : following.start]
    form = next((w.form for w in reversed(run.words) if w.form not in ("word", "inner")), "word")
    rest = _behind_preposition(line, run, form, between)
    if rest is not None and not _FOREIGN.search(rest) and (not only_negator(run) or _LIST.fullmatch(between)):
        return True
    if form == "verb" and not _PASSIVE.search(line.text[max(0, run.start - 60) : run.start]) and _LIST.fullmatch(plain):
        return True
    if _RIGHT_BEFORE.fullmatch(between):
        return only_negator(run) or not _follows_marker(line, run)
    return False


def _behind_preposition(line: Line, run: Run, form: str, between: str) -> str | None:
    """What follows the preposition with which a run takes its markers; None where it has none."""
    altered = (run.says or "").removeprefix("not ") in ALTERATIONS
    match = _FOR["adjective" if form == "adjective" and not altered else "noun"].match(between)
    if match is None:
        return None
    word = match[0].split()[-1].lower() if match[0].split() else ":"
    if word == "by" and not any(w.says == "stained" for w in run.words):
        return None
    if word.endswith(":") and (not _LIST.fullmatch(between) or _follows_marker(line, run)):
        return None
    before = line.marker_before(run.start)
    at_marker = before is not None and not line.text[before.end : run.start].strip(" -)\u2010\u2011\u2013")
    # "HER2 amplification with a TMB of ..." speaks of HER2.
    return None if at_marker and word != "for" and not word.endswith(":") else between[match.end() :]


def _follows_marker(line: Line, run: Run) -> bool:
    """Whether a run belongs to the marker right before it ("ER positive, PR ...")."""
    before = line.marker_before(run.start)
    if before is None or run.start - before.end > 40:
        return False
    between = line.text[before.end : run.start]
    return bool(_LINK.fullmatch(between)) and not re.search(r",|\b(?:with|and|in)\b", between)


def _backward(line: Line) -> None:
    """Give each run that looks backward to the list of markers before it."""
    floor = line.start
    opener: Run | None = None
    for run in line.runs:
        if run.forward:
            opener = run if run.says and run.sure else opener
            continue
        if only_negator(run) or (run.says is None and run.value is None):
            continue
        items = _list_before(line, run, floor, opener)
        if items and not (not run.sure and _MEASURED.search(line.text[max(line.start, items[-1].start - 40) : items[-1].start])):
            denied = _denied(line, items[-1].start, floor, opener)
            for item in items:
                _say(line.found[item.id], run, denied)
        if run.says and not only_intensity(run):
            floor = run.end


def _list_before(line: Line, run: Run, floor: int, opener: Run | None) -> list[Mention]:
    """The markers that a run looking backward speaks of, the nearest first."""
    last = line.marker_before(run.start)
    if last is None or run.start - last.end > _GAP or floor > last.end:
        return []
    gap = without_variants(line.plain(last.end, run.start))
    if not (_LINK.fullmatch(gap) or _LIST.fullmatch(gap)):
        return []
    items = [last]
    in_brackets = run.says in ALTERATIONS and BRACKETS.search(line.text[last.end - 1 : run.end + 1])
    number = line.marker_after(last.start) - 1
    while number >= 0 and not only_intensity(run) and not in_brackets:
        earlier = line.markers[number]
        between = line.plain(earlier.end, items[-1].start)
        known = line.found[earlier.id]
        if earlier.start < floor or known.sure or (known.told and not known.variant) or not _LIST.fullmatch(between):
            break
        if opener is not None and opener.end <= items[-1].start and _CONTRAST.search(between):
            break
        items.append(earlier)
        number -= 1
    first = items[-1].start
    if opener is not None and opener.end <= first and not _BREAK.search(line.plain(max(opener.end, first - 400), first)):
        # "positive for A, B and C were ...": the list is the opener's; only a word of alteration or the last item is this run's.
        if run.says in ALTERATIONS and only_negator(opener):
            return items
        return items[:1] if (run.sure or run.says in ALTERATIONS or run.says is None) else []
    return items


def _denied(line: Line, first: int, floor: int, opener: Run | None) -> bool:
    """Whether a "no" before the list denies what is said behind it ("No other hormones (A, B) were expressed")."""
    begin = max(line.start, floor, first - 60)
    clause = line.text[begin:first]
    clause = clause[max((m.end() for m in _BREAK.finditer(clause)), default=0) :]
    if not _NO_BEFORE.search(clause):
        return False
    # "negative for A ... B expression": the negation is the other run's own.
    others = opener is not None and first - len(clause) <= opener.start and opener.end <= first
    return not (others and opener is not None and all(w.says != "negator" for w in opener.words))


def _say(result: Result, run: Run, denied: bool) -> None:
    """A run that looks backward stands at the end of what is said of its list: it overrules what is less sure."""
    kind = (run.says or "").removeprefix("not ")
    if kind in ALTERATIONS:
        result.alteration = result.alteration or kind
        result.negated = result.negated or denied or kind != run.says
    elif run.says and not (result.sure and not run.sure):
        result.says = "negative" if denied and run.says == "positive" else run.says
        result.sure = run.sure
    if run.value and not denied:
        result.value = result.value or run.value
    result.grade = result.grade or grade(run)
    result.spans.append((run.start, run.end))


def _forward(line: Line) -> None:
    """Give each run that looks forward to the markers behind it, until the next run that looks forward or another thought."""
    openers = [r for r in line.runs if r.forward and (r.says or r.value)]
    limits: list[tuple[Run, int | None]] = []
    limit: int | None = None
    for run in reversed(openers):
        limits.append((run, limit))
        limit = run.start if run.says and not only_intensity(run) else limit
    # The words of intensity first: in "strongly for A and focally for B" the nearer word is B's.
    limits.reverse()
    for run, limit in sorted(limits, key=lambda pair: not only_intensity(pair[0])):
        _walk(line, run, limit)
    for result in line.found.values():
        if not result.told:
            result.value = None


def _walk(line: Line, run: Run, limit: int | None) -> None:
    """One forward run along its list; "but not" turns it round."""
    strength_only = only_intensity(run) or (run.says in ("low", "high") and len(run.words) == 1)
    previous, denied = run.end, False
    for number in range(line.marker_after(run.end), len(line.markers)):
        marker = line.markers[number]
        if limit is not None and marker.start >= limit:
            return
        plain = line.plain(previous, marker.start)
        first = previous == run.end
        if len(plain) > _GAP or (not first and _ends_list(line, plain, previous, marker.start)):
            return
        denied = denied or (not first and bool(_BUT_NOT.search(plain)))
        previous = marker.end
        result = line.found[marker.id]
        if strength_only:
            if result.signed:
                return
            result.value = result.value or run.value
            result.grade = result.grade or grade(run)
            result.says = result.says or (run.says if not result.alteration else None)
            if not _FOR["adjective"].match(line.text[run.end : run.end + 20]):
                return
        elif not result.sure:
            _give(result, run, denied)


def _ends_list(line: Line, plain: str, start: int, end: int) -> bool:
    """Whether the words between two markers end a list: a verb of another statement stands there. Semicolons part items ("A; B; C")
    as well as statements: a statement has words of its own."""
    if any(r.sure and not only_intensity(r) for r in line.runs_between(start, end)):
        return True
    return bool(_FOREIGN.search(plain)) or (bool(_BREAK.search(plain)) and not _LIST.fullmatch(plain))


def _give(result: Result, run: Run, denied: bool) -> None:
    """A run that looks forward speaks where nothing surer was said at the marker."""
    says = run.says or ""
    kind = says.removeprefix("not ")
    if kind in ALTERATIONS:
        result.alteration = result.alteration or kind
        result.negated = result.negated or denied or kind != says
    elif result.alteration:
        result.negated = result.negated or says == "negative" or denied
    elif says and (result.says is None or run.sure):
        result.says = {"positive": "negative", "negative": "positive"}.get(says, says) if denied else says
        result.sure = run.sure
    if not denied:
        result.value = result.value or run.value
        result.grade = result.grade or grade(run)
    result.spans.append((run.start, run.end))
