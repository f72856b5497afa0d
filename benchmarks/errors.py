"""Count the facts that are missed and invented on gold timelines by type and cause, as benchmarks/errors.md shows them.

    python benchmarks/errors.py GOLD [--texts TEXTS]

Causes of a missed fact, the first that fits: no mention (no words of its place were recognised), another type (they are a mention of
another type only), dropped (a mention of its type made no fact), merged (its words stand in a fact of the type that is another one).
Causes of an invented fact: told twice (its words are those of a gold fact that is found already), another type (gold has its words as a
fact of another type), nothing there.
"""

import argparse
from collections import Counter
from pathlib import Path

from extractor.annotate import load_pipeline
from extractor.evaluation import judged, read_case
from extractor.evaluation.judged import TYPES, JudgedCase, JudgedFact
from extractor.evaluation.mistakes import sides
from extractor.pipeline import extract
from extractor.schema import Case

MISSED = ("no mention", "another type", "dropped", "merged")
INVENTED = ("told twice", "another type", "nothing there")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Count missed and invented facts by type and cause.")
    arguments.add_argument("gold", type=Path, help="folder of gold timelines")
    arguments.add_argument("--texts", type=Path, help="where their texts lie, when not beside them")
    asked = arguments.parse_args()
    nlp = load_pipeline()
    counted: Counter[tuple[str, str, str]] = Counter()
    for path in sorted(asked.gold.glob("*.yaml")):
        gold = read_case(path, texts=asked.texts)
        found = extract((asked.texts or asked.gold) / f"{path.stem}.txt", nlp)
        went = sides(gold, judged(found))
        counted.update((fact.type, "missed", why_missed(fact, found)) for fact in went.missed)
        counted.update((fact.type, "invented", why_invented(fact, gold)) for fact in went.invented)
    print(f"| type | {' | '.join(f'missed: {c}' for c in MISSED)} | {' | '.join(f'invented: {c}' for c in INVENTED)} |")
    print("|---|" + "---:|" * (len(MISSED) + len(INVENTED)))
    for kind in TYPES:
        cells = [counted[kind, "missed", c] for c in MISSED] + [counted[kind, "invented", c] for c in INVENTED]
        print(f"| {kind} | {' | '.join(map(str, cells))} |")


def why_missed(fact: JudgedFact, found: Case) -> str:
    """The cause of a missed gold fact (see the head of this file)."""
    told = {f.type for f in found.facts for e in f.evidence if e.role == "head" and _touches(fact, e.start, e.end)}
    if fact.type in told:
        return "merged"
    labels = {m.label for m in found.mentions if _touches(fact, m.start, m.end)}
    if fact.type in labels:
        return "dropped"
    return "another type" if labels & set(TYPES) else "no mention"


def why_invented(fact: JudgedFact, gold: JudgedCase) -> str:
    """The cause of an invented fact (see the head of this file)."""
    types = {g.type for g in gold.facts for start, end in g.heads if _touches(fact, start, end)}
    return "told twice" if fact.type in types else "another type" if types else "nothing there"


def _touches(fact: JudgedFact, start: int, end: int) -> bool:
    return any(s < end and start < e for s, e in fact.heads)


if __name__ == "__main__":
    main()
