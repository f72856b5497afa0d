"""The program is as good as the committed figures say, and the README quotes them."""

from pathlib import Path

import pytest

from extractor.evaluation import evaluate_run
from extractor.evaluation.ratchet import PLACE, accuracy, fallen, read, with_table

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "benchmarks" / "accuracy.json"
REMEDY = (
    "Mend what made it fall. Where the fall is meant, write the reason into CHANGELOG.md and run make evaluate with it "
    '(python benchmarks/accuracy.py GOLD --lower "the reason"); make evaluate also raises the figures after an improvement.'
)


@pytest.fixture(scope="module")
def committed():
    if not FIGURES.exists():
        pytest.skip("needs benchmarks/accuracy.json: run make evaluate")
    return read(FIGURES)


def test_no_guarded_figure_falls(committed, shared, nlp):
    from extractor.pipeline import extract

    now = accuracy(evaluate_run([shared / "gold" / "dev"], lambda source: extract(source, nlp)))
    assert now["reports"] == committed["reports"], "the gold changed: run make evaluate"
    fell = fallen(committed, now)
    assert not fell, f"{'; '.join(fell)}. {REMEDY}"


@pytest.mark.parametrize("place", [PLACE, "unseen"])
def test_the_readme_quotes_the_committed_figures(place):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    figures = read(ROOT / "benchmarks" / f"{place}.json")
    assert readme == with_table(readme, figures, place), "the README's table was written by hand or is old: run make evaluate"
