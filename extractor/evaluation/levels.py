"""What can be judged, level by level: each level is some metrics, and each can be asked for by itself."""

from collections.abc import Callable, Collection, Mapping

from extractor.evaluation import mentions, metrics, series, temporal
from extractor.evaluation.judged import LEVELS, JudgedCase, Level
from extractor.evaluation.rows import Row, total

Metric = Callable[[JudgedCase, JudgedCase], list[Row]]

METRICS_OF: Mapping[Level, tuple[Metric, ...]] = {
    "mention": (mentions.mention_strict, mentions.mention_exact, mentions.mention_partial, mentions.mention_type),
    "context": (mentions.context,),
    "fact": (metrics.found, metrics.strict, metrics.name, metrics.patient, metrics.sex, metrics.age),
    "attribute": (metrics.attributes,),
    "start": (metrics.start, metrics.away, metrics.end),
    "order": (metrics.order, metrics.inverted),
    "placed": (metrics.placed,),
    "relation": (temporal.relation_precision, temporal.relation_recall),
    "series": (series.event_match, series.concordance, series.log_time),
}
METRICS: tuple[Metric, ...] = tuple(metric for level in LEVELS for metric in METRICS_OF[level])


def counts(gold: JudgedCase, predicted: JudgedCase, levels: Collection[Level] = LEVELS) -> tuple[Row, ...]:
    """Every metric of the levels that were asked for and that both sides have."""
    chosen = [level for level in LEVELS if level in levels and level in gold.levels and level in predicted.levels]
    return total(row for level in chosen for metric in METRICS_OF[level] for row in metric(gold, predicted))


def holds(case: JudgedCase, level: Level) -> bool:
    """Whether a case has anything of a level to be compared with: gold without a single start is no gold of starts."""
    if level not in case.levels:
        return False
    if level == "attribute":
        return any(metrics.judged_attributes(fact) for fact in case.facts)
    if level in ("start", "series"):
        return any(fact.start is not None for fact in case.facts)
    if level == "context":
        return bool(case.mentions)
    if level in ("order", "relation"):
        steps = {(fact.patient, fact.step) for fact in case.facts if fact.step is not None}
        return bool(case.relations) or len(steps) > len({patient for patient, _ in steps})
    return True
