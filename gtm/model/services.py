"""A service, the regions that it is in, and the endpoints that serve it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gtm.checks import AnyCheck
from gtm.model.places import Address, Location
from gtm.model.steering import Balance, Steering
from gtm.published import Published


@dataclass(frozen=True, slots=True)
class Region:
    """A datacenter or cloud region: the unit of steering and of health.

    `bias` from -99 to 99 draws clients in (above 0) or pushes them away, in Route 53's form.
    `capacity` is the most load it can take, in the unit that its load is reported in; from `soft`
    (a fraction of it) on, clients are sent elsewhere. While its own `check` is down, every app is
    down there.
    """

    name: str
    location: Location
    bias: int = 0
    capacity: float | None = None
    soft: float = 0.8
    check: AnyCheck | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address, or one host name answered as CNAME, that serves a service in a region.

    `weight` is its share among the region's endpoints; a `backup` serves when no other is up.
    """

    at: Address | str
    weight: int = 1
    backup: bool = False

    @property
    def is_host(self) -> bool:
        """Whether this is a host name."""
        return isinstance(self.at, str)

    @property
    def version(self) -> int | None:
        """4 or 6, the version of IP; None for a host name."""
        return None if isinstance(self.at, str) else self.at.version

    def __str__(self) -> str:
        """The address, or the host name with its trailing dot."""
        return str(self.at)


@dataclass(frozen=True, slots=True)
class MinUp:
    """How many endpoints a region needs up: a number, or a percentage of those it has."""

    value: int
    percent: bool = False

    def of(self, total: int) -> int:
        """The number needed out of `total`: from 1 to all; a percentage is rounded up."""
        needed = -(-total * self.value // 100) if self.percent else self.value
        return min(max(1, needed), total)

    def __str__(self) -> str:
        """As the zone file has it."""
        return f"{self.value}%" if self.percent else str(self.value)


ONE_UP = MinUp(1)  # what holds where nothing is said


@dataclass(frozen=True, slots=True)
class Service:
    """One API hostname and where it is served.

    `key` is the name as the zone file has it (`orders`), `name` the absolute one. `endpoints`
    maps region names to what serves there, in the file's order. An `optional` service does not
    count towards a replicated app's region verdict. The other settings stand in place of the
    app's (None: the app's holds), `ttl` in place of the zone's; `App.settled_for` joins them.
    `published` is what stands beside its addresses, if anything does.
    """

    key: str
    name: str
    endpoints: Mapping[str, tuple[Endpoint, ...]]
    optional: bool = False
    steering: Steering | None = None
    check: AnyCheck | None = None
    min_up: MinUp | None = None
    balance: Balance | None = None
    answers: int | None = None
    ttl: int | None = None
    published: Published | None = None
