"""The recipe of docs/batch.md for Spark, on a local master. PySpark is no part of the test extra: it is large, and needs Java."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from batches import reports

from extractor.readers import read
from extractor.schema import dump

ROOT = Path(__file__).parents[1]
CASE = "A 61-year-old man presented with cough. Biopsy showed adenocarcinoma. He received {} cycles of cisplatin and died 2 months later."


def test_the_recipe_gives_the_documents_of_the_command(tmp_path, monkeypatch, nlp):
    if shutil.which("java") is None:
        pytest.skip("needs Java, which is not installed")
    pytest.importorskip("pyspark", reason="needs PySpark: pip install pyspark")
    from extractor.pipeline import extract

    folder = reports(tmp_path / "in", {f"r{n}": CASE.format(n) for n in range(4)})
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    recipe = re.search(r"```python\n# Spark.*?\n(.*?)```", (ROOT / "docs" / "batch.md").read_text(encoding="utf-8"), re.DOTALL)
    assert recipe is not None
    names = {"FOLDER": str(folder), "OUT": str(tmp_path / "out"), "MASTER": "local[2]"}
    exec(recipe[1], names)
    found = {row["id"]: row["document"] for row in names["rows"]}
    assert found == {p.stem: dump(extract(read(p), nlp)) for p in folder.glob("*.txt")}
