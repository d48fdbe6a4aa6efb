"""The file's text: overrides as JSON, read with the same distrust as anything from outside."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gtm.durable import Damaged
from gtm.errors import GtmError
from gtm.model import Act
from gtm.overrides.book import Book
from gtm.overrides.override import Override
from gtm.overrides.phases import Course, Ttls
from gtm.overrides.target import parse_target

VERSION: Literal[1] = 1


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Moment = Annotated[float, Field(ge=0, lt=1e11, allow_inf_nan=False)]
Ttl = Annotated[int, Field(ge=0, lt=2**31)]


class _Course(_Shape):
    begun: Moment
    planned: bool
    forced: bool
    old_ttl: Ttl
    lowered_ttl: Ttl
    withdrawn: Moment | None
    safe: Moment | None

    @model_validator(mode="after")
    def _in_order(self) -> _Course:
        if self.withdrawn is None and (self.safe is not None or not self.planned):
            raise ValueError("it was never withdrawn")
        return self


class _Entry(_Shape):
    number: int = Field(ge=1)
    act: Literal["drain", "up", "down"]
    target: str
    reason: str
    author: str
    created: Moment
    expires: Moment | None
    course: _Course | None = None  # files of earlier versions have none


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
            course=None if one.course is None else _course_entry(one.course),
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
        None if entry.course is None else _course(entry.course),
    )


def _course_entry(one: Course) -> _Course:
    return _Course(
        begun=one.begun,
        planned=one.planned,
        forced=one.forced,
        old_ttl=one.ttls.old,
        lowered_ttl=one.ttls.lowered,
        withdrawn=one.withdrawn,
        safe=one.safe,
    )


def _course(entry: _Course) -> Course:
    return Course(
        entry.begun,
        Ttls(entry.old_ttl, entry.lowered_ttl),
        entry.planned,
        entry.forced,
        entry.withdrawn,
        entry.safe,
    )
