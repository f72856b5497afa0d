"""The timeline as a figure for a paper or a slide (SVG, PDF or PNG), by matplotlib; the same document gives the same bytes."""

import io
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextToPath

from extractor.errors import InputError
from extractor.report.lanes import colour
from extractor.report.page import said, title_of
from extractor.report.picture import Band, Mark, Picture, Scale, Sizes, picture
from extractor.schema import Case, Patient

WIDTH = 510.2
"""Points: 180 mm, the width of two columns of most journals."""
NAMES = 96.0
SIZE = 6.0
"""Points of the labels, the least that journals ask for."""
AXIS, TOP, TITLE = 16.0, 6.0, 12.0
MOST = 1000
"""Facts of a figure: more are no figure but a page to scroll."""
CAPTION = (
    "Marks: middle of the bounds. Bands: earliest to latest day; of what lasted, the darker the likelier, thick where certain.",
    "Hollow: suspected, planned, declined.",
)
SQUEEZED = "Days before day 0 have a scale of their own."
FORMATS: dict[str, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None, "Creator": "extractor", "Producer": None}},
    "png": {"metadata": {"Software": None}, "dpi": 300},
}
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "svg.hashsalt": "extractor",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "text.parse_math": False,
}
"""The font that comes with matplotlib, so that a figure looks the same everywhere."""
SHADES = 64
UNDER = {"fc": "white", "alpha": 0.55, "ec": "none", "pad": 0.3}
"""What lets a label be read over a band."""
MARKERS = {"diagnosis": "D", "outcome": "*", "drug": ">", "procedure": "s", "lesion": "o", "biomarker": "^", "finding": "v"}
_FONT = FontProperties(family="DejaVu Sans")
_PATHS = TextToPath()
_INK, _DIM, _LINE, _RAISED = "#1b1f24", "#5a6470", "#dfe3e8", "#f6f7f9"


def plot(case: Case, form: str, scale: Scale = "time") -> bytes:
    """The figure of a case as the bytes of an SVG, PDF or PNG file (`form`), 180 mm wide and as high as its facts need.

    InputError where there are too many facts for a figure.
    """
    if len(case.facts) > MOST:
        raise InputError(
            f"{case.source.id}: a figure shows at most {MOST} facts, and here are {len(case.facts)}: make a page with extractor report"
        )
    out = io.BytesIO()
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # A box stands for it: no font has every sign.
        figure(case, scale).savefig(out, format=form, **FORMATS[form])
    return out.getvalue()


def figure(case: Case, scale: Scale = "time") -> Figure:
    """The figure itself: one block of lanes for each patient, one below the other."""
    sizes = Sizes(width=WIDTH - NAMES, row=9.4, glyph=2.6, gap=4, edge=14, heading=10.5, tick=36)
    blocks = [(patient, picture(case, patient.id, scale, _measure, sizes)) for patient in case.patients]
    heights = [TITLE + AXIS + shown.height + TOP for _, shown in blocks] or [TITLE]
    caption = [CAPTION[0], f"{CAPTION[1]} {SQUEEZED}" if any(shown.squeezed for _, shown in blocks) else CAPTION[1]]
    high = sum(heights) + TITLE * len(caption)
    made = Figure(figsize=(WIDTH / 72, high / 72), dpi=72)
    FigureCanvasAgg(made)
    axes = made.add_axes((0, 0, 1, 1))
    axes.set_xlim(-NAMES, WIDTH - NAMES)
    axes.set_ylim(high, 0)
    axes.set_axis_off()
    down = 0.0
    for (patient, shown), height in zip(blocks, heights, strict=False):
        _block(axes, case, patient, shown, down)
        down += height
    for number, line in enumerate(reversed(caption)):
        _text(axes, 6 - NAMES, high - TITLE * (number + 0.5), _fit(line, WIDTH - 12), color=_DIM)
    if not blocks:
        _text(axes, 4 - NAMES, TITLE, f"{title_of(case)}: no patient was found")
    return made


def _measure(words: str) -> float:
    with mpl.rc_context(STYLE):
        width, _, _ = _PATHS.get_text_width_height_descent(words, _FONT, ismath=False)
    return float(width) * SIZE / _FONT.get_size_in_points() + 1


def _fit(words: str, room: float, measure: Callable[[str], float] = _measure) -> str:
    cut = words
    while measure(cut) > room and len(cut) > 1:
        cut = cut.removesuffix("…")[:-1].rstrip() + "…"
    return cut


def _text(axes: Any, x: float, y: float, words: str, **style: Any) -> None:
    axes.text(x, y, words, **{"fontsize": SIZE, "color": _INK, "va": "center_baseline", "ha": "left", **style})


def _block(axes: Any, case: Case, patient: Patient, shown: Picture, down: float) -> None:
    day0 = f"; day 0: {patient.index.label}" if patient.index else ""
    who = f"{patient.id}: " if len(case.patients) > 1 else ""
    _text(axes, 6 - NAMES, down + TITLE - 4, _fit(f"{who}{said(patient)}{day0}", WIDTH - 12), color=_DIM)
    top = down + TITLE + AXIS
    for number, strip in enumerate(shown.strips):
        if number % 2 == 0:
            axes.add_patch(Rectangle((-NAMES, top + strip.top), WIDTH, strip.height, fc=_RAISED, ec="none", zorder=0))
        _text(axes, 6 - NAMES, top + strip.top + 6, _fit(strip.lane.title, NAMES - 16), fontweight="bold")
    _axis(axes, shown, top)
    for strip in shown.strips:
        for band in strip.bands:
            _text(axes, -5, top + band.top + shown.sizes.row / 2, _fit(band.name, NAMES - 14), ha="right", color=_DIM)
            _band(axes, band, shown, top)


def _axis(axes: Any, shown: Picture, top: float) -> None:
    bottom = top + shown.height
    _text(axes, -5, top - 7, "time since day 0" if shown.scale == "time" else "steps in order", ha="right", color=_DIM)
    taken: list[tuple[float, float]] = []

    def label(x: float, words: str, **style: Any) -> None:
        half = _measure(words) / 2 + 2
        if all(x + half <= a or x - half >= b for a, b in taken):
            taken.append((x - half, x + half))
            _text(axes, x, top - 7, words, ha="center", **style)

    if shown.zero is not None:
        axes.plot([shown.zero] * 2, [top - 3, bottom], color=_DIM, lw=0.7, zorder=1.5)
        label(shown.zero, "day 0", fontweight="bold")
    if shown.apart is not None:
        axes.plot([shown.apart] * 2, [top - 3, bottom], color=_DIM, lw=0.5, ls=(0, (1, 2)), zorder=1.5)
        words = "no day known" if shown.scale == "time" else "no step"
        label(min(shown.apart + _measure(words) / 2, WIDTH - NAMES - _measure(words) / 2), words, color=_DIM)
    for stretch in shown.stretches:
        for x, words in (tick for ticks in stretch if ticks.shown for tick in ticks.at):
            axes.plot([x, x], [top - 3, bottom], color=_LINE, lw=0.5, zorder=1)
            label(x, words, color=_DIM)
    axes.plot([-NAMES, WIDTH - NAMES], [top, top], color=_LINE, lw=0.6, zorder=1)


def _band(axes: Any, band: Band, shown: Picture, top: float) -> None:
    row = shown.sizes.row
    for earlier, later in band.links:
        ends = [top + band.top + (mark.row + 0.5) * row for mark in (earlier, later)]
        axes.plot([earlier.at, later.at], ends, color=colour("lesion"), lw=0.5, alpha=0.5, zorder=2)
    for mark in band.marks:
        _mark(axes, mark, shown.sizes, top + band.top + (mark.row + 0.5) * row)


def _mark(axes: Any, mark: Mark, sizes: Sizes, y: float) -> None:
    ink = colour(mark.fact.type)
    hollow = mark.fact.certainty == "suspected" or getattr(mark.fact, "status", None) in ("planned", "declined")
    _shade(axes, mark, y, ink)
    right = mark.at
    if mark.until is not None:
        right = mark.until
        axes.plot([mark.at, right], [y, y], color=ink, lw=0.7, solid_capstyle="butt", zorder=4)
        if mark.sure is not None:
            low, wide = mark.sure[0], mark.sure[1] - mark.sure[0]
            axes.add_patch(Rectangle((low, y - 1.2), wide, 2.4, fc="white" if hollow else ink, ec=ink, lw=0.5, zorder=4))
        for x in (mark.at, right):
            axes.plot([x, x], [y - 2.2, y + 2.2], color=ink, lw=0.8, zorder=4)
    else:
        size = 2 * max(mark.radius, 2.0) * (1.9 if mark.fact.type == "outcome" else 1)
        axes.plot([mark.at], [y], MARKERS.get(mark.fact.type, "p"), ms=size, mfc="white" if hollow else ink, mec=ink if hollow else "white",
                  mew=0.8 if hollow else 0.4, zorder=5)  # fmt: skip
    for opened, x, marker in ((mark.open_start, mark.low, "<"), (mark.open_end, mark.high, ">")):
        if opened:
            axes.plot([x], [y], marker, ms=2.5, color=ink, zorder=4)
    if mark.label:
        off = max(mark.radius, sizes.glyph) + 2
        x, side = (mark.at - off, "right") if mark.left else (right + off, "left")
        _text(axes, x, y, mark.label, ha=side, zorder=6, bbox=UNDER)


def _shade(axes: Any, mark: Mark, y: float, ink: str) -> None:
    """The band of the bounds, as a strip of one row of pixels: matplotlib has no gradients."""
    if mark.high - mark.low < 1:
        return
    height = 6.0 if mark.shades else 2.4
    darkness = np.array([_darkness(mark, (i + 0.5) / SHADES) for i in range(SHADES)])
    strip = np.zeros((1, SHADES, 4))
    strip[0, :, :3], strip[0, :, 3] = mpl.colors.to_rgb(ink), darkness
    place = (mark.low, mark.high, y + height / 2, y - height / 2)
    axes.imshow(strip, extent=place, aspect="auto", interpolation="none", zorder=2.5)


def _darkness(mark: Mark, at: float) -> float:
    if not mark.shades:
        peak = (mark.at - mark.low) / (mark.high - mark.low)
        share = at / peak if at < peak else (1 - at) / (1 - peak) if peak < 1 else 1.0
        return 0.08 + 0.42 * share
    before = max((s for s in mark.shades if s[0] <= at), default=mark.shades[0])
    after = min((s for s in mark.shades if s[0] > at), default=mark.shades[-1])
    share = 0.0 if after[0] <= before[0] else (at - before[0]) / (after[0] - before[0])
    return 0.08 + 0.47 * (before[1] + share * (after[1] - before[1]))
