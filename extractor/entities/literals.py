"""What a regular expression cannot match without: so that each pattern runs only near words that could begin a match.

A text is searched once for all literals of all patterns (Aho-Corasick); most patterns then have nothing to do. The idea is that
of FilteredRE2 and of Cox, "Regular Expression Matching with a Trigram Index" (2012).
"""

import re
import sys
from collections.abc import Iterable
from typing import Any

_parser: Any = sys.modules[re.compile.__module__]._parser  # type: ignore[attr-defined] # re's own parser: the one that is right by definition
SHORTEST = 2
"""Shorter literals stand everywhere and filter nothing."""
MOST = 400


def required(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Lower-case literals of which every match holds at least one; None where nothing of use is certain.

    >>> sorted(required(re.compile(r"(?:left|right) lungs?")))
    [' lung']
    """
    return _best(_candidates(_parser.parse(pattern.pattern, pattern.flags)))


def _candidates(parsed: Iterable[tuple[Any, Any]]) -> list[frozenset[str]]:
    """For a sequence of parsed elements, the sets of which a match must hold a member each."""
    found: list[frozenset[str]] = []
    run = ""
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            run += chr(argument).lower()
            continue
        if run:
            found.append(frozenset({run}))
            run = ""
        if name == "SUBPATTERN":
            found += _candidates(argument[3])
        elif name == "ATOMIC_GROUP":
            found += _candidates(argument)
        elif name == "ASSERT":
            found += _candidates(argument[1])
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and argument[0] > 0:
            found += _candidates(argument[2])
        elif name == "BRANCH":
            options = [_best(_candidates(branch)) for branch in argument[1]]
            if all(options):
                found.append(frozenset(x for option in options if option for x in option))
    if run:
        found.append(frozenset({run}))
    return found


def _best(candidates: list[frozenset[str]]) -> frozenset[str] | None:
    usable = [c for c in candidates if len(c) <= MOST and min(map(len, c)) >= SHORTEST]
    return max(usable, key=lambda c: (min(map(len, c)), -len(c)), default=None)
