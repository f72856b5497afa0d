"""Run the program over the development gold, show the figures, and write benchmarks/accuracy.json and the README's table.

    python benchmarks/accuracy.py GOLD [--unseen CORPORA] [--html PAGE] [--lower REASON]

Figures that fall are refused unless REASON stands in CHANGELOG.md. With --unseen the third gold set, from which no rule was written, is
judged too, into benchmarks/unseen.json and its own table; its texts are taken out of the corpora.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from extractor.annotate import load_pipeline
from extractor.errors import ExtractorError
from extractor.evaluation import evaluate_run, tables
from extractor.evaluation.page import page
from extractor.evaluation.ratchet import Accuracy, accuracy, update, write
from extractor.pipeline import extract

ROOT = Path(__file__).parents[1]


def main() -> int:
    arguments = argparse.ArgumentParser(description="Judge the program on the development gold and write its accuracy.")
    arguments.add_argument("gold", type=Path, help="folder of gold timelines with their texts")
    arguments.add_argument("--html", type=Path, help="write the page of all figures and errors there as well")
    arguments.add_argument("--lower", default="", metavar="REASON", help="accept lower figures for this reason, which CHANGELOG.md gives")
    arguments.add_argument("--unseen", type=Path, metavar="CORPORA", help="judge annotations/gold/third too, with its texts from there")
    asked = arguments.parse_args()
    nlp = load_pipeline()
    try:
        result = evaluate_run([asked.gold], lambda source: extract(source, nlp))
        Console(width=160).print(tables(result, intervals=True))
        if asked.html is not None:
            asked.html.write_text(page(result), encoding="utf-8")
        if asked.unseen is not None:
            write(unseen(asked.unseen, nlp), ROOT / "benchmarks" / "unseen.json", ROOT / "README.md", "unseen")
        fell = update(result, ROOT / "benchmarks" / "accuracy.json", ROOT / "README.md", ROOT / "CHANGELOG.md", lower=asked.lower)
    except ExtractorError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stderr.writelines(f"accepted: {said}\n" for said in fell)
    return 0


def unseen(corpora: Path, nlp: Any) -> Accuracy:
    """The accuracy on the third gold set: its texts lie in the corpora, as plain files or as the field `text` of a record."""
    gold = ROOT / "annotations" / "gold" / "third"
    with tempfile.TemporaryDirectory() as folder:
        for path in gold.glob("*.yaml"):
            plain, record = corpora / f"maccrobat2020/train/{path.stem}.txt", corpora / f"oncology_ccby/docs/{path.stem}.json"
            content = plain.read_bytes() if plain.exists() else json.loads(record.read_bytes())["text"].encode()
            (Path(folder) / f"{path.stem}.txt").write_bytes(content)
        result = evaluate_run([gold], lambda source: extract(source, nlp), texts=Path(folder))
    return accuracy(result, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), of="the third gold set")


if __name__ == "__main__":
    sys.exit(main())
