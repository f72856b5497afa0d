"""Electronic books: chapters in the order of the spine, and books that are not whole or not to be trusted."""

import pytest
from builders import Part, as_epub, zipped

from extractor.errors import InputError
from extractor.readers import File, read_file
from extractor.schema import Source

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."
PARTS = [
    Part("title", "A rare tumour"), Part("abstract", "Rare."), Part("heading", "1 Case report"), Part("paragraph", STORY),
    Part("figure", "Figure 1 | CT."), Part("heading", "2 Discussion"), Part("paragraph", "Few."),
]  # fmt: skip
CONTAINER = "<container><rootfiles><rootfile full-path='{}'/></rootfiles></container>"


def read(content: bytes) -> Source:
    (source,) = read_file(File("shelf/book.epub", content))
    return source


def book(chapters: dict[str, str], spine: str, package: str = "p.opf", *, stored: bool = True) -> bytes:
    items = "".join(f"<item id='{n}' href='{path}' media-type='application/xhtml+xml'/>" for n, path in enumerate(chapters))
    opf = f"<package><metadata/><manifest>{items}</manifest><spine>{spine}</spine></package>"
    return zipped({"META-INF/container.xml": CONTAINER.format(package), "p.opf": opf, **(chapters if stored else {})})


def test_book_of_an_article() -> None:
    source = read(as_epub(PARTS))
    assert [(s.kind, s.title) for s in source.sections] == [
        ("front", None), ("abstract", "Abstract"), ("case", "1 Case report"), ("figure", "Figure 1"), ("discussion", "2 Discussion"),
    ]  # fmt: skip
    assert (source.info.id, source.info.file, source.info.media_type) == ("book", "book.epub", "application/epub+zip")
    assert (source.info.title, source.info.doi) == ("A rare tumour", "10.3389/fonc.2025.1559085")
    assert "Cover" not in source.text


def test_chapters_come_in_the_order_of_the_spine() -> None:
    chapters = {"b.xhtml": "<html><body><p>He died.</p></body></html>", "a.xhtml": f"<html><body><p>{STORY}</p></body></html>"}
    assert read(book(chapters, "<itemref idref='1'/><itemref idref='0'/><itemref idref='9'/>")).text == f"{STORY}\n\nHe died.\n"


def test_chapter_that_is_malformed_is_read_as_html() -> None:
    assert "cough" in read(book({"a.html": f"<html><body><p>{STORY}<br><p>More &nbsp; of it.</body></html>"}, "<itemref idref='0'/>")).text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (book({"a.html": "x"}, "<itemref idref='0'/>", "none.opf"), "its package"),
        (book({"../../../../etc/passwd": ""}, "<itemref idref='0'/>", stored=False), "not whole"),
        (book({"a.html": "<html><body/></html>"}, "<itemref idref='0'/>"), "without the text"),
        (book({}, ""), "without the text"),
        (zipped({"META-INF/container.xml": "<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><c>&x;</c>"}), "entities of its own"),
        (zipped({"META-INF/container.xml": "<c"}), "malformed"),
    ],
)  # fmt: skip
def test_books_that_are_refused(content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(content)


def test_book_that_unpacks_without_end_is_refused() -> None:
    large = book({"a.html": "<p>a</p>" * 2_000_000}, "<itemref idref='0'/>")
    with pytest.raises(InputError, match="more than one report may have"):
        read(large)
