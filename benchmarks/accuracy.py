"""Run the program over the development gold, show the figures, and write benchmarks/accuracy.json and the README's table.

    python benchmarks/accuracy.py GOLD [--html PAGE] [--lower REASON]

Figures that fall are refused unless REASON stands in CHANGELOG.md.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from extractor.annotate import load_pipeline
from extractor.errors import ExtractorError
from extractor.evaluation import evaluate_run, tables
from extractor.evaluation.page import page
from extractor.evaluation.ratchet import update
from extractor.pipeline import extract

ROOT = Path(__file__).parents[1]


def main() -> int:
    arguments = argparse.ArgumentParser(description="Judge the program on the development gold and write its accuracy.")
    arguments.add_argument("gold", type=Path, help="folder of gold timelines with their texts")
    arguments.add_argument("--html", type=Path, help="write the page of all figures and errors there as well")
    arguments.add_argument("--lower", default="", metavar="REASON", help="accept lower figures for this reason, which CHANGELOG.md gives")
    asked = arguments.parse_args()
    nlp = load_pipeline()
    try:
        result = evaluate_run([asked.gold], lambda source: extract(source, nlp))
        Console(width=160).print(tables(result, intervals=True))
        if asked.html is not None:
            asked.html.write_text(page(result), encoding="utf-8")
        fell = update(result, ROOT / "benchmarks" / "accuracy.json", ROOT / "README.md", ROOT / "CHANGELOG.md", lower=asked.lower)
    except ExtractorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stderr.writelines(f"accepted: {said}\n" for said in fell)
    return 0


if __name__ == "__main__":
    sys.exit(main())
