"""Gold and predicted cases side by side: read, paired by id, and judged; what cannot be judged is said and never hides the rest."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from extractor.errors import ExtractorError
from extractor.evaluation.formats import read_cases
from extractor.evaluation.gold import gold_files
from extractor.evaluation.judged import LEVELS, JudgedCase, Level, judged
from extractor.evaluation.levels import counts, holds
from extractor.evaluation.rows import Row, total
from extractor.readers.text import source_of
from extractor.schema import Case, Source


@dataclass(frozen=True)
class Gap:
    """A level that was to be judged and the documents where it could not be, for want of it on one side."""

    level: Level
    side: Literal["gold", "predicted"]
    ids: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.ids[:5]) + (f" and {len(self.ids) - 5} more" if len(self.ids) > 5 else "")
        return f"{len(self.ids)} without {'gold' if self.side == 'gold' else 'a prediction'} of the level {self.level}: {shown}"


@dataclass(frozen=True)
class Result:
    """What was judged and how it went; `gold_only` and `predicted_only` are the ids without a partner, `problems` what was refused.

    `levels` are those that were asked for (all that some gold has, when none were named), `gaps` those that a document has nothing of.
    """

    pairs: tuple[tuple[JudgedCase, JudgedCase], ...]
    rows: tuple[Row, ...]
    by_case: Mapping[str, tuple[Row, ...]]
    gold_only: tuple[str, ...] = ()
    predicted_only: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    levels: tuple[Level, ...] = LEVELS

    def row(self, metric: str, key: str = "all") -> Row:
        """The counts of one score over all cases; nothing to judge gives zeros."""
        return next((row for row in self.rows if (row.metric, row.key) == (metric, key)), Row(metric, key, 0, 0, 0))


@dataclass(frozen=True)
class _Side:
    """The cases of one side by id, what went wrong, and the ids that are missing because of it."""

    cases: Mapping[str, JudgedCase]
    problems: tuple[str, ...] = ()
    failed: frozenset[str] = frozenset()


def evaluate(
    gold: Sequence[Path],
    predicted: Sequence[Path],
    *,
    texts: Path | None = None,
    labels: Path | None = None,
    levels: Collection[Level] | None = None,
) -> Result:
    """Judge predictions against gold; both may be timeline documents, gold YAML, or any format that `read_cases` knows.

    A folder stands for its files. `texts` is the folder of the gold's .txt files, when they do not lie beside the gold; `labels` a table
    of labels for annotations that use others than ours.
    """
    return _judge(_read(gold, texts, labels), _read(predicted, texts, labels), levels)


def evaluate_run(
    gold: Sequence[Path],
    extract: Callable[[Path | Source], Case],
    *,
    texts: Path | None = None,
    labels: Path | None = None,
    levels: Collection[Level] | None = None,
) -> Result:
    """Judge what `extract` makes of the text of each gold case: of its file, or of the text itself where it has no file of its own."""
    return evaluate_made(gold, lambda case: extract(case.text_file or source(case)), texts=texts, labels=labels, levels=levels)


def evaluate_made(
    gold: Sequence[Path],
    make: Callable[[JudgedCase], Case],
    *,
    texts: Path | None = None,
    labels: Path | None = None,
    levels: Collection[Level] | None = None,
) -> Result:
    """Judge what `make` makes of each gold case; with `given.given` its facts placed in time by our engine."""
    read = _read(gold, texts, labels)
    return _judge(read, _gathered((name, _made(case, make)) for name, case in read.cases.items()), levels)


def compare(gold: Iterable[JudgedCase], predicted: Iterable[JudgedCase], *, levels: Collection[Level] | None = None) -> Result:
    """Judge cases that were read already."""
    return _judge(_Side({case.id: case for case in gold}), _Side({case.id: case for case in predicted}), levels)


def source(case: JudgedCase) -> Source:
    """The text of a case as a source to be extracted from."""
    return source_of(case.text, name=f"{case.id}.txt", content=case.text.encode())


def _made(case: JudgedCase, make: Callable[[JudgedCase], Case]) -> JudgedCase | ExtractorError:
    try:
        return judged(make(case))
    except ExtractorError as error:
        return error


def _read(paths: Sequence[Path], texts: Path | None, labels: Path | None) -> _Side:
    return _gathered((path.stem, case) for path in gold_files(paths) for case in read_cases(path, texts, labels))


def _gathered(read: Iterable[tuple[str, JudgedCase | ExtractorError]]) -> _Side:
    """The cases by their id; where there is none the problem is kept, and the name (the likely id) is remembered as failed."""
    cases: dict[str, JudgedCase] = {}
    problems, failed = [], set()
    for name, case in read:
        if isinstance(case, ExtractorError):
            problems.append(str(case))
            failed.add(name)
        elif case.id in cases:
            problems.append(f"{name}: another file has the id {case.id}, or it holds two, and the first is judged: keep one of them")
        else:
            cases[case.id] = case
    return _Side(cases, tuple(problems), frozenset(failed))


def _judge(gold: _Side, predicted: _Side, asked: Collection[Level] | None) -> Result:
    """Judge every id that both sides have with the same text; of a case that was refused, its partner is not called partnerless."""
    had = {level for case in gold.cases.values() for level in case.levels}
    levels = tuple(level for level in LEVELS if level in (had if asked is None else asked))
    pairs, problems = [], [*gold.problems, *predicted.problems]
    for name in sorted(gold.cases.keys() & predicted.cases.keys()):
        ours, theirs = gold.cases[name], predicted.cases[name]
        if ours.text == theirs.text:
            pairs.append((ours, theirs))
        else:
            problems.append(f"{name}: {_difference(ours.text, theirs.text)}: extract it again from the gold's text")
    by_case = {ours.id: counts(ours, theirs, levels) for ours, theirs in pairs}
    return Result(
        pairs=tuple(pairs),
        rows=total(row for rows in by_case.values() for row in rows),
        by_case=by_case,
        gold_only=tuple(sorted(gold.cases.keys() - predicted.cases.keys() - predicted.failed)),
        predicted_only=tuple(sorted(predicted.cases.keys() - gold.cases.keys() - gold.failed)),
        problems=tuple(problems),
        gaps=tuple(_gaps(pairs, levels)),
        levels=levels,
    )


def _gaps(pairs: Sequence[tuple[JudgedCase, JudgedCase]], levels: Sequence[Level]) -> Iterable[Gap]:
    for level in levels:
        without = tuple(gold.id for gold, _ in pairs if not holds(gold, level))
        if without:
            yield Gap(level, "gold", without)
        unmade = tuple(predicted.id for gold, predicted in pairs if holds(gold, level) and level not in predicted.levels)
        if unmade:
            yield Gap(level, "predicted", unmade)


def _difference(gold: str, predicted: str) -> str:
    """Where the two texts first differ."""
    place = next((n for n, (g, p) in enumerate(zip(gold, predicted, strict=False)) if g != p), min(len(gold), len(predicted)))
    here, there = gold[place : place + 20], predicted[place : place + 20]
    return f"the predicted text differs from the gold's at character {place} ({there!r} where the gold has {here!r})"
