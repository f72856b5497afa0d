"""The texts in corpus/ are those of its manifest, unchanged."""

import csv
import hashlib
from pathlib import Path

CORPUS = Path(__file__).parents[1] / "corpus"


def test_every_text_is_in_the_manifest_with_its_licence_and_digest():
    with (CORPUS / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert {r["id"] for r in rows} == {p.stem for p in CORPUS.glob("*.txt")}
    for row in rows:
        assert row["licence"]
        assert hashlib.sha256((CORPUS / f"{row['id']}.txt").read_bytes()).hexdigest() == row["sha256"]
