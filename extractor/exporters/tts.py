"""Textual time series: an event and its hours from day 0 a line.

The format of the PMOA-TTS corpus (`event | hours`; Noroozizadeh & Weiss, arXiv 2504.12326): events in the words of the report and one
number for the time of each, here the middle of its bounds. What did not happen (declined, planned) is no event.
"""

from datetime import date

from extractor.exporters import Export, Loss, attributes, middle, one_line
from extractor.schema import Case, Fact

_WORDS = ("laterality", "site", "specimen", "status", "value", "unit", "dose", "stage", "grade", "severity", "course")
_PLAIN = frozenset({"given", "present", "unknown"})
"""Values that say nothing beyond the name."""


def export(case: Case, epoch: date | None = None) -> Export:
    """The time series of one case; of several patients each has its own file."""
    files, losses = {}, []
    patients = [patient.id for patient in case.patients] or [""]
    for patient in patients:
        events: list[tuple[int, int, str]] = []
        for fact in (f for f in case.facts if f.patient == patient):
            day, status = middle(fact.start), attributes(fact).get("status")
            if status in ("declined", "planned"):
                losses.append(Loss(case.source.id, fact.id, f"{fact.name} ({status})", "tts has no place for what did not happen"))
            elif day is None:
                losses.append(Loss(case.source.id, fact.id, f"{fact.name}", "tts needs a time, and none is known"))
            else:
                events.append((day, fact.step or 0, _event(fact)))
        name = case.source.id if len(patients) == 1 else f"{case.source.id}.{patient}"
        lines = ["event | hours", *(f"{words} | {day * 24}" for day, _, words in sorted(events))]
        files[f"{name}.bsv"] = ("\n".join(lines) + "\n").encode()
    if case.facts:
        what = "the bounds of each time, when what lasted ended, evidence, certainty, confidence and further attributes"
        losses.append(Loss(case.source.id, None, what, "tts has words and one number an event"))
    if case.relations:
        losses.append(Loss(case.source.id, None, f"{len(case.relations)} relations", "tts orders events by their numbers only"))
    return Export(files, tuple(losses))


def _event(fact: Fact) -> str:
    """The words of an event: its name, and what of its attributes a reader would say with it."""
    said = attributes(fact)
    words = [str(said[name]) for name in _WORDS if said.get(name) is not None and said[name] not in _PLAIN]
    return one_line(" ".join([fact.name, *words])).replace("|", "/")
