"""What a regular expression cannot match without: so that each pattern runs only near words that could begin a match.

A text is searched once for all literals of all patterns (Aho-Corasick); most patterns then have nothing to do. The idea is that
of FilteredRE2 and of Cox, "Regular Expression Matching with a Trigram Index" (2012).
"""

import re
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from math import prod
from typing import Any

_parser: Any = sys.modules[re.compile.__module__]._parser  # re's own parser: the one that is right by definition
SHORTEST = 2
"""Shorter literals stand everywhere and filter nothing."""
MOST = 400
LONGEST_WORD = 40
"""No word of a report is longer."""
_OFTEN = dict(zip("etaoinshrdlcumwfgypbvk ", (
    0.127, 0.091, 0.082, 0.075, 0.070, 0.067, 0.063, 0.061, 0.060, 0.043, 0.040, 0.028, 0.028, 0.024, 0.024, 0.022, 0.020, 0.020, 0.019,
    0.015, 0.010, 0.008, 0.180), strict=True))  # fmt: skip
"""How often a letter stands in English text (Lewand 2000, Cryptological Mathematics)."""
_SPELLINGS = 8
"""A stretch is taken apart where its characters leave more spellings than this."""


def required(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Lower-case literals of which every match holds at least one; None where nothing of use is certain.

    >>> sorted(required(re.compile(r"(?:left|right) lungs?")))
    [' lung']
    """
    parsed = _parsed(pattern)
    # What a match must look at but not hold is the second choice: such words ("in", "of the") are the common ones.
    return _best(_candidates(parsed, around=False)) or _best(_candidates(parsed, around=True))


def lower_case(text: str) -> str:
    """`text` in lower case, character by character, so that offsets stay true."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower()[0] for c in text)  # of a dotted capital I the letter alone


@cache
def without_case(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """A pattern that matches in a text in `lower_case` where `pattern`, which takes any case, matches in the text as it is; None where that
    is not certain. It is several times as fast: of words in any case, each of a list is tried at every character.

    >>> without_case(re.compile(r"[A-F]\\S+ (?P<x>Mab)", re.IGNORECASE)).pattern
    '[a-f]\\\\S+ (?P<x>mab)'
    """
    source = pattern.pattern
    if not pattern.flags & re.IGNORECASE or re.search(r"\(\?[aiLmsux-]", source) or any(c.isalpha() and not c.isascii() for c in source):
        return None
    lowered = re.sub(r"\\.|\(\?P|[A-Z]", lambda m: m[0].lower() if m[0].isalpha() else m[0], source)
    return re.compile(lowered, pattern.flags & ~re.IGNORECASE)


def reach(pattern: re.Pattern[str], most: int) -> int:
    """How far from a word that a match must hold it can begin or end, itself and what it looks at; `most` where that is not bounded.

    >>> reach(re.compile(r"[a-z]{3,}mab"), 160), reach(re.compile(r"a .*b"), 160)
    (43, 160)
    """
    return min(most, _width(_parsed(pattern), most))


@lru_cache(maxsize=512)
def _parsed(pattern: re.Pattern[str]) -> Any:
    return _parser.parse(pattern.pattern, pattern.flags)


def _width(parsed: Iterable[tuple[Any, Any]], most: int) -> int:
    """The longest stretch that a sequence of parsed elements can match or look at; no word is longer than LONGEST_WORD."""
    total = 0
    for operation, argument in parsed:
        name = str(operation)
        if name == "SUBPATTERN":
            total += _width(argument[3], most)
        elif name == "ATOMIC_GROUP":
            total += _width(argument, most)
        elif name in ("ASSERT", "ASSERT_NOT"):
            total += _width(argument[1], most)
        elif name == "BRANCH":
            total += max(_width(branch, most) for branch in argument[1])
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            total += LONGEST_WORD if _within_word(argument[2]) else min(most, argument[1]) * _width(argument[2], most)
        elif name not in ("AT",):
            total += 1
        if total > most:
            return most + 1
    return total


def _within_word(repeated: Any) -> bool:
    """Whether what is repeated is one character that stands within words."""
    if len(repeated) != 1 or str(repeated[0][0]) != "IN":
        return False
    return all(
        (str(kind) == "LITERAL" and not chr(value).isspace())
        or (str(kind) == "RANGE" and not value[0] <= ord(" ") <= value[1])
        or str(value) in ("CATEGORY_WORD", "CATEGORY_DIGIT")
        for kind, value in repeated[0][1]
    )


def _candidates(parsed: Iterable[tuple[Any, Any]], *, around: bool) -> list[frozenset[str]]:
    """For a sequence of parsed elements, the sets of which a match must hold a member each (or see, `around` it)."""
    found: list[frozenset[str]] = []
    run: frozenset[str] = frozenset()
    for operation, argument in parsed:
        name = str(operation)
        if options := _characters(name, argument):
            longer = frozenset(r + c for r in run or {""} for c in options)
            if len(longer) <= _SPELLINGS:
                run = longer
                continue
        if run:
            found.append(run)
        run = options
        if name == "SUBPATTERN":
            found += _candidates(argument[3], around=around)
        elif name == "ATOMIC_GROUP":
            found += _candidates(argument, around=around)
        elif name == "ASSERT" and around:
            found += _candidates(argument[1], around=around)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] > 0:
            found += _candidates(argument[2], around=around)
        elif name == "BRANCH":
            branches = [_best(_candidates(branch, around=around)) for branch in argument[1]]
            if all(branches):
                found.append(frozenset(x for branch in branches if branch for x in branch))
    return [*found, run] if run else found


def _characters(name: str, argument: Any) -> frozenset[str]:
    """The characters that an element can be, in lower case ("" if it may be left out); none where it can be one of many."""
    if name == "LITERAL":
        return frozenset({chr(argument).lower()})
    if name == "IN" and len(argument) <= _SPELLINGS and all(str(kind) == "LITERAL" for kind, _ in argument):
        return frozenset(chr(value).lower() for _, value in argument)
    if name == "MAX_REPEAT" and argument[:2] == (0, 1) and len(argument[2]) == 1:
        options = _characters(str(argument[2][0][0]), argument[2][0][1])
        return options | {""} if options else options
    return frozenset()


def _best(candidates: list[frozenset[str]]) -> frozenset[str] | None:
    usable = [_shortest(c) for c in candidates if len(c) <= MOST and min(map(len, c)) >= SHORTEST]
    return min(usable, key=lambda c: (sum(map(_expected, c)), sorted(c)), default=None)


def _expected(literal: str) -> float:
    """How often a literal stands in English text, a place of it, if letters were thrown at random: "st" stands everywhere, "hd" seldom."""
    return prod(_OFTEN.get(character, 0.01) for character in literal)


def _shortest(literals: frozenset[str]) -> frozenset[str]:
    """Without those that hold another one: "lungs" is found where "lung" is."""
    return frozenset(x for x in literals if not any(y in x for y in literals if y != x))
