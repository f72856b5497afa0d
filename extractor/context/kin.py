"""Where a report tells of a relative instead of the patient: past the reach of a cue, by who the sentence is about.

"His mother … She …" goes on about the mother, "her elder sister, she died at 25 …" about the sister. Of a child's report the mother is
a relative, of a mother's report the newborn.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from extractor.errors import DataError

WORDS = Path(__file__).parent / "kin.tsv"
_KINDS = ("woman", "man", "either", "whose", "which", "newborn", "like", "befell", "between", "saw", "fate")
_ASIDE = r"(?:\s*\([^)]*\)|, (?:an?|the|her|his|aged?) [^,;.]{1,30}(?=[ ,])|, [^,;.]{1,80}(?=,))?,?\s+"
"""What may stand between a relative and the verb: a bracket, "a potter", "after years of pain,"."""
_RESUMED = re.compile(r",?\s+(?P<pronoun>she|he|who)\b", re.IGNORECASE)
_BACK = re.compile(
    r";|[,.]?\s(?:and|but|while|whereas|so)\s(?:that\s)?(?:he|she|the patient|our patient|the proband|we)\b"
    r"|\b(?:the|our) (?:patient|proband)\b(?!['\u2019]s)|\bthe mother\b",
    re.IGNORECASE,
)
"""Where a sentence that told of a relative comes back to the patient."""
_BIRTH = re.compile(rf"{_BACK.pattern}|\b(?:by|via|through|(?:was|were|is|been) (?:born|delivered))\b", re.IGNORECASE)
"""Where words about a newborn come back to the mother: with the birth itself, which is hers."""
_FEMALE = re.compile(r"\b(?:wom[ae]n|females?|lady|girl|mother|housewife|\w*gravida|\w*para)\b", re.IGNORECASE)
_MALE = re.compile(r"\b(?:m[ae]n|males?|gentleman|boy)\b", re.IGNORECASE)
_INTRODUCED = re.compile(r"\b(?:years?|months?)[- ]olds?\b[^.;,]*,\s\Z", re.IGNORECASE)
"""Words before a relative who is introduced as a patient: "a 76-year-old man, her husband, presented"."""
_WORD = re.compile(r"\w+")
_AHEAD = 600
"""A patient whose pronoun comes again within so many characters has lived on."""
_YOUNG = re.compile(
    r"newborn|neonat|infant|\bbaby\b|\b(?:child|toddler)\b|\b(?:months?|weeks?|days?|hours?|mo)[- ]?old"
    r"|\b(?:\d|1[0-5]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)[- ](?:years?|yrs?|yo?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Words:
    """The words of kin.tsv as patterns: who is named, what is told of them, and by which words a text is worth a look."""

    relative: re.Pattern[str]
    parent: re.Pattern[str]
    newborn: re.Pattern[str]
    is_told: re.Pattern[str]
    fate: re.Pattern[str]
    relatives: tuple[str, ...]
    newborns: tuple[str, ...]


@cache
def _words() -> _Words:
    kinds: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for line, row in enumerate(WORDS.read_text(encoding="utf-8").splitlines(), start=1):
        if row.startswith(("#", "kind\t")):
            continue
        kind, word, *_ = [*row.split("\t"), ""]
        if kind not in kinds or not word:
            raise DataError(f"{WORDS}:{line}: no word of a kind of these: {', '.join(kinds)}")
        kinds[kind].append(word)
    some = {
        kind: "|".join(re.escape(w).replace("'", "['\u2019]") for w in sorted(words, key=len, reverse=True))
        for kind, words in kinds.items()
    }
    kin = rf"(?:(?P<she>(?:{some['woman']})s?)|(?P<he>(?:{some['man']})s?)|(?P<they>{some['either']}))"
    whose = rf"(?:{some['whose']}|(?:the|an?|one|two|three|both)(?= (?:{some['which']}|{some['woman']}|{some['man']}|{some['either']})))"
    return _Words(
        re.compile(
            rf"\b{whose} (?:(?:{some['which']}) )*{kin}\b(?! (?:cell|cyst|nodule)s?\b)"
            rf"|\b(?:(?P<her_of>{some['woman']})|(?P<his_of>{some['man']}))"
            r" of (?:the|our|this) (?:patient|proband|child|boy|girl|infant)\b",
            re.IGNORECASE,
        ),
        re.compile(
            r"(?:(?<=^)|(?<=[.;\n] )|(?<=\n)|(?<=\.\s\s))(?:the )?(?:(?P<she>mother)|(?P<he>father)|(?P<they>parents))\b"
            r"(?! and (?:the )?(?:infant|baby|child)\b)",
            re.IGNORECASE,
        ),
        re.compile(
            rf"\b(?:the|her|a|an|this) (?:(?:{some['like']}|\d+(?:[.,]\d+)? ?k?g) )*(?:{some['newborn']})\b"
            r"|\b(?:delivered|gave birth to|birth of|delivery of) an? (?:[\w-]+ ){0,4}?(?:boy|girl|child|son|daughter)\b",
            re.IGNORECASE,
        ),
        re.compile(
            rf"{_ASIDE}(?:(?:{some['between']}) )*(?:{some['befell']})\b"
            rf"(?! (?:also |then |been )*(?:{some['saw']}|found(?! to| with| on)))",
            re.IGNORECASE,
        ),
        re.compile(rf"\s+(?:(?:had|has|have|also) )*(?:{some['fate']})", re.IGNORECASE),
        (*kinds["woman"], *kinds["man"], "parent", "sibling", "cousin", "twin"),
        (*kinds["newborn"], "deliver", "birth"),
    )


def is_young(words: str) -> bool:
    """Whether the words that introduce a patient tell of a child."""
    return _YOUNG.search(words) is not None


def told_of_kin(text: str, sentences: Sequence[tuple[int, int]], introduced: str) -> list[tuple[int, int]]:
    """The stretches `[start, end)` of some sentences that tell of a relative; `introduced` are the words that introduce the patient.

    A stretch ends where its sentence does, or comes back to the patient; a pronoun may carry it into the next sentences.
    """
    words = _words()
    found: list[tuple[int, int]] = []
    firsts = [start for start, _ in sentences]
    for match, pronouns, of in _named(text, sentences, introduced):
        number = bisect_right(firsts, match.start()) - 1
        first, stop = sentences[number]
        if _INTRODUCED.search(text[first : match.start()]):
            continue
        resumed = _RESUMED.match(text, match.end())
        goes_on = resumed is not None and resumed["pronoun"].lower() in {"who", *pronouns}
        is_child, opens = match.re is words.newborn, not text[first : match.start()].strip()
        is_told = goes_on or is_child or (opens and " of " in match[0]) or words.is_told.match(text, match.end()) is not None
        back = (_BIRTH if is_child else _BACK).search(text, resumed.end() if goes_on and resumed else match.end(), stop)
        if is_told:
            found.append((match.start(), back.start() if back else stop))
        if back is None or is_child:
            found += _carried(text, sentences[number + 1 :], pronouns, of)
    return found


def _carried(text: str, following: Sequence[tuple[int, int]], pronouns: Collection[str], of: str | None) -> Iterator[tuple[int, int]]:
    """The sentences right behind one on a relative that go on about them: their pronoun is not the patient's, or it tells their fate."""
    for start, end in following:
        first = _WORD.match(text, start)
        if first is None or first[0].lower() not in pronouns:
            return
        lives_on = re.search(rf"\b(?:{first[0]}|the patient)\b", text[end : end + _AHEAD], re.IGNORECASE) is not None
        if first[0].lower() == of and not (lives_on and _words().fate.match(text, first.end())):
            return
        yield start, end


def _named(text: str, sentences: Sequence[tuple[int, int]], introduced: str) -> Iterator[tuple[re.Match[str], frozenset[str], str | None]]:
    """Each naming of a relative, the pronouns that could mean them, and the patient's own."""
    lowered, words = text.lower(), _words()
    patient = "she" if _FEMALE.search(introduced) else "he" if _MALE.search(introduced) else None
    young = is_young(introduced)
    for start, end in _with(words.relatives, lowered, sentences):
        for match in words.relative.finditer(text, start, end):
            whose = {"her": "she", "his": "he"}.get(match[0][:3].lower())
            yield match, _pronouns(match), whose or patient
        for match in words.parent.finditer(text, start, end) if young else ():
            yield match, _pronouns(match), patient
    if patient == "she" and not young:
        for start, end in _with(words.newborns, lowered, sentences):
            yield from ((match, frozenset({"he", "it"}), patient) for match in words.newborn.finditer(text, start, end))


def _with(words: Sequence[str], text: str, sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sentences in which one of some words begins a word; most reports have none, so the text is asked first."""
    there = [word for word in words if word in text]
    begins = re.compile(rf"\b(?:{'|'.join(map(re.escape, there))})", re.IGNORECASE) if there else None
    return [(start, end) for start, end in sentences if begins and begins.search(text, start, end)]


def _pronouns(match: re.Match[str]) -> frozenset[str]:
    said = match.groupdict()
    return frozenset({"she"} if said.get("she") or said.get("her_of") else {"he"} if said.get("he") or said.get("his_of") else ())
