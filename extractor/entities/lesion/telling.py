"""What a sentence tells of a lesion beside its place: its size, its number and its course."""

import re
from collections.abc import Sequence

from extractor.entities.lesion.cues import cue
from extractor.entities.values import millimetres, number

_UNIT = r"(?:mm|cm|millimet(?:er|re)s?|centimet(?:er|re)s?)\b"
_VALUE = r"(?:\d+(?:\s?[.,·]\s?\d+)?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)\b)"
_BY = rf"(?:\s?(?:×|x|\*|/|by)\s?({_VALUE})(?:\s?-?({_UNIT}))?)?"
_SIZE = re.compile(rf"(?<![\w.])({_VALUE})(?:\s?-?\s?({_UNIT}))?{_BY}{_BY}", re.IGNORECASE)
_RANGE = re.compile(rf"\s*(?:-|–|—|to|and|,|or)\s*({_VALUE})\s?-?\s?({_UNIT})", re.IGNORECASE)
_COURSES = ("resolved", "decreased", "increased", "stable", "new")
_OPPOSITE = re.compile(r"\b(?:not|no|without|nor|never|fail(?:s|ed)?)\b", re.IGNORECASE)
_OF = re.compile(
    r"\s*(?:in\s+(?:the\s+)?(?:size|number|volume|diameter|extent)s?(?:\s+and\s+\w+)?\s+)?(?:of|in|for)\s+(?:(?!symptom|pain|fever|present|who\b|complain)[^,;.:]){0,70}$",
    re.IGNORECASE,
)
_ARTICLE = r"(?:(?:the|this|these|her|his|an?)\s+)?"
_SUBJECT_OF_ANOTHER = re.compile(
    rf"\b(?:of|surrounding|around|near|to|from|with|by|for|due to|despite|between|treating|showing|causing)\s+{_ARTICLE}$",
    re.IGNORECASE,
)
"""What precedes a lesion that is not the subject of the verb after it: "edema surrounding the lesion resolved"."""

_MEASURE_OF = re.compile(rf"\b(?:size|number|volume|diameter|extent)s?\s+of\s+{_ARTICLE}$", re.IGNORECASE)
_AND = re.compile(r"(?=.*\b(?:and|as well as|or)\b)[\s,]*(?:[\w-]+[\s,]+){0,7}")
"""What stands between two lesions that share a verb."""
_CLAUSE_END = re.compile(r"[;:(]|\.\s|, (?:which|and|but|while|whereas|with)\b|\b(?:but|while|whereas)\b")
_SHARE_AFTER = re.compile(
    r"[^.;]{0,40}?\b(?:in\s+(\d{1,3}|[a-z]+)\s+(?:out\s+)?of\s+(?:the\s+|all\s+)?\d+|of which (\d{1,3}|[a-z]+))\b",
    re.IGNORECASE,
)
_SHARE_BEFORE = re.compile(
    r"(?<![\w.,])(\d{1,3}|[a-z]+)\s*(?:\(\d+\)\s*)?(?:/|(?:out\s+)?of)\s*(?:the\s+|a total of\s+|all\s+)?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:(?:the|these|other|all|new|at least|about)\s+)*([\w-]+)(?=\s|$)"
    r"(?!\s?-?(?:mm\b|cm\b|x\b|×|\*|\.\d|centimet|millimet|by\b|year|month|week|day))",
    re.IGNORECASE,
)
_MORE_THAN = re.compile(
    r"\b(?:more than|over|at least)\s+(?:\d{2,}|ten|a dozen|twelve|fifteen|twenty|thirty|fifty)\s+(?:[\w-]+\s+){0,2}[\w-]*$", re.IGNORECASE
)
_NO_NUMBER = frozenset({"a", "an", "first", "second", "third", "fourth", "both", "half"})

Size = tuple[int, int, tuple[float, ...]]


def sizes(text: str, start: int, end: int) -> list[Size]:
    """The sizes told in `[start, end)`: where they stand and their dimensions in millimetres; of a range the larger end.

    >>> sizes("a 4 × 2.8 × 3.5cm mass, nodes of 8-9 mm", 0, 39)
    [(2, 17, (40.0, 28.0, 35.0)), (33, 39, (9.0,))]
    """
    found: list[Size] = []
    at = start
    while match := _SIZE.search(text, at, end):
        at = match.end()
        values = [match[i] for i in (1, 3, 5) if match[i]]
        units = [match[i] for i in (2, 4, 6) if match[i]]
        stop = match.end()
        more = _RANGE.match(text, stop, end) if len(values) == 1 else None
        if more:
            values, units, stop = [*values, more[1]], [*units, more[2]], more.end()
        if not units:
            continue
        lengths = tuple(_length(v, units[min(i, len(units) - 1)] if len(units) == len(values) else units[-1]) for i, v in enumerate(values))
        found.append((match.start(), stop, (max(lengths),) if more else lengths))
        at = stop
    return found


def _length(value: str, unit: str) -> float:
    return millimetres(number(re.sub(r"\s", "", value).replace(",", ".")) or 0.0, unit)


def size_of(text: str, sentence: tuple[int, int], phrase: int, head: tuple[int, int], others: Sequence[tuple[int, int]]) -> Size | None:
    """The size that belongs to the noun at `head`: in its own phrase (which begins at `phrase`), else after it and before the
    next lesion's phrase. `others` are the other lesions' heads. A distance ("5 cm from the anal verge") is no size."""
    known = [s for s in sizes(text, *sentence) if not _is_distance(text, s, sentence)]
    before = [s for s in known if phrase <= s[0] and s[1] <= head[0]]
    if before:
        return before[-1]
    later = [o for o in others if o[0] >= head[1]]
    limit = min((o[0] for o in later), default=sentence[1])
    after = [s for s in known if head[1] <= s[0] < limit]
    if after and later and re.fullmatch(r"\s?-?(?:sized|large|diameter)?\s*(?:[\w-]+,?\s+){0,4}", text[after[0][1] : limit]):
        return None
    if not after:
        return None
    if len(after) > 1 and re.search(r"\bfrom\s+$", text[: after[0][0]]) and re.fullmatch(r"\s*to\s+", text[after[0][1] : after[1][0]]):
        return after[1]
    same = [s for s in after if re.fullmatch(r"[\s,and]*", text[after[0][1] : s[0]]) or s is after[0]]
    return max(same, key=lambda s: max(s[2]))


def _is_distance(text: str, size: Size, sentence: tuple[int, int]) -> bool:
    after = text[size[1] : min(sentence[1], size[1] + 30)]
    before = text[max(sentence[0], size[0] - 25) : size[0]]
    return bool(
        re.match(rf"\s*(?:in\s+)?(?:{cue('distance').pattern})", after, re.IGNORECASE)
        or re.match(r"\s*[³3²2]?\s*/|[²³]|\s*(?:H2O|Hg)", after)
        or re.search(r"\b(?:at|margins? of|distance of|away|every|thickness of)\s+(?:about\s+)?$", before, re.IGNORECASE)
    )


def count_of(phrase: str, before: str = "", after: str = "") -> int | str | None:
    """How many: the number or the word of number in the noun phrase.

    `before` and `after` are the texts around the phrase, for "3 of the 17 nodes" and "metastasis in four of 56 nodes".

    >>> count_of("two new dural-based lesions"), count_of("17 dissected lymph nodes", "metastasis was found in 3 of the ")
    (2, 3)
    """
    if part := _SHARE_AFTER.match(after):
        value = number(part[1] or part[2])
        if value is not None and value >= 1:
            return int(value)
    if part := _SHARE_BEFORE.search(before):
        value = number(part[1])
        if cue("multiple").fullmatch(part[1]):
            return "multiple"
        if value is not None and value >= 1:
            return int(value)
    if part := re.search(r"(?<![\w.,])(\d{1,3})\s*/\s*\d{1,3}\s", phrase):
        return int(part[1]) or None
    if cue("multiple").search(phrase) or _MORE_THAN.search(before + phrase):
        return "multiple"
    if re.search(r"\b(?:a|one) (?:pair|couple) of\s*$", before + phrase[:0], re.IGNORECASE):
        return 2
    if "," not in phrase and (match := _NUMBER.match(phrase.strip())) and match[1].lower() not in _NO_NUMBER:
        value = number(match[1])
        if value is not None and value == int(value) and 0 < value < 60:
            return int(value)
    single = cue("single").search(phrase)
    return 1 if single and not (single[0].lower() == "one" and "," in phrase) else None


def course_of(text: str, sentence: tuple[int, int], phrase: int, head: tuple[int, int], others: Sequence[tuple[int, int]]) -> str | None:
    """What became of the lesion, where the sentence says it: by an adjective ("growing mass"), by a noun before it ("regression
    of the mass") or by a verb after it ("the mass disappeared"); None where it only states that it is there."""
    words = text[phrase : head[0]]
    for course in _COURSES:
        if cue(f"{course}_adjective").search(words):
            return course
    lead = text[sentence[0] : phrase]
    for course in _COURSES:
        for match in cue(f"{course}_noun").finditer(lead):
            at = sentence[0] + match.start()
            if _tied(lead[match.end() :], course) and not any(at < o[1] <= phrase for o in others):
                return _unless_negated(course, lead[max(0, match.start() - 40) : match.start()])
    if _SUBJECT_OF_ANOTHER.search(lead) and not _MEASURE_OF.search(lead):
        return None
    limit = sentence[1]
    for other in sorted(o for o in others if o[0] >= head[1]):
        if other[0] - head[1] > 50 or not _AND.fullmatch(text[head[1] : other[0]]):
            limit = other[0]
            break
    return _by_verb(_CLAUSE_END.split(text[head[1] : limit])[0])


def _tied(between: str, course: str) -> bool:
    """Whether a noun of change governs a lesion: "regression of the", "increase in the size of the", "developed a"."""
    if course == "new":
        return bool(re.fullmatch(r"\s+(?:an?\s+|of\s+(?:an?\s+|the\s+)?)?", between))
    return bool(_OF.fullmatch(between) or not between.strip())


def _by_verb(tail: str) -> str | None:
    first: tuple[int, str] | None = None
    for course in _COURSES:
        for match in cue(f"{course}_verb").finditer(tail):
            gap = tail[: match.start()]
            if (
                len(gap) > 90
                or re.search(r"\bwith\b[^,]*$", gap)
                or re.search(r"\b(?:with|by|the|showing|causing|of an?|to)\s*$", gap)
                or cue("not_course_after").match(tail[match.end() :].lstrip())
            ):
                continue
            if course != "new" or len(gap) < 25:
                said = _unless_negated(course, gap[-40:])
                first = min(first, (match.start(), said)) if first else (match.start(), said)
                break
    return first[1] if first else None


def _unless_negated(course: str, before: str) -> str:
    """The course, or `stable` where a change is denied ("did not regress", "no evidence of regrowth")."""
    return "stable" if course in ("increased", "decreased", "resolved") and _OPPOSITE.search(before) else course
