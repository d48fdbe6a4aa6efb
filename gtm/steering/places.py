"""What steering may ask of a client network, and the ranges in which it does not change."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gtm.geo import Geo, Ranges, crunch
from gtm.geo.networks import UNKNOWN, crossed, overlay, unknown
from gtm.model import EVERYONE, AsNumber, Clients, GeoCode, Location, Match, Network


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client network is, which of the operator's networks it lies in, and its AS.

    `system` is only known where a rule names it. `pinned` are the regions that an override gives
    these clients, first ones first.
    """

    location: Location | None
    networks: frozenset[Network] = frozenset()
    system: AsNumber | None = None
    pinned: tuple[str, ...] = ()

    def matches(self, match: Match) -> bool:
        """Whether a rule's word takes this client."""
        if match is EVERYONE:
            return True
        if isinstance(match, GeoCode):
            return self.location is not None and match.covers(self.location)
        if isinstance(match, AsNumber):
            return match == self.system
        return match in self.networks


@dataclass(frozen=True, slots=True)
class Places:
    """Address space cut where a place changes; the values of the ranges are indices of `list`."""

    list: Sequence[Place]
    v4: Ranges
    v6: Ranges


def places(geo: Geo, named: Iterable[Clients]) -> Places:
    """The database's places, cut further where what the operator's rules name begins and ends.

    Regions that overrides pin are cut out too. Takes one sweep over the ranges, however many
    networks are named or an AS has.
    """
    words = set(named)
    systems = sorted(word for word in words if isinstance(word, AsNumber))
    networks = [word for word in words if not isinstance(word, AsNumber)]
    announced = geo.systems.only({system: at for at, system in enumerate(systems)})
    pins = list(dict.fromkeys(override.regions for override in geo.overrides if override.regions))
    numbers = {pin: at for at, pin in enumerate(pins)}
    pinned = geo.ruled.selected([numbers.get(each.regions, UNKNOWN) for each in geo.overrides])
    cut = _Cut()
    v4, v6 = (
        cut.ranges(geo_ranges, announced.of(bits), pinned.of(bits), _innermost(networks, bits))
        for bits, geo_ranges in ((32, geo.v4), (128, geo.v6))
    )
    around = _around(networks)
    found = [
        Place(
            None if location == UNKNOWN else geo.locations[location],
            frozenset() if network == UNKNOWN else around[networks[network]],
            None if system == UNKNOWN else systems[system],
            () if pin == UNKNOWN else pins[pin],
        )
        for location, system, pin, network in cut.places()
    ]
    return Places(found, v4, v6)


class _Cut:
    """Ranges of several kinds crossed, two at a time, with numbers that both families share."""

    def __init__(self) -> None:
        self._operator: dict[tuple[int, int], int] = {}
        self._named: dict[tuple[int, int], int] = {}
        self._all: dict[tuple[int, int], int] = {}

    def ranges(self, located: Ranges, system: Ranges, pin: Ranges, network: Ranges) -> Ranges:
        """The address space cut wherever one of them changes."""
        operator = crossed(system, pin, self._operator)
        named = crossed(operator, network, self._named)
        if len(named) > 1 or crunch.BUILT:
            return crossed(located, named, self._all)
        only, numbers = named.values[0], self._all
        pairs = ((value, only) for value in located.values)
        values = array("i", (numbers.setdefault(pair, len(numbers)) for pair in pairs))
        return Ranges(located.bits, located.starts, values)

    def places(self) -> Iterable[tuple[int, int, int, int]]:
        """For each number its location, AS, pin and innermost network."""
        operators, named = list(self._operator), list(self._named)
        for location, rest in self._all:
            operator, network = named[rest]
            yield location, *operators[operator], network


def _innermost(networks: Sequence[Network], bits: int) -> Ranges:
    """The smallest of the networks around each address, by index."""
    return overlay(unknown(bits), ((network, at) for at, network in enumerate(networks)))


def _around(networks: Sequence[Network]) -> Mapping[Network, frozenset[Network]]:
    """Each network with all those that hold it: itself, and those around it."""
    found: dict[Network, frozenset[Network]] = {}
    by_key = {_key(network): network for network in networks}
    for network in sorted(networks, key=lambda each: each.prefixlen):
        version, length, bits = _key(network)
        wider = ((version, length - cut, bits >> cut) for cut in range(1, length + 1))
        parent = next((by_key[key] for key in wider if key in by_key), None)
        found[network] = frozenset((network,)) | (found[parent] if parent else frozenset())
    return found


def _key(network: Network) -> tuple[int, int, int]:
    """IP version, length, leading bits."""
    leading = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
    return network.version, network.prefixlen, leading
