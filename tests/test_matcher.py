"""Terms and patterns to mentions: whole words, forms of a term, exact offsets, which of two overlapping mentions stands."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.entities.literals import lower_case, required, without_case
from extractor.entities.matcher import Matcher, fold, forms, squeeze

TERMS = """concept\tcode\tterm\tnote
CD20\t\tCD20\t
biopsy\t\tbiopsy\t
metastasis\t\tmetastasis\t
tumor\t\ttumor\t
ultrasound\t\tUS\t
non-small cell lung cancer\t\tnon-small cell lung cancer\t
"""


@pytest.fixture(scope="module")
def matcher(tmp_path_factory) -> Matcher:
    def folder(name: str, yaml: str, terms: str = "concept\tcode\tterm\tnote\n") -> Path:
        path = tmp_path_factory.mktemp(name)
        (path / "entity.yaml").write_text(f"label: {name}\nabout: a test\n{yaml}")
        (path / "terms.tsv").write_text(terms)
        return path

    pattern = """patterns:
    - {name: size, pattern: '(?P<head>\\d+) ?cm', attributes: {unit: cm}}
    - {name: long, pattern: 'lung cancer screening'}"""
    return Matcher([folder("thing", "fact: finding", TERMS), folder("site", "fact: null", "concept\tcode\tterm\tnote\nlung\t\tlung\t\n"),
                    folder("value", f"fact: finding\n{pattern}")])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CD20, CD 20 and CD-20.", ["CD20", "CD 20", "CD-20"]),
        ("Two biopsies of the tumour.", ["biopsies", "tumour"]),
        ("Metastases, METASTASIS", ["Metastases", "METASTASIS"]),
        ("An US of us.", ["US"]),
        ("tumorous biopsied", []),
        ("Non‑small‐cell\n lung   cancer", ["Non‑small‐cell\n lung   cancer"]),
        ("a 3 cm or 4cm", ["3", "4"]),
    ],
)
def test_terms_are_found_as_whole_words_in_all_their_forms(matcher, text, found):
    assert [text[h.start : h.end] for h in matcher(text) if h.label != "site"] == found


def test_the_longest_mention_stands_among_facts_and_sites_stand_beside(matcher):
    hits = matcher("lung cancer screening for non-small cell lung cancer")
    assert [(h.label, h.name) for h in hits] == [
        ("value", None), ("site", "lung"), ("thing", "non-small cell lung cancer"), ("site", "lung"),
    ]  # fmt: skip


def test_what_a_pattern_says_is_an_attribute_of_its_mention(matcher):
    assert matcher("3 cm")[0].attributes == {"unit": "cm"}


@given(st.text())
def test_folding_keeps_the_length_so_that_offsets_stay_true(text):
    assert len(fold(text)) == len(text)


@given(st.text(alphabet=st.sampled_from("ab -\n\u00a0")))
def test_squeezed_text_points_back_at_its_characters(text):
    folded = fold(text)
    squeezed, where = squeeze(folded)
    assert "  " not in squeezed
    assert [folded[i] for i in where[:-1]] == list(squeezed)


@given(st.text(max_size=200))
def test_every_mention_stands_within_the_text(matcher, text):
    assert all(0 <= h.start < h.end <= len(text) for h in matcher(text))


def test_forms_of_a_term():
    spelling = [("tumor", "tumour")]
    assert set(forms("tumor", spelling)) == {"tumor", "tumors", "tumour", "tumours"}
    assert {"ki67", "ki 67"} <= set(forms("Ki-67", spelling))
    assert "diagnoses" in set(forms("diagnosis", spelling))


def test_patterns_tried_near_their_words_find_what_they_find_everywhere():
    """The filter by literals is an optimisation: it must not change what is found."""
    matcher = Matcher()
    text = "\n".join([*(e for label in sorted(matcher.entities) for p in matcher.entities[label].patterns for e in p.example)])
    everywhere = {
        (*(m.span("head") if "head" in p.regex.groupindex and m["head"] else m.span()), f"{label}/{p.name}")
        for label, entity in matcher.entities.items()
        for p in entity.patterns
        for m in p.regex.finditer(text)
    }
    assert {(h.start, h.end, h.source) for h in matcher.patterns(text)} == {x for x in everywhere if x[1] > x[0]}


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (r"(?:left|right) lungs?", {" lung"}),
        (r"\d+ (?:weeks?|months?) later", {" later"}),
        (r"(?:ER|PR)[+-]", {"er", "pr"}),
        (r"(?:foo)?\d", None),
        (r"a|\d", None),
        (r"tumou?r(?= size)", {"tumor", "tumour"}),
        (r"[A-Z]+(?= mutation)", {" mutation"}),
        (r"wom[ae]n", {"woman", "women"}),
    ],
)
def test_literals_that_a_match_must_hold(pattern, literals):
    found = required(re.compile(pattern, re.IGNORECASE))
    assert (found and set(found)) == literals


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\b(?:Left|right) [A-Z]+\S", "LEFT Lung-right LUNGS"),
        (r"(?P<Name>[^A-Z\d])\d(?=\W|\Z)", "x1 Y2 \u01303 z4 -5"),
        (r"\u00b5g|mg", "5 MG, 6 Mg"),
    ],
)
def test_a_pattern_without_case_finds_the_same_in_lower_case(pattern, text):
    regex = re.compile(pattern, re.IGNORECASE)
    plain = without_case(regex)
    assert plain is not None
    assert len(lower_case(text)) == len(text)
    assert [m.regs for m in plain.finditer(lower_case(text))] == [m.regs for m in regex.finditer(text)] != []


@pytest.mark.parametrize("pattern", [re.compile("Her2"), re.compile("(?-i:ER)a", re.IGNORECASE), re.compile("[µμ]g", re.IGNORECASE)])
def test_a_pattern_that_minds_the_case_is_left_as_it_is(pattern):
    assert without_case(pattern) is None
