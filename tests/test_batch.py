"""Many files: a bad one is reported and the rest are done, and what is written is written whole."""

from pathlib import Path

import pytest

from extractor.batch import extract_all, write_whole
from extractor.errors import InputError
from extractor.readers import Failed, sources
from extractor.schema import Case, Generator, Source, SourceInfo, load


def source(name: str) -> Source:
    return Source(info=SourceInfo(id=Path(name).stem, file=name), text="", sections=())


def case_of(report: Source) -> Case:
    if report.info.id == "b":
        raise InputError("b.txt: is bad: mend it")
    generator = Generator(version="0", pipeline_digest="sha256:0")
    return Case(generator=generator, source=report.info, text="", sections=(), patients=())


def test_a_bad_file_does_not_stop_the_others(tmp_path):
    found = [source("a.txt"), Failed("x.pdf", InputError("x.pdf: is broken: mend it")), source("b.txt"), source("c.txt")]
    done = list(extract_all(found, tmp_path / "out" / "deep", case_of))
    assert [d.written and d.written.name for d in done] == ["a.json", None, None, "c.json"]
    assert [str(d.error) for d in done[1:3]] == ["x.pdf: is broken: mend it", "b.txt: is bad: mend it"]
    assert load((tmp_path / "out" / "deep" / "c.json").read_bytes()).source.id == "c"


def test_two_files_with_one_id_are_refused_before_any_work(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("A man was seen.")
    with pytest.raises(InputError, match=r"a\.txt"):
        list(extract_all(sources([tmp_path / "x" / "a.txt", tmp_path / "y" / "a.txt"], max_bytes=99), tmp_path / "out", case_of))
    assert not list((tmp_path / "out").iterdir())


def test_an_output_that_is_a_file_is_refused_in_words(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="cannot be made a folder"):
        list(extract_all([source("a.txt")], tmp_path / "out", case_of))
    assert (tmp_path / "out").read_text() == "mine"


def test_a_write_that_fails_leaves_no_half_file(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "new \ud800")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
