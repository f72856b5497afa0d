"""How much of what people marked in the public corpora the term lists and patterns find, into benchmarks/vocabulary.json and the README.

    python benchmarks/vocabulary.py SHARED [--misses N]

Terms and patterns alone are judged, without context, abbreviations or facts: a marked span is covered where a mention of one of our types
for its label has the same words (exact) or shares some (overlap). Only the parts of the corpora for training and development are read,
without the texts of annotations/gold/third.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from corpora import ROOT, Text, bc5cdr, blind, gold, maccrobat, phee

from extractor.entities.matcher import Matcher
from extractor.evaluation.ratchet import spliced
from extractor.evaluation.report import percent

CONDITION = ("diagnosis", "lesion", "finding")
OURS = {
    "Medication": ("drug",),
    # Measured values stand among the findings, markers in tissue among the biomarkers.
    "Diagnostic_procedure": ("procedure", "biomarker", "finding"),
    "Therapeutic_procedure": ("procedure", "drug"),
    "Disease_disorder": CONDITION,
    "Sign_symptom": CONDITION,
    "Biological_structure": ("site",),
    "Drug": ("drug",),
    "Effect": CONDITION,
    "Disorder": CONDITION,
    "Chemical": ("drug",),
    "Disease": CONDITION,
    **{label: (label,) for label in ("drug", "biomarker", "lesion", "procedure", "diagnosis", "outcome")},
}
PLACE = "vocabulary"


class Coverage(NamedTuple):
    """How many spans a label has in a corpus, and how many of them we find."""

    spans: int
    exact: int
    overlap: int


def main() -> int:
    arguments = argparse.ArgumentParser(description="Measure the recall of the vocabularies on the public corpora.")
    arguments.add_argument("shared", type=Path, help="the folder with corpora/ and gold/")
    arguments.add_argument("--misses", type=int, default=0, metavar="N", help="also print the N most frequent misses of each label")
    asked = arguments.parse_args()
    matcher = Matcher()
    figures: dict[str, dict[str, Coverage]] = {}
    for name, texts in _corpora(asked.shared):
        figures[name], missed = coverage(texts, matcher)
        if asked.misses and "dev" not in name:
            for label, words in sorted(missed.items()):
                print(f"{name} {label}: " + "; ".join(f"{w} {n}" for w, n in words.most_common(asked.misses)))
    file, readme = ROOT / "benchmarks" / "vocabulary.json", ROOT / "README.md"
    rows = {f"{name} {label}": of._asdict() for name, labels in figures.items() for label, of in labels.items()}
    file.write_text("{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items()) + "\n}\n", encoding="utf-8")
    readme.write_text(spliced(readme.read_text(encoding="utf-8"), "\n".join(table(figures)), PLACE), encoding="utf-8")
    return 0


def _corpora(shared: Path) -> Iterator[tuple[str, Iterable[Text]]]:
    corpora = shared / "corpora"
    yield "MACCROBAT train", maccrobat(corpora / "maccrobat2020" / "train", without=blind())
    yield "MACCROBAT dev", maccrobat(corpora / "maccrobat2020" / "dev")
    yield "PHEE train", phee(corpora / "phee" / "train.json")
    yield "BC5CDR train", bc5cdr(corpora / "bc5cdr" / "CDR_TrainingSet.PubTator.txt")
    yield "gold dev", gold(shared / "gold" / "dev")


def coverage(texts: Iterable[Text], matcher: Matcher) -> tuple[dict[str, Coverage], dict[str, Counter[str]]]:
    """The coverage of each label that has a type of ours, and the words of the spans that nothing of ours touches."""
    counted: dict[str, Counter[str]] = {}
    missed: dict[str, Counter[str]] = {}
    for text in texts:
        hits = matcher(text.text)
        for span in text.spans.values():
            if span.label not in OURS:
                continue
            near = [h for h in hits if h.label in OURS[span.label] and h.start < span.end and h.end > span.start]
            exact = any((h.start, h.end) == (span.start, span.end) for h in near)
            counted.setdefault(span.label, Counter()).update(spans=1, exact=exact, overlap=bool(near))
            if not near:
                missed.setdefault(span.label, Counter())[" ".join(text.text[span.start : span.end].lower().split())] += 1
    return {label: Coverage(c["spans"], c["exact"], c["overlap"]) for label, c in sorted(counted.items())}, missed


def table(figures: dict[str, dict[str, Coverage]]) -> Iterator[str]:
    """The README's table, in Markdown."""
    yield "| marked in | as | spans | the same words, % | words in common, % |"
    yield "|---|---|---:|---:|---:|"
    for name, labels in figures.items():
        for label, of in labels.items():
            yield f"| {name} | {label} | {of.spans} | {percent(of.exact / of.spans)} | {percent(of.overlap / of.spans)} |"


if __name__ == "__main__":
    sys.exit(main())
