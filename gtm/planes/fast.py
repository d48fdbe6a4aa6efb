"""The python plane's fast path: ordinary questions answered by look-ups and one join.

Ordinary is: one question of class IN for a name that exists, at most an OPT record behind it. The
name, lower-cased, leads to a node; the question's last four octets lead to an entry there; a
steered entry asks the area table and the plan which region's rendered answer to take. Whatever
is not ordinary gives None, and goes to the reference responder.

This is one function on purpose: a call costs as much here as a look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address

from gtm.dns import subnet
from gtm.dns.lookup import Asker
from gtm.dns.message import DO_BIT, UDP_MAXIMUM, UDP_MINIMUM
from gtm.dns.types import FIRST_META_TYPE, Type
from gtm.snapshot import AreaTable, Node, Snapshot

IN_CLASS = b"\0\1"
OPT_HEAD = b"\0\0\x29"  # the root's name and type OPT (RFC 6891 section 6.1.2)
OPT_FIXED = 11  # octets of an OPT record without options
MEMORY = 1 << 16  # askers and OPT records remembered; beyond it the memory starts anew

DO_OCTETS = {False: b"\0\0", True: DO_BIT.to_bytes(2, "big")}
SUBNET_CODE = subnet.OPTION.to_bytes(2, "big")


def _headers() -> dict[bytes, tuple[bytes, bool]]:
    """Octets 2 to 11 of ordinary queries, to the response's flags and whether there is an OPT.

    RD, AD and CD may be set; the response has QR and AA, and RD and CD as they came.
    """
    return {
        bytes((rd, ad | cd)) + b"\0\1\0\0\0\0\0" + bytes((edns,)): (
            bytes((0x84 | rd, cd)),
            bool(edns),
        )
        for rd in (0, 1)
        for ad in (0, 0x20)
        for cd in (0, 0x10)
        for edns in (0, 1)
    }


HEADERS = _headers()
SCOPES = tuple(bytes((scope,)) for scope in range(129))

Opt = tuple[int, bytes, subnet.Subnet | None, bytes]


class FastPath:
    """Answers from one snapshot. `counts` holds a number for each of the snapshot's tallies."""

    def __init__(self, snapshot: Snapshot, random16: Callable[[], int]) -> None:
        """`random16` gives 16 random bits, for the order of records."""
        self._nodes: Mapping[bytes, Node] = snapshot.nodes
        self._random16 = random16
        self._askers: dict[tuple[str, int], int] = {}
        self._opts: dict[bytes, Opt | None] = {}

    def answer(
        self, packet: bytes, host: str, counts: list[int], *, udp: bool = True
    ) -> bytes | None:
        """The response to a packet from an address, or None if it is not ordinary."""
        header = HEADERS.get(packet[2:12])
        if header is None:
            return None
        end = packet.find(b"\0", 12) + 5
        node = self._nodes.get(packet[12 : end - 4].lower())
        if node is None:
            return None
        key = packet[end - 4 : end]
        entry = node.entries.get(key) if node.entries is not None else None
        if entry is None:
            entry = node.other
            if entry is None or not _is_data_type(key):
                return None
        flags, edns = header
        client = None
        limit = UDP_MINIMUM
        opt = b""
        if edns:
            tail = packet[end:]
            try:
                known = self._opts[tail]
            except KeyError:
                known = self._remember(tail)
            if known is None:
                return None
            limit, opt, client, echo = known
        elif len(packet) != end:
            return None
        rendered = entry.fixed
        if rendered is None:
            steered = entry.steered
            assert steered is not None  # noqa: S101  # an entry is fixed or steered
            areas = steered.areas
            if client is not None and client.source:
                value = areas.find(client.bits, client.address)
            else:
                try:
                    value = self._askers[host, id(areas)]
                except KeyError:
                    value = self._locate(host, areas)
            plan = steered.plans[value >> 8]
            rendered = entry.by_region[plan.slots[0]]
            if client is not None:
                opt += echo[:7] + SCOPES[value & 255 if client.source else 0] + echo[8:]
        elif client is not None:
            opt += echo
        body = rendered.body
        if rendered.stride:
            shift = (self._random16() * rendered.records >> 16) * rendered.stride
            body = body[shift : shift + rendered.size]
        if udp and end + rendered.size + len(opt) > limit:
            return None
        counts[rendered.tally] += 1
        return b"".join(
            (
                packet[:2],
                flags,
                rendered.counts_edns if edns else rendered.counts,
                packet[12:end],
                body,
                opt,
            )
        )

    def _locate(self, host: str, areas: AreaTable) -> int:
        if len(self._askers) >= MEMORY:
            self._askers.clear()
        asker = asker_of(host)
        value = self._askers[host, id(areas)] = areas.find(asker.bits, asker.address)
        return value

    def _remember(self, tail: bytes) -> Opt | None:
        opt = read_opt(tail)
        if len(self._opts) >= MEMORY:
            self._opts.clear()
        self._opts[tail] = opt
        return opt


def asker_of(host: str) -> Asker:
    """A sender's address as a number; IPv4 that came over an IPv6 socket is IPv4 again."""
    address = ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if address.version == 6 else None
    address = mapped or address
    return Asker(address.max_prefixlen, int(address))


def _is_data_type(key: bytes) -> bool:
    """Whether QTYPE and QCLASS ask for a type of data below the meta types, other than DS.

    DS at an apex may belong to the zone above (RFC 4035 section 3.1.4.1).
    """
    return (
        key[2:] == IN_CLASS
        and key[0] == 0
        and key[1] < FIRST_META_TYPE
        and key[1] not in (Type.OPT, Type.DS)
    )


def read_opt(tail: bytes) -> Opt | None:
    """What stands behind the question, if it is one OPT record of version 0 without faults.

    Gives the octets a response may have, our OPT record up to the client subnet's option, the
    subnet, and the option as it goes back but for its scope.
    """
    if tail[:3] != OPT_HEAD or len(tail) < OPT_FIXED or tail[6] != 0:
        return None
    if int.from_bytes(tail[9:11], "big") != len(tail) - OPT_FIXED:
        return None
    client, echo, offset = None, b"", OPT_FIXED
    while offset < len(tail):
        length = int.from_bytes(tail[offset + 2 : offset + 4], "big")
        after = offset + 4 + length
        if offset + 4 > len(tail) or after > len(tail):
            return None
        if tail[offset : offset + 2] == SUBNET_CODE:
            if client is not None:
                return None
            try:
                client = subnet.parse(tail[offset + 4 : after])
            except subnet.SubnetError:
                return None
            echo = tail[offset:after]
        offset = after
    limit = min(max(int.from_bytes(tail[3:5], "big"), UDP_MINIMUM), UDP_MAXIMUM)
    dnssec_ok = DO_OCTETS[bool(tail[7] & 0x80)]
    size = UDP_MAXIMUM.to_bytes(2, "big")
    opt = OPT_HEAD + size + b"\0\0" + dnssec_ok + len(echo).to_bytes(2, "big")
    return limit, opt, client, echo
