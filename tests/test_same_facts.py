"""The same report gives the same facts whatever its format: the corpus article as XML, page, book, BioC and Word document."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from builders import as_bioc_json, as_docx, as_epub, as_html, as_jats, as_pdf, parts_of

from extractor.evaluation import JudgedCase, compare, judged
from extractor.pipeline import extract
from extractor.readers import File, read, read_file

ARTICLE = Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt"
AGREE = 0.97


@pytest.fixture(scope="module")
def from_text(nlp: Any) -> JudgedCase:
    return judged(extract(read(ARTICLE), nlp))


@pytest.mark.parametrize("write", [as_jats, as_html, as_epub, as_bioc_json, as_docx, as_pdf])
def test_facts_do_not_depend_on_the_format(write: Callable[[Any], bytes], from_text: JudgedCase, nlp: Any) -> None:
    if write is as_pdf:
        pytest.importorskip("reportlab", reason="needs reportlab, which the test extra installs")
    (source,) = read_file(File(f"{from_text.id}.bin", write(parts_of(from_text.text))))
    found = moved(judged(extract(source, nlp)), from_text.text)
    result = compare([from_text], [found])
    assert len(from_text.facts) > 20
    for metric in ("found", "strict", "name", "start"):
        row = result.row(metric)
        assert row.f1 >= AGREE, (metric, row)


def moved(case: JudgedCase, text: str) -> JudgedCase:
    """A case with its spans where the same words stand in another text: the words of the two are aligned."""
    ours, theirs = ([m.span() for m in re.finditer(r"\w+|[^\w\s]", t)] for t in (case.text, text))
    words = [[t[s:e] for s, e in spans] for t, spans in ((case.text, ours), (text, theirs))]
    same = {
        block.a + i: block.b + i for block in SequenceMatcher(None, *words, autojunk=False).get_matching_blocks() for i in range(block.size)
    }
    starts = [s for s, _ in ours]

    def place(offset: int) -> int | None:
        index = bisect_right(starts, offset) - 1
        return theirs[same[index]][0] + offset - starts[index] if index in same else None

    def span(start: int, end: int) -> tuple[int, int]:
        begin, last = place(start), place(end - 1)
        return (begin, last + 1) if begin is not None and last is not None else (0, 1)

    facts = tuple(replace(f, heads=tuple(span(*h) for h in f.heads)) for f in case.facts)
    return replace(case, text=text, facts=facts, mentions=(), relations=())
