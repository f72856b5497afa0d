"""Many files: a bad one is reported and the rest are done, and what is written is written whole."""

from pathlib import Path

import pytest

from extractor.batch import extract_all, write_whole
from extractor.errors import InputError
from extractor.schema import Case, Generator, SourceInfo, load


def case_of(path: Path) -> Case:
    if path.suffix == ".bad":
        raise InputError(f"{path}: is bad: mend it")
    generator = Generator(version="0", pipeline_digest="sha256:0")
    return Case(generator=generator, source=SourceInfo(id=path.stem), text="", sections=(), patients=())


def test_a_bad_file_does_not_stop_the_others(tmp_path):
    done = list(extract_all([Path("a.txt"), Path("b.bad"), Path("c.txt")], tmp_path / "out" / "deep", case_of))
    assert [d.written and d.written.name for d in done] == ["a.json", None, "c.json"]
    assert str(done[1].error) == "b.bad: is bad: mend it"
    assert load((tmp_path / "out" / "deep" / "c.json").read_bytes()).source.id == "c"


def test_two_files_with_one_id_are_refused_before_any_work(tmp_path):
    with pytest.raises(InputError, match=r"x/a\.txt and y/a\.xml would both be written as a\.json"):
        list(extract_all([Path("x/a.txt"), Path("y/a.xml")], tmp_path, case_of))
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_a_file_is_refused_in_words(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="cannot be made a folder"):
        list(extract_all([Path("a.txt")], tmp_path / "out", case_of))
    assert (tmp_path / "out").read_text() == "mine"


def test_a_write_that_fails_leaves_no_half_file(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(target, "new \ud800")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
