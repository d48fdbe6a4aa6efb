"""What each database says of an address by itself, whoever wins."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_network

from gtm.geo.database import Geo
from gtm.geo.mmdb import Source
from gtm.geo.networks import UNKNOWN
from gtm.geo.systems import System
from gtm.model import Address, Location, Network


@dataclass(frozen=True, slots=True)
class Said:
    """A database, its network around the address, the location and AS it gives (None: none)."""

    source: Source
    network: Network
    location: Location | None
    system: System | None = None


def said(geo: Geo, address: Address) -> tuple[Said, ...]:
    """What the databases say, in their order: the first with a location wins."""
    plain = unmapped(address)
    found = []
    for contents in geo.contents:
        record, length = contents.tree.find(int(plain), plain.max_prefixlen)
        value, _, _ = (contents.v4 if plain.version == 4 else contents.v6).find(int(plain))
        location = None if value == UNKNOWN else geo.locations[value]
        network = ip_network((plain, length), strict=False)
        found.append(Said(contents.source, network, location, contents.systems.get(record)))
    return tuple(found)


def unmapped(address: Address) -> Address:
    """The IPv4 address inside ::ffff:0:0/96, as a dual-stack socket reports it; else itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
