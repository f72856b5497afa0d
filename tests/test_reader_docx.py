"""Word documents: headings by style, tables, superscripts, tracked changes, and documents that are not to be trusted."""

import io
import zipfile

import pytest
from builders import zipped
from docx import Document
from docx.oxml import parse_xml

from extractor.errors import InputError
from extractor.readers import File, read_file
from extractor.schema import Source

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def saved(document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def read(content: bytes) -> Source:
    (source,) = read_file(File("letters/case.docx", content))
    return source


def rewritten(content: bytes, **changed: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    return zipped({n: changed.get(n.removeprefix("word/").removesuffix(".xml"), c) for n, c in members.items()})


def test_headings_tables_and_title() -> None:
    document = Document()
    document.add_heading("A rare tumour", 0)
    document.add_heading("Case report", 1)
    document.add_paragraph(STORY)
    document.add_heading("Second admission", 2)
    document.add_paragraph("He was readmitted.", style="List Bullet")
    document.add_paragraph("Table 1. Blood values.")
    table = document.add_table(2, 2)
    for cell, words in zip((c for row in table.rows for c in row.cells), ("Test", "Result", "Hb", "9 g/dL"), strict=True):
        cell.text = words
    document.add_heading("References", 1)
    document.add_paragraph("1. A 50-year-old man.")
    source = read(saved(document))
    assert [(s.kind, s.title) for s in source.sections] == [
        ("front", None), ("case", "Case report"), ("case", "Second admission"), ("table", "Table 1"),
    ]  # fmt: skip
    assert source.text.endswith("Table 1. Blood values.\n\nTest\tResult\nHb\t9 g/dL\n")
    assert (source.info.id, source.info.title) == ("case", "A rare tumour")


def test_document_without_styles_is_read_as_plain_text_is() -> None:
    document = Document()
    for words in ("Introduction", "Rare.", "Case report", STORY, "Discussion", "Few."):
        document.add_paragraph(words)
    assert [s.kind for s in read(saved(document)).sections] == ["introduction", "case", "discussion"]


def test_superscripts_are_citations_or_powers() -> None:
    document = Document()
    paragraph = document.add_paragraph("It is rare")
    for words, raised in (("1,2", True), (". He had 10", False), ("9", True), ("/L and 80 mg/m", False), ("2", True), (" [3].", False)):
        paragraph.add_run(words).font.superscript = raised
    assert read(saved(document)).text == "It is rare. He had 10⁹/L and 80 mg/m2.\n"


def test_tracked_changes_are_read_as_accepted() -> None:
    document = Document()
    paragraph = document.add_paragraph("He was given ")
    for name, words in (("del", "<w:delText>cisplatin</w:delText>"), ("ins", "<w:t>carboplatin</w:t>")):
        paragraph._p.append(parse_xml(f"<w:{name} {W} w:id='1' w:author='a'><w:r>{words}</w:r></w:{name}>"))
    assert read(saved(document)).text == "He was given carboplatin\n"


def test_what_is_refused() -> None:
    whole = saved(Document())
    with pytest.raises(InputError, match="without the text"):
        read(whole)
    with pytest.raises(InputError, match="damaged"):
        read(rewritten(whole, document=b"<w:document"))
    with pytest.raises(InputError, match="damaged"):
        read(zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<a/>"}))
    with pytest.raises(InputError, match="document type"):
        read(rewritten(whole, styles=b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"))
    with pytest.raises(InputError, match="more than one report may have"):
        read(rewritten(whole, document=b" " * 11_000_000))
    deep = f"<w:document {W}><w:body>{'<w:sdt>' * 240}{'</w:sdt>' * 240}</w:body></w:document>"
    with pytest.raises(InputError, match="nested deeper"):
        read(rewritten(whole, document=deep.encode()))


def test_other_office_files_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="an Excel workbook"):
        read(zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<a/>"}))
    with pytest.raises(InputError, match="an OpenDocument file"):
        read(zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}))
