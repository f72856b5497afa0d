"""The levels beside facts: mentions, context, relations in time, the textual time series. Each measure worked out by hand."""

from dataclasses import replace
from itertools import count, pairwise, product
from math import log, log1p

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.evaluation import compare, counts
from extractor.evaluation.closure import order
from extractor.evaluation.judged import FACT_LEVELS, LEVELS, JudgedCase, JudgedFact, JudgedMention, JudgedPatient, JudgedRelation
from extractor.evaluation.levels import METRICS, METRICS_OF
from extractor.evaluation.rows import NAMES
from extractor.evaluation.series import LONGEST, words
from extractor.evaluation.temporal import graphs

TEXT = "x" * 200
_ids = count()


def mention(label, *spans, flags=()):
    return JudgedMention(f"m{next(_ids)}", label, spans, frozenset(flags))


def marked(*mentions, relations=(), **more):
    levels = frozenset({"mention", "context", *(["relation"] if relations else [])})
    return JudgedCase("a", TEXT, mentions=mentions, relations=relations, **{"levels": levels, **more})


def fact(kind, start, name="", *, step=None, days=None, patient=1, **attributes):
    return JudgedFact(f"f{next(_ids)}", kind, name or f"{kind} {start}", ((start, start + 5),), attributes, days, None, step, patient)


def told(*facts, name="a", patients=1):
    return JudgedCase(name, TEXT, facts, (JudgedPatient(),) * patients)


def score(metric, gold, predicted, key="all"):
    row = next(r for r in counts(gold, predicted) if (r.metric, r.key) == (metric, key))
    return row.right, row.gold, row.predicted


# Mentions ---------------------------------------------------------------------------------------------------------------------


def test_the_four_measures_of_mentions_by_hand():
    gold = marked(mention("drug", (0, 10)), mention("drug", (20, 30)), mention("site", (40, 50)), mention("site", (60, 70)))
    predicted = marked(
        mention("drug", (0, 10)),  # all right
        mention("site", (20, 30)),  # wrong label
        mention("site", (45, 55)),  # wrong end
        mention("drug", (80, 90)),  # nothing there
        mention("drug", (91, 95)),
    )
    assert score("mention_strict", gold, predicted) == (1, 4, 5)
    assert score("mention_exact", gold, predicted) == (2, 4, 5)
    assert score("mention_partial", gold, predicted) == (2.5, 4, 5)
    assert score("mention_type", gold, predicted) == (2, 4, 5)
    assert score("mention_type", gold, predicted, "drug") == (1, 2, 3)
    assert score("mention_partial", gold, predicted, "site") == (0.5, 2, 2)


def test_nested_mentions_are_each_matched_once():
    gold = marked(mention("lesion", (0, 30)), mention("site", (20, 30)), mention("lesion", (20, 30)))
    assert score("mention_strict", gold, gold) == (3, 3, 3)
    outer = marked(mention("lesion", (0, 30)))
    assert score("mention_type", gold, outer) == (1, 3, 1)
    assert score("mention_partial", gold, outer) == (1, 3, 1)
    # The wide one has words in common with both lesions, the narrow one with both: as many pairs as can be.
    crossed = marked(mention("lesion", (25, 30)), mention("lesion", (0, 25)))
    assert score("mention_type", gold, crossed) == (2, 3, 2)


def test_mentions_that_only_touch_have_nothing_in_common():
    assert score("mention_partial", marked(mention("drug", (0, 10))), marked(mention("drug", (10, 20)))) == (0, 1, 1)


def test_words_that_stand_apart_are_one_mention():
    gold = marked(mention("finding", (0, 5), (20, 25)))
    assert score("mention_exact", gold, marked(mention("finding", (0, 5), (20, 25)))) == (1, 1, 1)
    assert score("mention_partial", gold, marked(mention("finding", (0, 25)))) == (0.5, 1, 1)
    assert score("mention_partial", gold, marked(mention("finding", (8, 12)))) == (0, 1, 1)


def test_the_labels_of_the_side_that_has_its_own_are_used():
    gold = marked(mention("condition", (0, 5)), mention("condition", (10, 15)), scheme={"diagnosis": "condition", "finding": "condition"})
    ours = marked(mention("diagnosis", (0, 5)), mention("finding", (10, 15)), mention("time", (20, 25)))
    assert score("mention_strict", gold, ours) == (2, 2, 2)  # times are not annotated there
    assert score("mention_strict", ours, gold) == (2, 2, 2)


def test_context_is_judged_on_the_mentions_of_both_sides():
    gold = marked(
        mention("finding", (0, 5), flags=["negated"]), mention("finding", (10, 15), flags=["uncertain"]), mention("finding", (20, 25)),
        mention("finding", (30, 35), flags=["negated"]),
    )  # fmt: skip
    predicted = marked(
        mention("finding", (0, 5), flags=["negated"]),
        mention("finding", (10, 14)),
        mention("finding", (20, 25), flags=["negated", "planned"]),
    )
    assert score("context", gold, predicted, "negated") == (1, 1, 2)  # the fourth was not found: a matter of mentions
    assert score("context", gold, predicted, "uncertain") == (0, 1, 0)
    assert score("context", gold, predicted) == (1, 2, 3)
    polarity = replace(gold, flags=frozenset({"negated"}))
    assert score("context", polarity, predicted) == (1, 1, 2)


SPANS = st.tuples(st.integers(0, 60), st.integers(1, 15)).map(lambda place: (place[0], place[0] + place[1]))
MENTIONS = st.lists(st.tuples(st.sampled_from(["drug", "site"]), SPANS), max_size=8)
FLAT = st.lists(st.tuples(st.sampled_from(["drug", "site"]), st.integers(0, 3), st.integers(1, 6)), max_size=8)


def side(found):
    return marked(*(mention(label, span, flags=["negated"] if span[0] % 2 else []) for label, span in found))


@settings(deadline=None)
@given(MENTIONS, MENTIONS, st.randoms())
def test_of_mentions_the_order_does_not_matter_and_swapping_the_sides_swaps_precision_and_recall(ours, theirs, random):
    there = {(r.metric, r.key): r for r in counts(side(ours), side(theirs)) if r.metric.startswith("mention")}
    random.shuffle(ours)
    random.shuffle(theirs)
    assert counts(side(ours), side(theirs), ["mention"]) == tuple(there.values())
    for row in counts(side(theirs), side(ours), ["mention"]):
        other = there[row.metric, row.key]
        assert (row.right, row.gold, row.predicted) == (pytest.approx(other.right), other.predicted, other.gold)


@settings(deadline=None)
@given(MENTIONS)
def test_mentions_against_themselves_are_right_everywhere(found):
    assert all(row.f1 in {1, None} for row in counts(side(found), side(found)) if row.metric.startswith("mention"))


@settings(deadline=None)
@given(FLAT, FLAT)
def test_flat_mentions_are_counted_as_nervaluate_counts_them(ours, theirs):
    nervaluate = pytest.importorskip("nervaluate")

    def flat(found):
        at, spans = 0, []
        for label, gap, length in found:
            spans.append((label, (at + gap, at + gap + length)))
            at += gap + length
        return spans

    ours, theirs = flat(ours), flat(theirs)
    if not ours or not theirs:
        return  # nervaluate refuses a side without anything
    # Its ends are inclusive.
    as_dicts = [[[{"label": label, "start": a, "end": b - 1} for label, (a, b) in found]] for found in (ours, theirs)]
    overall = nervaluate.Evaluator(*as_dicts, tags=["drug", "site"], loader="dict").evaluate()["overall"]
    for measure in ("strict", "exact", "partial"):
        expected = overall[measure]
        assert score(f"mention_{measure}", side(ours), side(theirs)) == (
            expected.correct + 0.5 * expected.partial, expected.possible, expected.actual
        )  # fmt: skip
    # By type it takes the first partner that fits, and may leave another without one.
    assert score("mention_type", side(ours), side(theirs))[0] >= overall["ent_type"].correct


# Relations in time ------------------------------------------------------------------------------------------------------------


def awareness(gold, predicted, key="all"):
    (confirmed, claimed, _), (recalled, stated, _) = (score(f"relation_{side}", gold, predicted, key) for side in ("precision", "recall"))
    return (confirmed, claimed), (recalled, stated)


def steps(**of):
    return told(*(fact("procedure", 20 * n, step=step) for n, step in enumerate(of.values())))


def test_awareness_by_hand():
    gold = steps(a=1, b=2, c=3)  # states a-b, b-c; a-c follows
    predicted = steps(a=1, b=3, c=2)  # states a-c, c-b; a-b follows
    assert awareness(gold, predicted) == ((1, 2), (1, 2))  # a-c follows from the gold, c-b does not; a-b is found, b-c is not
    assert awareness(gold, gold) == ((2, 2), (2, 2))
    assert awareness(gold, steps(a=1, b=1, c=2)) == ((2, 2), (1, 2))  # a-c and b-c are both needed: neither follows
    assert awareness(gold, steps(a=None, b=None, c=None)) == ((0, 0), (0, 2))


def test_what_the_gold_leaves_open_is_not_to_be_ordered():
    assert awareness(steps(a=1, b=1), steps(a=1, b=2)) == ((0, 1), (0, 0))


def test_a_fact_without_a_partner_counts():
    gold = steps(a=1, b=2, c=3)
    assert awareness(gold, told(*gold.facts[:1], *gold.facts[2:])) == ((1, 1), (0, 2))


def test_bounds_order_facts_without_steps_and_two_patients_are_not_ordered():
    gold = told(fact("drug", 0, days=(0, 5)), fact("drug", 20, days=(6, 9)), fact("drug", 40, days=(5, 8)))
    assert {pair[0] for pair in graphs(gold, gold)[0].reduced} == {"before"}
    assert len(graphs(gold, gold)[0].reduced) == 1  # 0-5 and 5-8 may be the same day
    two = told(fact("drug", 0, step=1), fact("drug", 20, step=2, patient=2), patients=2)
    assert awareness(two, two) == ((0, 0), (0, 0))


def test_relations_between_mentions_by_hand():
    a, b, c, d = (mention("finding", (n, n + 5)) for n in (0, 20, 40, 60))
    gold = marked(
        a, b, c, d,
        relations=(JudgedRelation("overlap", a.id, b.id), JudgedRelation("before", b.id, c.id), JudgedRelation("before", c.id, d.id)),
    )  # fmt: skip
    assert awareness(gold, gold) == ((3, 3), (3, 3))
    # The one thing it states, a before d, follows: a is at the same time as b.
    assert awareness(gold, marked(a, b, c, d, relations=(JudgedRelation("before", a.id, d.id),))) == ((1, 1), (0, 3))
    # Of a timeline equal steps are "at the same time": a b | c | d, where the first of a group speaks for it.
    timeline = told(*(fact("diagnosis", n, step=step) for n, step in ((0, 1), (20, 1), (40, 2), (60, 3))))
    assert awareness(gold, timeline) == ((3, 3), (3, 3))
    assert awareness(gold, timeline, "overlap") == ((1, 1), (1, 1))
    assert awareness(timeline, gold, "before") == ((2, 2), (2, 2))


def test_a_circle_of_befores_states_nothing():
    a, b, c = (mention("finding", (n, n + 5)) for n in (0, 20, 40))
    circle = marked(a, b, c, relations=tuple(JudgedRelation("before", x.id, y.id) for x, y in ((a, b), (b, a), (b, c))))
    assert {pair[1:] for pair in graphs(circle, circle)[0].closed} == {(("gold", b.id), ("gold", c.id))}


@settings(deadline=None)
@given(
    st.integers(1, 7).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=12))
    )
)
def test_the_closure_is_what_walking_finds_and_the_neighbours_have_the_same_closure(drawn):
    size, edges = drawn
    reached = {(a, b) for a, b in edges}
    for k, i, j in product(range(size), repeat=3):
        if (i, k) in reached and (k, j) in reached:
            reached.add((i, j))
    circular = {(a, b) for a, b in reached if (b, a) in reached}
    known = order(size, edges)
    if not circular:
        assert set(known.pairs()) == reached
    assert set(order(size, known.neighbours()).pairs()) == set(known.pairs())
    assert not any((b, a) in known.pairs() for a, b in known.pairs())
    assert set(known.pairs()) <= reached - circular


# The textual time series ------------------------------------------------------------------------------------------------------


def test_events_are_matched_by_their_words():
    gold = told(fact("procedure", 0, "liver biopsy"), fact("drug", 20, "trastuzumab"), fact("lesion", 40, "metastasis", site="brain"))
    predicted = told(
        fact("procedure", 100, "biopsy, liver"), fact("drug", 20, "trastuzumabs"), fact("lesion", 40, "metastasis", site="left lung"),
        fact("drug", 60, "letrozole"),
    )  # fmt: skip
    assert score("event_match", gold, predicted) == (2, 3, 4)
    assert score("event_match", predicted, gold) == (2, 4, 3)
    assert words(gold.facts[2]) == "brain metastasis"


def test_of_events_with_the_same_words_the_nearest_in_the_text_are_the_same():
    gold = told(fact("drug", 0, "tamoxifen", days=(0, 0)), fact("drug", 100, "tamoxifen", days=(900, 900)))
    assert score("log_time", gold, replace(gold, facts=gold.facts[::-1])) == (2, 2, 2)


def test_concordance_counts_pairs_at_different_times():
    def times(*of):
        return told(*(fact("drug", 20 * n, f"drug {'abcd'[n] * 9}", days=day and (day, day)) for n, day in enumerate(of)))

    gold = times(1, 2, 3, 3)  # five pairs
    assert score("concordance", gold, times(10, 20, 30, 5)) == (3, 5, 5)
    assert score("concordance", gold, times(10, 10, 30, 30)) == (4.5, 5, 5)
    assert score("concordance", gold, times(10, None, 30, 30)) == (3.5, 5, 5)
    assert score("concordance", times(1, 2, None, None), times(5, 6, 7, 8)) == (1, 1, 1)


def test_the_area_under_the_log_time_curve_by_hand():
    gold = told(*(fact("drug", 20 * n, f"drug {'abc'[n] * 9}", days=(0, 10)) for n in range(3)))  # all at day 5
    predicted = told(*(fact("drug", 20 * n, f"drug {'abc'[n] * 9}", days=days) for n, days in enumerate([(5, 5), (6, 6), None])))
    # Right at once; 24 hours off; no time at all.
    assert score("log_time", gold, predicted)[0] == pytest.approx(1 + (1 - log(25) / log(60 * 24 * 365.26)))
    far = told(fact("drug", 0, "drug aaaaaaaaa", days=(1e6, 1e6)))
    assert score("log_time", gold, far) == (0, 1, 1)


def test_the_area_is_that_of_the_published_curve():
    """As its code integrates: boxes under the steps of the distribution, up to the bound."""
    errors = [0.0, 3.0, 24.0, 24.0, 700.0]
    gold = told(*(fact("drug", 20 * n, f"drug {'abcde'[n] * 9}", days=(0, 0)) for n in range(5)))
    predicted = told(*(fact("drug", 20 * n, f"drug {'abcde'[n] * 9}", days=(hours / 24,) * 2) for n, hours in enumerate(errors)))
    steps_at = [*sorted(map(log1p, errors)), LONGEST]
    boxes = sum((following - here) * (n + 1) / 5 for n, (here, following) in enumerate(pairwise(steps_at)))
    assert score("log_time", gold, predicted)[0] / 5 == pytest.approx(boxes / LONGEST)


# Levels -----------------------------------------------------------------------------------------------------------------------


def test_every_metric_belongs_to_one_level_and_has_a_place_in_the_tables():
    assert tuple(METRICS_OF) == LEVELS
    assert sorted(metric.__name__ for metric in METRICS) == sorted(NAMES)


def test_each_level_can_be_asked_for_by_itself():
    gold = told(fact("drug", 0, step=1, days=(0, 0)), fact("drug", 20, step=2, days=(5, 5)))
    for level in FACT_LEVELS:
        assert {r.metric for r in compare([gold], [gold], levels=[level]).rows} == {m.__name__ for m in METRICS_OF[level]}


def test_a_document_without_gold_of_a_level_is_said_and_counts_nothing():
    facts = told(fact("drug", 0))
    mentions = replace(marked(mention("drug", (0, 5))), id="b")
    both = replace(facts, mentions=mentions.mentions, levels=frozenset(LEVELS))
    result = compare([facts, mentions], [both, replace(both, id="b")])
    assert result.levels == LEVELS
    gaps = {(gap.level, gap.side): gap.ids for gap in result.gaps}
    assert gaps[("mention", "gold")] == ("a",)
    assert gaps[("fact", "gold")] == ("b",)
    assert gaps[("start", "gold")] == ("a", "b")  # there are facts, but not one with a start
    assert "1 without gold of the level mention: a" in map(str, result.gaps)
    assert (result.row("found").gold, result.row("mention_strict").gold) == (1, 1)
    assert {r.metric for r in result.by_case["b"]} == {m.__name__ for level in ("mention", "context") for m in METRICS_OF[level]}


def test_a_level_that_is_asked_for_and_that_a_prediction_lacks_is_said():
    facts, mentions = told(fact("drug", 0)), marked(mention("drug", (0, 5)))
    result = compare([facts], [mentions], levels=["fact", "mention"])
    assert [str(gap) for gap in result.gaps] == [
        "1 without gold of the level mention: a",
        "1 without a prediction of the level fact: a",
    ]
    assert result.rows == ()


def test_counts_are_numbers_and_never_truth_values():
    gold = told(fact("drug", 0, dose="8 mg", step=1, days=(0, 0)), replace(fact("drug", 20, step=2), suspected=True))
    assert {type(n) for row in counts(gold, gold) for n in (row.right, row.gold, row.predicted)} <= {int, float}


def test_five_hundred_documents_are_judged():
    kinds = ("drug", "biomarker", "lesion", "procedure", "diagnosis")
    text = "words " * 3000

    def report(number, moved):
        facts = [
            JudgedFact(f"f{n}", kinds[n % 5], f"name {n % 11}", ((60 * n, 60 * n + 12 + moved),), {"site": "lung"}, (n, n + moved), None, n)
            for n in range(35)
        ]
        found = [
            JudgedMention(f"m{n}", kinds[n % 5], ((40 * n, 40 * n + 25 + moved),), frozenset({"negated"} if n % 7 else ()))
            for n in range(150)
        ]
        return JudgedCase(str(number), text, tuple(facts), mentions=tuple(found), levels=frozenset(LEVELS))

    gold, predicted = [report(n, 0) for n in range(500)], [report(n, 20) for n in range(500)]
    result = compare(gold, predicted)
    assert len(result.pairs) == 500
