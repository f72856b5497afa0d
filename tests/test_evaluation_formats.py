"""Gold and predictions in the formats of others: what is read of each, and what is said of a file that is wrong."""

import json

import pytest

from extractor.errors import DataError, ExtractorError, InputError
from extractor.evaluation import compare, counts, evaluate, evaluate_run, gold_files
from extractor.evaluation.formats import read_cases
from extractor.evaluation.formats.brat import MACCROBAT
from extractor.evaluation.formats.labels import own_labels, read_labels
from extractor.evaluation.formats.phee import PHEE
from extractor.evaluation.formats.pubtator import BC5CDR
from extractor.evaluation.pairs import evaluate_made
from extractor.evaluation.temporal import graphs
from extractor.schema import Case, Generator, Mention, Section, SourceInfo

TEXT = "She had no fever on admission. An abdominal CT showed a mass in the liver and the left kidney. Two days later she got cisplatin."


def at(words):
    assert TEXT.count(words) == 1, words
    return TEXT.index(words), TEXT.index(words) + len(words)


def brat_line(name, label, *pieces):
    places = ";".join(f"{a} {b}" for a, b in map(at, pieces))
    return f"{name}\t{label} {places}\t{' '.join(pieces)}\n"


ANN = (
    brat_line("T1", "Sign_symptom", "fever")
    + "E1\tSign_symptom:T1 \n"
    + "A1\tPOLARITY E1 NEG\n"
    + brat_line("T2", "Clinical_event", "admission")
    + "E2\tClinical_event:T2 \n"
    + brat_line("T3", "Diagnostic_procedure", "CT")
    + "E3\tDiagnostic_procedure:T3 \n"
    + brat_line("T4", "Sign_symptom", "mass")
    + "E4\tSign_symptom:T4 \n"
    + brat_line("T5", "Biological_structure", "liver", "kidney")
    + "R1\tMODIFY Arg1:T5 Arg2:E4\t\n"
    + brat_line("T6", "Medication", "cisplatin")
    + "E6\tMedication:T6 \n"
    + "R2\tBEFORE Arg1:E1 Arg2:E2\t\n"
    + "R3\tAFTER Arg1:E3 Arg2:E2\t\n"
    + "*\tOVERLAP E3 E4\n"
    + "R4\tBEFORE Arg1:E4 Arg2:E6\t\n"
    + "#1\tAnnotatorNotes T4\twhich one?\n"
)


def brat_file(folder, ann=ANN, name="a1", text=TEXT):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
    path = folder / f"{name}.ann"
    path.write_text(ann, encoding="utf-8")
    return path


def only(path, **options):
    [case] = read_cases(path, **options)
    if isinstance(case, ExtractorError):
        raise case
    return case


def document(folder, mentions, name="a1", text=TEXT):
    """A timeline document with mentions: (label, words, flags)."""
    folder.mkdir(exist_ok=True)
    found = [
        Mention(id=f"M{n}", label=label, start=text.index(words), end=text.index(words) + len(words), text=words, section="S1",
                found_by="test", context=dict.fromkeys(flags, True))
        for n, (label, words, flags) in enumerate(mentions)
    ]  # fmt: skip
    case = Case(
        generator=Generator(version="0", pipeline_digest="x"), source=SourceInfo(id=name), text=text, patients=(),
        sections=(Section(id="S1", kind="case", start=0, end=len(text)),), mentions=tuple(found),
    )  # fmt: skip
    path = folder / f"{name}.json"
    path.write_text(case.model_dump_json(), encoding="utf-8")
    return path


# brat -------------------------------------------------------------------------------------------------------------------------


def test_brat_is_read_with_its_labels_flags_and_pieces(tmp_path):
    case = only(brat_file(tmp_path))
    assert [(m.label, [TEXT[a:b] for a, b in m.spans]) for m in case.mentions] == [
        ("condition", ["fever"]), ("procedure", ["CT"]), ("condition", ["mass"]), ("site", ["liver", "kidney"]), ("drug", ["cisplatin"]),
    ]  # fmt: skip
    assert [sorted(m.flags) for m in case.mentions] == [["negated"], [], [], [], []]
    assert (case.levels, case.flags) == ({"mention", "context", "relation"}, {"negated", "uncertain"})
    assert case.scheme["lesion"] == case.scheme["finding"] == "condition"
    assert "time" not in case.scheme


def test_what_is_before_through_an_admission_is_before(tmp_path):
    case = only(brat_file(tmp_path))
    known, _ = graphs(case, case)
    pairs = {(kind, one[1], other[1]) for kind, one, other in known.closed}
    assert pairs == {
        ("before", "T1", "T3"), ("before", "T1", "T4"), ("before", "T1", "T6"), ("before", "T3", "T6"), ("before", "T4", "T6"),
        ("overlap", "T3", "T4"), ("overlap", "T4", "T3"),
    }  # fmt: skip
    assert len(known.reduced) == 3


def test_a_timeline_is_judged_against_brat(tmp_path):
    made = document(
        tmp_path / "made",
        [
            ("finding", "fever", ["negated"]),
            ("lesion", "mass", ["uncertain"]),
            ("procedure", "abdominal CT", []),
            ("time", "Two days later", []),
        ],
    )
    result = evaluate([brat_file(tmp_path / "gold")], [made])
    assert result.problems == ()
    strict, partial = result.row("mention_strict"), result.row("mention_partial")
    assert (strict.right, strict.gold, strict.predicted) == (2, 5, 3)
    assert (partial.right, partial.gold, partial.predicted) == (2.5, 5, 3)
    context = result.row("context")
    assert (context.right, context.gold, context.predicted) == (1, 1, 2)
    back = evaluate([made], [tmp_path / "gold"]).row("mention_strict")
    assert (back.precision, back.recall) == (strict.recall, strict.precision)


def test_labels_of_ours_need_no_table(tmp_path):
    ann = brat_line("T1", "finding", "fever") + "A1\tnegated T1\n" + brat_line("T2", "drug", "cisplatin") + "R1\tbefore Arg1:T1 Arg2:T2\n"
    case = only(brat_file(tmp_path, ann))
    assert [(m.label, sorted(m.flags)) for m in case.mentions] == [("finding", ["negated"]), ("drug", [])]
    assert (case.scheme, case.levels) == (None, {"mention", "context", "relation"})
    assert only(brat_file(tmp_path, brat_line("T1", "finding", "fever"))).levels == {"mention"}


def test_a_table_of_ones_own_is_used(tmp_path):
    table = tmp_path / "labels.tsv"
    table.write_text("kind\tlabel\tjudged_as\tours\twhy\nspan\tArznei\tdrug\tdrug\t\nspan\tSonst\t-\t\t\n", encoding="utf-8")
    ann = brat_line("T1", "Arznei", "cisplatin") + brat_line("T2", "Sonst", "fever")
    case = only(brat_file(tmp_path, ann), labels=table)
    assert [(m.label, m.id) for m in case.mentions] == [("drug", "T1")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("T6\tMedication", "T6\tMedicament", "line 12: the label 'Medicament' is not in maccrobat.tsv: add it there, with '-'"),
        ("\tfever\n", "\tfevers\n", "line 1: T1 is 'fevers', but at 11 16 the text reads 'fever': correct the offsets"),
        ("11 16", "11 1600", "line 1: T1 stands at 11 1600, outside the text, which ends at 128"),
        ("11 16", "16 11", "line 1: T1 stands at 16 11, outside"),
        ("11 16", "11-16", "line 1: T1 is not written as: Label start end"),
        ("T4\tSign", "T3\tSign", "line 8: the id T3 stands here twice"),
        ("POLARITY E1 NEG", "POLARITY E9 NEG", "line 3: names E9, which is not in the file"),
        ("Arg1:E1 Arg2:E2", "Arg1:E1", "line 14: the relation R2 needs two annotations"),
        ("E6\tMedication:T6 ", "E6\tMedication", "line 13: the event E6 names no trigger"),
        ("POLARITY E1 NEG", "POLARITY", "line 3: the attribute A1 names no annotation"),
        ("A1\tPOLARITY", "A1 POLARITY", "line 3: 'A1 POLARITY E1 NEG' has no tab behind its id"),
        ("A1\t", "Q1\t", "line 3: 'Q1' is no id of brat's"),
    ],
)
def test_what_is_wrong_with_a_brat_file_is_said_with_its_line(tmp_path, old, new, said):
    assert old in ANN
    path = brat_file(tmp_path, ANN.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        only(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


def test_a_brat_file_without_its_text_is_refused(tmp_path):
    path = brat_file(tmp_path)
    (tmp_path / "a1.txt").unlink()
    with pytest.raises(InputError, match=r"its text .*a1\.txt does not exist"):
        only(path)
    brat_file(tmp_path / "texts")
    assert only(path, texts=tmp_path / "texts").text == TEXT


# PubTator ---------------------------------------------------------------------------------------------------------------------

PUBTATOR = (
    "77|t|Tremor after lithium.\n77|a|A man took lithium and shook.\n"
    "77\t0\t6\tTremor\tDisease\tD014202\n77\t13\t20\tlithium\tChemical\tD008094\n77\tCID\tD008094\tD014202\n\n78|t|Nothing here.\n78|a|\n"
)


def test_pubtator_is_read_document_by_document(tmp_path):
    path = tmp_path / "cdr.PubTator.txt"
    path.write_text(PUBTATOR, encoding="utf-8")
    assert gold_files([tmp_path]) == [path]
    first, second = read_cases(path)
    assert first.text == "Tremor after lithium. A man took lithium and shook."
    assert [(m.label, m.spans) for m in first.mentions] == [("condition", ((0, 6),)), ("drug", ((13, 20),))]
    assert (first.id, first.levels, second.id, second.mentions) == ("77", {"mention"}, "78", ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("77\t0\t6", "77\t0\t5", "line 3: the span 0-5 is 'Tremor', but the text reads 'Tremo': correct the offsets"),
        ("77\t0\t6", "77\t0\t600", "line 3: the span 0-600 lies outside the text"),
        ("77\t0\t6", "76\t0\t6", "line 3: the span is of 76, not of 77: put an empty line between"),
        ("Disease", "Malady", "line 3: the label 'Malady' is not in bc5cdr.tsv"),
        ("\tDisease\tD014202", "", "line 3: '77 0 6 Tremor' is no span"),
        ("77|a|", "76|a|", "line 1: a document begins with its title"),
        ("77|a|", "77|x|", "line 2: '77|x|A man took lithium and shook.' is no span"),
    ],
)
def test_a_bad_pubtator_document_does_not_hide_the_others(tmp_path, old, new, said):
    path = tmp_path / "cdr.pubtator"
    path.write_text(PUBTATOR.replace(old, new, 1), encoding="utf-8")
    problem, good = read_cases(path)
    assert (good.id, type(problem)) == ("78", InputError)
    assert f"{path}: {said}" in str(problem)


def test_a_text_that_is_no_pubtator_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Just a text.")
    assert "is neither gold nor a prediction" in str(next(read_cases(path)))


# PHEE -------------------------------------------------------------------------------------------------------------------------

SENTENCE = {
    "id": "5_1",
    "context": "Cisplatin caused loss of hearing in a man.",
    "annotations": [{"events": [{
        "event_id": "E1", "event_type": "Adverse_event", "Trigger": {"text": [["caused"]], "start": [[10]], "entity_id": ["T1"]},
        "Treatment": {"text": [["Cisplatin"]], "start": [[0]], "entity_id": ["T2"],
                      "Drug": {"text": [["Cisplatin"]], "start": [[0]], "entity_id": ["T3"]}},
        "Effect": {"text": [["loss", "hearing"]], "start": [[17, 25]], "entity_id": ["T4"]},
    }]}],
}  # fmt: skip


def test_phee_is_read_sentence_by_sentence(tmp_path):
    path = tmp_path / "dev.json"
    path.write_text(json.dumps(SENTENCE) + "\n\n" + json.dumps({**SENTENCE, "id": "5_2"}) + "\n{broken\n", encoding="utf-8")
    first, second, problem = read_cases(path)
    assert [(m.label, m.spans) for m in first.mentions] == [("drug", ((0, 9),)), ("condition", ((17, 21), (25, 32)))]
    assert (first.id, second.id, first.levels) == ("5_1", "5_2", {"mention"})
    assert f"{path}: line 4: is no sentence of PHEE's" in str(problem)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('[[17, 25]]', '[[17, 26]]', "line 1: Effect 'hearing' does not stand at 26: the text reads 'earing '"),
        ('"Effect"', '"Wirkung"', "line 1: the label 'Wirkung' is not in phee.tsv"),
        ('"5_1"', "51", "line 1: its id 51 is no text"),
        ('"context": "', '"contexts": "', "line 1: is no sentence"),
        ('[[0]]', '[["a"]]', "line 1: is no sentence"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_sentence_is_said_with_its_line(tmp_path, old, new, said):
    path = tmp_path / "dev.jsonl"
    path.write_text(json.dumps(SENTENCE).replace(old, new, 1) + "\n" + json.dumps(SENTENCE), encoding="utf-8")
    if "contexts" in new:
        path.write_text(json.dumps(SENTENCE) + "\n" + json.dumps(SENTENCE).replace(old, new, 1), encoding="utf-8")
        said = said.replace("line 1", "line 2")
    assert f"{path}: {said}" in " ".join(str(case) for case in read_cases(path) if isinstance(case, InputError))


# DocBin -----------------------------------------------------------------------------------------------------------------------


def test_docbin_is_read_with_its_entities_and_span_groups(tmp_path):
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin, Span, SpanGroup

    nlp = spacy.blank("en")
    one, two = nlp(TEXT), nlp("He took aspirin.")
    mass, liver = one.char_span(*at("mass"), label="lesion"), one.char_span(*at("liver"), label="site")
    one.ents = [mass]
    one.spans["sc"] = SpanGroup(one, spans=[liver, mass, Span(one, mass.start, liver.end, label="lesion")])
    one.user_data["id"] = "a1"
    two.ents = [two.char_span(8, 15, label="drug")]
    path = tmp_path / "made.spacy"
    DocBin(docs=[one, two], store_user_data=True).to_disk(path)
    first, second = read_cases(path)
    assert [(m.label, first.text[slice(*m.spans[0])]) for m in first.mentions] == [
        ("lesion", "mass"), ("lesion", "mass in the liver"), ("site", "liver"),
    ]  # fmt: skip
    assert (first.id, second.id, first.levels) == ("a1", "made-2", {"mention"})
    result = evaluate([brat_file(tmp_path / "gold")], [path])
    assert (result.row("mention_strict").right, result.predicted_only) == (1, ("made-2",))
    assert ("context", "predicted") in {(gap.level, gap.side) for gap in result.gaps}


def test_a_docbin_with_foreign_labels_or_none_at_all_is_refused(tmp_path):
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import DocBin

    doc = spacy.blank("en")("He took aspirin.")
    doc.ents = [doc.char_span(8, 15, label="CHEMICAL")]
    path = tmp_path / "x.spacy"
    DocBin(docs=[doc]).to_disk(path)
    assert f"{path}: document 1 (x): the label 'CHEMICAL' is not in the entity types" in str(next(read_cases(path)))
    path.write_bytes(b"nothing of the kind")
    assert f"{path}: is no DocBin of spaCy's" in str(next(read_cases(path)))


# Marked sentences -------------------------------------------------------------------------------------------------------------


def test_marked_sentences_are_gold_of_mentions_and_context(tmp_path, nlp):
    from extractor.pipeline import extract

    path = tmp_path / "some.yaml"
    path.write_text(
        "labels: [finding]\ncases:\n- text: She had no [fever]{finding negated}.\n- text: 5\n- text: She took [aspirin]{drug}.\n"
        "- text: Her mother had [a cough]{finding experiencer=family}.\n",
        encoding="utf-8",
    )
    fever, problem, aspirin, cough = read_cases(path)
    assert (fever.id, fever.text, sorted(fever.mentions[0].flags)) == ("some-1", "She had no fever.", ["negated"])
    assert "some.yaml: case 2: has no text" in str(problem)
    assert (aspirin.mentions, fever.levels) == ((), {"mention", "context"})
    assert ("experiencer" in fever.flags, sorted(cough.mentions[0].flags)) == (False, ["experiencer"])
    result = evaluate_run([path], lambda report: extract(report, nlp))
    assert [gold.id for gold, _ in result.pairs] == ["some-1", "some-3", "some-4"]
    assert (result.row("context", "negated").right, result.row("context", "negated").gold) == (1, 1)


# Tables -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [MACCROBAT, BC5CDR, PHEE])
def test_the_tables_name_types_that_exist_and_argue_each_row(path):
    table = read_labels(path)
    assert {ours.partition(":")[0] for ours in table.scheme} <= set(own_labels().spans)
    assert set(table.scheme.values()) == {judged_as for judged_as in table.spans.values() if judged_as}
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert all(line.count("\t") == 4 and line.split("\t")[4].strip() for line in lines)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("spam\tA\tdrug\tdrug\t", "line 2: the kind 'spam' is none of span, flag, relation"),
        ("flag\tA\tdenied\t\t", "line 2: 'denied' is none of negated"),
        ("relation\tA\tlater\t\t", "line 2: 'later' is none of before, after, overlap"),
        ("span\tA\tdrug\tdrug\t\nspan\tA\t-\t\t", "line 3: A stands here twice"),
        ("span\tA\tdrug\tdrug\t\nspan\tB\tagent\tdrug\t", "line 3: our label drug is judged as drug already"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path, row, said):
    path = tmp_path / "t.tsv"
    path.write_text(f"kind\tlabel\tjudged_as\tours\twhy\n{row}\n", encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_labels(path)
    path.write_text(row)
    with pytest.raises(DataError, match="its first line must name the columns"):
        read_labels(path)


# Facts that are given ---------------------------------------------------------------------------------------------------------

STORY = (
    "A 52-year-old woman presented with a lump in the left breast. Mastectomy was performed two weeks later. "
    "Six months after surgery a metastasis was found in the liver, and she was given paclitaxel for 6-8 cycles."
)
GOLD = """id: given
source: made up
patient: {sex: female, age_years: 52}
index: presentation
facts:
- {id: p.1, type: procedure, name: mastectomy, category: surgery, at: ["[[Mastectomy]] was performed"], step: 2, start: [10, 18]}
- {id: l1, type: lesion, name: metastasis, course: new, site: liver, at: ["a [[metastasis]] was"], step: 3, start: [181, 212]}
- {id: d1, type: drug, name: paclitaxel, cycles: "6-8", at: ["given [[paclitaxel]] for"], step: 4, start: [181, 260]}
"""


def test_given_facts_are_the_golds_with_times_of_ours(tmp_path, nlp):
    from extractor.evaluation.given import given

    (tmp_path / "given.txt").write_text(STORY, encoding="utf-8")
    (tmp_path / "given.yaml").write_text(GOLD, encoding="utf-8")
    made = {}

    def make(case):
        made[case.id] = given(case, nlp)
        return made[case.id]

    result = evaluate_made([tmp_path / "given.yaml"], make)
    assert result.problems == ()
    assert (result.row("found").f1, result.row("strict").f1, result.row("name").f1, result.row("sex").f1, result.row("age").f1) == (1,) * 5
    assert [fact.name for fact in made["given"].facts] == ["mastectomy", "metastasis", "paclitaxel"]
    assert all(fact.start is not None and fact.step is not None for fact in made["given"].facts)
    assert made["given"].facts[2].cycles is None
    assert result.row("start").gold == 3
    assert result.row("order").f1 == 1


# Corpora ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "documents", "mentions"),
    [("maccrobat2020/dev", 33, 2391), ("bc5cdr/CDR_DevelopmentSet.PubTator.txt", 500, 9591), ("phee/dev.json", 961, 2530)],
)
def test_the_corpora_are_read_whole_and_are_right_against_themselves(shared, place, documents, mentions):
    cases = [case for path in gold_files([shared / "corpora" / place]) for case in read_cases(path)]
    assert not [case for case in cases if isinstance(case, ExtractorError)]
    assert (len(cases), sum(len(case.mentions) for case in cases)) == (documents, mentions)
    assert all(row.f1 in {1, None} for case in cases[:200] for row in counts(case, case))


def test_corpora_with_equal_documents_in_two_files_say_so(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.pubtator").write_text(PUBTATOR, encoding="utf-8")
    result = evaluate([tmp_path], [tmp_path / "one.pubtator"])
    assert len(result.pairs) == 2
    assert len(result.problems) == 2
    assert "another file has the id 77" in result.problems[0]
    assert compare([], []).rows == ()
