"""How each marker of a sentence came out: enumerations of markers and words of result, read item by item.

A run is a stretch of result words that belong together ("strongly and diffusely positive for", "no expression of", "were not
detected"). A run looks forward ("positive for A, B and C") or backward ("A, B and C were negative"); what stands at the marker itself
("A+", "A (3+)", "A 80%") is its own. Every marker is asked once and every run walks its list once, so the work grows with the length
of the sentence.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.entities.reading import Reading, Sentence
from extractor.schema import Mention

ALTERATIONS = ("rearranged", "amplified", "wild-type", "mutated")
_POLAR = {"positive", "expressed", "shown", "negative", "equivocal", "low", "high"}
_GAP = 90
"""So many characters may stand between two items of one list, brackets not counted; more is another thought."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of result in a sentence."""

    start: int
    end: int
    says: str
    form: str


@dataclass(slots=True)
class Run:
    """Result words that belong together. `sure`: nothing that follows the markers may overrule it."""

    start: int
    end: int
    words: list[Word]
    says: str | None
    sure: bool
    value: str | None = None
    forward: bool = False
    reach: int = 0


@dataclass(slots=True)
class Result:
    """What a sentence tells of a marker; `spans` are the words that tell it."""

    says: str | None = None
    negated: bool = False
    sure: bool = False
    grade: str | None = None
    value: str | None = None
    burden: str | None = None
    score: str | None = None
    percent: str | None = None
    variant: str | None = None
    alteration: str | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)

    @property
    def told(self) -> bool:
        """Whether there is any result."""
        return bool(self.says or self.score or self.percent or self.burden or self.variant or self.alteration)


@cache
def _words() -> tuple[re.Pattern[str], Mapping[str, tuple[str, str]]]:
    table = {r["word"]: (r["says"], r["form"]) for r in read_table(Path(__file__).parent / "results.tsv", ("word", "says", "form"))}
    spelled = sorted(table, key=len, reverse=True)
    either = "|".join(re.escape(w).replace(r"\-", r"[-\u2010-\u2014 ]?").replace(r"\ ", r"[\s-]") for w in spelled)
    keys = {re.sub(r"[-\s]", "", w): said for w, said in table.items()}
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE), keys


# Words that may stand inside a run, between two of its words.
_GLUE = re.compile(
    r"(?:[\s\-\u2010-\u2014]|\b(?:of|the|a|an|any|its|by|on|to|in|for|was|were|been|be|show|shown|reveal|exhibit|display|demonstrate|have|has|"
    r"evidence|protein|proteins|immunohistochemical|immunohistochemically|immunohistochemistry|IHC|nuclear|cytoplasmic|membran\w+|surface|"
    r"granular|cell|cells|tumou?r|gene|genetic|antibody|antigen|significant|detectable|pathogenic|copy|number|signs?|also|all|both|"
    r"completely|entirely|only|rather|somewhat|very|for)\b)*",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*(?:,|/|,?\s*(?:and|to|but|or))\s*", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
# What stands between the items of a list: punctuation, conjunctions and the small words that name an item's kind.
_LIST = re.compile(
    r"(?:[\s,;/&+()\-\u2010-\u2014\u2212:\u207a\u207b%*'\u2019\"\u201c\u201d.]|\b(?:and|or|nor|as|well|with|the|a|an|both|also|for|to|of|anti|against|antibody|"
    r"antibodies|protein|proteins|antigen|antigens|marker|markers|staining|stain|stains|expression|receptor|receptors|gene|genes|"
    r"oncoprotein|chain|chains|light|fusion|transcript|like|including|namely|such|e\.?g|i\.?e|neuroendocrine|epithelial|mesenchymal|"
    r"melanocytic|lymphoid|other|others|monoclonal|polyclonal|human|status|plus|then|even|is|its|in|situ|hybridi[sz]ation|factor|"
    r"hormone|hormones|only|all|cell|cells|but|protooncogene|oncogene|immunohistochemical|immunohistochemically|nuclear|cytoplasmic|"
    r"type|clone|level|levels|respectively|part|partially|on|by|from|each)\b|\d+\s?%)*",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"\b(?:whereas|while|but|however|although|though|whilst|which|who|therefore|thus|because|since|where|when|after|before|"
    r"suggest\w*|consistent|compatible|confirm\w*|indicat\w*|support\w*|establish\w*|leading|diagnos\w+)\b|;",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"\b(?:was|were|is|are|had|has|have|underwent|received|treated|treatment|therapy|patient|she|he|we|revealed|showed|"
    r"serum|level|levels|suggest\w*|consistent|compatible|confirm\w*|indicat\w*|support\w*|establish\w*|leading|led|diagnos\w+|which|"
    r"who|that|because|therefore|thus)\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"[\s,]*(?:(?:which|that|was|were|is|are|be|being|been|remain\w*|turned|came|out|tested|returned|proved|found|noted|seen|shown|observed|"
    r"reported|determined|considered|also|both|all|to|each|had|has|have|as|again|still|only|the|completely|entirely|"
    r"immunohistochemically|antibody|antibodies|protein|antigen|antigens|receptors?|markers?|nuclear|cytoplasmic|membran\w+|"
    r"gene|genes|cells?|showed|demonstrated|exhibited|displayed|revealed|gave|itself|status|tumou?r|oncoprotein|by|IHC|"
    r"immunohistochemistry|analysis|study|studies|test|testing|results?|chains?|score|fusion|promoter|immunohistochemical|exon|\d+|"
    r"FISH|fluorescence|in|situ|hybridi[sz]ation|assay|a|an|with|of|index|proliferative|proliferation|labell?ing|rate|expressions?|expressed)\b[\s,]*|[-\u2010-\u2014:=()\s]+)*",
    re.IGNORECASE,
)
_FOR = {
    "adjective": re.compile(r"\W{0,3}(?:\w+\s){0,2}?(?:for|to|with|against)\b|\s*:", re.IGNORECASE),
    "noun": re.compile(
        r"\W{0,3}(?:(?:was|were|is|are)\s+)?(?:(?:also|only)\s+)?(?:(?:seen|noted|observed|found|obtained|present|performed|done|positive)\s+)?"
        r"(?:(?:both|antibody|antibodies|antibodies directed)\s+)?(?:for|of|to|with|against|in|by using|using)\b|\s*:",
        re.IGNORECASE,
    ),
}
_PASSIVE = re.compile(
    r"\b(?:was|were|is|are|be|been|being)\s+(?:(?:not|also|all|both|only|never|neither|\w+ly|strong|diffuse|weak)\s+)*$", re.IGNORECASE
)
_NO_BEFORE = re.compile(r"\b(?:no|neither|none of|nor|not|without|absence of|lack of|loss of|negative for)\b[^;.]{0,40}$", re.IGNORECASE)
_BUT_NOT = re.compile(r"\b(?:not|without|no|except)\b", re.IGNORECASE)

_SYMBOL = re.compile(
    r"[\s)]{0,2}(?:(?:expression|staining|protein|oncoprotein|expressed|receptors?)\s?)?(?:[:=]\s?)?"
    r"(?P<symbol>\(\s?(?:\+{1,4}|[-\u2010-\u2015\u2212\u207b]{1,2}|\u00b1|\+/-)\s?\)|(?<=[\w)])\s?(?:\+{1,4}(?!\d)|\u207a|\uff0b|\u00b1|\u2212|\u207b)"
    r"|(?<=[\w)])[-\u2010-\u2015](?=[\s,;./)]|$|CD\d))"
)
_SUSPENDED = re.compile(r"[-\u2010-\u2014]?,?\s*(?:and|or|/)\s[^.;]{0,60}?[- ](?:positive|negative|receptor)", re.IGNORECASE)
_SCORE = re.compile(r"(?<![\w+])(?P<score>[0-4]\s?\+(?!\w)|\+{2,4}|(?<=score )[0-3](?![\w.])|(?<=score of )[0-3](?![\w.])|(?<=score: )[0-3](?![\w.]))")
_NUMBER = r"\d{1,3}(?:[.,\u00b7]\d+)?"
_PERCENT = re.compile(rf"(?<![\w.])(?P<percent>(?:(?:less|more) than )?[<>\u2264\u2265~]?\s?{_NUMBER}(?:\s?%?\s?(?:[-\u2010-\u2014]|to)\s?{_NUMBER})?\s?(?:%|per ?cent\b))", re.IGNORECASE)
_BETWEEN = re.compile(
    r"(?:[\s(:=,<>~-]|\b(?:was|were|is|are|in|of|for|the|a|about|approximately|around|more|less|than|over|nearly|almost|up|to|at|with|score|"
    r"TPS|CPS|tumou?r|proportion|combined|cells|cell|nuclei|index|rate|status|level|by|IHC|protein|receptors?|nuclear|some|only|estimated|"
    r"immunohistochemistry|percentage|an?|intensity|clone|SP\d+|22C3|allred|H-score|\d[+]|[0-3])\b\+?)*",
    re.IGNORECASE,
)
_BURDEN = re.compile(
    rf"{_NUMBER}\s?(?:mutations?|muts?|variants?)?\s?(?:/|per)\s?(?:Mb|megabase|megabases|Mbp)|(?:TMB|burden|load)\W{{1,4}}(?:low|high)\b", re.IGNORECASE
)
_AMINO = "Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|Met|Phe|Pro|Ser|Thr|Trp|Tyr|Val|Ter|[ACDEFGHIKLMNPQRSTVWY]"
_PROTEIN = re.compile(
    rf"(?<![A-Za-z0-9])(?:p\.?\s?\(?)?(?:{_AMINO})\d{{1,4}}(?:_(?:{_AMINO})\d{{1,4}})?"
    rf"(?:fs\w*\*?\d*|del\w*|dup\w*|ins\w*|(?:{_AMINO}|X|\*|\s[A-Z](?=\s))(?:fs\*?\w*)?)(?![A-Za-z0-9])"
)
_CODING = re.compile(r"(?<![A-Za-z])[cgmn]\.\s?[-*]?\d+(?:[+-]\d+)?(?:_\d+(?:[+-]\d+)?)?\s?(?:[ACGT]+\s?>\s?[ACGT]+|(?:del|dup|ins|inv)[ACGTins\d]*)")
_EXON = re.compile(
    r"(?:in-frame )?(?:deletion|insertion|mutation)s? (?:in|of) exon \d+|exon \d+ (?:in-frame )?(?:deletion|insertion|skipping|mutation)s?|"
    r"ex(?:on)?\s?\d+\s?(?:del|ins)\b|\d+ ?bp (?:deletion|insertion)|(?:homozygous|heterozygous) deletion",
    re.IGNORECASE,
)


@lru_cache(maxsize=32)
def results(reading: Reading, sentence: Sentence) -> Mapping[str, Result]:
    """The result of each biomarker mention of a sentence, by mention id."""
    named = reading.in_sentence(sentence, "biomarker")
    listed = [m for m in named if m.attributes.get("kind") != "variant"]
    # A bare variant beside a gene is part of what is said of the gene.
    markers = listed or named
    words = reading.words(sentence)
    runs = _runs(words, sentence.start, markers)
    found = {m.id: Result() for m in named}
    _own_results(reading.text, sentence, markers, found)
    _directions(reading.text, runs, markers)
    _backward(reading.text, sentence, runs, markers, found)
    _forward(reading.text, runs, markers, found)
    return found


def _runs(words: str, offset: int, markers: Sequence[Mention]) -> list[Run]:
    """The runs of a sentence: result words outside the markers' names, glued where only small words part them."""
    regex, said = _words()
    inside = [(m.start - offset, m.end - offset) for m in markers]
    tokens: list[Word] = []
    place = 0
    for match in regex.finditer(words):
        while place < len(inside) and inside[place][1] <= match.start():
            place += 1
        if place < len(inside) and inside[place][0] < match.end():
            continue
        if words[match.end() : match.end() + 1] == "/" and says_number(words[: match.start()]):
            continue
        says, form = said[re.sub(r"[-\u2010-\u2014\s]", "", match[0].lower())]
        tokens.append(Word(match.start() + offset, match.end() + offset, says, form))
    grouped: list[list[Word]] = []
    for token in tokens:
        if grouped and _belongs(grouped[-1], token, words[grouped[-1][-1].end - offset : token.start - offset]):
            grouped[-1].append(token)
        else:
            grouped.append([token])
    return [_run(g, words, offset) for g in grouped]


def says_number(before: str) -> bool:
    """Whether a number stands right before: "6 mutations/Mb" is a measure."""
    return bool(re.search(r"\d\s?$", before[-3:]))


def _belongs(run: Sequence[Word], token: Word, between: str) -> bool:
    if len(between) > 60:
        return False
    last = run[-1]
    if token.says == "negator" and last.says not in ("negator", "intensity") and token.form != "inner":
        return False
    if _GLUE.fullmatch(between):
        # "A was positive for B" has its own start: two words of which each could stand alone are two runs ("mutation negative" is one).
        both_alone = last.form == token.form == "adjective" and last.says in _POLAR and token.says in _POLAR - {"shown"}
        return not both_alone or {last.says, token.says} & {"low", "high", "equivocal"} != set()
    small = last.says == "intensity" and token.says in ("intensity", "positive", "negative", "expressed")
    return small and bool(_AND.fullmatch(between))


def _run(group: list[Word], words: str, offset: int) -> Run:
    says = {w.says for w in group}
    negative = "negative" in says or "negator" in says
    alteration = next((a for a in ALTERATIONS if a in says), None)
    value = None
    if alteration:
        status: str | None = alteration
    elif negative:
        status = "negative"
    elif "equivocal" in says:
        status = "equivocal"
    elif says & {"positive", "expressed", "shown"}:
        status = "low" if "low" in says and "positive" in says else "positive"
    elif "stained" in says:
        status = "positive" if says & {"intensity", "high"} else None
    else:
        status = "low" if "low" in says else "high" if "high" in says else None
    if status in ("positive", "low", "high", None) and says & {"intensity", "high"}:
        value = _intensity(group, words, offset)
    sure = bool(says & {"positive", "negative", "negator", "equivocal"}) or alteration == "wild-type"
    run = Run(group[0].start, group[-1].end, group, status, sure, value)
    if negative and alteration:
        run.says, run.sure = f"not {alteration}", True
    return run


def _intensity(group: Sequence[Word], words: str, offset: int) -> str | None:
    """The printed words of intensity, with the word "positive" or "expressed" that follows them."""
    first = next((i for i, w in enumerate(group) if w.says in ("intensity", "high")), None)
    if first is None:
        return None
    last = first
    while last + 1 < len(group) and group[last + 1].says in ("intensity", "high"):
        last += 1
    if last + 1 < len(group) and group[last + 1].form in ("adjective", "verb") and group[last + 1].says in ("positive", "expressed"):
        last += 1
    return " ".join(words[group[first].start - offset : group[last].end - offset].split())


def _directions(text: str, runs: Sequence[Run], markers: Sequence[Mention]) -> None:
    """Which way each run looks: to the markers behind a preposition or right behind it, else to those before it."""
    for number, run in enumerate(runs):
        following = next((m for m in markers if m.start >= run.end), None)
        next_run = runs[number + 1].start if number + 1 < len(runs) else None
        if following is None or (next_run is not None and next_run < following.start and not _only_intensity(runs[number + 1])):
            continue
        between = text[run.end : following.start]
        form = next((w.form for w in reversed(run.words) if w.form != "word"), "word")
        preposition = _FOR["adjective" if form == "adjective" and (run.says or "").removeprefix("not ") not in ALTERATIONS else "noun"].match(between)
        near = len(_BRACKETS.sub("", between)) <= _GAP
        if preposition and _adjacent(text, run, markers) and not re.search(r"for$|:$", preposition[0]):
            preposition = None
        if preposition and near and not _FOREIGN.search(between[preposition.end() :]) and (form != "word" or run.says) and not (
            preposition[0].endswith(":") and (not _LIST.fullmatch(between) or _follows_marker(text, run, markers))
        ):
            run.forward = True
        elif form == "verb" and near and not _PASSIVE.search(text[max(0, run.start - 60) : run.start]) and _LIST.fullmatch(
            _BRACKETS.sub("", between)
        ):
            run.forward = True
        elif re.fullmatch(r"\s+(?:(?:for|anti|the|both|nuclear|cytoplasmic|membranous|human)[\s-])*", between) or between in ("", "-"):
            run.forward = not _follows_marker(text, run, markers)
        run.reach = run.end


def _only_negator(run: Run) -> bool:
    return all(w.says == "negator" for w in run.words)


def _only_intensity(run: Run) -> bool:
    return all(w.says == "intensity" for w in run.words)


def _adjacent(text: str, run: Run, markers: Sequence[Mention]) -> bool:
    before = next((m for m in reversed(markers) if m.end <= run.start), None)
    return before is not None and not text[before.end : run.start].strip(" -)\u2010\u2011\u2013")


def _follows_marker(text: str, run: Run, markers: Sequence[Mention]) -> bool:
    """Whether a run belongs to the marker right before it ("ER positive, PR ...")."""
    before = next((m for m in reversed(markers) if m.end <= run.start), None)
    if before is None or run.start - before.end > 40:
        return False
    between = text[before.end : run.start]
    return bool(_LINK.fullmatch(between)) and not re.search(r",|\b(?:with|and|in)\b", between)


def _backward(text: str, sentence: Sentence, runs: Sequence[Run], markers: Sequence[Mention], found: Mapping[str, Result]) -> None:
    """Give each run that looks backward to the list of markers before it."""
    for number, run in enumerate(runs):
        if run.forward or _only_negator(run) or (run.says is None and run.value is None):
            continue
        before = [m for m in markers if m.end <= run.start]
        if not before or run.start - before[-1].end > _GAP:
            continue
        floor = max((r.end for r in runs[:number] if not r.forward and r.says and not _only_intensity(r) and not _only_negator(r)), default=sentence.start)
        gap = _BRACKETS.sub("", text[before[-1].end : run.start])
        if floor > before[-1].end or not (_LINK.fullmatch(gap) or _LIST.fullmatch(gap)):
            continue
        opener = max((r for r in runs[:number] if r.forward and r.says and r.sure), key=lambda r: r.end, default=None)
        items = [before[-1]]
        if not _only_intensity(run) and run.says not in ALTERATIONS or not _BRACKETS.search(text[before[-1].end - 1 : run.end + 1]):
            for earlier in reversed(before[:-1]):
                between = _BRACKETS.sub("", text[earlier.end : items[-1].start])
                taken = found[earlier.id].sure or (found[earlier.id].told and not found[earlier.id].variant)
                if earlier.start < floor or not _LIST.fullmatch(between) or taken or _only_intensity(run):
                    break
                if opener is not None and opener.end <= items[-1].start and re.search(r"\b(?:but|whereas|while)\b|;", between):
                    break
                items.append(earlier)
        if opener is not None and opener.end <= items[-1].start and _opened(text, opener, items[-1], markers):
            # "positive for A, B and C were ..." : the list is the opener's; only a word of alteration or its last item is this run's.
            items = items[:1] if run.sure or run.says in ALTERATIONS or run.says is None or _only_intensity(run) else []
            if run.says == "positive" and not run.sure:
                items = []
        first = items[-1].start if items else run.start
        clause = text[max(sentence.start, floor, first - 60) : first]
        clause = clause[max((m.end() for m in _BREAK.finditer(clause)), default=0) :]
        denied = bool(_NO_BEFORE.search(clause)) and not any(r.forward and r.start >= first - len(clause) and r.end <= first and r.sure
                                                           and "negator" not in {w.says for w in r.words} for r in runs[:number])  # fmt: skip
        for item in items:
            _say(found[item.id], run, denied)


def _opened(text: str, opener: Run, first: Mention, markers: Sequence[Mention]) -> bool:
    """Whether the list that begins with `first` is what a forward run names."""
    return not _BREAK.search(_BRACKETS.sub("", text[opener.end : first.start]))


def _say(result: Result, run: Run, denied: bool) -> None:
    says = run.says
    negated = denied or (says or "").startswith("not ")
    kind = (says or "").removeprefix("not ")
    if kind in ALTERATIONS:
        result.alteration = result.alteration or kind
        result.negated = result.negated or negated
    elif says and not (result.sure and not run.sure):
        result.says = "negative" if denied and says == "positive" else says
        result.sure = run.sure
    if run.value and not denied:
        result.value = result.value or run.value
    result.grade = result.grade or _grade(run)
    result.spans.append((run.start, run.end))


def _grade(run: Run) -> str | None:
    return next((w.says for w in run.words if w.says in ("low", "high")), None)


def _forward(text: str, runs: Sequence[Run], markers: Sequence[Mention], found: Mapping[str, Result]) -> None:
    """Give each run that looks forward to the markers behind it, until the next run that looks forward or another thought."""
    openers = [r for r in runs if r.forward and (r.says or r.value)]
    # The words of intensity first: in "strongly for A and focally for B" the nearer word is B's.
    for run in sorted(openers, key=lambda r: not _only_intensity(r)):
        limit = next((r.start for r in openers if r.start > run.start and r.says and not _only_intensity(r)), None)
        previous, denied = run.end, False
        for marker in (m for m in markers if m.start >= run.end):
            between = text[previous : marker.start]
            plain = _BRACKETS.sub("", between)
            first = previous == run.end
            if limit is not None and marker.start >= limit:
                break
            inner = [r for r in runs if previous <= r.start and r.end <= marker.start and r is not run]
            if len(plain) > _GAP or (not first and _ends_list(plain, inner, text, marker)):
                break
            if not first and _BUT_NOT.search(plain):
                denied = True
            result = found[marker.id]
            previous = marker.end
            if _only_intensity(run) or (run.says in ("low", "high") and len(run.words) == 1):
                if limit is not None and marker.start >= limit:
                    break
                result.value = result.value or run.value
                result.grade = result.grade or _grade(run)
                result.says = result.says or (run.says if not result.alteration else None)
                if not _FOR["adjective"].match(text[run.end : run.end + 20]):
                    break
                continue
            if result.sure:
                continue
            _give(result, run, denied)
    for marker in markers:
        if found[marker.id].says is None and found[marker.id].alteration is None and not found[marker.id].variant:
            found[marker.id].value = found[marker.id].value if found[marker.id].told else None


def _ends_list(plain: str, inner: Sequence[Run], text: str, marker: Mention) -> bool:
    """Whether the words between two markers end a list: a verb of another statement stands there."""
    if any(not _only_intensity(r) and r.sure for r in inner):
        return True
    return bool(_FOREIGN.search(plain))


def _give(result: Result, run: Run, denied: bool) -> None:
    """A forward run speaks where nothing surer was said at the marker; an earlier soft word ("expression") gives way to its negation."""
    says = run.says or ""
    kind = says.removeprefix("not ")
    if kind in ALTERATIONS:
        result.alteration = result.alteration or kind
        result.negated = result.negated or denied or says.startswith("not ")
    elif result.alteration:
        result.negated = result.negated or says == "negative" or denied
    elif says and (result.says is None or (not result.sure and run.sure)):
        result.says = {"positive": "negative", "negative": "positive"}.get(says, says) if denied else says
        result.sure = run.sure
    if not denied:
        result.value = result.value or run.value
        result.grade = result.grade or _grade(run)
    result.spans.append((run.start, run.end))


def _own_results(text: str, sentence: Sentence, markers: Sequence[Mention], found: Mapping[str, Result]) -> None:
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
        elif match := re.search(r"(?<![\w+])([1-4]\+)\s?(?:for\s)?(?:the\s)?$", text[max(before, marker.start - 20) : marker.start]):
            result.score = match[1]
        elif marker.name == "HER2" and re.match(r"\s?:?\s?\(?0\)?(?=[,.;)]|$)", window):
            result.score = "0"
        if (match := _PERCENT.search(window)) and _leads(window[: match.start()], marker):
            result.percent = match["percent"].strip()
            result.spans.append((marker.end + match.start("percent"), marker.end + match.end("percent")))
        elif mention_percent := _percent_before(text[max(before, marker.start - 70) : marker.start], number == 0):
            result.percent = mention_percent
        if match := _BURDEN.search(window):
            result.burden = match[0]
        result.variant = _variant(text, marker, before, end, result)


def _own_window(after: str) -> str:
    """The part of what follows a marker that can only be about it: up to the next statement."""
    stop = re.search(r";|\.\s+[A-Z]|,\s+(?:and|but|whereas|while|with|which|without)\s|\b(?:whereas|while|but|which|after|of patients)\b", after)
    return after[: stop.start()] if stop else after


def _sign(text: str, marker: Mention, following: Mention | None, end: int, result: Result) -> None:
    match = _SYMBOL.match(text, marker.end, max(end, min(len(text), marker.end + 6)))
    if not match:
        return
    symbol = match["symbol"].strip("() ")
    after = text[match.end("symbol") : match.end("symbol") + 80]
    if symbol in "-\u2010\u2011\u2012\u2013\u2014" and "(" not in match["symbol"] and (
        _SUSPENDED.match(text[match.start("symbol") : match.start("symbol") + 100]) or after[:1] == "/" and not re.search(r"[+-]", after[:12])
    ):
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
    result.sure = True


def _leads(between: str, marker: Mention) -> bool:
    """Whether only words of results stand between a marker and a percentage; an index may have more ("Ki-67 was of the order of")."""
    if marker.attributes.get("kind") == "index" or not between.strip(" (:=,-"):
        return True
    regex, _ = _words()
    return bool(_BETWEEN.fullmatch(regex.sub(" ", _BRACKETS.sub(" ", between))))


def _percent_before(before: str, first: bool) -> str | None:
    """A percentage that leads to the marker: "a 45% rate of Ki-67 expression", "2% by Ki-67", "80% ER positive"."""
    found = list(_PERCENT.finditer(before))
    if not found:
        return None
    tail = before[found[-1].end() :]
    near = re.fullmatch(r"\s*(?:(?:rate|expression|increase|positivity|staining|index|cells?|labell?ing|proliferation|in|was|observed)\s+)*(?:of|by|for|with|on)?\s*(?:the )?", tail)
    return found[-1]["percent"].strip() if near else None


def _variant(text: str, marker: Mention, before: int, end: int, result: Result) -> str | None:
    """The change of a gene as printed: protein before coding sequence before exon; behind the marker, else right before it."""
    after = text[marker.end : end]
    stop = re.search(r";|\.\s+[A-Z]|\b(?:whereas|while|but)\b", after)
    after = after[: stop.start()] if stop else after
    places = [(after, marker.end)]
    lead = text[max(before, marker.start - 70) : marker.start]
    if re.search(r"\b(?:in|of|at)\s+(?:both\s+)?(?:the\s+)?$|variant|mutation|rs\d+", lead):
        places.append((lead, marker.start - len(lead)))
    for words, offset in places:
        for regex in (_PROTEIN, _CODING, _EXON):
            if match := regex.search(words):
                result.spans.append((offset + match.start(), offset + match.end()))
                return re.sub(r"(?<=\d)\s(?=[A-Z]$)", "", match[0].strip())
    return None


def told(found: Iterable[Result]) -> int:
    """How many of these results tell something."""
    return sum(r.told for r in found)
