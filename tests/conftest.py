"""Turns each case of cases/*.yaml into a test: marked sentences and small timelines (the notation is extractor.marked)."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from extractor.marked import Mark, parse, render

CASES = Path(__file__).parent / "cases"
FLAGS = ("negated", "uncertain", "hypothetical", "planned", "declined", "historical")


@pytest.fixture(scope="session")
def nlp() -> Any:
    """The default pipeline, loaded once."""
    from extractor.annotate import load_pipeline

    return load_pipeline()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data; tests that need them skip where they are absent."""
    folder = Path(os.environ.get("EXTRACTOR_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "gold" / "dev").is_dir():
        pytest.skip("needs the shared data: set EXTRACTOR_SHARED to their folder")
    return folder


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".yaml" and file_path.parent == CASES:
        return CaseFile.from_parent(parent, path=file_path)
    return None


class CaseFile(pytest.File):
    """One file of cases: `labels` are those whose every mention is marked."""

    def collect(self) -> Iterator[pytest.Item]:
        data = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        for number, case in enumerate(data["cases"], start=1):
            name = f"{number}: {' '.join(parse(case['text'])[0].split())[:70]}"
            kind = TimelineCase if "timeline" in case or "order" in case else SentenceCase
            yield kind.from_parent(self, name=name, case=case, labels=data.get("labels", []))


class Mismatch(Exception):  # noqa: N818 - what a case reports, not an error of the program
    """What was expected and what was got, in the case's own notation."""


class CaseItem(pytest.Item):
    def __init__(self, *, case: dict[str, Any], labels: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case, self.labels = case, labels

    def runtest(self) -> None:
        excuse = self.case.get("known_failure")
        try:
            self.check()
        except Mismatch:
            if excuse:
                pytest.xfail(excuse)
            raise
        if excuse:
            raise Mismatch(f"this case passes now: remove its known_failure ({excuse})")

    def check(self) -> None:
        raise NotImplementedError

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, Mismatch) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


def extracted(text: str, *, model: bool = True) -> Any:
    """The document of a bare case text, with the trained recogniser or by the rules alone."""
    from extractor.annotate import load_pipeline
    from extractor.pipeline import extract
    from extractor.schema import Section, Source, SourceInfo

    source = Source(info=SourceInfo(id="case"), text=text, sections=(Section(id="S1", kind="case", start=0, end=len(text)),))
    return extract(source, load_pipeline(model=model))


class SentenceCase(CaseItem):
    """Marks of the case against the mentions and facts that the rules find: the spans of `labels`, and each value and flag a mark names."""

    def check(self) -> None:
        text, marks = parse(self.case["text"])
        document = extracted(text, model=False)
        facts = {(e.start, e.end, f.type): f for f in document.facts for e in f.evidence if e.role == "head"}
        got = []
        by_span = {(m.start, m.end, m.label): m for m in marks}
        for mention in document.mentions:
            key = (mention.start, mention.end, mention.label)
            if mention.label in self.labels or key in by_span:
                got.append(self.described(mention, facts, by_span.get(key), text))
        expected = render(text, marks)
        if render(text, got) != expected:
            raise Mismatch(f"expected: {expected}\n     got: {render(text, got)}")

    @staticmethod
    def described(mention: Any, facts: dict[tuple[int, int, str], Any], asked: Mark | None, text: str) -> Mark:
        from extractor.timeline.expressions import signature

        fact = facts.get((mention.start, mention.end, mention.label)) or next(
            (f for (s, e, t), f in facts.items() if t == mention.label and s < mention.end and mention.start < e), None
        )
        flags = frozenset(f for f in FLAGS if getattr(mention.context, f) and (asked is None or f in asked.flags))
        if asked is None:
            return Mark(mention.start, mention.end, mention.label, {}, flags)
        values = {}
        says = asdict(signature(mention, text)) if mention.label == "time" else {}
        for name in asked.values:
            if name in says:
                values[name] = says[name]
            elif name == "fact":
                values[name] = "yes" if fact else "no"
            elif name == "experiencer":
                values[name] = mention.context.experiencer
            else:
                of = fact if fact is not None else mention
                value = getattr(of, name, None) if name in type(of).model_fields else mention.attributes.get(name)
                values[name] = ",".join(map(shown, value)) if isinstance(value, tuple) else shown(value)
        return Mark(mention.start, mention.end, mention.label, values, flags)


def shown(value: Any) -> str:
    """A value as a case writes it: whole numbers without a point."""
    return f"{value:g}" if isinstance(value, float) else str(value)


class TimelineCase(CaseItem):
    """Bounds in days (`name | earliest | latest`, a day's tolerance, `-` for unknown) and the order of steps (`a = b` in one item)."""

    def check(self) -> None:
        document = extracted(parse(self.case["text"])[0])
        steps: dict[str, list[int | None]] = {}
        problems = []
        for fact in document.facts:
            steps.setdefault(fact.name, []).append(fact.step)
        for row in self.case.get("timeline", []):
            name, earliest, latest = (cell.strip() for cell in row.split("|"))
            bounds = [(f.start.earliest, f.start.latest) if f.start else (None, None) for f in document.facts if f.name == name]
            wanted = tuple(None if x == "-" else float(x) for x in (earliest, latest))
            if not any(all(_near(g, w) for g, w in zip(got, wanted, strict=True)) for got in bounds):
                problems.append(f"{row}: got {bounds or 'no such fact'}")
        ranks = []
        for item in self.case.get("order", []):
            names = [n.strip() for n in item.split("=")]
            found = [s for n in names for s in steps.get(n, [None])[:1]]
            ranks.append(found[0])
            if None in found or len(set(found)) != 1:
                problems.append(f"{item}: got steps {found}")
        if None not in ranks and sorted(set(ranks)) != ranks:
            problems.append(f"order {self.case['order']}: got steps {ranks}")
        if problems:
            raise Mismatch("\n".join([f"text: {self.case['text']}", *problems, f"facts: {[(f.name, f.step) for f in document.facts]}"]))


def _near(got: float | None, wanted: float | None) -> bool:
    return got is wanted if got is None or wanted is None else abs(got - wanted) <= 1


@pytest.fixture(scope="session")
def article(nlp: Any) -> Any:
    """The timeline of the corpus article."""
    from extractor.pipeline import extract

    return extract(Path(__file__).parents[1] / "corpus" / "fonc-2025-1559085.txt", nlp)
