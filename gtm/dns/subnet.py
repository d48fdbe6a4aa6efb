"""EDNS Client Subnet (RFC 7871): who the resolver asks for."""

from __future__ import annotations

from dataclasses import dataclass

OPTION = 8  # OPTION-CODE of edns-client-subnet (RFC 7871 section 6)
IPV4 = 1  # FAMILY numbers (IANA "Address Family Numbers")
IPV6 = 2
NO_FAMILY = 0  # sent by clients that have no address to give, with a SOURCE of 0
BITS = {NO_FAMILY: 0, IPV4: 32, IPV6: 128}
FIXED = 4  # octets before the address: family, source and scope prefix length


class SubnetError(ValueError):
    """The option breaks RFC 7871 section 6; the query gets FORMERR."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A client network: `address` is the number of its first address, `source` its length."""

    family: int
    source: int
    address: int

    @property
    def bits(self) -> int:
        """How long an address of the family is: 32 or 128; 0 for no family."""
        return BITS[self.family]

    def reply(self, scope: int) -> bytes:
        """The option's data for the response: the query's own, with the scope filled in."""
        octets = -(-self.source // 8)
        address = self.address.to_bytes(self.bits // 8, "big")[:octets]
        return self.family.to_bytes(2, "big") + bytes((self.source, scope)) + address


def parse(data: bytes) -> Subnet:
    """The option's data from a query.

    RFC 7871 section 6: SCOPE is 0 in queries, the address has the fewest octets that hold the
    SOURCE prefix, and bits behind the prefix are 0; FORMERR when not.
    """
    if len(data) < FIXED:
        raise SubnetError("shorter than its fixed part")
    family = int.from_bytes(data[:2], "big")
    source, scope, tail = data[2], data[3], data[4:]
    if family not in BITS:
        raise SubnetError("unknown address family")
    bits = BITS[family]
    if scope != 0 or source > bits or len(tail) != -(-source // 8):
        raise SubnetError("prefix lengths and address do not fit")
    address = int.from_bytes(tail.ljust(bits // 8, b"\0"), "big")
    if address & ((1 << (bits - source)) - 1):
        raise SubnetError("bits behind the prefix")
    return Subnet(family, source, address)
