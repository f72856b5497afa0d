"""The document: one case report, whole, with the checks that make it trustworthy."""

from typing import Literal, Self

from pydantic import ValidationError, model_validator

from extractor.errors import DocumentError
from extractor.schema.base import Record
from extractor.schema.fact import Evidence, Fact
from extractor.schema.mention import Mention
from extractor.schema.source import Section, SourceInfo, Warning

SCHEMA_VERSION = "1.0"


class Generator(Record):
    """The program, its version and the pipeline that wrote the document; two equal digests give equal documents."""

    name: str = "extractor"
    version: str
    pipeline: str = "default"
    pipeline_digest: str


class IndexEvent(Record):
    """What day 0 is; `fact` is the fact that stands for it, where there is one."""

    label: str
    evidence: tuple[Evidence, ...] = ()
    fact: str | None = None
    date: str | None = None


class Patient(Record):
    """A reported patient; `age` at the first event told, as an ISO 8601 duration ("P42Y")."""

    id: str
    sex: Literal["female", "male", "unknown"] = "unknown"
    age: str | None = None
    evidence: tuple[Evidence, ...] = ()
    index: IndexEvent | None = None


class Relation(Record):
    """`source` stands in relation `type` to `target`, both fact ids; `derived` where the text does not assert it itself."""

    type: Literal[
        "before", "overlaps", "contains", "starts-with", "ends-with", "simultaneous",
        "same-lesion", "treats", "caused-by", "part-of", "specimen-of",
    ]  # fmt: skip
    source: str
    target: str
    evidence: tuple[Evidence, ...] = ()
    derived: bool = False


class Case(Record):
    """One case report and its timeline (the meaning of each field is the specification's, see the README).

    Loading checks that every reference resolves, that every piece of evidence stands at its offsets, and that the document's
    major version is the one this program writes.
    """

    schema_version: str = SCHEMA_VERSION
    generator: Generator
    source: SourceInfo
    text: str | None
    sections: tuple[Section, ...]
    patients: tuple[Patient, ...]
    mentions: tuple[Mention, ...] = ()
    facts: tuple[Fact, ...] = ()
    relations: tuple[Relation, ...] = ()
    warnings: tuple[Warning, ...] = ()

    @model_validator(mode="after")
    def _keeps_its_promises(self) -> Self:
        problems = [*_version_problems(self.schema_version), *_reference_problems(self), *_offset_problems(self)]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _repr_html_(self) -> str:
        """The timeline as a picture, for notebooks, which look for this name on the value itself."""
        from extractor.report.notebook import case_html  # noqa: PLC0415 - the one look upward: see the import contract

        return case_html(self)


def _version_problems(version: str) -> list[str]:
    if version.split(".", maxsplit=1)[0] == SCHEMA_VERSION.split(".", maxsplit=1)[0]:
        return []
    return [f"its schema version is {version}, this program reads {SCHEMA_VERSION}: use the version of extractor that wrote it"]


def _evidence(case: Case) -> list[tuple[str, Evidence]]:
    found = [(f.id, e) for f in case.facts for e in f.evidence]
    found += [(p.id, e) for p in case.patients for e in p.evidence]
    found += [(p.id, e) for p in case.patients if p.index for e in p.index.evidence]
    return found + [(f"relation {r.source} {r.type} {r.target}", e) for r in case.relations for e in r.evidence]


def _reference_problems(case: Case) -> list[str]:
    ids = {kind: [x.id for x in getattr(case, kind)] for kind in ("sections", "patients", "mentions", "facts")}
    problems = [f"two {kind} have the id {x}" for kind, xs in ids.items() for x in sorted({x for x in xs if xs.count(x) > 1})] \
        if any(len(xs) != len(set(xs)) for xs in ids.values()) else []  # fmt: skip
    known = {kind: set(xs) for kind, xs in ids.items()}

    def need(owner: str, kind: str, target: str | None) -> None:
        if target is not None and target not in known[kind]:
            problems.append(f"{owner} refers to {target}, which is none of its {kind}")

    for fact in case.facts:
        need(fact.id, "patients", fact.patient)
        for constraint in fact.derivation:
            need(f"{fact.id}'s derivation", "facts", None if constraint.anchor == "day0" else constraint.anchor)
    for mention in case.mentions:
        need(mention.id, "sections", mention.section)
    for owner, evidence in _evidence(case):
        need(owner, "sections", evidence.section)
        need(owner, "mentions", evidence.mention)
    for patient in case.patients:
        need(f"the index event of {patient.id}", "facts", patient.index.fact if patient.index else None)
    for relation in case.relations:
        need("a relation", "facts", relation.source)
        need("a relation", "facts", relation.target)
    for warning in case.warnings:
        for fact_id in warning.facts:
            need(f"the warning {warning.code}", "facts", fact_id)
    return problems


def _offset_problems(case: Case) -> list[str]:
    text = case.text
    spans: list[tuple[str, Evidence | Mention]] = [*_evidence(case), *((m.id, m) for m in case.mentions)]
    places = [*((s.id, s) for s in case.sections), *spans]
    problems = [f"{owner} ends at {span.end}, before it starts at {span.start}" for owner, span in places if span.end < span.start]
    if text is None:
        return problems
    problems += [f"{s.id} ends at {s.end}, the text at {len(text)}" for s in case.sections if s.end > len(text)]
    return problems + [
        f"{owner} quotes {span.text!r}, but at {span.start}-{span.end} the text reads {text[span.start : span.end]!r}"
        for owner, span in spans
        if text[span.start : span.end] != span.text
    ]


def dump(case: Case) -> str:
    """The document as JSON text: stable, readable, ending in a line feed."""
    return case.model_dump_json(indent=1) + "\n"


def load(content: str | bytes, name: str = "document") -> Case:
    """Read a document and check it; DocumentError names `name` and what is wrong."""
    try:
        return Case.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(x) for x in first["loc"]) or "the document"
        problem, *others = first["msg"].removeprefix("Value error, ").split("\n")
        more = len(others) + len(error.errors()) - 1
        raise DocumentError(f"{name}: {place}: {problem}" + (f" (and {more} more)" if more else "")) from None
