"""Count how often facts of each kind are right on gold timelines, and write extractor/confidence.tsv.

    python benchmarks/confidence.py GOLD... --texts TEXTS

Use gold that no rule was written from (annotations/gold/third) and the second set: on the development set every kind looks too good.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from extractor.annotate import load_pipeline
from extractor.confidence import COLUMNS, TABLE, kind
from extractor.evaluation import TYPES, gold_files, judged, match, read_case
from extractor.pipeline import extract


def main() -> int:
    arguments = argparse.ArgumentParser(description="Count the shares that the confidence of facts is made of.")
    arguments.add_argument("gold", type=Path, nargs="+", help="gold timelines, or folders of them")
    arguments.add_argument("--texts", type=Path, help="folder of their texts, when not beside them")
    asked = arguments.parse_args()
    nlp = load_pipeline()
    found: Counter[tuple[str, str, str]] = Counter()
    right: Counter[tuple[str, str, str]] = Counter()
    for path in gold_files(asked.gold):
        gold = read_case(path, asked.texts)
        case = extract(gold.text_file, nlp)
        matched = {predicted.id for _, predicted in match(gold, judged(case))}
        sources = {m.id: m.found_by for m in case.mentions}
        for fact in case.facts:
            if fact.type in TYPES:
                heads = [e for e in fact.evidence if e.role == "head"]
                of = kind(fact.type, sources[heads[0].mention], len(heads))
                found[of] += 1
                right[of] += fact.id in matched
    rows = ["\t".join((*of, str(right[of]), str(found[of]))) for of in sorted(found)]
    TABLE.write_text("\n".join(["\t".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    for low in range(0, 100, 10):
        inside = [of for of in found if low <= 100 * right[of] / found[of] < low + 10 + (low == 90)]
        print(f"{low}-{low + 10} %: {sum(found[of] for of in inside)} facts of {len(inside)} kinds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
