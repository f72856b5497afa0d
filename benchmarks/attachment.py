"""Whether what the text says of a thing lands on that thing: our attributes against what the public corpora attach to their spans.

    python benchmarks/attachment.py SHARED [--wrong N]

MACCROBAT's MODIFY relations (train, without the texts of annotations/gold/third) and the arguments of PHEE's treatments (train) say which
dose, route, place … belongs to which words. Judged are our facts that the corpus names too: `gold` of them have such a thing in the corpus,
`told` of these have the attribute in ours, `right` the same value, `extra` have it in ours alone. Into benchmarks/attachment.json.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from pathlib import Path
from typing import Any, NamedTuple

from corpora import ROOT, Text, blind, maccrobat, phee

from extractor.annotate import load_pipeline
from extractor.entities.drug.cues import said
from extractor.entities.matcher import Matcher
from extractor.evaluation.names import folded, same_name
from extractor.evaluation.ratchet import spliced
from extractor.evaluation.report import percent
from extractor.pipeline import extract
from extractor.schema import BaseFact, Section, Source, SourceInfo

PLACE = "attachment"
_DOSE = re.compile(r"\d.*[a-zµμ]|(?:low|high|large|small|standard|full|moderate)[\w -]*dos", re.IGNORECASE)


class Said(NamedTuple):
    """What a corpus's label says of the spans of some others: the attribute of our facts, and whether a value is the same."""

    key: str
    labels: Set[str]
    of: Set[str]
    types: Set[str]
    same: Callable[[str, Any], bool]


def main() -> int:
    arguments = argparse.ArgumentParser(description="Measure whether attributes are attached as in MACCROBAT and PHEE.")
    arguments.add_argument("shared", type=Path, help="the folder with corpora/")
    arguments.add_argument("--wrong", type=int, default=0, metavar="N", help="also print N wrong ones of each kind")
    asked = arguments.parse_args()
    corpora = asked.shared / "corpora"
    counted: dict[str, Counter[str]] = {}
    wrong: dict[str, list[str]] = {}
    for name, texts in (
        ("MACCROBAT", maccrobat(corpora / "maccrobat2020" / "train", without=blind())),
        ("PHEE", phee(corpora / "phee" / "train.json")),
    ):
        for key, verdict, words in judge(texts):
            counted.setdefault(f"{name} {key}", Counter()).update(verdict)
            if not {"right", "nothing"} & set(verdict):
                wrong.setdefault(f"{name} {key}", []).append(words)
    for key in sorted(wrong) if asked.wrong else ():
        print(f"== {key}", *wrong[key][: asked.wrong], sep="\n")
    rows = {key: {n: counted[key][n] for n in ("gold", "told", "right", "extra")} for key in sorted(counted)}
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items())
    (ROOT / "benchmarks" / "attachment.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(spliced(readme.read_text(encoding="utf-8"), "\n".join(table(rows)), PLACE), encoding="utf-8")
    return 0


def table(rows: dict[str, dict[str, int]]) -> Iterator[str]:
    """The README's table, in Markdown."""
    yield "| what | told in the corpus | also by us, % | the same, % | by us alone |"
    yield "|---|---:|---:|---:|---:|"
    for key, row in rows.items():
        told, right = (percent(row[n] / row["gold"]) if row["gold"] else "-" for n in ("told", "right"))
        yield f"| {key} | {row['gold']} | {told} | {right} | {row['extra']} |"


def judge(texts: Iterable[Text]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """For each fact that the corpus names too and each kind of attribute it may have: the key, what to count, and the words."""
    nlp, kinds = load_pipeline(), _kinds()
    for text in texts:
        source = Source(info=SourceInfo(id=text.id), text=text.text, sections=(Section(id="S1", kind="case", start=0, end=len(text.text)),))
        for fact in extract(source, nlp).facts:
            heads = [(e.start, e.end) for e in fact.evidence if e.role == "head"]
            named = {name: s for name, s in text.spans.items() if any(a < s.end and s.start < b for a, b in heads)}
            for kind in (k for k in kinds if fact.type in k.types and any(s.label in k.of for s in named.values())):
                said_of_it = [a for a, b in text.said_of if b in named and named[b].label in kind.of and text.spans[a].label in kind.labels]
                values = [text.text[text.spans[name].start : text.spans[name].end] for name in dict.fromkeys(said_of_it)]
                # Both corpora have cycles, courses and "a single" under the dose.
                values = [v for v in values if kind.key != "dose" or _DOSE.search(v)]
                yield _verdict(kind, fact, values, text.text[max(0, heads[0][0] - 80) : heads[0][1] + 90])


def _verdict(kind: Said, fact: BaseFact, values: list[str], words: str) -> tuple[str, tuple[str, ...], str]:
    ours = getattr(fact, kind.key, None)
    key = f"{fact.type} {kind.key}"
    shown = f"{fact.name}: gold {values}, ours {ours!r} | {' '.join(words.split())}"
    if not values:
        return key, ("nothing",) if ours is None else ("extra",), shown
    right = ours is not None and any(kind.same(value, ours) for value in values)
    return key, ("gold", *["told"] * (ours is not None), *["right"] * right), shown


def _kinds() -> tuple[Said, ...]:
    matcher = Matcher()

    def place(value: str, ours: str) -> bool:
        names = [h.name or value[h.start : h.end] for h in matcher(value) if h.label == "site"] or [value]
        return any(same_name(name, part) for name in [*names, value] for part in [ours, *re.split(r", | and ", ours)])

    medication = frozenset({"Medication", "Drug"})
    placed = frozenset({"Disease_disorder", "Sign_symptom", "Diagnostic_procedure", "Therapeutic_procedure"})
    signs = frozenset({"Disease_disorder", "Sign_symptom"})
    return (
        Said("dose", {"Dosage"}, medication, {"drug"}, _same_dose),
        Said("route", {"Administration", "Route"}, medication, {"drug"}, _same_cue("route")),
        Said("frequency", {"Frequency", "Freq"}, medication, {"drug"}, _same_cue("frequency")),
        Said("site", {"Biological_structure"}, placed, {"lesion", "diagnosis", "procedure"}, place),
        Said("severity", {"Severity"}, signs, {"finding"}, lambda value, ours: folded(value) == folded(str(ours))),
        Said("value", {"Lab_value"}, placed, {"finding"}, lambda value, ours: set(_numbers(ours)) <= set(_numbers(value))),
        Said(
            "status",
            {"Lab_value"},
            placed,
            {"biomarker"},
            lambda value, ours: bool(re.search(_RESULTS.get(ours, ours), value, re.IGNORECASE)),
        ),
        Said("size_mm", {"Distance", "Area", "Volume"}, signs, {"lesion"}, lambda value, ours: bool(set(ours) & _millimetres(value))),
    )


_RESULTS = {"positive": r"positiv|reactive|express|\+|strong|stain", "negative": r"negativ|absen|no |loss|lack|deficien|-$"}


def _same_dose(value: str, ours: str) -> bool:
    if _numbers(ours):
        return set(_numbers(ours)) <= set(_numbers(value))
    return folded(re.sub(r"\b(dos)(?:es?|ages?)\b", r"\1e", value)) == folded(ours)


def _numbers(text: str) -> list[str]:
    return [n.rstrip(".,") for n in re.findall(r"\d[\d.,]*", str(text))]


def _millimetres(text: str) -> set[float]:
    unit = 10.0 if re.search(r"cm|centim", text) else 1.0
    return {round(unit * float(n.replace(",", ".")), 2) for n in _numbers(text)}


def _same_cue(use: str) -> Callable[[str, Any], bool]:
    def same(value: str, ours: Any) -> bool:
        return folded(said(use, value) or value) == folded(str(ours)) or folded(value) == folded(str(ours))

    return same


if __name__ == "__main__":
    sys.exit(main())
