"""What is written: a stretch of text that names something, and how the text speaks of it."""

from typing import Any, Literal

from pydantic import Field

from extractor.schema.base import Record, Span

Experiencer = Literal["patient", "family", "other_patient", "literature"]


class Context(Record):
    """How the text speaks of a mention, and whose it is (ConText: Harkema et al. 2009, J Biomed Inform 42:839)."""

    negated: bool = False
    uncertain: bool = False
    hypothetical: bool = False
    planned: bool = False
    declined: bool = False
    historical: bool = False
    experiencer: Experiencer = "patient"


class Mention(Span):
    """Something found in the text, whether or not it became a fact.

    `label` is the entity folder that found it, `name` the normal name where one is known, `found_by` the term list or the
    pattern responsible, and `attributes` what the term or the pattern itself says (a category, the groups of a pattern).
    """

    id: str
    label: str
    text: str
    section: str
    found_by: str
    name: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    context: Context = Context()
