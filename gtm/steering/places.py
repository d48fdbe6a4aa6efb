"""What steering may ask of a client network, and the ranges in which it does not change."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gtm.geo import Geo, Ranges
from gtm.model import EVERYONE, GeoCode, Location, Match, Network


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client network is, and which of the operator's networks it lies in."""

    location: Location | None
    networks: frozenset[Network] = frozenset()

    def matches(self, match: Match) -> bool:
        """Whether a rule's word takes this client."""
        if match is EVERYONE:
            return True
        if isinstance(match, GeoCode):
            return self.location is not None and match.covers(self.location)
        return match in self.networks


@dataclass(frozen=True, slots=True)
class Places:
    """Address space cut where a place changes; the values of the ranges are indices of `list`."""

    list: Sequence[Place]
    v4: Ranges
    v6: Ranges


def places(geo: Geo, networks: Iterable[Network]) -> Places:
    """The database's places, cut further at the networks that the operator's rules name."""
    named = sorted(set(networks), key=lambda network: (network.version, network.prefixlen))
    numbers: dict[tuple[int, frozenset[Network]], int] = {}
    v4 = _cut(geo.v4, [network for network in named if network.version == 4], numbers)
    v6 = _cut(geo.v6, [network for network in named if network.version == 6], numbers)
    found = [
        Place(None if location < 0 else geo.locations[location], inside)
        for location, inside in numbers
    ]
    return Places(found, v4, v6)


def _cut(
    ranges: Ranges, networks: list[Network], numbers: dict[tuple[int, frozenset[Network]], int]
) -> Ranges:
    """The ranges, renumbered by (location, networks around it)."""
    if not networks:
        nothing: frozenset[Network] = frozenset()
        values = array(
            "i", (numbers.setdefault((value, nothing), len(numbers)) for value in ranges.values)
        )
        return Ranges(ranges.bits, ranges.starts, values)
    starts: list[int] = []
    cut = array("i")
    for start, location, inside in _pieces(ranges, networks):
        number = numbers.setdefault((location, inside), len(numbers))
        if not cut or cut[-1] != number:
            starts.append(start)
            cut.append(number)
    return Ranges(ranges.bits, array("I", starts) if ranges.bits == 32 else starts, cut)


def _pieces(
    ranges: Ranges, networks: list[Network]
) -> Iterator[tuple[int, int, frozenset[Network]]]:
    """(start, location, networks that hold it) wherever one of them may change."""
    edges = {int(network.network_address) for network in networks}
    edges |= {int(network.broadcast_address) + 1 for network in networks}
    inner = sorted(edge for edge in edges if edge < 1 << ranges.bits)
    at = 0
    for index, start in enumerate(ranges.starts):
        end = ranges.starts[index + 1] if index + 1 < len(ranges.starts) else 1 << ranges.bits
        begins = [start]
        while at < len(inner) and inner[at] < end:
            if inner[at] > start:
                begins.append(inner[at])
            at += 1
        for begin in begins:
            yield begin, ranges.values[index], _around(begin, networks)


def _around(address: int, networks: list[Network]) -> frozenset[Network]:
    return frozenset(
        network
        for network in networks
        if int(network.network_address) <= address <= int(network.broadcast_address)
    )
