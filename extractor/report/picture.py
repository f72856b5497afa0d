"""The timeline of a patient laid out: lanes, rows and positions, for whoever draws it (the page, the notebook, the figure).

Time is drawn as the document holds it, as bounds: a mark stands at the middle of its bounds, and its band reaches from the earliest
to the latest day. The band of something that lasts is as dark as it is likely that it lasted on that day, where its start and its end
are each taken to lie anywhere between their bounds. What has no day stands apart, in the order of its steps.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal

from extractor.report.lanes import TYPES, Lane, dose_of, label_of, lane_of, row_name
from extractor.schema import DAYS_PER_MONTH, DAYS_PER_YEAR, Bounds, Case, Fact, Lesion

Scale = Literal["time", "order"]
Measure = Callable[[str], float]
"""How wide a label is drawn, in the units of the picture."""

BEFORE_SHARE = 0.3
"""How much of the axis days before day 0 may take at most: a history of decades would press the case itself into a corner."""
LEAST_SHARE = 0.12
MANY = 400
"""Above so many facts marks stand without their labels."""
TICKS = 260
ALONE = 0.65
"""The share of the usual room that is enough for a tick which only day 0 is beside."""
_LEVELS = (
    *((days, days, "d") for days in (1, 7)),
    *((months * DAYS_PER_MONTH, months, "mo") for months in (1, 3, 6)),
    *((years * DAYS_PER_YEAR, years, "y") for years in (1, 2, 5, 10, 20, 50, 100)),
)


@dataclass(frozen=True)
class Sizes:
    """The measures of a picture, in its units: pixels on a page, points on paper."""

    width: float = 700
    row: float = 18
    glyph: float = 6
    gap: float = 6
    edge: float = 20
    heading: float = 20
    tick: float = 58
    apart: float = 0.2
    """The share of the width that facts without a day may take."""


@dataclass(frozen=True)
class Mark:
    """One fact as drawn: `at` the middle of its start, `until` the middle of its end, and the band of what its bounds allow.

    `shades` are the stops of the band: place (0 to 1 along it) and darkness (0 to 1). `open_start` and `open_end` say that a side has
    no bound; `radius` is that of a lesion. `left` says that the label stands left of the mark. `sure` is from where to where something
    lasted whatever its bounds: from the latest start to the earliest end, None where these leave nothing certain.
    """

    fact: Fact
    label: str
    at: float
    until: float | None
    low: float
    high: float
    shades: tuple[tuple[float, float], ...]
    open_start: bool = False
    open_end: bool = False
    sure: tuple[float, float] | None = None
    radius: float = 0
    row: int = 0
    left: bool = False
    width: float = 0


@dataclass(frozen=True)
class Band:
    """Rows of one name within a lane: a drug, a specimen, the site of a lesion; `links` join observations of the same lesion."""

    name: str
    top: float
    rows: int
    marks: tuple[Mark, ...]
    links: tuple[tuple[Mark, Mark], ...] = ()


@dataclass(frozen=True)
class Strip:
    """A lane: what is of one kind."""

    lane: Lane
    top: float
    height: float
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Ticks:
    """Ticks of one fineness on one stretch of the axis, `gap` apart; `shown` where they fit without zooming."""

    gap: float
    shown: bool
    at: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Picture:
    """A patient's timeline, placed. `stretches` are alternatives: of each, the finest ticks that fit are drawn."""

    scale: Scale
    sizes: Sizes
    width: float
    height: float
    strips: tuple[Strip, ...]
    stretches: tuple[tuple[Ticks, ...], ...]
    zero: float | None
    apart: float | None
    squeezed: bool

    @property
    def marks(self) -> list[Mark]:
        return [mark for strip in self.strips for band in strip.bands for mark in band.marks]


def picture(case: Case, patient: str, scale: Scale, measure: Measure, sizes: Sizes | None = None) -> Picture:
    """Lay out the facts of one patient; `measure` tells how wide a label is, so that no two overlap."""
    sizes = sizes or Sizes()
    facts = in_order(case, patient)
    axis = Axis(facts, scale, sizes)
    strips = tuple(_strips(case, facts, axis, measure, sizes))
    height = strips[-1].top + strips[-1].height if strips else sizes.row
    return Picture(scale, sizes, sizes.width, height, strips, axis.stretches(), axis.zero, axis.apart, axis.squeezed)


def in_order(case: Case, patient: str) -> list[Fact]:
    """The facts of a patient by step, those without one last, in the order of the text."""
    return sorted((f for f in case.facts if f.patient == patient), key=lambda f: (f.step is None, f.step or 0, _first(f), f.id))


def _first(fact: Fact) -> int:
    return min((e.start for e in fact.evidence), default=0)


def middle(bounds: Bounds | None) -> float | None:
    """The middle of the bounds, or the one that is known."""
    known = [] if bounds is None else [b for b in (bounds.earliest, bounds.latest) if b is not None]
    return sum(known) / len(known) if known else None


class Axis:
    """Where a day, or a step, stands on the picture."""

    def __init__(self, facts: Sequence[Fact], scale: Scale, sizes: Sizes) -> None:
        self.scale, self.sizes = scale, sizes
        self.without = [f for f in facts if middle(f.start) is None and middle(f.end) is None]
        days = [d for f in facts for b in (f.start, f.end) if b for d in (b.earliest, b.latest) if d is not None]
        steps = sorted({f.step for f in facts if f.step is not None})
        self.zero: float | None = None
        self.apart: float | None = None
        self.squeezed = False
        left, right = sizes.edge, sizes.width - sizes.edge
        if scale == "order":
            self.points = _points(facts)
            places = [*steps, None] if any(f.step is None for f in facts) else [*steps]
            gap = (right - left) / max(1, len(places))
            self.of_step: dict[int | None, float] = {step: left + gap * (i + 0.5) for i, step in enumerate(places)}
            self.apart = right - gap if None in places and steps else None
            self.gap = gap
            return
        if self.without and days:
            ranks = sorted({_rank(f) for f in self.without})
            zone = min(sizes.apart * sizes.width, max(1.5 * sizes.tick, len(ranks) * 3 * sizes.glyph))
            self.apart = right - zone
            right = self.apart - sizes.edge
        elif self.without:
            ranks, zone, self.apart = sorted({_rank(f) for f in self.without}), right - left, left
        else:
            ranks, zone = [], 0
        self.of_rank = {rank: (self.apart or 0) + zone * (i + 0.5) / len(ranks) for i, rank in enumerate(ranks)}
        self.first, self.last = min([0, *days]), max([0, *days])
        if self.first == self.last:
            self.last += 1
        share = -self.first / (self.last - self.first)
        if share > BEFORE_SHARE and self.last > 0:
            before = sum(1 for f in facts if (middle(f.start) or 0) < 0) / max(1, len(facts))
            self.squeezed, share = True, min(share, max(LEAST_SHARE, min(before, 1 - LEAST_SHARE)))
        self.left, self.right = left, right
        self.middle = left + share * (right - left)
        self.zero = self.middle if days else None

    def day(self, day: float) -> float:
        """Where a day stands; days before day 0 may have a scale of their own. On the axis of steps: between its neighbours."""
        if self.scale == "order":
            return self._between(day)
        if day < 0:
            return self.middle - (self.middle - self.left) * day / self.first
        # The last day stands at the right end: rounding must not carry it over.
        return min(self.right, self.middle + (self.right - self.middle) * day / self.last) if self.last else self.middle

    def _between(self, day: float) -> float:
        for (step, known), (other, later) in pairwise(self.points):
            if known <= day < later:
                share = (day - known) / (later - known)
                return self.of_step[step] + share * (self.of_step[other] - self.of_step[step])
        if not self.points or day < self.points[0][1]:
            return min(self.of_step.values())
        return self.of_step[self.points[-1][0]] + self.gap / 2

    def place(self, fact: Fact) -> Mark:
        """A fact's mark on the axis, without its row."""
        radius = self.sizes.glyph * _radius(fact)
        start, end = middle(fact.start), middle(fact.end)
        if self.scale == "order":
            at = self.of_step[fact.step]
            last = None if end is None or fact.step is None else max(self._between(end), at)
            low, high = at, at if last is None else last
            return Mark(
                fact, "", at, last, low, high, ((0, 1), (1, 1)) if last else (), sure=None if last is None else (at, last), radius=radius
            )
        if start is None and end is None:
            at = self.of_rank[_rank(fact)]
            return Mark(fact, "", at, None, at, at, (), radius=radius)
        begin = fact.start or Bounds()
        if start is None:
            begin = Bounds(latest=fact.end.latest if fact.end and fact.end.latest is not None else end)
            start = middle(begin)
        assert start is not None
        low = self.left if begin.earliest is None else self.day(begin.earliest)
        high = self.right if begin.latest is None else max(low, self.day(begin.latest))
        mark = Mark(fact, "", self.day(start), None, low, high, (), begin.earliest is None, begin.latest is None, radius=radius)
        if fact.end is None or end is None:
            return mark
        last = self.right if fact.end.latest is None else self.day(fact.end.latest)
        soonest = high if fact.end.earliest is None else self.day(fact.end.earliest)
        until = max(self.day(end), mark.at)
        shades = _shades(low, high, min(soonest, last), last)
        sure = (high, soonest) if begin.latest is not None and fact.end.earliest is not None and high <= soonest else None
        return replace(mark, until=until, high=max(last, high), shades=shades, open_end=fact.end.latest is None, sure=sure)

    def stretches(self) -> tuple[tuple[Ticks, ...], ...]:
        """Ticks of every fineness, for each stretch of the axis with a scale of its own."""
        if self.scale == "order":
            numbered = [(step, x) for step, x in self.of_step.items() if step is not None]
            levels = [Ticks(n * self.gap, False, tuple((x, str(step)) for step, x in numbered[::n])) for n in (1, 2, 5, 10, 50, 100, 500)]
            return (_finest_shown(levels, self.sizes.tick / 2),)
        if self.zero is None:
            return ()
        found = []
        for begin, stop, sign in ((0.0, self.first, -1), (0.0, self.last, 1)):
            length = abs(stop - begin)
            if not length:
                continue
            unit = abs(self.day(stop) - self.day(begin)) / length
            levels = [
                Ticks(days * unit, False, tuple((self.day(sign * days * n), _tick(sign * n * count, name)) for n in range(1, number + 1)))
                for days, count, name in _LEVELS
                if 1 <= (number := int(length / days)) <= TICKS
            ]
            found.append(_finest_shown(levels, self.sizes.tick))
        return tuple(found)


def _finest_shown(levels: Sequence[Ticks], least: float) -> tuple[Ticks, ...]:
    fitting = (level for level in levels if level.gap >= (least if len(level.at) > 1 else ALONE * least))
    shown = next(fitting, None)
    return tuple(replace(level, shown=level is shown) for level in levels)


def _tick(number: int, unit: str) -> str:
    return f"{number} {unit}".replace("-", "−")


def _points(facts: Iterable[Fact]) -> list[tuple[int, float]]:
    """The steps whose day is known, each with the middle of its bounds, rising in both."""
    points: list[tuple[int, float]] = []
    for fact in facts:
        day = middle(fact.start)
        if fact.step is not None and day is not None and (not points or (fact.step > points[-1][0] and day > points[-1][1])):
            points.append((fact.step, day))
    return points


def _rank(fact: Fact) -> tuple[bool, int]:
    return fact.step is None, fact.step or 0


def _radius(fact: Fact) -> float:
    """A lesion's size shows as the area of its mark, from 5 mm to 10 cm; other marks are of one size."""
    if not isinstance(fact, Lesion) or not fact.size_mm:
        return 0.75
    return float(min(1.6, max(0.55, (max(fact.size_mm) / 30) ** 0.5)))


def _shades(a: float, b: float, c: float, d: float) -> tuple[tuple[float, float], ...]:
    """How likely something lasts at each place between a and d, when it began between a and b and ended between c and d."""
    last = max(b, d)
    if last <= a:
        return ((0, 1), (1, 1))

    def begun(x: float) -> float:
        return 1.0 if b <= a or x >= b else (x - a) / (b - a)

    def over(x: float) -> float:
        return 0.0 if x <= c and x < d else 1.0 if x >= d > c else 0.0 if d <= c else (x - c) / (d - c)

    places = sorted({a, b, c, d, last, (a + b) / 2, (c + d) / 2, (b + c) / 2})
    return tuple(((x - a) / (last - a), round(begun(x) * (1 - over(x)), 3)) for x in places if a <= x <= last)


def _strips(case: Case, facts: Sequence[Fact], axis: Axis, measure: Measure, sizes: Sizes) -> Iterable[Strip]:
    top = 0.0
    labelled = len(facts) <= MANY
    same = {(r.source, r.target) for r in case.relations if r.type == "same-lesion"}
    by_lane = sorted(facts, key=lane_of)
    for lane, of_lane in groupby(by_lane, key=lane_of):
        named: dict[str, list[Mark]] = {}
        for fact in sorted(of_lane, key=lambda f: TYPES.index(f.type) if f.type in TYPES else 0):
            mark = axis.place(fact)
            label = _cut(label_of(fact) if lane.key != "drug" else dose_of(fact)) if labelled else ""
            named.setdefault(row_name(fact), []).append(replace(mark, label=label, width=measure(label) if label else 0))
        bands, down = [], top + sizes.heading
        for name, marks in named.items():
            packed, rows = _packed(marks, axis, sizes)
            of_fact = {mark.fact.id: mark for mark in packed}
            links = tuple((of_fact[a], of_fact[b]) for b, a in sorted(same) if a in of_fact and b in of_fact)
            bands.append(Band(name, down, rows, tuple(packed), links))
            down += rows * sizes.row
        down += sizes.gap
        yield Strip(lane, top, down - top, tuple(bands))
        top = down


LABEL = 44


def _cut(label: str) -> str:
    return label if len(label) <= LABEL else label[: LABEL - 1].rstrip(" ,") + "…"


def _packed(marks: Sequence[Mark], axis: Axis, sizes: Sizes) -> tuple[list[Mark], int]:
    """Each mark with the first row where it and its label are free of others; zooming in only moves marks apart."""
    ends: list[list[tuple[float, float]]] = []
    placed = []
    for mark in marks:
        size = max(sizes.glyph, mark.radius)
        first, last = mark.at - size, (mark.at if mark.until is None else max(mark.until, mark.at)) + size
        room = mark.width + sizes.gap
        left = bool(mark.width) and last + room > sizes.width
        span = (first - room, last) if left else (first, last + (room if mark.width else 0))
        row = next((i for i, taken in enumerate(ends) if all(span[1] + 2 <= a or span[0] - 2 >= b for a, b in taken)), len(ends))
        if row == len(ends):
            ends.append([])
        ends[row].append(span)
        placed.append(replace(mark, row=row, left=left))
    return placed, max(1, len(ends))
