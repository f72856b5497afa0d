"""How often the steps of our facts agree with what MACCROBAT's annotators say came before what: a check no gold of ours is part of.

    python benchmarks/order.py CORPUS [--leave-out FOLDER]... [--errors]

CORPUS is a folder of brat stand-off (maccrobat2020/train). Of its relations BEFORE and AFTER, followed through spans that are no fact,
each between the first words of two facts is judged by their steps, a tie counting a half. Beside it the same over the pairs that the
text tells the other way round, and what the order of the text alone would get. The files in the folders of `--leave-out` name reports
that are not read. The figures go to benchmarks/order.json.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.annotate import load_pipeline
from extractor.evaluation.formats.brat import read_brat
from extractor.pipeline import extract
from extractor.schema import Fact

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Pair:
    """Two facts of a report of which the gold says that the first came before the second."""

    report: str
    before: Fact
    after: Fact

    @property
    def right(self) -> float:
        one, other = self.before.step, self.after.step
        return 0.5 if one is None or other is None or one == other else float(one < other)

    @property
    def inverted(self) -> bool:
        return self.before.evidence[0].start > self.after.evidence[0].start

    def __str__(self) -> str:
        told = [f"{f.name} (step {f.step}, at {f.evidence[0].start})" for f in (self.before, self.after)]
        return f"{self.report}: {told[0]} came before {told[1]}"


def pairs(ann: Path, nlp: Any) -> Iterator[Pair]:
    """The pairs of one report."""
    gold = read_brat(ann)
    facts = extract(ann.with_suffix(".txt"), nlp).facts
    spans = {m.id: m.spans for m in gold.mentions}

    def fact(mention: str) -> Fact | None:
        # The first words only: a treatment named again is named at a later time than it began.
        firsts = [(min((e for e in f.evidence if e.role == "head"), key=lambda e: e.start), f) for f in facts]
        return next((f for a, b in spans[mention] for e, f in firsts if e.start < b and a < e.end), None)

    for relation in gold.relations:
        one, other = fact(relation.source), fact(relation.target)
        if relation.type == "before" and one is not None and other is not None and one.id != other.id and one.patient == other.patient:
            yield Pair(ann.stem, one, other)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Judge the order of facts by the relations of a brat corpus.")
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("--leave-out", type=Path, action="append", default=[], metavar="FOLDER")
    arguments.add_argument("--errors", action="store_true", help="list every pair in the wrong order")
    asked = arguments.parse_args()
    left_out = {path.stem for folder in asked.leave_out for path in folder.iterdir()}
    nlp = load_pipeline()
    reports = [path for path in sorted(asked.corpus.glob("*.ann")) if path.stem not in left_out]
    found = [pair for path in reports for pair in pairs(path, nlp)]
    if asked.errors:
        for pair in found:
            if pair.right < 1:
                print("tie  " if pair.right else "wrong", "inverted" if pair.inverted else "forward ", pair)
    inverted = [pair for pair in found if pair.inverted]
    figures = {
        "reports": len(reports),
        "pairs": len(found),
        "right": share(found),
        "inverted_pairs": len(inverted),
        "inverted_right": share(inverted),
        "text_order_right": round(100 * (1 - len(inverted) / max(1, len(found))), 1),
    }
    said = json.dumps(figures, indent=1) + "\n"
    (ROOT / "benchmarks" / "order.json").write_text(said, encoding="utf-8")
    print(said, end="")
    return 0


def share(some: list[Pair]) -> float:
    return round(100 * sum(pair.right for pair in some) / max(1, len(some)), 1)


if __name__ == "__main__":
    sys.exit(main())
