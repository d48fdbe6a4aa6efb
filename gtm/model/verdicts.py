"""What is believed of things, and why."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """What is believed of a thing."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


# for loops over thousands: Python looks a member up in its class ten times as slowly
UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN


class Act(Enum):
    """What an operator does about a thing: an override's act."""

    DRAIN = "drain"
    UP = "up"
    DOWN = "down"


class Verdict(NamedTuple):
    """What is believed, why in an operator's words, and since when (Unix time in seconds).

    `act` is set where an operator's word decided it, not a probe, `reported` where reports of real
    requests did: without them it would not be down. `taken` is what an `unknown` one is taken for,
    where there is a rule for that. A tuple, as a region that fails makes thousands.
    """

    state: State
    reason: str
    since: float
    act: Act | None = None
    taken: State | None = None
    reported: bool = False

    @property
    def down(self) -> bool:
        """Whether steering takes it to be down."""
        return (self.taken or self.state) is DOWN

    @property
    def withheld(self) -> bool:
        """Whether an operator took it out: then it is not even a last resort."""
        return self.act is not None and self.state is DOWN
