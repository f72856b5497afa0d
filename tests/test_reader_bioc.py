"""BioC in XML and JSON: passages to sections."""

import json

import pytest
from builders import Part, as_bioc_json

from extractor.errors import InputError
from extractor.readers import File, read_file
from extractor.schema import Source

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."
PARTS = [
    Part("title", "A rare tumour"), Part("abstract", "Rare."), Part("heading", "1 Introduction"), Part("paragraph", "Rare [1, 2]."),
    Part("heading", "2 Case report"), Part("paragraph", STORY), Part("figure", "CT of the chest."),
    Part("table", "Blood.", (("Hb", "9"), ("CRP", "1"))), Part("paragraph", "He was buried."), Part("heading", "4 Conclusion"),
    Part("paragraph", "Think of it."),
]  # fmt: skip


def as_xml(collections: bytes) -> bytes:
    documents = "".join(
        "<document><id>1</id>"
        + "".join(
            "<passage>" + "".join(f"<infon key='{k}'>{v}</infon>" for k, v in p["infons"].items()) + f"<text>{p['text']}</text></passage>"
            for p in d["passages"]
        )
        + "</document>"
        for d in json.loads(collections)[0]["documents"]
    )
    doctype = "<!DOCTYPE collection SYSTEM 'BioC.dtd'>"
    return f"<?xml version='1.0' encoding='UTF-8'?>{doctype}<collection><source>PMC</source>{documents}</collection>".encode()


def read(content: bytes) -> list[Source]:
    return list(read_file(File("b.txt", content)))


def abstract(*passages: tuple[str, str]) -> bytes:
    return json.dumps({"documents": [{"passages": [{"infons": {"type": t}, "text": w} for t, w in passages]}]}).encode()


@pytest.mark.parametrize("write", [lambda: as_bioc_json(PARTS), lambda: as_xml(as_bioc_json(PARTS))], ids=["json", "xml"])
def test_passages_are_sections(write) -> None:
    (source,) = read(write())
    assert [s.kind for s in source.sections] == ["front", "abstract", "introduction", "case", "figure", "table", "case", "conclusion"]
    told = [source.text[s.start : s.end].strip() for s in source.sections]
    assert told[2] == "Introduction\n\nRare."
    assert told[5] == "Blood.\n\nHb\t9\nCRP\t1"
    assert told[6] == "He was buried."
    assert "50-year" not in source.text
    info = source.info
    assert (info.id, info.title, info.doi) == ("b", "A rare tumour", "10.3389/fonc.2025.1559085")
    assert (info.pmid, info.pmcid) == ("1", "PMC1234567")


def test_abstracts_alone() -> None:
    (source,) = read(abstract(("title", "A rare tumour"), ("abstract", STORY)))
    assert [s.kind for s in source.sections] == ["front", "case"]


def test_several_documents_are_numbered() -> None:
    one = json.loads(abstract(("title", "A"), ("abstract", STORY)))["documents"]
    content = json.dumps([{"documents": one * 2}, {"documents": one}]).encode()
    assert [s.info.id for s in read(content)] == ["b#1", "b#2", "b#3"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"documents": [', "malformed"),
        (b'{"documents": ' + b"[" * 100_000, "nested deeper"),
        (b'{"documents": []}', "without a document"),
        (b'{"documents": [{"passages": 3}]}', "without the text"),
        (b'{"documents": [{"passages": [{"text": null, "infons": []}, 4]}]}', "without the text"),
        (b"<collection><document/></collection>", "without the text"),
        (b"<collection/>", "without a document"),
    ],
)
def test_what_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(content)


def test_half_a_character_is_no_text() -> None:
    (source,) = read(abstract(("abstract", STORY + " \ud800")))
    assert source.text.encode()
