"""The two shapes that every record of the document is made of."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Record(BaseModel):
    """A frozen value that refuses fields it does not know, so that a misspelt key is an error and never lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Record):
    """A stretch of the text: half-open Python string indices `[start, end)`."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"a span ends at {self.end}, before it starts at {self.start}")
        return self
