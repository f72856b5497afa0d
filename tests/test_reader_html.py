"""Web pages: the article of a page without what surrounds it."""

import pytest

from extractor.errors import InputError
from extractor.readers.html import read_html, surroundings
from extractor.schema import Source

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."


def page(body: str, head: str = "") -> Source:
    return read_html(f"<!DOCTYPE html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>".encode(), name="page.html")


def parts(source: Source) -> list[tuple[str, str]]:
    return [(s.kind, source.text[s.start : s.end].strip()) for s in source.sections]


def kinds(source: Source) -> list[str]:
    return [s.kind for s in source.sections]


PUBMED_CENTRAL = f"""
<header class="usa-header"><nav aria-label="Primary"><ul><li><a href="/">Log in</a></li></ul></nav></header>
<div class="usa-overlay"></div><main id="main-content"><article>
<section class="front-matter"><div class="ameta"><hgroup><h1>A rare tumour of the heart</h1></hgroup>
<div class="cg"><a class="usa-link" href="/a"><span class="name western">A Author</span></a></div>

<ul class="d-buttons inline-list"><li><button class="d-button">Author information</button></li></ul></div></section>
<section class="abstract" id="abstract1"><h2>Abstract</h2><p>Tumours of the heart are rare.</p></section>
<section id="S1"><h2 class="pmc_sec_title">Introduction</h2>
<p>Rare.<sup><a href="#B1" class="usa-link" aria-describedby="B1">1</a></sup></p></section>
<section id="S2"><h2 class="pmc_sec_title">Case presentation</h2><p>{STORY}
[<a href="#CR2" class="usa-link">2</a>,
<a href="#CR3" class="usa-link">3</a>] (<a href="#F1">Figure 1</a>).</p>
<figure class="fig xbox font-sm" id="F1"><h4 class="obj_head">Figure 1.</h4>
<p class="img-box line-height-none"><a class="tileshop" href="f1">
<img src="f1.jpg" alt="Figure 1."></a></p>
<div class="p text-right font-secondary"><a href="figure/F1/" target="_blank">Open in a new tab</a></div>
<figcaption><p>CT with a mass.</p></figcaption></figure>
<section class="tw xbox font-sm" id="T1"><h3 class="obj_head">Table 1.</h3><div class="caption p"><p>Blood.</p></div>
<div class="tbl-box p"><table><thead><tr><th>Test</th><th>Value</th></tr></thead>
<tbody><tr><td>Hb</td><td>9 g/dL</td></tr></tbody></table></div>
<div class="p text-right font-secondary"><a href="table/T1/">Open in a new tab</a></div></section>
<section id="S3"><h3 class="pmc_sec_title">Follow-up</h3><p>He was buried.</p></section></section>
<section id="S4"><h2 class="pmc_sec_title">Discussion</h2><p>Few are known.</p></section>
<section class="ref-list" id="R"><h2>References</h2>
<section><ul class="ref-list"><li id="B1">1. A 50-year-old man.</li></ul></section></section>
</article></main><aside class="pmc-sidenav"><ul><li><a href="#">Similar articles</a></li></ul></aside><footer>NLM</footer>
"""


def test_page_of_pubmed_central() -> None:
    head = "<meta name='citation_title' content='A rare tumour of the heart'><meta name='citation_doi' content='10.1234/x'>"
    source = page(PUBMED_CENTRAL, head + "<meta name='citation_pmid' content='12'><meta name='ncbi_pcid' content='PMC123456'>")
    assert kinds(source) == ["front", "abstract", "introduction", "case", "figure", "table", "follow-up", "discussion"]
    told = parts(source)
    assert told[2][1] == "Introduction\n\nRare."
    assert told[3][1] == f"Case presentation\n\n{STORY} (Figure 1)."
    assert told[4][1] == "Figure 1 | CT with a mass."
    assert told[5][1] == "Table 1 | Blood.\nTest\tValue\nHb\t9 g/dL"
    for left_out in ("Log in", "50-year-old", "NLM", "Open in", "Similar", "information"):
        assert left_out not in source.text
    info = source.info
    assert (info.title, info.doi, info.pmid, info.pmcid) == ("A rare tumour of the heart", "10.1234/x", "12", "PMC123456")


def test_page_of_a_publisher_with_a_section_in_every_div() -> None:
    body = f"""<div id="cookie-banner"><p>We use cookies. {"They are good. " * 30}</p></div>
<div class="c-breadcrumbs"><ol><li>Home</li></ol></div>
    <main><article><div class="c-article-header"><header><h1 class="c-article-title">A rare tumour</h1></header></div>
    <div class="c-article-body"><section data-title="Background"><div class="c-article-section"><h2 id="Sec1">Background</h2>
    <div class="c-article-section__content"><p>Rare [<a data-track="click" href="#ref-CR1" title="A">1</a>].</p></div></div></section>
    <section data-title="Case presentation"><h2>Case presentation</h2><div><p>{STORY}</p><ul><li>Cisplatin</li><li>Radiotherapy</li></ul>
    <div class="c-article-section__figure"><figure><figcaption><b>Fig. 1</b></figcaption><img src="a">
<a href="f/1">Full size image</a></figure>
    <div class="c-article-section__figure-description"><p>CT of the chest.</p></div></div></div></section>
    <section data-title="Conclusions"><h2>Conclusions</h2><p>Think of it.</p></section>
    <section data-title="References"><h2>References</h2><ol class="c-article-references"><li>A 50-year-old man.</li></ol></section>
    <section data-title="Ethics"><h2>Ethics declarations</h2><h3>Competing interests</h3><p>None.</p></section></div></article></main>
    <div class="c-article-recommendations"><p>Read this. A 20-year-old woman.</p></div>"""
    source = page(body)
    assert kinds(source) == ["front", "introduction", "case", "figure", "conclusion", "back", "back"]
    assert parts(source)[1][1] == "Background\n\nRare."
    assert parts(source)[2][1].endswith("Cisplatin\nRadiotherapy")
    assert "50-year" not in source.text + source.text
    assert "cookies" not in source.text
    assert "20-year" not in source.text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Rare<sup>1,2</sup>. It", "Rare. It"),
        ("It is rare.<sup>12–14</sup> It", "It is rare. It"),
        ("5 cm<sup>2</sup> and 10<sup>9</sup>/L", "5 cm2 and 10⁹/L"),
        ("rare [12, 13–15], but", "rare, but"),
        ("normal [3–15] U/L", "normal [3–15] U/L"),
        ("rare (<a href='#b3'>Smith, 2010</a>).", "rare."),
        ("one<br>two<span> three</span>", "one two three"),
        ("<a href='https://x.org/#top'>The mass</a> grew", "The mass grew"),
        ("&lt;5 &micro;g &amp; more", "<5 µg & more"),
    ],
)
def test_running_text(given: str, expected: str) -> None:
    assert parts(page(f"<h2>Case report</h2><p>{given}</p>"))[-1][1] == f"Case report\n\n{expected}"


def test_page_without_headings_is_read_as_plain_text_is() -> None:
    assert kinds(page(f"<p>Case report</p><p>{STORY}</p><p>Discussion</p><p>Rare.</p>")) == ["case", "discussion"]
    assert kinds(page(f"<div>{STORY}</div>")) == ["case"]


def test_hidden_parts_scripts_and_menus_are_left_out() -> None:
    source = page(
        f"<h2>Case report</h2><p>{STORY}</p><script>var x = 'He had asthma.'</script><div hidden>He had gout.</div>"
        "<p style='display: none'>He had lupus.</p><ul><li><a href='a'>Article one</a></li><li><a href='b'>Article two</a></li>"
        "<li><a href='c'>Article three</a></li></ul><noscript>He had mumps.</noscript><template><p>He had scurvy.</p></template>"
    )
    assert source.text == f"Case report\n\n{STORY}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16"])
def test_encodings(encoding: str) -> None:
    charset = "" if encoding == "utf-16" else f"<meta charset='{encoding}'>"
    content = f"<html><head>{charset}</head><body><p>{STORY} Naïve – 5 µm.</p></body></html>".encode(encoding)
    assert "Naïve – 5 µm." in read_html(content, name="a.html").text


def test_parts_that_hold_a_section_stay_whatever_they_are_called() -> None:
    for name in ("section toc-section", "share-section", "overflow-hidden", "hidden-xs"):
        assert "cough" in page(f"<div class='{name}'><h2>Case report</h2><p>{STORY}</p></div>").text
    assert "cough" not in page(f"<p>He died.</p><div class='sr-only'><p>{STORY}</p></div>").text


def test_page_of_a_publisher_that_uses_divs_for_everything() -> None:
    body = f"""<div class="html-body"><section id="sec2"><h2 data-nested="1"> 2. Case Report</h2><div class="html-p">{STORY[:-1]}
    [<a href="#B1-cancers-01" class="html-bibr">1</a>,<a href="#B2-cancers-01" class="html-bibr">2</a>].</div>
    <div class="html-fig-wrap" id="fig1"><div class="html-fig_img"><img src="a"></div><div class="html-fig_description"><b>Figure 1.</b>
    CT of the chest.</div></div><div class="html-fig_show mfp-hide"><div>Figure 1. CT of the chest.</div></div>
    <div class="html-p">He was buried.</div></section></div>"""
    source = page(body)
    assert parts(source) == [
        ("case", f"2. Case Report\n\n{STORY}"), ("figure", "Figure 1. CT of the chest."), ("case", "He was buried."),
    ]  # fmt: skip


def test_layout_tables_are_gone_through() -> None:
    source = page(f"<table><tr><td><h2>Case report</h2><p>{STORY}</p></td></tr></table>")
    assert kinds(source) == ["case"]


@pytest.mark.parametrize(
    ("body", "says"),
    [("", "without the text"), ("<script>1</script>", "without the text"), ("<div>" * 5000 + "deep", "nested deeper|without the text")],
)
def test_pages_that_are_refused(body: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        page(body)


def test_wide_cells_stay_bounded() -> None:
    source = page("<table><tr><td colspan='999999999'>a</td><td colspan='999'>b</td></tr></table><p>He died.</p>")
    assert len(source.text) < 500


def test_the_words_for_surroundings_are_in_lower_case() -> None:
    assert all(value == value.strip().lower() for _, value in surroundings())
    assert ("word", "nav") in surroundings()
