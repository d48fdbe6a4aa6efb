"""How the last load went, and every mistake that it found."""

from __future__ import annotations

from pydantic import Field

from gtm.api.models.base import Shape


class MistakeShape(Shape):
    """One mistake in a zone file; line and column count from 1, 0 is the whole file."""

    file: str
    line: int
    column: int
    key: str
    problem: str
    remedy: str


class ReloadStatus(Shape):
    """How the last load went; `error` is None if it went well.

    `geo_error` says why a geo database that was replaced is not in use, `warnings` what the zones
    in use ask of the geo databases that these can't tell.
    """

    at: float
    error: str | None
    geo_error: str | None = None
    mistakes: list[MistakeShape]
    warnings: list[MistakeShape] = Field(default_factory=list)
