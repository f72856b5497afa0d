"""BioC XML: sections as passages, mentions as annotations, facts as relations over them.

Written by hand, for the `bioc` package brings three others along for a format of three elements; the tests read it back with `bioc`.
Passages tile the text, so that every offset of the document is one of BioC's; a mention that runs over the end of its passage stands at
the document itself.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from lxml import etree

from extractor.exporters import Export, Loss, attributes, text_of
from extractor.exporters._xml import xml_text
from extractor.schema import BaseFact, Case, Evidence, Fact, Mention

Element = Any
Passage = tuple[int, int, dict[str, Any]]
Spans = Mapping[str, tuple[int, int]]


def export(case: Case, epoch: date | None = None) -> Export:
    """One collection of one document."""
    text, replaced = xml_text(text_of(case, "bioc"))
    collection = etree.Element("collection")
    for name, value in (("source", "extractor"), ("date", ""), ("key", "extractor.key")):
        etree.SubElement(collection, name).text = value
    document = etree.SubElement(collection, "document")
    etree.SubElement(document, "id").text = xml_text(case.source.id)[0]
    _infons(document, {**case.source.model_dump(exclude={"id"}), **_patients(case)})
    places = []
    for start, end, infons in _passages(case, len(text)):
        passage = etree.SubElement(document, "passage")
        _infons(passage, infons)
        etree.SubElement(passage, "offset").text = str(start)
        etree.SubElement(passage, "text").text = text[start:end]
        places.append((start, end, passage))
    spans = {mention.id: (mention.start, mention.end) for mention in case.mentions}
    for name, span, said in _annotations(case, spans):
        _, end, passage = places[bisect_right(places, span.start, key=lambda place: place[0]) - 1]
        _annotation(passage if span.end <= end else document, name, span, said, text)
    for fact in case.facts:
        _relation(
            document, fact.id, {"type": "fact", **_said(fact)}, [(_refid(fact, n, spans), e.role) for n, e in enumerate(fact.evidence)]
        )
    for number, relation in enumerate(case.relations, start=1):
        said = {"type": relation.type, "derived": relation.derived or None}
        _relation(document, f"R{number}", said, [(relation.source, "source"), (relation.target, "target")])
    content: bytes = etree.tostring(collection, xml_declaration=True, encoding="UTF-8", standalone=True)
    return Export({f"{case.source.id}.xml": content}, tuple(_losses(case, replaced)))


def _losses(case: Case, replaced: int) -> Iterator[Loss]:
    name = case.source.id
    if replaced:
        yield Loss(name, None, f"{replaced} control characters of the text", "XML cannot hold them: each became a space")
    if any(f.derivation for f in case.facts):
        yield Loss(name, None, "the reasons for the bounds (derivation)", "BioC has no element for them")
    if any(e.boxes for f in case.facts for e in f.evidence):
        yield Loss(name, None, "the boxes of evidence on the pages", "BioC counts in the text only")
    if any(p.evidence or p.index for p in case.patients):
        yield Loss(name, None, "the words that a patient and day 0 rest on", "BioC describes a document, not its patients")
    if any(r.evidence for r in case.relations):
        yield Loss(name, None, "the words that relations rest on", "a BioC relation names what it joins, not words")
    if case.warnings:
        yield Loss(name, None, f"{len(case.warnings)} warnings", "BioC has no element for them")


def _patients(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for patient in case.patients:
        label = None if patient.index is None else patient.index.label
        found |= {f"{patient.id}.sex": patient.sex, f"{patient.id}.age": patient.age, f"{patient.id}.day0": label}
    return found


def _passages(case: Case, length: int) -> Iterator[Passage]:
    """The sections in order, and what stands between them, so that nothing of the text is left out."""
    at = 0
    for section in sorted(case.sections, key=lambda s: s.start):
        if section.start > at:
            yield at, section.start, {"section_type": "other"}
        if section.end > max(at, section.start):
            yield max(at, section.start), section.end, {"section_type": section.kind, "title": section.title, "section": section.id}
        at = max(at, section.end)
    if at < length or not length:
        yield at, length, {"section_type": "other"}


def _annotations(case: Case, spans: Spans) -> list[tuple[str, Mention | Evidence, dict[str, Any]]]:
    """Mentions, and the evidence of facts that no mention stands for."""
    found: list[tuple[str, Mention | Evidence, dict[str, Any]]] = []
    for mention in case.mentions:
        flags = {flag: value for flag, value in mention.context.model_dump().items() if value not in (False, "patient")}
        said = {"type": mention.label, "name": mention.name, "found_by": mention.found_by, **flags}
        found.append((mention.id, mention, said | {f"attribute.{k}": v for k, v in mention.attributes.items()}))
    for fact in case.facts:
        for number, evidence in enumerate(fact.evidence):
            if (name := _refid(fact, number, spans)) not in spans:
                found.append((name, evidence, {"type": "evidence"}))
    return sorted(found, key=lambda a: (a[1].start, a[1].end))


def _refid(fact: Fact, number: int, spans: Spans) -> str:
    """The annotation of a piece of evidence: its mention where that stands at the same words, else one of its own."""
    evidence = fact.evidence[number]
    if evidence.mention is not None and spans[evidence.mention] == (evidence.start, evidence.end):
        return evidence.mention
    return f"{fact.id}.{number + 1}"


def _said(fact: BaseFact) -> dict[str, Any]:
    said = {"fact_type": fact.model_dump()["type"], **fact.model_dump(include={"patient", "name", "certainty", "confidence", "step"})}
    for point, bounds in (("start", fact.start), ("end", fact.end)):
        if bounds is not None:
            said |= {f"{point}_{name}": value for name, value in bounds.model_dump().items()}
    if fact.concept is not None:
        said |= {f"concept_{name}": value for name, value in fact.concept.model_dump().items()}
    return said | {f"attribute.{name}": value for name, value in attributes(fact).items()}


def _infons(parent: Element, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if value is not None:
            shown = " x ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
            etree.SubElement(parent, "infon", key=xml_text(key)[0]).text = xml_text(shown)[0]


def _annotation(parent: Element, name: str, span: Mention | Evidence, said: dict[str, Any], text: str) -> None:
    annotation = etree.SubElement(parent, "annotation", id=xml_text(name)[0])
    _infons(annotation, said)
    etree.SubElement(annotation, "location", offset=str(span.start), length=str(span.end - span.start))
    etree.SubElement(annotation, "text").text = text[span.start : span.end]


def _relation(parent: Element, name: str, said: dict[str, Any], nodes: list[tuple[str, str]]) -> None:
    relation = etree.SubElement(parent, "relation", id=xml_text(name)[0])
    _infons(relation, said)
    for refid, role in nodes:
        etree.SubElement(relation, "node", refid=xml_text(refid)[0], role=role)
