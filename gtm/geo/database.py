"""All geo databases together: where the client of any address is.

Several files are layered: an earlier file wins wherever it knows a location, later ones fill the
gaps. So files for IPv4 and IPv6 apart, or a small precise file before a large coarse one, just
work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from ipaddress import IPv6Address, ip_network
from pathlib import Path

from gtm.geo.mmdb import Contents, Source, read_database
from gtm.geo.networks import UNKNOWN, Ranges, fill, overlay, unknown
from gtm.geo.records import Place
from gtm.model import Address, GeoOverride, Location, Network

MAX_AGE_DAYS = 35
"""Vendors publish at least monthly: a file older than this has missed an update."""

Fingerprint = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Where an address is: the network that says so, its location, and the file that has it.

    `location` and `source` are None when no file knows it; `network` is then the first file's.
    What the operator says of a network has a location, but no source.
    """

    network: Network
    location: Location | None
    source: Source | None


@dataclass(frozen=True, slots=True)
class Geo:
    """Everything the databases say. The values of `v4` and `v6` are indexes into `locations`."""

    locations: tuple[Location, ...]
    v4: Ranges
    v6: Ranges
    sources: tuple[Source, ...]
    contents: tuple[Contents, ...]
    overrides: tuple[GeoOverride, ...] = ()

    @classmethod
    def empty(cls) -> Geo:
        """No database at all: nothing is known of any address."""
        return cls((), unknown(32), unknown(128), (), ())

    def find(self, address: Address) -> Found:
        """Where an address is, exactly as the file has it (the ranges are merged)."""
        plain = _unmapped(address)
        bits = plain.max_prefixlen
        known = [override for override in self.overrides if plain in override.network]
        if known:
            nearest = max(known, key=lambda override: override.network.prefixlen)
            return Found(nearest.network, nearest.location, None)
        first: Network | None = None
        for contents in self.contents:
            record, length = contents.tree.find(int(plain), bits)
            network = _network(plain, length)
            if record != contents.tree.node_count and record not in contents.blank:
                return Found(network, self._location(plain), contents.source)
            first = first or network
        return Found(first or _network(plain, 0), None, None)

    def _location(self, address: Address) -> Location | None:
        ranges = self.v4 if address.version == 4 else self.v6
        value, _, _ = ranges.find(int(address))
        return None if value == UNKNOWN else self.locations[value]

    def overridden(self, overrides: tuple[GeoOverride, ...]) -> Geo:
        """The same, but for what the operator knows better; of nested networks the longest wins."""
        if not overrides:
            return self
        first = len(self.locations)
        laid = [(override.network, first + at) for at, override in enumerate(overrides)]
        return replace(
            self,
            locations=self.locations + tuple(override.location for override in overrides),
            v4=overlay(self.v4, laid),
            v6=overlay(self.v6, laid),
            overrides=overrides,
        )

    def stale(self, now: float) -> tuple[Source, ...]:
        """The files that were built more than MAX_AGE_DAYS before `now` (Unix time, seconds)."""
        oldest = now - MAX_AGE_DAYS * 86400
        return tuple(source for source in self.sources if source.built < oldest)


def open_databases(paths: Sequence[Path]) -> Geo:
    """Read files into one Geo, the first the most trusted.

    Takes seconds for a large database, and as much memory again while it reads. Raises GeoError
    ("cannot open <path>: <why>; <remedy>").
    """
    numbers: dict[Place, int] = {}

    def index_of(place: Place) -> int:
        return numbers.setdefault(place, len(numbers))

    contents = tuple(read_database(path, index_of) for path in paths)
    return Geo(
        tuple(place.location() for place in numbers),
        reduce(fill, (each.v4 for each in contents), unknown(32)) if contents else unknown(32),
        reduce(fill, (each.v6 for each in contents), unknown(128)) if contents else unknown(128),
        tuple(each.source for each in contents),
        contents,
    )


def fingerprint(paths: Sequence[Path]) -> Fingerprint:
    """What changes when a file is replaced, a swapped symlink included.

    For each file its modification time (ns), size and inode; None for one that is not there.
    """
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _unmapped(address: Address) -> Address:
    """The IPv4 address inside ::ffff:0:0/96, which a dual-stack socket reports."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _network(address: Address, length: int) -> Network:
    return ip_network((address, length), strict=False)
