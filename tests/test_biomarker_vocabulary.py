"""The knowledge files of the biomarkers, and the reading of enumerations as a property."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.entities.biomarker.cues import either
from extractor.entities.biomarker.fact import approved_symbols
from extractor.entities.biomarker.results import results
from extractor.entities.lexicon import HERE, load_entity, read_table
from extractor.entities.matcher import Matcher
from extractor.entities.reading import Reading, Sentence
from extractor.schema import Mention, Section

FOLDER = HERE / "biomarker"
MATCHER = Matcher([FOLDER])
MARKERS = ["CD20", "CK7", "TTF-1", "desmin", "S100", "chromogranin A", "Ki-67", "p53", "GATA3", "smooth muscle actin"]
FRAMES = ["{0} and negative for {1}", "{0}, but negative for {1}", "{0}; negative for {1}"]


def read(text: str) -> Reading:
    section = Section(id="S1", kind="case", start=0, end=len(text))
    mentions = [
        Mention(id=f"M{i}", label=h.label, start=h.start, end=h.end, text=text[h.start : h.end], section="S1", found_by=h.source,
                name=h.name, attributes=h.attributes)
        for i, h in enumerate(MATCHER(text))
    ]  # fmt: skip
    return Reading(text, [section], [Sentence(0, 0, len(text), section)], mentions)


def said(text: str) -> list[tuple[str, str | None]]:
    reading = read(text)
    found = results(reading, reading.sentences[0])
    return [(m.text, found[m.id].says) for m in reading.mentions]


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@settings(max_examples=60, deadline=None)
@given(st.permutations(MARKERS), st.integers(1, 9), st.sampled_from(FRAMES))
def test_every_item_of_a_list_has_the_status_of_its_own_cue(names, cut, frame):
    text = "Cells were positive for " + frame.format(listed(names[:cut]), listed(names[cut:])) + "."
    assert said(text) == [(n, "positive") for n in names[:cut]] + [(n, "negative") for n in names[cut:]]


@settings(max_examples=60, deadline=None)
@given(st.permutations(MARKERS), st.integers(1, 9))
def test_a_verb_behind_a_list_speaks_of_the_whole_list(names, cut):
    text = f"{listed(names[:cut])} were positive, whereas {listed(names[cut:])} were not expressed."
    assert said(text) == [(n, "positive") for n in names[:cut]] + [(n, "negative") for n in names[cut:]]


def test_a_long_enumeration_is_read_to_its_end():
    text = "Cells were " + ", ".join(["positive for CD20 and CK7 and negative for desmin"] * 1500) + "."
    assert [s for _, s in said(text)] == ["positive", "positive", "negative"] * 1500


def test_gene_symbols_are_unique_sorted_and_long_enough_to_mean_a_gene():
    rows = [r["symbol"] for r in read_table(FOLDER / "hgnc.tsv", ("symbol", "approved"))]
    assert rows == sorted(set(rows))
    assert min(map(len, rows)) >= 3
    assert approved_symbols()["EVC2"] == "EVC2" and approved_symbols()["POLG1"] == "POLG"
    assert (FOLDER / "hgnc.tsv").stat().st_size < 1_500_000


@pytest.mark.parametrize("symbol", ["MRI", "ICU", "CHF", "AFP", "PCR", "WAS", "REST"])
def test_abbreviations_of_medicine_and_words_are_no_gene_symbols(symbol):
    assert symbol not in approved_symbols()


def test_result_words_say_what_the_reader_knows():
    rows = read_table(FOLDER / "results.tsv", ("word", "says", "form"))
    assert {r["says"] for r in rows} <= {
        "positive", "expressed", "shown", "stained", "negative", "negator", "equivocal", "low", "high", "intensity",
        "mutated", "amplified", "rearranged", "wild-type",
    }  # fmt: skip
    assert {r["form"] for r in rows} == {"adjective", "noun", "verb", "word", "inner"}
    assert len({r["word"] for r in rows}) == len(rows)


def test_cue_kinds_that_the_code_names_exist():
    code = "".join(p.read_text(encoding="utf-8") for p in Path(FOLDER).glob("*.py"))
    kinds = {r["kind"] for r in read_table(FOLDER / "cues.tsv", ("kind", "cue"))}
    assert all(either(k) for k in kinds)
    assert {k for k in kinds if f'"{k}"' in code or f"'{k}'" in code} == kinds


def test_kinds_of_terms_are_those_that_are_explained():
    entity = load_entity(FOLDER)
    explained = set(entity.attributes["kind"].partition("(")[2].rstrip(")").split(", "))
    assert {t.attributes["kind"] for t in entity.terms if "kind" in t.attributes} <= explained
