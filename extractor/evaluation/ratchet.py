"""The committed accuracy: what the development gold gives, written where it can be compared, and the README's table made from it.

Figures may rise freely. Writing a guarded one lower takes a reason that stands in the changelog; a program that is worse by more than
`SLACK` than what is written fails its tests.
"""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from extractor.errors import InputError
from extractor.evaluation.judged import TYPES
from extractor.evaluation.pairs import Result
from extractor.evaluation.report import interval, percent, rounded
from extractor.evaluation.rows import ALL, CORE
from extractor.evaluation.statistics import METHOD, Spread, spreads

SLACK = 0.01
SAME = 0.0005
"""A fall that the figures as shown hardly tell."""
GUARDED = (("found", "F1"), ("placed", "placed F1"), ("order", "order"))
"""The metrics whose figure over all types may not fall, with what the README calls them."""
METRICS = ("found", "strict", "name", "attributes", "start", "away", "end", "order", "inverted", "placed")
DEVELOPMENT = "the development gold"
PLACE = "accuracy"
"""The table stands in the README between `<!-- accuracy -->` and `<!-- /accuracy -->`; that of another gold has another place."""

Accuracy = Mapping[str, Any]


def accuracy(result: Result, changelog: str = "", of: str = DEVELOPMENT) -> dict[str, Any]:
    """The figures to commit. They hold no clock: the date is that of the program's version in the changelog, null where it names none."""
    if result.problems or result.gold_only:
        said = "; ".join([*result.problems, *(f"{name}: without a prediction" for name in result.gold_only)])
        raise InputError(f"the accuracy is that of all reports or none: {said}")
    known, program = spreads(result.by_case), version("extractor")
    scores: dict[str, dict[str, dict[str, float | int | None]]] = {}
    for row in result.rows:
        if row.metric in METRICS:
            spread = known.get((row.metric, row.key), Spread(None, 0))
            figures = {"f1": row.f1, "precision": row.precision, "recall": row.recall, "low": spread.low, "high": spread.high}
            counted = {"gold": int(row.gold), "predicted": int(row.predicted), "right": row.right}
            scores.setdefault(row.metric, {})[row.key] = rounded({**figures, **counted})
    return {
        "program": program,
        "date": date_of(program, changelog),
        "gold": of,
        "reports": len(result.pairs),
        "intervals": f"95%, {METHOD}",
        "scores": scores,
    }


def date_of(program: str, changelog: str) -> str | None:
    """The date that the changelog gives a version in its heading ("## 0.1.0 (2025-01-31)"); None where it gives none."""
    heading = re.search(rf"^## \[?{re.escape(program)}\]?[^\w\n]+(\d{{4}}-\d\d-\d\d)", changelog, re.MULTILINE)
    return heading[1] if heading else None


def dumped(figures: Accuracy) -> str:
    """The figures as the file has them: a line for each score, so that a change of one shows as one line."""
    text = json.dumps(figures, indent=1, ensure_ascii=False)
    return re.sub(r"\{\n\s+(\"f1\"[^{}]*?)\n\s+\}", lambda score: "{" + re.sub(r"\n\s+", " ", score[1]) + "}", text) + "\n"


def fallen(committed: Accuracy, now: Accuracy, slack: float = SLACK) -> list[str]:
    """Each guarded figure that is more than `slack` below the committed one, in words."""
    return [
        f"{name} fell from {percent(before)} to {percent(after)}"
        for metric, name in GUARDED
        if (before := committed["scores"][metric][ALL]["f1"]) is not None
        and ((after := now["scores"].get(metric, {}).get(ALL, {}).get("f1")) is None or after < before - slack - 1e-9)
    ]


def table(figures: Accuracy) -> str:
    """The README's table, in Markdown."""
    return "\n".join(_lines(figures))


def _lines(figures: Accuracy) -> Iterator[str]:
    scores = figures["scores"]

    def shown(metric: str, key: str = ALL, figure: str = "f1") -> str:
        return percent(scores.get(metric, {}).get(key, {}).get(figure))

    def sure(metric: str, key: str = ALL) -> str:
        score = scores.get(metric, {}).get(key, {})
        return interval(score.get("low"), score.get("high"))

    dated = f" of {figures['date']}" if figures["date"] else ""
    facts = scores["found"][ALL]["gold"]
    yield f"Version {figures['program']}{dated} on the {figures['reports']} reports ({facts} facts) of {figures['gold']}, in percent,"
    yield "with 95% intervals by bootstrap over the reports:"
    yield ""
    yield "| type | gold facts | precision | recall | F1 | found and started right: F1 |"
    yield "|---|---:|---:|---:|---:|---:|"
    for key in (*TYPES, CORE, ALL):
        said = {CORE: "**the first four**", ALL: "**all**"}.get(key, key)
        counted = scores["found"].get(key, {}).get("gold", 0)
        cells = [said, str(counted), shown("found", key, "precision"), shown("found", key, "recall")]
        cells += [f"{shown(metric, key)} ({sure(metric, key)})" for metric in ("found", "placed")]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    others = (
        ("attributes", "attributes of the facts found"), ("start", "starts"), ("away", "starts that are not day 0"), ("end", "ends"),
        ("order", "pairs of facts in the right order"), ("inverted", "of those that the text tells the other way round"),
    )  # fmt: skip
    beside = [f"{name} {shown(metric)} ({sure(metric)})" for metric, name in others if shown(metric) != percent(None)]
    yield f"Beside that, right: {'; '.join(beside)}."


def with_table(readme: str, figures: Accuracy, place: str = PLACE) -> str:
    """The README with the table of accuracy between its two markers."""
    return spliced(readme, table(figures), place)


def spliced(readme: str, table: str, place: str) -> str:
    """The README with a table between its two markers; InputError where they are not both there, once, in this order."""
    first, last = f"<!-- {place} -->", f"<!-- /{place} -->"
    before, begin, rest = readme.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end or first in rest:
        raise InputError(f"the README needs the lines {first} and {last} once each, with its table between them")
    return f"{before}{first}\n{table}\n{last}{after}"


def read(path: Path) -> dict[str, Any]:
    """The committed figures."""
    try:
        figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is no file of accuracy ({error}): write it with make evaluate") from None
    return figures


def update(result: Result, figures_file: Path, readme: Path, changelog: Path, *, lower: str = "") -> list[str]:
    """Write the figures and the README's table; what fell is refused, unless `lower` is a reason that the changelog gives.

    What fell all the same is handed back in words.
    """
    reasons = changelog.read_text(encoding="utf-8")
    now = accuracy(result, reasons)
    fell = fallen(read(figures_file), now, SAME) if figures_file.exists() else []
    if fell and not lower.strip():
        raise InputError(
            f"{figures_file}: {'; '.join(fell)}: mend it, or write the reason into {changelog} and repeat it as the reason to lower"
        )
    if fell and _plain(lower) not in _plain(reasons):
        raise InputError(f"{changelog}: does not give the reason {lower!r}: write it there first")
    write(now, figures_file, readme)
    return fell


def write(figures: Accuracy, figures_file: Path, readme: Path, place: str = PLACE) -> None:
    """Write the figures and their table in the README, both or neither."""
    text = with_table(readme.read_text(encoding="utf-8"), figures, place)
    figures_file.parent.mkdir(parents=True, exist_ok=True)
    figures_file.write_text(dumped(figures), encoding="utf-8")
    readme.write_text(text, encoding="utf-8")


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
