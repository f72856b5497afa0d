"""How well a PDF was read, given what it prints: words in order, headings, heads and feet."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pdf.generate import CITED, Item
from rapidfuzz.distance import LCSseq

from extractor.schema import Source

RUNNING = frozenset({"abstract", "introduction", "case", "history", "examination", "investigation", "treatment", "follow-up",
                     "discussion", "conclusion", "other", "back"})  # fmt: skip
_PRINTED_CITATION = re.compile(r"\s*[\[(]\d[\d,;\s\u2013-]*[\])]")


@dataclass(frozen=True)
class Measured:
    """Shares of words in order found (recall) and right (precision), in any order right, and headings, expected and found."""

    recall: float
    precision: float
    any_order: float
    headings: tuple[str, ...]
    missing: tuple[str, ...]
    invented: tuple[str, ...]


def tokens(text: str) -> list[str]:
    return [t.casefold() for t in re.findall(r"\w+", _PRINTED_CITATION.sub("", text).replace("\u00ad", ""))]


def bare(heading: str) -> str:
    """A heading without its number, its case and its white."""
    return re.sub(r"[\W_]", "", re.sub(r"^\d[\d.]*\s*", "", heading)).casefold()


def measure(source: Source, running: str, others: str, headings: Sequence[str]) -> Measured:
    """A source against the running text that was printed, all other words that may stand in it, and the headings."""
    found = tokens("\n".join(source.text[s.start : s.end] for s in source.sections if s.kind in RUNNING and s.title != "Box"))
    wanted = tokens(running)
    common = LCSseq.similarity(wanted, found)
    # Front matter (addresses, dates, licence) is no article text: the publisher's XML has it as data.
    everywhere = Counter(tokens("\n".join(source.text[s.start : s.end] for s in source.sections if s.kind != "front")))
    known = Counter(wanted) + Counter(tokens(others))
    right = sum((everywhere & known).values())
    titles = [s.title for s in source.sections if s.title and s.title != "Box" and s.kind not in ("figure", "table")]
    # A section that a legend interrupts is there twice.
    got, asked = set(map(bare, titles)), set(map(bare, headings))
    return Measured(
        common / max(1, len(wanted)), common / max(1, len(found)), right / max(1, sum(everywhere.values())), tuple(titles),
        tuple(h for h in headings if bare(h) not in got), tuple(t for t in titles if bare(t) not in asked),
    )  # fmt: skip


def expected(items: Sequence[Item]) -> tuple[str, str, list[str]]:
    """What an article prints as running text, what else, and its headings; the list of references is left out of the text."""
    running = [CITED.sub("", i.text) for i in items if i.kind in ("heading", "para") and i.text != "References"]
    rest = [i for i in items if i.kind not in ("heading", "para", "reference")]
    others = [CITED.sub("", i.text) + " " + " ".join(c for row in i.rows for c in row) for i in rest]
    return "\n".join(running), "\n".join(others), [i.text for i in items if i.kind == "heading" and i.text != "References"]
