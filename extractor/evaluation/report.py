"""The figures of an evaluation: as tables for a terminal, as plain values for JSON, as tidy rows for CSV."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from extractor.evaluation.judged import TYPES
from extractor.evaluation.pairs import Result
from extractor.evaluation.rows import ALL, CORE, Row
from extractor.evaluation.statistics import METHOD, Difference, Score, Spread, differences, spreads

SHARES = {
    "name": "matched facts of the same name", "start": "matched facts that start right", "away": "… of those not on day 0",
    "end": "matched facts that end right", "order": "pairs in the right order", "inverted": "… of those told the other way round",
    "patient": "matched facts of the right patient", "sex": "patients' sex", "age": "patients' age",
    "relation_precision": "predicted temporal relations that follow from the gold's",
    "relation_recall": "gold temporal relations that follow from the predicted", "event_match": "events matched",
    "concordance": "pairs of events in the right order", "log_time": "area under the log-time curve",
}  # fmt: skip
"""The metrics that are shares of something, and of what; the others have a precision and a recall."""
_BY_TYPE = ("found", "strict", "placed")
IN_TABLES = frozenset({*_BY_TYPE, *SHARES, "attributes"})
COLUMNS = ("level", "key", "gold", "predicted", "right", "precision", "recall", "f1", "low", "high", "macro", "documents")
AGAINST_COLUMNS = ("against", "difference", "difference_low", "difference_high", "p")

Figures = dict[str, float | int | None]


def as_dict(result: Result, against: Result | None = None) -> dict[str, Any]:
    """All figures as plain values: over all cases, and for each case; a score of nothing is null.

    `against` is another system on the same gold: its difference from each score is told, too.
    """
    figures = {
        "cases": len(result.pairs),
        "gold_only": list(result.gold_only),
        "predicted_only": list(result.predicted_only),
        "gaps": [{"level": gap.level, "side": gap.side, "ids": list(gap.ids)} for gap in result.gaps],
        "problems": list(result.problems),
        "scores": _scores(result.rows),
        "intervals": {"method": METHOD, "scores": _intervals(spreads(result.by_case))},
        "by_case": {name: _scores(rows) for name, rows in result.by_case.items()},
    }
    if against is not None:
        figures["against"] = {
            "cases": len(result.by_case.keys() & against.by_case.keys()),
            "problems": list(against.problems),
            "scores": _compared(differences(result.by_case, against.by_case)),
        }
    return figures


def _scores(rows: Iterable[Row]) -> dict[str, dict[str, Figures]]:
    scores: dict[str, dict[str, Figures]] = {}
    for row in rows:
        figures: Figures = (
            {"share": row.f1, "right": row.right, "of": row.gold}
            if row.metric in SHARES
            else {
                "precision": row.precision,
                "recall": row.recall,
                "f1": row.f1,
                "right": row.right,
                "gold": row.gold,
                "predicted": row.predicted,
            }
        )
        scores.setdefault(row.metric, {})[row.key] = rounded(figures)
    return scores


def _intervals(known: dict[Score, Spread]) -> dict[str, dict[str, Figures]]:
    scores: dict[str, dict[str, Figures]] = {}
    for (metric, key), spread in known.items():
        figures: Figures = {"low": spread.low, "high": spread.high, "macro": spread.macro, "documents": spread.documents}
        scores.setdefault(metric, {})[key] = rounded(figures)
    return scores


def _compared(compared: Iterable[Difference]) -> dict[str, dict[str, Figures]]:
    scores: dict[str, dict[str, Figures]] = {}
    for d in compared:
        figures: Figures = {"one": d.one, "other": d.other, "difference": d.difference, "low": d.low, "high": d.high, "p": d.p}
        scores.setdefault(d.metric, {})[d.key] = rounded(figures)
    return scores


def rounded(figures: Figures) -> Figures:
    """Figures to four decimals: finer ones are beyond what any gold can tell."""
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}


def as_csv(result: Result, against: Result | None = None) -> str:
    """All figures over all cases as tidy rows, one for each level and key.

    `low` to `high` is the 95% interval of `f1`, which of a share is the share.
    """
    known = spreads(result.by_case)
    compared = {} if against is None else {(d.metric, d.key): d for d in differences(result.by_case, against.by_case)}
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS if against is None else COLUMNS + AGAINST_COLUMNS)
    for row in result.rows:
        score = row.metric, row.key
        spread = known.get(score, Spread(None, 0))
        figures: list[float | int | None] = [row.precision, row.recall, row.f1, spread.low, spread.high, spread.macro, spread.documents]
        if against is not None:
            d = compared.get(score, Difference(*score, None, None))
            figures += [d.other, d.difference, d.low, d.high, d.p]
        rows.writerow([*score, int(row.gold), int(row.predicted), f"{row.right:g}", *map(_cell, figures)])
    return text.getvalue()


def _cell(figure: float | int | None) -> float | int | str:
    return "" if figure is None else round(figure, 4)


def tables(result: Result, *, intervals: bool = False, against: Result | None = None) -> Group:
    """What a terminal shows: facts by type, shares, attributes, and what could not be judged. Figures are percentages.

    With `intervals` also how sure they are; with `against`, the same scores of another system beside these.
    """
    known = spreads(result.by_case) if intervals else {}
    shown: list[Table | Text] = [_facts(result, known)] if "fact" in result.levels else [Text(_judged(result), style="bold")]
    shown += [table for table in (_shares(result, known), _attributes(result, known)) if table.row_count]
    shown += [_others(rows, known) for rows in [[row for row in result.rows if row.metric not in IN_TABLES]] if rows]
    if against is not None:
        shown.append(_against(differences(result.by_case, against.by_case), len(result.by_case.keys() & against.by_case.keys())))
    if intervals:
        shown.append(Text(f"95% intervals: {METHOD}; macro: the mean over the documents that have the score", style="dim"))
    return Group(*shown, _unjudged(result))


def _table(first: str, columns: Iterable[str], title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _facts(result: Result, known: dict[Score, Spread]) -> Table:
    title = f"{_judged(result)}. Placed F1 {percent(result.row('placed').f1)}"
    sure = ["95%"] if known else []
    columns = ["gold", "predicted", "right", "P", "R", "F1", *sure, *(["macro"] if known else []), "strict F1", "name", "start"]
    table = _table("type", [*columns, "placed F1", *sure], title)
    for key in (*TYPES, CORE, ALL):
        found = result.row("found", key)
        strict, name, start, placed = (percent(result.row(metric, key).f1) for metric in ("strict", "name", "start", "placed"))
        cells = [*_counted(found), *map(percent, (found.precision, found.recall, found.f1)), *_sure(known, "found", key)]
        cells += [percent(known["found", key].macro)] if ("found", key) in known else [""] * bool(known)
        table.add_row(key, *cells, strict, name, start, placed, *_sure(known, "placed", key), end_section=key == TYPES[-1])
    return table


def _judged(result: Result) -> str:
    return f"{len(result.pairs)} report{'' if len(result.pairs) == 1 else 's'} judged"


def _shares(result: Result, known: dict[Score, Spread]) -> Table:
    table = _table("share of", ["right", "of", "%", *(["95%"] if known else [])])
    for metric, said in SHARES.items():
        row = result.row(metric)
        if row.gold and metric != "name":
            table.add_row(said, f"{row.right:g}", str(int(row.gold)), percent(row.f1), *_sure(known, metric, ALL))
    return table


def _attributes(result: Result, known: dict[Score, Spread]) -> Table:
    table = _table("attribute of matched facts", ["gold", "predicted", "right", "P", "R", "F1", *(["95%"] if known else [])])
    for row in result.rows:
        if row.metric == "attributes":
            table.add_row(row.key, *_cells(row, known))
    return table


def _others(rows: Sequence[Row], known: dict[Score, Spread]) -> Table:
    """The levels that have no table of their own."""
    table = _table("level", ["key", "gold", "predicted", "right", "P", "R", "F1", *(["95%"] if known else [])])
    for n, row in enumerate(rows):
        last = n + 1 == len(rows) or rows[n + 1].metric != row.metric
        table.add_row(row.metric, row.key, *_cells(row, known), end_section=last)
    return table


def _against(compared: Sequence[Difference], documents: int) -> Table:
    """What is found and placed by type, the rest over all; JSON, CSV and the page hold every score."""
    title = f"Against the other system, on the {documents} reports that both were judged on"
    table = _table("score", ["this", "other", "difference", "95%", "p"], title)
    for d in compared:
        if d.difference is not None and (d.metric in ("found", "placed") or d.key == ALL):
            sure = "" if d.low is None or d.high is None else f"{100 * d.low:+.1f} to {100 * d.high:+.1f}"
            table.add_row(f"{d.metric} {d.key}", percent(d.one), percent(d.other), f"{100 * d.difference:+.1f}", sure, p_value(d.p))
    return table


def _counted(row: Row) -> tuple[str, str, str]:
    return str(int(row.gold)), str(int(row.predicted)), f"{row.right:g}"


def _cells(row: Row, known: dict[Score, Spread]) -> list[str]:
    return [*_counted(row), *map(percent, (row.precision, row.recall, row.f1)), *_sure(known, row.metric, row.key)]


def _sure(known: dict[Score, Spread], metric: str, key: str) -> list[str]:
    """The interval as a cell, where intervals are shown at all."""
    spread = known.get((metric, key), Spread(None, 0))
    return [interval(spread.low, spread.high)] if known else []


def _unjudged(result: Result) -> Text:
    lines = [
        f"{len(ids)} {said}: {', '.join(ids)}"
        for ids, said in ((result.gold_only, "without a prediction"), (result.predicted_only, "without gold"))
        if ids
    ]
    lines += [str(gap) for gap in result.gaps]
    lines += [f"not judged: {problem}" for problem in result.problems]
    return Text("\n".join(lines), style="red")


def percent(score: float | None) -> str:
    """A score in percent with one decimal; a dash where there was nothing to judge."""
    return "-" if score is None else f"{100 * score:.1f}"


def interval(low: float | None, high: float | None) -> str:
    """An interval in percent with one decimal; a dash where there is none."""
    return "-" if low is None or high is None else f"{100 * low:.1f}–{100 * high:.1f}"


def p_value(p: float | None) -> str:
    """A p-value to three decimals; what is smaller is said to be."""
    return "-" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
