"""extractor export: formats found by looking, a folder into one, losses told, and documents that are hard to carry."""

import csv
import io
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import documents
import pytest
from typer.testing import CliRunner

import extractor
from extractor.cli import app
from extractor.errors import ExtractorError, InputError
from extractor.exporters import HERE, Export, export, formats, middle
from extractor.schema import Bounds, Case, dump

EPOCH = date(2000, 1, 1)
ALL = sorted(formats())
TEXTS = {
    "right to left": "طبيب قال إن المريض مصاب بورم. המטופלת קיבלה cisplatin.",
    "emoji and beyond": "She 👩🏽‍⚕️ took 💊cisplatin💊 𝒇𝒐𝒓 naïve cancer\u0301.",
    "control characters": "page one\x0cpage two cisplatin\x00 was\x85given\u2028here\r\nand there",
    "markup": '<TimeML> & "cisplatin" | <script>alert(1)</script> \t tab',
}


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(a) for a in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "timelines"
    place.mkdir()
    for name in ("one", "two"):
        (place / f"{name}.json").write_text(dump(documents.case(identity=name)), encoding="utf-8")
    return place


def made(case: Case, name: str) -> Export:
    if name == "parquet":
        pytest.importorskip("pyarrow", exc_type=ImportError)
    return export([case], name, EPOCH)


def test_every_format_says_what_it_is_and_the_help_lists_it(run):
    said = run("export", "--help").output
    assert set(ALL) == {path.stem for path in HERE.glob("[a-z]*.py")}
    for name, about in formats().items():
        assert about.endswith("."), f"the first line of {name}.py must be a sentence"
        assert re.search(rf"^ +{name} +{re.escape(about)}$", said, re.MULTILINE)


@pytest.mark.parametrize("name", ALL)
def test_the_same_case_gives_the_same_bytes(name):
    case = documents.case()
    first = made(case, name)
    assert dict(made(case, name).files) == dict(first.files)
    assert first.files
    assert all(loss.document == "report" and loss.what and loss.why for loss in first.losses)


@pytest.mark.parametrize("name", sorted({*ALL} - {"brat", "bioc", "timeml", "spacy", "parquet"}))
def test_every_fact_is_carried_or_is_a_loss(name):
    case = documents.case(text=None)  # so that a name in the files is there for its fact, and not with the text
    done = made(case, name)
    text = b"\n".join(done.files.values()).decode()
    lost = {loss.fact for loss in done.losses}
    missing = [fact.name for fact in case.facts if fact.id not in lost and fact.name not in text]
    assert missing == [], "neither in the files nor a loss"


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_is_carried(name, text):
    drug = {"type": "drug", "name": "cisplatin", "words": "cisplatin", "start": (3, 4), "step": 1}
    done = made(documents.case(text, [drug]), name)
    assert done.files


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "change", [{"kinds": ()}, {"kinds": (), "patients": ()}, {"text": None}], ids=["no facts", "no patient", "no text"]
)
def test_a_document_that_lacks_something_is_exported_or_refused_in_words(name, change):
    try:
        assert made(documents.case(**change), name).files
    except ExtractorError as error:
        assert str(error) and "\n" not in str(error)


@pytest.mark.parametrize("name", ALL)
def test_five_thousand_facts(name):
    text = " ".join(f"drug{n}x" for n in range(5000))
    kinds = [
        {"type": "drug", "name": f"drug{n}x", "words": f"drug{n}x", "start": (n, n + 5), "end": (n + 9, None), "step": n}
        for n in range(5000)
    ]
    at = {kind["name"]: text.index(f"{kind['name']}") for kind in kinds}
    spans = [(at[kind["name"]], at[kind["name"]] + len(kind["name"]), "drug") for kind in kinds]
    done = made(documents.marked(text, spans), name)
    assert sum(map(len, done.files.values())) > 50_000


def test_a_folder_goes_into_one_with_one_set_of_tables(run, folder, tmp_path):
    result = run("export", folder, "--to", "table", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "facts.csv").read_text(encoding="utf-8"))))
    assert {row["document"] for row in rows} == {"one", "two"}
    assert len(rows) == 2 * len(documents.KINDS)


def test_a_folder_goes_into_one_with_a_file_a_case(run, folder, tmp_path):
    result = run("export", folder, "--to", "tts", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["one.bsv", "two.bsv"]


def test_what_is_lost_is_counted_and_listed_on_request(run, folder, tmp_path):
    result = run("export", folder / "one.json", "--to", "tts", "-o", tmp_path / "out")
    assert "tts does not carry everything" in result.output
    assert "--loss-report" in result.output
    run("export", folder / "one.json", "--to", "tts", "-o", tmp_path / "out", "--loss-report", tmp_path / "lost.tsv")
    lines = (tmp_path / "lost.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "document\tfact\twhat\twhy"
    assert "one\tF9\ttamoxifen (declined)\ttts has no place for what did not happen" in lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "excel"], "no format named 'excel': there are"),
        (["--to", "omop"], "--epoch"),
        (["--to", "omop", "--epoch", "yesterday"], "yesterday"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_before_anything_is_written(run, folder, tmp_path, arguments, said):
    result = run("export", folder, *arguments, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "out").exists()


def test_a_document_of_a_newer_schema_is_told_and_the_rest_is_exported(run, folder, tmp_path):
    newer = json.loads(dump(documents.case(identity="newer"))) | {"schema_version": "2.0"}
    (folder / "newer.json").write_text(json.dumps(newer), encoding="utf-8")
    result = run("export", folder, "--to", "tts", "-o", tmp_path / "out")
    assert result.exit_code == 4
    assert "newer.json" in result.output and "schema version is 2.0" in result.output
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"facts": 3}'])
def test_what_is_no_document_is_told_without_a_traceback(run, tmp_path, content):
    (tmp_path / "bad.json").write_bytes(content)
    result = run("export", tmp_path / "bad.json", "--to", "table", "-o", tmp_path / "out")
    assert result.exit_code in (2, 4)
    assert "bad.json" in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_and_two_documents_of_one_id_are_told(run, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "has no timeline document" in run("export", tmp_path / "empty", "--to", "table", "-o", tmp_path / "out").output
    (folder / "again.json").write_bytes((folder / "one.json").read_bytes())
    result = run("export", folder, "--to", "table", "-o", tmp_path / "out")
    assert "has the id one, which" in result.output
    assert result.exit_code == 2


def test_a_file_never_leaves_its_folder(run, tmp_path):
    (tmp_path / "evil.json").write_text(dump(documents.case(identity="../../evil")), encoding="utf-8")
    result = run("export", tmp_path / "evil.json", "--to", "tts", "-o", tmp_path / "out" / "deep")
    assert result.exit_code == 2
    assert "outside" in result.output
    assert not list(tmp_path.rglob("*.bsv"))


def test_a_package_that_is_not_installed_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"needs the package pyarrow: pip install 'extractor\[export\]'"):
        export([documents.case()], "parquet")


def test_the_middle_of_bounds():
    assert [middle(Bounds(earliest=a, latest=b)) for a, b in ((10, 20), (None, 7), (-3, None), (None, None))] == [15, 7, -3, None]
    assert middle(None) is None


def test_the_public_names_are_there_and_cost_nothing_until_used():
    assert set(extractor.__all__) == {"Case", "extract", "load_pipeline", "read", "to_frames"}
    assert all(getattr(extractor, name) for name in extractor.__all__)
    heavy = "import sys, extractor, extractor.cli; print([m for m in ('spacy', 'pandas', 'lxml', 'pydantic') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
