"""Gold and predicted cases side by side: read, paired by id, and judged; what cannot be judged is said and never hides the rest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from extractor.errors import ExtractorError, InputError
from extractor.evaluation.gold import gold_files, read_case
from extractor.evaluation.judged import JudgedCase, judged
from extractor.evaluation.metrics import Row, counts, total
from extractor.schema import Case

Source = TypeVar("Source", Path, JudgedCase)


@dataclass(frozen=True)
class Result:
    """What was judged and how it went; `gold_only` and `predicted_only` are the ids without a partner, `problems` what was refused."""

    pairs: tuple[tuple[JudgedCase, JudgedCase], ...]
    rows: tuple[Row, ...]
    by_case: Mapping[str, tuple[Row, ...]]
    gold_only: tuple[str, ...] = ()
    predicted_only: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def row(self, metric: str, key: str = "all") -> Row:
        """The counts of one score over all cases; nothing to judge gives zeros."""
        return next((row for row in self.rows if (row.metric, row.key) == (metric, key)), Row(metric, key, 0, 0, 0))


@dataclass(frozen=True)
class _Side:
    """The cases of one side by id, what went wrong, and the ids that are missing because of it."""

    cases: Mapping[str, JudgedCase]
    problems: tuple[str, ...] = ()
    failed: frozenset[str] = frozenset()


def evaluate(gold: Sequence[Path], predicted: Sequence[Path], *, texts: Path | None = None) -> Result:
    """Judge predicted timeline documents against gold files (YAML beside its text, or timeline documents); a folder stands for its files.

    `texts` is the folder of the gold's .txt files, when they do not lie beside the .yaml.
    """
    return _judge(_read(gold, texts), _read(predicted, texts))


def evaluate_run(gold: Sequence[Path], extract: Callable[[Path], Case], *, texts: Path | None = None) -> Result:
    """Judge what `extract` makes of the text of each gold file."""
    read = _read(gold, texts)
    return _judge(read, _gathered(read.cases.items(), lambda case: judged(extract(_text_of(case)))))


def compare(gold: Iterable[JudgedCase], predicted: Iterable[JudgedCase]) -> Result:
    """Judge cases that were read already."""
    return _judge(_Side({case.id: case for case in gold}), _Side({case.id: case for case in predicted}))


def _read(paths: Sequence[Path], texts: Path | None) -> _Side:
    return _gathered(((path.stem, path) for path in gold_files(paths)), lambda path: read_case(path, texts))


def _gathered(sources: Iterable[tuple[str, Source]], case_of: Callable[[Source], JudgedCase]) -> _Side:
    """The cases of all sources by their id; a source without a case is a problem and its name (the likely id) is remembered as failed."""
    cases: dict[str, JudgedCase] = {}
    problems, failed = [], set()
    for name, source in sources:
        try:
            case = case_of(source)
            if case.id in cases:
                raise InputError(f"{source}: another file has the id {case.id}, which is judged instead: keep one of them")
            cases[case.id] = case
        except ExtractorError as error:
            problems.append(str(error))
            failed.add(name)
    return _Side(cases, tuple(problems), frozenset(failed))


def _text_of(case: JudgedCase) -> Path:
    if case.text_file is None:
        raise InputError(f"{case.id}: has no text file to run on: put {case.id}.txt beside its gold file")
    return case.text_file


def _judge(gold: _Side, predicted: _Side) -> Result:
    """Judge every id that both sides have with the same text; of a case that was refused, its partner is not called partnerless."""
    pairs, problems = [], [*gold.problems, *predicted.problems]
    for name in sorted(gold.cases.keys() & predicted.cases.keys()):
        ours, theirs = gold.cases[name], predicted.cases[name]
        if ours.text == theirs.text:
            pairs.append((ours, theirs))
        else:
            problems.append(f"{name}: {_difference(ours.text, theirs.text)}: extract it again from the gold's text")
    by_case = {ours.id: counts(ours, theirs) for ours, theirs in pairs}
    return Result(
        pairs=tuple(pairs),
        rows=total(row for rows in by_case.values() for row in rows),
        by_case=by_case,
        gold_only=tuple(sorted(gold.cases.keys() - predicted.cases.keys() - predicted.failed)),
        predicted_only=tuple(sorted(predicted.cases.keys() - gold.cases.keys() - gold.failed)),
        problems=tuple(problems),
    )


def _difference(gold: str, predicted: str) -> str:
    """Where the two texts first differ."""
    place = next((n for n, (g, p) in enumerate(zip(gold, predicted, strict=False)) if g != p), min(len(gold), len(predicted)))
    here, there = gold[place : place + 20], predicted[place : place + 20]
    return f"the predicted text differs from the gold's at character {place} ({there!r} where the gold has {here!r})"
