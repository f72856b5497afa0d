"""brat, BioC, spaCy, textual time series and TimeML: read back by others' readers, or by the rules that others have published."""

import re
from datetime import date
from pathlib import Path

import documents
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from extractor.evaluation.formats import read_cases
from extractor.evaluation.judged import JudgedCase
from extractor.exporters import export
from extractor.schema import Case, load

PIECES = st.sampled_from(
    ["cisplatin", " ", "  ", "\n", "\r\n", "\t", "é", "👩🏽‍⚕️", "ورم", "<&>", "\x0c", "\u2028", "mass", ".", "3+", "|", ";"]
)


@st.composite
def texts(draw: st.DrawFn) -> Case:
    """A text of odd characters with spans anywhere in it, overlapping, nested and at its ends."""
    text = "".join(draw(st.lists(PIECES, min_size=1, max_size=25)))
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places, st.sampled_from(["drug", "lesion", "finding"])), max_size=8))
    return documents.marked(text, [(min(a, b), max(a, b), kind) for a, b, kind in spans])


def written(case: Case, to: str, folder: Path) -> Path:
    for name, content in export([case], to).files.items():
        (folder / name).write_bytes(content)
    return folder


def judged(case: Case, to: str, folder: Path, suffix: str) -> JudgedCase:
    [read] = read_cases(written(case, to, folder) / f"{case.source.id}{suffix}")
    assert isinstance(read, JudgedCase), read
    return read


def words(case: Case) -> set[tuple[str, str]]:
    """The words of mentions and facts without white space, which brat leaves out at the ends of a piece, by their label."""
    spans = [(m.label, m.text) for m in case.mentions] + [(f.type, f.evidence[0].text) for f in case.facts]
    return {(label, "".join(text.split())) for label, text in spans if text.strip()}


# brat: the evaluation's reader


def read_words(read: JudgedCase) -> set[tuple[str, str]]:
    return {(m.label, "".join("".join(read.text[a:b] for a, b in m.spans).split())) for m in read.mentions}


def test_brat_gives_mentions_flags_and_order_back(article, tmp_path):
    read = judged(article, "brat", tmp_path, ".ann")
    assert read.text == article.text
    assert read_words(read) == words(article)
    negated = {(m.start, m.end) for m in article.mentions if m.context.negated}
    assert {m.spans[0] for m in read.mentions if "negated" in m.flags} == negated
    others = {(m.start, m.end) for m in article.mentions if m.context.experiencer != "patient"}
    assert {m.spans[0] for m in read.mentions if "experiencer" in m.flags} == others
    assert {r.type for r in read.relations} == {"before", "overlap"}


def test_brat_gives_the_order_of_facts_back(tmp_path):
    case = documents.case(kinds=[kind for kind in documents.KINDS if kind["type"] != "device"])  # a type that the reader does not know
    read = judged(case, "brat", tmp_path, ".ann")
    word = {m.id: read.text[slice(*m.spans[0])] for m in read.mentions}
    said = {(r.type, word[r.source], word[r.target]) for r in read.relations}
    assert said == {("overlap", "lump", "Biopsy"), ("before", "lump", "died")}


def test_brat_says_all_of_a_fact_in_a_note(tmp_path):
    lines = (written(documents.case(), "brat", tmp_path) / "report.ann").read_text(encoding="utf-8").splitlines()
    assert any(
        re.fullmatch(r"#\d+\tAnnotatorNotes T\d+\tF4 HER2; status=positive; value=3\+; .*day 0\.\.21; step 2.*", line) for line in lines
    )
    assert any(re.fullmatch(r"R\d+\tbefore Arg1:T1 Arg2:T\d+", line) for line in lines)


def test_brat_files_are_valid_for_a_reader_of_others(tmp_path):
    brat = pytest.importorskip("bioc.brat")
    from bioc.brat.validator import validate

    folder = written(documents.case(), "brat", tmp_path)
    with (folder / "report.txt").open(encoding="utf-8", newline="") as text, (folder / "report.ann").open(encoding="utf-8") as lines:
        read = brat.load(text, lines)
    validate(read)
    assert len(read.notes) == len(documents.KINDS)
    assert {(e.type, e.text) for e in read.entities} >= {(f.type, f.evidence[0].text) for f in documents.case().facts}


def test_brats_configuration_names_every_label_attribute_and_relation_used(article, tmp_path):
    folder = written(article, "brat", tmp_path)
    parts = re.split(r"\[(\w+)\]\n", (folder / "annotation.conf").read_text(encoding="utf-8"))
    named = {
        part: {line.split("\t")[0] for line in lines.splitlines() if line} for part, lines in zip(parts[1::2], parts[2::2], strict=True)
    }
    used: dict[str, set[str]] = {"T": set(), "A": set(), "R": set()}
    for line in (folder / f"{article.source.id}.ann").read_text(encoding="utf-8").splitlines():
        if line[0] in used:
            used[line[0]].add(line.split("\t")[1].split(" ")[0])
    assert used["T"] == named["entities"]
    assert used["R"] == named["relations"]
    assert used["A"] <= named["attributes"]


@given(texts())
@settings(max_examples=80, deadline=None)
def test_brat_carries_any_span_of_any_text(tmp_path_factory, case):
    read = judged(case, "brat", tmp_path_factory.mktemp("brat"), ".ann")
    assert read_words(read) == words(case)


# BioC: the package of the format's own community


def collection(case: Case):
    bioc = pytest.importorskip("bioc")
    from bioc import biocxml
    from bioc.validator import validate

    [content] = export([case], "bioc").files.values()
    read = biocxml.loads(content.decode())
    validate(read)
    assert isinstance(read, bioc.BioCCollection)
    return read.documents[0]


def test_bioc_gives_text_mentions_facts_and_relations_back(article):
    read = collection(article)
    assert "".join(p.text for p in read.passages) == article.text
    found = {a.id: (a.total_span.offset, a.total_span.end, a.infons["type"]) for p in read.passages for a in p.annotations}
    found |= {a.id: (a.total_span.offset, a.total_span.end, a.infons["type"]) for a in read.annotations}
    assert {m.id: (m.start, m.end, m.label) for m in article.mentions}.items() <= found.items()
    facts = {r.id: r for r in read.relations if r.infons["type"] == "fact"}
    for fact in article.facts:
        assert facts[fact.id].infons["name"] == fact.name
        assert facts[fact.id].infons.get("start_earliest") == (None if fact.start is None else str(fact.start.earliest))
        spans = [(e.start, e.end, e.role) for e in fact.evidence]
        assert [(*found[n.refid][:2], n.role) for n in facts[fact.id].nodes] == spans
    links = {(r.infons["type"], *(n.refid for n in r.nodes)) for r in read.relations if r.infons["type"] != "fact"}
    assert links == {(r.type, r.source, r.target) for r in article.relations}


@given(texts())
@settings(max_examples=80, deadline=None)
def test_bioc_carries_any_span_of_any_text(case):
    read = collection(case)
    text = "".join(p.text or "" for p in read.passages)
    assert len(text) == len(case.text or "")
    for annotation in [*read.annotations, *(a for p in read.passages for a in p.annotations)]:
        assert text[annotation.total_span.offset : annotation.total_span.end] == (annotation.text or "")


# spaCy: its own reader, and the evaluation's


def test_docbin_gives_the_spans_back(article, tmp_path):
    read = judged(article, "spacy", tmp_path, ".spacy")
    assert read.text == article.text
    spans = {(m.label, m.start, m.end) for m in article.mentions} | {
        (f.type, f.evidence[0].start, f.evidence[0].end) for f in article.facts
    }
    assert {(m.label, *m.spans[0]) for m in read.mentions} == spans


def docs(case: Case):
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    [content] = export([case], "spacy").files.values()
    return list(DocBin().from_bytes(content).get_docs(Vocab()))


def test_docbin_keeps_the_ids_of_facts_and_the_whole_document(article):
    [doc] = docs(article)
    assert {span.id_ for span in doc.spans["facts"]} == {fact.id for fact in article.facts}
    assert load(doc.user_data["timeline"]) == article
    longest = max(len(token) for token in doc if not token.is_space)
    assert longest < 40 and sum(token.is_space for token in doc) < len(doc) / 4  # words and marks, and a space is no token


def test_docbin_holds_all_documents_of_a_folder():
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    [(name, content)] = export([documents.case(identity="a"), documents.case(identity="b")], "spacy").files.items()
    assert name == "cases.spacy"
    assert [doc.user_data["id"] for doc in DocBin().from_bytes(content).get_docs(Vocab())] == ["a", "b"]


@given(texts())
@settings(max_examples=80, deadline=None)
def test_docbin_carries_any_span_of_any_text(case):
    [doc] = docs(case)
    assert doc.text == case.text
    wanted = {(m.start, m.end, m.label) for m in case.mentions if m.end > m.start}
    assert {(s.start_char, s.end_char, s.label_) for s in doc.spans["extractor"]} == wanted


# Textual time series: `event | hours` a line


def test_a_time_series_has_an_event_and_its_hours_a_line_in_order(article):
    [content] = export([article], "tts").files.values()
    header, *lines = content.decode().splitlines()
    assert header == "event | hours"
    rows = [re.fullmatch(r"([^|]+) \| (-?\d+)", line) for line in lines]
    assert all(rows)
    hours = [int(row[2]) for row in rows if row]
    assert hours == sorted(hours)
    happened = [f for f in article.facts if getattr(f, "status", None) not in ("declined", "planned") and f.start is not None]
    assert len(rows) == len(happened)


def test_each_patient_has_a_time_series():
    case = documents.case(patients=("P1", "P2"))
    assert set(export([case], "tts").files) == {"report.P1.bsv", "report.P2.bsv"}


# TimeML: the rules of the schema published with TimeML 1.2.1 (timeml.github.io, timeml_1.2.1.xsd), as data

DAY = r"[0-9X]{1,4}(-[0-9X]{1,2}(-[0-9X]{1,2})?)?"
LENGTH = r"P(\d+Y)?(\d+M)?(\d+D)?|P\d+W"
REL = "BEFORE AFTER INCLUDES IS_INCLUDED DURING SIMULTANEOUS IAFTER IBEFORE IDENTITY BEGINS ENDS BEGUN_BY ENDED_BY"
MODS = "BEFORE AFTER ON_OR_BEFORE ON_OR_AFTER LESS_THAN MORE_THAN EQUAL_OR_LESS EQUAL_OR_MORE START MID END APPROX"


def one_of(names: str) -> str:
    return "|".join(names.split())


RULES: dict[str, tuple[dict[str, str], dict[str, str]]] = {  # required attributes, then those that may be left out, each with its pattern
    "EVENT": (
        {"eid": r"e\d+", "class": one_of("OCCURRENCE PERCEPTION REPORTING ASPECTUAL STATE I_STATE I_ACTION MODAL")},
        {"stem": ".*"},
    ),
    "TIMEX3": (
        {"tid": r"t\d+", "type": one_of("DATE TIME DURATION SET"), "value": f"{DAY}|{LENGTH}"},
        {"temporalFunction": "true|false", "mod": one_of(MODS), "anchorTimeID": r"t\d+", "beginPoint": r"t\d+", "endPoint": r"t\d+"},
    ),
    "SIGNAL": ({"sid": r"s\d+"}, {}),
    "MAKEINSTANCE": (
        {"eiid": r"ei\d+", "eventID": r"e\d+", "tense": one_of("PAST PRESENT FUTURE INFINITIVE PRESPART PASTPART NONE"),
         "aspect": one_of("PROGRESSIVE PERFECTIVE PERFECTIVE_PROGRESSIVE NONE"), "pos": one_of("VERB ADJECTIVE NOUN NONE")},
        {"polarity": "NEG|POS", "modality": ".*", "signalID": r"s\d+"},
    ),
    "TLINK": (
        {"lid": r"l\d+", "relType": one_of(REL), "eventInstanceID": r"ei\d+"},
        {"relatedToTime": r"t\d+", "relatedToEventInstance": r"ei\d+", "magnitude": r"t\d+", "signalID": r"s\d+"},
    ),
}  # fmt: skip
KEYS = {"EVENT": "eid", "TIMEX3": "tid", "SIGNAL": "sid", "MAKEINSTANCE": "eiid", "TLINK": "lid"}
REFERENCES = {
    "eventID": "EVENT", "eventInstanceID": "MAKEINSTANCE", "relatedToEventInstance": "MAKEINSTANCE", "relatedToTime": "TIMEX3",
    "magnitude": "TIMEX3", "anchorTimeID": "TIMEX3", "beginPoint": "TIMEX3", "endPoint": "TIMEX3", "signalID": "SIGNAL",
}  # fmt: skip


def problems(root) -> list[str]:
    """What a TimeML document gets wrong."""
    found = [] if root.tag == "TimeML" else ["the root is not TimeML"]
    ids: dict[str, list[str]] = {tag: [e.get(key) for e in root.iter(tag)] for tag, key in KEYS.items()}
    found += [f"two {tag} have one id" for tag, names in ids.items() if len(set(names)) != len(names)]
    for element in root:
        needed, free = RULES[element.tag]
        found += [f"{element.tag} lacks {name}" for name in needed if name not in element.attrib]
        for name, value in element.attrib.items():
            pattern = (needed | free).get(name)
            if pattern is None or not re.fullmatch(pattern, value):
                found.append(f"{element.tag} {name}={value!r}")
            if name in REFERENCES and element.tag != {"eventID": "EVENT"}.get(name) and value not in ids[REFERENCES[name]]:
                found.append(f"{element.tag} {name} refers to {value}, which is not there")
        if element.tag == "TLINK" and ("relatedToTime" in element.attrib) == ("relatedToEventInstance" in element.attrib):
            found.append("a TLINK relates to one thing")
    return found


def timeml(case: Case, epoch: date | None = None):
    [content] = export([case], "timeml", epoch).files.values()
    return etree.fromstring(content)


def test_timeml_keeps_the_published_rules_and_the_text(article):
    root = timeml(article)
    assert problems(root) == []
    assert "".join(root.itertext()).rstrip("\n") == (article.text or "").rstrip("\n")
    assert len(root.findall("MAKEINSTANCE")) == len(article.facts)


def test_timeml_rules_find_what_is_wrong():
    root = timeml(documents.case())
    root.find("TLINK").set("relType", "OVERLAP")
    root.find("MAKEINSTANCE").set("eventID", "e999")
    assert len(problems(root)) == 2


def test_timeml_links_facts_with_each_other_and_with_day_0():
    root = timeml(documents.case(), date(2020, 2, 3))
    assert root.find("TIMEX3[@tid='t0']").get("value") == "2020-02-03"
    said = {
        (e.get("eventInstanceID"), e.get("relType"), e.get("relatedToTime") or e.get("relatedToEventInstance")) for e in root.iter("TLINK")
    }
    assert {("ei1", "BEFORE", "ei14"), ("ei1", "SIMULTANEOUS", "ei2"), ("ei6", "AFTER", "t0")} <= said
    [biopsy] = [e.get("relatedToTime") for e in root.iter("TLINK") if e.get("eventInstanceID") == "ei2"]
    days = root.find(f"TIMEX3[@tid='{biopsy}']")
    assert (days.get("value"), days.get("beginPoint")) == ("P21D", "t0")
    lengths = {e.get("tid"): (e.get("value"), e.get("mod")) for e in root.iter("TIMEX3")}
    mastectomy = [lengths[e.get("magnitude")] for e in root.iter("TLINK") if e.get("eventInstanceID") == "ei6" and e.get("magnitude")]
    assert mastectomy == [("P11D", "EQUAL_OR_MORE"), ("P38D", "EQUAL_OR_LESS")]


@pytest.mark.parametrize(
    ("kind", "start", "end", "links"),
    [
        ("procedure", (-30, -10), None, ["BEFORE", "BEFORE"]),
        ("diagnosis", (-30, -10), None, []),  # it may last beyond day 0
        ("drug", (-30, -10), (-5, -1), ["BEFORE", "BEFORE"]),
        ("drug", (-30, -10), (5, 9), []),
        ("procedure", (0, 0), None, ["SIMULTANEOUS"]),
        ("procedure", (-5, 0), None, ["IS_INCLUDED"]),
        ("lesion", (0, 21), None, []),
        ("drug", (3, None), None, ["AFTER"]),
        ("procedure", (-3, 3), None, []),
    ],
)
def test_timeml_says_of_day_0_only_what_holds_for_the_whole_event(kind, start, end, links):
    case = documents.case(kinds=[{"type": kind, "name": "x", "words": "lump", "start": start, "end": end}])
    assert [e.get("relType") for e in timeml(case).iter("TLINK")] == links
    assert links or any(loss.fact == "F1" for loss in export([case], "timeml").losses)


def test_timeml_writes_durations_in_their_unit(nlp):
    from conftest import extracted

    root = timeml(extracted("A 50-year-old woman had breast cancer. She took tamoxifen for six months. She died on 3 May 2015."))
    said = {(e.text, e.get("type"), e.get("value")) for e in root.iter("TIMEX3") if e.text}
    assert ("for six months", "DURATION", "P6M") in said
    assert any(kind == "DATE" and value == "2015-05-03" for _, kind, value in said)


@given(texts())
@settings(max_examples=80, deadline=None)
def test_timeml_carries_any_text(case):
    root = timeml(case)
    assert problems(root) == []
    assert len("".join(root.itertext())) - len(root.findall("MAKEINSTANCE")) >= len(case.text or "")
