"""From records to the bytes that follow a question."""

from __future__ import annotations

import struct
from functools import cache
from threading import Lock

from gtm.dns.types import IN, Type
from gtm.snapshot import Pick, Rendered, RRset, Tally

QUESTION = 12  # where a message's question begins: behind the header
TO_QUESTION = b"\xc0\x0c"  # a pointer to the question's name (RFC 1035 section 4.1.4)
RECORD = struct.Struct("!HHIH")  # type, class, TTL, length of the data
RRSIG_HEAD = struct.Struct("!HHI")  # the first three, of RRSIG records
LENGTH = struct.Struct("!H")
COUNTS = struct.Struct("!HHHH")  # of questions, answers, authority and additional records
DENIED = COUNTS.pack(1, 0, 1, 0), COUNTS.pack(1, 0, 1, 1)
FIXED = (0,)  # the one start of an answer that is never rotated


class Tallies:
    """What each counter counts. Only grows, so that a number means the same in every epoch."""

    def __init__(self) -> None:
        """No counters yet."""
        self.list: list[Tally] = []
        self._numbers: dict[Tally, int] = {}
        self._lock = Lock()  # a reload compiles beside the control loop

    def number(self, tally: Tally) -> int:
        """The counter's index."""
        known = self._numbers.get(tally)
        if known is not None:
            return known
        with self._lock:
            found = self._numbers.setdefault(tally, len(self.list))
            if found == len(self.list):
                self.list.append(tally)
            return found


def answer(rrset: RRset, tally: int) -> Rendered:
    """An answer section of one RRset, owned by the name in the question."""
    if len(rrset.rdata) == 1:
        body = _record(TO_QUESTION, rrset, rrset.rdata[0])
        return Rendered(body, len(body), FIXED, rrset.pick, 1, *_announced(1), tally)
    records = [_record(TO_QUESTION, rrset, data) for data in rrset.rdata]
    answered = min(rrset.answered or len(records), len(records))
    stride = len(records[0])
    moves = len(rrset.starts) > 1
    counts, counts_edns = _announced(answered)
    return Rendered(
        body=b"".join(records * 2 if moves else records),
        size=stride * answered if moves else sum(map(len, records)),
        starts=tuple(start * stride for start in rrset.starts) if moves else FIXED,
        pick=rrset.pick,
        records=answered,
        counts=counts,
        counts_edns=counts_edns,
        tally=tally,
    )


def signed(rrset: RRset, tally: int) -> Rendered:
    """The same as clients get it that want signatures: behind its records the RRSIG records.

    Where an answer begins with one of several records, each that can come of it stands in the body
    as a whole, one behind the other.
    """
    places: dict[int, int] = {}
    bodies: list[bytes] = []
    size = 0
    for start in rrset.starts:
        if start not in places:
            places[start] = size * len(bodies)
            bodies.append(_with_signatures(rrset, start))
            size = len(bodies[0])
    records = len(rrset.given(rrset.starts[0])) + len(rrset.signed(rrset.starts[0]))
    return Rendered(
        body=b"".join(bodies),
        size=size,
        starts=tuple([places[start] for start in rrset.starts]) if len(bodies) > 1 else FIXED,
        pick=rrset.pick,
        records=records,
        counts=_announced(records)[0],
        counts_edns=_announced(records)[1],
        tally=tally,
    )


def _with_signatures(rrset: RRset, start: int) -> bytes:
    given = [_record(TO_QUESTION, rrset, data) for data in rrset.given(start)]
    head = TO_QUESTION + RRSIG_HEAD.pack(Type.RRSIG, IN, rrset.ttl)
    signatures = [head + LENGTH.pack(len(data)) + data for data in rrset.signed(start)]
    return b"".join(given + signatures)


@cache
def _announced(answered: int) -> tuple[bytes, bytes]:
    """The counts of a message with so many answers, without and with an OPT record."""
    return COUNTS.pack(1, answered, 0, 0), COUNTS.pack(1, answered, 0, 1)


def denial(name: bytes, apex: bytes, soa: RRset, tally: int) -> Rendered:
    """An authority section of the zone's SOA: what NODATA says (RFC 2308 section 2.2)."""
    owner = (0xC000 | QUESTION + len(name) - len(apex)).to_bytes(2, "big")
    body = _record(owner, soa, soa.rdata[0])
    return Rendered(body, len(body), FIXED, Pick.RANDOM, 1, *DENIED, tally)


def _record(owner: bytes, rrset: RRset, data: bytes) -> bytes:
    return owner + RECORD.pack(rrset.type, IN, rrset.ttl, len(data)) + data
