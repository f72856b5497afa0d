"""JATS and NLM XML: text, sections and identifiers of articles, and XML that is not to be trusted."""

from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree

from extractor.errors import InputError
from extractor.readers.jats import read_jats
from extractor.schema import Source

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."


def article(body: str = "", front: str = "", after: str = "", doctype: str = "") -> Source:
    meta = f"<front><article-meta><title-group><article-title>A rare tumour</article-title></title-group>{front}</article-meta></front>"
    content = f"{doctype}<article xmlns:xlink='http://www.w3.org/1999/xlink'>{meta}<body>{body}</body>{after}</article>"
    (source,) = read_jats(content.encode(), name="a/paper.xml")
    return source


def parts(source: Source) -> list[tuple[str, str]]:
    return [(s.kind, source.text[s.start : s.end].strip()) for s in source.sections]


def kinds(source: Source) -> list[str]:
    return [s.kind for s in source.sections]


def words(paragraph: str) -> str:
    return parts(article(f"<sec><title>Case report</title><p>{paragraph}</p></sec>"))[-1][1].removeprefix("Case report\n\n")


# --- sections


def test_nested_sections_have_their_headings_and_the_kinds_of_their_place() -> None:
    source = article(
        f"<sec><label>1.</label><title>Introduction</title><p>Rare.</p><sec><title>Aetiology</title><p>Unknown.</p></sec></sec>"
        f"<sec><label>2.</label><title>Case report</title><p>{STORY}</p><sec><title>Second admission</title><p>He came again.</p></sec>"
        "<sec><title>Follow-up</title><p>He was well.</p><sec><title>The third year</title><p>He was well.</p></sec></sec></sec>"
        "<sec><title>Tumours of the heart</title><p>Few.</p><sec><title>Treatment</title><p>Surgery.</p></sec></sec>"
        "<sec><title>Conclusions</title><p>Think of it.</p></sec>"
    )
    assert [(s.kind, s.title) for s in source.sections] == [
        ("front", None), ("introduction", "1. Introduction"), ("introduction", "Aetiology"), ("case", "2. Case report"),
        ("case", "Second admission"), ("follow-up", "Follow-up"), ("follow-up", "The third year"), ("discussion", "Tumours of the heart"),
        ("discussion", "Treatment"), ("conclusion", "Conclusions"),
    ]  # fmt: skip
    assert parts(source)[1][1] == "1. Introduction\n\nRare."


def test_section_type_tells_where_the_heading_does_not() -> None:
    source = article(f"<sec sec-type='cases'><title>An odd cough</title><p>{STORY}</p></sec><sec sec-type='discussion'><p>Rare.</p></sec>")
    assert kinds(source)[1] == "case"
    named = article(f"<sec sec-type='methods'><title>Case presentation</title><p>{STORY}</p></sec>")
    assert kinds(named)[1] == "case"


def test_results_of_a_study_are_no_case() -> None:
    body = "<sec><title>Methods</title><p>We asked.</p></sec><sec><title>Results</title><p>Of 90 answers 80 were yes.</p></sec>"
    assert kinds(article(body)) == ["front", "other", "other"]
    assert kinds(article(body.replace("Of 90", f"{STORY} Of 90"))) == ["front", "other", "case"]


def test_counted_cases_are_cases() -> None:
    body = "".join(f"<sec><title>Case {n}: a mass</title><p>{STORY}</p></sec>" for n in (1, 2))
    assert kinds(article(body)) == ["front", "case", "case"]


def test_body_without_headings_is_read_as_plain_text_is() -> None:
    assert kinds(article(f"<p>{STORY}</p>")) == ["front", "case"]
    assert kinds(article(f"<p>Rare.</p><p>Case report</p><p>{STORY}</p><fig><label>Figure 1</label></fig><p>He died.</p>"))[-3:] == [
        "case", "figure", "case",
    ]  # fmt: skip


def test_abstract_with_its_own_headings_stays_an_abstract_unless_it_is_all_there_is() -> None:
    abstract = f"<abstract><sec><title>Background</title><p>Rare.</p></sec><sec><title>Case</title><p>{STORY}</p></sec></abstract>"
    source = article(f"<sec><title>Case report</title><p>{STORY}</p></sec>", abstract)
    assert [(s.kind, s.title) for s in source.sections][1] == ("abstract", "Abstract")
    assert kinds(source) == ["front", "abstract", "case"]
    assert kinds(article("", abstract)) == ["front", "introduction", "case"]


def test_graphical_abstracts_are_left_out() -> None:
    source = article(f"<p>{STORY}</p>", "<abstract abstract-type='graphical'><p>See the picture.</p></abstract>")
    assert "picture" not in source.text


def test_figures_and_tables_interrupt_a_section_which_then_resumes() -> None:
    source = article(
        f"<sec><title>Case report</title><p>{STORY}<fig id='f1'><label>Figure 1</label><caption><title>CT.</title><p>A mass.</p></caption>"
        "<graphic xlink:href='f1'/></fig> He is missed.</p><p>He was buried.</p><table-wrap><label>Table 1</label><caption><p>Blood.</p>"
        "</caption><table><thead><tr><th>Test</th><th colspan='2'>Result</th><th>Unit</th></tr></thead>"
        "<tbody><tr><td>Hb</td><td>9</td><td>10</td><td>g/dL</td></tr></tbody></table><table-wrap-foot><fn><p>Hb, haemoglobin.</p></fn>"
        "</table-wrap-foot></table-wrap><p>The end.</p></sec>"
    )
    assert kinds(source) == ["front", "case", "figure", "case", "table", "case"]
    told = parts(source)
    assert told[1][1].endswith(f"{STORY} He is missed.")
    assert told[2] == ("figure", "Figure 1 | CT. A mass.")
    assert told[4] == ("table", "Table 1 | Blood.\nTest\tResult\t\tUnit\nHb\t9\t10\tg/dL\nHb, haemoglobin.")
    assert [s.title for s in source.sections] == [None, "Case report", "Figure 1", "Case report", "Table 1", "Case report"]


def test_box_is_a_section_of_its_own() -> None:
    box = "<boxed-text><caption><title>Learning points</title></caption><p>Think of it.</p></boxed-text>"
    source = article(f"<sec><title>Case report</title><p>{STORY}</p>{box}<p>He died.</p></sec>")
    assert kinds(source)[0] == "front"
    assert kinds(source)[1::2] == ["case", "case"]
    assert "Think" not in parts(source)[1][1] + parts(source)[3][1]


def test_lists_are_lines() -> None:
    assert words("Drugs:<list><list-item><p>cisplatin</p></list-item><list-item><p>etoposide</p></list-item></list>") == (
        "Drugs:\n\ncisplatin\netoposide"
    )


def test_back_matter_is_kept_apart_and_references_are_left_out() -> None:
    source = article(
        f"<sec><title>Case report</title><p>{STORY}</p></sec>",
        after="<back><ack><title>Acknowledgements</title><p>Thanks.</p></ack><fn-group><fn><p>None declared.</p></fn></fn-group>"
        "<ref-list><title>References</title><ref><mixed-citation>A 50-year-old man.</mixed-citation></ref></ref-list></back>"
        "<floats-group><fig><label>Fig. 3</label><caption><p>X-ray.</p></caption></fig></floats-group>"
        "<sub-article><front-stub/><body><p>The reviewer is content.</p></body></sub-article>",
    )
    assert [(s.kind, s.title) for s in source.sections[2:]] == [("back", "Acknowledgements"), ("back", None), ("figure", "Fig. 3")]
    assert "50-year-old" not in source.text
    assert "reviewer" not in source.text


# --- running text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("rare [<xref ref-type='bibr'>1</xref>, <xref ref-type='bibr'>2</xref>].", "rare."),
        ("rare [<xref ref-type='bibr'>1</xref>–<xref ref-type='bibr'>4</xref>] here", "rare here"),
        ("rare<sup><xref ref-type='bibr'>1</xref>,<xref ref-type='bibr'>2</xref></sup>. It", "rare. It"),
        ("rare <xref ref-type='bibr'><sup>1</sup></xref> but", "rare but"),
        ("rare (<xref ref-type='bibr'>Smith et al., 2010</xref>; <xref ref-type='bibr'>Doe, 2011</xref>).", "rare."),
        ("rare (see <xref ref-type='bibr'>Smith, 2010</xref>) and", "rare and"),
        ("as <xref ref-type='bibr'>Smith et al. (2010)</xref> said", "as Smith et al. (2010) said"),
        ("a mass (<xref ref-type='fig'>Figure 1A</xref>) grew", "a mass (Figure 1A) grew"),
        ("of 9 × 10<sup>9</sup>/L and 10<sup>-3</sup>", "of 9 × 10⁹/L and 10⁻³"),
        ("<sup>18</sup>F-FDG, 80 mg/m<sup>2</sup>, Ca<sup>2+</sup>, SpO<sub>2</sub>", "18F-FDG, 80 mg/m2, Ca2+, SpO2"),
        ("<italic>BRAF</italic><sup>V600E</sup> was <bold>found</bold>", "BRAF V600E was found"),
        ("a\u00a0mass of\n   3&#x2009;cm\u00ad, cafe\u0301", "a mass of 3 cm, café"),
        ("reference range [3–15] U/L", "reference range [3–15] U/L"),
        ("x<inline-formula><alternatives><tex-math>\\alpha</tex-math><math>α</math></alternatives></inline-formula>y", "xαy"),
    ],
)
def test_running_text(given: str, expected: str) -> None:
    assert words(given) == expected


# --- what is known of an article


def test_identifiers_title_journal_and_licence() -> None:
    front = (
        "<article-id pub-id-type='pmc'>PMC7654321</article-id><article-id pub-id-type='pmid'>123456</article-id>"
        "<article-id pub-id-type='doi'>10.1234/x</article-id><pub-date><year>2020</year></pub-date><permissions><license "
        "xlink:href='https://creativecommons.org/licenses/by/4.0/'><license-p>Open.</license-p></license></permissions>"
        "<kwd-group><kwd>thymoma</kwd><kwd>heart</kwd></kwd-group>"
    )
    source = article(f"<p>{STORY}</p>", front)
    info = source.info
    assert (info.id, info.file, info.media_type) == ("paper", "paper.xml", "application/jats+xml")
    assert (info.title, info.doi, info.pmid, info.pmcid) == ("A rare tumour", "10.1234/x", "123456", "PMC7654321")
    assert parts(source)[0] == (
        "front", "A rare tumour\n\n2020\n\nLicence: https://creativecommons.org/licenses/by/4.0/\n\nKeywords: thymoma; heart",
    )  # fmt: skip


def test_several_articles_of_one_file_are_numbered() -> None:
    meta = "<article-meta><title-group><article-title>{}</article-title></title-group></article-meta>"
    one = f"<article><front>{meta}</front><body><p>{{}}</p></body></article>"
    content = f"<pmc-articleset>{one.format('One', STORY)}{one.format('Two', STORY)}</pmc-articleset>".encode()
    found = read_jats(content, name="set.xml")
    assert [(s.info.id, s.info.title) for s in found] == [("set#1", "One"), ("set#2", "Two")]


def test_namespaces_and_the_answer_of_a_repository_are_read() -> None:
    content = (
        "<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><GetRecord><record><metadata><article "
        "xmlns='https://jats.nlm.nih.gov/ns/archiving/1.3/'><front><article-meta><title-group><article-title>A</article-title></title-group>"
        f"</article-meta></front><body><sec><title>Case</title><p>{STORY}</p></sec></body></article></metadata></record></GetRecord></OAI-PMH>"
    )
    (source,) = read_jats(content.encode(), name="a.xml")
    assert kinds(source) == ["front", "case"]


def test_abstracts_of_pubmed() -> None:
    content = (
        "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>99</PMID><Article><ArticleTitle>A rare tumour.</ArticleTitle><Abstract>"
        f"<AbstractText Label='BACKGROUND'>Rare.</AbstractText><AbstractText Label='CASE PRESENTATION'>{STORY}</AbstractText></Abstract>"
        "</Article></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType='doi'>10.1/x</ArticleId></ArticleIdList></PubmedData>"
        "</PubmedArticle></PubmedArticleSet>"
    )
    (source,) = read_jats(content.encode(), name="p.xml")
    assert kinds(source) == ["front", "introduction", "case"]
    assert (source.info.pmid, source.info.doi) == ("99", "10.1/x")


def test_entities_of_html_are_characters_where_a_document_type_is_named() -> None:
    doctype = "<!DOCTYPE article PUBLIC '-//NLM//DTD JATS//EN' 'no-such-file.dtd'>"
    assert "5 µg of α" in article("<p>She was given 5&nbsp;&micro;g of &alpha;.</p>", doctype=doctype).text


# --- hostile input


def entities(count: int) -> str:
    inner = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, count))
    return f"<!DOCTYPE article [<!ENTITY e0 'lol'>{inner}]>"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (entities(10) + "<article><body><p>&e9;</p></body></article>", "billion laughs|entities of its own"),
        (entities(10) + "<article id='&e9;'/>", "billion laughs|entities of its own"),
        (entities(3) + "<article><body><p>A 50-year-old man.</p></body></article>", "entities of its own"),
        ("<!DOCTYPE article [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><article><body><p>&x;</p></body></article>", "entities of its own"),
        ("<!DOCTYPE article [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x'>%x;]><article/>", "entities of its own"),
        ("<article>" + "<sec>" * 300 + "</sec>" * 300 + "</article>", "nested deeper"),
        ("<article>" + "<sec>" * 100_000, "nested deeper"),
        ("<article>" + "<sec>" * 230 + "<p>a</p>" + "</sec>" * 230 + "</article>", "nested deeper"),
        ("<article><body><p>not closed</article>", "malformed"),
        ("<pmc-articleset/>", "without an article"),
        ("<article><front/></article>", "without the text of an article"),
        ("<?xml version='1.0' encoding='no-such'?><article/>", "malformed|encoding"),
    ],
)
def test_xml_that_is_refused(content: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_jats(content.encode(), name="bad.xml")
    assert str(caught.value).startswith("bad.xml ")
    assert len(str(caught.value)) < 400


def test_deepest_article_that_is_read() -> None:
    body = "<sec><title>A</title>" * 150 + f"<p>{STORY}</p>" + "</sec>" * 150
    assert "cough" in article(body).text


# --- the dialects of publishers


def test_every_section_of_the_shared_articles_is_found(shared: Path) -> None:
    for path in sorted([*(shared / "documents" / "jats").iterdir(), shared / "documents" / "pdf" / "prostate_ctsz_jats.xml"]):
        (source,) = read_jats(path.read_bytes(), name=path.name)
        titles = {s.title for s in source.sections}
        body = etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False)).find(".//body")
        for title in body.iterfind(".//sec/title"):
            words = [" ".join("".join(e.itertext()).split()) for e in (title.getparent().find("label"), title) if e is not None]
            assert " ".join(words) in titles, (path.name, words)
        for wanted in ("fig", "table-wrap"):
            labels = {" ".join("".join(e.itertext()).split()).rstrip(".:") for e in body.iterfind(f".//{wanted}/label")}
            assert labels <= {s.title for s in source.sections}, (path.name, labels)
        found = {s.kind for s in source.sections}
        assert {"front", "abstract", "introduction"} <= found, path.name
        assert found & {"discussion", "conclusion", "other"}
        assert not found & {"case", "references"}
        assert all(a.end == b.start for a, b in pairwise(source.sections))
        assert source.sections[0].start == 0
        assert source.sections[-1].end == len(source.text)
        assert source.info.doi


def test_no_citation_numbers_remain_in_the_shared_articles(shared: Path) -> None:
    for name in ("PMC2231364.xml", "plos_1.xml", "pntd.0008301.nxml", "mdpi_1.xml"):
        (source,) = read_jats((shared / "documents" / "jats" / name).read_bytes(), name=name)
        assert "[1]" not in source.text
        assert "[,]" not in source.text.replace(" ", "")
        assert "[]" not in source.text.replace(" ", "")
        assert "()" not in source.text
