"""The file's text: overrides as JSON, read with the same distrust as anything from outside."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.errors import GtmError
from gtm.model import Act
from gtm.overrides.book import Book
from gtm.overrides.override import Override
from gtm.overrides.target import parse_target

VERSION: Literal[1] = 1


class Damaged(ValueError):  # noqa: N818 - it reads as what it says of a file
    """A text that is not what was written; str() says in what. It never leaves this package."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Entry(_Shape):
    number: int = Field(ge=1)
    act: Literal["drain", "up", "down"]
    target: str
    reason: str
    author: str
    created: float = Field(ge=0, lt=1e11, allow_inf_nan=False)
    expires: float | None = Field(ge=0, lt=1e11, allow_inf_nan=False)


class _File(_Shape):
    version: Literal[1]
    next: int = Field(ge=1)
    overrides: list[_Entry]


def to_bytes(book: Book) -> bytes:
    """The file for a book: for programs, but people can read it."""
    entries = [
        _Entry(
            number=one.number,
            act=one.act.value,
            target=str(one.target),
            reason=one.reason,
            author=one.author,
            created=one.created,
            expires=one.expires,
        )
        for one in book.overrides
    ]
    text = _File(version=VERSION, next=book.next, overrides=entries).model_dump_json(indent=2)
    return text.encode() + b"\n"


def from_bytes(data: bytes) -> Book:
    """The book in a file. Raises Damaged."""
    try:
        found = _File.model_validate_json(data)
        return Book(tuple(_override(entry) for entry in found.overrides), found.next)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise Damaged(f"{where}: {fault['msg']}" if where else fault["msg"]) from error
    except GtmError as error:
        raise Damaged(str(error)) from error


def _override(entry: _Entry) -> Override:
    return Override(
        entry.number,
        Act(entry.act),
        parse_target(entry.target),
        entry.reason,
        entry.author,
        entry.created,
        entry.expires,
    )
