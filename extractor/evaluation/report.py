"""The figures of an evaluation: as tables for a terminal, as plain values for JSON."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from extractor.evaluation.judged import TYPES
from extractor.evaluation.metrics import ALL, CORE, Row
from extractor.evaluation.pairs import Result

CLAIMS = frozenset({"found", "strict", "attributes", "placed"})
"""The metrics with a precision and a recall; the others are shares."""
_SHARES = {
    "start": "matched facts that start right", "away": "… of those not on day 0", "end": "matched facts that end right",
    "order": "pairs in the right order", "inverted": "… of those told the other way round", "patient": "matched facts of the right patient",
    "sex": "patients' sex", "age": "patients' age",
}  # fmt: skip


def as_dict(result: Result) -> dict[str, Any]:
    """All figures as plain values: over all cases, and for each case; a score of nothing is null."""
    return {
        "cases": len(result.pairs),
        "gold_only": list(result.gold_only),
        "predicted_only": list(result.predicted_only),
        "problems": list(result.problems),
        "scores": _scores(result.rows),
        "by_case": {name: _scores(rows) for name, rows in result.by_case.items()},
    }


def _scores(rows: tuple[Row, ...]) -> dict[str, dict[str, dict[str, float | int | None]]]:
    scores: dict[str, dict[str, dict[str, float | int | None]]] = {}
    for row in rows:
        figures: dict[str, float | int | None] = (
            {
                "precision": row.precision,
                "recall": row.recall,
                "f1": row.f1,
                "right": row.right,
                "gold": row.gold,
                "predicted": row.predicted,
            }
            if row.metric in CLAIMS
            else {"share": row.f1, "right": row.right, "of": row.gold}
        )
        scores.setdefault(row.metric, {})[row.key] = {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}
    return scores


def tables(result: Result) -> Group:
    """What a terminal shows: facts by type, shares, attributes, and what could not be judged. Figures are percentages."""
    return Group(_facts(result), _shares(result), _attributes(result), _unjudged(result))


def _facts(result: Result) -> Table:
    judged = f"{len(result.pairs)} report{'' if len(result.pairs) == 1 else 's'} judged"
    title = f"{judged}. Placed F1 {percent(result.row('placed').f1)}"
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", pad_edge=False)
    table.add_column("type")
    for column in ("gold", "predicted", "right", "P", "R", "F1", "strict F1", "name", "start", "placed F1"):
        table.add_column(column, justify="right")
    for key in (*TYPES, CORE, ALL):
        found = result.row("found", key)
        others = (result.row(metric, key).f1 for metric in ("strict", "name", "start", "placed"))
        counted = str(found.gold), str(found.predicted), f"{found.right:g}"
        table.add_row(key, *counted, *map(percent, (found.precision, found.recall, found.f1, *others)), end_section=key == TYPES[-1])
    return table


def _shares(result: Result) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("share of")
    for column in ("right", "of", "%"):
        table.add_column(column, justify="right")
    for metric, said in _SHARES.items():
        row = result.row(metric)
        if row.gold:
            table.add_row(said, f"{row.right:g}", str(row.gold), percent(row.f1))
    return table


def _attributes(result: Result) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("attribute of matched facts")
    for column in ("gold", "predicted", "right", "P", "R", "F1"):
        table.add_column(column, justify="right")
    for row in result.rows:
        if row.metric == "attributes":
            counted = str(row.gold), str(row.predicted), f"{row.right:g}"
            table.add_row(row.key, *counted, *map(percent, (row.precision, row.recall, row.f1)))
    return table


def _unjudged(result: Result) -> Text:
    lines = [
        f"{len(ids)} {said}: {', '.join(ids)}"
        for ids, said in ((result.gold_only, "without a prediction"), (result.predicted_only, "without gold"))
        if ids
    ]
    lines += [f"not judged: {problem}" for problem in result.problems]
    return Text("\n".join(lines), style="red")


def percent(score: float | None) -> str:
    """A score in percent with one decimal; a dash where there was nothing to judge."""
    return "-" if score is None else f"{100 * score:.1f}"
