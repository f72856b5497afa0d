"""Marked text: `[words]{label name=value flag}` <-> the plain text and its marks. The notation of the test cases.

A value with spaces or braces stands in double quotes. A bracket that is not followed by `{` is an ordinary bracket.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from extractor.errors import DataError

_MARK = re.compile(r"\[([^\[\]]+)\]\{([a-z][\w-]*)((?:\s+[\w-]+(?:=(?:\"[^\"]*\"|[^\s}\"]+))?)*)\s*\}")
_SAID = re.compile(r"([\w-]+)(?:=(?:\"([^\"]*)\"|([^\s}\"]+)))?")


@dataclass(frozen=True)
class Mark:
    """Marked words `[start, end)` of the plain text: their label, values by name, and flags."""

    start: int
    end: int
    label: str
    values: dict[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()


def parse(marked: str) -> tuple[str, list[Mark]]:
    """The plain text and the marks of a marked text; DataError where `]{` opens something that is no mark.

    >>> parse('No [mass]{lesion negated} in the [left lung]{site name=lung}.')[0]
    'No mass in the left lung.'
    """
    plain, marks, at, length = [], [], 0, 0
    for match in _MARK.finditer(marked):
        before = marked[at : match.start()]
        plain += [before, match[1]]
        start = length + len(before)
        length = start + len(match[1])
        values, flags = {}, set()
        for name, quoted, bare in _SAID.findall(match[3]):
            if "=" in match[3] and (quoted or bare or f'{name}=""' in match[3]):
                values[name] = quoted or bare
            else:
                flags.add(name)
        marks.append(Mark(start, length, match[2], values, frozenset(flags)))
        at = match.end()
    rest = marked[at:]
    text = "".join(plain) + rest
    if "]{" in text:
        raise DataError(
            f"no mark at {text[max(0, text.index(']{') - 20) : text.index(']{') + 25]!r}: write [words]{{label name=value flag}}"
        )
    return text, marks


def render(text: str, marks: Iterable[Mark]) -> str:
    """The marked text; the inverse of `parse`. Marks must not overlap."""
    out, at = [], 0
    for mark in sorted(marks, key=lambda m: (m.start, m.end)):
        said = [f'{k}="{v}"' if re.search(r"[\s}]", v) or not v else f"{k}={v}" for k, v in sorted(mark.values.items())]
        inside = " ".join([mark.label, *said, *sorted(mark.flags)])
        out += [text[at : mark.start], f"[{text[mark.start : mark.end]}]{{{inside}}}"]
        at = mark.end
    return "".join(out) + text[at:]
