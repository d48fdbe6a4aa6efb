"""Everything needed to answer, frozen: what the control side publishes and the planes read.

A snapshot holds each answer twice over, made from the same records: as records, from which the
reference responder builds a message, and as rendered bytes, which a fast path joins to a
question. A plan says how to pick one of a service's regions for an area; an area is found by
longest prefix match in an area table. Planes know nothing of policies.

Rendered bytes start behind the question, so an owner name equal to the question's is the pointer
0xC00C, and an owner that is one of its suffixes is a pointer into it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

CNAME = 5  # the one type that answers for all others (RFC 1034 section 3.6.2)

# --- who asks ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """One family's address space as aligned prefixes in order, each with an area and a scope.

    `starts` holds first addresses without their last `drop` bits, ascending, the first 0.
    `values` holds `area << 8 | scope`, where scope is the length of the prefix: the widest one
    around its addresses in which every client gets the same decision. `first` is indexed by the
    top 16 bits of an address and gives where to begin looking, so that a search spans few entries.
    """

    bits: int
    drop: int
    starts: Sequence[int]
    values: array[int]
    first: array[int]

    def find(self, address: int) -> int:
        """`area << 8 | scope` for the address (longest prefix match)."""
        top = address >> (self.bits - 16)
        first = self.first
        return self.values[
            bisect_right(self.starts, address >> self.drop, first[top], first[top + 1]) - 1
        ]


@dataclass(frozen=True, slots=True)
class AreaTable:
    """Client networks to areas, for services that have the same regions at the same costs.

    `rankings[area]` lists indices into `regions` from the cheapest on.
    """

    regions: tuple[str, ...]
    rankings: tuple[tuple[int, ...], ...]
    v4: PrefixTable
    v6: PrefixTable

    def find(self, family_bits: int, address: int) -> int:
        """`area << 8 | scope` for an address of the family with that many bits."""
        return (self.v4 if family_bits == 32 else self.v6).find(address)


# --- what is decided --------------------------------------------------------------------


class Pick(Enum):
    """How a plan picks one of its slots."""

    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for (service, area): slots name regions by index, `pick` chooses a slot.

    `fallback` is set when no region was up and the answer is what is left to say.
    """

    pick: Pick
    slots: tuple[int, ...]
    fallback: bool = False


# --- what is answered -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RRset:
    """Records of one type at one name. `rdata` is wire form, names in it not compressed.

    With `rotate` any of the cyclic orders may be answered, which spreads clients over the
    endpoints of a region.
    """

    type: int
    ttl: int
    rdata: tuple[bytes, ...]
    rotate: bool = False

    def order(self, draw: int) -> int:
        """How many records to rotate by, for a draw of 16 bits."""
        return draw * len(self.rdata) >> 16 if self.rotate else 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """What follows a question: the bytes of all sections, and the counts that announce them.

    `counts` and `counts_edns` are the header's last eight octets without and with an OPT record.
    `stride` is the size of one record where the records may be rotated, else 0; `body` then holds
    them twice, so that every order is a slice of `size` octets. `tally` says what is counted.
    """

    body: bytes
    size: int
    stride: int
    records: int
    counts: bytes
    counts_edns: bytes
    tally: int


@dataclass(frozen=True, slots=True)
class RegionAnswers:
    """What a service answers when a region is picked.

    A region behind a host name has the one CNAME, which answers every type.
    """

    region: str
    rrsets: Mapping[int, RRset]
    rendered: Mapping[int, Rendered]
    nodata: Rendered

    def for_type(self, number: int) -> Rendered:
        """The rendered answer to a question for that type."""
        return self.rendered.get(number) or self.rendered.get(CNAME) or self.nodata


@dataclass(frozen=True, slots=True)
class Steered:
    """A service: which areas its clients form, the plan of each, and each region's answers."""

    service: str
    areas: AreaTable
    plans: Sequence[Plan]
    answers: tuple[RegionAnswers, ...]

    def types(self) -> frozenset[int]:
        """The types that some region answers; for others the client makes no difference."""
        return frozenset(number for answers in self.answers for number in answers.rrsets)


@dataclass(frozen=True, slots=True)
class Entry:
    """The fast answer to (name, type): fixed, or one for each region of a steered service."""

    fixed: Rendered | None
    steered: Steered | None
    by_region: tuple[Rendered, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A name that exists. One without records or service is an empty non-terminal.

    `cut` marks a delegation (RFC 1034 section 4.2.1). `entries` maps the four octets of QTYPE and
    QCLASS to the fast answer, `other` answers the types that are not there; both are empty for
    names that only the reference responder answers.
    """

    rrsets: Mapping[int, RRset]
    steered: Steered | None = None
    cut: bool = False
    entries: Mapping[bytes, Entry] | None = None
    other: Entry | None = None


@dataclass(frozen=True, slots=True)
class ZoneData:
    """A zone as planes see it. `names` holds every existing name below the apex and the apex.

    `negative_soa` is the SOA of negative answers, its TTL bounded by its own minimum field
    (RFC 2308 section 3).
    """

    apex: bytes
    names: Mapping[bytes, Node]
    negative_soa: RRset


@dataclass(frozen=True, slots=True)
class Tally:
    """What a counter counts: answers to questions for a type, by zone, service and region.

    `service` and `region` are "" where the answer was not steered; `type` is "other" where a fast
    path did not tell denied types apart.
    """

    zone: str
    service: str
    region: str
    type: str
    rcode: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it. `nodes` merges the zones' names that a fast path may answer by themselves."""

    epoch: int
    zones: Mapping[bytes, ZoneData]
    nodes: Mapping[bytes, Node]
    tallies: Sequence[Tally]
