"""What each format says of its article: who wrote it, where, when; and what is not to be trusted."""

import io
import json
from typing import Any

import pytest
from builders import Part, as_docx, as_epub
from pdf.minimal import pages

from extractor.readers import File, read_file
from extractor.readers.pdf.bibliography import published
from extractor.schema import SourceInfo

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."
PARTS = [Part("title", "A rare tumour"), Part("heading", "1 Case report"), Part("paragraph", STORY)]

JATS = f"""<article><front><journal-meta><journal-title-group><journal-title>J Made Up</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="doi">10.1234/x</article-id><article-id pub-id-type="pmid">12345678</article-id>
<title-group><article-title>A rare tumour</article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Sample</surname><given-names>Bea</given-names></name></contrib>
<contrib contrib-type="author"><name><surname>Specimen</surname><given-names>Cy B</given-names></name></contrib>
<contrib contrib-type="editor"><name><surname>Redactor</surname><given-names>Ed</given-names></name></contrib></contrib-group>
<pub-date><year>2020</year></pub-date><related-article><year>1999</year></related-article></article-meta></front>
<body><sec><title>Case report</title><p>{STORY}</p></sec></body></article>"""
PUBMED = f"""<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>12345678</PMID><Article><Journal><JournalIssue>
<PubDate><MedlineDate>2020 Jan-Feb</MedlineDate></PubDate></JournalIssue><Title>J Made Up</Title></Journal>
<ArticleTitle>A rare tumour</ArticleTitle><Abstract><AbstractText>{STORY}</AbstractText></Abstract><AuthorList>
<Author><LastName>Sample</LastName><ForeName>Bea</ForeName></Author><Author><LastName>Specimen</LastName><ForeName>Cy B</ForeName></Author>
</AuthorList></Article></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.1234/x</ArticleId></ArticleIdList>
</PubmedData></PubmedArticle></PubmedArticleSet>"""
HTML = f"""<!DOCTYPE html><html><head><meta name="citation_title" content="A rare tumour"><meta name="citation_author" content="Bea Sample">
<meta name="citation_author" content="Specimen, Cy B"><meta name="citation_journal_title" content="J Made Up">
<meta name="citation_publication_date" content="2020/03/04"><meta name="citation_doi" content="10.1234/x">
<meta name="citation_pmid" content="12345678"></head><body><h2>Case report</h2><p>{STORY}</p></body></html>"""
BIOC = json.dumps({"documents": [{"passages": [
    {"text": "A rare tumour", "infons": {
        "type": "front", "section_type": "TITLE", "article-id_doi": "10.1234/x", "article-id_pmid": "12345678", "journal": "J Made Up",
        "year": "2020", "name_0": "surname:Sample;given-names:Bea", "name_1": "surname:Specimen;given-names:Cy B",
    }},
    {"infons": {"type": "paragraph", "section_type": "CASE"}, "text": STORY},
    {"infons": {"type": "ref", "section_type": "REF", "name_0": "surname:Other;given-names:O", "year": "1999"}, "text": "Another."},
]}]})  # fmt: skip


def info_of(content: bytes) -> SourceInfo:
    (source,) = read_file(File("report", content))
    return source.info


def pdf(*pieces: tuple[float, float, float, str]) -> bytes:
    words = STORY.split()
    told = [(50, 220 + 14 * i, 10, " ".join(words[i * 5 : i * 5 + 5])) for i in range(4)]
    return pages([[(50, 90, 18, "*A rare tumour of the heart"), *pieces, (50, 200, 12, "*Case report"), *told]])


@pytest.mark.parametrize("content", [JATS, PUBMED, HTML, BIOC], ids=["jats", "pubmed", "html", "bioc"])
def test_the_format_s_own_fields_are_the_article_s(content: str) -> None:
    info = info_of(content.encode())
    assert (info.title, info.authors, info.journal, info.year) == ("A rare tumour", ("Bea Sample", "Cy B Specimen"), "J Made Up", 2020)
    assert (info.doi, info.pmid) == ("10.1234/x", "12345678")


def test_a_book_names_its_creators_and_its_year() -> None:
    told = "<dc:creator>Bea Sample</dc:creator><dc:creator>Specimen, Cy B</dc:creator><dc:date>2020-03-04</dc:date>"
    from zipfile import ZipFile

    given, out = ZipFile(io.BytesIO(as_epub(PARTS))), io.BytesIO()
    with ZipFile(out, "w") as book:
        for name in given.namelist():
            book.writestr(name, given.read(name).decode().replace("</metadata>", f"{told}</metadata>"))
    info = info_of(out.getvalue())
    assert (info.authors, info.year) == (("Bea Sample", "Cy B Specimen"), 2020)


@pytest.mark.parametrize(
    ("printed", "authors"),
    [("Bea Sample and Cy Specimen", ("Bea Sample", "Cy Specimen")), ("Somebody Else", ())],
    ids=["printed", "the owner of the computer"],
)
def test_word_names_authors_only_where_the_document_prints_them(printed: str, authors: tuple[str, ...]) -> None:
    from docx import Document

    document = Document(io.BytesIO(as_docx([PARTS[0], Part("paragraph", printed), *PARTS[1:]])))
    document.core_properties.author = "Bea Sample; Cy Specimen"
    out = io.BytesIO()
    document.save(out)
    assert info_of(out.getvalue()).authors == authors


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("Bea Sample, MD 1,*, Cy B. Specimen, PhD 2 and Dee van der Proof 1", ("Bea Sample", "Cy B. Specimen", "Dee van der Proof")),
        ("Department of Examples, University of Nowhere", ()),
        ("A report of two cases, with a review", ()),
    ],
)
def test_a_pdf_names_its_authors_below_its_title(line: str, authors: tuple[str, ...]) -> None:
    assert info_of(pdf((50, 120, 10, line))).authors == authors


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("J Made Up 2020; 1: 1. doi: 10.1234/x", ("J Made Up", 2020)),
        ("Journal of Made Up Medicine (2020) 54(10): e11439", ("Journal of Made Up Medicine", 2020)),
        ("Examples 2020, 13, 1234", ("Examples", 2020)),
        ("\u00a9 2020 The Authors", (None, 2020)),
        ("She was seen in 2019 and again later.", (None, None)),
    ],
)
def test_heads_and_feet_name_journal_and_year(printed: str, found: tuple[str | None, int | None]) -> None:
    assert published(printed) == found


@pytest.mark.parametrize(
    ("known", "line"),
    [
        (
            {
                "title": "A rare tumour.",
                "authors": ("A One", "B Two", "C Three", "D Four"),
                "journal": "J Made Up",
                "year": 2020,
                "doi": "10.1/x",
            },
            "A One, B Two, C Three et al. A rare tumour. J Made Up 2020. doi:10.1/x",
        ),
        ({}, None),
    ],
    ids=["known", "nothing known"],
)
def test_show_names_the_article(known: dict[str, Any], line: str | None) -> None:
    from extractor.report.terminal import timeline_table
    from extractor.schema import Case, Generator

    source = SourceInfo(id="report", **known)
    empty: dict[str, Any] = dict.fromkeys(("sections", "patients", "mentions", "facts", "relations"), ())
    case = Case(generator=Generator(version="0", pipeline_digest="x"), source=source, text="", **empty)
    assert str(timeline_table(case).title).split("\n")[1:] == ([line] if line else [])
