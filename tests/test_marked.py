"""The notation of the test cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import DataError
from extractor.marked import Mark, parse, render

VALUES = st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), st.text(alphabet="ab 3+%", min_size=1, max_size=5), max_size=3)


def test_marks_are_taken_out_and_put_back():
    marked = 'The [HER2]{biomarker status=positive value="3 +" negated} [1] stain.'
    text, marks = parse(marked)
    assert text == "The HER2 [1] stain."
    assert marks == [Mark(4, 8, "biomarker", {"status": "positive", "value": "3 +"}, frozenset({"negated"}))]
    assert render(text, marks) == marked


def test_something_that_is_no_mark_is_an_error():
    with pytest.raises(DataError, match="no mark"):
        parse("The [HER2]{status: positive}.")


@given(st.lists(st.tuples(st.text(alphabet="ab. ", max_size=5), st.text(alphabet="xyz ", min_size=1, max_size=5), VALUES), max_size=5))
def test_rendering_and_parsing_are_inverse(pieces):
    text, marks = "", []
    for before, words, values in pieces:
        start = len(text) + len(before)
        text += before + words
        marks.append(Mark(start, start + len(words), "label", values, frozenset()))
    assert parse(render(text, marks)) == (text, marks)
