"""The timeline as a table for the terminal: day, event, attributes, and the words it rests on."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from extractor.errors import DocumentError
from extractor.schema import BaseFact, Bounds, Case, Fact, SourceInfo

COMMON = frozenset(BaseFact.model_fields) | {"type"}
_COLOURS = {"drug": "green", "biomarker": "magenta", "lesion": "red", "procedure": "blue", "diagnosis": "yellow", "outcome": "cyan"}
QUOTE = 60
MOST_AUTHORS = 3


def timeline_table(case: Case) -> Table:
    """A row for each fact, in the order of time; a rule between patients."""
    table = Table(title=_title(case), title_justify="left", title_style="bold", header_style="bold", pad_edge=False)
    table.add_column("day", justify="right", no_wrap=True)
    table.add_column("event", ratio=3)
    table.add_column("attributes", ratio=4)
    table.add_column("evidence", ratio=5)
    for patient in case.patients:
        facts = sorted((f for f in case.facts if f.patient == patient.id), key=lambda f: (f.step is None, f.step or 0, f.evidence[0].start))
        for fact in facts:
            event = Text(fact.name, style=_COLOURS.get(fact.type, ""))
            event.append(f"  {fact.type}" + (" (suspected)" if fact.certainty == "suspected" else ""), style="dim")
            table.add_row(days(fact.start), event, attributes(fact), quote(case, fact))
        table.add_section()
    return table


def _title(case: Case) -> str:
    lines = [f"{case.source.id}: {len(case.facts)} facts", *_article(case.source)]
    for patient in case.patients:
        age = "" if patient.age is None else f", {patient.age.strip('P').lower().replace('y', ' years').replace('m', ' months')} old"
        index = f"; day 0 is {patient.index.label}" if patient.index else ""
        lines.append(f"{patient.id}: {patient.sex}{age}{index}")
    return "\n".join(lines)


def _article(source: SourceInfo) -> list[str]:
    """What is known of the article: who, what, where, as a reference would have it; nothing where nothing is known."""
    who = ", ".join(source.authors[:MOST_AUTHORS]) + (" et al." if len(source.authors) > MOST_AUTHORS else "")
    where = " ".join(filter(None, [source.journal, str(source.year or "")]))
    ids = ((source.doi, "doi:"), (source.pmid, "PMID "), (source.pmcid, ""))
    told = [who, source.title, where, *(f"{label}{value}" for value, label in ids if value)]
    line = ". ".join(t.rstrip(".") for t in told if t)
    return [line] if line else []


def days(bounds: Bounds | None) -> str:
    """Bounds in days as a reader says them: `14`, `472…502`, `≤ 30`, `≥ 60`, `?`; with the date where the text gives one."""
    if bounds is None or (bounds.earliest is None and bounds.latest is None):
        return "?"
    earliest, latest = (None if b is None else f"{b:.0f}" for b in (bounds.earliest, bounds.latest))
    span = (
        f"≤ {latest}"
        if earliest is None
        else f"≥ {earliest}"
        if latest is None
        else earliest
        if earliest == latest
        else f"{earliest}…{latest}"
    )
    return span if bounds.date is None else f"{bounds.date}  {span}"


def attributes(fact: BaseFact) -> str:
    """What a fact says of itself beside its name and time, `key value` by `key value`."""
    said: dict[str, Any] = {k: v for k, v in fact.model_dump().items() if k not in COMMON and v is not None}
    return ", ".join(f"{k} {in_words(v)}" for k, v in said.items())


def in_words(value: Any) -> str:
    """A value as words: a size as `12 x 9`."""
    if isinstance(value, list | tuple):
        return " x ".join(in_words(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def quote(case: Case, fact: BaseFact) -> Text:
    """The first head of a fact within its surroundings, the head itself in bold."""
    head = fact.evidence[0]
    if case.text is None:
        return Text(head.text, style="bold")
    room = max(0, QUOTE - (head.end - head.start))
    before = " ".join(case.text[max(0, head.start - room // 2) : head.start].split("\n")[-1:])
    after = case.text[head.end : head.end + room // 2].split("\n")[0]
    shown = Text(("…" if head.start > room // 2 else "") + before)
    shown.append(" ".join(head.text.split()), style="bold")
    return shown.append(after + "…")


def fact_of(case: Case, identity: str) -> Fact:
    """The fact of an id; DocumentError where the document has none."""
    found = next((f for f in case.facts if f.id == identity), None)
    if found is None:
        raise DocumentError(f"{case.source.id} has no fact {identity!r}: its {len(case.facts)} facts are F1, F2, …")
    return found


def fact_text(case: Case, fact: Fact) -> Group:
    """All that a document says of one fact: what it is, when, each piece of evidence with its place, and the reasons for its bounds."""
    certain = "" if fact.certainty == "confirmed" else f" ({fact.certainty})"
    lines = [Text(f"{fact.id} {fact.type}: {fact.name}{certain}", style="bold"), Text(attributes(fact))]
    lines.append(Text(f"day {days(fact.start)}, step {fact.step}, confidence {fact.confidence:.2f}"))
    for evidence in fact.evidence:
        page = "" if evidence.page is None else f", page {evidence.page}"
        lines.append(Text(f"  {evidence.role:9} {evidence.start}-{evidence.end}{page}: {' '.join(evidence.text.split())}"))
    for reason in fact.derivation:
        low, high = ("" if bound is None else f"{bound:.0f}" for bound in (reason.low, reason.high))
        words = "" if reason.text is None else f": {' '.join(reason.text.split())}"
        lines.append(Text(f"  {reason.relation} {reason.anchor} {low}…{high} ({reason.source}){words}", style="dim"))
    return Group(*lines)
