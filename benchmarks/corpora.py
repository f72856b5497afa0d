"""The spans of the shared corpora under the corpora's own labels, and what modifies what, for the measures beside this file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from extractor.evaluation import gold_files, read_case

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Span:
    """Words `[start, end)` of a text under a corpus's label."""

    label: str
    start: int
    end: int


@dataclass
class Text:
    """A text of a corpus: its spans by id, and pairs of ids (what is said, of what)."""

    id: str
    text: str
    spans: dict[str, Span] = field(default_factory=dict)
    said_of: list[tuple[str, str]] = field(default_factory=list)


def blind() -> frozenset[str]:
    """The ids of the third gold set: no list or rule is made from their texts, so that they measure unseen reports."""
    return frozenset(path.stem for path in (ROOT / "annotations" / "gold" / "third").glob("*.yaml"))


def maccrobat(folder: Path, without: frozenset[str] = frozenset()) -> Iterator[Text]:
    """The reports of a part of MACCROBAT2020; a span in pieces is taken from its first to its last character."""
    for path in sorted(p for p in folder.glob("*.ann") if p.stem not in without):
        text = Text(path.stem, path.with_suffix(".txt").read_text(encoding="utf-8"))
        trigger: dict[str, str] = {}
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for cells in lines:
            if cells[0].startswith("T"):
                label, *offsets = cells[1].replace(";", " ").split()
                text.spans[cells[0]] = Span(label, int(offsets[0]), int(offsets[-1]))
            elif cells[0].startswith("E"):
                trigger[cells[0]] = cells[1].split()[0].rpartition(":")[2]
        for cells in lines:
            if cells[0].startswith("R") and cells[1].split()[0] == "MODIFY":
                said, of = (trigger.get(end, end) for end in (word.rpartition(":")[2] for word in cells[1].split()[1:3]))
                if said in text.spans and of in text.spans:
                    text.said_of.append((said, of))
        yield text


def phee(path: Path) -> Iterator[Text]:
    """The sentences of PHEE; dose, route, frequency and duration are said of the drugs of the same treatment."""
    for line in path.read_text(encoding="utf-8").splitlines():
        sentence = json.loads(line)
        text = Text(sentence["id"], sentence["context"])
        for event in (event for annotation in sentence["annotations"] for event in annotation["events"]):
            treatment = event.get("Treatment", {})
            drugs = _add(text, "Drug", treatment.get("Drug"))
            _add(text, "Disorder", treatment.get("Disorder"))
            _add(text, "Effect", event.get("Effect"))
            for label in ("Dosage", "Route", "Freq", "Duration"):
                text.said_of += [(said, drug) for said in _add(text, label, treatment.get(label)) for drug in drugs]
        text.said_of = sorted(set(text.said_of))
        yield text


def _add(text: Text, label: str, part: dict[str, list[list[object]]] | None) -> list[str]:
    names = []
    for words, starts in zip(part["text"], part["start"], strict=True) if part else ():
        at = sorted((int(str(start)), str(piece)) for piece, start in zip(words, starts, strict=True) if piece)
        if at:
            name = f"{label} {at[0][0]} {at[-1][0] + len(at[-1][1])}"
            text.spans[name] = Span(label, at[0][0], at[-1][0] + len(at[-1][1]))
            names.append(name)
    return names


def bc5cdr(path: Path) -> Iterator[Text]:
    """The abstracts of a part of the BioCreative V CDR corpus."""
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.splitlines()
        text = Text(lines[0].split("|")[0], " ".join(line.split("|", 2)[2] for line in lines[:2]))
        for number, cells in enumerate(line.split("\t") for line in lines[2:]):
            if len(cells) >= 5 and cells[1].isdigit():
                text.spans[f"T{number}"] = Span(cells[4], int(cells[1]), int(cells[2]))
        yield text


def gold(folder: Path) -> Iterator[Text]:
    """Our own gold: each head of each fact, under the fact's type."""
    for path in gold_files([folder]):
        case = read_case(path)
        text = Text(case.id, case.text)
        for fact in case.facts:
            for number, (start, end) in enumerate(fact.heads):
                text.spans[f"{fact.id} {number}"] = Span(fact.type, start, end)
        yield text
