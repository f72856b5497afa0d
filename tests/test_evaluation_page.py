"""The page of an evaluation: what it shows, that nothing of a text gets out of it, and that it works in a browser."""

import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.evaluation import JudgedCase, JudgedFact, JudgedPatient, compare, errors
from extractor.evaluation.page import page

TEXT = (
    "She had a mastectomy & more. ER was <b>positive</b>.\n\n"
    "<script>document.title = 'taken'</script> She received trastuzumab until progression.\r\n"
    "Brain MRI showed a metastasis of 9 mm."
)
NAME = '"><img src=x onerror=alert(1)>'
WOMAN = JudgedPatient("female", 42)


def fact(kind, words, name=None, **fields):
    start = TEXT.index(words)
    return JudgedFact(words, kind, name or words.lower(), ((start, start + len(words)),), **fields)


def result_of(*, other=True):
    gold = [
        fact("procedure", "mastectomy", start=(0, 0), step=1),
        fact("biomarker", "ER", attributes={"status": "positive"}),
        fact("drug", "trastuzumab", attributes={"dose": "<8 mg/kg>"}, start=(100, 110), step=2),
        fact("lesion", "metastasis", attributes={"size_mm": [9.0]}),
    ]
    predicted = [
        fact("procedure", "mastectomy", start=(0, 0), step=1),
        fact("biomarker", "ER", attributes={"status": "negative"}),
        fact("drug", "trastuzumab", NAME, start=(0, 0), step=3),
        fact("diagnosis", "metastasis"),
        fact("procedure", "Brain MRI"),
    ]
    cases = [JudgedCase("a & b", TEXT, tuple(gold), (WOMAN,))]
    made = [JudgedCase("a & b", TEXT, tuple(predicted), (JudgedPatient("female", 43),))]
    if other:
        cases.append(JudgedCase("z", TEXT, tuple(gold[:2]), (WOMAN,)))
        made.append(JudgedCase("z", TEXT, tuple(gold[:1]), (WOMAN,)))
    return compare(cases, made)


class Seen(HTMLParser):
    """The tags with their attributes, the text of the document, and what of it stands in a script."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.inside = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_data(self, data):
        if self.inside[-1:] not in (["script"], ["style"]):
            self.text.append(data)

    def handle_endtag(self, tag):
        self.inside.append("")

    def all(self, tag, **wanted):
        return [a for t, a in self.tags if t == tag and all(a.get(k.rstrip("_")) == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def html():
    return page(result_of())


@pytest.fixture(scope="module")
def seen(html):
    return Seen(html)


def links(seen):
    return [(a["href"].partition("?")[2], a["aria-label"]) for a in seen.all("a") if a.get("href", "").startswith("#errors?")]


def test_everything_of_a_text_is_shown_and_nothing_of_it_is_code(html, seen):
    assert "<script>document.title" not in html
    assert "&lt;script&gt;document.title" in html
    assert "<script>document.title = 'taken'</script>" in "".join(seen.text)
    assert NAME in "".join(seen.text)
    assert not seen.all("img")
    assert len(seen.all("script")) == 1


def test_the_page_needs_nothing_but_itself(html, seen):
    assert not [a for tag, a in seen.tags if a.get("src")]
    assert {a["href"] for a in seen.all("link")} == {"data:,"}
    assert not re.search(r"https?://|url\(|@import", html)
    (policy,) = (a["content"] for a in seen.all("meta", **{"http-equiv": "Content-Security-Policy"}))
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy)


def test_each_error_stands_in_the_list_with_what_a_link_asks_for(seen):
    result = result_of()
    expected = Counter((m.type, m.kind, m.key, m.case) for g, p in result.pairs for m in errors(g, p))
    items = [a for a in seen.all("li") if "data-kind" in a]
    assert Counter((a["data-type"], a["data-kind"], a["data-key"], a["data-report"]) for a in items) == expected
    counted = links(seen)
    assert counted
    for query, label in counted:
        wanted = dict(parse_qsl(query))
        fits = [a for a in items if all(a[f"data-{k}"] == v for k, v in wanted.items())]
        assert int(label.split()[0]) == len(fits), (query, label)
    kinds = {dict(parse_qsl(query)).get("kind") for query, _ in counted}
    assert {"missed", "invented", "name", "attribute", "start"} <= kinds


def test_both_columns_hold_the_whole_text_and_their_own_spans(html):
    report = html[html.index('<section class="report" data-report="a &amp; b"') :]
    rows = re.findall(r'<div class="row"><p>(.*?)</p><p>(.*?)</p></div>', report[: report.index("<aside>")], re.DOTALL)
    lines = [line for line in TEXT.splitlines() if line]
    for side in (0, 1):
        assert ["".join(Seen(row[side]).text) for row in rows] == lines
    marked = [[(a["class"].split()[-1], a["data-types"]) for a in Seen("".join(row[side] for row in rows)).all("a")] for side in (0, 1)]
    assert marked[0] == [("right", "procedure"), ("wrong", "biomarker"), ("wrong", "drug"), ("missed", "lesion")]
    assert marked[1] == [
        ("right", "procedure"), ("wrong", "biomarker"), ("wrong", "drug"), ("invented", "procedure"), ("invented", "diagnosis"),
    ]  # fmt: skip


def test_every_span_and_error_leads_to_a_pair_of_its_report(seen):
    pairs = {a["data-pair"] for a in seen.all("article")}
    targets = [dict(parse_qsl(a["href"].partition("?")[2])) for a in seen.all("a") if a.get("href", "").startswith("#text?")]
    assert {t["report"] for t in targets} == {"a & b", "z"}
    assert {t["fact"] for t in targets if "fact" in t} <= pairs


def test_controls_have_names_and_the_wrong_patient_is_marked(html, seen):
    for tag in ("select", "input"):
        for attributes in seen.all(tag):
            assert attributes.get("name")
    assert html.count("<label") == len(seen.all("select")) + len(seen.all("input"))
    assert '<tr class="differs"><th scope="row"><b class="mark" aria-label="differs">≠</b> patient 1</th>' in html


def test_the_other_system_stands_beside(html):
    assert "Against the other system" not in html
    against = page(result_of(), result_of())
    assert "On the 2 reports that both were judged on" in against


def test_what_was_not_judged_is_said_first():
    lonely = compare([JudgedCase("x", TEXT), JudgedCase("a", TEXT)], [JudgedCase("a", TEXT), JudgedCase("<y>", TEXT)])
    html = page(lonely)
    assert "1 without a prediction: x" in html
    assert "1 without gold: &lt;y&gt;" in html
    assert page(compare([], []))


def test_the_same_result_gives_the_same_bytes_in_any_order():
    result = result_of()
    turned = compare([g for g, _ in result.pairs][::-1], [p for _, p in result.pairs][::-1])
    assert page(turned) == page(result)


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(0, 90), st.integers(1, 90)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_text_and_any_spans_are_shown_whole(text, spans):
    """Also spans that nest, cross, cover line ends or lie outside the text."""
    facts = tuple(JudgedFact(f"f{n}", "drug", "x", ((start, start + length),)) for n, (start, length) in enumerate(spans))
    html = page(compare([JudgedCase("a", text, facts)], [JudgedCase("a", text, facts[::2])]))
    rows = re.findall(r'<div class="row"><p>(.*?)</p><p>(.*?)</p></div>', html, re.DOTALL)
    # A parser of HTML reads NUL and CR as it likes, so they are left out of the comparison.
    plain = [re.sub(r"[\0\r]", "", line.rstrip()) for line in text.splitlines() if line.strip()]
    for side in (0, 1):
        assert [re.sub(r"[\0\r]", "", "".join(Seen(row[side]).text)) for row in rows] == plain


# In a browser -----------------------------------------------------------------------------------------------------------------

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"))), None)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--hide-scrollbars")
browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome on PATH")


def opened(path, address, folder, *options):
    command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--window-size=1400,900", *options, f"{path.as_uri()}{address}"]
    return subprocess.run(command, capture_output=True, timeout=120, check=True)


@pytest.fixture
def written(html, tmp_path):
    path = tmp_path / "evaluation.html"
    path.write_text(html, encoding="utf-8")
    return path


def shown_after(path, address, folder):
    done = opened(path, address, folder, "--dump-dom", "--enable-logging=stderr")
    assert not re.search(rb"Uncaught|Refused to|SyntaxError", done.stderr), done.stderr.decode()
    return done.stdout.decode()


@browser
def test_in_a_browser_a_count_opens_the_list_of_just_those_errors(written, seen, tmp_path):
    query, label = next((q, said) for q, said in links(seen) if dict(parse_qsl(q)) == {"kind": "attribute"})
    dom = shown_after(written, f"#errors?{query}", tmp_path)
    assert 'data-view="errors"' in dom
    assert "<title>Evaluation of 2 reports</title>" in dom  # the script of the text did not run
    items = [a for a in Seen(dom).all("li") if "data-kind" in a]
    visible = [a for a in items if "hidden" not in a]
    assert len(visible) == int(label.split()[0]) < len(items)
    assert {a["data-kind"] for a in visible} == {"attribute"}
    assert f"{len(visible)} of {len(items)} errors" in dom
    assert "hidden" in Seen(dom).all("section", id="view-figures")[0]


@browser
def test_in_a_browser_an_error_opens_its_text_with_both_spans_chosen(written, seen, tmp_path):
    (target,) = {a["href"] for a in seen.all("a", class_="where") if "drug" in a["href"] or "fact=3" in a["href"]}
    dom = shown_after(written, target, tmp_path)
    parsed = Seen(dom)
    reports = parsed.all("section", class_="report")
    assert [a["data-report"] for a in reports if "hidden" not in a] == ["a & b"]
    chosen = [a for a in parsed.all("a") if "on" in a.get("class", "").split()]
    assert [a["data-types"] for a in chosen] == ["drug", "drug"]  # the gold's and the prediction's
    panel = dom[dom.index('class="chosen"') :]
    assert "days 100 … 110" in panel[: panel.index("<h4>")]
    assert "&lt;8 mg/kg&gt;" in panel[: panel.index("<h4>")]


@browser
def test_in_a_browser_the_page_can_be_painted(written, tmp_path):
    picture = tmp_path / "page.png"
    opened(written, f"#text?{urlencode({'report': 'z'})}", tmp_path, f"--screenshot={picture}")
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000  # an empty page is a few thousand bytes
