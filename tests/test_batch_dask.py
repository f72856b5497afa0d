"""The batch on a Dask cluster: a real scheduler and two real worker processes, over TCP on loopback, one of them killed on the way."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from batches import reports, run, tree

from extractor.batch.engines import Dask, Local
from extractor.batch.inputs import Inputs
from extractor.batch.run import Batch, Options
from extractor.batch.work import Settings
from extractor.errors import InputError

pytest.importorskip("distributed", reason="needs Dask, which the test extra installs")

CASE = "A 61-year-old man presented with cough. Biopsy showed adenocarcinoma. He received {} cycles of cisplatin and died 2 months later."


def started(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]], stderr=subprocess.PIPE, text=True, env=environment
    )


def said(process: subprocess.Popen[str], pattern: str) -> str:
    """What a process says first that fits."""
    assert process.stderr is not None
    return next(found[1] for line in process.stderr if (found := re.search(pattern, line)))


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """The address of a scheduler, and its two workers."""
    scheduler = started("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    workers: list[subprocess.Popen[str]] = []
    try:
        address = said(scheduler, r"Scheduler at:\s+(tcp://\S+)")
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--memory-limit", "0")
        workers += [started("dask_worker", address, *options) for _ in range(2)]
        for worker in workers:
            said(worker, r"(Registered to)")
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.communicate()


def test_the_documents_are_the_same_though_a_worker_is_killed(cluster, tmp_path):
    address, workers = cluster
    folder = reports(tmp_path / "in", {f"r{n}": CASE.format(n) for n in range(16)})
    done = 0

    def tell(reasons: object) -> None:
        nonlocal done
        done += 1
        if done == 3:
            workers[0].send_signal(signal.SIGKILL)

    output = tmp_path / "dask"
    summary = Batch(Inputs([str(folder)], output), output, Settings(), Options(), tell).run(Dask(Settings(), 1, scheduler=address))
    assert summary.documents == {"ok": 16}
    assert workers[0].wait() == -signal.SIGKILL
    assert workers[1].poll() is None
    run([folder], tmp_path / "local", engine=Local(Settings(), 1))
    dask, local = tree(output), tree(tmp_path / "local")
    assert {i: json.loads(x) | {"seconds": 0} for i, x in enumerate(dask.pop("status.jsonl").splitlines())} == {
        i: json.loads(x) | {"seconds": 0} for i, x in enumerate(local.pop("status.jsonl").splitlines())
    }
    assert dask == local
    assert run([folder], output, engine=Dask(Settings(), 1, scheduler="tcp://127.0.0.1:1")).before == 16  # Nobody is asked for nothing.


def test_a_scheduler_that_is_not_there_is_said(tmp_path, monkeypatch):
    from extractor.batch import engines

    monkeypatch.setattr(engines, "PATIENCE", 1)
    folder = reports(tmp_path / "in", {"a": "1"})
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(InputError, match="no Dask scheduler with workers answers at"):
            run([folder], tmp_path / "out", engine=Dask(Settings(), 1, scheduler=address))
