"""How timelines are judged: each score worked out by hand on a small case, and what is true of all cases."""

import json
import os
from dataclasses import replace
from io import StringIO
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from extractor.errors import ExtractorError, InputError
from extractor.evaluation import (
    JudgedCase,
    JudgedFact,
    JudgedPatient,
    as_dict,
    compare,
    counts,
    errors,
    evaluate,
    evaluate_run,
    gold_files,
    judged,
    listing,
    match,
    read_case,
    tables,
    total,
)
from extractor.evaluation.judged import FACT_LEVELS, TYPES, years
from extractor.evaluation.levels import METRICS_OF
from extractor.evaluation.names import folded, same_name
from extractor.schema import dump, load

TEXT = (
    "She had a mastectomy, and years before a lobectomy. Biopsy of the liver showed carcinoma. ER was positive. "
    "She received trastuzumab, then capecitabine until progression. Brain MRI showed a metastasis of 9 mm."
)
_numbers = count()


def span(words):
    assert TEXT.count(words) == 1, words
    return TEXT.index(words), TEXT.index(words) + len(words)


def fact(kind, words, name=None, *, start=None, end=None, step=None, patient=1, suspected=False, **attributes):
    heads = tuple(span(w) for w in ([words] if isinstance(words, str) else words))
    name = name or TEXT[slice(*heads[0])].lower()
    return JudgedFact(f"f{next(_numbers)}", kind, name, heads, attributes, start, end, step, patient, suspected)


WOMAN = JudgedPatient("female", 42)


def case(*facts, patients=(WOMAN,)):
    return JudgedCase("a", TEXT, facts, patients)


def score(metric, gold, predicted, key="all"):
    return next(r for r in counts(gold, predicted) if (r.metric, r.key) == (metric, key))


# Names ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ki-67", "ki 67"),
        ("triple–negative_breast cancer", "Triple-negative breast cancer"),
        ("80 %", "80"),
        ("No. 2 gastrectomy.", "no. 2 gastrectomy"),
        ("50.44 Gy", "50.4 Gy"),
        ("12.0 cm", "12 cm"),
        ("brain MRI", "MRI"),
        ("biopsy of liver", "liver biopsy of"),
        ("invasive breast carcinoma", "metastatic invasive breast carcinoma"),
        ("radical left nephrectomy open", "open left nephrectomy partial"),  # three of five words
    ],
)
def test_names_that_are_the_same(one, other):
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CK7", "CK20"),
        ("Ki 67 index", "Ki index"),  # the word that only one has holds a digit
        ("small cell carcinoma", "non-small cell carcinoma"),
        ("left lung", "lung"),
        ("upper lobe", "lower lobe"),
        ("ductal carcinoma", "carcinoma"),
        ("total gastrectomy open", "open distal gastrectomy"),
        ("breast cancer", "lung cancer"),  # one of three words
        ("primary breast cancer", "metastatic breast cancer"),  # two of four: half is not more than half
        ("50.4 Gy", "50.6 Gy"),
        ("%", "mass"),
    ],
)
def test_names_that_are_not_the_same(one, other):
    assert not same_name(one, other)
    assert not same_name(other, one)


@given(st.text(max_size=30))
def test_folding_once_is_enough_for_a_name_to_be_itself(name):
    assert same_name(name, name)
    assert folded(name.upper().lower()) == folded(name.lower())


# Matching ---------------------------------------------------------------------------------------------------------------------


def test_found_counts_facts_of_each_type():
    gold = case(fact("procedure", "mastectomy"), fact("procedure", "Biopsy"), fact("drug", "trastuzumab"), fact("outcome", "progression"))
    predicted = case(
        fact("procedure", "mastectomy"), fact("procedure", "Brain MRI"), fact("drug", "capecitabine"), fact("drug", "trastuzumab")
    )
    assert (score("found", gold, predicted, "procedure").precision, score("found", gold, predicted, "procedure").recall) == (1 / 2, 1 / 2)
    assert score("found", gold, predicted, "drug").f1 == pytest.approx(2 / 3)
    assert score("found", gold, predicted, "outcome").f1 == 0
    assert score("found", gold, predicted, "lesion").f1 is None
    core, everything = score("found", gold, predicted, "core"), score("found", gold, predicted)
    assert (core.right, core.gold, core.predicted) == (2, 3, 4)
    assert (everything.right, everything.gold, everything.predicted) == (2, 4, 4)


def test_a_fact_of_another_type_does_not_match():
    assert not match(case(fact("lesion", "carcinoma")), case(fact("diagnosis", "carcinoma")))


def test_a_head_must_lie_inside_the_gold_head_by_a_quarter():
    gold = case(fact("lesion", "metastasis"))
    assert match(gold, case(fact("lesion", "showed a metastasis of 9 mm", "metastasis")))  # 10 of 27 characters
    assert match(gold, case(fact("lesion", "Brain MRI showed a metastasis of 9 mm", "metastasis")))  # 10 of 37
    assert not match(gold, case(fact("lesion", "capecitabine until progression. Brain MRI showed a metastasis", "metastasis")))  # 10 of 61


def test_the_quarter_is_of_the_predicted_head_so_that_a_word_of_a_long_gold_head_is_enough():
    assert match(case(fact("lesion", "a metastasis of 9 mm")), case(fact("lesion", "9")))


def test_only_the_first_three_predicted_heads_count_and_all_gold_heads_do():
    heads = ["mastectomy", "lobectomy", "Biopsy", "Brain MRI"]
    assert match(case(fact("procedure", heads)), case(fact("procedure", "Brain MRI")))
    assert not match(case(fact("procedure", "Brain MRI")), case(fact("procedure", heads)))
    assert match(case(fact("procedure", "Biopsy")), case(fact("procedure", heads)))


def test_a_gold_fact_is_matched_once_and_the_better_name_wins():
    gold = case(fact("procedure", "Biopsy of the liver", "liver biopsy"))
    predicted = case(fact("procedure", "Biopsy", "puncture"), fact("procedure", "Biopsy of the liver", "biopsy"))
    assert [p.name for _, p in match(gold, predicted)] == ["biopsy"]
    assert (score("found", gold, predicted).right, score("found", gold, predicted).predicted) == (1, 2)


def test_among_equal_names_the_right_start_wins():
    gold = case(fact("procedure", "Biopsy", start=(100, 110)))
    predicted = case(fact("procedure", "Biopsy", start=(0, 0)), fact("procedure", "Biopsy", start=(104, 106)))
    assert [p.start for _, p in match(gold, predicted)] == [(104, 106)]


def test_the_largest_total_is_taken_and_not_the_best_pair_first():
    both = fact("lesion", ["carcinoma", "metastasis"], "metastasis")
    gold = case(both, fact("lesion", "carcinoma", "tumor"))
    predicted = case(fact("lesion", "carcinoma", "metastasis"), fact("lesion", "metastasis", "nodule"))
    # Best first would pair `both` with the first (1.5) and leave the rest without a partner; together the two others weigh 2.
    assert len(match(gold, predicted)) == 2


def test_strict_wants_a_head_equal_to_the_character():
    gold = case(fact("procedure", "Brain MRI"), fact("drug", "trastuzumab"))
    predicted = case(fact("procedure", "MRI"), fact("drug", "trastuzumab"))
    assert score("found", gold, predicted).f1 == 1
    assert score("strict", gold, predicted).f1 == 1 / 2
    assert (score("strict", gold, predicted, "procedure").f1, score("strict", gold, predicted, "drug").f1) == (0, 1)


def test_name_is_a_share_of_matched_facts():
    gold = case(fact("procedure", "Brain MRI"), fact("procedure", "Biopsy"), fact("drug", "trastuzumab"), fact("drug", "capecitabine"))
    predicted = case(fact("procedure", "MRI"), fact("procedure", "Biopsy", "cytology"), fact("drug", "trastuzumab"))
    assert (score("name", gold, predicted).right, score("name", gold, predicted).gold) == (2, 3)
    assert score("name", gold, predicted, "procedure").f1 == 1 / 2


# Attributes -------------------------------------------------------------------------------------------------------------------


def attribute_counts(gold, predicted):
    rows = [r for r in counts(case(gold), case(predicted)) if r.metric == "attributes"]
    return {r.key: (r.right, r.gold, r.predicted) for r in rows}


def test_a_missing_status_of_a_drug_is_given():
    assert attribute_counts(fact("drug", "trastuzumab"), fact("drug", "trastuzumab", status="given")) == {
        "drug status": (1, 1, 1),
        "all": (1, 1, 1),
    }
    assert attribute_counts(fact("drug", "trastuzumab"), fact("drug", "trastuzumab", status="planned"))["all"] == (0, 1, 1)


def test_a_value_of_one_side_alone_is_missed_or_made_up_and_a_wrong_value_is_both():
    gold = fact("procedure", "Biopsy", category="biopsy", site="liver", laterality="left")
    predicted = fact("procedure", "Biopsy", category="surgery", site="liver", status="planned")
    assert attribute_counts(gold, predicted) == {
        "procedure category": (0, 1, 1), "procedure laterality": (0, 1, 0), "procedure site": (1, 1, 1), "procedure status": (0, 0, 1),
        "all": (1, 3, 3),
    }  # fmt: skip


def test_regimen_and_same_as_are_not_judged():
    gold, predicted = fact("drug", "trastuzumab", regimen="TCbHP"), fact("drug", "trastuzumab", regimen="docetaxel", components=("a",))
    assert attribute_counts(gold, predicted) == {"drug status": (1, 1, 1), "all": (1, 1, 1)}
    assert attribute_counts(fact("lesion", "metastasis", same_as="l1"), fact("lesion", "metastasis")) == {}


def test_certainty_counts_where_a_side_says_suspected():
    sure, suspected = fact("diagnosis", "carcinoma"), fact("diagnosis", "carcinoma", suspected=True)
    assert attribute_counts(suspected, suspected)["diagnosis certainty"] == (1, 1, 1)
    assert attribute_counts(suspected, sure)["diagnosis certainty"] == (0, 1, 0)
    assert attribute_counts(sure, suspected)["diagnosis certainty"] == (0, 0, 1)
    assert attribute_counts(sure, sure) == {}


@pytest.mark.parametrize(
    ("kind", "key", "gold", "predicted", "right"),
    [
        ("lesion", "site", "right hepatic lobe", "right lobe hepatic segment", True),  # as names: one holds the words of the other
        ("lesion", "site", "lower lobe of the lung", "lung", False),
        ("biomarker", "specimen", "breast primary", "primary", True),
        ("biomarker", "value", "80 %", "80%", True),
        ("biomarker", "value", "strongly positive", "positive", False),  # not as names
        ("biomarker", "value", "D281E", "d281e", True),
        ("drug", "dose", "75 mg/m2", "75.0 mg/m2", True),
        ("drug", "cycles", 6, "6", True),
        ("drug", "cycles", 6, 5, False),
        ("lesion", "size_mm", [9, 12.04], (12.0, 9.0), True),
        ("lesion", "size_mm", [9, 12], (9.0,), False),
        ("lesion", "size_mm", [9, 9], (9.0, 12.0), False),
        ("lesion", "count", 2, 2, True),
        ("lesion", "count", "multiple", 2, False),
        ("diagnosis", "stage", "pT3N0M0, Stage IIB", "pT3N0M0, stage IIB", True),
    ],
)
def test_values_of_attributes(kind, key, gold, predicted, right):
    words = {"lesion": "metastasis", "biomarker": "ER", "drug": "trastuzumab", "diagnosis": "carcinoma"}[kind]
    assert attribute_counts(fact(kind, words, **{key: gold}), fact(kind, words, **{key: predicted}))[f"{kind} {key}"] == (right, 1, 1)


# Time -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gold", "predicted", "right"),
    [
        ((100, 110), (104, 106), True),
        ((100, 110), (117, 119), True),  # the middle, 118, is within 110 + 10.5: a tenth of 105
        ((100, 110), (121, 121), False),
        ((0, 0), (7, 7), True),  # a week
        ((0, 0), (-8, -7), False),
        ((0, 0), (-30, 30), True),  # as wide as may be: 3 x 0 + 60
        ((0, 0), (-31, 30), False),
        ((0, 20), (-50, 70), True),  # 3 x 20 + 60
        ((0, 20), (-51, 70), False),
        ((-1000, -800), (-750, -700), True),  # the middle, -725, is within -800 + 90
        ((-1000, -800), (-715, -700), False),
        ((5, 9), None, False),
    ],
)
def test_start_is_right_by_its_middle_and_its_width(gold, predicted, right):
    ours, theirs = case(fact("drug", "trastuzumab", start=gold)), case(fact("drug", "trastuzumab", start=predicted))
    assert (score("start", ours, theirs).right, score("start", ours, theirs).gold) == (right, 1)
    ours, theirs = case(fact("drug", "trastuzumab", end=gold)), case(fact("drug", "trastuzumab", end=predicted))
    assert (score("end", ours, theirs).right, score("end", ours, theirs).gold, score("start", ours, theirs).gold) == (right, 1, 0)


def test_away_leaves_out_what_may_have_been_on_day_0():
    gold = case(
        fact("drug", "trastuzumab", start=(0, 30)), fact("drug", "capecitabine", start=(7, 9)), fact("procedure", "Biopsy", start=(8, 9)),
        fact("procedure", "lobectomy", start=(-3000, -8)), fact("procedure", "mastectomy"),
    )  # fmt: skip
    on_day_0 = case(*(replace(f, start=(0.0, 0.0)) for f in gold.facts))
    assert (score("start", gold, on_day_0).right, score("start", gold, on_day_0).gold) == (3, 4)
    assert (score("away", gold, on_day_0).right, score("away", gold, on_day_0).gold) == (1, 2)  # day 0 is within a week of 8


def test_placed_wants_found_and_started_right():
    gold = case(
        fact("drug", "trastuzumab", start=(100, 110)), fact("drug", "capecitabine", start=(400, 410)), fact("procedure", "mastectomy"),
        fact("procedure", "Biopsy", start=(0, 0)),
    )  # fmt: skip
    predicted = case(
        fact("drug", "trastuzumab", start=(105, 105)), fact("drug", "capecitabine", start=(0, 0)), fact("procedure", "mastectomy")
    )
    placed = score("placed", gold, predicted)
    assert (placed.right, placed.gold, placed.predicted) == (2, 4, 3)
    assert placed.f1 == pytest.approx(2 * 2 / 7)


def test_order_counts_pairs_of_different_gold_steps():
    def steps(mastectomy, lobectomy, biopsy, trastuzumab):
        words = {"mastectomy": mastectomy, "lobectomy": lobectomy, "Biopsy": biopsy}
        return case(*(fact("procedure", w, step=s) for w, s in words.items()), fact("drug", "trastuzumab", step=trastuzumab))

    gold = steps(2, 1, 3, 3)  # five pairs differ; the text tells the lobectomy, which was first, after the mastectomy
    told = steps(1, 2, 3, 4)
    assert (score("order", gold, told).right, score("order", gold, told).gold) == (4, 5)
    assert (score("inverted", gold, told).right, score("inverted", gold, told).gold) == (0, 1)
    right = steps(20, 10, 40, 30)
    assert (score("order", gold, right).f1, score("inverted", gold, right).f1) == (1, 1)
    tied, missing = steps(1, 1, 3, 3), steps(2, None, 3, 3)
    assert (score("order", gold, tied).right, score("inverted", gold, tied).right) == (4.5, 0.5)
    assert (score("order", gold, missing).right, score("inverted", gold, missing).right) == (
        3.5,
        0.5,
    )  # the lobectomy's three pairs: halves


def test_inverted_looks_at_the_earliest_gold_head():
    gold = case(fact("procedure", ["Brain MRI", "mastectomy"], step=1), fact("procedure", "lobectomy", step=2))
    assert score("inverted", gold, gold).gold == 0


def test_facts_of_two_patients_are_not_ordered():
    two = (JudgedPatient("female", 42), JudgedPatient("male", 7))
    gold = case(
        fact("procedure", "mastectomy", step=1),
        fact("procedure", "lobectomy", step=2),
        fact("procedure", "Biopsy", step=3, patient=2),
        patients=two,
    )
    assert (score("order", gold, gold).right, score("order", gold, gold).gold) == (1, 1)
    confused = case(*(replace(f, patient=1 if f.step == 1 else 2) for f in gold.facts), patients=two)
    assert (score("order", gold, confused).right, score("order", gold, confused).gold) == (0.5, 1)  # steps of two timelines say nothing
    assert (score("patient", gold, confused).right, score("patient", gold, confused).gold) == (2, 3)


# Patients ---------------------------------------------------------------------------------------------------------------------


def test_patient_is_judged_only_in_reports_of_several():
    one = case(fact("drug", "trastuzumab"))
    assert score("patient", one, one).gold == 0


def test_sex_and_age_count_where_a_side_tells_them():
    gold = case(patients=(JudgedPatient("female", 42), JudgedPatient("male", None), JudgedPatient(None, None)))
    predicted = case(patients=(JudgedPatient("female", 42.05), JudgedPatient("female", 3), JudgedPatient(None, None)))
    assert (score("sex", gold, predicted).right, score("sex", gold, predicted).gold) == (1, 2)
    assert (score("age", gold, predicted).right, score("age", gold, predicted).gold) == (1, 2)
    assert (score("sex", gold, case(patients=())).right, score("sex", gold, case(patients=())).gold) == (0, 2)


@pytest.mark.parametrize(
    ("age", "value"), [("P42Y", 42), ("P18M", 1.5), ("P1Y6M", 1.5), ("P2W", 14 / 365.25), ("P3D", 3 / 365.25), ("42", None), ("P", None)]
)
def test_ages_are_iso_durations(age, value):
    assert years(age) == (None if value is None else pytest.approx(value))


# What is true of all cases ----------------------------------------------------------------------------------------------------

WORDS = [
    "mastectomy",
    "lobectomy",
    "Biopsy",
    "Biopsy of the liver",
    "carcinoma",
    "ER",
    "trastuzumab",
    "capecitabine",
    "Brain MRI",
    "MRI",
    "metastasis",
]
DAYS = st.none() | st.tuples(st.integers(-900, 900), st.integers(0, 200)).map(lambda x: (float(x[0]), float(x[0] + x[1])))
FACTS = st.builds(
    lambda kind, words, name, attributes, **rest: fact(kind, words, name, **rest, **attributes),
    st.sampled_from(TYPES), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True), st.sampled_from([None, "mass", "CT"]),
    st.sampled_from([{}, {"site": "liver"}, {"site": "left liver", "size_mm": [9, 3]}, {"status": "planned"}]),
    start=DAYS, end=DAYS, step=st.none() | st.integers(1, 4), patient=st.integers(1, 2), suspected=st.booleans(),
)  # fmt: skip
CASES = st.lists(FACTS, max_size=7).map(lambda facts: case(*facts, patients=(JudgedPatient("female", 42), JudgedPatient("male", None))))


@settings(deadline=None)
@given(CASES, CASES, st.randoms())
def test_the_order_of_facts_does_not_matter(gold, predicted, random):
    def shuffled(facts):
        return replace(facts, facts=tuple(random.sample(facts.facts, len(facts.facts))))

    assert counts(shuffled(gold), shuffled(predicted)) == counts(gold, predicted)


@settings(deadline=None)
@given(CASES, CASES)
def test_no_score_is_out_of_bounds(gold, predicted):
    for row in counts(gold, predicted):
        assert 0 <= row.right <= min(row.gold, row.predicted)


@settings(deadline=None)
@given(st.lists(FACTS, max_size=7, unique_by=lambda f: (f.type, f.heads[0])))
def test_gold_against_itself_is_right_everywhere(facts):
    gold = case(*(replace(f, heads=f.heads[:1]) for f in facts))
    assert all(row.f1 in {1, None} for row in counts(gold, gold) if row.metric not in {"order", "inverted"})
    assert len(match(gold, gold)) == len(facts)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(TYPES), st.sampled_from([w for w in WORDS if w not in {"MRI", "Biopsy"}])), max_size=12), st.data()
)
def test_swapping_the_sides_swaps_precision_and_recall(heads, data):
    one = case(*(fact(kind, word) for kind, word in heads))
    other = case(*(fact(kind, word) for kind, word in data.draw(st.permutations(heads))[: len(heads) // 2]), fact("drug", "trastuzumab"))
    for metric in ("found", "strict", "placed"):
        there, back = score(metric, one, other), score(metric, other, one)
        assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)


def test_counts_add_up_over_cases():
    gold, half = case(fact("drug", "trastuzumab"), fact("drug", "capecitabine")), case(fact("drug", "trastuzumab"))
    rows = total([*counts(gold, gold), *counts(gold, half)])
    found = next(r for r in rows if (r.metric, r.key) == ("found", "drug"))
    assert (found.right, found.gold, found.predicted) == (3, 4, 3)
    assert {r.metric for r in rows} == {metric.__name__ for level in FACT_LEVELS for metric in METRICS_OF[level]}
    assert total(reversed(rows)) == rows


# Gold files -------------------------------------------------------------------------------------------------------------------

GOLD = """\
id: "a1"
source: made up
patient: {sex: female, age_years: 42}
index: "the mastectomy"
facts:
- id: p1
  type: procedure
  name: mastectomy
  category: surgery
  at: ["She had a [[mastectomy]],"]
  step: 2
  start: [0, 0]
- id: p2
  type: procedure
  name: lobectomy
  category: surgery
  at: ["years   before a [[lobectomy]]"]
  step: 1
  start: [-3000, -365]
- id: l1
  type: lesion
  name: metastasis
  site: brain
  size_mm: [9]
  course: present
  at: ["showed a [[metastasis]] of 9 mm"]
  step: 3
  certainty: suspected
"""


def gold_file(folder, content=GOLD, name="a1", text=TEXT):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.txt").write_bytes(text.encode())
    path = folder / f"{name}.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_gold_file_is_read_with_its_heads_and_bounds(tmp_path):
    gold = read_case(gold_file(tmp_path, text=TEXT.replace("years before", "years\r\nbefore")))
    assert (gold.id, gold.patients, [f.step for f in gold.facts]) == ("a1", (JudgedPatient("female", 42),), [2, 1, 3])
    assert [gold.text[slice(*f.heads[0])] for f in gold.facts] == ["mastectomy", "lobectomy", "metastasis"]
    assert (gold.facts[1].start, gold.facts[2].start, gold.facts[2].suspected) == ((-3000, -365), None, True)
    assert gold.facts[2].attributes == {"site": "brain", "size_mm": [9], "course": "present"}


def test_patients_are_counted_in_their_order(tmp_path):
    several = GOLD.replace(
        'patient: {sex: female, age_years: 42}\nindex: "the mastectomy"',
        "patients: [{patient: 7, sex: female, index: x}, {patient: 9, sex: unknown, age_years: 0.5, index: y}]",
    ).replace("  step: 3", "  step: 3\n  patient: 9")
    with pytest.raises(InputError, match="p1: the patient 1 is none of 7, 9"):
        read_case(gold_file(tmp_path, several))
    gold = read_case(gold_file(tmp_path, several.replace("patient: 7", "patient: 1")))
    assert [f.patient for f in gold.facts] == [1, 1, 2]
    assert gold.patients[1] == JudgedPatient(None, 0.5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[mastectomy]]", "[[mastectomie]]", r"line 6: p1: the quote 'She had a mastectomie,' does not stand in the text: copy it"),
        ("She had a [[mastectomy]],", "[[She]]", r"line 6: p1: the quote 'She' stands in the text 2 times: take more"),
        ("[[mastectomy]]", "mastectomy", r"p1: the quote 'She had a mastectomy,' needs exactly one \[\[ \]\]"),
        ("[[mastectomy]]", "[[ ]]mastectomy", r"needs exactly one"),
        ('["She had a [[mastectomy]],"]', "mastectomy", "at 'mastectomy' is no list of quotes"),
        ('["She had a [[mastectomy]],"]', "[]", r"at \[\] is no list of quotes"),
        ('["She had a [[mastectomy]],"]', "[5]", "5 is no quote"),
        ("  name: mastectomy\n", "", "line 6: p1: has no name: add it"),
        ("  course: present\n", "", "line 20: l1: has no course: add it"),
        ("course: present", "course: worse", "the course 'worse' is none of new, increased"),
        ("size_mm: [9]", "size_mm: 9", "the size_mm 9 is no list of numbers"),
        ("size_mm: [9]", "colour: red", "a lesion has no key 'colour': it can have count, course"),
        ("site: brain", "site: 5", "the site 5 is no text"),
        ("type: lesion", "type: tumour", "line 20: l1: the type 'tumour' is none of drug"),
        ("type: lesion", "type: [lesion]", "the type .* is none of drug"),
        ("id: p2", "id: p1", "line 6: p1: another fact has this id"),
        ("step: 3", "step: last", "the step 'last' is no whole number"),
        ("step: 3", "step: true", "the step True is no whole number"),
        ("start: [0, 0]", "start: [3, 0]", r"the start \[3, 0\] is not \[earliest, latest\] in days"),
        ("start: [0, 0]", "start: [.nan, .inf]", "the start .* is not"),
        ("start: [0, 0]", "start: [0, 0]\n  end: [-9, -3]", "it ends before it starts"),
        ("start: [-3000, -365]", "start: [3, 5]", "p1 has a later step than p2 but starts wholly before it"),
        ("certainty: suspected", "certainty: sure", "the certainty 'sure' can only be suspected"),
        ("certainty: suspected", "patient: 2", "the patient 2 is none of 1"),
        ("sex: female", "sex: f", "the sex 'f' is none of female"),
        ("age_years: 42", "age_years: old", "the age 'old' is no number"),
        ("patient: {sex: female, age_years: 42}", "patient: female", "its patients are not written as"),
        ("patient: {sex: female, age_years: 42}", "patients: null", "its patients are not written as"),
        ("patient: {sex: female, age_years: 42}", "patients: [{patient: 1}, {patient: 1}]", "two patients have the same number"),
        ('index: "the mastectomy"\n', "", "needs patient and index, or patients"),
        ('id: "a1"', "id: a2", "its id is 'a2', not the file's name 'a1'"),
        ("source: made up\n", "", "has no source: add it"),
        ("certainty: suspected", "name: nodule", "line 28: the key 'name' stands here twice"),
        ("- id: l1\n  type: lesion", "- wrong\n- id: l1\n  type: lesion", "line 20: 'wrong' is no fact"),
        ("facts:", "facts: [", "line .*: is not YAML"),
        ("made up", "2020-99-99", "is not YAML"),
        ("made up", "!!python/name:os.system x", "line 2: is not YAML: could not determine a constructor"),
        ("name: lobectomy\n  category: surgery\n  at: [\"years   before a [[lobectomy]]\"]\n  step: 1",
         "name: mastectomy\n  category: surgery\n  at: [\"a [[mastectomy]], and\"]\n  step: 2", "line 13: p2: is the same fact as p1"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_gold_file_is_said(tmp_path, old, new, said):
    assert old in GOLD
    path = gold_file(tmp_path, GOLD.replace(old, new, 1))
    with pytest.raises(InputError, match=said) as caught:
        read_case(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_all_problems_of_a_file_are_said_at_once(tmp_path):
    path = gold_file(
        tmp_path, GOLD.replace("[[mastectomy]]", "[[x]]").replace("course: present", "course: gone").replace("step: 1", "step: a")
    )
    with pytest.raises(InputError, match=r"p1: (.|\n)*p2: (.|\n)*l1: "):
        read_case(path)


@pytest.mark.parametrize(
    "content", ["", "[]", "just words", "\x00", "a: &a [*a]", "facts: 5", "facts: [[[]]]", "? [1]\n: 2", "{}: {}", "[" * 3000]
)
def test_a_file_that_is_no_gold_is_refused(tmp_path, content):
    with pytest.raises(InputError, match=r"a1\.yaml: "):
        read_case(gold_file(tmp_path, content))


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(GOLD)), st.integers(0, 40), st.text(alphabet="[]{}:,-\n \"'&*!1ax", max_size=6))
def test_a_damaged_gold_file_is_read_or_refused_but_never_crashes(tmp_path_factory, place, length, instead):
    path = gold_file(tmp_path_factory.getbasetemp() / "damaged", GOLD[:place] + instead + GOLD[place + length :])
    try:
        gold = read_case(path)
    except InputError:
        return
    assert all(row.f1 in {1, None} for row in counts(gold, gold) if row.metric == "found")


def test_a_gold_file_without_its_text_is_refused(tmp_path):
    path = gold_file(tmp_path)
    (tmp_path / "a1.txt").unlink()
    with pytest.raises(InputError, match=r"its text .*a1\.txt does not exist"):
        read_case(path)
    gold_file(tmp_path / "texts")
    assert read_case(path, tmp_path / "texts").id == "a1"


SHARED = Path(os.environ.get("EXTRACTOR_SHARED", "../shared")) / "gold" / "dev"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the development gold is not on this machine")
def test_the_development_gold_is_read_and_is_right_against_itself():
    result = evaluate([SHARED], [])
    assert result.problems == ()
    gold = [read_case(path) for path in gold_files([SHARED])]
    assert all(row.f1 in {1, None} for row in compare(gold, gold).rows)


# Documents --------------------------------------------------------------------------------------------------------------------


def document(name="a1", text=TEXT):
    """A timeline document with the facts of GOLD: the mastectomy and the metastasis, and a finding, which is not judged."""

    def evidence(words, role="head"):
        return {"start": text.index(words), "end": text.index(words) + len(words), "text": words, "role": role}

    return {
        "schema_version": "1.0",
        "generator": {"version": "0", "pipeline_digest": "x"},
        "source": {"id": name},
        "text": text,
        "sections": [],
        "patients": [{"id": "P1", "sex": "female", "age": "P42Y"}],
        "facts": [
            {"id": "F1", "type": "procedure", "name": "mastectomy", "category": "surgery", "step": 2,
             "evidence": [evidence("years before", "time"), evidence("mastectomy")], "start": {"earliest": None, "latest": 3}},
            {"id": "F2", "type": "lesion", "name": "metastasis", "site": "brain", "size_mm": [9.0], "evidence": [evidence("metastasis")],
             "step": 3, "certainty": "suspected", "start": {"earliest": None, "latest": None}},
            {"id": "F3", "type": "finding", "name": "pain", "evidence": []},
        ],
    }  # fmt: skip


def document_file(folder, name="a1", **changes):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**document(name), **changes}), encoding="utf-8")
    return path


def test_a_document_is_judged_by_its_heads_and_known_bounds():
    made = judged(load(json.dumps(document())))
    assert [(f.type, f.heads, f.start) for f in made.facts] == [
        ("procedure", (span("mastectomy"),), (3, 3)),
        ("lesion", (span("metastasis"),), None),
    ]
    assert made.facts[1].attributes == {"course": "present", "site": "brain", "size_mm": (9.0,)}
    assert made.patients == (JudgedPatient("female", 42),)


def test_evaluate_pairs_files_by_id(tmp_path):
    result = evaluate([gold_file(tmp_path / "gold").parent], [document_file(tmp_path / "made")])
    assert (result.row("found").right, result.row("found").gold, result.row("found").predicted) == (2, 3, 2)
    assert (result.row("start").f1, result.row("placed").right, result.row("attributes").f1) == (1, 2, 1)
    assert (result.gold_only, result.predicted_only, result.problems) == ((), (), ())


def test_ids_without_partner_are_said_and_one_bad_file_hides_nothing(tmp_path):
    gold, made = tmp_path / "gold", tmp_path / "made"
    gold_file(gold)
    gold_file(gold, GOLD.replace("a1", "lonely"), "lonely")
    gold_file(gold, "bad: [", "broken")
    gold_file(gold, GOLD.replace("a1", "other"), "other")
    for name in ("a1", "surplus", "broken"):
        document_file(made, name)
    document_file(made, "other", text=TEXT + " More.")
    result = evaluate([gold], [made])
    assert [g.id for g, _ in result.pairs] == ["a1"]
    assert (result.gold_only, result.predicted_only) == (("lonely",), ("surplus",))
    assert len(result.problems) == 2
    assert "broken.yaml: line" in result.problems[0]
    assert "other: the predicted text differs from the gold's at character" in result.problems[1]
    assert result.row("found").gold == 3


def test_a_document_without_text_and_two_of_one_id_are_refused(tmp_path):
    gold_file(tmp_path / "gold")
    none = evaluate([tmp_path / "gold"], [document_file(tmp_path / "bare", text=None)])
    assert "write the document again with its text" in none.problems[0]
    assert (none.pairs, none.row("found").f1, none.gold_only) == ((), None, ())
    twice = evaluate([tmp_path / "gold"], [document_file(tmp_path / "one"), document_file(tmp_path / "two")])
    assert (len(twice.pairs), len(twice.problems)) == (1, 1)
    assert "another file has the id a1" in twice.problems[0]


def test_a_folder_without_timelines_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"holds no \.yaml or \.json file"):
        evaluate([tmp_path], [tmp_path])


def test_a_document_as_gold_of_itself_is_right_everywhere(tmp_path):
    path = tmp_path / "a1.json"
    path.write_text(dump(load(json.dumps(document()))), encoding="utf-8")
    result = evaluate([path], [path])
    assert all(row.f1 in {1, None} for row in result.rows)


def test_evaluate_run_judges_what_a_function_makes_of_the_texts(tmp_path):
    gold_file(tmp_path)
    gold_file(tmp_path, GOLD.replace("a1", "a2"), "a2")

    def extract(path):
        if path.stem == "a2":
            raise InputError("a2.txt: too large")
        return load(json.dumps(document(path.stem)))

    result = evaluate_run([tmp_path], extract)
    assert [g.id for g, _ in result.pairs] == ["a1"]
    assert (result.problems, result.gold_only) == (("a2.txt: too large",), ())


def test_files_in_any_order_give_the_same_figures(tmp_path):
    paths = [gold_file(tmp_path), gold_file(tmp_path, GOLD.replace("a1", "a2"), "a2")]
    made = [document_file(tmp_path / "made"), document_file(tmp_path / "made", "a2")]
    assert evaluate(paths, made).rows == evaluate(paths[::-1], made[::-1]).rows


# Reports ----------------------------------------------------------------------------------------------------------------------


def shown(result):
    console = Console(width=140, record=True, file=StringIO())
    console.print(tables(result))
    return console.export_text()


def test_the_table_shows_each_type_and_what_was_not_judged():
    gold, other = case(fact("drug", "trastuzumab"), fact("drug", "capecitabine")), replace(case(), id="b")
    text = shown(compare([gold, other], [case(fact("drug", "trastuzumab"))]))
    assert "1 reports judged" not in text
    assert "1 report judged" in text
    assert "66.7" in text
    assert "1 without a prediction: b" in text


def test_the_figures_are_plain_values():
    gold = case(fact("drug", "trastuzumab", start=(0, 0)), fact("drug", "capecitabine"))
    figures = as_dict(compare([gold], [case(fact("drug", "trastuzumab", start=(300, 300)))]))
    assert json.loads(json.dumps(figures)) == figures
    assert figures["scores"]["found"]["drug"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "right": 1, "gold": 2, "predicted": 1}
    assert figures["scores"]["start"]["all"] == {"share": 0.0, "right": 0, "of": 1}
    assert figures["by_case"]["a"] == figures["scores"]


def test_mistakes_are_listed_in_their_sentences():
    gold = case(
        fact("drug", "trastuzumab", start=(100, 110), end=(400, 410), dose="8 mg/kg"),
        fact("procedure", "Brain MRI"),
        fact("lesion", "metastasis"),
    )
    predicted = case(
        fact("drug", "trastuzumab", "pertuzumab", start=(0, 3)),
        fact("procedure", "Biopsy", category="biopsy"),
        fact("diagnosis", "metastasis"),
    )
    mistakes = errors(gold, predicted)
    assert [(m.type, m.kind, m.name) for m in mistakes] == [
        ("drug", "name", "trastuzumab"), ("drug", "attribute", "trastuzumab"), ("drug", "start", "trastuzumab"),
        ("drug", "end", "trastuzumab"),
        ("lesion", "missed", "metastasis"), ("procedure", "missed", "brain mri"), ("procedure", "invented", "biopsy"),
        ("diagnosis", "invented", "metastasis"),
    ]  # fmt: skip
    text = listing(mistakes)
    assert "dose: gold '8 mg/kg', predicted nothing" in text
    assert "start: gold [100, 110], predicted [0, 3]" in text
    assert "found as diagnosis 'metastasis'" in text
    assert "[[Biopsy]] of the liver showed carcinoma." in text
    assert "\n      She received [[trastuzumab]], then capecitabine until progression.\n" in text


def test_no_mistakes_of_gold_against_itself():
    gold = case(fact("drug", "trastuzumab", start=(0, 3)), fact("lesion", "metastasis"))
    assert errors(gold, gold) == []
    assert listing([]) == ""


def test_errors_of_the_package_have_an_exit_code():
    assert issubclass(InputError, ExtractorError)
