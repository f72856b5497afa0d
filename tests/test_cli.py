"""The program as its users call it: what it writes, what it says of bad input, and that it is deterministic and offline."""

import json
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractor.cli import app
from extractor.schema import load

CASE = (
    "A 50-year-old woman presented with a lump in the left breast. Core biopsy revealed invasive ductal carcinoma (ER positive, HER2 3+). "
    "She underwent mastectomy. Two months later, she started trastuzumab. She died 3 years after diagnosis."
)
EDITORIAL = "Clinical trials are the backbone of progress. Journals should ask for protocols, and editors should read them with care."


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(a) for a in arguments])


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.one.txt"
    path.write_text(CASE, encoding="utf-8")
    return path


def test_a_timeline_is_written_under_the_files_name(run, report, tmp_path):
    result = run("extract", report, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    case = load((tmp_path / "out" / "report.one.json").read_bytes())
    assert {(f.type, f.name) for f in case.facts} >= {("procedure", "mastectomy"), ("drug", "trastuzumab"), ("outcome", "death")}
    assert case.text == CASE
    assert "report.one.json" in result.output


def test_without_an_output_folder_the_table_is_shown_and_nothing_is_written(run, report, tmp_path):
    result = run("extract", report)
    assert result.exit_code == 0
    assert "mastectomy" in result.output
    assert [p.name for p in tmp_path.iterdir()] == [report.name]


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(run, report, tmp_path):
    other = tmp_path / "elsewhere" / report.name
    other.parent.mkdir()
    other.write_bytes(report.read_bytes())
    run("extract", report, "-o", tmp_path / "a")
    run("extract", other, "-o", tmp_path / "b")
    assert (tmp_path / "a" / "report.one.json").read_bytes() == (tmp_path / "b" / "report.one.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.txt", None, "missing.txt"),
        ("empty.txt", b"", "empty"),
        ("paper.txt", b"%PDF-1.7\n1 0 obj", "PDF"),
        ("binary.txt", bytes(range(256)) * 4, "binary.txt"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_does_not_stop_the_others(run, report, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run("extract", tmp_path / name, report, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.one.json"]


def test_a_folder_is_walked_and_what_it_holds_that_is_no_report_is_named(run, report, tmp_path):
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    (folder / "deeper" / report.name).write_bytes(report.read_bytes())
    (folder / "empty.txt").write_bytes(b"")
    (folder / ".hidden").write_bytes(b"not looked at")
    result = run("extract", folder, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "empty.txt" in result.output and ".hidden" not in result.output
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.one.json"]


def test_a_text_over_the_limit_is_refused_with_the_limit_named_and_the_option_raises_it(run, tmp_path):
    large = tmp_path / "large.txt"
    large.write_text(CASE + "\n\n" + "Nothing more is told here.\n" * 45_000)
    refused = run("extract", large, "--max-size", "1", "-o", tmp_path / "out")
    assert refused.exit_code == 2
    assert "--max-size" in refused.output
    assert run("extract", large, "--max-size", "2", "-o", tmp_path / "out").exit_code == 0


def test_a_text_without_a_case_is_a_valid_document_without_facts_and_a_warning(run, tmp_path):
    (tmp_path / "editorial.txt").write_text(EDITORIAL)
    result = run("extract", tmp_path / "editorial.txt", "-o", tmp_path)
    assert result.exit_code == 0
    case = load((tmp_path / "editorial.json").read_bytes())
    assert case.facts == ()
    assert [w.code for w in case.warnings] == ["no-case"]
    assert "No patient's story" in result.output


def test_show_checks_a_document(run, report, tmp_path):
    run("extract", report, "-o", tmp_path)
    path = tmp_path / "report.one.json"
    assert "mastectomy" in run("show", path).output
    record = json.loads(path.read_text())
    record["facts"][0]["evidence"][0]["text"] = "something else"
    path.write_text(json.dumps(record))
    broken = run("show", path)
    assert broken.exit_code == 4
    assert "something else" in broken.output


def test_the_schema_is_printed(run):
    assert json.loads(run("schema").output)["title"] == "Case"


def test_help_and_the_schema_do_not_load_spacy():
    code = "import sys; import extractor, extractor.cli, extractor.schema; sys.exit('spacy' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_is_asked_of_the_network(run, report, tmp_path, monkeypatch):
    def refuse(*arguments):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert run("extract", report, "-o", tmp_path).exit_code == 0


GOLD = """id: report
source: "written for this test"
patient: {sex: female, age_years: 50}
index: "presentation with a lump"
facts:
- id: pr1
  type: procedure
  name: mastectomy
  category: surgery
  at: ["She underwent [[mastectomy]]"]
  step: 2
  start: [0, 90]
"""


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    folder.mkdir()
    (folder / "report.txt").write_text(CASE, encoding="utf-8")
    (folder / "report.yaml").write_text(GOLD, encoding="utf-8")
    return folder


def test_evaluate_judges_a_folder_and_a_run_alike(run, gold, tmp_path):
    run("extract", gold / "report.txt", "-o", tmp_path / "out")
    read = run("evaluate", gold, tmp_path / "out", "--json")
    assert read.exit_code == 0, read.output
    assert json.loads(read.output) == json.loads(run("evaluate", gold, "--run", "--json").output)
    assert "She underwent [[mastectomy]]" in run("evaluate", gold, "--run", "--errors").output


def test_evaluate_writes_a_page_and_csv(run, gold, tmp_path):
    assert run("evaluate", gold, "--run", "--html", tmp_path / "page.html").exit_code == 0
    assert "mastectomy" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run("evaluate", gold, "--given-facts", "--level", "start", "--csv").output.startswith("level,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gold"], "name one of these"),
        (["gold", "--run", "--level", "colour"], "no level named 'colour'"),
        (["empty", "--run"], "empty"),
        (["gold", "empty"], "empty"),
    ],
)
def test_evaluate_says_what_it_cannot_do(run, gold, tmp_path, arguments, said):
    (tmp_path / "empty").mkdir()
    result = run("evaluate", *(tmp_path / a if a in ("gold", "empty") else a for a in arguments))
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_diff_tells_what_moved(run, report, tmp_path):
    run("extract", report, "-o", tmp_path)
    old, new = tmp_path / "report.one.json", tmp_path / "new.json"
    record = json.loads(old.read_text())
    assert run("diff", old, old).exit_code == 0
    death = next(f for f in record["facts"] if f["name"] == "death")
    death["start"] = {"earliest": 1, "latest": 2, "date": None}
    new.write_text(json.dumps(record))
    result = run("diff", old, new)
    assert result.exit_code == 1
    assert "death" in result.output


def test_mark_drafts_gold_that_check_accepts(run, report, tmp_path):
    assert run("mark", report, "-o", tmp_path / "draft" / "report.one.yaml").exit_code == 0
    assert run("check", tmp_path / "draft").exit_code == 0
    broken = tmp_path / "draft" / "report.one.yaml"
    broken.write_text(broken.read_text().replace("type: drug", "type: drugg"))
    result = run("check", broken)
    assert result.exit_code == 2
    assert "drugg" in result.output


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    """The case on a page of a PDF."""
    canvas = pytest.importorskip("reportlab.pdfgen.canvas", reason="needs reportlab, which the test extra installs")
    path = tmp_path / "printed.pdf"
    page = canvas.Canvas(str(path))
    for number, line in enumerate(textwrap.wrap(CASE, 80)):
        page.drawString(72, 720 - 16 * number, line)
    page.save()
    return path


def test_a_pdf_gives_the_facts_of_its_text_with_page_and_boxes(run, printed, report, tmp_path):
    assert run("extract", printed, report, "-o", tmp_path / "out").exit_code == 0
    paper, plain = (load((tmp_path / "out" / f"{name}.json").read_bytes()) for name in ("printed", "report.one"))
    assert [(f.type, f.name, f.start) for f in paper.facts] == [(f.type, f.name, f.start) for f in plain.facts]
    assert all(e.page == 1 and e.boxes for f in paper.facts for e in f.evidence)
    assert all(e.page is None for f in plain.facts for e in f.evidence)


def test_explain_prints_the_chain_of_a_fact_down_to_day_0(run, report, tmp_path):
    run("extract", report, "-o", tmp_path)
    document = tmp_path / "report.one.json"
    facts = {f.name: f.id for f in load(document.read_bytes()).facts}
    said = " ".join(run("explain", document, facts["trastuzumab"]).output.split())
    assert "day 0: presented with a lump in the left breast" in said
    mastectomy = facts["mastectomy"]
    assert f'after {mastectomy}: "Two months later"' in said
    assert f"counted from {mastectomy}: the event told last" in said
    assert f"{mastectomy} procedure: mastectomy" in said
    assert "the first diagnosis of the story" in " ".join(run("explain", document, facts["death"]).output.split())
    refused = run("explain", document, "F99")
    assert refused.exit_code != 0
    assert "no fact 'F99'" in refused.output


def test_show_tells_a_fact_and_draws_its_page(run, printed, report, tmp_path):
    run("extract", printed, report, "-o", tmp_path)
    death = next(f.id for f in load((tmp_path / "printed.json").read_bytes()).facts if f.name == "death")
    result = run("show", tmp_path / "printed.json", death, "--page-image", tmp_path / "page.png")
    assert result.exit_code == 0, result.output
    assert "died" in result.output
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
    for arguments, said in (
        ([tmp_path / "printed.json", "F99"], "has no fact 'F99'"),
        ([tmp_path / "printed.json", "--page-image", tmp_path / "x.png"], "needs a fact"),
        ([tmp_path / "report.one.json", "F1", "--page-image", tmp_path / "x.png"], "was no PDF"),
        ([tmp_path / "printed.json", "F1", "--page-image", tmp_path / "x.png", "--pdf", tmp_path / "none.pdf"], "none.pdf"),
    ):
        refused = run("show", *arguments)
        assert refused.exit_code in (2, 4)
        assert said in refused.output.replace("\n", " ")
    assert not (tmp_path / "x.png").exists()


def test_a_scan_asks_for_ocr_and_ocr_for_its_program(run, tmp_path, monkeypatch):
    canvas = pytest.importorskip("reportlab.pdfgen.canvas", reason="needs reportlab, which the test extra installs")
    page = canvas.Canvas(str(tmp_path / "scan.pdf"))
    page.rect(100, 100, 200, 200, fill=1)
    page.save()
    monkeypatch.setenv("PATH", "")
    assert "needs-ocr" in run("extract", tmp_path / "scan.pdf").output
    result = run("convert", tmp_path / "scan.pdf", "-o", tmp_path / "out", "--ocr")
    assert result.exit_code == 2
    assert "ocrmypdf" in result.output


def test_an_empty_folder_is_named(run, tmp_path):
    (tmp_path / "in").mkdir()
    result = run("extract", tmp_path / "in")
    assert result.exit_code == 2
    assert "without a file" in result.output
