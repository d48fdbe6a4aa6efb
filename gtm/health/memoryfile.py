"""What was learnt of targets, on disk: JSON, one target on a line, so that writing it may pause.

Read with the same distrust as anything from outside. Lines are written and read one by one, and
Python lets other threads in between: a name server must not wait for ten thousand of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.checks import Target
from gtm.durable import Damaged, Disk, Durable, Kept
from gtm.health.memory import Memory
from gtm.health.pace import Pace, Smoothed
from gtm.health.question import identity
from gtm.health.state import Flaps, Health
from gtm.model import State, Verdict

NAME = "health.jsonl"
VERSION: Literal[1] = 1

# Targets that are kept: ten times the most that one server is meant to probe.
MOST = 100_000

# Characters of a reason that are kept. Few are longer than a line, and what endpoints and programs
# say stands in them.
REASON = 500

# Changes of state that are kept of one target, however many its damping goes by.
CHANGES = 100

Moment = Annotated[float, Field(ge=0, lt=1e11, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, lt=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, lt=2**53)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Head(_Shape):
    version: Literal[1]
    targets: int = Field(ge=0, le=MOST)


class _Flaps(_Shape):
    changes: list[Moment] = Field(max_length=CHANGES)
    hold: Seconds
    until: Moment
    changed: Count
    held: Count


class _Line(_Shape):
    key: str = Field(min_length=1, max_length=64)
    at: Moment
    state: Literal["up", "down", "unknown"]
    reason: str = Field(max_length=REASON)
    since: Moment
    successes: Count
    failures: Count
    strikes: Count
    flaps: _Flaps | None = None
    pace: tuple[Seconds, Seconds, Seconds, Seconds]  # response time, its weight, service time, ...


class HealthStore:
    """The memory of one state directory."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        """Nothing is touched before `load`."""
        without = "every target is probed as if it were new"
        self._files = Durable(folder, NAME, from_bytes, without, disk or Disk())

    def load(self, now: float) -> Kept[Mapping[str, Memory]]:
        """What was saved last, by the identity of targets; `now` is Unix time.

        Raises StartError when the directory can't be used.
        """
        return self._files.load(now)

    def save(self, memories: Iterable[tuple[Target, Memory]]) -> None:
        """Replaces what is on disk. Raises OSError; then what was there still is."""
        self._files.save(to_bytes(memories))


def to_bytes(memories: Iterable[tuple[Target, Memory]]) -> bytes:
    """The file for what is remembered of targets; beyond the bound the rest is left out."""
    lines = [_line(target, memory) for target, memory in list(memories)[:MOST]]
    head = json.dumps({"version": VERSION, "targets": len(lines)})
    return "\n".join([head, *lines, ""]).encode()


def from_bytes(data: bytes) -> Mapping[str, Memory]:
    """What a file says. Raises Damaged."""
    first, *lines = data.split(b"\n")
    try:
        head = _Head.model_validate_json(first)
        if len(lines) != head.targets + 1 or lines[-1]:
            raise Damaged(f"it has {len(lines) - 1} of {head.targets} lines")
        found = [_Line.model_validate_json(line) for line in lines[:-1]]
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise Damaged(f"{where}: {fault['msg']}" if where else fault["msg"]) from error
    return {line.key: _memory(line) for line in found}


def _line(target: Target, memory: Memory) -> str:
    health, flaps, pace = memory.health, memory.health.flaps, memory.pace
    found: dict[str, object] = {
        "key": identity(target),
        "at": memory.at,
        "state": health.verdict.state.value,
        "reason": health.verdict.reason[:REASON],
        "since": health.verdict.since,
        "successes": health.successes,
        "failures": health.failures,
        "strikes": health.strikes,
        "pace": [
            *(pace.response.value, pace.response.weight),
            *(pace.service.value, pace.service.weight),
        ],
    }
    if flaps.changed:
        found["flaps"] = {
            "changes": flaps.changes[-CHANGES:],
            "hold": flaps.hold,
            "until": flaps.until,
            "changed": flaps.changed,
            "held": flaps.held,
        }
    return json.dumps(found, separators=(",", ":"))


def _memory(line: _Line) -> Memory:
    one = line.flaps
    flaps = (
        Flaps(tuple(one.changes), one.hold, one.until, one.changed, one.held) if one else Flaps()
    )
    verdict = Verdict(State(line.state), line.reason, line.since)
    health = Health(verdict, line.successes, line.failures, line.strikes, flaps)
    response, weight, service, service_weight = line.pace
    return Memory(
        health, Pace(Smoothed(response, weight), Smoothed(service, service_weight)), line.at
    )
