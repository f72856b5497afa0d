"""Gold files of our own: those in annotations/ are right, a wrong one is told everything at once, and a draft passes as it is written."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import InputError
from extractor.evaluation import compare, judged, read_case
from extractor.evaluation.check import check, lines_of
from extractor.evaluation.draft import draft, draft_files, quote
from extractor.evaluation.gold import Quoted
from extractor.schema import dump, load

ROOT = Path(__file__).parents[1]
GOLD = ROOT / "annotations" / "gold"
OWN = ("second", "third", "fourth")
"""The sets annotated here, their texts being in the corpora."""


# The files that are kept ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def corpus_texts(shared, tmp_path_factory):
    """A folder with the texts of the second, third and fourth set, out of the corpora they belong to."""
    folder = tmp_path_factory.mktemp("texts")
    for gold in (path for name in OWN for path in (GOLD / name).glob("*.yaml")):
        plain = shared / "corpora" / "maccrobat2020" / "train" / f"{gold.stem}.txt"
        record = shared / "corpora" / "oncology_ccby" / "docs" / f"{gold.stem}.json"
        content = plain.read_bytes() if plain.exists() else json.loads(record.read_bytes())["text"].encode()
        (folder / f"{gold.stem}.txt").write_bytes(content)
    return folder


def all_right(paths, texts, number):
    checked = list(check(paths, texts=texts))
    assert [str(c) for c in checked if c.problems] == []
    assert len(checked) == number
    return sum(c.facts for c in checked)


def test_the_gold_of_the_article_in_the_corpus_is_right():
    assert all_right([GOLD / "dev" / "fonc-2025-1559085.yaml"], ROOT / "corpus", 1)


def test_the_gold_of_the_development_set_is_right_and_that_of_the_shared_data(shared):
    assert all_right([GOLD / "dev"], shared / "gold" / "dev", 23) == 772
    for path in (GOLD / "dev").glob("*.yaml"):
        assert path.read_bytes() == (shared / "gold" / "dev" / path.name).read_bytes(), path.name


def test_the_gold_of_the_other_sets_is_right(corpus_texts):
    assert all_right([GOLD / "second"], corpus_texts, 20) == 354
    assert all_right([GOLD / "third"], corpus_texts, 13) == 209
    assert all_right([GOLD / "fourth"], corpus_texts, 12) == 245


def test_the_gold_names_its_sources():
    for path in (path for name in OWN for path in (GOLD / name).glob("EN*.yaml")):
        assert f"| {path.stem} |" in (path.parent / "README.md").read_text(encoding="utf-8")
    for path in GOLD.glob("*/*.yaml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["source"], path


# Check ------------------------------------------------------------------------------------------------------------------------

TEXT = "She had a mastectomy. Brain MRI showed [a] mass; a second mass was seen. He received trastuzumab (“Herceptin”) for 1 year."
WRONG = """\
id: other
patient: {sex: female}
index: "mastectomy"
facts:
- id: pr1
  type: procedure
  name: mastectomy
  at: ["She had a [[mastectomy]]"]
  step: 1
- id: le1
  type: lesion
  name: mass
  course: seen
  at: ["[[mass]]", "[[lump]]"]
  step: one
  start: [3, 1]
"""


def test_every_problem_of_a_gold_file_is_said_with_its_line(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "a.yaml").write_text(WRONG, encoding="utf-8")
    (found,) = check([tmp_path / "a.yaml"])
    said = "\n".join(found.problems)
    for problem in (
        "has no source: add it",
        "its id is 'other', not the file's name 'a'",
        "line 5: pr1: has no category",
        "line 10: le1: the course 'seen' is none of",
        "line 10: le1: the step 'one' is no whole number",
        "line 10: le1: the start [3, 1] is not",
        "line 10: le1: the quote 'mass' stands in the text 2 times: take more of the words around it",
        "line 10: le1: the quote 'lump' does not stand in the text",
    ):
        assert problem in said
    assert str(found).startswith(f"{tmp_path / 'a.yaml'}: 8 problems\n  ")


def test_one_bad_file_does_not_hide_the_others(tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "good.txt").write_text(TEXT, encoding="utf-8")
    good = tmp_path / "good.yaml"
    good.write_text(WRONG.split("- id: le1", maxsplit=1)[0].replace("other", "good").replace("facts", "source: mine\nfacts").replace(
        "  name: mast", "  category: surgery\n  name: mast"), encoding="utf-8")  # fmt: skip
    (tmp_path / "bad.yaml").write_text("id: [", encoding="utf-8")
    (tmp_path / "notes.md").write_text("", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / "bad.yaml", tmp_path / "empty", tmp_path / "none.yaml", tmp_path / "notes.md", good]
    said = [str(c) for c in check(paths, texts=texts)]
    assert said[-1] == f"{good}: 1 fact OK"
    for text, problem in zip(
        said, ["does not exist", "holds no .yaml or .json", "no such file", "no gold and no timeline document"], strict=False
    ):
        assert problem in text


def test_annotations_in_the_formats_of_others_are_checked_too(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "a.ann").write_text("T1\tMedication 85 96\ttrastuzumab\n", encoding="utf-8")
    assert TEXT[85:96] == "trastuzumab"
    assert str(next(check([tmp_path / "a.ann"]))).endswith("a.ann: 1 mention OK")
    (tmp_path / "a.ann").write_text("T1\tMedication 85 96\ttucatinib\n", encoding="utf-8")
    assert "line 1" in next(check([tmp_path / "a.ann"])).problems[0]


GENERATOR = {"version": "0.1.0", "pipeline_digest": "sha256:0"}


def head(words, text=TEXT):
    return {"start": text.index(words), "end": text.index(words) + len(words), "text": words}


def document(**changes):
    said = {
        "generator": GENERATOR, "source": {"id": "a"}, "text": TEXT, "sections": [],
        "patients": [{"id": "P1", "sex": "female", "age": "P42Y"}],
        "facts": [
            {"id": "F1", "type": "procedure", "name": "mastectomy", "category": "surgery", "evidence": [head("mastectomy")], "step": 1},
            {"id": "F2", "type": "lesion", "name": "mass", "evidence": [head("mass;")], "step": 2},
        ],
    }  # fmt: skip
    return {**said, **changes}


def checked_document(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    (found,) = check([path])
    return found


def test_a_right_document_is_told_by_its_number_of_facts(tmp_path):
    assert str(checked_document(tmp_path, document())).endswith("a.json: 2 facts OK")
    assert str(checked_document(tmp_path, dump(load(json.dumps(document()))))).endswith("a.json: 2 facts OK")


def test_every_problem_of_a_document_is_said_with_its_line(tmp_path):
    wrong = document()
    wrong["patients"][0]["sex"] = "woman"
    wrong["facts"][0] |= {"category": "cut", "laterality": "both", "sise": 3}
    del wrong["facts"][1]["evidence"]
    lines = json.dumps(wrong, indent=1).splitlines()
    said = "\n".join(checked_document(tmp_path, wrong).problems)
    line = {
        key: next(n for n, text in enumerate(lines, 1) if f'"{key}"' in text) for key in ("sex", "category", "laterality", "sise", "F2")
    }
    for problem in (
        f"line {line['sex']}: patients.0.sex 'woman': Input should be 'female', 'male' or 'unknown'",
        f"line {line['category']}: facts.0.category 'cut': ",
        f"line {line['laterality']}: facts.0.laterality 'both': ",
        f"line {line['sise']}: facts.0.sise is no key that belongs here: correct its spelling or remove it",
        f"line {line['F2'] - 1}: facts.1.evidence is missing: add it",
    ):
        assert problem in said


def test_a_promise_that_a_document_breaks_is_said_with_the_line_of_the_fact(tmp_path):
    wrong = document()
    wrong["facts"][1]["evidence"] = [{**head("mass;"), "start": 0}]
    line = next(n for n, text in enumerate(json.dumps(wrong, indent=1).splitlines(), 1) if '"F2"' in text) - 1
    assert checked_document(tmp_path, wrong).problems[0].startswith(f"line {line}: F2 quotes 'mass;', but at 0-")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"a": [1,\n2,}', "line 2 column 3: it is no JSON"),
        ("[]", "is no timeline document"),
        ("", "it is no JSON"),
        ("{}", "text is missing: add it"),
    ],
)
def test_what_is_no_document_is_said(tmp_path, content, problem):
    assert problem in "\n".join(checked_document(tmp_path, content).problems)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
@settings(max_examples=50, deadline=None)
def test_each_value_of_a_json_text_has_its_line(value):
    lines = json.dumps(value, indent=1).splitlines()
    found = lines_of("\n".join(lines))

    def places(part, place=()):
        yield place, part
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
            yield from places(inner, (*place, key))

    expected = dict(places(value))
    assert found.keys() == expected.keys()
    for place, part in expected.items():
        said = lines[found[place] - 1]
        start = json.dumps(part)[0] if isinstance(part, dict | list) else json.dumps(part)
        assert start in said
        assert not place or isinstance(place[-1], int) or said.strip().startswith(json.dumps(place[-1]))


# Drafts -----------------------------------------------------------------------------------------------------------------------


def drafted(case, folder):
    """The draft of a document, written as the program writes it and read again as gold."""
    for path, content in draft_files(case, folder / f"{case.source.id}.yaml").items():
        path.write_bytes(content.encode())
    (found,) = check([folder / f"{case.source.id}.yaml"])
    assert found.problems == ()
    return read_case(folder / f"{case.source.id}.yaml")


def agrees_with_itself(case, folder):
    result = compare([drafted(case, folder)], [judged(case)])
    for metric in ("found", "strict", "name", "attributes", "placed"):
        assert result.row(metric).f1 in {1, None}, metric
    return result


def test_the_draft_of_the_article_passes_and_agrees_with_its_document(nlp, tmp_path):
    from extractor.pipeline import extract

    assert agrees_with_itself(extract(ROOT / "corpus" / "fonc-2025-1559085.txt", nlp), tmp_path).row("found").right > 50


def test_drafts_of_the_development_set_pass_and_agree_with_their_documents(nlp, shared, tmp_path):
    from extractor.pipeline import extract

    for path in sorted((shared / "gold" / "dev").glob("*.txt")):
        assert agrees_with_itself(extract(path, nlp), tmp_path).row("found").right


def test_a_draft_is_written_as_gold_is_written():
    evidence = [head("trastuzumab"), head("Herceptin"), {**head("for 1 year"), "role": "time"}]
    made = load(json.dumps(document(
        source={"id": "a", "title": "A case", "doi": "10.1/x", "pmid": "12"},
        patients=[{"id": "P1", "sex": "female", "age": "P18M", "index": {"label": "presented with\na lump", "date": "2014-03"}}],
        facts=[
            {"id": "F9", "type": "drug", "name": "trastuzumab", "dose": "8 mg/kg", "cycles": 6, "evidence": evidence, "step": 3,
             "start": {"earliest": 20.4, "latest": 59.6}, "end": {"earliest": 300, "latest": None}},
            {"id": "F3", "type": "lesion", "name": "mass", "size_mm": [35, 12.5], "count": 2, "certainty": "suspected",
             "course": "increased", "evidence": [head("second mass")], "step": 2},
            {"id": "F2", "type": "lesion", "name": "null", "evidence": [head("mass;")], "step": 1, "start": {"earliest": 0, "latest": 0}},
            {"id": "F4", "type": "finding", "name": "nausea", "evidence": [head("seen")], "step": 2},
        ],
        relations=[{"type": "same-lesion", "source": "F3", "target": "F2"}],
    )))  # fmt: skip
    assert (
        draft(made)
        == """\
# Draft by extractor 0.1.0 (pipeline default): read the text, correct each fact, add what is missing, then run extractor check.
id: "a"
source: "A case, doi 10.1/x, PMID 12"
patient: {sex: female, age_years: 1.5}
index: "presented with a lump"
index_date: "2014-03"
facts:
- id: le1
  type: lesion
  name: "null"
  course: present
  at: ["Brain MRI showed [a] [[mass;]] a second mass was"]
  step: 1
  start: [0, 0]
- id: le2
  type: lesion
  name: mass
  size_mm: [35, 12.5]
  count: 2
  course: increased
  same_as: le1
  certainty: suspected
  at: ["showed [a] mass; a [[second mass]] was seen."]
  step: 2
- id: dr1
  type: drug
  name: trastuzumab
  dose: "8 mg/kg"
  cycles: 6
  at: ["He received [[trastuzumab]] (“Herceptin”) for 1 year.", "He received trastuzumab (“[[Herceptin]]”) for 1 year."]
  step: 3
  start: [20, 60]
  end: null  # not before 300
# Left out, gold has no finding: nausea
"""
    )


def test_several_patients_have_their_own_numbers_and_days(tmp_path):
    made = load(json.dumps(document(
        patients=[{"id": "A", "sex": "male", "age": "P50Y", "index": {"label": "the visit"}}, {"id": "B", "sex": "female"}],
        facts=[
            {"id": "F1", "type": "lesion", "name": "mass", "patient": "B", "evidence": [head("mass;")], "step": 1},
            {"id": "F2", "type": "drug", "name": "trastuzumab", "patient": "A", "evidence": [head("trastuzumab")], "step": 7},
        ],
    )))  # fmt: skip
    result = agrees_with_itself(made, tmp_path)
    assert (result.row("patient").right, result.row("patient").gold) == (2, 2)
    text = draft(made)
    assert '- {patient: 1, sex: male, age_years: 50, index: "the visit"}' in text
    assert text.index("patient: 1\n") < text.index("patient: 2\n")


def test_facts_that_gold_takes_for_one_are_written_once_and_said(tmp_path):
    twice = {"type": "drug", "name": "trastuzumab", "evidence": [head("trastuzumab"), head("trastuzumab")], "step": 1}
    made = load(json.dumps(document(facts=[{"id": "F1", **twice}, {"id": "F2", **twice, "dose": "8 mg"}])))
    assert len(drafted(made, tmp_path).facts) == 1
    assert draft(made).endswith("# Left out, since gold would take them for facts it has already: trastuzumab\n")


def test_a_document_without_patients_facts_or_steps_still_gives_a_draft(tmp_path):
    empty = load(json.dumps(document(patients=[], facts=[])))
    assert drafted(empty, tmp_path).facts == ()
    assert 'index: ""  # say what day 0 is' in draft(empty)
    unplaced = load(json.dumps(document(facts=[{"id": "F1", "type": "lesion", "name": "mass", "evidence": [head("mass;")]}])))
    assert "step: 1  # not told" in draft(unplaced)


def test_a_draft_never_overwrites_and_brings_its_text(tmp_path):
    made = load(json.dumps(document()))
    assert draft_files(made, tmp_path / "b.yaml").keys() == {tmp_path / "b.txt", tmp_path / "b.yaml"}
    (tmp_path / "b.txt").write_text("\ufeff" + TEXT, encoding="utf-8")
    assert draft_files(made, tmp_path / "b.yaml").keys() == {tmp_path / "b.yaml"}
    assert 'id: "b"' in draft_files(made, tmp_path / "b.yaml")[tmp_path / "b.yaml"]
    assert draft_files(made, tmp_path / "gold" / "b.yaml", texts=tmp_path).keys() == {tmp_path / "gold" / "b.yaml"}
    (tmp_path / "b.txt").write_text("another text", encoding="utf-8")
    with pytest.raises(InputError, match=r"b\.txt is not the text of a in UTF-8"):
        draft_files(made, tmp_path / "b.yaml")
    (tmp_path / "c.yaml").write_text("mine")
    with pytest.raises(InputError, match="may have been corrected by hand"):
        draft_files(made, tmp_path / "c.yaml")
    with pytest.raises(InputError, match=r"name it c\.yaml"):
        draft_files(made, Path("c.json"))
    with pytest.raises(InputError, match="holds no text to quote"):
        draft(made.model_copy(update={"text": None}))


ANY = st.text("ab .[]\n\t\u00a0é“\x07", max_size=60)


@given(ANY, ANY, ANY)
@settings(max_examples=300, deadline=None)
def test_a_quote_leads_back_to_its_words(before, words, after):
    words = words.strip()
    text = f"{before}{words}{after}"
    quoted = Quoted.of(text)
    found = quote(quoted, len(before), len(before) + len(words))
    if found is not None:
        assert quoted.head(found) == (len(before), len(before) + len(words))
    else:
        assert not words or "[" in text or "]" in text


@given(ANY, st.text(min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_text_and_name_give_a_draft_that_can_be_read(tmp_path_factory, before, name):
    name = name.encode("utf-8", "replace").decode()
    text = f"{before} mass {before}"
    facts = [
        {"id": "F1", "type": "lesion", "name": name, "site": name, "evidence": [head(" mass ", text)], "step": 1},
        {"id": "F2", "type": "finding", "name": name, "evidence": [], "step": 1},
    ]
    made = load(json.dumps(document(text=text, facts=facts)))
    said = yaml.safe_load(draft(made))
    assert [fact["name"] for fact in said["facts"]] in ([" ".join(name.split())], [])
    drafted(made, tmp_path_factory.mktemp("any"))
