"""The synthetic world that every peer is told: regions, places, client networks.

Deterministic: the same counts give the same world, on any machine and Python. Client networks
are disjoint IPv4 blocks from /16 to /24 and IPv6 blocks of /32 to /48; a network lies
where the one before it does as often as in a public country database, else anywhere.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from itertools import accumulate, islice

Network = IPv4Network | IPv6Network

SEED = 20240229
EARTH_RADIUS = 6371.0  # km
IPV6_SHARE = 0.1  # of all client networks
PLACES = 800
ALIKE = 0.5  # neighbours in the same place: 0.48 in iptoasn-country, 0.3 in city databases
# How often each IPv4 prefix length comes up; the mean block is about 10,000 addresses, so that
# 370,000 networks fit below 224.0.0.0.
IPV4_LENGTHS = (16, 17, 18, 19, 20, 21, 22, 23, 24)
IPV4_WEIGHTS = (5, 4, 6, 8, 14, 14, 18, 11, 20)
# A city database has ten times the networks, the mean block about 1,000 addresses.
MANY = 1_000_000  # networks above which blocks are as in a city database
CITY_LENGTHS = (18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28)
CITY_WEIGHTS = (1, 1, 3, 6, 16, 18, 24, 9, 8, 7, 7)
IPV4_OFFSET = 96
IPV4_LIMIT = 224 << 24  # multicast and above have no clients
IPV6_LENGTHS = (32, 36, 40, 44, 48)


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients are: degrees, with the codes a geo database has for it."""

    latitude: float
    longitude: float
    continent: str
    country: str


@dataclass(frozen=True, slots=True)
class ClientNetwork:
    """One row of the geo database: `place` is an index into the world's places.

    `start` and `length` are in the 128 bits of IPv6; IPv4 lies under ::/96, as in the database.
    """

    start: int
    length: int
    place: int

    @property
    def network(self) -> Network:
        """The block in its own address family."""
        if self.start >> 32:
            return IPv6Network((self.start, self.length))
        return IPv4Network((self.start, self.length - IPV4_OFFSET))


@dataclass(frozen=True, slots=True)
class Region:
    """A datacenter, in degrees."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class World:
    """Everything about geography that the peers are told."""

    regions: tuple[Region, ...]
    places: tuple[Place, ...]
    networks: tuple[ClientNetwork, ...]

    def nearest(self, place: int) -> int:
        """The index of the region with the shortest great circle to the place."""
        here = self.places[place]
        return min(range(len(self.regions)), key=lambda index: distance(here, self.regions[index]))

    def place_at(self, address: int) -> int:
        """The place of an address, in the 128 bits of the networks; LookupError outside them."""
        row = self.networks[bisect_right(self.networks, address, key=lambda row: row.start) - 1]
        if not row.start <= address < row.start + (1 << 128 - row.length):
            raise LookupError(f"no client network holds {address:#x}")
        return row.place


REGIONS = (
    Region("us-east", 39.04, -77.49),
    Region("us-west", 45.6, -121.18),
    Region("sa-east", -23.55, -46.63),
    Region("eu-west", 53.35, -6.26),
    Region("eu-central", 50.11, 8.68),
    Region("ap-south", 19.08, 72.88),
    Region("ap-southeast", 1.35, 103.82),
    Region("ap-northeast", 35.68, 139.69),
)

# continent, a country code in it, latitudes, longitudes, share of the places
_CONTINENTS = (
    ("NA", "US", (25, 55), (-124, -68), 28),
    ("SA", "BR", (-38, 5), (-76, -38), 10),
    ("EU", "DE", (37, 62), (-9, 40), 28),
    ("AS", "IN", (1, 52), (50, 142), 24),
    ("AF", "ZA", (-33, 32), (-12, 42), 6),
    ("OC", "AU", (-40, -14), (114, 176), 4),
)


def distance(one: Place | Region, other: Place | Region) -> float:
    """Great-circle distance in km (haversine, a sphere)."""
    first, second = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    half = (
        math.sin((second - first) / 2) ** 2
        + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(half))


def world(networks: int, regions: int = len(REGIONS)) -> World:
    """A world of so many regions (8 at most) and about `networks` client networks, in order."""
    draw = random.Random(SEED)
    places = tuple(_place(draw) for _ in range(PLACES))
    ipv6 = int(networks * IPV6_SHARE)
    rows = [*_ipv4_networks(draw, networks - ipv6), *_ipv6_networks(draw, ipv6)]
    return World(REGIONS[:regions], places, tuple(rows))


def _place(draw: random.Random) -> Place:
    shares = [row[4] for row in _CONTINENTS]
    continent, country, latitudes, longitudes, _ = draw.choices(_CONTINENTS, shares)[0]
    # Four decimals are about ten metres, and what city databases carry.
    latitude = round(draw.uniform(*latitudes), 4)
    return Place(latitude, round(draw.uniform(*longitudes), 4), continent, country)


def _places(draw: random.Random) -> Iterator[int]:
    """Where one network after another is."""
    place = draw.randrange(PLACES)
    while True:
        yield place
        if draw.random() >= ALIKE:
            place = draw.randrange(PLACES)


def _ipv4_networks(draw: random.Random, count: int) -> Iterator[ClientNetwork]:
    """Blocks one after another from 1.0.0.0 on.

    They cover loopback too, as without client subnet every question comes from there.
    """
    start = 1 << 24
    many = count > MANY
    lengths = CITY_LENGTHS if many else IPV4_LENGTHS
    weights = list(accumulate(CITY_WEIGHTS if many else IPV4_WEIGHTS))
    for place in islice(_places(draw), count):
        length = draw.choices(lengths, cum_weights=weights)[0]
        size = 1 << (32 - length)
        start = -(-start // size) * size
        if start >= IPV4_LIMIT:
            return
        yield ClientNetwork(start, length + IPV4_OFFSET, place)
        start += size


def _ipv6_networks(draw: random.Random, count: int) -> Iterator[ClientNetwork]:
    """Blocks one after another from 2400:: on, where no IPv4 is embedded."""
    start = 0x2400 << 112
    for place in islice(_places(draw), count):
        length = draw.choice(IPV6_LENGTHS)
        size = 1 << (128 - length)
        start = -(-start // size) * size
        yield ClientNetwork(start, length, place)
        start += size
