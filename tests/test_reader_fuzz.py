"""Whatever stands in a file: a source that keeps its promises or one sentence, soon, in little memory, and nothing written."""

import gzip
import io
import json
import random
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from builders import Part, as_bioc_json, as_docx, as_epub, as_html, as_jats, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.errors import ExtractorError
from extractor.readers import Failed, File, read_file, sources
from extractor.readers.archive import limits_of, opened
from extractor.schema import Source

STORY = "A 61-year-old man presented with cough [1]. Chest CT showed a mass. He received cisplatin and died 2 months later."
PARTS = [
    Part("title", "A rare tumour"), Part("abstract", "Rare."), Part("heading", "1 Case report"), Part("paragraph", STORY),
    Part("figure", "Figure 1 | CT."), Part("table", "Table 1 | Blood.", (("Hb", "9"),)), Part("heading", "2 Discussion"),
    Part("paragraph", "Few are known."),
]  # fmt: skip
WHOLE: dict[str, bytes] = {
    "jats": as_jats(PARTS), "html": as_html(PARTS), "epub": as_epub(PARTS), "bioc": as_bioc_json(PARTS), "docx": as_docx(PARTS),
    "gzip": gzip.compress(as_jats(PARTS)), "zip": zipped({"a/b.xml": as_jats(PARTS), "c.txt": STORY, "d.zip": zipped({"e.txt": STORY})}),
}  # fmt: skip
FEW, MANY = 50, 2000
LIMIT = 2_000_000
"""Bytes of one file here: large enough for every whole file above, small enough to be quick."""
NASTY = [
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#x110000;", b"&#0;",
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"../../", b"</p>", b"<table><tr><td>", b"<sec><title>", b"colspan='99999999'", b'"', b"{", b"[",
    b"\\ud800", b"PK\x01\x02", b"PK\x05\x06", b"\xff\xff\xff\xff", b"\x1f\x8b\x08", b"ustar", b"1e999", b"null", b"\xef\xbf\xbe",
    b"\xef\xb7\x90", b"<sup>1</sup>",
]  # fmt: skip


def mutated(content: bytes, seed: int) -> bytes:
    """A file with some of its bytes changed, cut out, doubled, or replaced by what readers stumble over."""
    chance = random.Random(seed)
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        at = chance.randrange(len(data) + 1)
        length = chance.choice((1, 2, 8, 64, 512))
        action = chance.randrange(5)
        if action == 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif action == 1:
            del data[at : at + length]
        elif action == 2:
            data[at:at] = chance.choice(NASTY)
        elif action == 3:
            data[at:at] = data[at : at + length] * chance.choice((1, 3, 30))
        else:
            del data[at:]
    return bytes(data)


def mutated_within(content: bytes, seed: int) -> bytes:
    """An archive that is whole, with one of its members mutated: what a reader meets behind the archive's own checks."""
    with ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    hit = sorted(members)[seed % len(members)]
    return zipped(members | {hit: mutated(members[hit], seed)})


def kept(content: bytes) -> None:
    """Read some bytes as the command does, and check what every reader promises."""
    for file in opened(File("fuzz.bin", content), limits_of(LIMIT)):
        if isinstance(file, Failed):
            sentence(str(file.error))
            continue
        try:
            found = read_file(file, max_bytes=LIMIT)
        except ExtractorError as error:
            sentence(str(error))
            continue
        assert found
        for source in found:
            promised(source)


def sentence(message: str) -> None:
    assert message.startswith("fuzz.bin")
    assert "\x1b" not in message
    message.encode()


def promised(source: Source) -> None:
    source.text.encode()
    assert source.text.strip()
    assert "\x00" not in source.text
    place = 0
    for section in source.sections:
        assert section.start == place < section.end
        place = section.end
    assert place == len(source.text)


def _mutation(kind: str) -> Callable[[bytes, int], bytes]:
    """Archives are mutated within: their own frame is what the kind "zip" is for."""
    return mutated_within if kind in ("epub", "docx") else mutated


@pytest.mark.parametrize("kind", WHOLE)
def test_mutated_files(kind: str) -> None:
    for seed in range(FEW):
        kept(_mutation(kind)(WHOLE[kind], seed))


@pytest.mark.slow
@pytest.mark.parametrize("kind", WHOLE)
def test_many_mutated_files(kind: str) -> None:
    for seed in range(FEW, FEW + MANY):
        kept(_mutation(kind)(WHOLE[kind], seed))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4_000_000  # kB, of the whole test process


_NAMES = ["article", "body", "sec", "title", "p", "fig", "label", "caption", "table-wrap", "table", "tr", "td", "xref", "sup", "list",
          "list-item", "html", "div", "h1", "h2", "span", "ul", "li", "figure", "figcaption", "a", "collection", "document", "passage",
          "infon", "text", "front", "article-meta", "abstract", "boxed-text", "back", "fn-group", "fn", "def-list", "def-item"]  # fmt: skip
_WORDS = st.sampled_from([STORY, "Case report", "1. Discussion", "Figure 1 | A.", "[1, 2]", " ", "\u00ad\ufdd0", "e\u0301", "References"])


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inner = st.lists(children, max_size=4).map("".join)
    attributes = st.sampled_from(["", " ref-type='bibr'", " colspan='7'", " class='fig'", " href='#ref1'", " hidden=''", " key='type'"])
    return st.tuples(st.sampled_from(_NAMES), attributes, inner).map(lambda t: f"<{t[0]}{t[1]}>{t[2]}</{t[0]}>")


TREES = st.recursive(_WORDS, _element, max_leaves=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from([STORY, "title_1", "CASE", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["documents", "passages", "infons", "text", "type", "section_type", "sentences"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


def written_trees(tree: str) -> None:
    kept(f"<article><front/><body>{tree}</body></article>".encode())
    kept(f"<!DOCTYPE html><html><body>{tree}</body></html>".encode())
    kept(f"<collection>{tree}</collection>".encode())


def written_json(data: object) -> None:
    kept(b'{"documents": [{"passages": ' + json.dumps(data).encode() + b"}]}")
    kept(json.dumps([{"documents": data}]).encode())


def raw(content: bytes) -> None:
    for begin in (
        b"",
        b"PK\x03\x04",
        b"\x1f\x8b\x08\x00",
        b"<?xml version='1.0'?>",
        b"<html>",
        b'{"documents": ',
        b"\x00" * 257 + b"ustar\x0000",
    ):
        kept(begin + content)


CHECKS: dict[str, tuple[Callable[..., None], st.SearchStrategy[object]]] = {
    "trees": (written_trees, TREES), "json": (written_json, JSON), "bytes": (raw, st.binary(max_size=2000)),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_made_up_files(name: str) -> None:
    _run(name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_many_made_up_files(name: str) -> None:
    _run(name, MANY)


def _run(name: str, count: int) -> None:
    check, strategy = CHECKS[name]
    options = settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    options(given(strategy)(check))()


REPEATED = {
    "headings": ("<!DOCTYPE html><html><body>{}</body></html>", "<h2>Treatment</h2>"),
    "open elements": ("<!DOCTYPE html><html><body>{}</body></html>", "<b>"),
    "links": ("<!DOCTYPE html><html><body><p>{}</p></body></html>", "<a href='#ref1'>1</a>, "),
    "brackets": ("<!DOCTYPE html><html><body><p>{}</p></body></html>", "a [1, 2, "),
    "superscripts": ("<!DOCTYPE html><html><body><p>{}</p></body></html>", "<sup>1</sup>"),
    "captions": ("<!DOCTYPE html><html><body>{}</body></html>", "<p>Figure 1 | A.</p>"),
    "comments": ("{}", "<!-- "),
    "prologs": ("{}<p>A", "<?a?>"),
    "citations": ("<article><body><p>{}</p></body></article>", "(<xref ref-type='bibr'>1</xref>, "),
    "floats": ("<article><body><p>{}</p></body></article>", "<fig><caption><p>A</p></caption></fig>a"),
    "sections": ("<article><body>{}</body></article>", "<sec><title>Case report</title></sec>"),
    "rows": ("<article><body><table>{}</table></body></article>", "<tr><td colspan='60'>a</td></tr>"),
    "passages": ('{{"documents": [{{"passages": [{}0]}}]}}', '{"text": "A man", "infons": {"type": "title_1"}},'),
    "quotes": ('{{"documents": {}', '"'),
    "parts of menus": ("<html><body>{}</body></html>", "<div class='nav'><p>a</p></div>"),
    "nested tables": (f"<html><body>{'<table><tr><td>' * 40}<table>{{}}</table></body></html>", "<tr><td>a</td><td>b</td></tr>"),
    "nested lists": (f"<html><body>{'<ul><li>' * 60}{{}}<table></table></body></html>", "<p>a</p>"),
    "mains": ("<html><body>{}</body></html>", "<main role='main'></main><p role='main'>a</p>"),
    "lines": ("<html><body><p>Case report</p>{}</body></html>", "<p>History: A man. Outcome: B.</p>"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REPEATED)
def test_one_piece_said_very_often(name: str) -> None:
    """Each of these once took a time that grew with the square of the length."""
    frame, piece = REPEATED[name]
    kept(frame.format(piece * (400_000 // len(piece))).encode())


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    inputs = tmp_path / "in"
    inputs.mkdir()
    for name, content in WHOLE.items():
        (inputs / name).write_bytes(content)
    found = list(sources([inputs]))
    assert sum(isinstance(f, Source) for f in found) >= len(WHOLE)
    assert sorted(p.name for p in tmp_path.rglob("*")) == sorted(["in", *WHOLE])
