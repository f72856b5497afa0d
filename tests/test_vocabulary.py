"""Where the names come from: genes by HGNC's approved symbols, sites by UBERON's classes, every list with its source in its head."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from extractor.entities.lexicon import HERE, entity_folders, load_entity
from extractor.pipeline import extract
from extractor.readers.text import source_of

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


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Sequencing showed a KRAS G12C mutation and HER2 amplification.", {"KRAS": "KRAS", "HER2": "ERBB2"}),
        ("The tumor cells were positive for HER2 and CD20.", {"HER2": None, "CD20": None}),
    ],
)
def test_a_gene_has_its_approved_symbol_as_concept_and_a_protein_none(text: str, symbols: dict[str, str | None], nlp: Any) -> None:
    told = f"A 50-year-old woman had a lump. {text}"
    facts = extract(source_of(told, name="case.txt", content=told.encode()), nlp).facts
    found = {f.name: f.concept and f.concept.code for f in facts if f.type == "biomarker"}
    assert found == symbols
    assert {f.concept.system for f in facts if f.concept} <= {"hgnc.symbol"}
