"""Where the names come from: genes by HGNC's approved symbols, sites by UBERON's classes, every list with its source in its head."""

import csv
import re
from pathlib import Path

import pytest

from extractor.entities.lexicon import HERE, entity_folders, load_entity

LISTS = sorted(p for folder in entity_folders() for p in folder.glob("terms*.tsv") if p.parent.name not in ("patient", "time"))
FAMILIES = {"BRCA", "CDKN2A/B", "NTRK", "RAS", "TAZ", "TCR", "TCR beta", "TCR gamma"}
"""Names that stand for several genes, or that reports use of two."""


@pytest.mark.parametrize("path", LISTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_term_list_says_where_it_comes_from(path: Path) -> None:
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert re.search(r"[Cc]ompiled from", " ".join(head)), f"{path}: its head does not say where it comes from"


def test_genes_have_hgnc_symbols(shared: Path) -> None:
    with (shared / "vocab" / "hgnc" / "hgnc_symbol_map.tsv").open(encoding="utf-8") as file:
        approved = {row["Approved.Symbol"] for row in csv.DictReader(file, delimiter="\t")}
    genes = {t.concept for t in load_entity(HERE / "biomarker").terms if t.attributes.get("kind") == "gene"}
    assert genes - approved - FAMILIES == set()


def test_codes_of_sites_are_those_of_uberon(shared: Path) -> None:
    with (shared / "vocab" / "uberon" / "uberon_efo_slim_labels.tsv").open(encoding="utf-8") as file:
        known = {row["id"] for row in csv.DictReader(file, delimiter="\t")}
    codes = {t.code for t in load_entity(HERE / "site").terms if t.code}
    assert codes and codes <= known
