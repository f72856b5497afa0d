"""The place that belongs to a noun: "left cerebellar mass", "mass in the right upper lobe", "enlarged nodes of the neck".

    site_of(reading, stretch, head_start, head_end) -> SiteReading        all of it as one place ("C6 and T2")
    sites_of(reading, stretch, head_start, head_end) -> list[SiteReading]  one for each coordinated place ("lung and liver")

`stretch` is a Sentence, or a span (start, end) that holds the head noun; words outside it are not looked at. The site is the plain
noun without its side (`laterality` is left, right, bilateral or midline), None where none is told.
"""

from dataclasses import dataclass

from extractor.entities.reading import Reading, Sentence


@dataclass(frozen=True, slots=True)
class SiteReading:
    """Where something is: the plain anatomical noun, its side, and the words that said so (in text order)."""

    site: str | None = None
    laterality: str | None = None
    spans: tuple[tuple[int, int], ...] = ()


def site_of(reading: Reading, stretch: Sentence | tuple[int, int], head_start: int, head_end: int) -> SiteReading:
    """The place of the noun at `[head_start, head_end)`, coordinated places joined with "and"."""
    return SiteReading()


def sites_of(reading: Reading, stretch: Sentence | tuple[int, int], head_start: int, head_end: int) -> list[SiteReading]:
    """The places of the noun at `[head_start, head_end)`, one for each that is coordinated; empty where none is told."""
    return []
