"""Where a sample belongs: the areas of the client that it names, and which network it is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from zlib import crc32

from gtm.feeds.cell import NO_NETWORK
from gtm.geo.places import parse_code
from gtm.model import Address, GeoCode, Location, Network

SMALLEST = {4: 24, 6: 48}  # prefix lengths of what counts as one client network
WIDEST = {4: 16, 6: 32}  # wider networks lie in several places: an area says that better
LONGEST = 60  # characters of a value that a message repeats


@dataclass(frozen=True, slots=True)
class Client:
    """The areas that a sample counts for, the smallest first, and a number for its network."""

    areas: tuple[GeoCode, ...]
    network: int = NO_NETWORK


def in_area(text: str) -> Client:
    """A client named by its area alone. Raises ValueError, in words."""
    return Client(_with_country(parse_code(text)))


def at_address(text: str, locate: Callable[[Address], Location | None]) -> Client | None:
    """A client named by address or network; None if no database knows where it is.

    Raises ValueError, in words, for what is neither.
    """
    network = _network(text)
    location = locate(network.network_address)
    if location is None or location.continent is None or location.country is None:
        return None
    code = GeoCode(location.continent, location.country, location.subdivision)
    length = min(SMALLEST[network.version], network.prefixlen)
    around = network.supernet(new_prefix=length)
    return Client(_with_country(code), max(1, crc32(str(around).encode())))


def _network(text: str) -> Network:
    shown = repr(text[:LONGEST])
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{shown} is neither an IP address nor a network") from None
    if "%" in text:
        raise ValueError(f"{shown} has a scope")
    if network.prefixlen < WIDEST[network.version]:
        raise ValueError(f"{shown} is wider than /{WIDEST[network.version]}: name an area instead")
    return network


def _with_country(code: GeoCode) -> tuple[GeoCode, ...]:
    """The area, and the country around a subdivision.

    Not the continent: a round trip in one of its countries says nothing of the others.
    """
    if code.subdivision is None:
        return (code,)
    return (code, GeoCode(code.continent, code.country))
