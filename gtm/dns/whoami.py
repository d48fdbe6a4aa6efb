"""The name `whoami` of a zone: what is seen of who asks, and where they are sent, as TXT records.

For debugging by dig: the address that the packet came from, the client subnet (RFC 7871), the
place as the zone's geo data have it, and for the zone's apps the region picked.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from gtm.dns.types import Type
from gtm.snapshot import RRset, Whoami

MAX_STRING = 255  # octets of a string in a TXT record (RFC 1035 section 3.3)
TTL = 0  # it is of this query alone

Known = tuple[int, int]  # an address: the bits of its family, and the number that it is


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a client is sent for an app, or for one of its services: what dig shows of it."""

    label: str
    regions: tuple[str, ...]
    area: int
    areas: int
    why: str = ""

    def __str__(self) -> str:
        """`shop=us-east area=3/120`."""
        regions = ",".join(self.regions) or "nobody"
        why = f" ({self.why})" if self.why else ""
        return f"{self.label}={regions} area={self.area}/{self.areas}{why}"


def told(
    whoami: Whoami,
    sender: Known,
    client: Known,
    prefix: int | None,
    sent: Sequence[Sent],
    epoch: int,
) -> RRset:
    """One string in one record for each thing that is known.

    `prefix` is the length of the client subnet, None where the client is the sender.
    """
    lines = [f"address={_address(*sender)}"]
    if prefix is not None:
        lines.append(f"subnet={ip_network((_address(*client), prefix), strict=False)}")
    lines += whoami.places.words(*client)
    lines += map(str, sent)
    if whoami.more:
        lines.append(f"more={whoami.more}")
    lines.append(f"epoch={epoch}")
    data = dict.fromkeys(_string(line) for line in lines)
    return RRset(Type.TXT, TTL, tuple(data))


@dataclass(frozen=True, slots=True)
class Without:
    """The names that exist for everybody."""

    names: Container[bytes]
    whoami: bytes

    def __contains__(self, name: object) -> bool:
        """Whether a name is one of them."""
        return name != self.whoami and name in self.names


def _address(bits: int, address: int) -> str:
    return str(ip_address(address.to_bytes(bits // 8, "big")))


def _string(text: str) -> bytes:
    octets = text.encode()[:MAX_STRING]
    return bytes((len(octets),)) + octets
