"""The knowledge files: each loads, each pattern matches its examples and not its counter-examples, mistakes are named by file and line."""

from pathlib import Path

import pytest

from extractor.entities.lexicon import entity_folders, load_entity, load_terms
from extractor.errors import DataError

ENTITIES = [load_entity(folder) for folder in entity_folders()]
PATTERNS = [pytest.param(e, p, id=f"{e.label}/{p.name}") for e in ENTITIES for p in e.patterns]


@pytest.mark.parametrize(("entity", "pattern"), PATTERNS)
def test_pattern_matches_its_examples_only(entity, pattern):
    assert pattern.example, f"{entity.label}/{pattern.name} has no example"
    for example in pattern.example:
        assert pattern.regex.search(example), f"should match: {example}"
    for other in pattern.no_example:
        assert not pattern.regex.search(other), f"should not match: {other}"


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.label)
def test_terms_are_sorted_by_concept_so_that_a_curator_finds_them(entity):
    for path in sorted(entity.folder.glob("terms*.tsv")):
        concepts = [t.concept.lower() for t in load_terms(path, frozenset(entity.attributes))]
        assert concepts == sorted(concepts), path.name


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.label)
def test_pattern_names_are_unique(entity):
    names = [p.name for p in entity.patterns]
    assert len(names) == len(set(names))


def folder_with(tmp_path: Path, yaml: str, terms: str = "concept\tcode\tterm\tnote\n") -> Path:
    (tmp_path / "entity.yaml").write_text(yaml)
    (tmp_path / "terms.tsv").write_text(terms)
    return tmp_path


@pytest.mark.parametrize(
    ("yaml", "terms", "said"),
    [
        ("label: x\nabout: y\nfacts: drug\n", "", "no key named 'facts'"),
        ("label: x\n", "", "has no 'about'"),
        ("label: x\nabout: y\nsections: [casse]\n", "", "no section kind 'casse'"),
        ("label: x\nabout: y\npolicy: {negated: keeep}\n", "", "policy negated: keeep"),
        ("label: x\nabout: [y\n", "", "no valid YAML"),
        ("label: x\nabout: y\npatterns: [{name: p, pattern: '(['}]\n", "", "'p' is no regular expression"),
        ("label: x\nabout: y\npatterns: [{name: p, pattern: '{nothing}'}]\n", "", "macros.yaml does not define"),
        ("label: x\nabout: y\npatterns: [{name: p, pattern: a, exampel: b}]\n", "", "unknown key 'exampel'"),
        ("label: x\nabout: y\n", "concept\tcode\tterm\n", "terms.tsv:1: the columns are"),
        ("label: x\nabout: y\n", "concept\tcode\tterm\tnote\na\t\ta\t\tb\n", "terms.tsv:2: 5 fields"),
        ("label: x\nabout: y\n", "concept\tcode\tterm\tnote\na\t\t\t\n", "terms.tsv:2: needs a concept and a term"),
        ("label: x\nabout: y\n", "concept\tcode\tterm\tnote\na\t\tb\t\n# c\na\t\tb\t\n", "terms.tsv:4: 'b' stands already in line 2"),
    ],
)
def test_a_malformed_knowledge_file_is_refused_with_its_place(tmp_path, yaml, terms, said):
    folder = folder_with(tmp_path, yaml, terms or "concept\tcode\tterm\tnote\n")
    with pytest.raises(DataError, match=r".*") as error:
        load_entity(folder)
    assert said in str(error.value)
    assert str(tmp_path) in str(error.value)
