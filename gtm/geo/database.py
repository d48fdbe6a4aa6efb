"""All geo databases together: where the client of any address is, and which AS announces it.

Several files are layered: an earlier file wins wherever it knows a location, later ones fill the
gaps; AS numbers likewise. So files for IPv4 and IPv6 apart, a small precise file before a large
coarse one, or a file of places beside one of AS numbers, just work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from ipaddress import IPv6Address, ip_network
from pathlib import Path

from gtm.geo.mmdb import Contents, Numbering, Source, read_database
from gtm.geo.networks import UNKNOWN, Layer, Ranges, fill, no_layer, overlay, unknown
from gtm.geo.records import Place
from gtm.geo.systems import System, Systems
from gtm.model import Address, AsNumber, GeoOverride, Location, Network

MAX_AGE_DAYS = 365
"""Beyond it there is surely a newer one to be had. The one that comes with gtm is months old when
it is installed, and nobody who has just begun can do anything about that.
"""

NOWHERE = Location(0.0, 0.0)  # what no address leads to

Fingerprint = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Where an address is: the network that says so, its location, and the file that has it.

    `location` and `source` are None when no file knows it; `network` is then the first file's.
    Where the operator says the location, `override` is set and `source` is not.
    """

    network: Network
    location: Location | None
    source: Source | None
    override: GeoOverride | None = None


@dataclass(frozen=True, slots=True)
class FoundSystem:
    """Which AS announces an address: the network that says so, and the file that has it."""

    network: Network
    system: System
    source: Source


@dataclass(frozen=True, slots=True)
class Geo:
    """Everything the databases say. The values of `v4` and `v6` are indexes into `locations`.

    Those of `ruled` are indexes into `overrides`: the one that holds for a client, if any does.
    """

    locations: tuple[Location, ...]
    v4: Ranges
    v6: Ranges
    sources: tuple[Source, ...]
    contents: tuple[Contents, ...]
    systems: Systems = field(default_factory=Systems)
    overrides: tuple[GeoOverride, ...] = ()
    ruled: Layer = field(default_factory=no_layer)

    @classmethod
    def empty(cls) -> Geo:
        """No database at all: nothing is known of any address."""
        return cls((), unknown(32), unknown(128), (), ())

    def find(self, address: Address) -> Found:
        """Where an address is, exactly as the file has it (the ranges are merged)."""
        plain = _unmapped(address)
        override = self.ruling(plain)
        if override is None or override.location is None:
            return self._found(plain)
        clients = override.clients
        if not isinstance(clients, AsNumber):
            return Found(clients, override.location, None, override)
        announced = self.find_system(plain)
        network = _network(plain, 0) if announced is None else announced.network
        return Found(network, override.location, None, override)

    def find_system(self, address: Address) -> FoundSystem | None:
        """Which AS announces an address, as the first file that knows it has it."""
        plain = _unmapped(address)
        for contents in self.contents:
            record, length = contents.tree.find(int(plain), plain.max_prefixlen)
            if (system := contents.systems.get(record)) is not None:
                return FoundSystem(_network(plain, length), system, contents.source)
        return None

    def ruling(self, address: Address) -> GeoOverride | None:
        """The operator's override that holds for an address."""
        plain = _unmapped(address)
        value, _, _ = self.ruled.of(plain.max_prefixlen).find(int(plain))
        return None if value == UNKNOWN else self.overrides[value]

    def _found(self, address: Address) -> Found:
        """What the databases have."""
        bits = address.max_prefixlen
        first: Network | None = None
        for contents in self.contents:
            record, length = contents.tree.find(int(address), bits)
            network = _network(address, length)
            if record != contents.tree.node_count and record not in contents.blank:
                return Found(network, self._location(address), contents.source)
            first = first or network
        return Found(first or _network(address, 0), None, None)

    def _location(self, address: Address) -> Location | None:
        ranges = self.v4 if address.version == 4 else self.v6
        value, _, _ = ranges.find(int(address))
        return None if value == UNKNOWN else self.locations[value]

    def overridden(self, overrides: tuple[GeoOverride, ...]) -> Geo:
        """The same, but for what the operator knows better.

        One override holds for a client, whole: that of the smallest network around it, or else
        that of its AS.
        """
        if not overrides:
            return self
        first = len(self.locations)
        laid = [
            first + at if override.location is not None else UNKNOWN
            for at, override in enumerate(overrides)
        ]
        # one for each override, so that indexes agree; nothing leads to those without a location
        added = tuple(override.location or NOWHERE for override in overrides)
        ruled = _ruled(self.systems, overrides)
        here = ruled.selected(laid)
        return replace(
            self,
            locations=self.locations + added,
            v4=fill(here.v4, self.v4),
            v6=fill(here.v6, self.v6),
            overrides=overrides,
            ruled=ruled,
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
    systems: dict[AsNumber, int] = {}
    numbering = Numbering(
        lambda place: numbers.setdefault(place, len(numbers)),
        lambda system: systems.setdefault(system, len(systems)),
    )
    contents = tuple(read_database(path, numbering) for path in paths)
    return Geo(
        tuple(place.location() for place in numbers),
        reduce(fill, (each.v4 for each in contents), unknown(32)) if contents else unknown(32),
        reduce(fill, (each.v6 for each in contents), unknown(128)) if contents else unknown(128),
        tuple(each.source for each in contents),
        contents,
        Systems(tuple(systems), _announced(contents)),
    )


def _announced(contents: Sequence[Contents]) -> Layer:
    """The AS numbers of all files together."""
    layers = [each.announced for each in contents if each.systems]
    return Layer(
        reduce(fill, (layer.v4 for layer in layers), unknown(32)),
        reduce(fill, (layer.v6 for layer in layers), unknown(128)),
    )


def _ruled(systems: Systems, overrides: tuple[GeoOverride, ...]) -> Layer:
    """Which override holds where: those of networks lie over those of ASes."""
    named, networks = {}, []
    for at, override in enumerate(overrides):
        if isinstance(override.clients, AsNumber):
            named[override.clients] = at
        else:
            networks.append((override.clients, at))
    base = systems.only(named)
    return Layer(overlay(base.v4, networks), overlay(base.v6, networks))


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
