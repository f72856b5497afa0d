"""When: the values of time expressions, the network of links, and what place() promises of every document."""

from datetime import date, timedelta
from itertools import pairwise, product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.entities.lexicon import HERE, load_entity
from extractor.entities.patient.stories import by_introduction
from extractor.entities.reading import Reading, Sentence
from extractor.schema import Bounds, Fact, Mention, Patient, Relation, Section
from extractor.timeline import place
from extractor.timeline.anchors import Choice, Event, choose
from extractor.timeline.cues import cycle_days, is_pluperfect, visit
from extractor.timeline.expressions import amount, express, length, unit_days
from extractor.timeline.kinds import course_of, gap
from extractor.timeline.network import DAY0, Link, solve, whole_days
from extractor.timeline.relations import closure

POINTS = [DAY0, *(f"F{i}" for i in range(1, 7))]


@st.composite
def links(draw: st.DrawFn) -> list[Link]:
    """Links between a few points, each with at least one bound."""
    found = []
    for _ in range(draw(st.integers(0, 14))):
        before, after = draw(st.lists(st.sampled_from(POINTS), min_size=2, max_size=2, unique=True))
        low = draw(st.none() | st.integers(-400, 400))
        high = draw(st.integers(-400 if low is None else low, 800)) if low is None or draw(st.booleans()) else None
        found.append(Link(before, after, low, high, draw(st.integers(1, 5)), "rule"))
    return found


@given(links())
@settings(max_examples=200, deadline=None)
def test_solved_bounds_satisfy_every_link_that_was_kept(some: list[Link]) -> None:
    solution = solve(some)
    assert {*solution.kept, *solution.dropped} == set(some)
    for times in (solution.earliest, solution.latest):
        for link in solution.kept:
            if link.before in times and link.after in times:
                apart = times[link.after] - times[link.before]
                assert link.low is None or apart >= link.low - 1e-6
                assert link.high is None or apart <= link.high + 1e-6


@given(links(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_links_does_not_matter(some: list[Link], random: Random) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)
    assert solve(shuffled) == solve(some)


@given(links(), st.integers(-1000, 1000))
@settings(max_examples=100, deadline=None)
def test_shifting_one_point_shifts_its_bounds_only(some: list[Link], days: int) -> None:
    free = [x for x in some if "F1" not in (x.before, x.after)]
    at = lambda n: solve([*free, Link(DAY0, "F1", n, n + 3, 5, "text")])
    first, shifted = at(0), at(days)
    assert shifted.earliest["F1"] == first.earliest["F1"] + days
    assert {p: t for p, t in shifted.latest.items() if p != "F1"} == {p: t for p, t in first.latest.items() if p != "F1"}


@given(links())
@settings(max_examples=100, deadline=None)
def test_what_is_dropped_contradicts_what_is_kept(some: list[Link]) -> None:
    solution = solve(some)
    for link in solution.dropped:
        assert solve([*solution.kept, link]).dropped, f"{link} could have stayed"


@st.composite
def small_networks(draw: st.DrawFn) -> list[Link]:
    """Links between three points that all lie within five days of day 0, with whole days."""
    points = [DAY0, "F1", "F2", "F3"]
    found = [Link(DAY0, p, -5, 5, 6, "near") for p in points[1:]]
    for _ in range(draw(st.integers(0, 6))):
        before, after = draw(st.lists(st.sampled_from(points), min_size=2, max_size=2, unique=True))
        low = draw(st.none() | st.integers(-5, 5))
        high = draw(st.integers(-5 if low is None else low, 5)) if low is None or draw(st.booleans()) else None
        found.append(Link(before, after, low, high, draw(st.integers(1, 5)), "rule"))
    return found


@given(small_networks())
@settings(max_examples=150, deadline=None)
def test_bounds_are_those_that_trying_every_day_gives(some: list[Link]) -> None:
    solution = solve(some)
    points = ["F1", "F2", "F3"]
    allowed = []
    for times in product(range(-5, 6), repeat=3):
        at = {DAY0: 0, **dict(zip(points, times, strict=True))}
        apart = [(at[x.after] - at[x.before], x) for x in solution.kept]
        if all((x.low is None or d >= x.low) and (x.high is None or d <= x.high) for d, x in apart):
            allowed.append(times)
    for n, point in enumerate(points):
        assert (solution.earliest[point], solution.latest[point]) == (min(t[n] for t in allowed), max(t[n] for t in allowed))


@given(small_networks(), small_networks())
@settings(max_examples=100, deadline=None)
def test_one_more_link_that_is_kept_never_widens_a_bound(some: list[Link], more: list[Link]) -> None:
    first = solve(some)
    for link in more:
        second = solve([*first.kept, link])
        if second.dropped:
            continue
        assert all(second.earliest[p] >= day - 1e-6 for p, day in first.earliest.items())
        assert all(second.latest[p] <= day + 1e-6 for p, day in first.latest.items())


def test_what_is_dropped_names_what_it_contradicts() -> None:
    said, date = Link("a", "b", 300, 400, 4, "text"), Link("a", "b", 5, 9, 5, "date")
    assert solve([said, date, Link(DAY0, "a", 0, 0, 6, "day 0")]).against == {said: (date,)}


def test_the_least_trusted_link_of_a_contradiction_gives_way() -> None:
    usual, said = Link("a", "b", None, 30, 1, "usual"), Link("a", "b", 300, 400, 4, "text")
    assert solve([usual, said, Link(DAY0, "a", 0, 0, 6, "day 0")]).dropped == (usual,)


def test_links_of_points_that_day_0_does_not_reach_are_checked_too() -> None:
    assert solve([Link("a", "b", 5, 9, 4, "text"), Link("b", "a", 5, 9, 3, "text")]).dropped == (Link("b", "a", 5, 9, 3, "text"),)


def test_a_chain_of_four_hundred_facts_is_solved_to_its_end() -> None:
    chain = [Link(a, b, 0, 30, 1, "usual") for a, b in pairwise([DAY0, *(f"F{i}" for i in range(400))])]
    ends = [Link(f"F{i}", f"F{i}.end", 21, 180, 1, "course") for i in range(400)]
    solution = solve([*chain, *ends])
    assert solution.latest["F399"] == 12000


@pytest.mark.parametrize(
    ("low", "high", "whole"),
    [(10.5, 17.5, (11, 17)), (471.82, 532.26, (472, 532)), (0.3, 0.4, (0, 1)), (None, 3.9, (None, 3)), (-106.5, -76.1, (-106, -77))],
)
def test_bounds_are_rounded_inwards(low: float | None, high: float | None, whole: tuple[Any, Any]) -> None:
    assert whole_days(low, high) == whole


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [
        ("two weeks later", 10.5, 17.5), ("sixteen months after diagnosis", 471.82, 502.26), ("2-3 weeks later", 14, 21),
        ("two and a half years postoperatively", 821.8125, 1004.4375), ("3 days later", 2.5, 3.5), ("a few weeks later", 10.5, 42),
        ("10 years ago", -3835.125, -3469.875), ("3 weeks before admission", -24.5, -17.5), ("the next day", 1, 1),
        ("the following month", 15.22, 45.66), ("postoperative day 8", 7, 8), ("on the eleventh hospital day", 10, 11),
        ("after two cycles of chemotherapy", 28, 60), ("shortly after", 0, 60), ("within two weeks", 0, 17.5), ("five hours later", 0, 1),
        ("for 10 months", 289.18, 319.62), ("at age 42", 15340.5, 15705.75), ("in her 50s", 18262.5, 21915), ("On Day 6, the", 5, 6),
        ("half a year later", 91.3125, 273.9375),
        ("at week 12", 77, 87.5), ("the day after surgery", 0.5, 1.5), ("one year and two months later", 410.91, 441.35),
        ("one year and a half later", 456.5625, 639.1875),
    ],
)  # fmt: skip
def test_an_expression_has_its_value_in_days(words: str, low: float, high: float) -> None:
    x = express(_time(words), words)
    assert x is not None
    assert x.low == pytest.approx(low, abs=0.01)
    assert x.high == pytest.approx(high, abs=0.01)


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("in 2014", "2014-01-01", "2014-12-31"), ("March 2014", "2014-03-01", "2014-03-31"), ("2014-03-12", "2014-03-12", "2014-03-12"),
        ("from June to July 2014", "2014-06-01", "2014-06-30"),
        ("on March 12, 2014", "2014-03-12", "2014-03-12"), ("12/03/2014", "2014-03-12", "2014-12-03"),
        ("25/03/2014", "2014-03-25", "2014-03-25"),
        ("in the summer of 2014", "2014-06-01", "2014-08-31"), ("in early 2014", "2014-01-01", "2014-05-02"),
    ],
)  # fmt: skip
def test_a_date_runs_from_its_first_to_its_last_day(words: str, first: str, last: str) -> None:
    x = express(_time(words), words)
    assert x is not None
    assert (x.low, x.high) == (date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal())


def _time(words: str) -> Mention:
    """The longest time mention of some words."""
    entity = load_entity(HERE / "time")
    found = [(m, p.attributes) for p in entity.patterns for m in p.regex.finditer(words)]
    hits = [(*(m.span()), {**said, **{k: v for k, v in m.groupdict().items() if v is not None}}) for m, said in found]
    for term in entity.terms:
        at = words.lower().find(term.term)
        if at >= 0:
            hits.append((at, at + len(term.term), dict(term.attributes)))
    start, end, said = max(hits, key=lambda h: h[1] - h[0])
    return Mention(id="M1", label="time", start=start, end=end, text=words[start:end], section="S1", found_by="test", attributes=said)


def test_amounts_and_lengths() -> None:
    assert amount("twenty-one") == (21, 21)
    assert amount("2 to 3") == (2, 3)
    assert amount("several") == (2, 11)
    assert amount("blue") is None
    assert length("blue", "weeks") is None
    assert unit_days("yrs") == (365.25, 365.25)


def test_every_number_a_pattern_lets_through_has_a_value_or_none() -> None:
    for words in ("the 0th day of hospitalization", "99/99/2014", "on February 30, 2014", "at age 200"):
        entity = load_entity(HERE / "time")
        for pattern in entity.patterns:
            for match in pattern.regex.finditer(words):
                said = {**pattern.attributes, **{k: v for k, v in match.groupdict().items() if v is not None}}
                span = Mention(
                    id="M1", label="time", start=match.start(), end=match.end(), text=match[0], section="S1", found_by="t", attributes=said
                )
                express(span, words)


def test_cues_tell_a_visit_from_a_routine_and_an_earlier_step_from_a_change() -> None:
    assert visit("She presented with cough.")
    assert visit("a man who had been transferred to the emergency room")
    assert not visit("She had routinely visited the clinic.")
    assert not visit("We presented the case.")
    assert is_pluperfect("She had undergone mastectomy.")
    assert not is_pluperfect("The level had declined.")
    assert cycle_days("on days 1, 8 and 15 of a 28-day cycle") == (28, 35)
    assert cycle_days("every three weeks") == (21, 28)
    assert cycle_days("every day") is None


def test_usual_gaps_fall_back_from_the_special_to_the_general() -> None:
    assert gap("surgery", "therapy") == (14, 75)
    assert gap("nothing known", "exam") == gap("*", "exam")
    assert gap("surgery", "surgery", "acute")[1] <= gap("surgery", "surgery")[1]


def _place(text: str, facts: list[Fact], patients: list[Patient] | None = None) -> Any:
    """place() on bare sentences: time mentions by the entity's own patterns, facts given."""
    section = Section(id="S1", kind="case", start=0, end=len(text))
    sentences, at = [], 0
    for number, words in enumerate(text.split(". ")):
        sentences.append(Sentence(number, at, at + len(words), section))
        at += len(words) + 2
    mentions = []
    for pattern in load_entity(HERE / "time").patterns:
        for match in pattern.regex.finditer(text):
            said = {**pattern.attributes, **{k: v for k, v in match.groupdict().items() if v is not None}}
            mentions.append(Mention(id=f"M{len(mentions)}", label="time", start=match.start(), end=match.end(), text=match[0], section="S1",
                                    found_by=pattern.name, attributes=said))  # fmt: skip
    longest = [m for m in mentions if not any(o is not m and o.start <= m.start and m.end <= o.end for o in mentions)]
    reading = Reading(text, [section], sentences, longest)
    return place(facts, by_introduction(reading, patients or [Patient(id="P1", age="P50Y")]))


def _fact(text: str, words: str, number: int, **said: Any) -> Fact:
    from pydantic import TypeAdapter

    start = text.index(words)
    evidence = [{"start": start, "end": start + len(words), "text": words, "role": "head", "section": "S1"}]
    return TypeAdapter(Fact).validate_python({"id": f"F{number}", "name": words, "evidence": evidence, **said})


def test_a_contradiction_of_the_text_is_told_with_its_words() -> None:
    text = (
        "In May 2014 she presented with a mass. In June 2014 mastectomy was done. Two years after mastectomy, in August 2014, CT was done"
    )
    facts = [
        _fact(text, "mass", 1, type="lesion"),
        _fact(text, "mastectomy", 2, type="procedure", category="surgery"),
        _fact(text, "CT", 3, type="procedure", category="imaging"),
    ]
    placed = _place(text, facts)
    assert [w.code for w in placed.warnings] in ([], ["temporal-conflict"])
    text = (
        "In May 2014 she presented with a mass. Mastectomy was done on June 2, 2014. Two years after mastectomy CT was done on June 9, 2014"
    )
    facts = [
        _fact(text, "mass", 1, type="lesion"),
        _fact(text, "Mastectomy", 2, type="procedure", category="surgery"),
        _fact(text, "CT", 3, type="procedure", category="imaging"),
    ]
    for warning in _place(text, facts).warnings:
        assert warning.code == "temporal-conflict"
        assert '"' in warning.message


def test_a_warning_names_the_sentences_of_both_sides(nlp: Any) -> None:
    text = (
        "A woman presented on May 2, 2014 with cough. Lobectomy was performed on June 2, 2014. Two years after lobectomy, on June 9, 2014, "
        "chest CT was performed. She was discharged on June 12, 2014."
    )
    case = _extracted(text, nlp)
    assert all(w.code == "temporal-conflict" for w in case.warnings if "contradicts" in w.message)
    (warning,) = [w for w in case.warnings if "contradicts" in w.message]
    assert '"Two years after lobectomy" (in "Two years after lobectomy, on June 9, 2014' in warning.message
    assert '"on June 2, 2014" (in "Lobectomy was performed on June 2, 2014.")' in warning.message
    names = {f.id: f.name for f in case.facts}
    assert "lobectomy" in {names[f] for f in warning.facts}


@given(st.integers(-4000, 4000), st.lists(st.integers(1, 400), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_shifting_every_date_leaves_every_distance(shift: int, apart: list[int]) -> None:
    def told(first: date) -> list[tuple[float | None, float | None]]:
        days = [first]
        for n in apart:
            days.append(days[-1] + timedelta(n))
        said = [f"on {d.strftime('%B')} {d.day}, {d.year}" for d in days]
        text = (
            f"She presented {said[0]} with a mass. Mastectomy was done {said[1]}. Two weeks later, CT was done. "
            f"Lobectomy was done {said[2]}. Sigmoidectomy was done {said[3]}"
        )
        facts = [
            _fact(text, w, n, type="procedure", category="surgery") for n, w in enumerate(("Mastectomy", "Lobectomy", "Sigmoidectomy"))
        ]
        facts.append(_fact(text, "CT", 9, type="procedure", category="imaging"))
        return [(f.start.earliest, f.start.latest) for f in _place(text, facts).facts]

    start = date(2004, 3, 1)
    bounds = told(start + timedelta(shift))
    assert bounds == told(start)
    assert bounds[0] == (apart[0], apart[0])


@given(st.sampled_from(["The family lived by the sea", "His brother was a baker", "The weather was fine"]), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_a_sentence_without_facts_or_times_changes_nothing(unrelated: str, where: int) -> None:
    told = [
        "She presented with a mass",
        "Mastectomy was done",
        "Three months later CT was done",
        "Six months after mastectomy MRI was done",
    ]

    def placed(sentences: list[str]) -> list[object]:
        text = ". ".join(sentences)
        facts = [_fact(text, "Mastectomy", 1, type="procedure", category="surgery")]
        facts += [_fact(text, w, n, type="procedure", category="imaging") for n, w in enumerate(("CT", "MRI"), start=2)]
        return [(f.start, f.step) for f in _place(text, facts).facts]

    assert placed([*told[:where], unrelated, *told[where:]]) == placed(told)


def test_the_closure_follows_from_what_is_stated() -> None:
    text = "carboplatin scan biopsy relapse"
    drug, scan, biopsy, relapse = (_fact(text, w, n, type="drug" if n == 1 else "finding") for n, w in enumerate(text.split(), start=1))
    drug = drug.model_copy(update={"end": Bounds(earliest=1, latest=100)})
    stated = [
        Relation(type="contains", source="F1", target="F2"), Relation(type="simultaneous", source="F2", target="F3"),
        Relation(type="before", source="F3", target="F4"),
    ]  # fmt: skip
    found = {(r.type, r.source, r.target) for r in closure([drug, scan, biopsy, relapse], stated) if r.derived}
    assert found == {("contains", "F1", "F3"), ("before", "F2", "F4"), ("before", "F1", "F4")}


def test_what_happens_under_a_treatment_lies_within_it(nlp: Any) -> None:
    text = (
        "A woman presented with cough. She was started on osimertinib. After 8 months on osimertinib, chest CT showed a mass. "
        "Osimertinib was discontinued. Chemotherapy with carboplatin was started."
    )
    case = _extracted(text, nlp)
    names = {f.id: f.name for f in case.facts}
    assert ("contains", "osimertinib", "chest CT") in {(r.type, names[r.source], names[r.target]) for r in case.relations}


def test_derivations_name_the_words_and_the_fact_counted_from() -> None:
    text = "She presented with a mass. Mastectomy was done. Three months after mastectomy, CT was done"
    facts = [
        _fact(text, "mass", 1, type="lesion"),
        _fact(text, "Mastectomy", 2, type="procedure", category="surgery"),
        _fact(text, "CT", 3, type="procedure", category="imaging"),
    ]
    ct = _place(text, facts).facts[2]
    assert {(c.anchor, c.text, c.why) for c in ct.derivation} == {("F2", "Three months after mastectomy", "named by these words")}
    assert [e.text for e in ct.evidence if e.role == "time"] == ["Three months after mastectomy"]


def test_a_reason_says_which_fact_of_a_moment_the_words_name() -> None:
    text = "She presented with a mass. Lumpectomy was done and tamoxifen started. After 8 months on tamoxifen, CT was done"
    facts = [
        _fact(text, "mass", 1, type="lesion"),
        _fact(text, "Lumpectomy", 2, type="procedure", category="surgery"),
        _fact(text, "tamoxifen", 3, type="drug"),
    ]
    lump, drug = (Event("F2", "surgery", 28, [fact]) for fact in facts[1:])
    assert choose("tamoxifen", (0, 0), [drug]).why == "named by these words"
    lump.facts.append(facts[2])
    assert choose("tamoxifen", (0, 0), [lump]) == Choice(lump, "F3, at the same time, is named by these words")


def test_each_patient_has_a_day_0_of_its_own() -> None:
    text = "Case one presented with a mass. Mastectomy was done. Case two presented with cough. Two weeks later lobectomy was done"
    facts = [
        _fact(text, "Mastectomy", 1, type="procedure", category="surgery"),
        _fact(text, "lobectomy", 2, type="procedure", category="surgery", patient="P2"),
    ]
    heads = [{"start": text.index(w), "end": text.index(w) + 8, "text": w, "section": "S1"} for w in ("Case one", "Case two")]
    patients = [Patient.model_validate({"id": f"P{i}", "evidence": [h]}) for i, h in enumerate(heads, 1)]
    placed = _place(text, facts, patients)
    assert [f.patient for f in placed.facts] == ["P1", "P2"]
    assert (placed.facts[1].start.earliest, placed.facts[1].start.latest) == (11, 17)
    assert [p.index.label.split(".")[0] for p in placed.patients] == ["presented with a mass", "presented with cough"]


def test_nothing_told_is_nothing_placed() -> None:
    placed = _place("Nothing is told here", [])
    assert placed.facts == ()
    assert placed.patients[0].index is not None


def _extracted(text: str, nlp: Any) -> Any:
    from extractor.pipeline import extract
    from extractor.readers.text import source_of

    return extract(source_of(text, name="case.txt", content=text.encode()), nlp)


@pytest.mark.parametrize(
    ("text", "name", "end"),
    [
        (
            "A man presented in April 2014 with cough. He received cisplatin from June to July 2014. In October 2014 lobectomy was done.",
            "cisplatin", (62, 121),
        ),
        ("A woman presented with fever. Ceftriaxone was started and given for 7 days.", "ceftriaxone", (7, 15)),
        ("A man presented in March 2015 with a rash. Prednisolone was given until June 2015.", "prednisolone", (62, 121)),
        ("A man presented with cough. Lobectomy was done. He received six weeks of ceftriaxone.", "ceftriaxone", None),
        ("A woman presented with cough. She was treated with FOLFOX. After 12 cycles of FOLFOX, CT was done.", "FOLFOX", None),
        ("A man presented with fever. He was started on prednisone. Two weeks later prednisone was discontinued.", "prednisone", (11, 31)),
        ("A woman presented with rash. She had discontinued mesalazine 4 months earlier.", "mesalazine", (-137, -107)),
        ("A man presented with pain. He received hormonal therapy for 5 years (tamoxifen).", "tamoxifen", None),
        ("A man presented with cough on May 2, 2014. He died on May 30, 2014, despite treatment with isoniazid.", "isoniazid", (28, 28)),
    ],
)  # fmt: skip
def test_a_treatment_ends_when_the_text_says_so(text: str, name: str, end: tuple[float, float] | None, nlp: Any) -> None:
    drug = next(f for f in _extracted(text, nlp).facts if f.name == name)
    assert drug.end is not None
    if end is not None:
        assert (drug.end.earliest, drug.end.latest) == pytest.approx(end, abs=1)


def test_a_reason_names_a_fact_or_day_0_however_many_moments_lie_between(nlp: Any) -> None:
    text = "A 50-year-old man presented with fever. " + "Two days later he was better. " * 12 + "Three days later chest CT was normal."
    case = _extracted(text, nlp)
    known = {f.id for f in case.facts} | {DAY0}
    assert case.facts
    assert {c.anchor for f in case.facts for c in f.derivation} <= known


def test_the_chain_of_the_article_comes_out(nlp: Any) -> None:
    from extractor.pipeline import extract

    case = extract(Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt", nlp)
    start = lambda **said: next(f.start for f in case.facts if all(getattr(f, k, None) == v for k, v in said.items()))
    diagnosis = start(type="diagnosis", name="invasive ductal carcinoma")
    assert (diagnosis.earliest, diagnosis.latest <= 60) == (0, True)
    recurrence = start(type="procedure", name="brain MRI")
    assert 470 <= recurrence.earliest <= 502 <= recurrence.latest <= 565
    death = start(type="outcome", name="death")
    assert (death.earliest + death.latest) / 2 > 60 * 30.44
    steps = {f.id: f.step for f in case.facts if f.step is not None}
    for relation in case.relations:
        if relation.type == "before" and relation.derived:
            assert steps[relation.source] < steps[relation.target]


def test_the_course_of_a_drug_is_known_by_its_name() -> None:
    text = "carboplatin furosemide FOLFOX"
    kinds = [course_of(_fact(text, w, i, type="drug")).kind for i, w in enumerate(text.split())]
    assert kinds == ["therapy", "medication", "therapy"]
