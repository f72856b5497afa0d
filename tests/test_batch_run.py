"""Whole batches: what is done is not done again, a kill at any moment loses nothing, shards share the work, bad input is one sentence."""

import gzip
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from batches import Instant, reports, run, tree
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from extractor.batch import outputs
from extractor.batch.engines import Local
from extractor.batch.inputs import Inputs, Shard
from extractor.batch.status import Line, StatusFile
from extractor.batch.work import Result, Settings, Task, timelines
from extractor.cli import app
from extractor.errors import InputError

HERE = Path(__file__).parent
CASE = "A 50-year-old woman presented with a lump. She underwent mastectomy. Two months later, she started trastuzumab. {} She died."
FORMS = ("json", "jsonl", "parquet")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return reports(tmp_path / "in", {"a": "1", "b": "two", "c": "bad", "d": "4", "e": "5"})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "SHARD", 3)


def lines(folder: Path, name: str = "status.jsonl") -> dict[str, Line]:
    return {line.id: line for line in StatusFile(folder / name).lines()}


# What is done, and done again


def test_each_document_has_a_status_line_with_what_became_of_it(texts, tmp_path):
    summary = run([texts], tmp_path / "out")
    status = lines(tmp_path / "out")
    assert {i: line.status for i, line in status.items()} == {"a": "ok", "b#1": "ok", "b#2": "ok", "c": "failed", "d": "ok", "e": "ok"}
    assert status["c"].reason == f"{texts / 'c.txt'} is bad: mend it"
    assert status["c"].output is None
    assert (status["b#2"].output, status["b#2"].part) == ("b#2.json", "2/2")
    assert (tmp_path / "out" / "b#2.json").exists()
    assert (summary.documents["ok"], summary.failed) == (5, 1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("small")
def test_what_is_done_is_not_done_again_and_what_has_changed_is(texts, tmp_path, form):
    run([texts], tmp_path / "out", form)
    before = tree(tmp_path / "out")
    engine = Instant(form)
    assert run([texts], tmp_path / "out", form, engine).before == 4
    assert engine.did == []
    assert tree(tmp_path / "out") == before
    (texts / "a.txt").write_text("1, corrected")
    run([texts], tmp_path / "out", form, engine)
    assert "a" in engine.did
    assert ("e" in engine.did) is False
    run([texts], tmp_path / "fresh", form)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("small")
def test_inputs_that_come_later_and_outputs_that_are_lost_are_done(texts, tmp_path, form):
    run([texts], tmp_path / "out", form)
    reports(texts, {"aa": "new", "z": "newer"})
    next(p for p in (tmp_path / "out").iterdir() if p.name.startswith(("d.", "facts"))).unlink()
    run([texts], tmp_path / "out", form)
    run([texts], tmp_path / "fresh", form)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.usefixtures("small")
def test_failed_ones_are_tried_again_only_when_asked(texts, tmp_path, form):
    run([texts], tmp_path / "out", form)
    engine = Instant(form)
    assert run([texts], tmp_path / "out", form, engine).failed == 1
    assert engine.did == []
    run([texts], tmp_path / "out", form, engine, retry_failed=True)
    assert "c" in engine.did


def test_a_report_that_fails_after_a_change_leaves_no_old_document(texts, tmp_path):
    run([texts], tmp_path / "out")
    (texts / "a.txt").write_text("bad")
    run([texts], tmp_path / "out")
    assert not (tmp_path / "out" / "a.json").exists()
    assert lines(tmp_path / "out")["a"].status == "failed"


def test_fresh_removes_what_the_status_lists_and_nothing_else(texts, tmp_path):
    run([texts], tmp_path / "out")
    (tmp_path / "out" / "notes.json").write_text("mine")
    (texts / "a.txt").unlink()
    run([texts], tmp_path / "out", fresh=True)
    assert not (tmp_path / "out" / "a.json").exists()
    assert (tmp_path / "out" / "notes.json").read_text() == "mine"


# Killed


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_killed_at_any_touch_of_the_disk_it_ends_with_the_same_bytes(tmp_path, form):
    done = subprocess.run([sys.executable, HERE / "kills.py", tmp_path, form], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def test_half_a_status_line_is_as_none(texts, tmp_path):
    run([texts], tmp_path / "out")
    expected = tree(tmp_path / "out")
    whole = expected["status.jsonl"]
    for end in range(0, len(whole), 97):
        (tmp_path / "out" / "status.jsonl").write_bytes(whole[:end])
        run([texts], tmp_path / "out")
        assert tree(tmp_path / "out") == expected


KILLED = """
import os, signal, sys
from pathlib import Path
from extractor.batch.engines import Local
from extractor.batch.inputs import Inputs
from extractor.batch.run import Batch, Options
from extractor.batch.work import Settings

def tell(reasons):
    os.kill(os.getpid(), int(sys.argv[3]))

if __name__ == "__main__":
    output = Path(sys.argv[2])
    Batch(Inputs([sys.argv[1]], output), output, Settings(), Options(), tell).run(Local(Settings(), 2))
"""


def test_killed_and_run_again_the_command_ends_with_the_same_documents_and_no_process_stays(tmp_path):
    folder = reports(tmp_path / "in", {f"r{n}": CASE.format(f"She had {n} cycles.") for n in range(12)})
    (tmp_path / "killed.py").write_text(KILLED)
    command = [sys.executable, tmp_path / "killed.py", folder, tmp_path / "out", str(int(signal.SIGKILL))]
    # The pipes close when the last process that holds them has ended: that this returns shows that the workers are gone too.
    killed = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert killed.returncode == -signal.SIGKILL
    assert 1 <= len(lines(tmp_path / "out")) < 12
    for output in ("out", "whole"):
        result = CliRunner().invoke(app, ["batch", str(folder), "-o", str(tmp_path / output), "-j", "2"])
        assert result.exit_code == 0, result.output
    out, whole = tree(tmp_path / "out"), tree(tmp_path / "whole")
    assert [json.loads(x) | {"seconds": 0} for x in out.pop("status.jsonl").splitlines()] == [
        json.loads(x) | {"seconds": 0} for x in whole.pop("status.jsonl").splitlines()
    ]
    assert out == whole
    assert len(out) == 12


def test_stopped_by_hand_it_says_how_to_go_on(texts, tmp_path, monkeypatch):
    def stopped(self, tasks):
        yield from Instant()(iter([next(tasks)]))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Local, "__call__", stopped)
    result = CliRunner().invoke(app, ["batch", str(texts), "-o", str(tmp_path / "out")])
    assert result.exit_code == 130
    assert "stopped: 1 ok; the same command goes on from here" in result.output
    monkeypatch.setattr(Local, "__call__", lambda self, tasks: Instant()(tasks))
    CliRunner().invoke(app, ["batch", str(texts), "-o", str(tmp_path / "out")])
    run([texts], tmp_path / "whole")
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
sys.path.insert(0, sys.argv[4])
from batches import run
from extractor.errors import ExtractorError
try:
    run([sys.argv[1]], sys.argv[2] and __import__("pathlib").Path(sys.argv[2]), sys.argv[3])
except ExtractorError as error:
    print(error)
"""


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_disk_that_is_full_stops_it_with_a_sentence_and_no_half_file(tmp_path, form):
    folder = reports(tmp_path / "in", {"a": "x" * 300, "b": "y" * 500})
    done = subprocess.run([sys.executable, "-c", FULL, folder, tmp_path / "out", form, HERE], capture_output=True, text=True, check=False)
    assert "cannot be written" in done.stdout
    assert "free space" in done.stdout
    assert "Traceback" not in done.stderr
    run([folder], tmp_path / "out", form)
    run([folder], tmp_path / "whole", form)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


# Workers


def misbehaving(task: Task, settings: Settings) -> Result:
    """Ends its process, or never ends, where the text says so."""
    text = task.file.content.decode()
    if text == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    while text == "hang":
        pass
    return next(Instant()(iter([task])))


def test_a_report_that_crashes_or_hangs_takes_down_its_process_only(tmp_path):
    folder = reports(tmp_path / "in", {"a": "crash", "b": "1", "c": "hang", "d": "2", "e": "3"})
    engine = Local(Settings(), 2, timeout=1.5, do=misbehaving)
    run([folder], tmp_path / "out", engine=engine)
    status = lines(tmp_path / "out")
    assert [i for i, line in status.items() if line.status == "ok"] == ["b", "d", "e"]
    assert "ended its process" in (status["a"].reason or "")
    assert "took longer than 1.5 s" in (status["c"].reason or "")


def unable(task: Task, settings: Settings) -> Result:
    """Cannot load what it works with."""
    raise MemoryError("no memory\nleft")


def test_a_process_that_cannot_load_the_pipeline_ends_the_batch_with_a_sentence(texts, tmp_path):
    with pytest.raises(InputError, match=r"a process cannot do its work \(MemoryError: no memory left\)"):
        run([texts], tmp_path / "out", engine=Local(Settings(), 1, do=unable))


def test_a_fault_of_the_program_fails_its_report_only(tmp_path, monkeypatch, nlp):
    from extractor import pipeline
    from extractor.batch import work

    def faulty(source, nlp):
        raise IndexError("of the program")

    folder = reports(tmp_path / "in", {"a": "A man was seen."})
    monkeypatch.setattr(pipeline, "extract", faulty)
    run([folder], tmp_path / "out", engine=lambda tasks: (work.work(t, Settings()) for t in tasks))
    assert "IndexError: of the program" in (lines(tmp_path / "out")["a"].reason or "")


# Shards


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 70))
def test_every_id_belongs_to_one_shard(ids, of):
    for identity in ids:
        assert [Shard(n, of).takes(identity) for n in range(1, of + 1)].count(True) == 1


def test_the_shards_of_a_batch_are_the_batch(texts, tmp_path):
    did = []
    for number in (1, 2, 3):
        engine = Instant()
        run([texts], tmp_path / "out", engine=engine, shard=f"{number}/3")
        did += engine.did
    assert sorted(did) == ["a", "b", "c", "d", "e"]
    run([texts], tmp_path / "whole")
    assert {n: c for n, c in tree(tmp_path / "out").items() if n.endswith("json")} == {
        n: c for n, c in tree(tmp_path / "whole").items() if n.endswith("json")
    }
    engine = Instant()
    assert run([texts], tmp_path / "out", engine=engine).before == 4
    assert engine.did == []


# Inputs


def test_files_folders_globs_archives_and_manifests_are_read(texts, tmp_path):
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("deep/x.txt", "x")
        archive.writestr("y.txt", "y")
    (tmp_path / "z.txt.gz").write_bytes(gzip.compress(b"z"))
    (tmp_path / "list.csv").write_text('path,id,journal\nin/a.txt,first,"Ann Oncol, 2020"\nz.txt.gz,last,\n')
    inputs = [tmp_path / "in" / "[de].txt", tmp_path / "more.zip", tmp_path / "list.csv", tmp_path / "in" / "b.txt"]
    run(inputs, tmp_path / "out")
    assert list(lines(tmp_path / "out")) == ["b#1", "b#2", "d", "e", "first", "last", "x", "y"]
    assert lines(tmp_path / "out")["first"].metadata == {"journal": "Ann Oncol, 2020"}
    assert json.loads((tmp_path / "out" / "first.json").read_text()) == {"document": "first", "text": "1", "journal": "Ann Oncol, 2020"}


def test_a_manifest_names_the_documents_of_the_real_pipeline(tmp_path, nlp):
    from extractor.batch.work import work

    reports(tmp_path, {"a": CASE.format("")})
    (tmp_path / "list.tsv").write_text("id\tpath\tyear\npatient-7\ta.txt\t2020\n")
    run([tmp_path / "list.tsv"], tmp_path / "out", "jsonl", lambda tasks: (work(t, Settings(format="jsonl")) for t in tasks))
    case = json.loads((tmp_path / "out" / "cases-00000.jsonl").read_text())
    assert (case["document"], case["meta_year"], case["file"]) == ("patient-7", "2020", "a.txt")
    facts = [json.loads(line) for line in (tmp_path / "out" / "facts-00000.jsonl").read_text().splitlines()]
    assert {"mastectomy", "trastuzumab", "death"} <= {f["name"] for f in facts}
    assert {f["document"] for f in facts} == {"patient-7"}


BAD = {
    "nothing.txt": "does not exist",
    "empty": "holds no file",
    "in/*.pdf": "fits no file",
    "no_path.tsv": "lacks the column path",
    "short.tsv": "line 2 has 1 columns",
    "id.tsv": "the id '../a' cannot be a file's name",
    "twice.tsv": "both have the id 'b'",
    "in": "a.txt is named twice",
    "where.tsv": "line 2 has no path",
    "binary.tsv": "is no table in UTF-8",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_one_sentence_before_any_work(texts, tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "no_path.tsv").write_text("id\tfile\na\ta.txt\n")
    (tmp_path / "short.tsv").write_text("id\tpath\na\n")
    (tmp_path / "id.tsv").write_text("id\tpath\n../a\tin/a.txt\n")
    (tmp_path / "twice.tsv").write_text("id\tpath\nb\tin/b.txt\nb\tin/d.txt\n")
    (tmp_path / "where.tsv").write_text("id\tpath\na\t\n")
    (tmp_path / "binary.tsv").write_bytes(bytes(range(256)))
    result = CliRunner().invoke(app, ["batch", str(texts / "a.txt"), str(tmp_path / name), "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert BAD[name] in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_two_inputs_with_one_id_are_refused_and_in_archives_the_second_fails(texts, tmp_path):
    other = reports(tmp_path / "other", {"a": "another"})
    with pytest.raises(InputError, match="both have the id 'a'"):
        Inputs([str(texts), str(other)], tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("a.txt", "another")
    run([texts / "a.txt", tmp_path / "more.zip"], tmp_path / "out")
    assert [(i.split("/")[-1], line.status) for i, line in lines(tmp_path / "out").items()] == [("a.txt", "failed"), ("a", "ok")]


def test_what_cannot_be_read_fails_and_the_rest_is_done(texts, tmp_path):
    (tmp_path / "list.tsv").write_text("id\tpath\ngone\tgone.txt\nthere\tin/a.txt\n")
    run([tmp_path / "list.tsv"], tmp_path / "out")
    status = lines(tmp_path / "out")
    assert (status["gone"].status, status["there"].status) == ("failed", "ok")
    assert "does not exist" in (status["gone"].reason or "")
    reports(tmp_path, {"gone": "found"})
    run([tmp_path / "list.tsv"], tmp_path / "out")
    assert lines(tmp_path / "out")["gone"].status == "ok"


def test_a_link_in_a_folder_that_leads_nowhere_is_told(texts, tmp_path):
    (texts / "away.txt").symlink_to(tmp_path / "gone.txt")
    run([texts], tmp_path / "out")
    assert "away.txt does not exist" in (lines(tmp_path / "out")["away"].reason or "")


@pytest.mark.parametrize(("what", "said"), [("version", "version 0.0.9"), ("pipeline", "pipeline other"), ("format", "format parquet")])
def test_documents_of_something_else_are_not_mixed_in(texts, tmp_path, what, said):
    run([texts], tmp_path / "out")
    path = tmp_path / "out" / "status.jsonl"
    path.write_text("".join(json.dumps(json.loads(x) | {what: said.split()[1]}) + "\n" for x in path.read_text().splitlines()))
    before = tree(tmp_path / "out")
    with pytest.raises(InputError, match=said) as caught:
        run([texts], tmp_path / "out")
    assert "--fresh" in str(caught.value)
    assert tree(tmp_path / "out") == before
    assert run([texts], tmp_path / "out", fresh=True).before == 0


def test_the_jobs_of_an_array_start_over_one_by_one(texts, tmp_path):
    def of_another_version() -> None:
        for path in (tmp_path / "out").glob("status*.jsonl"):
            path.write_text("".join(json.dumps(json.loads(x) | {"version": "0.0.9"}) + "\n" for x in path.read_text().splitlines()))

    for job in ("1/2", "2/2"):
        run([texts], tmp_path / "out", shard=job)
    whole = tree(tmp_path / "out")
    of_another_version()
    for job in ("1/2", "2/2"):
        assert run([texts], tmp_path / "out", shard=job, fresh=True).before == 0
    assert tree(tmp_path / "out") == whole
    of_another_version()
    with pytest.raises(InputError, match="other shards"):
        run([texts], tmp_path / "out", shard="1/3", fresh=True)
    run([texts], tmp_path / "out", fresh=True)
    assert not list((tmp_path / "out").glob("status-*"))


def test_a_status_that_is_none_and_a_folder_that_is_taken_are_refused(texts, tmp_path):
    run([texts], tmp_path / "out")
    with (tmp_path / "out" / "status.jsonl").open("a") as file:
        file.write("a note\n")
    with pytest.raises(InputError, match="line 7 is no status"):
        run([texts], tmp_path / "out")

    def second(tasks):
        run([texts], tmp_path / "new")
        yield from ()

    with pytest.raises(InputError, match="written by another batch"):
        run([texts], tmp_path / "new", engine=second)
    with pytest.raises(InputError, match="lies in"):
        run([texts], texts / "out")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "0/3"], "from 1/64 to 64/64"),
        (["--format", "xml"], "--format xml: there are json, jsonl, parquet"),
        (["--scheduler", "tcp://127.0.0.1:1"], "--engine dask"),
        (["--config", "missing.cfg"], "missing.cfg"),
    ],
)
def test_options_that_cannot_be_are_refused(texts, tmp_path, options, said):
    result = CliRunner().invoke(app, ["batch", str(texts), "-o", str(tmp_path / "out"), *options])
    assert result.exit_code in (2, 3)
    assert said in result.output


def test_the_process_that_hands_out_the_work_needs_no_spacy(texts, tmp_path):
    run([texts], tmp_path / "out")
    code = (
        "import sys; sys.argv[1:] = ['batch', *sys.argv[1:]]\n"
        "from extractor.cli import app\n"
        "try: app()\n"
        "except SystemExit: sys.exit('spacy' in sys.modules or 'pebble' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, texts, "-o", tmp_path / "out"], check=False).returncode == 0


def test_without_the_model_another_pipeline_made_the_documents(tmp_path):
    folder = reports(tmp_path / "in", {"a": CASE})
    asked = ["batch", str(folder), "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(app, [*asked, "--no-model"]).exit_code == 0
    assert "model/" not in (tmp_path / "out" / "a.json").read_text()
    assert "holds documents of pipeline" in CliRunner().invoke(app, asked).output


def test_spark_gets_its_timelines_by_partition(nlp):
    """The recipe of docs/batch.md, without Spark."""
    found = list(timelines([("hdfs://x/a.txt", bytearray(CASE.format("").encode())), ("b.txt", b"")]))
    assert [(identity, case is not None, reason is not None) for identity, case, reason in found] == [
        ("a", True, False),
        ("b", False, True),
    ]


def test_profile_shows_where_the_time_went(tmp_path, monkeypatch, nlp):
    from extractor.batch.work import work

    folder = reports(tmp_path / "in", {"a": CASE.format("")})
    monkeypatch.setattr(Local, "__call__", lambda self, tasks: (work(t, self.settings) for t in tasks))
    result = CliRunner().invoke(app, ["batch", str(folder), "-o", str(tmp_path / "out"), "--profile"])
    assert result.exit_code == 0, result.output
    assert all(stage in result.output for stage in ("entities", "context", "facts", "timeline"))
