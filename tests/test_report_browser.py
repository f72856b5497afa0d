"""The page as its readers use it: in headless Chromium, by Playwright with the system's browser."""

import shutil
from pathlib import Path

import pytest
from made_cases import NASTY, TEXT, at, case_of, fact, large_case, small_case

from extractor.report.page import index, page
from extractor.schema import Box

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright for Python: pip install playwright")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"needs one of the browsers {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Opens a page from disk; at the end of the test nothing may have been complained of and nothing been fetched."""
    complaints, contexts = [], []

    def opened(html, fragment="", *, name="page.html", width=1440, **options):
        path = tmp_path / name
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else complaints.append(request.url))
        tab.goto(path.as_uri() + fragment)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def article(nlp):
    from extractor.pipeline import extract

    return extract(Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt", nlp)


def chosen(tab):
    """The name on the card, and the words marked in the text."""
    title = tab.locator("#card h3")
    return title.text_content() if title.count() else None, tab.locator("#text .on").all_text_contents()


def mark(tab, identity):
    return tab.locator(f'.scale:not([hidden]) .m[data-fact="{identity}"]')


def test_choosing_a_mark_shows_the_fact_and_marks_its_words(visit):
    tab = visit(page(small_case()))
    mark(tab, "F5").locator(".hit").click()
    assert chosen(tab) == ("trastuzumab", ["trastuzumab", "for ", "three months"])
    assert tab.url.endswith("#F5")
    assert "day 7…60, until day 97…160; step 3" in tab.locator("#card").text_content()


def test_the_words_of_a_fact_are_scrolled_to(visit, article):
    tab = visit(page(article), "#F103")
    box, frame = tab.locator("#text .on.head").first.bounding_box(), tab.locator("#text").bounding_box()
    assert frame["y"] <= box["y"] <= frame["y"] + frame["height"] - box["height"]
    glyph = mark(tab, "F103").bounding_box()
    pane = tab.locator(".scale:not([hidden]) .extractor-timeline").bounding_box()
    assert pane["y"] <= glyph["y"] <= pane["y"] + pane["height"]


def test_choosing_words_shows_their_facts(visit):
    tab = visit(page(small_case()))
    tab.locator("#text").get_by_text("carcinoma", exact=True).click()
    assert chosen(tab)[0] == NASTY
    assert "F4 HER2" in tab.locator("#card .several").text_content()
    tab.locator("#card .several a").click()
    assert chosen(tab)[0] == "HER2"


def test_selecting_a_stretch_of_text_lists_the_facts_in_it(visit):
    tab = visit(page(small_case()))
    first, last = (tab.locator("#text .w", has_text=words).first.bounding_box() for words in ("Biopsy", "HER2"))
    tab.mouse.move(first["x"] + 20, first["y"] + first["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(last["x"] + last["width"] - 1, last["y"] + last["height"] / 2, steps=8)
    tab.mouse.up()
    tab.wait_for_selector("#card .several")
    assert tab.locator("#card .several a").all_text_contents() == ["F2 biopsy", f"F3 {NASTY}", "F4 HER2"]


def test_a_row_of_the_table_chooses_its_fact(visit):
    tab = visit(page(small_case()), "#table")
    tab.locator('#rows tr[data-fact="F2"] td').nth(4).click()
    assert chosen(tab) == ("biopsy", ["Biopsy"])
    assert tab.locator("#view-table").is_visible()


@pytest.mark.parametrize(("choose", "left"), [
    (lambda tab: tab.locator('.chip input[value="drug"]').click(), 7),
    (lambda tab: tab.select_option('[name="certainty"]', "suspected"), 1),
    (lambda tab: tab.locator('[name="confidence"]').fill("0.85"), 1),
    (lambda tab: tab.fill('[name="words"]', "three MONTHS"), 1),
])  # fmt: skip
def test_filters_hold_in_timeline_table_and_text(visit, choose, left):
    tab = visit(page(small_case()))
    choose(tab)
    assert tab.locator("#shown").text_content() == f"{left} of 9 facts"
    assert tab.locator(".scale:not([hidden]) .m:not(.off)").count() == left
    assert tab.locator("#rows tbody tr:not(.off)").count() == left
    assert tab.locator("#text .w.off").count() > 0
    tab.get_by_role("button", name="Reset").click()
    tab.wait_for_function("document.querySelector('#shown').textContent === '9 facts'")


@pytest.mark.parametrize(("fragment", "view", "name"), [
    ("#F5", "timeline", "trastuzumab"), ("#table", "table", None), ("#M1", "left", "breast cancer"), ("#left", "left", None),
    ("#nothing", "timeline", None), ("#%E0%A4%A", "timeline", None),
])  # fmt: skip
def test_every_view_fact_and_mention_has_a_link(visit, fragment, view, name):
    tab = visit(page(small_case()), fragment)
    assert tab.locator(f"#view-{view}").is_visible()
    assert chosen(tab)[0] == name


def test_going_back_and_forth_by_the_address(visit):
    tab = visit(page(small_case()), "#F1")
    tab.evaluate("location.hash = '#F2'")
    tab.wait_for_function("document.querySelector('#card h3').textContent === 'biopsy'")
    tab.go_back()
    tab.wait_for_function("document.querySelector('#card h3').textContent === 'lump'")


def test_keys_go_through_the_facts_in_time(visit):
    tab = visit(page(small_case()))
    keys = {"ArrowRight": "lump", "ArrowDown": "biopsy", "End": "😀 smile", "ArrowLeft": "discharged", "Home": "lump", "Escape": None}
    for key, name in keys.items():
        tab.keyboard.press(key)
        assert chosen(tab)[0] == name, key
    for key, view in {"b": "table", "n": "left", "t": "timeline"}.items():
        tab.keyboard.press(key)
        assert tab.locator(f"#view-{view}").is_visible()
    tab.keyboard.press("o")
    assert tab.locator('.scale[data-scale="order"]').is_visible()
    tab.keyboard.press("?")
    assert tab.locator("dialog").is_visible()
    tab.keyboard.press("Escape")
    tab.keyboard.press("/")
    tab.keyboard.type("biops")
    assert tab.locator("#shown").text_content() == "1 of 9 facts"


def test_zooming_moves_marks_apart_and_refines_the_ticks(visit, article):
    tab = visit(page(article))
    place = lambda identity: mark(tab, identity).locator("[data-at]").first.bounding_box()["x"]
    ticks = ".scale:not([hidden]) .axis .ticks:not([display]) text"
    before, labels = place("F107") - place("F26"), tab.locator(ticks).all_text_contents()
    for _ in range(4):
        tab.keyboard.press("+")
    assert place("F107") - place("F26") == pytest.approx(before * 1.5**4, rel=0.01)
    assert "18 mo" in tab.locator(ticks).all_text_contents()
    assert "18 mo" not in labels
    tab.keyboard.press("0")
    assert place("F107") - place("F26") == pytest.approx(before, rel=0.01)


OVERLAPS = """() => {
  const shown = document.querySelectorAll(".scale:not([hidden]) :is(.label, .row-name, .lane-title)"), found = [];
  const labels = [...shown].map((e) => [e.textContent, e.getBoundingClientRect(), e.closest("svg")]);
  for (const [words, a, svg] of labels) {
    const frame = svg.getBoundingClientRect();
    if (a.left < frame.left - 1 || a.right > frame.right + 1) found.push(`cut: ${words}`);
    for (const [other, b, same] of labels) {
      const beside = a.right <= b.left + 1 || b.right <= a.left + 1, below = a.bottom <= b.top + 3 || b.bottom <= a.top + 3;
      if (svg === same && words < other && !beside && !below) found.push(`${words} | ${other}`);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("width", [1440, 1000, 420])
def test_no_label_of_the_picture_meets_another_or_is_cut(visit, article, width):
    tab = visit(page(article), width=width)
    for key in ("", "o", "+"):
        if key:
            tab.keyboard.press(key)
        assert tab.evaluate(OVERLAPS) == [], key


def test_the_table_sorts_by_number_and_by_word_and_unknown_days_stand_last(visit):
    tab = visit(page(small_case()), "#table")
    ids = lambda: tab.locator("#rows tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.fact)")
    tab.locator("thead button", has_text="day").click()
    assert ids()[0] == "F9"
    assert ids()[-2:] == ["F8", "F7"]
    tab.locator("thead button", has_text="day").click()
    assert ids()[-2:] == ["F8", "F7"]
    assert ids()[-3] == "F9"
    tab.get_by_role("button", name="type").click()
    assert ids()[0] == "F4"
    assert tab.locator("th[aria-sort=ascending]").text_content() == "type"


def test_the_table_is_copied_as_tsv_as_it_is_shown(visit):
    tab = visit(page(small_case()), "#table", permissions=["clipboard-read", "clipboard-write"])
    tab.locator('.chip input[value="drug"]').click()
    tab.get_by_role("button", name="Copy as TSV").click()
    tab.wait_for_function("document.querySelector('#copied').textContent === '7 rows copied'")
    lines = tab.evaluate("navigator.clipboard.readText()").splitlines()
    assert lines[0].split("\t")[:5] == ["step", "day", "until", "type", "name"]
    assert lines[1].split("\t")[:5] == ["1", "0", "", "lesion", "lump"]
    assert {len(line.split("\t")) for line in lines} == {10}


def test_what_was_not_taken_is_listed_by_reason_and_found_in_the_text(visit):
    tab = visit(page(small_case()), "#left")
    assert tab.locator(".not-taken li:visible").count() == 4
    tab.select_option("#reason", "negated")
    assert tab.locator(".not-taken li:visible mark").all_text_contents() == ["metastasis"]
    tab.locator(".not-taken li:visible a").click()
    assert chosen(tab) == ("metastasis", ["metastasis"])
    assert "not taken: negated" in tab.locator("#card").text_content()


def test_a_text_with_a_script_in_it_is_shown_and_not_run(visit):
    tab = visit(page(small_case()), "#F3")
    assert tab.title() == "made: timeline"
    assert "<script>document.title = 'taken'</script>" in tab.locator("#text").inner_text()
    assert chosen(tab)[0] == NASTY


def test_text_from_right_to_left_and_emoji_are_chosen_whole(visit):
    tab = visit(page(small_case()), "#F8")
    assert chosen(tab) == ("שלום עולם", ["שלום עולם"])
    tab.locator("#text").get_by_text("😀", exact=True).click()
    assert chosen(tab)[0] == "😀 smile"


def test_the_place_on_the_page_of_a_pdf_is_drawn(visit):
    boxes = (Box(page=4, x0=100, y0=200, x1=300, y1=215),)
    tab = visit(page(case_of([fact("lesion", 1, "lump", at("lump", page=4, boxes=boxes))])), "#F1")
    assert tab.locator("#card .page").text_content() == "page 4"
    sheet, box = tab.locator(".sheet").bounding_box(), tab.locator(".sheet .box").bounding_box()
    assert (box["y"] - sheet["y"]) / sheet["height"] == pytest.approx(197 / 842, abs=0.03)


def test_dark_mode_follows_the_reader_and_the_button(visit):
    paper = "getComputedStyle(document.body).backgroundColor"
    light, dark = visit(page(small_case())), visit(page(small_case()), color_scheme="dark")
    assert light.evaluate(paper) == "rgb(255, 255, 255)"
    assert dark.evaluate(paper) == "rgb(20, 23, 27)"
    light.get_by_role("button", name="Dark").click()
    dark.keyboard.press("d")
    assert (light.evaluate(paper), dark.evaluate(paper)) == ("rgb(20, 23, 27)", "rgb(255, 255, 255)")


def test_on_paper_timeline_table_and_text_follow_one_another(visit):
    tab = visit(page(small_case()), "#table")
    tab.emulate_media(media="print")
    for part in ("#view-timeline", "#view-table", "#text"):
        assert tab.locator(part).is_visible()
    assert not tab.locator("#filters").is_visible()


def test_without_script_everything_is_still_there(visit):
    tab = visit(page(small_case()), java_script_enabled=False)
    for part in (".m[data-fact=F1] .label >> nth=0", "#rows", ".not-taken", "#text"):
        assert tab.locator(part).first.is_visible(), part


@pytest.mark.parametrize(("case", "words"), [
    (case_of([]), "No facts were found in this report."),
    (small_case(text=None), "holds no text"),
    (case_of([], patients=()), "Case report"),
])  # fmt: skip
def test_poor_documents_have_a_page(visit, case, words):
    tab = visit(page(case))
    tab.keyboard.press("ArrowRight")
    assert words in tab.locator("main").inner_text()


def test_the_page_is_no_wider_than_a_telephone(visit, article):
    tab = visit(page(article), "#F26", width=390)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_five_thousand_facts_can_be_looked_through(visit):
    tab = visit(page(large_case(5000)))
    tab.keyboard.press("End")
    assert chosen(tab)[1] == ["event4999"]
    tab.fill('[name="words"]', "event77")
    assert tab.locator("#shown").text_content() == "11 of 5000 facts"


def test_the_index_finds_cases_by_all_words_and_leads_to_their_pages(visit, tmp_path):
    cases = [small_case(), large_case(30), case_of([], identity=NASTY)]
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "made.html").write_text(page(cases[0], "../index.html"), encoding="utf-8")
    tab = visit(index(cases, "pages"), name="index.html")
    assert tab.locator("#shown").text_content() == "3 cases"
    tab.keyboard.press("/")
    tab.keyboard.type("TRASTUZUMAB her2")
    assert tab.locator(".cards li:visible h2").all_text_contents() == ["made"]
    assert tab.url.endswith("#TRASTUZUMAB%20her2")
    tab.locator(".cards li:visible a").click()
    assert tab.locator("h1").text_content() == "made"
    tab.get_by_role("link", name="All cases").click()
    assert tab.locator(".cards li:visible").count() == 3
    tab.fill("#find", "nothing of this")
    assert tab.locator("#none").is_visible()


def test_the_picture_of_a_notebook_is_drawn_in_any_page(visit):
    tab = visit(f"<!DOCTYPE html><meta charset=utf-8><title>n</title><body>{small_case()._repr_html_()}")
    assert tab.locator(".extractor-timeline .label", has_text="lump new 20 mm").is_visible()
    assert TEXT.split()[0] not in tab.title()
