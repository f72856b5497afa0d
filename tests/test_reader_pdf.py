"""PDF: the order of reading, what is left out, headings, places on paper, and files that mean harm."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from pdf.generate import FOOT, HEAD, LOOKS, Look, article, make
from pdf.measure import expected, measure
from pdf.minimal import columns, pages, stream

from extractor.errors import DataError, InputError
from extractor.readers.pdf import boxes_of, located, read_pdf, with_text_layer
from extractor.readers.pdf.parts import _is_about_article, cues
from extractor.readers.pdf.spelling import joined
from extractor.schema import Evidence, Source

LEFT = [
    "*Case presentation",
    "A 57-year-old woman came to our clinic with",
    "cough and weight loss over two months. The",
    "computed tomography of her chest showed a",
    "mass of 42 mm in the left upper lobe and en-",
    "larged lymph nodes of the mediastinum. She",
    "had never smoked and took no other medi-",
    "cines. The biopsy of the mass gave adeno-",
    "carcinoma with a deletion of exon 19.",
]
RIGHT = [
    "She received osimertinib 80 mg daily and felt",
    "better within three weeks of its beginning.",
    "*Discussion",
    "Adenocarcinoma of the lung with such a muta-",
    "tion is found more often in women who have",
    "never smoked. Targeted medicines are given",
    "first, and most of the patients have a response",
    "that lasts for a year or longer. Medicines of",
    "other classes follow when the disease grows.",
]


def report(number: int = 1) -> list[Any]:
    head = [(50, 40, 8, "A short running head of the journal"), (540, 40, 8, str(number))]
    foot = [(50, 810, 8, "J Made Up 2020; 1: 1. doi: 10.1234/made.up")]
    title = [(50, 90, 18, "*A mass of the lung in a woman")] if number == 1 else []
    return [*head, *foot, *title, *columns([LEFT, RIGHT])]


def read(content: bytes) -> Source:
    return read_pdf(content, name="report.pdf")


@pytest.fixture(scope="module")
def source() -> Source:
    return read(pages([report(1), report(2)]))


def test_columns_are_read_one_after_the_other_though_lines_are_drawn_across(source: Source) -> None:
    text = source.text
    assert "cough and weight loss over two months. The computed tomography of her chest showed a mass of 42 mm" in text
    assert text.index("exon 19") < text.index("She received osimertinib") < text.index("Discussion")


def test_words_that_line_ends_break_are_whole(source: Source) -> None:
    assert "enlarged lymph nodes" in source.text and "no other medicines" in source.text and "such a mutation is" in source.text
    assert "\ufffe" not in source.text and "\u00ad" not in source.text


def test_heads_and_feet_are_left_out_and_name_the_article(source: Source) -> None:
    assert "running head" not in source.text and "J Made Up" not in source.text
    assert source.info.doi == "10.1234/made.up"
    assert source.info.title == "A mass of the lung in a woman"
    assert source.info.pages == 2


def test_headings_open_sections(source: Source) -> None:
    assert [(s.kind, s.title) for s in source.sections if s.title][:2] == [("case", "Case presentation"), ("discussion", "Discussion")]


def test_every_word_has_its_place(source: Source) -> None:
    covered = {i for run in source.layout for i in range(run.start, run.end)}
    assert all(i in covered for i, c in enumerate(source.text) if not c.isspace())
    page, boxes = boxes_of(source, source.text.index("enlarged"), source.text.index("enlarged") + 8)
    assert page == 1 and boxes is not None and len(boxes) == 2
    first, second = boxes
    assert first.x0 > second.x0 and first.y1 < second.y1 and abs(second.x0 - 50) < 2


def test_evidence_gets_page_and_boxes(source: Source) -> None:
    start = source.text.index("osimertinib")
    evidence = Evidence(start=start, end=start + 11, text="osimertinib")

    class Fact:
        def __init__(self, given: tuple[Evidence, ...]) -> None:
            self.evidence = given

        def model_copy(self, update: dict[str, Any]) -> "Fact":
            return Fact(update["evidence"])

    (found,) = located(source, [Fact((evidence,))])
    assert found.evidence[0].page == 1 and found.evidence[0].boxes[0].x0 > 310


def test_raised_numbers_are_citations_after_words_and_powers_after_numbers() -> None:
    pieces = [
        (50, 100, 10, "The tumour grows slowly."), (163, 96, 6, "12,13"), (183, 100, 10, "Leukocytes were 4.5 x 10"), (298, 96, 6, "9"),
        (303, 100, 10, "/L on this day of admission."),
    ]  # fmt: skip
    text = read(pages([pieces])).text
    assert "slowly. Leukocytes" in text
    assert "10\u2079" in text


def test_line_numbers_are_left_out() -> None:
    said = "This is a line of the manuscript that says something about letter"
    lines = [(60, 100 + 14 * i, 10, f"{said} {'abcdefghijklmnopq'[i]}.") for i in range(17)]
    numbers = [(30, 100 + 14 * i, 7, str(i + 1)) for i in range(17)]
    text = read(pages([[*lines, *numbers]])).text
    assert not any(character.isdigit() for character in text)


@pytest.mark.parametrize(
    ("matrix", "places"),
    [("0 1 -1 0", [(100, 100), (114, 100)]), ("0 -1 1 0", [(300, 700), (286, 700)]), ("-1 0 0 -1", [(500, 100), (500, 114)])],
)
def test_a_turned_page_is_read_along_its_lines(matrix: str, places: list[tuple[int, int]]) -> None:
    words = ["The first line of a page that is turned", "and the second one."]
    drawn = [(0, 0, 1, f"%BT /R 10 Tf {matrix} {x} {y} Tm ({w}) Tj ET") for w, (x, y) in zip(words, places, strict=True)]
    source = read(pages([drawn]))
    assert source.text.split() == " ".join(words).split()
    page, boxes = boxes_of(source, 0, 3)
    assert page == 1 and boxes is not None
    x, y = places[0]
    assert abs(boxes[0].x0 - x) < 20 and abs(boxes[0].y1 - (842 - y)) < 20


def test_words_halves_are_joined_by_what_the_document_says() -> None:
    from collections import Counter

    assert joined("pro-", "tease", Counter()) == "protease"
    assert joined("follow-", "up", Counter()) == "follow-up"
    assert joined("Pan-", "Cancer", Counter()) == "Pan-Cancer"
    assert joined("co-", "expression", Counter({"co-expression": 2})) == "co-expression"


def test_a_scan_is_said_to_be_one() -> None:
    image = stream(b"\x00" * 64, b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8")
    scan: list[Any] = [(0, 0, 1, "%q 500 0 0 700 40 60 cm /I Do Q")]
    content = pages([scan], [image], b"/XObject << /I 5 0 R >>")
    with pytest.raises(InputError, match="needs-ocr"):
        read(content)
    half = read(pages([report(), scan], [image], b"/XObject << /I 5 0 R >>"))
    assert [w.code for w in half.warnings] == ["needs-ocr"] and "Page 2" in half.warnings[0].message


@pytest.mark.skipif(shutil.which("ocrmypdf") is not None, reason="ocrmypdf is installed")
def test_ocr_without_the_program_says_what_to_install() -> None:
    with pytest.raises(InputError, match="ocrmypdf"):
        with_text_layer(b"%PDF-", name="scan.pdf")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.4\nnothing of it", "damaged or incomplete"),
        (b"", "damaged or incomplete"),
        (pages([report()])[:300], "damaged or incomplete"),
        (pages([[]] * 500), "500 pages"),
    ],
    ids=["garbage", "nothing", "truncated", "many pages"],
)
def test_bad_files_are_refused_with_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(content)
    assert "\n" not in str(caught.value)


def test_an_encrypted_file_asks_for_a_copy_without_a_password() -> None:
    from io import BytesIO

    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    out = BytesIO()
    drawn = canvas.Canvas(out, encrypt="secret")
    drawn.drawString(100, 700, "hidden words")
    drawn.save()
    with pytest.raises(InputError, match="password"):
        read(out.getvalue())


def test_a_form_that_draws_itself_does_no_harm() -> None:
    form = stream(b"/F Do", b"/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Resources << /XObject << /F 5 0 R >> >>")
    content = pages([[*report(), (0, 0, 1, "%/F Do")]], [form], b"/XObject << /F 5 0 R >>")
    try:
        assert "osimertinib" in read(content).text
    except InputError as error:
        assert "malformed" in str(error)
    assert "osimertinib" in read(pages([report()])).text  # The next file is read by a new process.


@pytest.mark.slow
def test_mutated_files_never_crash_or_hang(shared: Path) -> None:
    real = next((shared / "documents" / "pdf").glob("*.pdf")).read_bytes()
    seeds = [pages([report(1), report(2)]), pages([report()]), real[:60_000]]
    chance = random.Random(7)
    for _ in range(2000):
        content = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 30)):
            at = chance.randrange(len(content))
            content[at : at + chance.randint(0, 4)] = chance.randbytes(chance.randint(0, 4))
        try:
            read(bytes(content))
        except InputError as error:
            assert str(error).startswith("report.pdf")


def test_the_real_article_reads_as_its_publisher_prints_it(shared: Path) -> None:
    folder = shared / "documents" / "pdf"
    source = read(next(folder.glob("*.pdf")).read_bytes())
    running, others, headings = expected(article(next(folder.glob("*.xml"))))
    found = measure(source, running, others, headings)
    assert found.recall >= 0.99 and found.precision >= 0.99 and found.any_order >= 0.98
    assert not found.missing
    assert "implications in prostate cancer\n" not in source.text[400:] and "Braz J Med Biol Res |" not in source.text
    kinds = {s.title: s.kind for s in source.sections}
    assert (kinds["Abstract"], kinds["Introduction"], kinds["Discussion"]) == ("abstract", "introduction", "discussion")
    assert (kinds["Figure 1"], kinds["Table 1"]) == ("figure", "table")


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_each_look_is_read_in_order(look: Look, shared: Path, tmp_path: Path) -> None:
    pytest.importorskip({"chromium": "lxml", "typst": "typst", "across": "reportlab"}[look.engine])
    if look.engine == "chromium" and not (shutil.which("chromium") or shutil.which("chromium-browser")):
        pytest.skip("needs Chromium")
    path = tmp_path / f"{look.name}.pdf"
    items = make(look, shared / "documents" / "jats", path)
    source = read(path.read_bytes())
    running, others, headings = expected(items)
    found = measure(source, running, others, headings)
    assert min(found.recall, found.precision) >= 0.99 and found.any_order >= 0.98, found
    assert not found.missing and not found.invented
    assert HEAD not in source.text and FOOT not in source.text and "DRAFT COPY" not in source.text


BESIDE = [
    "OPEN ACCESS", "EDITED BY", "Ada Example,", "University of Nowhere", "CORRESPONDENCE", "Bea Sample", "bea@example.org",
    "RECEIVED 13 March 2020", "ACCEPTED 2 May 2020", "COPYRIGHT", "\u00a9 2020 Sample. This is an", "open-access article under",
    "the terms of a licence. It", "may be used by others. It", "may be copied by anyone.",
]  # fmt: skip


def test_what_the_first_page_says_of_the_article_is_front_matter() -> None:
    said = [(50, 200 + 11 * i, 7, line) for i, line in enumerate(BESIDE)]
    title = [(180, 90, 18, "*A mass of the lung in a woman"), (180, 120, 10, "Bea Sample 1* and Cy Specimen 2")]
    told = ["*Case presentation", *(f"{line} {line[:18]}" for line in LEFT[1:]), *(f"{line} {line[:18]}" for line in RIGHT[:2])]
    page = [*title, *said, *columns([told], left=180, top=200), (50, 780, 7, "* These authors contributed equally to this work.")]
    source = read(pages([page, report(2)]))
    kinds = {s.kind: source.text[s.start : s.end] for s in source.sections if s.kind in ("front", "case")}
    assert all(word in kinds["front"] for word in ("bea@example.org", "13 March 2020", "licence", "contributed equally", "Nowhere"))
    assert not any(word in kinds["case"] for word in ("example", "2020", "licence", "contributed", "Nowhere"))
    assert source.text.index("equally") < source.text.index("Case presentation")


def test_words_of_a_later_page_are_never_front_matter() -> None:
    pieces = [(50, 120, 10, "Published: nothing of this kind before, as far as we know.")]
    source = read(pages([report(1), pieces]))
    assert "as far as we know" not in "".join(source.text[s.start : s.end] for s in source.sections if s.kind == "front")


FRAMED = [
    "Learning about this tumour in a box", "It is seldom found in young people and", "the first sign of it is nearly always a",
    "cough that lasts longer than a month.",
]  # fmt: skip


def in_frame(look: str, words: list[str] = FRAMED, top: float = 166) -> list[Any]:
    """The words in a rectangle amid the left column, drawn as `look` says."""
    rectangle = (0, 0, 1, f"%q {look} 46 {842 - top - 12 * len(words) - 6} 240 {12 * len(words) + 10} re")
    ends = (0, 0, 1, "%f Q" if " g" in look else "%S Q")
    return [rectangle, ends, *[(52, top + 12 * i + 8, 9, line) for i, line in enumerate(words)]]


def around(box: list[Any]) -> Source:
    left = [*LEFT[:5], *[""] * 6, *LEFT[5:]]
    return read(pages([[(50, 90, 18, "*A mass of the lung in a woman"), *box, *columns([left, [*RIGHT, *RIGHT[-6:]]])], report(2)]))


@pytest.mark.parametrize("look", ["0.9 g", "0.2 w 0 G"], ids=["shaded", "drawn"])
def test_a_framed_box_is_no_part_of_the_text_around_it(look: str) -> None:
    source = around(in_frame(look, top=182))
    box = next(s for s in source.sections if s.title == "Box")
    assert source.text[box.start : box.end].split() == " ".join(FRAMED).split()
    assert box.kind == "other"
    assert "left upper lobe and enlarged lymph nodes" in source.text
    assert "longer than a month" not in "".join(source.text[s.start : s.end] for s in source.sections if s.kind == "case")


def test_white_behind_words_is_no_box() -> None:
    assert not any(s.title == "Box" for s in around(in_frame("1 g", top=182)).sections)


def test_an_abstract_in_a_frame_is_the_abstract() -> None:
    words = ["*Abstract", *FRAMED[1:]]
    page = [(50, 90, 18, "*A mass of the lung in a woman"), *in_frame("0.9 g", words, top=110), *columns([LEFT, RIGHT], top=240)]
    source = read(pages([page, report(2)]))
    assert "longer than a month" in "".join(source.text[s.start : s.end] for s in source.sections if s.kind == "abstract")


CITING = [
    "Tumours of this kind are rare (1).", "Some call them hidden (2,3), for they", "make no signs before they are large (4).",
    "Of our patients some had pain of grade (2)", "and one had pain of grade (3). They live", "for years (5), as we know from others (2).",
]  # fmt: skip


@pytest.mark.parametrize("count", [6, 0], ids=["with the list", "without a list"])
def test_numbers_in_round_brackets_are_citations_where_the_list_of_references_says_so(count: int) -> None:
    told = [(50, 120 + 12 * i, 10, line) for i, line in enumerate(["*Discussion", *CITING])]
    listed = [(50, 320 + 12 * i, 10, f"{i + 1}. Sample B. On tumours of that kind. J Made Up 20{10 + i}.") for i in range(count)]
    text = read(pages([[*told, (50, 300, 10, "*References"), *listed] if count else told])).text
    assert "grade (2)" in text and "grade (3)." in text
    assert ("are rare." in text, "hidden, for" in text, "others." in text) == (bool(count),) * 3


@pytest.mark.parametrize(
    "row", ["begins\t(unclosed", "somewhere\tsaid", "begins"], ids=["no regular expression", "no known place", "no pattern"]
)
def test_a_malformed_row_of_the_front_matter_s_words_is_named(row: str, tmp_path: Path) -> None:
    path = tmp_path / "front.tsv"
    path.write_text(f"where\tpattern\nbegins\treceived:\n{row}\n")
    with pytest.raises(DataError, match=r"front\.tsv:3: "):
        cues(path)


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("Received 13 March 2020; accepted 2 May 2020", True),
        ("*Correspondence: bea@example.org", True),
        ("\u00a9 2020 The Authors. Published under a licence.", True),
        ("1 Department of Examples, University of Nowhere, Nowhere", True),
        ("Received 4 cycles of docetaxel and then a scan.", False),
        ("(c) Axial image of the mass after 3 months.", False),
        ("Published reports of 2015 tell of such masses.", False),
        ("Accepted treatments are surgery and radiotherapy.", False),
    ],
)
def test_paragraphs_about_the_article_are_told_from_those_of_the_article(words: str, about: bool) -> None:
    assert _is_about_article(words) is about
