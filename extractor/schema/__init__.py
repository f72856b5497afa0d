"""What we say: the timeline document as frozen, versioned types. Nothing here reads text or knows a language."""

from extractor.schema.base import Span
from extractor.schema.case import SCHEMA_VERSION, Case, Generator, IndexEvent, Patient, Relation, dump, load
from extractor.schema.fact import (
    STANDARD_TYPES,
    BaseFact,
    Biomarker,
    Box,
    Concept,
    Diagnosis,
    Drug,
    Evidence,
    Fact,
    Finding,
    Lesion,
    OtherFact,
    Outcome,
    Procedure,
)
from extractor.schema.mention import Context, Experiencer, Mention
from extractor.schema.source import CASE_KINDS, SECTION_KINDS, Section, SectionKind, Source, SourceInfo, Warning
from extractor.schema.time import DAYS_PER_MONTH, DAYS_PER_YEAR, Bounds, Constraint

__all__ = [
    "CASE_KINDS", "DAYS_PER_MONTH", "DAYS_PER_YEAR", "SCHEMA_VERSION", "SECTION_KINDS", "STANDARD_TYPES", "BaseFact", "Biomarker",
    "Bounds", "Box", "Case", "Concept", "Constraint", "Context", "Diagnosis", "Drug", "Evidence", "Experiencer", "Fact", "Finding",
    "Generator", "IndexEvent", "Lesion", "Mention", "OtherFact", "Outcome", "Patient", "Procedure", "Relation", "Section",
    "SectionKind", "Source", "SourceInfo", "Span", "Warning", "dump", "load",
]  # fmt: skip
