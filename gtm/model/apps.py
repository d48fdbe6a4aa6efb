"""Apps: services that share one topology, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field, replace
from enum import Enum

from gtm.checks import AnyCheck
from gtm.model.places import Address
from gtm.model.services import ONE_UP, MinUp, Service
from gtm.model.steering import NEAREST, Balance, Steering


class Topology(Enum):
    """Whether an app's services move together or each by itself."""

    REPLICATED = "replicated"
    SPREAD = "spread"


class AllDown(Enum):
    """What to answer when no region is up."""

    ALL = "all"
    LAST_GOOD = "last_good"
    NODATA = "nodata"
    SERVFAIL = "servfail"
    ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True)
class WhenAllDown:
    """The answer of last resort; `addresses` are for AllDown.ADDRESSES alone."""

    mode: AllDown = AllDown.ALL
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class App:
    """A group of services that share one topology. `check` None: endpoints count as up.

    `answers` bounds the addresses of a response (None: all of them for `all`, else one). Below
    `panic` (a fraction of the endpoints) verdicts are not believed. `ramp` is how long a region
    that comes up takes to its full share; 0 is at once. `regions` are those that serve anything of
    it, in the order they first appear, `optional` the keys of the services that are, `timed` says
    whether any has a TTL of its own; `known` are all three, where they are known already.
    """

    name: str
    topology: Topology
    services: tuple[Service, ...]
    steering: Steering = NEAREST
    check: AnyCheck | None = None
    min_up: MinUp = ONE_UP
    balance: Balance = Balance.ALL
    answers: int | None = None
    when_all_down: WhenAllDown = WhenAllDown()
    panic: float = 0.0
    ramp: float = 30.0
    known: InitVar[tuple[tuple[str, ...], frozenset[str], bool] | None] = None
    regions: tuple[str, ...] = field(init=False, repr=False, compare=False)
    optional: frozenset[str] = field(init=False, repr=False, compare=False)
    timed: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self, known: tuple[tuple[str, ...], frozenset[str], bool] | None) -> None:
        """Looks through the services once: there may be thousands."""
        if known is None:
            regions = dict.fromkeys(name for each in self.services for name in each.endpoints)
            optional = frozenset(each.key for each in self.services if each.optional)
            known = tuple(regions), optional, any(each.ttl is not None for each in self.services)
        object.__setattr__(self, "regions", known[0])
        object.__setattr__(self, "optional", known[1])
        object.__setattr__(self, "timed", known[2])

    def settled_for(self, service: Service) -> App:
        """The app as it holds for one of its services: with the service's settings for its own.

        Whatever asks for a setting on behalf of a service asks this; it is the app itself where
        the service has no setting of its own.
        """
        own = {key: value for key in OWN if (value := getattr(service, key)) is not None}
        return (
            replace(self, **own, known=(self.regions, self.optional, self.timed)) if own else self
        )

    def steerings(self) -> Iterator[Steering]:
        """The app's steering, and those that services have of their own."""
        yield self.steering
        yield from (each.steering for each in self.services if each.steering is not None)


OWN = ("steering", "check", "min_up", "balance", "answers")  # of an app that a service may have
