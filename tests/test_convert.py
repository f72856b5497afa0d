"""`convert`: the text to the character, the sections, and a page to look at."""

import json
import re
from pathlib import Path

import pytest

from extractor.convert import convert_all, converted, preview_page
from extractor.errors import InputError
from extractor.readers import File, read, read_file, sources

STORY = "A 61-year-old man presented with cough. Chest CT showed a <mass> & more. He received cisplatin and died 2 months later."


def written(path: Path, content: str) -> Path:
    path.write_bytes(content.encode())
    return path


def test_text_and_sections_are_written(tmp_path: Path) -> None:
    text = f"Introduction\r\n\r\nRare.\r\n\r\nCase report\r\n\r\n{STORY}\r\n"
    done = list(convert_all(sources([written(tmp_path / "a.txt", text)]), tmp_path / "out" / "deep"))
    assert [p.name for p in done[0].written] == ["a.txt", "a.sections.json"]
    content = (tmp_path / "out" / "deep" / "a.txt").read_bytes().decode()
    assert content == text
    known = json.loads((tmp_path / "out" / "deep" / "a.sections.json").read_text(encoding="utf-8"))
    assert known["info"]["id"] == "a"
    assert [content[s["start"] : s["end"]].split()[0] for s in known["sections"]] == ["Introduction", "Case"]
    assert [s["kind"] for s in known["sections"]] == ["introduction", "case"]
    assert "text" not in known


def test_text_that_was_written_is_read_with_the_same_offsets(tmp_path: Path) -> None:
    (source,) = read_file(File("a.html", f"<html><body><h2>Case report</h2><p>{STORY.replace('<', '&lt;')}</p></body></html>".encode()))
    for name, content in converted(source).items():
        written(tmp_path / name, content)
    assert read(tmp_path / "a.txt").text == source.text


def test_bad_input_does_not_stop_the_others(tmp_path: Path) -> None:
    files = [written(tmp_path / "a.txt", ""), written(tmp_path / "b.txt", STORY)]
    done = list(convert_all(sources(files), tmp_path / "out"))
    assert "is empty" in str(done[0].error)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["b.sections.json", "b.txt"]
    assert done[1].error is None


def test_output_that_is_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be made a folder"):
        list(convert_all([], written(tmp_path / "out", "x")))


def test_preview_is_safe_and_stands_alone(tmp_path: Path) -> None:
    text = f"A <script>alert(1)</script> tumour of the heart\n\nCase report\n\n{STORY}\n\nDiscussion\n\nRare.\n"
    source = read(written(tmp_path / "a.txt", text))
    files = converted(source, preview=True)
    page = files["a.html"]
    assert list(files) == ["a.txt", "a.sections.json", "a.html"]
    assert page == preview_page(source)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)\s*=", page)
    assert ["case" in m for m in re.findall(r'<section class="([^"]*)"', page)] == [False, True, False]
    assert "&lt;mass&gt; &amp; more" in page
