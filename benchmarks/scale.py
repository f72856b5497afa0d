"""How a batch grows: with the number of reports, their length, the processes, the engine. Each run is the command itself, in a process."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COMMAND = (
    "import re, sys, time; began = time.perf_counter()\n"
    "from extractor.cli import app\n"
    "try: app()\n"
    "except SystemExit as end: code = end.code or 0\n"
    "peak = int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024\n"
    "print(code, time.perf_counter() - began, peak, file=sys.stderr)"
)
"""The command, with its peak memory: that of Linux, for what `resource` tells is also that of the process which started it."""


def perturbed(texts: Sequence[str], count: int, folder: Path) -> Path:
    """As many reports as asked, made of some: repeated with other figures, so that no two are alike."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chance = random.Random(count)
    for number in range(count):
        text = re.sub(r"\d", lambda m: m[0] if chance.random() < 0.8 else str(chance.randrange(1, 10)), texts[number % len(texts)])
        (folder / f"report-{number:06d}.txt").write_text(text, encoding="utf-8")
    return folder


def batch(folder: Path, output: Path, *options: str) -> dict[str, float]:
    """One run of the command: its seconds by the clock, and the peak memory of the process that hands out the work."""
    arguments = [sys.executable, "-c", COMMAND, "batch", str(folder), "-o", str(output), *options]
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    code, seconds, memory = done.stderr.split()[-3:]
    if code != "0":
        raise RuntimeError(done.stderr)
    return {"seconds": float(seconds), "parent_mb": int(memory)}


def counts(texts: Sequence[str], sizes: Sequence[int], work: Path) -> list[dict[str, Any]]:
    """Batches of more and more reports on two processes, the memory of the parent, and the time to find that nothing is left to do."""
    rows = []
    for size in sizes:
        folder, output = perturbed(texts, size, work / "in"), work / "out"
        shutil.rmtree(output, ignore_errors=True)
        first, again = batch(folder, output, "-j", "2"), batch(folder, output, "-j", "2")
        rows.append({
            "reports": size, "seconds": round(first["seconds"], 1), "reports_per_second": round(size / first["seconds"], 2),
            "parent_mb": max(first["parent_mb"], again["parent_mb"]), "restart_seconds": round(again["seconds"], 2),
        })  # fmt: skip
    return rows


def engines(texts: Sequence[str], size: int, work: Path) -> list[dict[str, Any]]:
    """The same reports by one process and two, and by Dask; the first row is the bare loop, without a batch around it."""
    folder = perturbed(texts, size, work / "in")
    rows = [{"engine": "in one process, no batch", "seconds": round(_loop(folder), 1)}]
    runs = {"local, 1 process": ("-j", "1"), "local, 2 processes": ("-j", "2"), "Dask, 2 workers": ("-j", "2", "--engine", "dask")}
    for name, options in runs.items():
        output = work / "out"
        shutil.rmtree(output, ignore_errors=True)
        rows.append({"engine": name, "seconds": round(batch(folder, output, *options)["seconds"], 1)})
    for row in rows:
        row |= {"reports": size, "reports_per_second": round(size / float(row["seconds"]), 2)}
    return rows


def _loop(folder: Path) -> float:
    code = (
        "import sys, time; began = time.perf_counter()\nfrom pathlib import Path\nfrom extractor import extract, load_pipeline\n"
        "from extractor.schema import dump\nnlp = load_pipeline()\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()): dump(extract(path, nlp))\nprint(time.perf_counter() - began)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return float(
        subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True, env=environment).stdout
    )


def lengths(texts: Sequence[str], sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Seconds for texts of more and more characters, made by putting case reports behind one another."""
    from extractor import load_pipeline  # noqa: PLC0415
    from extractor.pipeline import extract  # noqa: PLC0415
    from extractor.readers import File, read_file  # noqa: PLC0415
    from extractor.schema import dump  # noqa: PLC0415

    nlp = load_pipeline()
    whole = "\n\n".join(texts)
    whole *= 1 + max(sizes) // len(whole)
    rows = []
    for size in sizes:
        file = File("report.txt", whole[:size].encode())
        best = min(_seconds(lambda file=file: [dump(extract(s, nlp)) for s in read_file(file)]) for _ in range(1 if size > 200_000 else 3))
        rows.append({"kilobytes": size / 1000, "seconds": round(best, 3), "ms_per_kilobyte": round(1e6 * best / size, 2)})
    return rows


def _seconds(work: Any) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def machine() -> dict[str, Any]:
    """What this was measured on."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown processor")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "memory_gb": round(memory), "python": sys.version.split()[0]}


def write(path: Path, result: Any) -> None:
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
