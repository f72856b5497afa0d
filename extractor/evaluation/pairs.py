"""Gold and predicted cases side by side: read, paired by id, and judged; what cannot be judged is said and never hides the rest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import ExtractorError
from extractor.evaluation.gold import gold_files, read_case
from extractor.evaluation.judged import JudgedCase, judged
from extractor.evaluation.metrics import Row, counts, total
from extractor.schema import Case


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
    """Judge predicted timeline documents against gold files (YAML beside its text, or timeline documents); folders stand for their files."""
    return _judge(_read(gold, texts), _read(predicted, texts))


def evaluate_run(gold: Sequence[Path], extract: Callable[[Path], Case], *, texts: Path | None = None) -> Result:
    """Judge what `extract` makes of the text of each gold file."""
    ours = _read(gold, texts)
    cases, problems, failed = {}, [], set()
    for name, case in ours.cases.items():
        try:
            cases[name] = judged(extract(case.text_file or _beside(case, gold)))
        except ExtractorError as error:
            problems.append(str(error))
            failed.add(name)
    return _judge(ours, _Side(cases, tuple(problems), frozenset(failed)))


def compare(gold: Iterable[JudgedCase], predicted: Iterable[JudgedCase]) -> Result:
    """Judge cases that were read already."""
    return _judge(_side((case.id, case) for case in gold), _side((case.id, case) for case in predicted))
