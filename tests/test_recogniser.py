"""The trained recogniser: tags to spans, what of them is taken beside the rules, and its training from corpora to a model."""

import json
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example
from typer.testing import CliRunner

from extractor.annotate import generator_of, load_pipeline
from extractor.cli import app
from extractor.entities.lexicon import load_entity
from extractor.entities.matcher import Hit
from extractor.entities.recogniser import additions
from extractor.entities.span_tagger import decode
from extractor.errors import DataError
from extractor.knowledge import DEFAULT_CONFIG, model_folder
from extractor.pipeline import extract
from extractor.schema import Case, Section, Source, SourceInfo

CONFIGS = Path(__file__).parents[1] / "models" / "configs"
TEXT = (
    "A 61-year-old woman was admitted with thrumping of the left ear. Her mucinous cystadenofibrosis had been diagnosed two years earlier. "
    "She was treated with oxaliplatin."
)


def case_of(text: str, *, model: bool) -> Case:
    source = Source(info=SourceInfo(id="case"), text=text, sections=(Section(id="S1", kind="case", start=0, end=len(text)),))
    return extract(source, load_pipeline(model=model))


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=7, max_size=7), max_size=30))
def test_spans_of_any_tags_stand_in_order_and_apart(rows: list[list[float]]) -> None:
    scores = np.array(rows, dtype="f").reshape(len(rows), 7)
    scores /= scores.sum(axis=1, keepdims=True)
    found = list(decode(scores))
    ends = [0, *(end for _, end, _, _ in found)]
    assert all(before <= start < end <= len(rows) for before, (start, end, _, _) in zip(ends, found, strict=False))
    assert all(label in (0, 1, 2) and 0 < probability <= 1.0001 for _, _, label, probability in found)
    assert {i for start, end, _, _ in found for i in range(start, end)} == set(np.flatnonzero(scores.argmax(axis=1)).tolist())


def test_a_span_is_begun_continued_and_told_apart() -> None:
    tags = [0, 1, 2, 2, 1, 4, 0]  # of the labels 0 (begin 1, inside 2) and 1 (begin 3, inside 4)
    found = [said[:3] for said in decode(np.eye(5, dtype="f")[tags])]
    assert found == [(1, 4, 0), (4, 5, 0), (5, 6, 1)]


def test_rules_win_and_improbable_spans_are_left_out() -> None:
    entities = load_pipeline(model=False).get_pipe("entities").matcher.entities  # type: ignore[attr-defined]
    rule = Hit(10, 20, "drug", "cisplatin", "drug/terms.tsv")
    spans = [
        Hit(15, 30, "Disease_disorder", None, "model/Disease_disorder", {"probability": 0.99}),
        Hit(40, 50, "Disease_disorder", None, "model/Disease_disorder", {"probability": 0.99}),
        Hit(60, 70, "Disease_disorder", None, "model/Disease_disorder", {"probability": 0.1}),
        Hit(80, 90, "Lab_value", None, "model/Lab_value", {"probability": 0.99}),
    ]
    assert [(h.start, h.label, h.source) for h in additions(spans, [rule], entities)] == [(40, "diagnosis", "model/Disease_disorder")]


def test_the_recogniser_adds_to_the_rules_and_says_so() -> None:
    alone, both = case_of(TEXT, model=False), case_of(TEXT, model=True)
    kept = {(m.start, m.end, m.label) for m in alone.mentions}
    added = [m for m in both.mentions if m.found_by.startswith("model/")]
    assert kept <= {(m.start, m.end, m.label) for m in both.mentions}
    assert [m.text for m in added if m.attributes["probability"] >= 0.5] == [m.text for m in added]
    assert not any(m.found_by.startswith("model/") for m in alone.mentions)
    assert generator_of(load_pipeline()).pipeline_digest != generator_of(load_pipeline(model=False)).pipeline_digest


def test_what_is_only_a_mention_by_policy_gives_no_fact() -> None:
    case = case_of(TEXT + " Zanthometry was performed. A glorbectomy was done.", model=True)
    named = {e.mention for f in case.facts for e in f.evidence}
    assert not [m for m in case.mentions if m.label == "procedure" and m.found_by.startswith("model/") and m.id in named]


def test_a_report_is_read_as_its_case_alone_would_be() -> None:
    """The recogniser reads a case where it stands in the report: what stands around it changes nothing."""
    before, after = "Introduction. Thrumping is rare.\n\n", "\n\nThrumping of both ears was discussed elsewhere."
    start, end = len(before), len(before + TEXT)
    text = before + TEXT + after
    sections = (("introduction", 0, start), ("case", start, end), ("discussion", end, len(text)))
    within = _spans(text, tuple(Section(id=f"S{n}", kind=kind, start=a, end=b) for n, (kind, a, b) in enumerate(sections)))
    alone = _spans(TEXT, (Section(id="S1", kind="case", start=0, end=len(TEXT)),))
    assert (
        [(h.start - start, h.end - start, h.source, h.attributes) for h in within]
        == [(h.start, h.end, h.source, h.attributes) for h in alone]
        != []
    )


def _spans(text: str, sections: tuple[Section, ...]) -> list[Hit]:
    """What the recogniser itself finds in the case."""
    nlp = load_pipeline()
    doc = nlp.make_doc(text)
    doc._.sections = sections
    for name, component in nlp.pipeline:
        if name == "recogniser":
            return list(component.spans(doc))
        doc = component(doc)
    raise AssertionError("the pipeline has no recogniser")


def test_a_group_that_a_model_has_not_learnt_is_told(tmp_path: Path) -> None:
    config = tmp_path / "other.cfg"
    config.write_text(DEFAULT_CONFIG.read_text(encoding="utf-8").replace('group = "maccrobat"', 'group = "phee"'), encoding="utf-8")
    with pytest.raises(DataError, match="no head for the group 'phee'"):
        load_pipeline(config)


def test_a_model_that_is_not_there_is_told() -> None:
    with pytest.raises(DataError, match="no trained model of that name"):
        model_folder("none")


def test_a_wrong_policy_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "entity.yaml").write_text("label: x\nabout: y\nrecognised: {Medication: 2}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"entity\.yaml: recognised: Medication: each label needs probabilities"):
        load_entity(tmp_path)


def test_no_model_is_an_option_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    done = CliRunner().invoke(app, ["extract", str(tmp_path / "a.txt"), "-o", str(tmp_path / "out"), "--no-model"])
    assert done.exit_code == 0, done.output
    mentions = json.loads((tmp_path / "out" / "a.json").read_text(encoding="utf-8"))["mentions"]
    assert mentions and not [m for m in mentions if m["found_by"].startswith("model/")]


def _tagger(vocab_words: list[str]) -> tuple[spacy.language.Language, list[Example]]:
    nlp = spacy.blank("en")
    nlp.add_pipe("extractor_span_tagger", config={"spans": "gold"})
    examples = []
    for word in vocab_words:
        reference = Doc(nlp.vocab, words=["She", "took", word, "daily"])
        reference.spans["gold"] = [Span(reference, 2, 3, label="Medication")]
        examples.append(Example(Doc(nlp.vocab, words=[t.text for t in reference]), reference))
    return nlp, examples


def test_a_tagger_learns_and_is_the_same_after_it_was_stored(tmp_path: Path) -> None:
    nlp, examples = _tagger(["aspirin", "cisplatin", "imatinib"])
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    for pipeline in (nlp, again):
        doc = pipeline("She took imatinib daily")
        assert [(s.text, s.label_) for s in doc.spans["gold"]] == [("imatinib", "Medication")]
    assert nlp.evaluate(examples)["gold_f"] == 1.0


def test_a_document_without_the_group_teaches_nothing() -> None:
    nlp, examples = _tagger(["aspirin"])
    nlp.initialize(lambda: examples)
    tagger = nlp.get_pipe("extractor_span_tagger")
    silent = Example(Doc(nlp.vocab, words=["No", "gold"]), Doc(nlp.vocab, words=["No", "gold"]))
    loss, gradients = tagger.get_loss([silent], tagger.predict([silent.x]))  # type: ignore[attr-defined]
    assert loss == 0 and not gradients[0].any()


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """Corpora in the formats of the public ones, of two sentences each, of our own wording."""
    text = "She received cisplatin for melanoma."
    for split in ("train", "dev"):
        folder = tmp_path / "corpora" / "maccrobat2020" / split
        folder.mkdir(parents=True)
        (folder / f"{split}.txt").write_text(text, encoding="utf-8")
        (folder / f"{split}.ann").write_text("T1\tMedication 13 22\tcisplatin\nT2\tDisease_disorder 27 35\tmelanoma\n", encoding="utf-8")
        phee = tmp_path / "corpora" / "phee"
        phee.mkdir(exist_ok=True)
        drug = {"text": [["gold"]], "start": [[0]], "entity_id": ["T1"]}
        event = {"event_id": "E1", "event_type": "Adverse_event", "Treatment": {**drug, "Drug": drug}}
        line = {"id": "1", "context": "gold helped", "annotations": [{"events": [event]}]}
        (phee / f"{split}.json").write_text(json.dumps(line) + "\n", encoding="utf-8")
    bc5cdr = tmp_path / "corpora" / "bc5cdr"
    bc5cdr.mkdir()
    for name in ("CDR_TrainingSet", "CDR_DevelopmentSet"):
        content = "1|t|Gold and gout\n1|a|Text.\n1\t0\t4\tGold\tChemical\tC1\n1\t9\t13\tgout\tDisease\tD1\n"
        (bc5cdr / f"{name}.PubTator.txt").write_text(content, encoding="utf-8")
    docs = tmp_path / "corpora" / "oncology_ccby" / "docs"
    docs.mkdir(parents=True)
    (docs / "x.json").write_text(json.dumps({"text": "He received imatinib for gout."}), encoding="utf-8")
    return tmp_path


def test_training_goes_from_corpora_to_a_model_that_the_pipeline_can_use(corpora: Path, tmp_path: Path) -> None:
    configs = tmp_path / "configs"
    configs.mkdir()
    for name in ("teacher.cfg", "recogniser.cfg"):
        text = (CONFIGS / name).read_text(encoding="utf-8")
        small = text.replace("width = 192", "width = 32").replace("width = 96", "width = 32").replace("depth = 6", "depth = 1")
        (configs / name).write_text(
            small.replace("depth = 4", "depth = 1").replace("eval_frequency = 400", "eval_frequency = 1"), encoding="utf-8"
        )
    made = tmp_path / "made"
    options = [str(made), "--shared", str(corpora), "--configs", str(configs)]
    done = CliRunner().invoke(app, ["train", *options])
    assert done.exit_code == 0, done.output
    assert json.loads((made / "meta.json").read_text(encoding="utf-8"))["performance"].keys() == {"strict", "overlap"}
    assert spacy.load(made).pipe_names == ["tok2vec", "clinical"]
    refused = CliRunner().invoke(app, ["train", *options])
    assert refused.exit_code != 0 and "there is something of that name already" in refused.output
    own = tmp_path / "own.cfg"
    default = (Path(__file__).parents[1] / "extractor" / "default.cfg").read_text(encoding="utf-8")
    own.write_text(default.replace('model = "case_reports"', f'model = "{made}"'), encoding="utf-8")
    assert load_pipeline(own).has_pipe("recogniser")


def test_training_without_corpora_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", str(tmp_path / "made"), "--shared", str(tmp_path)])
    assert done.exit_code != 0 and "set EXTRACTOR_SHARED" in done.output and not (tmp_path / "made").exists()
