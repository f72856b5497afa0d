"""How a clause is told: as a visit, as past, as urgent. The words stand in cues.tsv; only the grammar around them stands here."""

import re
from functools import cache, partial
from pathlib import Path

from extractor.entities import cues

_FILE = Path(__file__).with_name("cues.tsv")
_any_of = partial(cues.either, _FILE)
_pattern = partial(cues.pattern, _FILE)
_HAD = r"\bhad (?:(?:already|also|previously|not|never|recently|just|routinely|regularly|initially|once) )*"
_NO_VISIT = re.compile(r"\b(?:(?:we|which|report|had) (?:\w+ )?|case (?:is |was )?)$", re.IGNORECASE)
_NO_VISIT_AFTER = re.compile(r" (?:as|be|have been|have|show|contain)\b", re.IGNORECASE)
"""After the words of a visit: "reported to be", "presented as"."""
_ASKED = re.compile(r"\b(?:was|were|been|we) $", re.IGNORECASE)
_WHO_HAD = re.compile(r"\bwho had (?:been )?$", re.IGNORECASE)
_CARRIER = re.compile(
    r"\b(?:man|woman|male|female|patient|boy|girl|lady|gentleman|infant|child|year[- ]olds?)\b[^.;]{0,40}\bwith\b[^,;.]*$",
    re.IGNORECASE,
)
_HISTORY_OF = re.compile(r"\bwith (?:an? |known |significant )?(?:[\w-]+ ){0,2}history of\b", re.IGNORECASE)
_CYCLE = re.compile(
    r"\b(?P<days>\d{1,2})[- ]day cycles?\b|\b(?P<per>\d{1,2}) ?d/cycle|"
    r"\b(?:every|q|interval of) ?(?P<weeks>\d|two|three|four|six) ?w(?:ee)?ks?\b",
    re.IGNORECASE,
)
_TELLS = re.compile(r"(?:,|\bwho(?: (?:was|had))?) $", re.IGNORECASE)
_REASONED = re.compile(
    r"\b(?:given|based on|considering|because of|according to|in view of|in (?:the )?light of|due to|despite|while|whilst|when)\b[^,;.]*$",
    re.IGNORECASE,
)
_WEEKS = {"two": 2, "three": 3, "four": 4, "six": 6}


def find(kind: str, text: str) -> re.Match[str] | None:
    """The first words of a kind of cue in a text."""
    return _pattern(kind).search(text)


@cache
def _pattern_in_lower_case(kind: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_any_of(kind).lower()})\b")


def says(kind: str, text: str) -> bool:
    """Whether a text has words of a kind of cue."""
    return _pattern_in_lower_case(kind).search(text.lower()) is not None  # several times as fast as to look for them in any case


def is_background(text: str) -> bool:
    """Whether a text turns to what lies before; a history that a judgement is only based on ("given the history of") does not."""
    return any(not _REASONED.search(text[: m.start()]) for m in _pattern("background").finditer(text))


def is_running(text: str) -> bool:
    """Whether a text tells a treatment that is under way, unless as the time of something else ("while she was receiving")."""
    match = find("running", text)
    return match is not None and not _REASONED.search(text[: match.start()])


@cache
def _pluperfect() -> re.Pattern[str]:
    had, been = _any_of("had"), _any_of("been")
    since = r"\b(?:has|have) been (?:[\w-]+ly )?(?:treated|on|taking|followed|receiving|diagnosed)\b"
    return re.compile(rf"{_HAD}(?:{had}|been (?:[\w-]+ly )?(?:{been}))\b|{since}", re.IGNORECASE)


def is_pluperfect(text: str) -> bool:
    """Whether a step of care is told as past to what is told: "had undergone", "had been diagnosed", but not "had declined"."""
    return _pluperfect().search(text) is not None


def visit(text: str) -> re.Match[str] | None:
    """The words by which a patient comes to care, if a text has them: no routine or earlier visit, no "we presented"."""
    for match in _pattern("presentation").finditer(text):
        before = text[max(0, match.start() - 30) : match.start()]
        if _NO_VISIT_AFTER.match(text, match.end()) or (match[0].lower() == "consulted" and _ASKED.search(before)):
            continue
        if (not says("not_presentation", before) and not _NO_VISIT.search(before)) or _WHO_HAD.search(before):
            return match
    return None


def first_visit(text: str) -> re.Match[str] | None:
    """The words of a visit that is not told as coming again."""
    return None if says("again", text) or is_pluperfect(text) else visit(text)


def is_transfer(text: str, cue: re.Match[str]) -> bool:
    """Whether the words of a visit only lead to another ward of the same hospital."""
    return says("inside", text[cue.start() : cue.end() + 60])


@cache
def _at_home() -> re.Pattern[str]:
    return re.compile(rf"\bour (?:\w+ ){{0,3}}(?:{_any_of('home')})\b", re.IGNORECASE)


def is_at_home(text: str) -> bool:
    """Whether a text speaks of the reporting hospital: "our department"."""
    return _at_home().search(text) is not None


def has_already(text: str) -> bool:
    """Whether what follows `text` is a disease the patient is introduced with: "a man with"."""
    return _CARRIER.search(text) is not None


def history_begins(text: str) -> int | None:
    """Where in a text "with a history of" turns to the past."""
    match = _HISTORY_OF.search(text)
    return match.start() if match else None


def history_ends(text: str) -> int | None:
    """Where in a text a history the patient is introduced with gives way to what is told ("with a history of gout, underwent")."""
    history = _pattern("background").search(text)
    verb = _pattern("found").search(text, history.end()) if history and history[0].lower().endswith("history of") else None
    return verb.start() if verb and _TELLS.search(text[: verb.start()]) else None


def cycle_days(text: str) -> tuple[float, float] | None:
    """The length of a treatment cycle as a text says it ("28-day cycle", "every 3 weeks"), with a week's delay."""
    match = _CYCLE.search(text)
    if match is None:
        return None
    weeks = (match["weeks"] or "").lower()
    days = float(match["days"] or match["per"]) if not weeks else 7.0 * (_WEEKS.get(weeks) or int(weeks))
    return (days, days + 7) if 7 <= days <= 60 else None
