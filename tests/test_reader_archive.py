"""Many inputs: folders, archives, standard input; the format by content; archives that are not to be trusted."""

import gzip
import io
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from builders import zipped

from extractor.errors import InputError
from extractor.readers import Failed, read, sources
from extractor.readers.archive import unsafe
from extractor.readers.formats import format_of

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."
JATS = f"<article><body><sec><title>Case report</title><p>{STORY}</p></sec></body></article>"
HTML = f"<!DOCTYPE html><html><body><h2>Case report</h2><p>{STORY}</p></body></html>"


def ids(paths: Iterable[Path | str], **options: int) -> list[str]:
    """The ids of what is read, and the reasons for what is not."""
    return [str(s.error) if isinstance(s, Failed) else s.info.id for s in sources(list(paths), **options)]


def written(folder: Path, **contents: str | bytes) -> Path:
    for name, content in contents.items():
        (folder / name.replace("_", ".")).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def tarred(members: dict[str, str], mode: str = "w:gz") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return file.getvalue()


# --- formats


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("plain text", "text"), ("<5 mm lesions were seen", "text"), ("<see below> A man", "text"), ("[image: Cover: A]", "text"),
        ("{a set}", "text"), (HTML, "html"), ("<html><p>a", "html"), ("  \n<!-- saved -->\n<!doctype HTML>\n<p>a", "html"),
        ("<p>A man</p>", "html"), (JATS, "xml"), (f"<?xml version='1.0'?>\n<!-- a --><!DOCTYPE article [ <!ELEMENT a ANY> ]>{JATS}", "xml"),
        ("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "html"), ("<tei><a></a></tei>", "xml"),
        ('[{"bioctype": "BioCCollection"}]', "bioc-json"), ("%PDF-1.7", "pdf"), ("junk\n%PDF-1.7", "pdf"), ("", "text"),
    ],
)  # fmt: skip
def test_format_is_told_from_the_content(content: str, kind: str) -> None:
    assert format_of(content.encode()) == kind
    if kind not in ("pdf", "text"):
        assert format_of(content.encode("utf-8-sig")) == kind
        assert format_of(content.encode("utf-16")) == kind


def test_suffix_is_never_asked(tmp_path: Path) -> None:
    folder = written(tmp_path, a_pdf=JATS, b_xml=HTML, c_html=STORY, d_txt=zipped({"x": STORY}))
    found = [s.info.media_type for s in sources([folder]) if not isinstance(s, Failed)]
    assert found == ["application/jats+xml", "text/html", "text/plain", "text/plain"]


def test_text_in_xml_of_another_kind_is_refused(tmp_path: Path) -> None:
    written(tmp_path, a_xml="<?xml version='1.0'?><tei><text>A man</text></tei>")
    with pytest.raises(InputError, match="<tei>"):
        read(tmp_path / "a.xml")


# --- folders and many


def test_folder_is_walked_in_order_without_hidden_files(tmp_path: Path) -> None:
    written(tmp_path, b_txt=STORY, a_xml=JATS)
    (tmp_path / "more").mkdir()
    written(tmp_path / "more", c_html=HTML)
    (tmp_path / ".git").mkdir()
    written(tmp_path / ".git", x_txt=STORY)
    (tmp_path / ".hidden.txt").write_text(STORY)
    (tmp_path / "more" / "round").symlink_to(tmp_path)
    assert ids([tmp_path]) == ["a", "b", "c"]


def test_bad_files_do_not_stop_the_others(tmp_path: Path) -> None:
    written(
        tmp_path, a_txt="", b_xml="<article><body>", c_zip=b"PK\x03\x04junk", d_gz=b"\x1f\x8bjunk", e_json='{"documents": [', f_txt=STORY
    )
    found = ids([tmp_path, tmp_path / "none.txt"])
    assert found[5] == "f"
    assert all(said in reason for said, reason in zip(("empty", "malformed", "damaged", "damaged", "malformed"), found, strict=False))
    assert "does not exist" in found[6]


def test_two_inputs_with_one_id_are_refused(tmp_path: Path) -> None:
    written(tmp_path, a_txt=STORY, a_xml=JATS)
    with pytest.raises(InputError, match=r"would both be written as a\.json"):
        ids([tmp_path])
    archive = written(tmp_path, z_zip=zipped({"a.txt": STORY, "b.txt": STORY, "deep/b.txt": STORY})) / "z.zip"
    found = ids([tmp_path / "a.txt", archive])
    assert [found[0], found[2]] == ["a", "b"]
    assert "both have the id 'a'" in found[1]
    assert "both have the id 'b'" in found[3]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped({"b.txt": STORY, "a.xml": JATS})
    for content, expected in ((STORY.encode(), ["stdin"]), (JATS.encode(), ["stdin"]), (archive, ["a", "b"])):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert ids(["-"]) == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STORY.encode() * 100)))
    assert "--max-size" in ids(["-"], max_bytes=1000)[0]


def test_read_asks_for_exactly_one_report(tmp_path: Path) -> None:
    two = written(tmp_path, two_xml=f"<pmc-articleset>{JATS}{JATS}</pmc-articleset>", one_zip=zipped({"x.txt": STORY})) / "two.xml"
    assert ids([two]) == ["two#1", "two#2"]
    with pytest.raises(InputError, match="2 reports"):
        read(two)
    assert read(tmp_path / "one.zip").info.id == "x"


# --- archives


def test_gzip_zip_and_tar(tmp_path: Path) -> None:
    members = {"b/paper.nxml": JATS, "a.txt": STORY, "__MACOSX/a.txt": "x", ".hidden": "x"}
    written(tmp_path, one_xml_gz=gzip.compress(JATS.encode()), two_zip=zipped(members))
    assert ids([tmp_path / "one.xml.gz"]) == ["one"]
    assert ids([tmp_path / "two.zip"]) == ["a", "paper"]
    written(tmp_path, three_tgz=tarred(members), four_tar=tarred(members, "w"))
    assert ids([tmp_path / "three.tgz"]) == ["paper", "a"]
    assert ids([tmp_path / "four.tar"]) == ["paper", "a"]
    written(tmp_path, five_zip=zipped({"p.tar.gz": tarred({"q.txt": STORY}), "r.txt.gz": gzip.compress(STORY.encode())}))
    assert ids([tmp_path / "five.zip"]) == ["q", "r"]


def test_archives_in_archives_in_archives_are_refused(tmp_path: Path) -> None:
    content = zipped({"a.txt": STORY})
    for depth in range(4):
        content = zipped({f"{depth}.zip": content, f"{depth}.txt": STORY})
    found = ids([written(tmp_path, a_zip=content) / "a.zip"])
    assert "archive within archives" in " ".join(found)
    assert "3" in found
    nested = gzip.compress(gzip.compress(gzip.compress(STORY.encode())))
    assert "archive within archives" in ids([written(tmp_path, n_gz=nested) / "n.gz"])[0]


@pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "..\\evil.txt", "C:\\evil.txt", "a\x1bb.txt"])
def test_names_that_lead_out_of_an_archive_are_refused(name: str, tmp_path: Path) -> None:
    assert unsafe(name)
    for archive in (zipped({name: STORY, "good.txt": STORY}), tarred({name: STORY, "good.txt": STORY})):
        found = ids([written(tmp_path, a_zip=archive) / "a.zip"])
        assert "good" in found
        assert "is refused" in next(f for f in found if f != "good")
        assert "\x1b" not in "".join(found)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip"]


def test_links_in_archives_are_not_followed(tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "s.txt"), (tarfile.LNKTYPE, "l.txt"), (tarfile.FIFOTYPE, "f.txt"), (tarfile.CHRTYPE, "d.txt")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    assert ids([written(tmp_path, a_tar=file.getvalue()) / "a.tar"]) == []


def test_bombs_are_refused_and_what_stands_beside_them_is_read(tmp_path: Path) -> None:
    zeros = bytes(3_000_000)
    bomb = zipped({"a.txt": STORY, "b.txt": zeros, "c.txt": STORY})
    found = ids([written(tmp_path, a_zip=bomb) / "a.zip"], max_bytes=1_000_000)
    assert [found[0], found[2]] == ["a", "c"]
    assert "more than one report may have" in found[1]
    assert "more than one report" in ids([written(tmp_path, b_gz=gzip.compress(zeros)) / "b.gz"], max_bytes=1_000_000)[0]
    tar = tarred({"a.txt": STORY, "b.txt": "0" * 3_000_000, "c.txt": STORY})
    found = ids([written(tmp_path, c_tgz=tar) / "c.tgz"], max_bytes=1_000_000)
    assert [found[0], found[2]] == ["a", "c"]
    huge = tarred({"a.txt": STORY, "b.txt": "0" * 30_000_000, "c.txt": STORY})
    found = ids([written(tmp_path, d_tgz=huge) / "d.tgz"], max_bytes=1_000_000)
    assert found[0] == "a"
    assert "far larger" in found[-1]


def test_archive_that_unpacks_to_too_much_altogether_stops(tmp_path: Path) -> None:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"{number:03}.txt", f"{number} {STORY} " + " " * 9_000)
    found = ids([written(tmp_path, a_zip=file.getvalue()) / "a.zip"], max_bytes=10_000)
    assert 100 < len(found) < 120
    assert "far more" in found[-1]


def test_sizes_that_an_archive_lies_about_are_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.txt": bytes(500_000)}))
    at = content.rindex(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")
    assert "damaged" in ids([written(tmp_path, a_zip=bytes(content)) / "a.zip"], max_bytes=1000)[0]


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.txt": STORY}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.rindex(mark) + place] |= 1
    assert "encrypted" in ids([written(tmp_path, a_zip=bytes(content)) / "a.zip"])[0]
