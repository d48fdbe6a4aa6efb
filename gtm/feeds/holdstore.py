"""What reports hold out, on disk, so that a restart does not put it back at once.

Read with the distrust that files deserve; one that is damaged is set aside, and its good copy is
used. What was held is believed no longer than it would have been held without the restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.durable import Damaged, Disk, Durable, Kept

NAME = "reports.json"
MOST = 10_000  # holds that are kept: reports are never believed about more than a part of all
REASON = 500  # characters of a reason
RULES = 300  # characters of the rules, written out

Moment = Annotated[float, Field(ge=0, lt=1e11, allow_inf_nan=False)]


class KeptHold(BaseModel):
    """Something that reports hold out. `key` is what it is asked, `rules` what held it out.

    `until` is when its hold is over (Unix time), `times` how often it was taken out of late.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: str = Field(min_length=1, max_length=64)
    rules: str = Field(max_length=RULES)
    reason: str = Field(max_length=REASON)
    since: Moment
    until: Moment
    times: int = Field(ge=1, lt=2**31)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: Literal[1] = 1
    at: Moment
    holds: list[KeptHold] = Field(max_length=MOST)


@dataclass(frozen=True, slots=True)
class KeptHolds:
    """What was held `at` a Unix time."""

    at: float = 0.0
    holds: tuple[KeptHold, ...] = ()


class HoldStore:
    """The holds of one state directory."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        """Nothing is touched before `load`."""
        without = "nothing is held out by reports until there are new ones"
        self._files = Durable(folder, NAME, from_bytes, without, disk or Disk())

    def load(self, now: float) -> Kept[KeptHolds]:
        """What was saved last; `now` is Unix time. Raises StartError."""
        return self._files.load(now)

    def save(self, at: float, holds: Iterable[KeptHold]) -> None:
        """Replaces what is on disk. Raises OSError; then what was there still is."""
        self._files.save(to_bytes(at, holds))


def to_bytes(at: float, holds: Iterable[KeptHold]) -> bytes:
    """The file for what is held; beyond the bound the rest is left out."""
    return _File(at=at, holds=list(holds)[:MOST]).model_dump_json().encode()


def from_bytes(data: bytes) -> KeptHolds:
    """What a file says. Raises Damaged."""
    try:
        found = _File.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise Damaged(f"{where}: {fault['msg']}" if where else fault["msg"]) from error
    return KeptHolds(found.at, tuple(found.holds))
