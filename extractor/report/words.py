"""The text of a document with its evidence, cut where evidence begins or ends, and why what was found did not become a fact."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.schema import CASE_KINDS, Case, Evidence, Fact, Mention

HELPERS = {"site": "a place", "time": "a time", "patient": "who the patient is"}
"""What is found to be read with facts and never is one."""
AROUND = 60
"""Characters shown on either side of words that are quoted from the text."""
FLAGS = {
    "negated": "negated", "hypothetical": "hypothetical", "planned": "only planned", "declined": "declined",
    "historical": "told of the past", "uncertain": "uncertain",
}  # fmt: skip
OWNERS = {"family": "of the family", "other_patient": "of another patient", "literature": "of the literature or in general"}


@dataclass(frozen=True)
class Segment:
    """A stretch of text that rests under the same facts, the one with the fewest words first; or under what was not taken."""

    start: int
    text: str
    facts: tuple[Fact, ...] = ()
    head: bool = False
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paragraph:
    """A line of the text; `section` is the kind of the section that begins with it, `case` says that it tells of the patient."""

    segments: tuple[Segment, ...]
    case: bool
    section: str | None = None


@dataclass(frozen=True)
class Left:
    """Something found that no fact was made of, the words around it, and the reason as far as the document tells it."""

    mention: Mention
    before: str
    after: str
    section: str
    reason: str

    @property
    def helper(self) -> bool:
        return self.mention.label in HELPERS


Place = tuple[int, int, Fact | Mention, bool]


def paragraphs(case: Case) -> Iterator[Paragraph]:
    """The lines of the text that hold something; without a text, the words that the facts quote, in their order."""
    places = [_place(e, fact) for fact in case.facts for e in fact.evidence if e.start < e.end]
    if case.text is None:
        for start, words in sorted({(e.start, e.text) for fact in case.facts for e in fact.evidence}):
            shown = [place for place in places if place[0] <= start and start + len(words) <= place[1]]
            yield Paragraph((_segment(start, words, shown),), True)
        return
    places += [(left.mention.start, left.mention.end, left.mention, False) for left in not_taken(case)]
    places.sort(key=lambda p: (p[0], p[1]))
    begins = {s.start: s for s in case.sections}
    kind, told, start, first = "", False, 0, 0
    longest = max((end - begin for begin, end, _, _ in places), default=0)
    for line in case.text.splitlines(keepends=True):
        end = start + len(line)
        opening = next((begins[at] for at in range(start, end) if at in begins), None)
        if opening is not None:
            kind, told = opening.kind, False
        if line.strip():
            while first < len(places) and places[first][0] + longest <= start:
                first += 1
            here = _here(places, first, start, end)
            cut = tuple(_segments(case.text, start, start + len(line.rstrip()), here))
            yield Paragraph(cut, kind in CASE_KINDS, None if told else kind)
            told = True
        start = end


def _here(places: Sequence[Place], first: int, start: int, end: int) -> list[Place]:
    found = []
    for place in places[first:]:
        if place[0] >= end:
            break
        if place[1] > start:
            found.append(place)
    return found


def _place(evidence: Evidence, fact: Fact) -> Place:
    return evidence.start, evidence.end, fact, evidence.role == "head"


def _segments(text: str, start: int, end: int, places: Sequence[Place]) -> Iterator[Segment]:
    cuts = sorted({start, end, *(cut for s, e, _, _ in places for cut in (s, e) if start < cut < end)})
    for begin, stop in pairwise(cuts):
        yield _segment(begin, text[begin:stop], [place for place in places if place[0] <= begin and stop <= place[1]])


def _segment(start: int, words: str, places: Sequence[Place]) -> Segment:
    """Facts whose head stands here come first, then the shorter evidence."""
    ranked = sorted(places, key=lambda p: (not p[3], p[1] - p[0]))
    facts = {place[2].id: place[2] for place in ranked if not isinstance(place[2], Mention)}
    left = tuple(place[2].id for place in ranked if isinstance(place[2], Mention))
    return Segment(start, words, tuple(facts.values()), any(place[3] for place in places), left)


def not_taken(case: Case) -> list[Left]:
    """Every mention that no fact rests on: those of the case first, each part in the order of the text."""
    kinds = {s.id: s.kind for s in case.sections}
    covering = _covering(case)
    used = {e.mention for fact in case.facts for e in fact.evidence} | {e.mention for p in case.patients for e in p.evidence}
    found = []
    for mention in sorted(case.mentions, key=lambda m: (m.start, m.end, m.id)):
        if mention.id in used:
            continue
        reason = _reason(mention, kinds.get(mention.section, ""), covering(mention))
        before, after = "", ""
        if case.text is not None:
            before, after = around(case.text, mention.start, mention.end)
        found.append(Left(mention, before, after, kinds.get(mention.section, ""), reason))
    return sorted(found, key=lambda left: left.section not in CASE_KINDS)


def around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands on the same line before and after, cut between words."""
    before = text[max(0, start - AROUND - 1) : start].rpartition("\n")[2]
    after = text[end : end + AROUND + 1].partition("\n")[0]
    if len(before) > AROUND:
        before = "…" + before.partition(" ")[2]
    if len(after) > AROUND:
        after = after.rpartition(" ")[0] + "…"
    return before, after


def _covering(case: Case) -> Callable[[Mention], Fact | None]:
    """Finds the fact whose words hold those of a mention."""
    spans = sorted(((e.start, e.end, fact) for fact in case.facts for e in fact.evidence), key=lambda span: span[:2])
    starts = [start for start, _, _ in spans]
    longest = max((end - start for start, end, _ in spans), default=0)

    def found(mention: Mention) -> Fact | None:
        at = bisect_right(starts, mention.start)
        while at and starts[at - 1] > mention.end - longest - 1:
            at -= 1
            if spans[at][1] >= mention.end:
                return spans[at][2]
        return None

    return found


def _reason(mention: Mention, section: str, holder: Fact | None) -> str:
    context = mention.context
    flags = [words for flag, words in FLAGS.items() if getattr(context, flag)]
    if mention.label in HELPERS:
        return "read with other facts" if holder else f"{HELPERS[mention.label]} alone is no fact"
    if context.experiencer != "patient":
        return OWNERS[context.experiencer]
    if flags:
        return ", ".join(flags)
    if holder:
        return "told within another fact"
    if section not in CASE_KINDS:
        return "not in the case itself"
    return "too general, or told by other words"
