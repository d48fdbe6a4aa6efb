"""The python plane's fast path: ordinary questions answered by look-ups and one join.

Ordinary is: one question of class IN, at most an OPT record behind it, for a name that exists or
that no wildcard covers. The name, lower-cased, leads to a node; the question's last four octets
lead to an entry there; a steered entry asks the area table and the plan which region's rendered
answer to take. Whatever is not ordinary gives None, and goes to the reference responder.

`answer` is one function on purpose: a call costs as much here as a look-up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from gtm.dns.draw import seed_of, window_draw
from gtm.dns.fallback import option
from gtm.dns.lookup import Asker, asker_of, hash_of
from gtm.dns.message import TCP_MAXIMUM, UDP_MINIMUM
from gtm.dns.names import MAX_LABEL, MAX_NAME, WILDCARD, ancestors
from gtm.dns.transport import Transport
from gtm.dns.types import FIRST_META_TYPE, Type
from gtm.model import AllDown
from gtm.planes.opt import SUBNET_HEAD, Opt, read_opt, with_option
from gtm.snapshot import AreaTable, Entry, Node, Pick, Plan, Snapshot, Steered

IN_CLASS = b"\0\1"
ABOUT = (b"\0\x2e\0\1", b"\0\x2f\0\1")  # RRSIG and NSEC: signed zones answer them
NO_OPT = Opt(size=0, limit=UDP_MINIMUM, reply=b"")
MEMORY = 1 << 16  # askers and OPT records remembered; beyond it the memory starts anew


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
FALLBACKS = {mode: option(mode) for mode in AllDown}
SCOPES = tuple(bytes((scope,)) for scope in range(129))


class FastPath:
    """Answers from one snapshot."""

    def __init__(
        self, snapshot: Snapshot, random32: Callable[[], int], now: Callable[[], float]
    ) -> None:
        """`random32` gives 32 random bits, `now` is Unix time."""
        self._nodes: Mapping[bytes, Node] = snapshot.nodes
        self._plans = snapshot.plans
        self._rows = snapshot.rows
        self._random32 = random32
        self._now = now
        self._askers: dict[tuple[str, int], int] = {}
        self._seeds: dict[tuple[str, int], int] = {}
        self._opts: dict[bytes, Opt] = {}
        self._zones = snapshot.zones
        self._closed = snapshot.closed
        self._signed = {apex for apex, zone in snapshot.zones.items() if zone.secure is not None}
        self._denials: dict[tuple[bytes, int], Entry] = {}

    def answer(
        self,
        packet: bytes,
        host: str,
        counts: list[int] | Counter[int],
        *,
        transport: Transport = Transport.UDP,
    ) -> bytes | None:
        """The response to a packet from an address, or None if it is not ordinary.

        `counts` has a number for each of the snapshot's tallies.
        """
        header = HEADERS.get(packet[2:12])
        if header is None:
            return None
        end = packet.find(b"\0", 12) + 5
        name = packet[12 : end - 4].lower()
        node = self._nodes.get(name)
        key = packet[end - 4 : end]
        if node is None or node.entries is None:
            entry = self._denial(name) if _is_data_type(key) else None
        else:
            entry = node.entries.get(key)
            if entry is None and _is_data_type(key):
                entry = node.other
        if entry is None:
            return None
        flags, edns = header
        address, opt, tail = -1, NO_OPT, packet[end:]
        if edns:
            known = self._opts.get(tail[:SUBNET_HEAD]) or self._learn(tail)
            if known is None or len(tail) != known.size:
                return None
            opt = known
            if opt.bits:
                address = int.from_bytes(tail[SUBNET_HEAD:], "big")
                if address & opt.spare:
                    return None
        elif tail:
            return None
        if self._signed and (opt.dnssec_ok or key in ABOUT) and self._is_signed(name):
            return None
        rendered = entry.fixed
        steered = entry.steered
        scope = 0
        fallback = None
        asked = None
        if steered is not None:
            areas = steered.areas
            if address >= 0:
                address <<= opt.shift
                table = areas.v4 if opt.bits == 32 else areas.v6
                top, first = address >> table.bits - 16, table.first
                after = bisect_right(
                    table.starts, address >> table.drop, first[top], first[top + 1]
                )
                value = table.values[after - 1]
                scope = value & 255
                if steered.hashed or areas.hashed:
                    scope = steered.scope(value >> 8, opt.bits, scope)
            else:
                try:
                    value = self._askers[host, id(areas)]
                except KeyError:
                    value = self._locate(host, areas)
            plan = self._plans[steered.group][value >> 8]
            if areas.asked is not None:
                asked = (areas.asked, value >> 8)
            slot = plan.only
            if slot < 0:
                if plan.width != 1:
                    return None
                fallback = plan.fallback
                slot = self._slot(plan, steered, opt.bits, address, host)
            rendered = self._rows[entry.row][slot] or rendered
        reply = opt.reply
        if opt.subnet:
            reply += SCOPES[scope] + tail[SUBNET_HEAD:]
        if fallback is not None and edns:
            reply = with_option(reply, FALLBACKS[fallback])
        body = rendered.body
        starts = rendered.starts
        if len(starts) > 1:
            if rendered.pick is Pick.HASH and steered is not None:
                draw = self._hash(steered, opt.bits, address, host)
                start = starts[(draw >> 32) * len(starts) >> 32]
            else:
                start = starts[(self._random32() & 0xFFFF) * len(starts) >> 16]
            body = body[start : start + rendered.size]
        if end + rendered.size + len(reply) > (opt.limit if transport.udp else TCP_MAXIMUM):
            return None
        if rendered.rcode:
            flags = bytes((flags[0], flags[1] | rendered.rcode))
        counts[rendered.tally] += 1
        if asked is not None:
            asked[0][asked[1]] += 1
        return b"".join(
            (
                packet[:2],
                flags,
                rendered.counts_edns if edns else rendered.counts,
                packet[12:end],
                body,
                reply,
            )
        )

    def _is_signed(self, name: bytes) -> bool:
        """Whether the zone of a name is signed."""
        zone = next((each for each in ancestors(name) if each in self._zones), None)
        return zone in self._signed

    def _slot(self, plan: Plan, steered: Steered, bits: int, address: int, host: str) -> int:
        """The answer that a plan with several slots picks."""
        if plan.pick is Pick.RANDOM:
            return plan.slots[(self._random32() >> 16) * len(plan.slots) >> 16]
        if plan.pick is Pick.DRAW:
            draw = window_draw(self._seed(host, steered.salt), self._now(), steered.ttl)
        elif plan.pick is Pick.HASH:
            draw = self._hash(steered, bits, address, host)
        else:
            return plan.slots[0]
        return plan.slots[(draw >> 32) * len(plan.slots) >> 32]

    def _locate(self, host: str, areas: AreaTable) -> int:
        if len(self._askers) >= MEMORY:
            self._askers.clear()
        asker = asker_of(host)
        value = self._askers[host, id(areas)] = areas.find(asker.bits, asker.address)
        return value

    def _denial(self, name: bytes) -> Entry | None:
        """NXDOMAIN, where the name's closest encloser (RFC 4592 section 3.3.1) has no wildcard.

        The name may be anything at all, as long as a packet; what is no name leads nowhere.
        """
        if name in self._closed:
            return None
        at, size = 0, len(name)
        while at < size - 1:
            if name[at] > MAX_LABEL:
                return None
            at += 1 + name[at]
            encloser = name[at:]
            if encloser in self._closed:
                return None
            if encloser in self._nodes:
                wildcard = WILDCARD + encloser
                if wildcard in self._nodes or wildcard in self._closed:
                    return None
                return self._nonexistent(encloser, size)
        return None

    def _nonexistent(self, encloser: bytes, size: int) -> Entry | None:
        """The NXDOMAIN of the zone that the encloser is in, for a name of so many octets."""
        if size > MAX_NAME:
            return None
        zone = next(filter(None, map(self._zones.get, ancestors(encloser))))
        key = (zone.apex, size)
        if key not in self._denials:
            owner = (0xC000 | 12 + size - len(zone.apex)).to_bytes(2, "big")
            rendered = zone.nonexistent
            self._denials[key] = Entry(replace(rendered, body=owner + rendered.body[2:]))
        return self._denials[key]

    def _seed(self, host: str, salt: int) -> int:
        """Where the draws of a sender come from."""
        try:
            return self._seeds[host, salt]
        except KeyError:
            if len(self._seeds) >= MEMORY:
                self._seeds.clear()
            seed = self._seeds[host, salt] = seed_of(asker_of(host).address, salt)
            return seed

    def _hash(self, steered: Steered, bits: int, address: int, host: str) -> int:
        """The draw of a client's network: the subnet's if one came, else the sender's."""
        client = Asker(bits, address) if address >= 0 else asker_of(host)
        return hash_of(steered, client)

    def _learn(self, tail: bytes) -> Opt | None:
        """What an OPT record says; remembered if its head says all but a subnet's address."""
        opt = read_opt(tail)
        if opt is not None and (opt.subnet or len(tail) <= SUBNET_HEAD):
            if len(self._opts) >= MEMORY:
                self._opts.clear()
            self._opts[tail[:SUBNET_HEAD]] = opt
        return opt


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
