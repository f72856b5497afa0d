"""What changed between two documents: pairs do not depend on ids, and each change is said once and as what it is."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.errors import DocumentError, InputError
from extractor.evaluation.diff import Comparison, as_dict, compare, diff, listing
from extractor.schema import dump, load

TEXT = (
    "A woman presented with a lump in the breast. Core biopsy showed ductal carcinoma. ER was positive. She received trastuzumab "
    "for a year, then capecitabine, and had a brain MRI that showed a metastasis. A second biopsy followed. She died."
)
GENERATOR = {"version": "0", "pipeline_digest": "sha256:0"}


def fact(kind, words, name=None, *, text=TEXT, **values):
    assert text.count(words) == 1, words
    start = text.index(words)
    evidence = [{"start": start, "end": start + len(words), "text": words}]
    return {"type": kind, "name": name or words, "evidence": evidence, **values}


def days(earliest, latest):
    return {"earliest": earliest, "latest": latest}


FACTS = [
    fact("lesion", "lump", step=1, start=days(0, 0), site="breast"),
    fact("procedure", "Core biopsy", "core biopsy", category="biopsy", step=2, start=days(0, 30)),
    fact("biomarker", "ER", status="positive", step=2, start=days(0, 30)),
    fact("drug", "trastuzumab", step=3, start=days(20, 60), end=days(380, 430)),
    fact("drug", "capecitabine", step=4, start=days(380, 430)),
    fact("procedure", "brain MRI", category="imaging", step=5, start=days(400, 800)),
    fact("lesion", "metastasis", site="brain", step=5, start=days(400, 800)),
    fact("procedure", "second biopsy", "biopsy", category="biopsy", step=6, start=days(400, 800)),
    fact("outcome", "died", "death", step=7, start=days(400, 900)),
]


def case(facts=FACTS, *, text=TEXT, name="a", patients=({"id": "P1", "sex": "female"},), sha256=None):
    numbered = [{"id": f"F{number}", **f} for number, f in enumerate(facts, start=1)]
    source = {"id": name, "sha256": sha256}
    document = {"generator": GENERATOR, "source": source, "text": text, "sections": [], "patients": patients, "facts": numbered}
    return load(json.dumps(document))


def changed(number, **values):
    """The facts with one of them changed."""
    return [{**f, **values} if n == number else f for n, f in enumerate(FACTS)]


def without(*numbers):
    return [f for n, f in enumerate(FACTS) if n not in numbers]


def told(difference):
    """The keys of the changes by the fact's name."""
    return {c.new.name: [change.key for change in c.changes] for c in difference.changed}


# Two documents ----------------------------------------------------------------------------------------------------------------


def test_a_document_has_no_difference_from_itself():
    assert not compare(case(), case())
    assert compare(case(), case()).changed == ()


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_neither_ids_nor_the_order_of_the_facts_matter(shuffler):
    facts = list(FACTS)
    shuffler.shuffle(facts)
    assert not compare(case(), case(facts))


@given(st.sets(st.integers(0, len(FACTS) - 1)), st.sets(st.integers(0, len(FACTS) - 1)))
@settings(max_examples=50, deadline=None)
def test_what_is_added_one_way_is_gone_the_other_way(left, right):
    old, new = case(without(*left)), case(without(*right))
    there, back = compare(old, new), compare(new, old)
    assert [f.name for f in there.added] == [f.name for f in back.gone] == [FACTS[n]["name"] for n in sorted(left - right)]
    assert [f.name for f in there.gone] == [f.name for f in back.added]
    assert not there.changed  # the others have other steps, but the same order


def test_a_fact_that_moved_is_one_move_and_neither_added_nor_gone():
    found = compare(case(), case(changed(4, start=days(500, 510))))
    assert (found.added, found.gone) == ((), ())
    assert told(found) == {"capecitabine": ["start"]}
    change = found.changed[0].changes[0]
    assert (change.old["earliest"], change.new["earliest"]) == (380, 500)


def test_one_fact_put_elsewhere_in_the_order_is_one_change_however_many_steps_change():
    order = [0, 1, 2, 4, 5, 6, 7, 3, 8]  # trastuzumab after the second biopsy
    steps = {number: step for step, number in enumerate(order, start=1)}
    old = [{**f, "step": n + 1} for n, f in enumerate(FACTS)]
    new = [{**f, "step": steps[n]} for n, f in enumerate(FACTS)]
    found = compare(case(old), case(new))
    assert told(found) == {"trastuzumab": ["order"]}
    assert found.changed[0].changes[0].new == {"after": ["capecitabine", "brain MRI", "metastasis", "biopsy"]}
    assert "order: was before capecitabine, brain MRI, metastasis and 1 more, is after capecitabine" in listing(Comparison(1, (found,)))


def test_facts_no_longer_at_the_same_time_are_a_change_of_order():
    found = compare(case(), case(changed(6, step=6)))  # the metastasis beside the second biopsy, no longer beside the MRI
    assert told(found) == {"metastasis": ["order"]}
    assert found.changed[0].changes[0].old == {"beside": ["brain MRI"], "before": ["biopsy"]}


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({"name": "hormone receptor"}, ["name"]),
        ({"status": "low", "value": "5%"}, ["status", "value"]),
        ({"certainty": "suspected"}, ["certainty"]),
        ({"start": None}, ["start"]),
        ({"end": days(40, 50)}, ["end"]),
        ({"start": days(0.04, 30)}, []),  # less than anyone claims
        ({"confidence": 0.1}, []),
    ],
)
def test_each_thing_told_differently_is_named(values, keys):
    assert told(compare(case(), case(changed(2, **values)))) == ({values.get("name", "ER"): keys} if keys else {})


def test_moves_of_few_days_can_be_left_out():
    new = case(changed(4, start=days(383, 425)))
    assert compare(case(), new)
    assert not compare(case(), new, days=5)
    assert compare(case(), case(changed(4, start=days(383, None))), days=5)


def test_sizes_in_another_order_are_the_same():
    assert not compare(case(changed(0, size_mm=[12, 8])), case(changed(0, size_mm=[8, 12])))


def test_heads_that_touch_make_a_pair_and_other_heads_are_said():
    wider = fact("procedure", "biopsy showed", "biopsy", category="biopsy", step=2, start=days(0, 30))
    found = compare(case(), case([wider if n == 1 else f for n, f in enumerate(FACTS)]))
    assert told(found) == {"biopsy": ["name", "words"]}
    assert found.changed[0].changes[1].new == [f"biopsy showed ({TEXT.index('biopsy showed')})"]


def test_the_same_name_elsewhere_is_another_fact_where_an_attribute_contradicts():
    old = [fact("lesion", "lump", "mass", site="breast")]
    assert told(compare(case(old), case([fact("lesion", "metastasis", "mass", site="breast")]))) == {"mass": ["words"]}
    found = compare(case(old), case([fact("lesion", "metastasis", "mass", site="brain")]))
    assert (len(found.added), len(found.gone), found.changed) == (1, 1, ())


def test_types_of_a_users_own_are_compared_too():
    old, new = (case([fact("device", "lump", maker=maker)]) for maker in ("one", "other"))
    assert told(compare(old, new)) == {"lump": ["maker"]}


def test_patients_and_day_0_are_compared():
    index = {"label": "presentation", "date": "2014-03"}
    new = case(patients=({"id": "P1", "sex": "male", "age": "P42Y", "index": index}, {"id": "P2"}))
    assert [(number, change.key) for number, change in compare(case(), new).patients] == [
        (1, "sex"), (1, "age"), (1, "day 0"), (1, "date of day 0"), (2, "patient"),
    ]  # fmt: skip


def test_a_fact_of_another_patient_is_said_and_not_ordered_among_the_others():
    patients = ({"id": "A"}, {"id": "B"})
    old, new = ([{**f, "patient": "A"} for f in FACTS] for _ in range(2))
    new[3] = {**new[3], "patient": "B", "step": 1}
    assert told(compare(case(old, patients=patients), case(new, patients=patients))) == {"trastuzumab": ["patient"]}


def test_other_texts_are_said_and_facts_paired_by_their_words():
    text = "Title.\n" + TEXT.replace("died", "passed away")
    new = [{**f, "evidence": fact("", f["evidence"][0]["text"], text=text)["evidence"]} for f in FACTS[:-1]]
    found = compare(case(), case(new, text=text))
    assert "from character 0 on ('A woman presented wi' is now 'Title.\\nA woman prese')" in found.text
    assert ([f.name for f in found.gone], found.added, found.changed) == (["death"], (), ())


def test_documents_without_text_are_told_apart_by_their_digest():
    bare = case(text=None, sha256="1")
    assert not compare(bare, case(text=None, sha256="1"))
    assert not compare(bare, case(sha256="1"))
    assert compare(bare, case(text=None, sha256="2")).text == "the texts are not the same"
    assert compare(bare, case(without(8), text=None, sha256="1")).gone[0].sentence == "[[died]]"


# Folders and what is shown ----------------------------------------------------------------------------------------------------


def write(folder, name, facts=FACTS, **values):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(dump(case(facts, name=name, **values)), encoding="utf-8")
    return path


def test_two_files_are_compared_whatever_their_names(tmp_path):
    found = diff(write(tmp_path, "a"), write(tmp_path, "b"))
    assert not found
    assert listing(found) == "no difference"


def test_folders_are_compared_by_name_and_one_bad_file_hides_nothing(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for name in ("a", "b", "c", "bad"):
        write(old, name)
    write(new, "a")
    write(new, "b", changed(4, start=days(500, 510)))
    write(new, "d")
    (new / "bad.json").write_text("{}")
    found = diff(old, new)
    assert (found.compared, [d.id for d in found.differences]) == (2, ["b"])
    assert (found.old_only, found.new_only) == (("c",), ("d",))
    assert len(found.problems) == 1
    assert "bad.json" in found.problems[0]
    text = listing(found)
    assert "b: 1 moved in time\n  ~ drug capecitabine\n      start: was [380, 430], is [500, 510]\n      She received trastuzumab" in text
    assert "then [[capecitabine]], and had" in text
    assert text.endswith("c: only in the old\nd: only in the new\n2 documents compared: 1 with differences")
    assert json.loads(json.dumps(as_dict(found)))["differences"][0]["changed"][0]["changes"][0]["key"] == "start"


def test_added_and_gone_facts_are_shown_with_what_is_known_of_them(tmp_path):
    text = listing(diff(write(tmp_path, "a", without(3)), write(tmp_path, "b", without(0))))
    assert "a: 1 added, 1 gone" in text
    assert "\n  + drug trastuzumab (status given, start [20, 60], end [380, 430])\n      She received [[trastuzumab]] for a year" in text
    assert "\n  - lesion lump (" in text


def test_equal_folders_have_no_difference(tmp_path):
    for name in ("a", "b"):
        write(tmp_path, name)
    assert listing(diff(tmp_path, tmp_path)) == "2 documents: no difference"


def test_what_cannot_be_compared_is_refused_in_words(tmp_path):
    path = write(tmp_path, "a")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="are a folder and a file: name two documents or two folders"):
        diff(tmp_path, path)
    with pytest.raises(InputError, match=r"holds no \.json file"):
        diff(tmp_path, tmp_path / "empty")
    with pytest.raises(InputError, match=r"none\.json does not exist"):
        diff(path, tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("[")
    with pytest.raises(DocumentError, match=r"bad\.json"):
        diff(path, tmp_path / "bad.json")


def test_a_large_document_differs_in_nothing_from_itself_shuffled():
    words = [f"word{n}" for n in range(400)]
    text = " ".join(words)
    facts = [fact("lesion", f"{w} ", w, text=text + " ", step=n) for n, w in enumerate(words)]
    random.Random(1).shuffle(facts)
    assert not compare(case(facts, text=text + " "), case(facts[::-1], text=text + " "))
