"""Who asks, and how much: client networks with weights, for all services or for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from gtm.geo import Geo
from gtm.geo.networks import UNKNOWN, Ranges
from gtm.simulate.seen import Seen

Span = tuple[int, int, float]  # first address, last address, weight of all of them together
SITE_BITS = 80  # of an IPv6 address behind a /48, the usual assignment to one site (RFC 6177)


class Unit(Enum):
    """What weights count."""

    ADDRESSES = "addresses"
    SITES = "IPv6 /48 networks"
    QUERIES = "queries"
    ANSWERS = "answers a second"


class Clients(Protocol):
    """Weighted client networks. Asked more than once; spans may overlap and then add up."""

    def spans(self, bits: int) -> Iterator[Span]:
        """Those of the family whose addresses have that many bits."""


@dataclass(slots=True)
class Counted:
    """Clients counted one network at a time.

    Keys are `first address << 8 | prefix length`, one mapping for each family.
    """

    v4: dict[int, float] = field(default_factory=dict)
    v6: dict[int, float] = field(default_factory=dict)

    def add_all(self, bits: int, keys: Iterable[int], weights: Iterable[float]) -> None:
        """Counts networks once more, each with its weight."""
        counts = self.v4 if bits == 32 else self.v6
        for key, weight in zip(keys, weights, strict=True):
            counts[key] = counts.get(key, 0.0) + weight

    def spans(self, bits: int) -> Iterator[Span]:
        """Every network counted."""
        for key, weight in (self.v4 if bits == 32 else self.v6).items():
            first = key >> 8
            yield first, first + (1 << bits - (key & 255)) - 1, weight


@dataclass(frozen=True, slots=True)
class KnownWorld:
    """Every range that the databases place, of one family, by its number of addresses."""

    ranges: Ranges
    behind: int  # bits of an address that are not counted

    def spans(self, bits: int) -> Iterator[Span]:
        """The ranges of which something is known."""
        if bits == self.ranges.bits:
            for first, last, value in self.ranges:
                if value != UNKNOWN:
                    yield first, last, (last - first + 1) / (1 << self.behind)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Clients, in `unit`.

    `common` asks every service alike; `by_service` (full names) asks one each. `unsteered` is the
    weight of names that no service answers. `seconds` is the span of time that a log covers, None
    where nothing says so. `absolute` weights are a load as they stand, others only shares or sums.
    With `seen` the clients in `common` are weighed by what a server has answered them.
    """

    source: str
    unit: Unit
    common: Clients | None
    by_service: Mapping[str, Clients] = field(default_factory=dict)
    unsteered: float = 0.0
    seconds: float | None = None
    absolute: bool = False
    seen: Seen | None = None


def world_traffic(geo: Geo) -> Traffic:
    """The networks that the databases place, by their IPv4 addresses.

    IPv6 is left out beside IPv4: how many addresses a network has says nothing of its clients
    there. Databases of IPv6 alone are counted by /48 networks.
    """
    if any(value != UNKNOWN for value in geo.v4.values):
        return Traffic("the geo databases", Unit.ADDRESSES, KnownWorld(geo.v4, 0))
    return Traffic("the geo databases", Unit.SITES, KnownWorld(geo.v6, SITE_BITS))
