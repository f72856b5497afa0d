"""The place that belongs to a noun: "left cerebellar mass", "mass in the right upper lobe", "enlarged nodes of the neck".

    site_of(reading, stretch, head_start, head_end) -> SiteReading         all of it as one place ("C6 and T2")
    sites_of(reading, stretch, head_start, head_end) -> list[SiteReading]  one for each coordinated place ("lung and liver")

`stretch` is a Sentence, or a span (start, end) that holds the head noun; words outside it are not looked at. The site is the plain
noun without its side (`laterality` is left, right, bilateral or midline), None where none is told.

Places that stand before the noun are its modifiers and reach left to the first word that no modifier can be (an article, a
preposition, a verb of finding); a place after it must be tied to it by a preposition of place. Node words name their station by
its adjective: nodes "in the left axilla" are "axillary lymph nodes".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.entities.reading import Reading, Sentence
from extractor.entities.site.cues import cue, words
from extractor.schema import Mention

_STOP = re.compile(rf"{cue('stop').pattern}(?!-)|\.(?!\s?\d)|[;:()\[\]]", re.IGNORECASE)
_SPLIT = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|as well as|and/or)\s+(?:the\s+)?|\s*[&/]\s*", re.IGNORECASE)
_BOTH = r"both(?=\s+(?:of\s+)?(?:the\s+|his\s+|her\s+)?(?:\w+\s+)?\w+(?:s|ae)\b)"
_SIDE = re.compile(
    rf"\b(?:(left|lt)|(right|rt)|(bilateral(?:ly)?|either|{_BOTH})|(midline|mid-line))\b\.?(?!\s+shift)",
    re.IGNORECASE,
)
_SIDE_BEFORE = re.compile(r"\b(?:left|right)$", re.IGNORECASE)
_SIDE_BEHIND = re.compile(r"(?:left|right)\b", re.IGNORECASE)
_PLACE = cue("place").pattern
_MODIFIERS = r"(?:(?:the|an?|her|his|their|both|all|its)\s+)?(?:[\w-]+(?:[-,]\s?|\s+)){0,3}"
_TIED = re.compile(rf"(?:^|\W){_PLACE}\s+{_MODIFIERS}$", re.IGNORECASE)
_FAR_OF = re.compile(
    r"(?:\b[a-z]+(?<!cm)(?<!mm)(?<!measuring)(?<!diameter)(?<!size)(?<!in)\b[^a-z]+){2,}"
    r"of\s+(?:(?:the|his|her|both|left|right|upper|lower)\s+)*$",
    re.IGNORECASE,
)
"""An "of" this far behind the noun hangs on another word: "connected to the right lobe of the thyroid"."""
_BROKEN = re.compile(rf"\.(?!\s?\d)|[;:\[\]]|\band\b(?=\s+{cue('begins').pattern})|{cue('broken').pattern}", re.IGNORECASE)
_OF = re.compile(
    r"\s+(?:of|in|on|at|within)\s+(?:(?:the|her|his|their|both)\s+)*(?:(?:left|right|bilateral|upper|lower)(?:-sided)?\s+){0,2}$",
    re.IGNORECASE,
)
_NEXT = re.compile(rf"\s*(?:,\s*(?:and\s+)?|\s+and\s+|\s*/\s*|\s+as\s+well\s+as\s+)(?:{_PLACE}\s+)?{_MODIFIERS}$", re.IGNORECASE)
_ON_SIDE = re.compile(r"\s*,?\s*(?:on|at|to)\s+(?:the|both)\s+(?:left|right|sides?)\b", re.IGNORECASE)
_ACCOMPANIED = re.compile(
    rf"\bwith\b.*(?:\b(?:of|into|to|on|along|over)\s+(?:[\w-]+\s+){{0,4}}$|{cue('accompanied').pattern})",
    re.IGNORECASE,
)
"""What comes with a lesion has a place of its own: "a mass with invasion of the chest wall"."""
_FROM = re.compile(rf"\b[cm]m\s+{cue('far').pattern}\s+(?:the\s+)?(?:[\w-]+\s+)?$", re.IGNORECASE)
_DISTANCE = re.compile(
    rf",?\s*(?:at\s+)?(?:about\s+)?\d+(?:[.-]\d+)?\s?[cm]m\s+{cue('far').pattern}\s+[^,;.]{{3,40}}?(?:,|(?=\s(?:in|of|on)\s))",
    re.IGNORECASE,
)
"""How far a lesion lies from a landmark, which is not where it is: "20 cm from the anal verge"."""
_GAP = 110
"""A place further behind its noun than this many characters is about something else."""
_LEAD = 300
"""No noun phrase begins further before its noun."""
_MODIFIES = re.compile(rf"[\s-]+(?:\w+\s+)?{cue('disease').pattern}|\s+{cue('no_place_before').pattern}", re.IGNORECASE)
"""After a place that only names a disease or what happens to it: the breast of "metastasis of breast cancer"."""
_ADJECTIVE = re.compile(r"(?:al|ic|ar|ary|an)$")
_NODE = re.compile(r"\bnod(?:e|es|al)\b|adenopath|\bLNs?\b", re.IGNORECASE)
_NODES = " lymph nodes"


@dataclass(frozen=True, slots=True)
class SiteReading:
    """Where something is: the plain anatomical noun, its side, and the words that said so (in text order)."""

    site: str | None = None
    laterality: str | None = None
    spans: tuple[tuple[int, int], ...] = ()


def site_of(reading: Reading, stretch: Sentence | tuple[int, int], head_start: int, head_end: int) -> SiteReading:
    """The place of the noun at `[head_start, head_end)`, coordinated places joined with "and"."""
    return joined(sites_of(reading, stretch, head_start, head_end))


def joined(places: Sequence[SiteReading]) -> SiteReading:
    """Several places as one: "lung, liver and bone"; its side only where all of them agree on it."""
    names = list(dict.fromkeys(p.site for p in places if p.site))
    sides = {p.laterality for p in places}
    side = sides.pop() if len(sides) == 1 else "bilateral" if sides == {"left", "right"} and len(names) == 1 else None
    if len(names) > 1 and all(n.endswith(_NODES) for n in names):
        names = [*(n.removesuffix(_NODES) for n in names[:-1]), names[-1]]
    site = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else None
    return SiteReading(site, side, tuple(s for p in places for s in p.spans))


def sites_of(reading: Reading, stretch: Sentence | tuple[int, int], head_start: int, head_end: int) -> list[SiteReading]:
    """The places of the noun at `[head_start, head_end)`, one for each that is coordinated; empty where none is told.

    A place before the noun and a more exact one after it ("pulmonary nodule in the right upper lobe") are one place: the exact one.
    """
    start, end = stretch if isinstance(stretch, tuple) else (stretch.start, stretch.end)
    start = max(start, head_start - _LEAD)
    nodes = bool(_NODE.search(reading.text[head_start:head_end]))
    before = _before(reading, start, head_start, head_end, nodes)
    after = _after(reading, head_start, head_end, end, nodes)
    if not after or (before and before[0].site and not _more_exact(before, after)):
        return [SiteReading(p.site, p.laterality or (after[0].laterality if after and len(before) == 1 else None), p.spans) for p in before]
    side = before[0].laterality if len(before) == 1 else None
    return [SiteReading(p.site, p.laterality or side, p.spans) for p in after]


def plain(mention: Mention) -> str:
    """The name of a place: its concept, or its own words where a pattern found it ("C6", "segment V")."""
    return mention.name or re.sub(r"\s+", " ", mention.text)


def side_in(text: str) -> str | None:
    """The side that words tell: "left-sided" is left, "left and right" and "both" are bilateral.

    >>> side_in("left-sided"), side_in("both lungs"), side_in("the right and left"), side_in("upper")
    ('left', 'bilateral', 'bilateral', None)
    """
    found = {("left", "right", "bilateral", "midline")[next(i for i, g in enumerate(m.groups()) if g)] for m in _SIDE.finditer(text)}
    if {"left", "right"} <= found or "bilateral" in found:
        return "bilateral"
    return min(found) if found else None


def _more_exact(before: Sequence[SiteReading], after: Sequence[SiteReading]) -> bool:
    return len(before) == 1 and before[0].site in words("general") and after[0].site is not None and after[0].site not in words("general")


def _before(reading: Reading, start: int, head_start: int, head_end: int, nodes: bool) -> list[SiteReading]:
    text = reading.text
    first = start
    for stop in _STOP.finditer(text, start, head_start):
        if not _inside_site(reading, stop.start()):
            first = stop.end()
    for other in reading.within(first, head_start, "lesion", "procedure", "drug", "biomarker"):
        if not _holds_site_only(reading, other):
            first = other.end
    pieces = _conjuncts(text, first, head_start, head_end)
    if len(pieces) > 1 and (_owned_by_another(reading, first) or _begins_anew(text, first, pieces[-1][0])):
        pieces = pieces[-1:]
    found: list[SiteReading] = []
    side: str | None = None
    for low, high in pieces:
        mentions = [m for m in reading.within(low, head_end, "site") if m.start < high]
        last = high == pieces[-1][1]
        chosen = [m for m in mentions if not (last and m.start >= head_start and plain(m) == "lymph nodes" and len(mentions) > 1)]
        own = side_in(_without_sites(text, low, min(high, head_start), chosen))
        side = own or side
        if chosen:
            station = nodes and (last or bool(_ADJECTIVE.search(chosen[-1].text)))
            found.append(SiteReading(_named(reading, chosen, station), side, _spans(text, low, min(high, head_start), chosen)))
        elif last and own and not found:
            found.append(SiteReading(None, own, _spans(text, low, min(high, head_start), [])))
    return found


def _conjuncts(text: str, first: int, head_start: int, head_end: int) -> list[tuple[int, int]]:
    """The coordinated pieces of the words before the noun. A comma divides only where an "and" follows it, else it restarts."""
    marks = [m for m in _SPLIT.finditer(text, first, head_start) if not _joins_sides(text, m)]
    commas = [m for m in marks if "," in m[0]]
    if commas and not any("," not in m[0] or "and" in m[0] for m in marks if m.start() >= commas[-1].start()):
        first, marks = commas[-1].end(), [m for m in marks if m.start() > commas[-1].end()]
    edges = [first, *(m.end() for m in marks)]
    ends = [*(m.start() for m in marks), head_end]
    return list(zip(edges, ends, strict=True))


def _joins_sides(text: str, mark: re.Match[str]) -> bool:
    """Whether an "and" stands between two sides of one place ("the right and left lungs")."""
    return bool(_SIDE_BEFORE.search(text, max(0, mark.start() - 8), mark.start()) and _SIDE_BEHIND.match(text, mark.end()))


def _owned_by_another(reading: Reading, first: int) -> bool:
    """Whether the words from `first` on hang on an earlier noun: the "liver" of "masses in the liver and lung nodules"."""
    lead = re.search(r"\b(?:of|in|on|at|to)(?:\s+(?:the|both))?\s*$", reading.text[max(0, first - 20) : first], re.IGNORECASE)
    if not lead:
        return False
    begin = max(0, first - 20) + lead.start()
    return any(begin - m.end <= 2 for m in reading.previous(begin, "lesion", "procedure", "diagnosis", sentences=0))


def _begins_anew(text: str, first: int, last: int) -> bool:
    """Whether the last piece starts a phrase of its own: "invasion of the bladder and multiple costal metastases"."""
    return bool(
        re.search(r"\b(?:of|in|to)(?:\s+the)?\s*$", text[max(0, first - 12) : first], re.IGNORECASE)
        and re.match(r"(?:multiple|several|two|three|many|numerous|new|a|an)\s", text[last : last + 12], re.IGNORECASE)
    )


def _after(reading: Reading, head_start: int, head_end: int, end: int, nodes: bool) -> list[SiteReading]:
    text = reading.text
    limit = min(end, head_end + _GAP + 60)
    others = [m.start for m in reading.within(head_end, end, "lesion", "procedure", "diagnosis") if _parts(text, head_end, m)]
    chains: list[list[Mention]] = []
    at = head_end
    for mention in reading.within(head_end, limit, "site"):
        gap = _DISTANCE.sub(" ", text[at : mention.start])
        if not chains and _FROM.search(gap):
            continue
        if not chains:
            if len(gap) > _GAP or _BROKEN.search(gap) or _ACCOMPANIED.search(gap) or any(o < mention.start for o in others):
                break
            if not _TIED.search(text[head_start : mention.start]) or _FAR_OF.search(gap) or _MODIFIES.match(text, mention.end):
                continue
            chains.append([mention])
        elif _OF.fullmatch(gap) or not gap.strip(" -"):
            chains[-1].append(mention)
        elif any(at < o < mention.start for o in others):
            break
        elif _NEXT.fullmatch(gap) and not _BROKEN.search(gap.replace("and", "", 1)) and not _heads_another(reading, mention):
            chains.append([mention])
        else:
            break
        at = mention.end
    found: list[SiteReading] = []
    low = head_end
    for chain in chains:
        tail = _ON_SIDE.match(text, chain[-1].end, end)
        high = tail.end() if tail else chain[-1].end
        tie = _tie(text, low, chain[0].start)
        side = side_in(_without_sites(text, tie, high, chain))
        found.append(SiteReading(_named(reading, chain, nodes), side, _spans(text, tie, high, chain)))
        low = high
    return found


def _parts(text: str, head_end: int, other: Mention) -> bool:
    """Whether a later word takes the places behind it from the noun; what the noun is made of does
    not ("masses of carcinoma in the lung"), nor what shows it ("found on imaging in both ovaries")."""
    gap = text[head_end : other.start]
    made_of = re.fullmatch(r"\s*of\s+(?:\w+\s+){0,3}", gap)
    seen_on = other.label == "procedure" and re.search(r"\b(?:on|by|using|at|during|in|via|with)\s+(?:an?\s+|the\s+)?$", gap)
    return not (made_of or seen_on or other.attributes.get("need") == "tumorous")


def _tie(text: str, low: int, high: int) -> int:
    """Where the words that tie a place to its noun begin: behind the last preposition."""
    ties = list(re.finditer(rf"{_PLACE}\s+", text[low:high], re.IGNORECASE))
    return low + (ties[-1].start() if ties else 0)


def _heads_another(reading: Reading, site: Mention) -> bool:
    """Whether a place is the modifier of a later noun and not one more place of the earlier ("and lung nodules")."""
    follow = re.match(r"(?:[\s-]+\w+){0,1}[\s-]+", reading.text[site.end : site.end + 40])
    reach = site.end + (follow.end() if follow else 1)
    return any(m.start <= reach for m in reading.within(site.start, reach + 60, "lesion", "procedure", "diagnosis", "finding"))


def _inside_site(reading: Reading, offset: int) -> bool:
    """Whether a stop word stands inside a place's own name ("head of the pancreas")."""
    return any(m.start < offset < m.end for m in reading.within(max(0, offset - 60), offset + 60, "site"))


def _holds_site_only(reading: Reading, mention: Mention) -> bool:
    """Whether a mention is nothing but a place ("lymph node" before "metastasis")."""
    return any(s.start <= mention.start and mention.end <= s.end for s in reading.within(mention.start - 40, mention.end + 40, "site"))


def _without_sites(text: str, low: int, high: int, mentions: Sequence[Mention]) -> str:
    """The words of `[low, high)` with the sides in places' names blotted out, so that the left of "left atrium" is no side."""
    kept = []
    for m in mentions:
        kept += [text[low : max(low, min(m.start, high))], _SIDE.sub("-", text[m.start : m.end])]
        low = max(low, m.end)
    return "".join([*kept, text[low:high]])


def _spans(text: str, low: int, high: int, mentions: Sequence[Mention]) -> tuple[tuple[int, int], ...]:
    sides = [m.span() for m in _SIDE.finditer(text, low, high)]
    sides = [s for s in sides if not any(m.start <= s[0] < m.end for m in mentions)]
    return tuple(sorted([*sides, *((m.start, m.end) for m in mentions)]))


def _named(reading: Reading, mentions: Sequence[Mention], nodes: bool) -> str | None:
    """The name of a chain of places: a part with its organ, or the last of several modifiers, or the station of nodes."""
    if nodes and len(mentions) > 1 and plain(mentions[0]) == "lymph nodes":
        mentions = mentions[1:]
    if nodes or any(m.attributes.get("kind") == "nodes" for m in mentions):
        return _station(mentions)
    if len(mentions) == 1:
        only = mentions[0]
        if only.attributes.get("kind") != "part":
            return plain(only)
        organ = only.attributes.get("organ")
        return f"{plain(only)} of the {organ}" if organ else None
    name: str | None = None
    last: Mention | None = None
    for mention in reversed(mentions):
        part = mention.attributes.get("kind") == "part"
        if name is None or last is None:
            name, last = plain(mention), mention
            continue
        gap = reading.text[mention.end : last.start]
        if plain(mention) == name:
            continue
        if re.search(r"\w", gap) and _OF.fullmatch(gap):
            vague = part and plain(mention) in words("vague")
            name = name if vague else f"{plain(mention)} of {'' if name[:1].isupper() else 'the '}{name}"
        elif last.attributes.get("kind") == "part" and plain(last) in words("vague"):
            name = plain(mention)
        elif last.attributes.get("kind") == "part":
            exact = re.match(r"upper|lower|middle|segment", plain(last))
            name = f"{plain(last)} of the {plain(mention)}" if exact else f"{mention.text} {last.text}".lower()
        elif plain(last) in words("tissue"):
            name = plain(mention)
        last = mention
    return name


def _station(mentions: Sequence[Mention]) -> str:
    """How the nodes of a place are called: "axillary lymph nodes"."""
    for mention in reversed(mentions):
        name = plain(mention)
        if name.endswith("lymph nodes") and name != "lymph nodes":
            return name
        if adjective := mention.attributes.get("adjective"):
            return f"{adjective} lymph nodes"
        if name != "lymph nodes" and mention.attributes.get("kind") != "part":
            return f"{mention.text.lower()} lymph nodes" if _ADJECTIVE.search(mention.text) else f"lymph nodes of the {name}"
    return "lymph nodes"
