"""What a regular expression cannot match without: so that each pattern runs only near words that could begin a match.

A text is searched once for all literals of all patterns (Aho-Corasick); most patterns then have nothing to do. The idea is that
of FilteredRE2 and of Cox, "Regular Expression Matching with a Trigram Index" (2012).
"""

import re
import sys
from collections.abc import Iterable
from typing import Any

_parser: Any = sys.modules[re.compile.__module__]._parser  # re's own parser: the one that is right by definition
SHORTEST = 2
"""Shorter literals stand everywhere and filter nothing."""
MOST = 400
_SPELLINGS = 8
"""A stretch is taken apart where its characters leave more spellings than this."""


def required(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Lower-case literals of which every match holds at least one; None where nothing of use is certain.

    >>> sorted(required(re.compile(r"(?:left|right) lungs?")))
    [' lung']
    """
    parsed = _parser.parse(pattern.pattern, pattern.flags)
    # What a match must look at but not hold is the second choice: such words ("in", "of the") are the common ones.
    return _best(_candidates(parsed, around=False)) or _best(_candidates(parsed, around=True))


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
    return max(usable, key=lambda c: (min(map(len, c)), -len(c)), default=None)


def _shortest(literals: frozenset[str]) -> frozenset[str]:
    """Without those that hold another one: "lungs" is found where "lung" is."""
    return frozenset(x for x in literals if not any(y in x for y in literals if y != x))
