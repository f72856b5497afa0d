"""The two shapes that every record of the document is made of."""

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A frozen value that refuses fields it does not know, so that a misspelt key is an error and never lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Record):
    """A stretch of the text: half-open Python string indices `[start, end)`; the document checks that it ends after it starts."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
