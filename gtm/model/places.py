"""Where clients and things are: addresses, networks, places on the globe."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Location:
    """A point on the globe, with the political places around it as far as they are known.

    Latitude and longitude are degrees (WGS 84). `continent` is a two-letter code as GeoIP2 and
    octoDNS write it (AF AN AS EU NA OC SA), `country` an ISO 3166-1 alpha-2 code and
    `subdivision` the second part of an ISO 3166-2 code ("CA" in US-CA, "ENG" in GB-ENG).
    """

    latitude: float
    longitude: float
    continent: str | None = None
    country: str | None = None
    subdivision: str | None = None

    def code(self) -> str:
        """The geo code as octoDNS writes it: `NA-US-CA`, `EU-GB`, `EU`, or "" if none is known."""
        parts = [self.continent or "", self.country or "", self.subdivision or ""]
        return "-".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class GeoCode:
    """A set of places, octoDNS's way: a continent, a country in it, or a subdivision of that."""

    continent: str
    country: str | None = None
    subdivision: str | None = None

    def covers(self, location: Location) -> bool:
        """Whether the location lies in this place."""
        if self.country is None:
            return location.continent == self.continent
        if location.country != self.country:
            return False
        return self.subdivision is None or location.subdivision == self.subdivision

    @property
    def depth(self) -> int:
        """How small the place is: 1 continent, 2 country, 3 subdivision."""
        return 1 + (self.country is not None) + (self.subdivision is not None)

    def __str__(self) -> str:
        """The code as octoDNS writes it."""
        return "-".join(
            part for part in (self.continent, self.country, self.subdivision) if part is not None
        )


@dataclass(frozen=True, slots=True, order=True)
class AsNumber:
    """An autonomous system (RFC 4271): the networks that one operator announces."""

    number: int

    def __str__(self) -> str:
        """As operators write it: `AS64500` (RFC 5396, "asplain")."""
        return f"AS{self.number}"


# What an operator may say something of beside places: a network, or all networks of an AS.
Clients = IPv4Network | IPv6Network | AsNumber
