"""Citations printed as numbers in round brackets: "(12, 13)", left out where the document surely cites so.

A number in brackets may also be content ("grade (3)"). The document's own list of references tells: its citations are numbers of that
list, and they are first named in the order of the list. Without that nothing is taken away, and a number of which it remains open what
it is stays.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from extractor.readers.sections import heading_kind

Span = tuple[int, int]
_GROUP = re.compile(r"\((?P<numbers>[1-9]\d{0,2}(?: ?[,;\u2010-\u2015-] ?[1-9]\d{0,2})*)\)(?=(?P<after>[.,;:]|\s|$))")
_SQUARE = re.compile(r"\w ?\[[1-9]\d{0,2}(?:[,;\u2010-\u2015 -]+[1-9]\d{0,2})*\]")
_ENTRY = re.compile(r"(?:^|[.;)\d] )\[?(?P<number>[1-9]\d{0,2})[.\])]?\s(?=\W?[A-Z])")
_COUNTS = re.compile(
    r"(?:.*[\d%]|grades?|cases?|patients?|stages?|types?|scores?|groups?|class(?:es)?|levels?|phases?|status|index|cycles?|days?|weeks?|months?"
    r"|years?|times?|lines?|courses?|doses?|visits?|fig(?:ure)?s?\.?|tables?|ecog|who|birads|bi-rads|pi-rads|gleason|isup|sum|total|count|steps?"
    r"|items?|points?|number|no\.?|n|and|or|males?|females?|men|women|mm|cm|mg|one|two|three|four|five|six|seven|eight|nine|ten)[.,:]?",
    re.IGNORECASE,
)
"""What a number in brackets counts, measures or grades, or goes on from: then it is no citation."""
_WORD = re.compile(r"[\w\u2019'\"\u201d).,%-]+\Z")
_LONGEST = 40
_FEWEST = 5


def round_citations(blocks: Sequence[tuple[str, str, int]]) -> list[list[Span]]:
    """For each block (text, kind, depth) the citations in round brackets to leave out of it."""
    listed, told = _references(blocks)
    most = len(listed)
    groups = [[m for m in _GROUP.finditer(blocks[i][0]) if _before(m)] for i in told]
    if most < _FEWEST or not _cites_in_order([_numbers(m["numbers"]) for own in groups for m in own], most):
        return [[] for _ in blocks]
    if sum(len(_SQUARE.findall(blocks[i][0])) for i in told) > sum(map(len, groups)):
        return [[] for _ in blocks]
    cuts: dict[int, list[Span]] = {}
    highest = 0
    for i, own in zip(told, groups, strict=True):
        for match in own:
            numbers = _numbers(match["numbers"])
            new = [n for n in numbers if n > highest]
            # The next of the list, or the next ones, stand nowhere by chance; those named before may count something.
            following = new == list(range(highest + 1, highest + 1 + len(new)))
            sure = len(numbers) > 1 or match["after"].strip() or _before(match).rstrip(".,") == "al"
            if sure and max(numbers) <= most and following and (new or not _COUNTS.fullmatch(_before(match))):
                highest += len(new)
                text, start = match.string, match.start()
                cuts.setdefault(i, []).append((start - (text[start - 1] == " "), match.end()))
    return [cuts.get(i, []) for i in range(len(blocks))]


def _before(match: re.Match[str]) -> str:
    """The word that a bracket follows, "" where none does."""
    start = match.start() - (match.string[match.start() - 1 : match.start()] == " ")
    word = _WORD.search(match.string, max(0, start - _LONGEST), start)
    return word[0] if word else ""


def _references(blocks: Sequence[tuple[str, str, int]]) -> tuple[set[int], list[int]]:
    """The numbers that the list of references counts without a gap, and which blocks are running text."""
    numbers: set[int] = set()
    told: list[int] = []
    within = 0
    for i, (text, kind, depth) in enumerate(blocks):
        if depth and (not within or depth <= within):
            within = depth if heading_kind(text) == "references" else 0
        if (within and not depth) or kind == "references":
            # Entries that are set close together may be one block.
            numbers.update(int(entry["number"]) for entry in _ENTRY.finditer(text))
        elif not depth and kind in ("", "box"):
            told.append(i)
    most = next((n for n in range(1, len(numbers) + 2) if n not in numbers), 1) - 1
    return set(range(1, most + 1)), told


def _cites_in_order(groups: Sequence[Sequence[int]], most: int) -> bool:
    """Whether most of the references are first named in their own order, from the first one on."""
    first = list(dict.fromkeys(n for group in groups for n in group if n <= most))
    ascending = sum(a < b for a, b in pairwise(first))
    return len(first) >= max(_FEWEST, most // 2) and first[0] <= 2 and ascending * 10 >= 9 * (len(first) - 1)


def _numbers(printed: str) -> list[int]:
    """The numbers of "3, 5-7"."""
    found: list[int] = []
    for part in re.split(r" ?[,;] ?", printed):
        ends = [int(n) for n in re.findall(r"\d+", part)]
        found += range(ends[0], ends[-1] + 1) if ends[0] <= ends[-1] else ends
    return found
