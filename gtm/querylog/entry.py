"""One question and its answer, as they were on the wire, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from gtm.dns.transport import Transport
from gtm.snapshot import Tally

PREFIXES = {4: 24, 6: 56}  # what is kept of clients: what resolvers tell of them (RFC 7871 11.1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A query that was answered. `at` is Unix time in seconds, `tally` what it was counted as.

    `sender` is an address in text; `port` is 0 where the plane does not tell it.
    """

    at: float
    sender: str
    port: int
    transport: Transport
    query: bytes
    answer: bytes
    tally: Tally
    epoch: int


def client(sender: str, *, whole: bool) -> IPv4Address | IPv6Address:
    """The sender's address, or the first of its network; IPv4 over an IPv6 socket is IPv4."""
    address = ip_address(sender.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if whole:
        return address
    network = ip_network((address, PREFIXES[address.version]), strict=False)
    return network.network_address
