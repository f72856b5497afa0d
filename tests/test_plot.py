"""The figure: legible, without overlaps, the same bytes each time."""

import io
from itertools import combinations
from pathlib import Path

import pytest
from made_cases import case_of, large_case, small_case
from typer.testing import CliRunner

from extractor.cli import app
from extractor.errors import InputError
from extractor.schema import dump

pytest.importorskip("matplotlib", reason="needs the extra `plot`")

from extractor.report.plot import FORMATS, STYLE, figure, plot


@pytest.fixture(scope="module")
def article(nlp):
    from extractor.pipeline import extract

    return extract(Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt", nlp)


def boxes(case, scale):
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        made = figure(case, scale)
        made.canvas.draw()
        renderer = made.canvas.get_renderer()
        return made, [(text.get_text(), text.get_window_extent(renderer)) for text in made.axes[0].texts if text.get_text()]


@pytest.mark.parametrize("scale", ["time", "order"])
@pytest.mark.parametrize("name", ["article", "sixty", "small"])
def test_no_two_labels_overlap_and_none_is_cut(name, scale, article):
    case = {"article": article, "sixty": large_case(60), "small": small_case()}[name]
    made, found = boxes(case, scale)
    width, height = made.bbox.width, made.bbox.height
    for (words, one), (others, other) in combinations(found, 2):
        apart = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 - 1 <= other.y0 or other.y1 - 1 <= one.y0
        assert apart, (words, others)
    for words, box in found:
        assert box.x0 >= 0, words
        assert box.x1 <= width, words
        assert box.y0 >= 0, words
        assert box.y1 <= height, words


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_the_same_document_gives_the_same_bytes(form):
    assert plot(small_case(), form) == plot(small_case(), form)


def test_a_figure_says_no_date():
    assert b"<dc:date>" not in plot(small_case(), "svg")
    assert b"CreationDate" not in plot(small_case(), "pdf")


def test_the_bitmap_is_as_wide_as_two_columns_at_300_dots_an_inch():
    from PIL import Image

    assert Image.open(io.BytesIO(plot(small_case(), "png"))).width == pytest.approx(180 / 25.4 * 300, abs=2)


def test_a_document_without_facts_or_patients_has_a_figure():
    assert plot(case_of([]), "svg").startswith(b"<?xml")
    assert plot(case_of([], patients=()), "svg").startswith(b"<?xml")


def test_too_many_facts_for_a_figure_are_refused_in_words():
    with pytest.raises(InputError, match="at most 1000 facts, and here are 1001"):
        plot(large_case(1001), "svg")


def test_the_command_writes_the_form_that_the_name_asks_for(tmp_path):
    (tmp_path / "made.json").write_text(dump(small_case()), encoding="utf-8")
    run = lambda name: CliRunner().invoke(app, ["plot", str(tmp_path / "made.json"), "-o", str(tmp_path / name)])
    assert run("t.png").exit_code == 0
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    result = run("t.gif")
    assert result.exit_code == 2
    assert "a figure ends in .svg, .pdf, .png" in result.output
    assert not (tmp_path / "t.gif").exists()
