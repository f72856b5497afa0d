"""Where a report tells of a relative instead of the patient: past the reach of a cue, by who the sentence is about.

"His mother … She …" goes on about the mother, "her elder sister, she died at 25 …" about the sister. Of a child's report the mother is
a relative, of a mother's report the newborn.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence

_WOMEN = r"mother|sister|aunt|grandmother|daughter|wife|niece|granddaughter|half-sister|stepmother"
_MEN = r"father|brother|uncle|grandfather|son|husband|nephew|grandson|half-brother|stepfather"
_BOTH = r"(?:grand)?parents|siblings?|cousins?|twin|twin (?:brother|sister)"
_KIN = rf"(?:(?P<she>(?:{_WOMEN})s?)|(?P<he>(?:{_MEN})s?)|(?P<they>{_BOTH}))"
_WHOSE = (
    r"(?:her|his|their|the (?:patient|proband|child|boy|girl|infant)['\u2019]s|patient['\u2019]s|(?:the|an?|one|two|three|both)(?= (?:older|younger|"
    r"elder|maternal|paternal|first[- ]degree|second[- ]degree|sister|brother|aunt|uncle|sibling|cousin)))"
)
_RELATIVE = re.compile(
    rf"\b{_WHOSE} (?:(?:only|own|late|deceased|older|younger|elder|eldest|youngest|biological|identical|healthy|maternal|paternal|twin|great|"
    rf"first[- ]degree|second[- ]degree|three|two|one|and) )*{_KIN}\b(?! cells?\b| cysts?\b| nodules?\b)"
    rf"|\b(?:(?P<her_of>{_WOMEN})|(?P<his_of>{_MEN})) of (?:the|our|this) (?:patient|proband|child|boy|girl|infant)\b",
    re.IGNORECASE,
)
_PARENT = re.compile(
    rf"(?:(?<=^)|(?<=[.;\n] )|(?<=\n)|(?<=\. \s))(?:the )?(?:(?P<she>mother)|(?P<he>father)|(?P<they>parents))\b(?! and (?:the )?(?:infant|baby|child)\b)",
    re.IGNORECASE,
)
_CHILD = re.compile(
    r"\b(?:the|her|a|an|this) (?:(?:healthy|live|living|viable|preterm|premature|term|full-term|male|female|surviving|newborn|live-born|liveborn|"
    r"\d+(?:[.,]\d+)? ?k?g|stillborn|first|second|small|normal|growth-restricted) )*(?:newborn|neonate|infant|baby|babies|fet(?:us|uses)|foetus|offspring)\b"
    r"(?! (?:girl's|boy's)\b)"
    r"|\b(?:delivered|gave birth to|birth of|delivery of) an? (?:[\w-]+ ){0,4}?(?:boy|girl|child|son|daughter)\b",
    re.IGNORECASE,
)
_IS_TOLD = re.compile(
    r"(?:\s*\([^)]*\)|, (?:an?|the|her|his|aged?) [^,;.]{1,30}(?=[ ,])|, [^,;.]{1,80}(?=,))?,?\s+(?:also |too |then |later |subsequently |both |all |each |who |reportedly |apparently )*"
    r"(?:had|has|have|was|were|is|are|died|passed|suffered|underwent|received|developed|took|did|carried|presented|succumbed|never|denied)\b(?!"
    r" (?:also |then |been )*(?:informed|told|counsel|asked|advised|concerned|present\b|unable|noticed|noted|observed|found(?! to| with| on)|brought|seen|reported|"
    r"given|consent|refus|declin|agreed|interview|questioned|contacted|able|aware))",
    re.IGNORECASE,
)
"""What makes a relative the one a sentence tells of: a verb of what befell them, not of what they said, saw or decided."""
_RESUMED = re.compile(r",?\s+(?P<pronoun>she|he|who)\b", re.IGNORECASE)
_BACK = re.compile(
    r";|[,.]?\s(?:and|but|while|whereas|so)\s(?:that\s)?(?:he|she|the patient|our patient|the proband|we)\b"
    r"|\b(?:the|our) (?:patient|proband)\b(?!['\u2019]s)|\bthe mother\b",
    re.IGNORECASE,
)
"""Where a sentence that told of a relative comes back to the patient."""
_BIRTH = re.compile(rf"{_BACK.pattern}|\b(?:by|via|through|(?:was|were|is|been) (?:born|delivered))\b", re.IGNORECASE)
"""Where words about a newborn come back to the mother: with the birth itself, which is hers."""
_FATE = re.compile(
    r"(?:had |has |have )?(?:also )?(?:died|passed (?:away|on)|succumbed|deliver|gave birth|conceived|took\b|did not (?:take|book|receive|attend|smoke))",
    re.IGNORECASE,
)
"""What a sentence after one on a relative of the patient's sex tells of the relative, for the patient lives on in the report."""
_FEMALE = re.compile(r"\b(?:wom[ae]n|females?|lady|girl|mother|housewife|\w*gravida|\w*para)\b", re.IGNORECASE)
_MALE = re.compile(r"\b(?:m[ae]n|males?|gentleman|boy)\b", re.IGNORECASE)
_RELATIVES = (*_WOMEN.split("|"), *_MEN.split("|"), "parent", "sibling", "cousin", "twin")
_CHILDREN = ("newborn", "neonate", "infant", "baby", "babies", "fetus", "foetus", "offspring", "deliver", "birth")
_INTRODUCED = re.compile(r"\b(?:years?|months?)[- ]olds?\b[^.;,]*,\s\Z", re.IGNORECASE)
"""Words before a relative who is introduced as a patient: "a 76-year-old man, her husband, presented"."""
_WORD = re.compile(r"\w+")
_AHEAD = 600
"""A patient whose pronoun comes again within so many characters has lived on."""
_YOUNG = re.compile(
    r"newborn|neonat|infant|\bbaby\b|\b(?:child|toddler)\b|\b(?:months?|weeks?|days?|hours?|mo)[- ]?old|\b(?:\d|1[0-5]|one|two|three|four|five|six|"
    r"seven|eight|nine|ten|eleven|twelve)[- ](?:years?|yrs?|yo?)\b",
    re.IGNORECASE,
)


def is_young(words: str) -> bool:
    """Whether the words that introduce a patient tell of a child."""
    return _YOUNG.search(words) is not None


def told_of_kin(text: str, sentences: Sequence[tuple[int, int]], introduced: str) -> list[tuple[int, int]]:
    """The stretches `[start, end)` of some sentences that tell of a relative; `introduced` are the words that introduce the patient.

    A stretch ends where its sentence does, or comes back to the patient; a pronoun may carry it into the next sentences.
    """
    found: list[tuple[int, int]] = []
    firsts = [start for start, _ in sentences]
    for match, pronouns, of in _named(text, introduced):
        number = bisect_right(firsts, match.start()) - 1
        first, stop = sentences[number]
        if _INTRODUCED.search(text[first : match.start()]):
            continue
        resumed = _RESUMED.match(text, match.end())
        goes_on = resumed is not None and resumed["pronoun"].lower() in {"who", *pronouns}
        is_child, opens = match.re is _CHILD, not text[first : match.start()].strip()
        is_told = goes_on or is_child or (opens and " of " in match[0]) or _IS_TOLD.match(text, match.end()) is not None
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
        if first[0].lower() == of and not (lives_on and _FATE.match(text, first.end())):
            return
        yield start, end


def _named(text: str, introduced: str) -> Iterator[tuple[re.Match[str], frozenset[str], str | None]]:
    """Each naming of a relative, the pronouns that could mean them, and the patient's own."""
    lowered = text.lower()
    patient = "she" if _FEMALE.search(introduced) else "he" if _MALE.search(introduced) else None
    young = is_young(introduced)
    if any(word in lowered for word in _RELATIVES):
        for match in _RELATIVE.finditer(text):
            whose = {"her": "she", "his": "he"}.get(match[0][:3].lower())
            yield match, _pronouns(match), whose or patient
        for match in _PARENT.finditer(text) if young else ():
            yield match, _pronouns(match), patient
    if patient == "she" and not young and any(word in lowered for word in _CHILDREN):
        yield from ((match, frozenset({"he", "it"}), patient) for match in _CHILD.finditer(text))


def _pronouns(match: re.Match[str]) -> frozenset[str]:
    said = match.groupdict()
    return frozenset({"she"} if said.get("she") or said.get("her_of") else {"he"} if said.get("he") or said.get("his_of") else ())
