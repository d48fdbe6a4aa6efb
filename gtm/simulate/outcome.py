"""What a simulation comes to. Amounts are in the traffic's unit, `None` stands for no region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The half and the worst twentieth of those moved: half have at most `p50`."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Added:
    """What moving adds for those moved from region to region whose place is known.

    Great-circle kilometres to the region, and its round trip in milliseconds (measured where it
    was measured, else estimated). Below 0 it became better.
    """

    kilometres: Spread
    milliseconds: Spread


@dataclass(frozen=True, slots=True)
class Share:
    """A region's clients: amounts before and after."""

    region: str | None
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Move:
    """Clients that go from one region to another."""

    from_region: str | None
    to_region: str | None
    amount: float
    added: Added | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Where clients are before and after. `last_resort_*` got an answer with no region up."""

    total: float
    moved: float
    shares: tuple[Share, ...]
    moves: tuple[Move, ...]
    added: Added | None
    last_resort_before: float
    last_resort_after: float


@dataclass(frozen=True, slots=True)
class Part:
    """The picture of services that are decided alike and have the same traffic."""

    zone: str
    app: str
    services: tuple[str, ...]
    policy: str
    picture: Picture


SPILLED = 0.001  # of a capacity


@dataclass(frozen=True, slots=True)
class Load:
    """A region's load against its capacity, in the capacity's unit.

    `before` and `after` are as the policies say, `kept` what it has afterwards once the server
    has sent clients of full regions elsewhere.
    """

    region: str
    capacity: float
    before: float
    after: float
    kept: float

    @property
    def spills(self) -> bool:
        """Whether the server's spilling makes a difference that is worth a word."""
        return abs(self.kept - self.after) > SPILLED * self.capacity

    @property
    def exceeded(self) -> bool:
        """Whether it is more than the region can take, afterwards."""
        return self.after > self.capacity


@dataclass(frozen=True, slots=True)
class Simulation:
    """All of it: over all services, and for each decision, those that move most first.

    `loads` is empty where nothing says what the load is or what a region can take; `assumptions`
    say what was taken for granted, in whole sentences.
    """

    unit: str
    source: str
    services: int
    picture: Picture
    parts: tuple[Part, ...]
    loads: tuple[Load, ...]
    assumptions: tuple[str, ...]


def spread(values: Sequence[tuple[float, float]]) -> Spread:
    """The median and the 95th percentile of (value, weight) pairs, of which there is one."""
    ordered = sorted(values)
    total = sum(weight for _, weight in ordered)
    return Spread(_percentile(ordered, total * 0.5), _percentile(ordered, total * 0.95))


def _percentile(ordered: Sequence[tuple[float, float]], below: float) -> float:
    """The first value that with all before it weighs at least that much."""
    weighed = 0.0
    for value, weight in ordered:
        weighed += weight
        if weighed >= below:
            return value
    return ordered[-1][0]
