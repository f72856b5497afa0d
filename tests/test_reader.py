"""What a file becomes: its text to the character, its sections, and one clear sentence where it cannot be read."""

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import InputError
from extractor.readers import has_case, read
from extractor.readers.sections import find_sections, headings, kind_of, tells_of_a_patient
from extractor.schema import SECTION_KINDS

STORY = "A 61-year-old man presented with cough. Chest CT showed a mass. He received cisplatin and died 2 months later."


def kinds(text: str) -> list[tuple[str, str]]:
    """The kind of each section and the first words under it."""
    return [(s.kind, " ".join(text[s.start : s.end].split())[:40]) for s in find_sections(text)]


def written(tmp_path: Path, content: bytes, name: str = "report.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


# --- files


def test_text_is_kept_to_the_character(tmp_path: Path) -> None:
    text = "A 61-year-old man\r\nhad \u00b5g\u00a0doses \u2013 twice.\rHe recovered.\n\n"
    source = read(written(tmp_path, text.encode()))
    assert source.text == text
    assert source.info.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert source.info.file == "report.txt"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_give_the_same_text(tmp_path: Path, encoding: str) -> None:
    text = STORY + " The tumour \u2013 5 \u00b5m \u2013 was na\u00efve."
    source = read(written(tmp_path, text.encode(encoding)))
    assert source.text == text
    assert [w.code for w in source.warnings] == (["encoding"] if encoding == "cp1252" else [])


def test_id_is_the_name_without_its_last_suffix(tmp_path: Path) -> None:
    assert read(written(tmp_path, STORY.encode(), "a.case.v2.txt")).info.id == "a.case.v2"
    assert read(written(tmp_path, STORY.encode(), "plain")).info.id == "plain"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7 \x00\x01", "PDF"),
        (b"PK\x03\x04....", "a ZIP archive"),
        (b"<?xml version='1.0'?><article/>", "an XML or HTML document"),
        (b"<!DOCTYPE html><html></html>", "an XML or HTML document"),
        (b"abc\x00def", "NUL bytes"),
        (b"\xff\xfea", "UTF-16"),
        (b"caf\x81 \xe9", "neither UTF-8"),
        (bytes(range(1, 9)) * 20, "control characters"),
    ],
)
def test_what_is_no_text_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(written(tmp_path, content, "odd.txt"))
    assert "odd.txt" in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "none.txt")
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path)


def test_file_over_the_limit_says_how_to_raise_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--max-size"):
        read(written(tmp_path, b"a b " * 600), max_bytes=2048)
    assert read(written(tmp_path, b"a b " * 512), max_bytes=2048)


def test_front_matter_gives_doi_title_and_pmid(tmp_path: Path) -> None:
    text = (
        "Rare tumour of the spleen in a young man\n\nA. Author, B. Author\nhttps://doi.org/10.1234/abc.(2020)5.\nPMID: 1234567\n\n"
        f"Abstract\n\nWe report a case.\n\nCase report\n\n{STORY}\n\nReferences\n\n1. Other. doi: 10.9999/other\n"
    )
    info = read(written(tmp_path, text.encode())).info
    assert (info.doi, info.pmid, info.title) == ("10.1234/abc.(2020)5", "1234567", "Rare tumour of the spleen in a young man")


def test_a_story_gives_no_doi_of_others(tmp_path: Path) -> None:
    text = f"{STORY}\n\nReferences\n\n1. Other. doi: 10.9999/other\n"
    assert read(written(tmp_path, text.encode())).info.doi is None


# --- headings


def test_every_heading_has_a_known_kind() -> None:
    assert set(headings().values()) <= set(SECTION_KINDS)
    assert all(h == h.strip().casefold() for h in headings())


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Case report", "case"), ("CASE PRESENTATION", "case"), ("Case description:", "case"), ("Case 2", "case"),
        ("Clinical history", "history"), ("Past medical history", "history"), ("Physical examination", "examination"),
        ("Laboratory findings", "investigation"), ("Therapeutic intervention", "treatment"), ("Surgical technique", "treatment"),
        ("Treatment and outcome", "treatment"), ("Outcome and follow-up", "follow-up"), ("Discussion & conclusion", "discussion"),
        ("Final considerations", "conclusion"), ("Data availability statement", "back"), ("Patient perspective", "back"),
        ("Authors\u2019 contributions", "back"), ("References", "references"), ("Leptomeningeal disease", None), ("A case", None),
    ],
)  # fmt: skip
def test_kind_of_a_heading(heading: str, kind: str | None) -> None:
    assert kind_of(heading) == kind


# --- layouts


def test_bare_story_is_one_case() -> None:
    assert [k for k, _ in kinds(STORY)] == ["case"]
    assert [k for k, _ in kinds(STORY.replace(". ", ".\n"))] == ["case"]


def test_text_without_a_patient_has_no_case() -> None:
    text = "Screening programmes differ between countries. Their cost is debated, and committees disagree. " * 60
    assert [k for k, _ in kinds(text)] == ["other"]
    assert not has_case(text, find_sections(text))
    assert has_case(STORY, find_sections(STORY))
    assert not tells_of_a_patient("Patients with this disease should be screened.")


@pytest.mark.parametrize("style", ["{}", "{}:", "## {}", "**{}**", "{upper}"])
def test_headings_on_their_own_line(style: str) -> None:
    def head(words: str) -> str:
        return style.format(words, upper=words.upper())

    text = (
        f"A tumour of the heart\n\n{head('Introduction')}\n\nSuch tumours are rare.\n\n{head('Case report')}\n\n{STORY}\n\n"
        f"{head('Discussion')}\n\nFew are known.\n\n{head('References')}\n\n1. A. Case report. 2001.\n"
    )
    assert [k for k, _ in kinds(text)] == ["front", "introduction", "case", "discussion", "references"]


@pytest.mark.parametrize("numbers", ["1 /2 /2.1 /3 /4 ", "1. /2. /2.1. /3. /4. ", "I. /II. /A. /III. /IV. "])
def test_numbered_headings(numbers: str) -> None:
    one, two, sub, three, four = numbers.split("/")
    text = (
        f"{one}Introduction\n\nSuch tumours are rare.\n\n{two}Case report\n\n{STORY}\n\n{sub}Follow-up\n\nHe was well.\n\n"
        f"{three}Discussion\n\nFew are known.\n\n{four}Conclusion\n\nThink of it.\n"
    )
    assert [k for k, _ in kinds(text)] == ["introduction", "case", "follow-up", "discussion", "conclusion"]


def test_unknown_numbered_heading_after_the_case_is_discussion_and_within_it_the_case() -> None:
    text = (
        f"1 Introduction\n\nRare.\n\n2 Case report\n\n{STORY}\n\n2.1 Second admission\n\nHe was readmitted.\n\n"
        "3 Cardiac sarcoma in young adults\n\nFew are known.\n\n4 Conclusions\n\nThink of it.\n"
    )
    assert [k for k, _ in kinds(text)] == ["introduction", "case", "case", "discussion", "conclusion"]


def test_headings_within_a_case_are_not_taken_for_those_of_a_review() -> None:
    text = (
        f"Introduction\n\nRare.\n\nCase presentation\n\n{STORY}\n\nTreatment\n\nHe had surgery.\n\nDiscussion\n\nFew.\n\n"
        "Treatment\n\nSurgery is the mainstay.\n\nPrognosis\n\nIt is poor.\n"
    )
    assert [k for k, _ in kinds(text)] == ["introduction", "case", "treatment", "discussion"]
    review = "Introduction\n\nRare.\n\nTreatment\n\nSurgery is the mainstay for patients.\n\nConclusion\n\nMore trials.\n"
    assert "treatment" not in [k for k, _ in kinds(review)]


def test_figure_and_table_interrupt_a_section_which_then_resumes() -> None:
    text = (
        f"Case report\n\n{STORY}\n\nFigure 1 | Chest CT with a mass (arrow). The\nliver is normal.\n\nHe was buried at home.\n\n"
        "Table 1. Laboratory values.\nTest\tResult\nHb\t9 g/dL\n\n"
        "The autopsy of the patient, which his family had allowed, showed metastases in the liver, the bones and the brain.\n"
    )
    assert [k for k, _ in kinds(text)] == ["case", "figure", "case", "table", "case"]
    assert kinds(text)[2][1].startswith("He was buried")
    assert kinds(text)[4][1].startswith("The autopsy")


def test_sentence_about_a_figure_is_no_caption() -> None:
    text = (
        f"{STORY}\nFigure 2 shows the mass.\nThe mass grew, as can be seen in the image that is printed here as\n"
        "Fig. 2. The patient died.\n"
    )
    assert [k for k, _ in kinds(text)] == ["case"]


def test_structured_abstract_alone_tells_the_case() -> None:
    for text in (
        f"BACKGROUND: Rare. CASE PRESENTATION: {STORY} CONCLUSION: Think of it.",
        f"Background: Rare.\nCase presentation: {STORY}\nConclusions: Think of it.\n",
        f"Rationale: Rare.\nPatient concerns: {STORY}\nLessons: Think of it.\n",
    ):
        assert [k for k, _ in kinds(text)] == ["introduction", "case", "conclusion"]


def test_structured_abstract_of_an_article_stays_an_abstract() -> None:
    text = (
        f"Abstract\n\nBackground: Rare.\nCase presentation: {STORY}\n\nBackground\n\nRare.\n\n"
        f"Case presentation\n\n{STORY}\n\nConclusions\n\nSo.\n"
    )
    found = [k for k, _ in kinds(text)]
    assert set(found[:-3]) == {"abstract"}
    assert found[-3:] == ["introduction", "case", "conclusion"]


def test_table_of_contents_opens_no_section() -> None:
    body = "Tumours of the heart are rare, and most of them are found by chance. They are seldom malignant. We add one that was."
    text = (
        "Table of Contents\n\n\t1 Introduction\n\n\t2 Case report\n\n\tReferences\n\nLandmarks\n\n\tCover\n\n"
        f"CASE REPORT\n\npublished: 1 May 2020\n\n{body * 3}\n\n1 Introduction\n\n{body}\n\n"
        f"2 Case report\n\n{STORY}\n\nReferences\n\n1. B.\n"
    )
    assert [k for k, _ in kinds(text)] == ["front", "abstract", "introduction", "case", "references"]


def test_a_colon_in_a_sentence_is_no_heading() -> None:
    text = f"{STORY}\nConclusions: there were old infarcts on the scan.\nThe outcome: he recovered.\n"
    assert [k for k, _ in kinds(text)] == ["case"]


def test_story_before_a_lone_discussion_is_the_case() -> None:
    assert [k for k, _ in kinds(f"{STORY}\n\nDiscussion\n\nRare.\n")] == ["case", "discussion"]


def test_the_article_in_the_corpus(shared: Path) -> None:
    source = read(shared / "gold" / "dev" / "fonc-2025-1559085.txt")
    told = [s.kind for s in source.sections]
    assert told == [
        "front", "abstract", "introduction", "figure", "case", "figure", "case", "discussion", "table", "conclusion",
    ]  # fmt: skip
    assert source.info.doi == "10.3389/fonc.2025.1559085"
    case = source.sections[4]
    assert source.text[case.start : case.end].startswith("2 Case report\n\nA 42-year-old")


_PIECES = st.sampled_from(
    [*"x:\t\n", "\n\n", "\r\n", "1.2 ", STORY, "Case report", "2 Case report", "Discussion", "References", "Abstract", "CONCLUSION: "]
)


@given(st.lists(_PIECES | st.sampled_from(["Figure 1. A mass.", "Table 2 | Values"]), max_size=30).map("".join) | st.text(max_size=200))
def test_sections_cover_every_text_in_order(text: str) -> None:
    sections = find_sections(text)
    if not text:
        return
    assert sections[0].start == 0
    assert sections[-1].end == len(text)
    assert all(a.end == b.start and a.end > a.start for a, b in pairwise(sections))
    assert [s.id for s in sections] == [f"S{i}" for i in range(1, len(sections) + 1)]


REVIEW = (
    "Tumours of the heart are found in very few people, and most of them are benign; those that are not have a poor outlook. "
    "Surgery is the first choice."
)


@pytest.mark.parametrize(
    ("heading", "told", "kind"),
    [
        ("Tumours of the heart in young people", REVIEW, "discussion"),
        ("Second admission to our hospital", f"{STORY} {STORY}", None),
        ("TUMOURS OF THE HEART", REVIEW, None),
        ("Tumours of the heart are seldom found.", REVIEW, None),
    ],
    ids=["of the case's own look", "tells of the patient", "of another look", "a sentence"],
)
def test_an_unknown_heading_of_the_look_of_the_case_s_ends_it_where_no_patient_is_told_of(
    heading: str, told: str, kind: str | None
) -> None:
    text = f"Introduction\n\n{REVIEW}\n\nCase report\n\n{STORY}\n\n{heading}\n\n{told}\n"
    found = [(s.kind, s.title) for s in find_sections(text)]
    assert found[:2] == [("introduction", "Introduction"), ("case", "Case report")]
    assert found[2:] == ([(kind, heading)] if kind else [])


def test_after_a_caption_the_text_goes_on_under_the_heading_that_ended_the_case() -> None:
    text = f"Case report\n\n{STORY}\n\nThe heart and its tumours\n\n{REVIEW}\n\nFigure 1. A heart.\n\n{REVIEW}\n"
    assert [k for k, _ in kinds(text)] == ["case", "discussion", "figure", "discussion"]
