"""Whom a zone is shared with: who may copy it, who is told of changes, who may change it.

What `tsig`, `transfer` and `updates` in a zone file mean, as frozen values. A key's name is that
of a domain, absolute and in lower case, as it goes over the wire (RFC 8945 section 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from gtm.receivers import Guarded

DNS_PORT = 53
DEFAULT_TYPES = frozenset({16})  # TXT (RFC 1035 section 3.2.2)


class Algorithm(Enum):
    """How messages are signed (RFC 8945 section 6): those that are not too weak."""

    SHA256 = "hmac-sha256"
    SHA384 = "hmac-sha384"
    SHA512 = "hmac-sha512"


@dataclass(frozen=True, slots=True)
class TsigKey:
    """A secret that two servers share. `secret` says where it stands, in base64."""

    name: str
    algorithm: Algorithm
    secret: Guarded


@dataclass(frozen=True, slots=True)
class Party:
    """Who may copy a zone: whoever asks from the network, with the key. None: any, none needed."""

    network: IPv4Network | IPv6Network | None
    key: str | None = None

    def admits(self, host: str, key: str | None) -> bool:
        """Whether it is who asks from an address, having signed with a key (None: not at all)."""
        if self.key is not None and self.key != key:
            return False
        return self.network is None or _address(host) in self.network


@dataclass(frozen=True, slots=True)
class Secondary:
    """A server that is told when the zone changes (RFC 1996). `key` signs the message."""

    address: IPv4Address | IPv6Address
    port: int = DNS_PORT
    key: str | None = None

    def __str__(self) -> str:
        """Address and port as people write them."""
        bracketed = self.address.version == 6
        return f"[{self.address}]:{self.port}" if bracketed else f"{self.address}:{self.port}"


class View(Enum):
    """What a copy has in the place of steered names, as who has it can't steer.

    `FALLBACK` is the answer that clients get whom nobody can place; `ALL` are all endpoints that
    are up, of all regions that are.
    """

    FALLBACK = "fallback"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Who may copy the zone, who is told that it changed, and what is copied of steered names."""

    to: tuple[Party, ...]
    notify: tuple[Secondary, ...] = ()
    view: View = View.FALLBACK

    def admits(self, host: str, key: str | None) -> bool:
        """Whether whoever asks from an address, having signed with a key, may copy the zone."""
        return any(party.admits(host, key) for party in self.to)


@dataclass(frozen=True, slots=True)
class Updates:
    """What the holder of a key may change: records of these types at names that fit a glob.

    The names are relative to the zone, "" is the zone itself.
    """

    key: str
    names: tuple[str, ...] = ("*",)
    types: frozenset[int] = DEFAULT_TYPES

    def allows(self, name: str, rrtype: int) -> bool:
        """Whether records of that type may be changed at a name relative to the zone."""
        return rrtype in self.types and self.covers(name)

    def covers(self, name: str) -> bool:
        """Whether anything may be changed at a name relative to the zone."""
        return any(fnmatchcase(name, glob) if name else not glob for glob in self.names)


def _address(host: str) -> IPv4Address | IPv6Address:
    """The address in text; IPv4 that came over an IPv6 socket is IPv4 again."""
    address = ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address


@dataclass(frozen=True, slots=True, repr=False)
class SharedKey:
    """A TSIG key with its secret, as it is signed with. `name` is on the wire, in lower case."""

    name: bytes
    algorithm: Algorithm
    secret: bytes

    def __repr__(self) -> str:
        """Which key it is; never its secret."""
        return f"SharedKey({self.name!r}, {self.algorithm.value})"
