"""The benchmark: this program and others on the same texts, and how a batch grows; writes benchmark.json, README.md and scaling.svg.

    python benchmarks/benchmark.py [TEXTS...] [--small] [--output DIR]

TEXTS are case reports, or folders of them (the article in corpus/ without any). --small takes a minute and shows that it runs. Run it on
a quiet machine, for its figures are worth nothing on another.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(1, str(HERE.parent))

import peers  # noqa: E402 - this folder is no package
import scale  # noqa: E402

ARTICLE = HERE.parent / "corpus" / "fonc-2025-1559085.txt"
LITERATURE = 125_000
"""Case reports in the largest published collection of timelines."""
SIZES = (1, 10, 100, 1000, 10_000)
LENGTHS = (1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Measure this program and others, and how a batch grows.")
    arguments.add_argument("texts", type=Path, nargs="*", default=[ARTICLE], help="case reports (.txt), or folders of them")
    arguments.add_argument("--small", action="store_true", help="few and short, to see that it runs")
    arguments.add_argument("--output", type=Path, default=HERE, help="folder for benchmark.json, README.md, scaling.svg")
    asked = arguments.parse_args()
    paths = [p for given in asked.texts for p in (sorted(given.glob("*.txt")) if given.is_dir() else [given])]
    texts = [p.read_text(encoding="utf-8") for p in paths]
    article = ARTICLE.read_text(encoding="utf-8")
    sizes, lengths, rounds, size = ((1, 10), LENGTHS[:3], 1, 8) if asked.small else (SIZES, LENGTHS, 7, 400)

    say("other programs, on one core")
    systems = peers.measured(article, texts[: 2 if asked.small else 24], rounds, say)
    with tempfile.TemporaryDirectory() as work:
        say("processes and engines")
        engines = scale.engines([article], size, Path(work))
        say("length of the text")
        by_length = scale.lengths(texts, lengths)
        say("number of reports")
        by_count = scale.counts(texts, sizes, Path(work))
    result = {
        "date": date.today().isoformat(), "machine": scale.machine(), "versions": peers.versions(),
        "texts": {"reports": len(texts), "mean_characters": round(statistics.mean(map(len, texts))), "article_characters": len(article)},
        "systems": systems, "engines": engines, "lengths": by_length, "counts": by_count, "hours": hours(engines),
    }  # fmt: skip
    asked.output.mkdir(parents=True, exist_ok=True)
    scale.write(asked.output / "benchmark.json", result)
    plotted = plot(result, asked.output / "scaling.svg")
    (asked.output / "README.md").write_text(page(result, plotted), encoding="utf-8")
    return 0


def hours(engines: Sequence[dict[str, Any]]) -> dict[str, float]:
    """What the speed on full articles means for the whole literature: on two cores as measured, on 64 if they are as fast as one of two."""
    two = next(row["reports_per_second"] for row in engines if row["engine"] == "local, 2 processes")
    return {"2 cores": round(LITERATURE / two / 3600, 1), "64 cores": round(LITERATURE / (32 * two) / 3600, 2)}


def page(result: dict[str, Any], plotted: bool) -> str:
    """The page of the figures."""
    machine, texts = result["machine"], result["texts"]
    ours = {row["engine"]: row["reports_per_second"] for row in result["engines"]}
    two, dask = ours["local, 2 processes"] / ours["local, 1 process"], ours["Dask, 2 workers"] / ours["local, 2 processes"]
    parts = [
        "# Benchmarks",
        f"`make benchmark`, {result['date']}, on {machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB, "
        f"Python {machine['python']}; " + ", ".join(f"{name} {number}" for name, number in result["versions"].items()) + ". "
        f"Texts: {texts['reports']} case reports of {texts['mean_characters']:,} characters in the mean, and the full article in `corpus/` "
        f"of {texts['article_characters']:,}. The figures of the run are in `benchmark.json`.",
        "## On one core, beside others",
        "All on the same texts, taking turns; medians of processor time. `ratio` is the time of each for the article over ours. Only the "
        "first gives facts in time; the others find terms and context at most, the floors not even that. OpenMed is given the terms, for "
        "without a model it finds none.",
        table(result["systems"]),
        "## Processes and engines",
        f"Full articles, wall clock, with loading and writing. Two processes do {two:.2f} times the work of one, Dask {dask:.2f} times "
        "that of the two.",
        table(result["engines"]),
        f"For {LITERATURE:,} full articles: " + ", ".join(f"{h} hours on {cores}" for cores, h in result["hours"].items()) + ".",
        "## Number of reports",
        "On two processes. `parent_mb` is the peak memory of the process that hands out the work; `restart_seconds` the time of the same "
        "command when all is done.",
        table(result["counts"]),
        "## Length of the text",
        table(result["lengths"]),
        *(["![time by number of reports, and by length](scaling.svg)"] if plotted else []),
    ]
    return "\n\n".join(parts) + "\n"


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as Markdown."""
    head = list(rows[0])
    lines = [head, ["---" if isinstance(rows[0][c], str) else "---:" for c in head], *([f"{row[c]}" for c in head] for row in rows)]
    return "\n".join("| " + " | ".join(line).replace("_", " ") + " |" for line in lines)


def plot(result: dict[str, Any], path: Path) -> bool:
    """The two curves, where matplotlib is installed."""
    try:
        import matplotlib  # noqa: PLC0415 - an extra
    except ImportError:
        say("no plot, for matplotlib is not installed: pip install 'extractor[bench]'")
        return False
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "extractor"
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, rows, x, label in zip(axes, ("counts", "lengths"), ("reports", "kilobytes"), ("reports", "kB of one text"), strict=True):
        axis.loglog([row[x] for row in result[rows]], [row["seconds"] for row in result[rows]], "o-", color="#2b6a99")
        axis.set(xlabel=label, ylabel="seconds")
        axis.grid(visible=True, alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
    return True


def say(what: str) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
