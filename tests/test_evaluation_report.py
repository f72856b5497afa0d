"""Intervals, comparisons of systems, tables and the committed figures: worked out by hand where it can be done."""

import csv
import json
from io import StringIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from scipy.stats import bootstrap

from extractor.errors import InputError
from extractor.evaluation import JudgedCase, JudgedFact, JudgedPatient, as_dict, compare, errors, tables
from extractor.evaluation.judged import JudgedMention
from extractor.evaluation.ratchet import accuracy, date_of, dumped, fallen, read, table, update, with_table
from extractor.evaluation.report import as_csv, p_value
from extractor.evaluation.rows import Row
from extractor.evaluation.statistics import SAMPLES, differences, f1, spreads

TEXT = "She received trastuzumab, then capecitabine. Biopsy showed a metastasis."


def fact(kind, words, **fields):
    start = TEXT.index(words)
    return JudgedFact(words, kind, words.lower(), ((start, start + len(words)),), **fields)


DRUG, OTHER, BIOPSY = fact("drug", "trastuzumab", start=(0, 0)), fact("drug", "capecitabine"), fact("procedure", "Biopsy")


def case(name, *facts, **fields):
    return JudgedCase(name, TEXT, facts, (JudgedPatient("female", 42),), **fields)


def result_of(**found):
    """An evaluation of documents whose gold is always a drug and a biopsy, and what was found of them."""
    return compare([case(name, DRUG, BIOPSY) for name in found], [case(name, *facts) for name, facts in found.items()])


def rows(*documents):
    """Documents with (right, gold, predicted) of one score each."""
    return {f"d{n}": (Row("found", "all", *counts),) for n, counts in enumerate(documents)}


# Intervals --------------------------------------------------------------------------------------------------------------------


def test_the_interval_of_two_documents_holds_what_can_be_drawn_of_them():
    # Drawn are the first twice (1/4), both (1/2) or the second twice (1/4): F1 1, 1/2 or 0. The middle 95% reach from 0 to 1.
    spread = spreads(rows((1, 1, 1), (0, 1, 1)))["found", "all"]
    assert (spread.low, spread.high, spread.macro, spread.documents) == (0, 1, 0.5, 2)


def test_micro_and_macro_differ_where_documents_do():
    by_case = rows((9, 10, 10), (0, 1, 1))
    assert f1(np.array([[9.0], [11.0], [11.0]])).tolist() == [9 / 11]
    assert spreads(by_case)["found", "all"].macro == pytest.approx((0.9 + 0) / 2)


def test_equal_documents_leave_no_doubt_and_one_document_no_interval():
    sure = spreads(rows(*[(3, 4, 4)] * 5))["found", "all"]
    assert (sure.low, sure.high) == (pytest.approx(0.75), pytest.approx(0.75))
    single = spreads(rows((3, 4, 4)))["found", "all"]
    assert (single.low, single.high, single.macro, single.documents) == (None, None, 0.75, 1)


def test_a_document_without_gold_of_a_score_adds_nothing_to_it():
    by_case = {"a": (Row("found", "drug", 1, 1, 1),), "b": (Row("found", "lesion", 0, 1, 0),), "c": (Row("found", "drug", 1, 2, 2),)}
    drug = spreads(by_case)["found", "drug"]
    assert (drug.macro, drug.documents) == (0.75, 2)
    assert (drug.low, drug.high) == (0.5, 1)  # a draw of "b" alone has no drug at all and is left out
    nothing = spreads({"a": (Row("found", "drug", 0, 0, 0),), "b": (Row("found", "drug", 0, 0, 0),)})["found", "drug"]
    assert (nothing.macro, nothing.documents, nothing.low, nothing.high) == (None, 0, None, None)


def test_no_documents_no_scores():
    assert spreads({}) == {}
    assert differences({}, {}) == ()


def test_the_interval_is_that_of_scipy():
    counts = np.random.default_rng(1).integers(5, 20, size=(40, 1)) + np.array([[0, 3, 5]])
    ours = spreads(rows(*counts.tolist()))["found", "all"]
    theirs = bootstrap(
        tuple(counts.T),
        lambda right, gold, predicted, axis=-1: 2 * right.sum(axis) / (gold.sum(axis) + predicted.sum(axis)),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=SAMPLES,
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert (ours.low, ours.high) == (pytest.approx(theirs.low, abs=0.003), pytest.approx(theirs.high, abs=0.003))


@given(st.permutations(range(5)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_documents_does_not_matter(order):
    by_case = rows((1, 3, 2), (0, 1, 4), (5, 5, 5), (0, 0, 0), (2, 2, 3))
    names = list(by_case)
    shuffled = {names[n]: by_case[names[n]] for n in order}
    assert spreads(shuffled) == spreads(by_case)
    other = rows((1, 3, 3), (1, 1, 4), (4, 5, 5), (0, 0, 0), (2, 2, 3))
    assert differences(shuffled, other) == differences(by_case, other)


def test_500_documents_are_a_matter_of_seconds():
    by_case = {f"d{n}": tuple(Row("attributes", f"drug k{k:02}", n % 3, 3, 4) for k in range(60)) for n in range(500)}
    assert len(spreads(by_case)) == 60


# Two systems ------------------------------------------------------------------------------------------------------------------


def test_a_difference_of_two_documents_worked_out_by_hand():
    # A is right on both, B on the first. The difference is 1/2; drawn are 0 (1/4), 1/2 (1/2) or 1 (1/4), and 1 is twice what was seen.
    (found,) = differences(rows((1, 1, 1), (1, 1, 1)), rows((1, 1, 1), (0, 1, 1)))
    assert (found.one, found.other, found.difference, found.low, found.high) == (1, 0.5, 0.5, 0, 1)
    assert found.p == pytest.approx(1 / 4, abs=0.03)


def test_swapped_systems_swap_the_sign_and_keep_p():
    one, other = rows((3, 4, 4), (2, 5, 5), (1, 1, 2)), rows((2, 4, 4), (2, 5, 6), (1, 1, 1))
    (there,), (back,) = differences(one, other), differences(other, one)
    assert (back.one, back.other, back.difference) == (there.other, there.one, -there.difference)
    assert (back.low, back.high) == (pytest.approx(-there.high), pytest.approx(-there.low))
    assert back.p == there.p


def test_a_system_does_not_differ_from_itself():
    (same,) = differences(rows((3, 4, 4), (2, 5, 5)), rows((3, 4, 4), (2, 5, 5)))
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_a_steady_difference_is_no_accident_and_a_fickle_one_may_be():
    (steady,) = differences(rows(*[(9, 10, 10)] * 20), rows(*[(8, 10, 10)] * 20))
    assert steady.p < 0.001
    (fickle,) = differences(rows(*[(9, 10, 10), (2, 10, 10)] * 10, (9, 10, 10)), rows(*[(2, 10, 10), (9, 10, 10)] * 10, (2, 10, 10)))
    assert fickle.p > 0.2


def test_only_documents_of_both_systems_are_compared_and_a_score_of_one_alone_is_no_difference():
    one = {"a": (Row("found", "all", 1, 1, 1), Row("end", "all", 1, 1, 1)), "b": (Row("found", "all", 0, 9, 9),)}
    other = {"a": (Row("found", "all", 1, 2, 2),), "c": (Row("found", "all", 9, 9, 9),)}
    found, end = differences(one, other)
    assert (found.one, found.other, found.difference, found.p) == (1, 0.5, 0.5, None)  # one document: nothing to draw from
    assert (end.one, end.other, end.difference) == (1, None, None)


# Tables, JSON, CSV ------------------------------------------------------------------------------------------------------------


def shown(*arguments, **options):
    console = Console(width=200, record=True, file=StringIO())
    console.print(tables(*arguments, **options))
    return console.export_text()


def test_the_table_shows_intervals_and_the_other_system_when_asked():
    ours, theirs = result_of(a=[DRUG, BIOPSY], b=[DRUG]), result_of(a=[DRUG], b=[])
    plain, sure, against = shown(ours), shown(ours, intervals=True), shown(ours, against=theirs)
    assert "95%" not in plain
    assert "80.0–100.0" not in plain
    assert "66.7–100.0" in sure
    assert "macro" in sure
    assert "on the 2 reports that both were judged on" in against
    assert "+45.7" in against  # 2 * 3 / 7 less 2 * 1 / 5


def test_json_holds_intervals_and_the_comparison():
    ours, theirs = result_of(a=[DRUG, BIOPSY], b=[DRUG]), result_of(a=[DRUG], b=[])
    figures = as_dict(ours, theirs)
    assert json.loads(json.dumps(figures)) == figures
    assert figures["intervals"]["scores"]["found"]["all"] == {"low": 0.6667, "high": 1.0, "macro": 0.8333, "documents": 2}
    assert figures["against"]["cases"] == 2
    assert figures["against"]["scores"]["found"]["all"]["difference"] == pytest.approx(6 / 7 - 2 / 5, abs=1e-4)
    assert "against" not in as_dict(ours)


def test_csv_is_tidy_and_the_same_for_any_order_of_files():
    ours = result_of(a=[DRUG, BIOPSY], b=[DRUG])
    records = list(csv.DictReader(StringIO(as_csv(ours))))
    found = next(r for r in records if (r["level"], r["key"]) == ("found", "all"))
    assert [found[c] for c in ("gold", "predicted", "right", "precision", "recall", "f1")] == ["4", "3", "3", "1.0", "0.75", "0.8571"]
    assert (found["low"], found["high"]) == ("0.6667", "1.0")
    lesion = next(r for r in records if (r["level"], r["key"]) == ("found", "lesion"))
    assert (lesion["f1"], lesion["low"], lesion["documents"]) == ("", "", "0")
    assert as_csv(result_of(b=[DRUG], a=[DRUG, BIOPSY])) == as_csv(ours)
    compared = list(csv.DictReader(StringIO(as_csv(ours, result_of(a=[DRUG], b=[])))))
    assert next(r for r in compared if (r["level"], r["key"]) == ("found", "all"))["difference"] == "0.4571"


def test_a_p_value_is_never_shown_as_nothing():
    assert [p_value(p) for p in (None, 0.0004, 0.05, 1.0)] == ["-", "< 0.001", "0.050", "1.000"]


# Mistakes ---------------------------------------------------------------------------------------------------------------------


def test_a_fact_of_the_wrong_patient_is_a_mistake_in_reports_of_several():
    patients = (JudgedPatient("female"), JudgedPatient("male"))
    gold, predicted = (
        JudgedCase("a", TEXT, (DRUG,), patients),
        JudgedCase("a", TEXT, (fact("drug", "trastuzumab", start=(0, 0), patient=2),)),
    )
    (mistake,) = errors(gold, predicted)
    assert (mistake.kind, mistake.gold, mistake.predicted) == ("patient", "1", "2")
    assert errors(case("a", DRUG), predicted) == []


def test_of_gold_that_tells_no_facts_the_mentions_are_missed_and_invented():
    def mention(label, words, flags=()):
        start = TEXT.index(words)
        return JudgedMention(words, label, ((start, start + len(words)),), frozenset(flags))

    levels = frozenset({"mention", "context"})
    gold = case("a", mentions=(mention("drug", "trastuzumab"), mention("drug", "capecitabine")), levels=levels)
    predicted = case(
        "a", DRUG, BIOPSY, mentions=(mention("drug", "trastuzumab", ["negated"]), mention("site", "Biopsy")), levels=levels | {"fact"}
    )
    assert [(m.kind, m.type, m.name, m.key) for m in errors(gold, predicted)] == [
        ("missed", "drug mention", "capecitabine", ""),
        ("attribute", "drug mention", "trastuzumab", "negated"),
        ("invented", "site mention", "Biopsy", ""),
    ]


# The committed figures --------------------------------------------------------------------------------------------------------


def committed(folder, result):
    files = folder / "accuracy.json", folder / "README.md", folder / "CHANGELOG.md"
    files[1].write_text("# Title\n\n<!-- accuracy -->\nold\n<!-- /accuracy -->\n\nMore.\n", encoding="utf-8")
    files[2].write_text("# Changelog\n\nLesions are told apart\nmore strictly.\n", encoding="utf-8")
    update(result, *files)
    return files


def test_figures_are_written_once_and_the_readme_quotes_them(tmp_path):
    result = result_of(a=[DRUG, BIOPSY], b=[DRUG])
    figures, readme, changelog = committed(tmp_path, result)
    assert read(figures) == accuracy(result)
    assert read(figures)["scores"]["found"]["all"]["f1"] == 0.8571
    text = readme.read_text(encoding="utf-8")
    assert "| **all** | 4 | 100.0 | 75.0 | 85.7 (66.7–100.0) | 85.7 (66.7–100.0) |" in text
    assert text.startswith("# Title\n\n<!-- accuracy -->\nVersion ")
    assert text.endswith("<!-- /accuracy -->\n\nMore.\n")
    assert "\nold\n" not in text
    assert with_table(text, read(figures)) == text
    before = figures.read_bytes()
    update(result, figures, readme, changelog)
    assert figures.read_bytes() == before


def test_a_fall_is_refused_without_a_reason_that_the_changelog_gives(tmp_path):
    files = committed(tmp_path, result_of(a=[DRUG, BIOPSY], b=[DRUG]))
    worse = result_of(a=[DRUG, BIOPSY], b=[])
    before = files[0].read_bytes()
    with pytest.raises(InputError, match=r"F1 fell from 85\.7 to 66\.7; placed F1 fell"):
        update(worse, *files)
    with pytest.raises(InputError, match="does not give the reason 'because'"):
        update(worse, *files, lower="because")
    assert files[0].read_bytes() == before
    assert update(worse, *files, lower="lesions are told apart more strictly")
    assert read(files[0])["scores"]["found"]["all"]["f1"] == 0.6667


def test_a_fall_of_a_hundredth_is_borne_by_the_tests_and_more_is_not():
    def figures(value):
        return {"scores": {metric: {"all": {"f1": value}} for metric in ("found", "placed", "order")}}

    assert fallen(figures(0.9), figures(0.89)) == []
    assert fallen(figures(0.9), figures(0.8899)) == [
        "F1 fell from 90.0 to 89.0",
        "placed F1 fell from 90.0 to 89.0",
        "order fell from 90.0 to 89.0",
    ]
    assert fallen(figures(0.9), figures(0.95)) == []
    assert len(fallen(figures(0.9), figures(None))) == 3


def test_figures_of_some_reports_are_none():
    lonely = compare([case("a", DRUG), case("b", DRUG)], [case("a", DRUG)])
    with pytest.raises(InputError, match="b: without a prediction"):
        accuracy(lonely)


def test_the_file_has_a_line_for_each_score_and_says_where_it_is_broken(tmp_path):
    text = dumped(accuracy(result_of(a=[DRUG, BIOPSY], b=[DRUG])))
    assert json.loads(text)["reports"] == 2
    assert any(line.strip().startswith('"all": {"f1": 0.8571, ') for line in text.splitlines())
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="write it with make evaluate"):
        read(tmp_path / "bad.json")


def test_the_readme_needs_its_markers():
    figures = accuracy(result_of(a=[DRUG]))
    assert table(figures).startswith("Version ")
    with pytest.raises(InputError, match="once each"):
        with_table("<!-- /accuracy --> <!-- accuracy -->", figures)


@pytest.mark.parametrize(
    ("heading", "date"),
    [
        ("## 0.1.0 (2025-01-31)", "2025-01-31"),
        ("## [0.1.0] - 2025-01-31", "2025-01-31"),
        ("## 0.1.0", None),
        ("## 0.1.01 (2025-01-31)", None),
    ],
)
def test_the_date_is_that_of_the_version_in_the_changelog(heading, date):
    assert date_of("0.1.0", f"# Changelog\n\n{heading}\n\n- 2024-12-31: no date of it\n") == date
