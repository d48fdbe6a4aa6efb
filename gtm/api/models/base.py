"""What all shapes of the API have in common, and how long what is sent may be.

Times are Unix seconds, round trips milliseconds, distances kilometres.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

LONGEST_TARGET = 600  # characters
LONGEST_REASON = 500
LONGEST_AUTHOR = 100
LONGEST_REGION = 63
LONGEST_NAME = 255  # of anything in DNS (RFC 1035 section 2.3.4)


def _words(text: str) -> str:
    """Text of one line that says something: it goes into logs and verdicts' reasons."""
    if not text.strip() or not text.isprintable():
        raise ValueError("it must be one line of text that is not empty")
    return text.strip()


def _line(text: str) -> str:
    """Text of at most one line."""
    if text and not text.isprintable():
        raise ValueError("it must be one line of text")
    return text.strip()


def _whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is the integer 3 (JSON Schema section 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
Words = Annotated[str, AfterValidator(_words)]
Author = Annotated[str, Field(max_length=LONGEST_AUTHOR), AfterValidator(_line)]  # "" is unsaid


class Shape(BaseModel):
    """Made from the values inside, attribute by attribute."""

    model_config = ConfigDict(from_attributes=True, extra="forbid", frozen=True)


class Asked(BaseModel):
    """A body that is sent to the API: JSON's own types and no others, and no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Query(BaseModel):
    """The keys after the `?` of a call: each once, and no unknown one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def example(**keys: JsonValue) -> ConfigDict:
    """Shows in the API's description what a body looks like."""
    return ConfigDict(json_schema_extra={"examples": [keys]})


class ErrorShape(Shape):
    """What went wrong, as a sentence."""

    error: str
