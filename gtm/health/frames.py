"""What the checker and its prober process say to each other: frames of a length and a content.

The checker's commands are pickles: the prober is its own child, and shares its code. Outcomes come
back in bunches of plain tuples (`marshal`), which cost the checker's process the least.
"""

from __future__ import annotations

import asyncio
import marshal
import pickle
from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from struct import Struct

from gtm.checks import Target
from gtm.health.dial import Dial
from gtm.health.outcome import Outcome
from gtm.health.rounds import Fault

# Seconds after which a prober that found nothing says so, by an empty bunch.
BEAT = 2.0

_LENGTH = Struct(">I")
_VALUES = attrgetter(*(field.name for field in fields(Outcome)))


@dataclass(frozen=True, slots=True)
class Begin:
    """The first command: where to connect, how many probes at once, whether to run programs."""

    dial: Dial
    concurrency: int
    programs: bool


@dataclass(frozen=True, slots=True)
class Add:
    """Probe a target, known by a number from now on."""

    number: int
    target: Target
    at_once: bool
    fast: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Probe it no more."""

    number: int


@dataclass(frozen=True, slots=True)
class Hasten:
    """Probe it at its fast interval, or no longer."""

    number: int
    fast: bool


Command = Begin | Add | Remove | Hasten
Found = tuple[int, Outcome | Fault]


def framed(content: bytes) -> bytes:
    """The content with its length before it."""
    return _LENGTH.pack(len(content)) + content


async def frame(reader: asyncio.StreamReader) -> bytes | None:
    """The content of the next frame; None at the end of the connection."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def commands_to_bytes(commands: Iterable[Command]) -> bytes:
    """A frame's content. Raises what pickle does for a `dial` that is no plain function."""
    return pickle.dumps(list(commands), pickle.HIGHEST_PROTOCOL)


def commands_from_bytes(content: bytes) -> list[Command]:
    """The commands in a frame from the process that started this one."""
    found: list[Command] = pickle.loads(content)  # noqa: S301  # from our own parent
    return found


def found_to_bytes(found: Iterable[Found]) -> bytes:
    """A frame's content."""
    return marshal.dumps([_plain(number, one) for number, one in found])


def found_from_bytes(content: bytes) -> list[Found]:
    """The outcomes in a frame from the prober."""
    rows = marshal.loads(content)  # noqa: S302  # from our own child
    return [
        (number, Outcome(*values) if isinstance(values, tuple) else Fault(*values))
        for number, values in rows
    ]


def _plain(number: int, one: Outcome | Fault) -> tuple[int, object]:
    return number, [one.why, one.trace] if isinstance(one, Fault) else _VALUES(one)
