"""What each part of the temporal engine contributes, and how it compares with other tools.

    python benchmarks/time.py GOLD [--corpus BRAT [--leave-out FOLDER]...]

Ablation: the gold's own facts are placed in time (`extractor evaluate GOLD --given-facts`) with one part of the engine switched off at a
time, and beside that by the order of the text alone. Expressions: those of tests/cases/expressions.yaml, which are ours and written with
our grammar in view, and, with --corpus, the spans Date, Time and Duration of MACCROBAT (Caufield et al.), which are not: how many are
found by us, by timexy and by dateparser, and of ours how many get the right days, day 0 given. What is not installed
(`pip install timexy dateparser`) is left out. Figures go to benchmarks/time.json and the table into README.md.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from extractor.annotate import annotate, load_pipeline
from extractor.evaluation import compare, gold_files, judged, read_case
from extractor.evaluation.given import given
from extractor.evaluation.judged import JudgedCase
from extractor.marked import parse
from extractor.schema import Section, Source, SourceInfo
from extractor.timeline import constraints, cues, expressions, kinds, moments, network, story, telling

ROOT = Path(__file__).parents[1]
FIGURES = ("start", "away", "end", "order", "inverted")
DAY0 = datetime(2000, 1, 1)
Span = tuple[int, int]


@contextmanager
def patched(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, value in changes:
            stack.enter_context(patch.object(owner, name, value))
        yield


def without(*rules: str, trust: int | None = None) -> tuple[Any, str, Any]:
    """A network without the links of some rules, or of a trust."""
    solve = network.solve

    def fewer(links: Any) -> Any:
        return solve([x for x in links if x.rule not in rules and (trust is None or x.trust != trust)])

    from extractor import timeline  # noqa: PLC0415 - the name to patch is the one place() uses

    return timeline, "solve", fewer


def by_current_time(story: Any, x: Any) -> None:
    """What an expression counts from, without a look at its anchor's words."""


PARTS: Mapping[str, Callable[[], tuple[tuple[Any, str, Any], ...]]] = {
    "anchors found by name and kind": lambda: ((moments, "_anchored", by_current_time),),
    "what is told as past (pluperfect, history)": lambda: (
        (cues, "is_pluperfect", lambda text: False), (cues, "is_background", lambda text: False), (cues, "is_running", lambda text: False),
        (constraints, "_retells", lambda *said: False), (constraints, "_tells_what_was_before", lambda *said: False),
    ),
    "what is shown together shares its time": lambda: (without("shown by", "told together"),),
    "dates": lambda: (without("date"),),
    "the order of telling": lambda: (without("told after"),),
    "durations and ends": lambda: (
        (constraints, "lasts", lambda *said: None), (constraints, "stops", lambda *said: None), (constraints, "close", lambda story: None),
        (telling, "supersede", lambda *said: None), (telling, "operated", lambda *said: None),
    ),
    "usual gaps": lambda: (without(trust=story.USUAL),),
    "the tempo of emergencies": lambda: tuple((module, "gap", usual_gap(kinds.gap)) for module in (kinds, telling, constraints)),
    "the days of time expressions": lambda: (without(trust=story.TEXT),),
}  # fmt: skip


def usual_gap(gap: Callable[..., tuple[float, float]]) -> Callable[..., tuple[float, float]]:
    return lambda previous, following, tempo="usual": gap(previous, following)


def figures(gold: Sequence[JudgedCase], made: Sequence[JudgedCase]) -> dict[str, float]:
    """The shares in percent: of starts, starts away from day 0, ends, order, and the order of what is told the other way round."""
    result = compare(list(gold), list(made))
    rows = {r.metric: r for r in result.rows if r.metric in FIGURES and r.key == "all"}
    return {name: round(100 * rows[name].right / rows[name].gold, 1) for name in FIGURES if name in rows and rows[name].gold}


def text_order(gold: JudgedCase) -> JudgedCase:
    """Each fact one step after the last one told, and nothing more."""
    told = sorted(gold.facts, key=lambda f: min(f.heads, default=(len(gold.text), 0)))
    return replace(gold, facts=tuple(replace(f, step=n, start=(0.0, 0.0), end=None) for n, f in enumerate(told)))


def ablation(gold: Sequence[JudgedCase], nlp: Any) -> dict[str, dict[str, float]]:
    def placed() -> list[JudgedCase]:
        return [judged(given(case, nlp)) for case in gold]

    found = {"everything": figures(gold, placed())}
    for part, changes in PARTS.items():
        with patched(*changes()):
            found[f"without {part}"] = figures(gold, placed())
    found["text order alone, all on day 0"] = figures(gold, [text_order(case) for case in gold])
    return found


@dataclass(frozen=True)
class Marked:
    """A text with the spans that say when, and for each what days they must give, where that is known."""

    text: str
    spans: Mapping[Span, str | None]


def own() -> list[Marked]:
    cases = yaml.safe_load((ROOT / "tests" / "cases" / "expressions.yaml").read_text(encoding="utf-8"))["cases"]
    found = []
    for case in cases:
        text, marks = parse(case["text"])
        resolvable = {"after", "before", "in", "since", "until", "from"}
        found.append(
            Marked(text, {(m.start, m.end): m.values.get("days") if m.values.get("direction") in resolvable else None for m in marks})
        )
    return found


def maccrobat(folder: Path, left_out: set[str]) -> list[Marked]:
    found = []
    for path in sorted(folder.glob("*.ann")):
        if path.stem in left_out:
            continue
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("T")]
        said = [cells[1].replace(";", " ").split() for cells in rows]
        spans = {(int(s[1]), int(s[-1])): None for s in said if s[0] in ("Date", "Time", "Duration")}
        found.append(Marked(path.with_suffix(".txt").read_text(encoding="utf-8"), spans))
    return found


Tool = Callable[[str], Mapping[Span, tuple[datetime, datetime] | None]]
"""The expressions of a text, each with the days it gives where day 0 is `DAY0`; None where the tool gives none."""


def extractor(nlp: Any) -> Tool:
    order_only = {"then", "same", "past", "last", "index", "set", "after_surgery", "before_event", "at_surgery", "at_event"}

    def days(x: expressions.Expression | None) -> tuple[datetime, datetime] | None:
        if x is None or x.low is None or x.high is None:
            return None
        if x.kind == "date":
            return datetime.fromordinal(int(x.low)), datetime.fromordinal(int(x.high))
        return DAY0 + timedelta(x.low), DAY0 + timedelta(x.high)

    def find(text: str) -> Mapping[Span, tuple[datetime, datetime] | None]:
        section = Section(id="S1", kind="case", start=0, end=len(text))
        reading = annotate(Source(info=SourceInfo(id="text"), text=text, sections=(section,)), nlp)
        times = [m for m in reading.mentions if m.label == "time" and m.attributes.get("kind") not in order_only]
        return {(m.start, m.end): days(expressions.express(m, text)) for m in times}

    return find


def timexy() -> Tool:
    import spacy  # noqa: PLC0415
    from timexy import Timexy  # noqa: F401, PLC0415 - registers its component

    nlp = spacy.blank("en")
    nlp.add_pipe("timexy", config={"kb_id_type": "timex3", "label": "timexy", "overwrite": False})

    def days(value: str) -> tuple[datetime, datetime] | None:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None  # A duration: it says how long, not when.
        return at, at

    def find(text: str) -> Mapping[Span, tuple[datetime, datetime] | None]:
        return {(e.start_char, e.end_char): days(e.kb_id_.split('value="')[-1].rstrip('"')) for e in nlp(text).ents}

    return find


def dateparser() -> Tool:
    from dateparser.search import search_dates  # noqa: PLC0415

    def find(text: str) -> Mapping[Span, tuple[datetime, datetime] | None]:
        spans: dict[Span, tuple[datetime, datetime] | None] = {}
        at = 0
        for words, day in search_dates(text, languages=["en"], settings={"RELATIVE_BASE": DAY0}) or ():
            start = text.find(words, at)
            if start >= 0:
                at = start + len(words)
                spans[start, at] = (day, day)
        return spans

    return find


def judge(tool: Tool, texts: Sequence[Marked]) -> dict[str, float]:
    """Found (overlapping spans, one to one by order) and, of the expressions whose days are known, resolved within them."""
    right = found = wanted = resolved = known = 0
    for marked in texts:
        got = dict(tool(marked.text))
        found, wanted = found + len(got), wanted + len(marked.spans)
        for (start, end), said in marked.spans.items():
            known += said is not None
            hit = next((span for span in sorted(got) if span[0] < end and start < span[1]), None)
            if hit is None:
                continue
            right += 1
            days = got.pop(hit)
            resolved += said is not None and days is not None and _within(days, said)
    precision, recall = right / max(1, found), right / max(1, wanted)
    shares = {"precision": precision, "recall": recall, "F1": 2 * precision * recall / max(1e-9, precision + recall)}
    if known:
        shares["days right"] = resolved / known
    return {name: round(100 * share, 1) for name, share in shares.items()} | {"expressions": wanted}


def _within(days: tuple[datetime, datetime], said: str) -> bool:
    """Whether the middle of what a tool gives lies within the days wanted, a day's tolerance."""
    low, high = (
        datetime.combine(date.fromisoformat(part), datetime.min.time())
        if part.count("-") == 2 and len(part) == 10
        else DAY0 + timedelta(float(part))
        for part in said.split("..")
    )
    middle = days[0] + (days[1] - days[0]) / 2
    return low - timedelta(1) <= middle <= high + timedelta(1)


def comparison(nlp: Any, texts: Mapping[str, Sequence[Marked]]) -> dict[str, dict[str, dict[str, float]]]:
    tools: dict[str, Tool] = {"extractor": extractor(nlp)}
    for name, make in (("timexy", timexy), ("dateparser", dateparser)):
        try:
            tools[name] = make()
        except ImportError:
            sys.stderr.write(f"{name} is not installed and left out: pip install {name}\n")
    return {of: {name: judge(tool, some) for name, tool in tools.items()} for of, some in texts.items()}


def table(parts: Mapping[str, Mapping[str, float]]) -> str:
    lines = ["| given the gold's facts | " + " | ".join(FIGURES) + " |", "|---|" + "---:|" * len(FIGURES)]
    lines += [f"| {name} | " + " | ".join(f"{row[f]:.1f}" if f in row else "-" for f in FIGURES) + " |" for name, row in parts.items()]
    return "\n".join(lines)


def tools_table(compared: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    names = ("precision", "recall", "F1", "days right")
    lines = ["| expressions | found by | " + " | ".join(names) + " |", "|---|---|" + "---:|" * len(names)]
    for of, tools in compared.items():
        for tool, row in tools.items():
            lines.append(
                f"| {of} ({row['expressions']}) | {tool} | " + " | ".join(f"{row[n]:.1f}" if n in row else "-" for n in names) + " |"
            )
    return "\n".join(lines)


def write_table(path: Path, said: str) -> None:
    before, mark, rest = path.read_text(encoding="utf-8").partition("<!-- ablation -->\n")
    _, close, after = rest.partition("<!-- /ablation -->")
    path.write_text(f"{before}{mark}{said}\n{close}{after}", encoding="utf-8")


def main() -> int:
    arguments = argparse.ArgumentParser(description="What each part of the temporal engine contributes, and how it compares.")
    arguments.add_argument("gold", type=Path)
    arguments.add_argument("--corpus", type=Path)
    arguments.add_argument("--leave-out", type=Path, action="append", default=[], metavar="FOLDER")
    asked = arguments.parse_args()
    nlp = load_pipeline()
    parts = ablation([read_case(path) for path in gold_files([asked.gold])], nlp)
    texts: dict[str, Sequence[Marked]] = {"our marked expressions": own()}
    if asked.corpus is not None:
        texts["MACCROBAT's dates, times and durations"] = maccrobat(asked.corpus, {p.stem for f in asked.leave_out for p in f.iterdir()})
    result = {"ablation": parts, "expressions": comparison(nlp, texts)}
    (ROOT / "benchmarks" / "time.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    said = f"{table(parts)}\n\n{tools_table(result['expressions'])}"
    print(said)
    write_table(ROOT / "README.md", said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
