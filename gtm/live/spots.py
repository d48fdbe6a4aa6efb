"""The places of a map, and how many client networks each has in each area. Pure.

A place is a country, or a subdivision of one of the largest, as far as the databases know it. What
steering may ask of clients is cut by the steering's own code (gtm.steering.places), so a place
whose clients are decided differently is as many parts as there are decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from gtm.geo import Geo, Ranges
from gtm.geo.places import countries, subdivisions
from gtm.model import Clients, Location
from gtm.snapshot import AreaTable
from gtm.steering.places import Place, places

# Countries of more than 1.9 million square kilometres: their two ends may go to different regions.
LARGE = frozenset({"AR", "AU", "BR", "CA", "CN", "DZ", "ID", "IN", "KZ", "MX", "RU", "US"})
SITE_BITS = 80  # of an IPv6 address behind a /48, the usual assignment to one site (RFC 6177)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map, by its middle. `subdivision` is set for parts of a large country."""

    code: str
    country: str
    subdivision: str | None
    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Patch:
    """Clients that no decision tells apart: one address of theirs, where they are, how many.

    `v4` are addresses, `v6` networks of /48. `spot` is None where that is not known.
    """

    bits: int
    address: int
    spot: Spot | None
    v4: float
    v6: float


Part = tuple[Spot | None, float, float]  # a place with its IPv4 addresses and IPv6 networks


def patches(geo: Geo, named: Iterable[Clients]) -> tuple[Patch, ...]:
    """All clients; `named` are the networks and ASes that rules of the steering name.

    Takes a sweep over all ranges of the databases: not for the control loop.
    """
    cut = places(geo, sorted(set(named), key=str))
    four, six = _sizes(cut.v4, cut.list), _sizes(cut.v6, cut.list)
    found = []
    for number, place in enumerate(cut.list):
        spot = _spot_of(place)
        bits, address = (32, four[number][0]) if number in four else (128, six[number][0])
        size4 = four[number][1] if number in four else 0
        size6 = six[number][1] / (1 << SITE_BITS) if number in six else 0.0
        found.append(Patch(bits, address, spot, float(size4), size6))
    return tuple(found)


def by_area(every: Iterable[Patch], areas: AreaTable) -> Mapping[int, Sequence[Part]]:
    """The places that each area has a part of."""
    sums: dict[tuple[int, Spot | None], list[float]] = {}
    for patch in every:
        here = sums.setdefault((areas.find(patch.bits, patch.address) >> 8, patch.spot), [0.0, 0.0])
        here[0] += patch.v4
        here[1] += patch.v6
    found: dict[int, list[Part]] = {}
    for (area, spot), (v4, v6) in sums.items():
        found.setdefault(area, []).append((spot, v4, v6))
    return found


def _sizes(ranges: Ranges, every: Sequence[Place]) -> dict[int, list[int]]:
    """For each place's number an address and how many addresses it has."""
    found: dict[int, list[int]] = {}
    before, number = -1, -1
    end = 1 << ranges.bits
    for start, value in zip(ranges.starts, ranges.values, strict=True):
        if before >= 0:
            _add(found, number, before, start)
        before, number = start, value
    _add(found, number, before, end)
    return found


def _add(found: dict[int, list[int]], number: int, start: int, end: int) -> None:
    here = found.get(number)
    if here is None:
        found[number] = [start, end - start]
    else:
        here[1] += end - start


def _spot_of(place: Place) -> Spot | None:
    location = place.location
    if location is None or location.country is None:
        return None
    large = location.country in LARGE
    return spot(location.country, location.subdivision if large else None)


@cache
def spot(country: str, subdivision: str | None) -> Spot | None:
    """A country, or a part of it where that is known; None for a country that nobody knows."""
    whole = countries().get(country)
    if whole is None:
        return None
    part = None if subdivision is None else subdivisions().get(f"{country}-{subdivision}")
    if part is None:
        return _at(whole.location, country, None, whole.name)
    return _at(part[1], country, subdivision, part[0])


def _at(middle: Location, country: str, subdivision: str | None, name: str) -> Spot:
    return Spot(middle.code(), country, subdivision, name, middle.latitude, middle.longitude)
