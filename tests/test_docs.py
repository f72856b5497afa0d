"""README and docs/: what they show is run, page by page, and what they list is complete.

A ```console block holds commands behind `$ ` and lines that they print; a ```python block is run with those above it on its page; a block
whose fence names a file (```yaml mine/drug/entity.yaml, with a + before the name to add to it) is that file. A comment above a block
says when it is not run: `<!-- needs: PROGRAM OR MODULE -->`, `<!-- tested in: FILE -->`, `<!-- not run: REASON -->`.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extractor.cli import app
from extractor.exporters import formats
from extractor.schema import Case

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
SHOWN = [ROOT / "README.md", *PAGES]
BLOCK = re.compile(r"(?:<!-- (?P<said>[^\n]*?) -->\n)?```(?P<kind>\w*) ?(?P<file>[^\n]*)\n(?P<body>.*?)```", re.DOTALL)
SHELL = re.compile(r"[|><$&;]")
FORGIVEN = {"diff": (0, 1)}
"""Exit codes of commands that tell with 1 that they found something."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it is, and its body. `how` says when it is run: always, needs, tested in, not run; `what`
    says what it needs, where it is tested, or why not."""

    kind: str
    file: str
    body: str
    how: str
    what: str


def blocks(page: Path) -> Iterator[Block]:
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        how, _, what = (match["said"] or "always").partition(": ")
        assert how in ("always", "needs", "tested in", "not run"), f"{page.name}: a comment says {how!r}"
        yield Block(match["kind"], match["file"], textwrap.dedent(match["body"]), how, what)


def why_not(block: Block) -> str | None:
    """Why a block cannot be run here, or None."""
    if block.how == "tested in":
        assert (ROOT / block.what).is_file(), f"there is no {block.what}"
        return f"tested in {block.what}"
    if block.how == "needs" and (shutil.which(block.what) or importlib.util.find_spec(block.what)):
        return None
    return {"always": None, "needs": f"needs {block.what}, which is not installed"}.get(block.how, block.what)


LEFT_OUT = [(page, block) for page in SHOWN for block in blocks(page) if why_not(block)]


@pytest.fixture(scope="session")
def timelines(tmp_path_factory: pytest.TempPathFactory, nlp: Any) -> Path:
    """The document of the article in corpus/, which most pages begin with."""
    from extractor.pipeline import extract
    from extractor.schema import dump

    folder = tmp_path_factory.mktemp("timelines")
    for article in (ROOT / "corpus").glob("*.txt"):
        (folder / f"{article.stem}.json").write_text(dump(extract(article, nlp)), encoding="utf-8")
    return folder


@pytest.mark.parametrize("page", SHOWN, ids=lambda p: p.name)
def test_what_a_page_shows_runs_and_prints_what_it_says(page, timelines, tmp_path, monkeypatch):
    for name in ("corpus", "annotations"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(timelines, tmp_path / "timelines")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "models")]))
    names: dict[str, Any] = {"__name__": "docs"}
    for block in blocks(page):
        if why_not(block):
            continue
        if block.file:
            write(block)
        elif block.kind == "python":
            exec(compile(block.body, page.name, "exec"), names)
        elif block.kind == "console":
            run(block)


@pytest.mark.parametrize(("page", "block"), LEFT_OUT, ids=lambda x: x.name if isinstance(x, Path) else f"{x.how} {x.what}")
def test_what_is_left_out(page, block):
    """So that a run of the tests tells which blocks it did not run, and why."""
    pytest.skip(f"{page.name}: {why_not(block)}")


def write(block: Block) -> None:
    """Write or lengthen the file that a block is."""
    path = Path(block.file.removeprefix("+"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if block.file.startswith("+") else "w", encoding="utf-8") as file:
        file.write(block.body)


def run(block: Block) -> None:
    """Run the commands of a block in order; each must succeed and print the lines shown below it, but for their numbers."""
    steps = re.split(r"^\$ ", block.body, flags=re.MULTILINE)
    assert steps[0] == "" and len(steps) > 1, f"a console block begins with its command: {block.body}"
    for step in steps[1:]:
        command, *shown = step.rstrip("\n").split("\n")
        printed = {without_numbers(line) for line in ran(command).splitlines()}
        missing = [line for line in shown if line.strip() != "…" and without_numbers(line) not in printed]
        assert missing == [], f"{command} prints {sorted(printed)}"


def ran(command: str) -> str:
    """What a command prints; it must succeed. Ours are run in this process, where the pipeline is loaded already."""
    words = shlex.split(command, comments=True)
    if words[0] == "extractor" and "--config" not in words and not SHELL.search(command):
        result = CliRunner().invoke(app, words[1:])
        code, output = result.exit_code, result.output
    else:
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
        code, output = done.returncode, done.stdout + done.stderr
    assert code in FORGIVEN.get(words[1], (0,)) or "| head" in command, f"{command}: {output}"
    return output


def without_numbers(line: str) -> str:
    """A line whose numbers may be others: a better pipeline finds other facts, and numbers them anew. White space is a table's."""
    return " ".join(re.sub(r"\d+(\.\d+)?", "#", line).split())


@pytest.mark.parametrize("page", SHOWN, ids=lambda p: p.name)
def test_commands_stand_in_blocks_that_are_run(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    loose = re.findall(r"^ {4,}(?:extractor|\.venv/bin|python|pip|make|import|from) .*", text, re.MULTILINE)
    assert loose == [], f"{page.name} shows commands outside of ```console and ```python: {loose}"


@pytest.mark.parametrize("page", SHOWN, ids=lambda p: p.name)
def test_links_lead_to_a_file_and_a_heading(page):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text(encoding="utf-8")):
        path = page.parent / target if target else page
        assert path.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings], f"{page.name}: {target}#{anchor}"


def test_the_map_leads_to_every_page():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert [p.name for p in PAGES if p.name != "index.md" and f"]({p.name}" not in index] == []


def test_every_command_is_told_of():
    told = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [name for name in commands if not re.search(rf"\$ extractor {name}\b", told)] == []


def test_every_export_format_has_its_section_and_its_row():
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    for name in formats():
        assert f"\n## {name}\n" in page, f"docs/export.md has no section {name}"
        assert f"| `{name}` |" in page, f"the table of docs/export.md has no row {name}"


SCHEMA = Case.model_json_schema()
SHAPES = {"Case": SCHEMA, **SCHEMA["$defs"]}
REFERENCE = (ROOT / "docs" / "document.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^##+ (\w+)[^\n]*\n(.*?)(?=^##+ |\Z)", REFERENCE, re.MULTILINE | re.DOTALL))
COMMON = frozenset(SHAPES["OtherFact"]["properties"])


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_reference_tells_each_field_and_each_of_its_values(shape):
    """Fields that all facts share are told once, under OtherFact's name Fact."""
    facts = [s for s in SHAPES if "evidence" in SHAPES[s]["properties"] and "certainty" in SHAPES[s]["properties"]]
    fields = SHAPES[shape]["properties"]
    section = "Fact" if shape == "OtherFact" else shape
    if shape in facts and shape != "OtherFact":
        fields = {name: f for name, f in fields.items() if name not in COMMON or (shape == "Outcome" and name == "name")}
    assert section in SECTIONS, f"docs/document.md has no section {section}"
    rows = {name: row for row in SECTIONS[section].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")}
    assert sorted(rows) == sorted(fields), f"the table of {section} in docs/document.md"
    for name, field in fields.items():
        for option in [field, *field.get("anyOf", ())]:
            missing = [v for v in option.get("enum", ()) if not re.search(rf"(?<![\w-]){re.escape(v)}(?![\w-])", rows[name])]
            assert missing == [], f"docs/document.md: {section}: {name} does not tell of {missing}"


def test_the_reference_has_no_section_of_what_is_not_there():
    assert sorted(set(SECTIONS) - {"Fact"}) == sorted(set(SHAPES) - {"OtherFact"})
