"""docs/export.md: its commands run as they stand and print what it shows, its Python runs, its table lists every format."""

import importlib
import re
import subprocess
from pathlib import Path

from typer.testing import CliRunner

from extractor.cli import app
from extractor.exporters import formats

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(console|python)\n(.*?)```", PAGE, re.DOTALL)


def ran(command: str) -> str:
    """What a command prints; it must succeed."""
    if command.startswith("extractor "):
        result = CliRunner().invoke(app, command.split()[1:])
        assert result.exit_code == 0, f"{command}: {result.output}"
        return result.output
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True).stdout


def has_pyarrow() -> bool:
    """Whether Parquet can be written; it is an extra."""
    try:
        importlib.import_module("pyarrow")
    except ImportError:
        return False
    return True


def without_numbers(line: str) -> str:
    """A line whose numbers may be others: a better pipeline finds other facts, and numbers them anew."""
    return re.sub(r"\d+(\.\d+)?", "#", line)


def test_every_block_runs_in_order_and_prints_what_it_shows(tmp_path, monkeypatch, capsys):
    (tmp_path / "corpus").symlink_to(ROOT / "corpus")
    monkeypatch.chdir(tmp_path)
    for kind, block in BLOCKS:
        if kind == "python":
            exec(compile(block, "docs/export.md", "exec"), {"__name__": "docs"})
            assert capsys.readouterr().out.strip()
            continue
        if "--to parquet" in block and not has_pyarrow():
            continue
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = step.rstrip("\n").split("\n")
            printed = ran(command).splitlines()
            missing = [line for line in shown if without_numbers(line) not in map(without_numbers, printed)]
            assert missing == [], f"{command} prints {printed}"


def test_every_format_has_its_section_and_its_row():
    for name in formats():
        assert f"\n## {name}\n" in PAGE, f"docs/export.md has no section {name}"
        assert f"| `{name}` |" in PAGE, f"the table of docs/export.md has no row {name}"
