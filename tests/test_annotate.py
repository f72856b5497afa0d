"""The stage behind the door to spaCy: sentences, the report's own abbreviations, the reach of cues, and whose a mention is."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer

from extractor.annotate import annotate, entities_of, generator_of, load_pipeline
from extractor.context.abbreviations import definitions
from extractor.context.assertion import read_rules
from extractor.context.sentences import split, split_sections, stop_words
from extractor.context.tokens import make_tokenizer
from extractor.errors import DataError
from extractor.readers.sections import find_sections
from extractor.schema import Mention, Section, Source, SourceInfo


def source(text: str, kind: str | None = "case") -> Source:
    sections = (Section(id="S1", kind=kind, start=0, end=len(text)),) if kind else find_sections(text)  # type: ignore[arg-type]
    return Source(info=SourceInfo(id="test"), text=text, sections=sections)


def mentions(nlp: Any, text: str, words: str, kind: str | None = "case") -> list[Mention]:
    """The mentions that are these words."""
    return [m for m in annotate(source(text, kind), nlp).mentions if m.text == words]


def flags(mention: Mention) -> set[str]:
    return {k for k, v in mention.context.model_dump().items() if v is True} | ({mention.context.experiencer} - {"patient"})


# --- sentences


@pytest.mark.parametrize(
    "text",
    [
        "The mass (Fig. 2) was firm.|It grew.",
        "The mass (Fig.1).|It grew.",
        "See Fig. 3 and Figs. 4 and 5.|Then stop.",
        "Dr. Lin, Prof. Wu et al. saw her.|She was well.",
        "Lin et al. (5) and Wu et al. Reported doses differ.",
        "It was treated with A vs. B, e.g. Cisplatin, i.e. Platinum.|He recovered.",
        "He had 5 mg i.v. and 3 mg p.o. daily.|She had none.",
        "He was given 5 mg i.v.|The next day he left.",
        "At 8 a.m.|She fell.",
        "The lesion was 3.5 cm by 2.1 cm.|It was No. 4 of 5.",
        "She took approx. 30 tablets.|He took none.",
        "The answer was no.|He left.",
        "J. R. Smith operated.|W. Jones assisted.",
        "He lacked vitamin D.|The level rose.",
        "Urea was 7 mmol/L.|Sodium fell.",
        "It was severe MR.|Valves were replaced.",
        "Was it cancer?|It was!|He wept.",
        "As described.[3,4]|The rest healed.",
        "As described.12|The rest healed.",
        "Staining for p53 was positive.|p53 was mutated.",
        "1. He was born.|2. He died.",
        'He said "mama."|She wept.',
    ],
)
def test_sentences(text: str) -> None:
    whole = text.replace("|", " ")
    assert [whole[a:b] for a, b in split(whole)] == text.split("|")


def test_a_missing_space_between_sentences() -> None:
    text = "The pain was gone.The patient left."
    assert [text[a:b] for a, b in split(text)] == ["The pain was gone.", "The patient left."]


def test_a_line_is_a_sentence_where_lines_hold_sentences() -> None:
    text = "He was 45.\nthe mass grew.\nCT was done (Fig.1).\n\nHeading\nAnd more.\n- one item\n- another"
    assert [text[a:b] for a, b in split(text)] == text.replace("\n\n", "\n").split("\n")


def test_hard_wrapped_lines_are_one_sentence() -> None:
    text = (
        "The patient, a teacher from the north of the country, was admitted to\n"
        "Hospital with a cough that had begun in the spring and was seen by Dr.\n"
        "Lin. She was treated for\npneumonia. Later she came back with a mass in the left breast, and the\nBiopsy showed cancer."
    )
    found = [" ".join(text[a:b].split()) for a, b in split(text)]
    assert [f.split()[0] for f in found] == ["The", "She", "Later"]


def test_a_heading_stands_alone_and_no_sentence_leaves_its_section() -> None:
    text = "CASE REPORT: A man came. He left\nDISCUSSION\nRare."
    found = split_sections(text, [(0, 33, "CASE REPORT"), (33, len(text), "DISCUSSION")])
    assert [text[a:b] for a, b in found] == ["CASE REPORT:", "A man came.", "He left", "DISCUSSION", "Rare."]


@given(st.text(alphabet=st.sampled_from("aA1. \n\t,;:!?()[]\u00e9\r\u2028-"), max_size=120) | st.text(max_size=120))
def test_sentences_cover_all_words_in_order(text: str) -> None:
    found = split(text)
    assert all(a < b for a, b in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    covered = {i for a, b in found for i in range(a, b)}
    assert all(i in covered for i, c in enumerate(text) if not c.isspace())
    assert all(not text[a].isspace() and not text[b - 1].isspace() for a, b in found)


def test_a_text_without_ends_is_cut() -> None:
    found = split("word " * 5000)
    assert max(b - a for a, b in found) <= 4000


def test_no_word_is_of_two_kinds_but_openers() -> None:
    kinds = stop_words()
    assert not (kinds["never"] & kinds["sometimes"]) | (kinds["never"] & kinds["number"])


# --- abbreviations


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("She had leptomeningeal carcinomatosis (LC).", "LC", "leptomeningeal carcinomatosis"),
        ("stereotactic gamma knife radiosurgery (SRS) was", "SRS", "stereotactic gamma knife radiosurgery"),
        ("the emergency room (ER) was", "ER", "emergency room"),
        ("an ALND (axillary lymph node dissection) was", "ALND", "axillary lymph node dissection"),
        ("Legend. ER, estrogen receptor; PR, progesterone receptor.", "PR", "progesterone receptor"),
        ("LVEF: left ventricular ejection fraction; BP: blood pressure", "LVEF", "left ventricular ejection fraction"),
        ("magnetic resonance imaging (MRI; 3 T) of", "MRI", "magnetic resonance imaging"),
    ],
)
def test_definitions(nlp: Any, text: str, short: str, long: str) -> None:
    found = {d.short: text[d.long_start : d.long_end] for d in definitions(text, nlp.vocab)}
    assert found[short] == long


@pytest.mark.parametrize(
    "text", ["a mass (3 cm)", "cells (CD20 positive) of", "day 4 (Fig. 2)", "a drug (D1, D8)", "the left (L) arm", "mol/L (4 mL)"]
)
def test_what_is_no_definition(nlp: Any, text: str) -> None:
    assert definitions(text, nlp.vocab) == []


@pytest.mark.parametrize(
    "text",
    [
        "Two SFTs were found. A solitary fibrous tumor (SFT) was resected. The SFT grew.",
        "Each SFT was resected. Solitary fibrous tumors (SFTs) are shown. SFTs grew.",
    ],
)
def test_a_short_form_stands_in_either_number_and_before_its_definition(nlp: Any, text: str) -> None:
    found = [m for m in mentions(nlp, text, "SFT") + mentions(nlp, text, "SFTs") if m.label == "diagnosis"]
    assert len({m.start for m in found}) == 3


def test_a_short_form_means_its_long_form_everywhere(nlp: Any) -> None:
    text = "LC is feared. Leptomeningeal carcinomatosis (LC) was found. LC grew, but the LCs did not."
    found = mentions(nlp, text, "LC")
    assert len(found) == 3
    assert {(m.label, m.found_by) for m in found} == {("diagnosis", "abbreviation")}
    assert {m.name for m in found} == {mentions(nlp, text, "Leptomeningeal carcinomatosis")[0].name}


def test_codes_behind_a_drug_mean_it(nlp: Any) -> None:
    text = "He had trastuzumab emtansine (T-DM1), then trastuzumab deruxtecan (T-DXd/DS-8201). T-DM1 failed; DS-8201 helped."
    names = {m.text: m.name for m in annotate(source(text), nlp).mentions if m.label == "drug"}
    assert names["T-DM1"] == "trastuzumab emtansine"
    assert names["DS-8201"] == names["T-DXd"] == "trastuzumab deruxtecan"


def test_a_short_form_of_something_else_is_no_mention(nlp: Any) -> None:
    text = "She came to the emergency room (ER). In the ER she had fever."
    assert mentions(nlp, text, "ER") == []
    assert mentions(nlp, "The tumor was ER positive.", "ER")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Abdominal computed tomography (CT) was done. CT showed a mass.", "CT"),
        ("Concurrent imaging (CT) was done. CT showed a mass.", "CT"),
        ("An electrocardiogram (ECG) was done. ECG was normal.", "ECG"),
    ],
)
def test_a_term_is_kept_where_the_long_form_does_not_contradict_it(nlp: Any, text: str, short: str) -> None:
    assert any(m.start == text.rindex(short) for m in mentions(nlp, text, short))


# --- the reach of cues


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("No evidence of metastasis was found, and chemotherapy was started.", "chemotherapy"),
        ("He denied fever but had a cough.", "cough"),
        ("MRI showed no recurrence after chemotherapy.", "chemotherapy"),
        ("No metastasis was seen on CT.", "CT"),
        ("Pneumonia was ruled out by CT.", "CT"),
        ("There was no change in the mass.", "mass"),
        ("She did not tolerate capecitabine.", "capecitabine"),
        ("There was no response to chemotherapy.", "chemotherapy"),
        ("The mass was no longer growing.", "mass"),
        ("It was not only pneumonia.", "pneumonia"),
        ("Surgery was not performed because of pneumonia.", "pneumonia"),
        ("The histology was consistent with lymphoma.", "lymphoma"),
        ("The CT was negative.", "CT"),
        ("The disease was considered to be lymphoma.", "lymphoma"),
        ("The planned surgery was performed without complications.", "surgery"),
        ("She refused surgery and received capecitabine.", "capecitabine"),
        ("Her mother noticed a mass.", "mass"),
        ("Her sister had asthma; she had pneumonia.", "pneumonia"),
        ("He received capecitabine in the HER2CLIMB trial.", "capecitabine"),
        ("Chemotherapy led to fever, suspected to be septic.", "Chemotherapy"),
        ("He had a history of asthma and presented with pneumonia.", "pneumonia"),
        ("Instead of surgery, chemotherapy was given.", "chemotherapy"),
        ("Unlike patients with lymphoma, she had fever.", "fever"),
    ],
)
def test_a_cue_does_not_reach(nlp: Any, text: str, words: str) -> None:
    (found,) = [m for m in mentions(nlp, text, words) if m.label in ("drug", "procedure", "diagnosis", "finding", "lesion")]
    assert flags(found) == set()


# --- whose it is


ABSTRACT = (
    "Pneumonia is common. We report a 45-year-old woman with lymphoma. She had fever. CT showed asthma. "
    "Patients with sarcoidosis often cough."
)


def test_an_abstract_speaks_of_the_patient_from_where_it_says_so(nlp: Any) -> None:
    whose = {m.text: m.context.experiencer for m in annotate(source(ABSTRACT, "abstract"), nlp).mentions}
    assert whose["Pneumonia"] == "literature"
    assert whose["lymphoma"] == whose["fever"] == whose["CT"] == "patient"
    assert whose["sarcoidosis"] == "literature"


def test_a_discussion_speaks_of_the_patient_only_where_it_says_so(nlp: Any) -> None:
    text = "Pneumonia is usually mild. In our patient, CT was done. She received cisplatin. Lymphoma was excluded."
    whose = {m.text: m.context.experiencer for m in annotate(source(text, "discussion"), nlp).mentions}
    assert whose["CT"] == whose["cisplatin"] == "patient"
    assert whose["Pneumonia"] == whose["Lymphoma"] == "literature"


@pytest.mark.parametrize("kind", ["references", "back", "front"])
def test_some_sections_never_speak_of_the_patient(nlp: Any, kind: str) -> None:
    (found,) = mentions(nlp, "Our patient had pneumonia.", "pneumonia", kind)
    assert found.context.experiencer == "literature"


def test_a_sentence_of_the_case_stays_the_patients_where_it_compares(nlp: Any) -> None:
    (found,) = mentions(nlp, "Her pneumonia was the worst of all reported cases.", "pneumonia")
    assert found.context.experiencer == "patient"


# --- the door


def test_mentions_stand_where_they_say(nlp: Any) -> None:
    text = "He had pneumonia.\r\n\r\nDiscussion\r\n\r\nPneumonia\u00a0is common; \u03b2-lactams help."
    reading = annotate(source(text, None), nlp)
    assert [m.id for m in reading.mentions] == [f"M{i}" for i in range(1, len(reading.mentions) + 1)]
    assert all(text[m.start : m.end] == m.text for m in reading.mentions)
    sections = {s.id: s for s in reading.sections}
    assert all(sections[m.section].start <= m.start < sections[m.section].end for m in reading.mentions)
    assert [s.index for s in reading.sentences] == list(range(len(reading.sentences)))


@pytest.mark.parametrize("text", ["", " \n ", "\U0001f600 " * 50, "no " * 3000, "(" * 3000, "a" * 20000, "CT, " * 2000])
def test_odd_texts_are_read(nlp: Any, text: str) -> None:
    annotate(source(text) if text else Source(info=SourceInfo(id="x"), text="", sections=()), nlp)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    reading = annotate(source(text, None) if text else source(" "), load_pipeline())
    assert all(reading.text[m.start : m.end] == m.text for m in reading.mentions)


def test_pipeline_says_what_it_is(nlp: Any) -> None:
    assert generator_of(nlp).pipeline == "default"
    assert generator_of(nlp).pipeline_digest.startswith("sha256:")
    assert {"drug", "diagnosis", "site", "time"} <= set(entities_of(nlp))
    assert load_pipeline() is load_pipeline()


def test_a_curators_folder_is_added_by_a_config(tmp_path: Path) -> None:
    folder = tmp_path / "device"
    folder.mkdir()
    (folder / "entity.yaml").write_text("label: device\nabout: Devices.\nfact: device\n")
    (folder / "terms.tsv").write_text("concept\tcode\tterm\tnote\nglass eye\t\tglass eye\t\n")
    default = Path(load_pipeline.__code__.co_filename).parent / "default.cfg"
    config = tmp_path / "mine.cfg"
    config.write_text(default.read_text().replace("folders = []", f'folders = ["{folder}"]'))
    mine = load_pipeline(config)
    assert [m.label for m in mentions(mine, "A glass eye was made.", "glass eye")] == ["device"]
    assert generator_of(mine).pipeline == "mine"
    assert generator_of(mine).pipeline_digest != generator_of(load_pipeline()).pipeline_digest


def test_a_wrong_config_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "odd.cfg"
    path.write_text('[nlp]\nlang = "en"\npipeline = ["x"]\n[components.x]\nfactory = "no_such"\n')
    with pytest.raises(DataError, match=r"odd\.cfg"):
        load_pipeline(path)
    with pytest.raises(DataError, match=r"none\.cfg"):
        load_pipeline(tmp_path / "none.cfg")


def test_a_wrong_cue_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    head = '{"categories": {}, "ended_by": {}, "cancelled_by": {}, "shielded": {}, "context_rules": '
    path.write_text(head + '[{"literal": "no", "category": "X", "direction": "UP"}]}')
    with pytest.raises(DataError, match=r"cue 1 \(no\)"):
        read_rules(path)
    twice = '[{"literal": "no", "category": "X", "direction": "FORWARD"}, {"literal": "No", "category": "Y", "direction": "FORWARD"}]}'
    path.write_text(head + twice)
    with pytest.raises(DataError, match=r"rules\.json: cue 2 \(No, Y\) stands already as cue 1"):
        read_rules(path)
    path.write_text('{"categories": ')
    with pytest.raises(DataError, match=r"rules\.json:1"):
        read_rules(path)


def test_importing_medspacy_leaves_nothing_behind(nlp: Any) -> None:
    import sys

    assert "PyRuSH" not in sys.modules
    assert "sklearn" not in sys.modules
    assert "quickumls" not in sys.modules or hasattr(sys.modules["quickumls"], "QuickUMLS")


def test_the_entities_are_found_in_other_peoples_pipelines():
    """By the entry point: the program itself is not imported first."""
    code = (
        "import spacy; nlp = spacy.blank('en'); nlp.add_pipe('extractor_entities'); "
        "doc = nlp('She received trastuzumab.'); print([(s.text, s.label_) for s in doc.spans['extractor']])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[('trastuzumab', 'drug')]"


def test_words_are_cut_alike_in_a_text_and_alone():
    """spaCy's own tokenizer with the same rules remembers nothing behind a special case; ours does, and cuts alike."""
    nlp = spacy.blank("en")
    ours = make_tokenizer()(nlp)
    plain = Tokenizer(nlp.vocab, ours.rules, ours.prefix_search, ours.suffix_search, ours.infix_finditer, ours.token_match)
    text = "Dr. X gave T-DM1 (3.6 mg/kg i.v.) vs. 5-FU; HER2/neu-positive, T1N0M0. See (11–13). She didn't."
    expected = [t.text_with_ws for t in plain(text)]
    assert [[t.text_with_ws for t in ours(text)] for _ in range(2)] == [expected, expected]
