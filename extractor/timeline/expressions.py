"""Words to values: what a time mention says, in days, before anything is known of what it counts from.

The patterns of entities/time give groups (amount, unit, anchor, date); here they become numbers. A whole number of units is
uncertain by half a unit each way, a number with a fraction by a quarter, so "two weeks later" is 10.5 to 17.5 days and "two and a
half years" is ±91; a calendar date runs from its first to its last day.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from extractor.entities.lexicon import read_table
from extractor.entities.values import number
from extractor.schema import DAYS_PER_YEAR, Mention

HERE = Path(__file__).parent
PLACES = frozenset({
    "date", "offset", "stay", "elapsed", "elapsed_total", "follow_up", "cycles", "age", "same", "index", "at_event", "at_surgery",
    "before_event",
})  # fmt: skip
"""The kinds of expression that say when; the others say how long, or only in which order."""
PLACING = frozenset({
    "date", "age", "after", "before", "later", "earlier", "elapsed", "elapsed_total", "elapsed_now", "within", "cycles_done",
    "cycle_day", "next", "same", "follow_up", "day", "stay", "at_event", "index", "vague", "before_event", "at_surgery",
})  # fmt: skip
"""The same, as the kinds that the patterns and terms of entities/time give."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}


@dataclass(frozen=True)
class Expression:
    """One time expression.

    `low` and `high` are days: after the anchor (negative: before it), since birth for an age, of length for a duration, ordinals of
    the calendar for a date. `anchor` is the span of the words it counts from, `month` a month without its year, `iso` the date,
    `until` the second date of a span of time; `vague` has no number, `day` is a day of the ward ("postoperative day 3").
    """

    kind: str
    start: int
    end: int
    low: float | None = None
    high: float | None = None
    anchor: tuple[int, int] | None = None
    words: str = ""
    month: tuple[int, int | None] | None = None
    iso: str | None = None
    since: bool = False
    vague: bool = False
    until: tuple[int, int] | None = None
    day: bool = False


_LARGER = re.compile(r"\b(?P<amount>[\w.]+)[ -](?P<unit>years?|months?|weeks?),?(?: and)? $", re.IGNORECASE)
_JOINED = re.compile(r"\w{0,6}(?:,? and| with| for)(?: [\w-]+){0,2} ")


def counts_from(x: Expression, at: int, text: str) -> bool:
    """Whether what stands at an offset is what an expression counts from, or is joined to it ("after surgery and chemotherapy")."""
    if x.anchor is None or at < x.anchor[0]:
        return False
    return at < x.anchor[1] or (at - x.end < 30 and _JOINED.fullmatch(text[x.end : at]) is not None)


@cache
def _quantities() -> dict[str, tuple[float, float]]:
    return {r["word"]: (float(r["low"]), float(r["high"])) for r in read_table(HERE / "quantities.tsv", ("word", "low", "high", "reason"))}


@cache
def _units() -> dict[str, tuple[float, float]]:
    return {r["unit"]: (float(r["low"]), float(r["high"])) for r in read_table(HERE / "units.tsv", ("unit", "low", "high"))}


def unit_days(unit: str) -> tuple[float, float]:
    """The shortest and the longest length of a unit in days.

    >>> unit_days("weeks"), unit_days("cycles")
    ((7.0, 7.0), (14.0, 30.0))
    """
    word = unit.lower().strip(". ")
    return _units()[word if word in _units() else word.rstrip("s")]


def amount(words: str) -> tuple[float, float] | None:
    """How many, as a range: a number exactly, "2-3" its two ends, a vague word by the table; None where it is no amount.

    >>> amount("sixteen"), amount("2-3"), amount("a few"), amount("two and a half"), amount("half a")
    ((16.0, 16.0), (2.0, 3.0), (1.5, 6.0), (2.5, 2.5), (0.5, 0.5))
    """
    text = re.sub(r"\s+", " ", words.strip().lower())
    if text.removesuffix(" of") in _quantities():
        return _quantities()[text.removesuffix(" of")]
    if text.startswith("half"):
        return (0.5, 0.5)
    text = text.replace(" 1/2", "½")
    if half := re.fullmatch(r"(.+?)(?:[ -]and[ -](?:an?[ -])?half| ?½)", text):
        whole = number(half[1])
        return None if whole is None else (whole + 0.5, whole + 0.5)
    if parts := re.fullmatch(r"(.+?)(?: ?[-\u2010-\u2014\u2212] ?| to | or )(.+)", text):
        ends = number(parts[1]), number(parts[2])
        if ends[0] is not None and ends[1] is not None and ends[0] < ends[1]:
            return (ends[0], ends[1])
    value = number(text)
    return None if value is None else (value, value)


def length(words: str, unit: str, half: bool = False) -> tuple[float, float] | None:
    """An amount of a unit in days, with what is uncertain about it.

    >>> length("two", "weeks"), length("a few", "weeks"), length("3", "days")
    ((10.5, 17.5), (10.5, 42.0), (2.5, 3.5))
    """
    many = amount(words)
    if many is None:
        return None
    low, high = (many[0] + 0.5, many[1] + 0.5) if half else many
    shortest, longest = unit_days(unit)
    if low != high:
        return (low * shortest, high * longest)
    if shortest != longest:
        return (low * shortest, high * longest)
    if shortest < 1:
        return (0.0, max(1.0, high * longest))
    slack = shortest / (2 if low == int(low) else 4)
    return (max(0.0, low * shortest - slack), high * longest + slack)


def express(mention: Mention, text: str) -> Expression | None:
    """What a time mention says; None where its words give no value (an amount that is no number)."""
    said = mention.attributes
    kind = str(said.get("kind", "then"))
    words = text[mention.start : mention.end]
    anchor = _anchor(mention, text)

    def make(name: str, low: float | None, high: float | None) -> Expression:
        return Expression(name, mention.start, mention.end, low, high, anchor, words)

    if kind == "date":
        return _date(mention, said)
    if kind == "age":
        return _age(mention, said)
    if kind == "next":
        unit = str(said["unit"])
        short, long = unit_days(unit)
        return make("offset", short if long == 1 else short / 2, long if long == 1 else long * 1.5)
    if kind in ("day", "stay"):
        many = amount(str(said.get("ordinal") or said.get("ordinal2") or ""))
        if many is None:
            return None
        nth = many[0]
        short, long = unit_days(_unit(said) or "day")
        return replace(make("stay" if kind == "stay" else "offset", max(0.0, nth - 1) * short, nth * long), day=kind == "day")
    if kind == "week":
        many = amount(str(said.get("ordinal") or said.get("ordinal2")))
        short, long = unit_days(_unit(said))
        return None if many is None else make("cycles", max(0.0, many[0] - 1) * short, (many[0] + 0.5) * long)
    if kind == "cycle_day":
        cycles, day = number(_one_of(said, "amount")), number(_one_of(said, "day"))
        if cycles is None or day is None:
            return None
        short, long = unit_days("cycle")
        return make("cycles", (cycles - 1) * short + day - 1, (cycles - 1) * long + day)
    if kind == "set" and "unit" in said:
        other = str(said.get("amount", "")).lower() == "other"
        days = length("two" if other else str(said.get("amount", "one")), str(said["unit"]))
        return None if days is None else make("set", *days)
    if "amount" in said and "unit" in said:
        days = length(str(said["amount"]) or "several", str(said["unit"]), "half" in said)
        if days is None:
            return None
        more = _and_before(text[max(0, mention.start - 30) : mention.start])
        days = (days[0] + more, days[1] + more)
        if kind == "cycles_done":
            return make("cycles", *days)
        if kind == "before" and text[max(0, mention.start - 4) : mention.start].lower() == "for ":
            return make("duration", *days)
        if kind in ("before", "earlier"):
            return make("offset", -days[1], -days[0])
        if kind in ("after", "later", "elapsed_now"):
            return make("offset", *days)
        if kind == "within":
            return make("offset", 0.0, days[1])
        return make(kind, *days)
    if kind == "elapsed_now":
        short, long = unit_days(str(said["unit"]))
        return make("offset", 1.5 * short, 6 * long)
    if kind == "history" and _unit(said):
        return make("history", *(length("one", _unit(said)) or (None, None)))
    low, high = (float(said[k]) if said.get(k) not in (None, "") else None for k in ("low", "high"))
    if kind == "vague":
        return replace(make("offset", low, high), vague=True)
    return make(kind, low, high)


def _one_of(said: Mapping[str, object], group: str) -> str:
    """The words of a group that stands several times in a pattern, numbered ("amount", "amount2"): those that matched."""
    return next((str(said[key]) for key in sorted(said) if re.fullmatch(rf"{group}\d?", key) and said[key]), "")


def _unit(said: Mapping[str, object]) -> str:
    return _one_of(said, "unit")


def _and_before(before: str) -> float:
    """The days of the larger unit told ahead of a smaller one: "one year and" two months later."""
    match = _LARGER.search(before)
    many = number(match["amount"]) if match else None
    return 0.0 if match is None or many is None else many * unit_days(match["unit"])[0]


def _anchor(mention: Mention, text: str) -> tuple[int, int] | None:
    words = mention.attributes.get("anchor") or mention.attributes.get("anchor2")
    at = text.rfind(str(words), mention.start, mention.end) if words else -1
    return None if at < 0 else (at, at + len(str(words)))


_DECADES = {"twent": 20, "thirt": 30, "fort": 40, "fift": 50, "sixt": 60, "sevent": 70, "eight": 80, "ninet": 90}


def _age(mention: Mention, said: dict[str, object]) -> Expression | None:
    if said.get("low"):
        return Expression("age", mention.start, mention.end, float(str(said["low"])), float(str(said["high"])), None, mention.text)
    if decade := str(said.get("decade") or "").lower():
        low, span = (13.0, 7.0) if decade == "teen" else (float(_DECADES.get(decade) or decade), 10.0)
        part = str(said.get("part") or "").strip().lower().rstrip("- ")
        low, span = {"early": (low, 4.0), "mid": (low + 3, 4.0), "late": (low + 6, 4.0)}.get(part, (low, span))
        return Expression("age", mention.start, mention.end, low * DAYS_PER_YEAR, (low + span) * DAYS_PER_YEAR, None, mention.text)
    units = number(_one_of(said, "age"))
    if units is None:
        return None
    unit = _unit(said) or "year"
    if unit.lower() == "life":
        # The day of birth is day 1 of life.
        unit, units = "day", max(0.0, units - 1)
    short, long = unit_days(unit)
    return Expression("age", mention.start, mention.end, units * short, (units + 1) * long, None, mention.text)


def _date(mention: Mention, said: dict[str, object]) -> Expression | None:
    words = re.sub(r"\s+", " ", str(said["date"]).lower()).strip()
    part = str(said.get("part") or "").lower().removeprefix("the ")
    if said.get("until") and not re.search(r"\d{4}", words):
        words = f"{words} {str(said['until'])[-4:]}"
    span = _calendar(words)
    opens = mention.text.lower()
    since = opens.startswith(("since", "by ", "until"))
    kind = "until" if opens.startswith("until") else "date"
    if span is None:
        month, day = _month_day(words)
        if month is None:
            return None
        return Expression(kind, mention.start, mention.end, None, None, None, mention.text, (month, day), None, since)
    iso: str | None = _iso(span)
    if opens.endswith("0s"):
        span, iso = (span[0], date(date.fromordinal(span[0]).year + 9, 12, 31).toordinal()), None
    low, high = _narrow(*span, part)
    end = _calendar(str(said["until"]).lower()) if said.get("until") else None
    if end is not None and opens.startswith("between"):
        high, end, iso = end[1], None, None
    return Expression(kind, mention.start, mention.end, low, high, None, mention.text, None, iso, since, until=end)


def _narrow(low: int, high: int, part: str) -> tuple[int, int]:
    third, half = (high - low) // 3, (high - low) // 2
    if part in ("early", "beginning of", "start of"):
        return low, low + third
    if part == "mid":
        return low + third, high - third
    if part.endswith("half of"):
        return (low, low + half) if part.startswith("first") else (low + half + 1, high)
    return (high - third, high) if part in ("late", "end of") else (low, high)


def _iso(span: tuple[int, int]) -> str:
    low, high = date.fromordinal(span[0]), date.fromordinal(span[1])
    if low == high:
        return low.isoformat()
    return low.isoformat()[:7] if (low.year, low.month) == (high.year, high.month) else low.isoformat()[:4]


def month_of(words: str) -> int | None:
    """The number of a month by its name or abbreviation."""
    return next((i for i, m in enumerate(_MONTHS, 1) if words.startswith(m)), None)


def days_of(year: int, month: int, day: int | None = None) -> tuple[int, int] | None:
    """The first and last day of a month, or a day of it twice, as ordinals; None where the calendar has no such day."""
    try:
        if day is None:
            return date(year, month, 1).toordinal(), date(year, month, monthrange(year, month)[1]).toordinal()
        return date(year, month, day).toordinal(), date(year, month, day).toordinal()
    except ValueError:
        return None


def _calendar(words: str) -> tuple[int, int] | None:
    """First and last day of a date that names its year, as ordinals of the calendar."""
    numbers = [int(n) for n in re.findall(r"\d+", words)]
    name = re.search(r"[a-z]{3,}", words)
    if name and name[0] in _SEASONS:
        first, last = _SEASONS[name[0]]
        low, high = days_of(numbers[-1], first), days_of(numbers[-1] + (last < first), last)
        return (low[0], high[1]) if low and high else None
    month = month_of(name[0]) if name else None
    year = next((n for n in numbers if n >= 1900), None)
    if month:
        day = next((n for n in numbers if n < 32), None)
        return days_of(year, month, day) if year else None
    if len(numbers) == 1 and year:
        return date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    if len(numbers) == 2 and year:
        return days_of(year, numbers[0] if numbers[1] == year else numbers[1])
    if len(numbers) == 3:
        return _numeric(numbers)
    return None


def _numeric(numbers: list[int]) -> tuple[int, int] | None:
    """A date in figures; where day and month cannot be told apart, both readings bound it."""
    a, b, c = numbers
    if a >= 1900:
        return days_of(a, b, c)
    year = c if c >= 1900 else 2000 + c if c < 50 else 1900 + c
    readings = [r for r in (days_of(year, b, a), days_of(year, a, b)) if r]
    return (min(r[0] for r in readings), max(r[1] for r in readings)) if readings else None


def _month_day(words: str) -> tuple[int | None, int | None]:
    name = re.search(r"[a-z]{3,}", words.removeprefix("the "))
    day = re.search(r"\d+", words)
    return (month_of(name[0]) if name else None), (int(day[0]) if day else None)


_DIRECTIONS = {
    "after": "after", "later": "after", "next": "after", "elapsed": "after", "elapsed_now": "after", "elapsed_total": "after",
    "cycles_done": "after", "cycle_day": "after", "day": "after", "stay": "after", "week": "after", "follow_up": "after",
    "after_surgery": "after", "then": "after", "before": "before", "earlier": "before", "past": "before", "before_event": "before",
    "within": "within", "duration": "for", "history": "until now", "set": "every", "vague": "after", "age": "at age",
}  # fmt: skip
_SHORT = {"hr": "hour", "h": "hour", "wk": "week", "mo": "month", "yr": "year", "min": "minute", "d": "day", "life": "day"}
_UNITS_SAID = ("second", "minute", "hour", "day", "night", "week", "fortnight", "month", "year", "decade", "cycle")


@dataclass(frozen=True)
class Signature:
    """What an expression says, as it is told (TimeML's value, its granularity, and where from its anchor it points)."""

    value: str
    unit: str
    granularity: str
    direction: str
    anchor: str
    days: str


def signature(mention: Mention, text: str) -> Signature:
    """An expression as a curator reads it: "2-3", "week", "week", "after", "surgery", "14..21"; what it does not say is "-"."""
    said, x = mention.attributes, express(mention, text)
    kind = str(said.get("kind", "then"))
    opens = mention.text.lower()
    decade = str(said.get("decade") or "").lower()
    told = (
        *(_one_of(said, group) for group in ("amount", "ordinal", "age")),
        str(_DECADES.get(decade, decade)),
        str(said.get("date") or ""),
    )
    value = next((words for words in told if words), "-") + (" and a half" if said.get("half") else "")
    unit = _unit(said).lower().rstrip("s") or ("day" if kind in ("day", "stay") else "year" if kind == "age" and value != "-" else "-")
    unit = _SHORT.get(unit, unit) if kind != "cycle_day" else "cycle"
    unit = unit if unit in _UNITS_SAID or kind == "cycles_done" else "-"
    direction = "for" if x is not None and x.kind == "duration" else _DIRECTIONS.get(kind, "at")
    if kind == "date":
        direction = next((word for word in ("since", "until", "by", "from", "between") if opens.startswith(word)), "in")
    if kind == "vague" and x is not None and (x.low or 0) < 0:
        direction = "before"
    anchor = " ".join(text[slice(*x.anchor)].split()) if x is not None and x.anchor else "-"
    days = "-"
    if x is not None and kind == "date":
        days = "-" if x.low is None else f"{date.fromordinal(int(x.low))}..{date.fromordinal(int(x.high or x.low))}"
    elif x is not None and (x.low, x.high) != (None, None):
        days = "..".join("" if bound is None else f"{bound:.4g}" if abs(bound) < 100 else f"{bound:.0f}" for bound in (x.low, x.high))
    return Signature(value, unit, _granularity(kind, unit, x), direction, anchor, days)


def _granularity(kind: str, unit: str, x: Expression | None) -> str:
    """The unit that an expression is exact to: its own, or of a date as much of it as is told."""
    if kind == "date" and x is not None:
        if x.month is not None:
            return "day" if x.month[1] else "month"
        return "-" if x.iso is None else {10: "day", 7: "month"}.get(len(x.iso), "year" if not _is_season(x) else "season")
    return "day" if kind == "cycle_day" else unit


def _is_season(x: Expression) -> bool:
    return any(season in x.words.lower() for season in _SEASONS)
