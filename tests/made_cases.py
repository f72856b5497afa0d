"""Timeline documents made up for the tests of the page and the figure."""

from typing import Any

from extractor.schema import STANDARD_TYPES, Bounds, Case, Context, Evidence, Generator, Mention, OtherFact, Patient, Section, SourceInfo

TEXT = (
    "Case report\n"
    "A 50-year-old woman presented with a lump. <script>document.title = 'taken'</script> Biopsy showed carcinoma & HER2 3+.\n"
    "She received trastuzumab for three months. Her mother had breast cancer. No metastasis was seen.\n"
    "Discussion\n"
    "Pertuzumab is often given. שלום עולם אבחנה 😀 she was discharged.\n"
)
NASTY = '</script><img src=x onerror="document.title=1">'


def at(words: str, text: str = TEXT, **fields: Any) -> Evidence:
    start = text.index(words)
    return Evidence(start=start, end=start + len(words), text=words, **fields)


def fact(kind: str, number: int, name: str, *evidence: Evidence, start: Any = None, end: Any = None, **fields: Any) -> Any:
    """A fact `F<number>` whose bounds are pairs of days."""
    bounds = {key: Bounds(earliest=days[0], latest=days[1]) for key, days in (("start", start), ("end", end)) if days is not None}
    model = STANDARD_TYPES.get(kind, OtherFact)
    return model(id=f"F{number}", type=kind, name=name, evidence=evidence, **bounds, **fields)


def mention(number: int, label: str, words: str, section: str = "S1", **context: Any) -> Mention:
    start = TEXT.index(words)
    return Mention(id=f"M{number}", label=label, start=start, end=start + len(words), text=words, section=section,
                   found_by=f"{label}/terms.tsv", context=Context(**context))  # fmt: skip


def case_of(facts: Any, text: str | None = TEXT, identity: str = "made", **fields: Any) -> Case:
    length = len(text or "")
    middle = text.index("Discussion\n") if text and "Discussion\n" in text else length
    sections = (Section(id="S1", kind="case", start=0, end=middle), Section(id="S2", kind="discussion", start=middle, end=length))
    whole: dict[str, Any] = {
        "generator": Generator(version="0", pipeline_digest="none"), "source": SourceInfo(id=identity), "text": text,
        "sections": sections, "patients": (Patient(id="P1", sex="female", age="P50Y"),), "facts": tuple(facts),
    }  # fmt: skip
    return Case(**(whole | fields))


def small_case(**fields: Any) -> Case:
    """Nine facts of every type and kind of bounds, a user's own type, and mentions that were not taken."""
    facts = [
        fact("lesion", 1, "lump", at("lump"), start=(0, 0), step=1, size_mm=(20.0,), course="new", confidence=0.8),
        fact("procedure", 2, "biopsy", at("Biopsy"), start=(0, 21), step=2, category="biopsy", confidence=0.9),
        fact("diagnosis", 3, NASTY, at("carcinoma"), start=(0, 21), step=2, certainty="suspected", confidence=0.4),
        fact("biomarker", 4, "HER2", at("HER2"), at("3+", role="attribute"), at("carcinoma", role="context"), start=(None, 30), step=2,
             status="positive", value="3+"),
        fact("drug", 5, "trastuzumab", at("trastuzumab"), at("for three months", role="time"), start=(7, 60), end=(97, 160), step=3),
        fact("drug", 6, "hormone therapy", at("received"), start=(50, None), step=4, status="declined"),
        fact("outcome", 7, "discharged", at("discharged", section="S2"), step=5),
        fact("finding", 8, "שלום עולם", at("שלום עולם", section="S2"), step=5),
        fact("gadget", 9, "😀 smile", at("😀", section="S2"), start=(-9000, -4000)),
    ]  # fmt: skip
    mentions = (
        mention(1, "diagnosis", "breast cancer", experiencer="family"),
        mention(2, "lesion", "metastasis", negated=True),
        mention(3, "drug", "Pertuzumab", "S2"),
        mention(4, "site", "breast"),
        mention(5, "finding", "presented"),
        mention(6, "time", "three months"),
    )
    return case_of(facts, **({"mentions": mentions} | fields))


def large_case(number: int, identity: str = "large") -> Case:
    """A case of that many facts, in turn of every standard type, over ten years."""
    kinds = list(STANDARD_TYPES)
    words = [f"event{i}" for i in range(number)]
    text = "\n".join(" ".join(words[i : i + 12]) + "." for i in range(0, number, 12))
    facts, cursor = [], 0
    for i, word in enumerate(words):
        cursor = text.index(word, cursor)
        kind = kinds[i % len(kinds)]
        day = 3650 * i / number
        end = (day + 60, day + 120) if kind == "drug" else None
        name = "progression" if kind == "outcome" else f"{kind} number {i % 40}"
        evidence = Evidence(start=cursor, end=cursor + len(word), text=word)
        facts.append(fact(kind, i + 1, name, evidence, start=(day, day + 30), end=end, step=i + 1))
        cursor += len(word)
    return case_of(facts, text, identity)
