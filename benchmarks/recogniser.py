"""The rules alone, the trained recogniser alone, and both: their mentions on MACCROBAT's dev part, into the model's card.

    python benchmarks/recogniser.py SHARED        # the folder that holds corpora/

Mentions count as right with words in common and the same type, the types being those of extractor/evaluation/formats/maccrobat.tsv.
Also written: how often a span of the recogniser is right at each probability, and how fast it reads.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.annotate import load_pipeline
from extractor.entities.matcher import Hit
from extractor.evaluation.formats.brat import read_brat
from extractor.evaluation.judged import JudgedCase, JudgedMention, judged
from extractor.evaluation.mentions import match_mentions, mention_strict, mention_type
from extractor.evaluation.ratchet import spliced
from extractor.evaluation.rows import Row
from extractor.pipeline import extract

ROOT = Path(__file__).parents[1]
CARD = ROOT / "models" / "README.md"
JUDGED_AS = {
    "Medication": "drug",
    "Diagnostic_procedure": "procedure",
    "Therapeutic_procedure": "procedure",
    "Disease_disorder": "condition",
    "Sign_symptom": "condition",
    "Biological_structure": "site",
}
LEAST = 0.5
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Compare rules and the trained recogniser on MACCROBAT's dev part.")
    arguments.add_argument("shared", type=Path)
    asked = arguments.parse_args()
    files = sorted((asked.shared / "corpora" / "maccrobat2020" / "dev").glob("*.ann"))
    sums: dict[tuple[str, str, str], Row] = {}
    bins: dict[float, list[int]] = {low: [0, 0] for low in BINS[:-1]}
    rules, both = load_pipeline(model=False), load_pipeline()
    seconds, characters = 0.0, 0
    for path in files:
        gold = read_brat(path)
        spans, spent = recognised(gold.text, both)
        seconds, characters = seconds + spent, characters + len(gold.text)
        alone = [s for s in spans if s.attributes["probability"] >= LEAST]
        sides = {
            "rules": judged(extract(path.with_suffix(".txt"), rules)),
            "recogniser": predicted(gold, alone),
            "both": judged(extract(path.with_suffix(".txt"), both)),
        }
        for name, side in sides.items():
            for row in (*mention_type(gold, side), *mention_strict(gold, side)):
                key = (name, row.metric, row.key)
                sums[key] = sums[key] + row if key in sums else row
        right = {p.spans for _, p in match_mentions(gold, predicted(gold, spans))}
        for span in spans:
            low = max(b for b in BINS[:-1] if span.attributes["probability"] >= b)
            bins[low][0] += ((span.start, span.end),) in right
            bins[low][1] += 1
    figures = {
        "overlap": {
            f"{name} {key}": round(row.f1 or 0, 4) for (name, metric, key), row in sorted(sums.items()) if metric == "mention_type"
        },
        "strict": {
            f"{name} {key}": round(row.f1 or 0, 4) for (name, metric, key), row in sorted(sums.items()) if metric == "mention_strict"
        },
        "reliability": {f"{low:g}": counts for low, counts in bins.items()},
    }
    (ROOT / "benchmarks" / "recogniser.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    card = CARD.read_text(encoding="utf-8")
    for place, table in (("policy", _policy(figures)), ("labels", _labels(both)), ("reliability", _reliability(figures["reliability"]))):
        card = spliced(card, "\n".join(table), place)
    CARD.write_text(card, encoding="utf-8")
    sys.stdout.write(f"{characters / seconds / 1000:.0f} kB of case text a second\n")
    return 0


def recognised(text: str, nlp: Any) -> tuple[list[Hit], float]:
    """The recogniser's spans of the judged labels in a case text, at any probability, and the seconds it took."""
    doc = nlp.get_pipe("entities")(nlp.make_doc(text))
    began = time.perf_counter()
    spans = [s for s in nlp.get_pipe("recogniser").spans(doc) if s.label in JUDGED_AS]
    return spans, time.perf_counter() - began


def predicted(gold: JudgedCase, spans: list[Hit]) -> JudgedCase:
    mentions = tuple(JudgedMention(f"P{n}", JUDGED_AS[s.label], ((s.start, s.end),)) for n, s in enumerate(spans))
    return JudgedCase(gold.id, gold.text, mentions=mentions, levels=frozenset({"mention"}), scheme={})


def _policy(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "| F1, words in common (the same words) | rules | recogniser | both |"
    yield "|---|---:|---:|---:|"
    for key in ("drug", "procedure", "condition", "site", "all"):
        cells = (
            f"{100 * figures['overlap'][f'{n} {key}']:.1f} ({100 * figures['strict'][f'{n} {key}']:.1f})"
            for n in ("rules", "recogniser", "both")
        )
        yield f"| {key} | {' | '.join(cells)} |"


def _labels(nlp: Any) -> Iterator[str]:
    scores = nlp.get_pipe("recogniser").scores
    yield "| label | spans | precision | recall | F1 | F1, words in common |"
    yield "|---|---:|---:|---:|---:|---:|"
    for label, row in scores["strict"].items():
        cells = (f"{100 * (v or 0):.1f}" for v in (row["p"], row["r"], row["f"], scores["overlap"][label]["f"]))
        yield f"| {label} | {row['gold']} | {' | '.join(cells)} |"


def _reliability(bins: Mapping[str, list[int]]) -> Iterator[str]:
    yield "| probability from | spans | of them right, % |"
    yield "|---|---:|---:|"
    for low, (right, found) in bins.items():
        yield f"| {low} | {found} | {100 * right / found:.0f} |" if found else f"| {low} | 0 | - |"


if __name__ == "__main__":
    sys.exit(main())
