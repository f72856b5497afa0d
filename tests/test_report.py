"""The page of a case and the index of several, without a browser: what they hold, and that nothing of a document gets out of its place."""

import json
import re
import sys
from html.parser import HTMLParser
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_cases import NASTY, TEXT, at, case_of, fact, large_case, mention, small_case
from typer.testing import CliRunner

from extractor.cli import app
from extractor.errors import InputError
from extractor.report.documents import cases_of
from extractor.report.explain import rule_in_words
from extractor.report.lanes import label_of, row_name, width_of
from extractor.report.page import index, page
from extractor.report.picture import Sizes, picture
from extractor.report.words import not_taken, paragraphs
from extractor.schema import STANDARD_TYPES, Patient, Relation, dump
from extractor.timeline.expressions import PLACES


class Seen(HTMLParser):
    """The tags of a page with their attributes, its visible text, and what stands in its scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.scripts, self.open = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_data(self, data):
        (self.scripts if self.open[-1:] == ["script"] else self.text).append(data)

    def handle_endtag(self, tag):
        self.open.append("")


def data_of(html):
    return json.loads(Seen(html).scripts[0])


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(a) for a in arguments])


# The page -----------------------------------------------------------------------------------------------------------------------


def test_a_text_with_markup_is_shown_and_makes_no_tag():
    seen = Seen(page(small_case()))
    assert [name for name, _ in seen.tags].count("script") == 2
    assert "img" not in {name for name, _ in seen.tags}
    assert "document.title = 'taken'" in "".join(seen.text)


def test_what_the_script_reads_is_the_document_to_the_letter():
    names = [f["name"] for f in data_of(page(small_case()))["facts"]]
    assert NASTY in names
    assert "שלום עולם" in names


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=40), st.text(alphabet="<>&\"'/!-scriptSCRIPT \n", min_size=1, max_size=40))
def test_no_text_and_no_name_adds_a_tag(text, name):
    words = text + name
    plain = [tag for tag, _ in Seen(page(case_of([fact("finding", 1, "x", at("x", "x"))], "x"))).tags]
    tags = [tag for tag, _ in Seen(page(case_of([fact("finding", 1, name, at(words, words))], words))).tags]
    assert set(tags) <= set(plain)
    assert tags.count("script") == plain.count("script")


def test_the_page_of_the_article_is_one_file_below_a_megabyte_that_loads_nothing(nlp, article):
    html = page(article)
    assert len(html.encode()) < 1_000_000
    assert not re.search(r"@import|url\((?!#)", html)
    for tag, attributes in Seen(html).tags:
        for name in ("src", "href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, value)


@pytest.fixture(scope="session")
def article(nlp):
    from pathlib import Path

    from extractor.pipeline import extract

    return extract(Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt", nlp)


def test_the_same_document_gives_the_same_page():
    assert page(small_case()) == page(small_case())


def test_the_page_names_a_users_own_type_and_the_warnings():
    from extractor.schema import Warning as Warned

    html = page(small_case(warnings=(Warned(code="temporal-conflict", message="F1 <b>before</b> F2", facts=("F1",)),)))
    text = "".join(Seen(html).text)
    assert "gadget" in text
    assert "F1 <b>before</b> F2" in text


def test_a_document_without_text_shows_the_words_it_quotes():
    text = "".join(Seen(page(small_case(text=None))).text)
    assert "holds no text" in text
    assert "for three months" in text


def test_a_report_without_facts_says_so():
    assert "No facts were found" in page(case_of([]))


def test_a_report_without_patient_has_a_page():
    assert "Case report" in page(case_of([], patients=()))


def test_the_text_stands_whole_between_its_marks(article):
    for case in (small_case(), article):
        shown = [segment.text for p in paragraphs(case) for segment in p.segments]
        assert "".join("".join(shown).split()) == "".join(case.text.split())


def test_words_that_carry_two_facts_name_the_one_they_are_the_head_of_first():
    segments = [s for p in paragraphs(small_case()) for s in p.segments if s.text == "carcinoma"]
    assert [[f.id for f in s.facts] for s in segments] == [["F3", "F4"]]


@pytest.mark.parametrize(("number", "reason"), [
    (1, "of the family"), (2, "negated"), (3, "not in the case itself"), (4, "a place alone is no fact"),
    (5, "too general, or told by other words"), (6, "read with other facts"),
])  # fmt: skip
def test_what_was_not_taken_has_its_reason(number, reason):
    assert {left.mention.id: left.reason for left in not_taken(small_case())}[f"M{number}"] == reason


def test_a_mention_that_a_fact_rests_on_was_taken():
    case = case_of([fact("lesion", 1, "lump", at("lump", mention="M1"))], mentions=(mention(1, "lesion", "lump"),))
    assert not_taken(case) == []


@pytest.mark.parametrize(("low", "high", "words"), [
    (14, 60, "14 to 60 days after"), (0, 0, "together with"), (0, None, "not before"), (None, 0, "not after"),
    (7, None, "at least 7 days after"), (None, 21, "at most 21 days after"), (-3, 3, "−3 to 3 days after"),
    (None, None, "in no known relation to"),
])  # fmt: skip
def test_a_reason_is_a_sentence(low, high, words):
    from extractor.schema import Constraint

    why = (Constraint(relation="after", anchor="day0", low=low, high=high, source="then"),)
    html = page(case_of([fact("lesion", 1, "lump", at("lump"), derivation=why)]))
    assert data_of(html)["facts"][0]["why"][0]["words"] == words


def test_a_fact_tells_the_reasons_of_its_time_and_its_relations():
    from extractor.schema import Constraint

    why = (Constraint(relation="after", anchor="F1", low=14, high=60, source="then", text="two weeks later"),)
    case = case_of(
        [fact("lesion", 1, "lump", at("lump")), fact("drug", 2, "trastuzumab", at("trastuzumab"), derivation=why)],
        relations=(Relation(type="before", source="F1", target="F2"),),
    )
    told = data_of(page(case))["facts"][1]
    assert told["why"][0]["words"] == "14 to 60 days after"
    assert told["why"][0]["anchor"] == "F1"
    assert told["relations"] == [["before (of)", "F1"]]


# The picture --------------------------------------------------------------------------------------------------------------------


def drawn(facts, scale="time", **fields):
    return picture(case_of(facts, **fields), "P1", scale, lambda words: width_of(words, 11))


def marks_of(shown):
    return {mark.fact.id: mark for mark in shown.marks}


@pytest.mark.parametrize(
    ("start", "end", "certain"),
    [((0, 0), (100, 100), (0, 100)), ((0, 20), (60, 100), (20, 60)), ((0, 70), (60, 100), None), ((0, 20), (None, 100), None)],
)
def test_only_what_lasted_whatever_the_bounds_is_drawn_as_certain(start, end, certain):
    case = case_of([fact("drug", 1, "trastuzumab", at("trastuzumab"), start=start, end=end, step=1)])
    shown = picture(case, "P1", "time", lambda _: 0)
    left, right = shown.zero, shown.sizes.width - shown.sizes.edge
    expected = None if certain is None else tuple(left + (right - left) * day / 100 for day in certain)
    assert shown.marks[0].sure == (expected and pytest.approx(expected))


def test_lanes_stand_in_their_order_and_drugs_share_the_rows_of_their_name():
    shown = picture(small_case(), "P1", "time", len)
    assert [strip.lane.title for strip in shown.strips] == [
        "Diagnoses, outcomes", "Drugs", "Procedures", "Lesions", "Biomarkers", "Findings", "Gadget",
    ]  # fmt: skip
    courses = [
        fact("drug", n, "trastuzumab", at("trastuzumab"), start=(n * 100, n * 100), end=(n * 100 + 50, n * 100 + 50)) for n in (1, 2)
    ]
    assert [band.rows for band in drawn(courses).strips[0].bands] == [1]


def test_a_mark_stands_at_the_middle_of_its_bounds_and_its_band_between_them():
    marks = marks_of(
        drawn([fact("lesion", 1, "lump", at("lump"), start=(100, 300)), fact("lesion", 2, "lump", at("lump"), start=(1000, 1000))])
    )
    assert marks["F1"].at == pytest.approx((marks["F1"].low + marks["F1"].high) / 2)
    assert marks["F2"].low == marks["F2"].high == marks["F2"].at


def test_a_course_is_darkest_between_its_latest_start_and_its_earliest_end():
    shades = marks_of(drawn([fact("drug", 1, "trastuzumab", at("trastuzumab"), start=(0, 50), end=(100, 200))]))["F1"].shades
    assert [dark for _, dark in shades] == sorted([dark for _, dark in shades[:4]]) + sorted([dark for _, dark in shades[4:]], reverse=True)
    assert dict(shades)[0.25] == 1
    assert shades[0][1] == shades[-1][1] == 0


def test_a_side_without_a_bound_is_open():
    marks = marks_of(picture(small_case(), "P1", "time", len))
    assert (marks["F4"].open_start, marks["F4"].open_end) == (True, False)
    assert (marks["F6"].open_start, marks["F6"].open_end) == (False, True)


def test_what_has_no_day_stands_apart_in_the_order_of_its_steps():
    facts = [fact("lesion", 1, "lump", at("lump"), start=(0, 10), step=1)]
    facts += [fact("finding", n, "pain", at("presented"), step=n) for n in (2, 3)]
    shown = drawn(facts)
    marks = marks_of(shown)
    assert marks["F1"].high <= shown.apart < marks["F2"].at < marks["F3"].at


def test_a_long_history_has_a_scale_of_its_own():
    shown = picture(small_case(), "P1", "time", len)
    assert shown.squeezed
    assert shown.zero < 0.2 * shown.width


def test_steps_stand_evenly_and_a_course_ends_where_its_day_lies_among_them():
    facts = [fact("finding", n, "pain", at("presented"), start=(n * 10, n * 10), step=n) for n in (1, 2, 3, 4)]
    facts.append(fact("drug", 5, "trastuzumab", at("trastuzumab"), start=(10, 10), end=(30, 30), step=1))
    marks = marks_of(drawn(facts, "order"))
    assert marks["F2"].at - marks["F1"].at == pytest.approx(marks["F4"].at - marks["F3"].at)
    assert marks["F5"].until == pytest.approx(marks["F3"].at)


def test_the_area_of_a_lesion_grows_with_its_size():
    sizes = [marks_of(drawn([fact("lesion", 1, "m", at("lump"), size_mm=(mm,))]))["F1"].radius for mm in (10.0, 20.0, 40.0)]
    assert sizes == sorted(sizes)
    assert sizes[2] ** 2 == pytest.approx(2 * sizes[1] ** 2)


def test_observations_of_the_same_lesion_are_joined():
    facts = [fact("lesion", n, "mass", at("lump"), start=(n, n), site="brain") for n in (1, 2)]
    shown = drawn(facts, relations=(Relation(type="same-lesion", source="F2", target="F1"),))
    assert [(a.fact.id, b.fact.id) for a, b in shown.strips[0].bands[0].links] == [("F1", "F2")]


def test_labels_say_what_is_most_worth_knowing():
    lesion = fact(
        "lesion", 1, "mass", at("lump"), size_mm=(9.0, 7.0), course="increased", site="brain", laterality="left", certainty="suspected"
    )
    assert (label_of(lesion), row_name(lesion)) == ("mass ↑ 9 × 7 mm?", "left brain")
    marker = fact("biomarker", 1, "PR", at("HER2"), status="negative", specimen="liver")
    assert (label_of(marker), row_name(marker)) == ("PR −", "liver")


DAYS = st.one_of(st.none(), st.integers(-5000, 5000))
BOUNDS = st.one_of(st.none(), st.tuples(DAYS, DAYS).map(lambda pair: tuple(sorted(pair)) if None not in pair else pair))
FACTS = st.lists(st.tuples(st.sampled_from(sorted(STANDARD_TYPES)), BOUNDS, BOUNDS, st.one_of(st.none(), st.integers(1, 9))), max_size=25)


@settings(max_examples=150, deadline=None)
@given(FACTS, st.sampled_from(["time", "order"]))
def test_no_two_marks_or_labels_meet_and_all_stand_on_the_picture(rows, scale):
    facts = [
        fact(kind, n, "progression" if kind == "outcome" else f"name {n}", at("lump"), start=start, end=end, step=step)
        for n, (kind, start, end, step) in enumerate(rows, start=1)
    ]
    sizes = Sizes()
    shown = picture(case_of(facts), "P1", scale, lambda words: width_of(words, 11), sizes)
    assert len(shown.marks) == len(facts)
    for strip in shown.strips:
        for band in strip.bands:
            for mark in band.marks:
                assert 0 <= mark.low <= mark.high <= shown.width
                assert mark.low - 1e-6 <= mark.at <= (mark.until if mark.until is not None else mark.at) <= shown.width
                assert all(0 <= place <= 1 and 0 <= dark <= 1 for place, dark in mark.shades)
            for one, other in combinations(band.marks, 2):
                if one.row == other.row:
                    (a, b), (c, d) = extent(one), extent(other)
                    assert b <= c or d <= a, (one, other)


def extent(mark):
    end = mark.at if mark.until is None else mark.until
    return (mark.at - mark.width, end) if mark.left else (mark.at, end + mark.width)


# The command, the index, the notebook ---------------------------------------------------------------------------------------------


def test_a_document_becomes_a_page(run, tmp_path):
    (tmp_path / "made.json").write_text(dump(small_case()), encoding="utf-8")
    result = run("report", tmp_path / "made.json", "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page(small_case())


def test_a_folder_becomes_an_index_with_a_page_for_each_case(run, tmp_path):
    for name in ("a b#1", "two"):
        (tmp_path / f"{name}.json").write_text(
            dump(small_case(source=small_case().source.model_copy(update={"id": name}))), encoding="utf-8"
        )
    result = run("report", tmp_path, "-o", tmp_path / "all.html")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["a b#1.html", "two.html"]
    links = [attributes["href"] for tag, attributes in Seen((tmp_path / "all.html").read_text(encoding="utf-8")).tags if tag == "a"]
    assert links == ["all/a%20b%231.html", "all/two.html"]
    assert 'href="../all.html"' in (tmp_path / "all" / "two.html").read_text(encoding="utf-8")


def test_the_index_needs_a_name_that_its_folder_does_not_take(run, tmp_path):
    (tmp_path / "made.json").write_text(dump(small_case()), encoding="utf-8")
    result = run("report", tmp_path, "-o", tmp_path / "all")
    assert result.exit_code == 2
    assert "all.html" in result.output
    assert not (tmp_path / "all").exists()


def test_a_refused_document_is_named_and_does_not_stop_the_others(run, tmp_path):
    (tmp_path / "good.json").write_text(dump(small_case()), encoding="utf-8")
    (tmp_path / "newer.json").write_text(dump(small_case()).replace('"1.0"', '"2.0"', 1), encoding="utf-8")
    (tmp_path / "twin.json").write_text(dump(small_case()), encoding="utf-8")
    (tmp_path / "words.json").write_text("no JSON", encoding="utf-8")
    result = run("report", tmp_path, "-o", tmp_path / "all.html")
    assert result.exit_code == 4
    assert "newer.json: the document: its schema version is 2.0, this program reads 1.0" in result.output
    assert "twin.json: its id 'made' is that of another document" in result.output
    assert "words.json is no timeline document" in result.output
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["made.html"]


def test_a_folder_without_documents_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no timeline documents"):
        cases_of(tmp_path)


def test_a_report_instead_of_its_document_is_refused_in_words(run, tmp_path):
    (tmp_path / "report.txt").write_text(TEXT, encoding="utf-8")
    result = run("report", tmp_path / "report.txt", "-o", tmp_path / "page.html")
    assert result.exit_code == 4
    assert "make one of a report with extractor extract" in result.output
    assert not (tmp_path / "page.html").exists()


def test_the_index_escapes_what_the_cases_say():
    tags = {tag for tag, _ in Seen(index([small_case(), case_of([], identity=NASTY)], "pages")).tags}
    assert "img" not in tags


def test_five_thousand_facts_become_a_page():
    assert len(data_of(page(large_case(5000)))["facts"]) == 5000


def test_several_patients_have_a_timeline_each():
    facts = [fact("lesion", 1, "lump", at("lump"), start=(0, 1)), fact("lesion", 2, "mass", at("lump"), start=(0, 1), patient="P2")]
    html = page(case_of(facts, patients=(Patient(id="P1"), Patient(id="P2", sex="male"))))
    assert "P2: male" in "".join(Seen(html).text)


def test_a_case_in_a_notebook_is_its_timeline_escaped():
    html = small_case()._repr_html_()
    seen = Seen(html)
    assert {"svg", "style"} <= {tag for tag, _ in seen.tags}
    assert not {"script", "img"} & {tag for tag, _ in seen.tags}
    assert '"Segoe UI"' in html


def test_loading_a_document_does_not_load_the_report():
    import subprocess

    code = "import sys, extractor.schema; sys.exit(any(name.startswith(('extractor.report', 'jinja2')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_rules_of_reasons_are_told_in_words():
    assert rule_in_words("radiotherapy to therapy") == "as usual from radiotherapy to therapy"
    assert rule_in_words("response to treatment") == "as usual for a response"
    assert rule_in_words("told together") == "told together"
    # An expression whose place is that of an operation is told as "at the operation", "before the operation".
    named = [kind for kind in PLACES - {"at_surgery", "before_event"} if rule_in_words(kind) == kind]
    assert named == []
