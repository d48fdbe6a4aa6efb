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
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from gtm.model import AllDown
from gtm.networks import Networks
from gtm.peering import SharedKey

LAST_RESORT = "(last resort)"  # stands where a region's name would; no region is called so

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
    """Client networks to areas, for services with the same regions that are steered alike.

    `views[area]` is what the policy knows of its clients: all that its decisions depend on. In
    the areas `hashed` they depend on the client's network too. `asked`, where somebody wants to
    know, has a count of answers for each area; threads that count at once may lose one.
    """

    views: tuple[Hashable, ...]
    hashed: frozenset[int]
    v4: PrefixTable
    v6: PrefixTable
    asked: list[int] | None = field(default=None, compare=False, repr=False)

    def find(self, family_bits: int, address: int) -> int:
        """`area << 8 | scope` for an address of the family with that many bits."""
        return (self.v4 if family_bits == 32 else self.v6).find(address)


# --- what is decided --------------------------------------------------------------------


class Pick(Enum):
    """How a plan picks one of its slots.

    `FIRST` takes the only one. `DRAW` hashes the sender's address, the app and a window of one TTL;
    `RANDOM` draws for each query; `HASH` hashes the client's network and the app.
    """

    FIRST = "first"
    DRAW = "draw"
    RANDOM = "random"
    HASH = "hash"


NOBODY = -1  # fills a slot that names fewer answers than the plan is wide


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for (service, area): a table of slots and how to pick one.

    A slot is `width` numbers in a row, each the index of one of the service's answers, which are
    given together. `fallback` is set when no region was up: what is then done instead. `only` is
    the one answer where there is nothing to pick and nothing to say, else NOBODY. `joined` has, of
    answers that are those of several regions in one, the numbers of these, nearest first.
    """

    pick: Pick
    slots: tuple[int, ...]
    width: int = 1
    fallback: AllDown | None = None
    joined: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    only: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Sees once what a plane would see at every query."""
        plain = self.pick is Pick.FIRST and self.width == 1 and self.fallback is None
        object.__setattr__(self, "only", self.slots[0] if plain else NOBODY)

    def firsts(self) -> Sequence[int]:
        """For each slot the answer, or the region, that it names first."""
        found = self.slots[:: self.width or 1]
        if not self.joined:
            return found
        return [self.joined.get(number, (number,))[0] for number in found]


# --- what is answered -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RRset:
    """Records of one type at one name. `rdata` is wire form, names in it not compressed.

    An answer gives `answered` records in cyclic order from one of `starts` on, which `pick`
    (RANDOM or HASH) picks: so clients spread over the endpoints of a region. By default it gives
    all of them as they stand.

    `signatures` are the data of the RRSIG records over what is given (RFC 4034 section 3), in
    signed zones: one set of them where every answer gives all records, else one for each first
    record, by its place in `rdata`.
    """

    type: int
    ttl: int
    rdata: tuple[bytes, ...]
    starts: tuple[int, ...] = (0,)
    answered: int | None = None
    pick: Pick = Pick.RANDOM
    signatures: tuple[tuple[bytes, ...], ...] = ()

    def signed(self, start: int) -> tuple[bytes, ...]:
        """The data of the RRSIG records of an answer that begins at `start`."""
        if len(self.signatures) > 1:
            return self.signatures[start]
        return self.signatures[0] if self.signatures else ()

    def given(self, start: int) -> tuple[bytes, ...]:
        """The records of an answer that begins at `start`."""
        return (self.rdata[start:] + self.rdata[:start])[: self.answered]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What follows a question: the bytes of all sections, and the counts that announce them.

    `counts` and `counts_edns` are the header's last eight octets without and with an OPT record.
    An answer is `size` octets of `body` from one of the offsets `starts` on, which `pick` picks.
    `tally` says what is counted, `rcode` how the answer ends.
    """

    body: bytes
    size: int
    starts: tuple[int, ...]
    pick: Pick
    records: int
    counts: bytes
    counts_edns: bytes
    tally: int
    rcode: int = 0


# Types that are not joined from several regions: a CNAME stands alone (RFC 2181 section 10.1), and
# what the others say holds of one region. Their numbers: CNAME, SRV, SVCB, HTTPS.
ALONE = frozenset((5, 33, 64, 65))


@dataclass(frozen=True, slots=True)
class RegionAnswers:
    """What a service answers when a region is picked: one RRset of each type that it has.

    A region behind a host name has the one CNAME, which answers every type. Where a plan names
    several regions, types in `ALONE` are those of the first that has any.
    """

    region: str
    records: tuple[RRset, ...]

    @property
    def rrsets(self) -> Mapping[int, RRset]:
        """The records by type."""
        return {rrset.type: rrset for rrset in self.records}


@dataclass(frozen=True, slots=True)
class Steered:
    """A service's name, but for what moves: which areas clients form, and where answers stand.

    `number` is its own in the snapshot's `answers`, `group` an index into the snapshot's plans.
    `regions` are in the order that plans count in, the answer of last resort behind them. `types`
    are those that some region can answer, whatever is up; for others the client makes no
    difference. `salt` makes its draws its app's own, over windows of `ttl` seconds; `prefix4` and
    `prefix6` are the lengths of client networks that are hashed, and `hashed` is set if endpoints
    are picked by that.
    """

    service: str
    number: int
    areas: AreaTable
    group: int
    regions: tuple[str, ...]
    types: frozenset[int]
    salt: int
    ttl: int
    prefix4: int = 24
    prefix6: int = 56
    hashed: bool = False

    def scope(self, area: int, bits: int, scope: int) -> int:
        """The prefix length that a decision for the area holds for."""
        if self.hashed or area in self.areas.hashed:
            return max(scope, self.prefix4 if bits == 32 else self.prefix6)
        return scope


@dataclass(frozen=True, slots=True)
class Entry:
    """The fast answer to (name, type): fixed, or one for each answer of a steered service.

    `row` is an index into the snapshot's `rows`. Where a region has nothing of the type, its place
    there holds None, and `fixed` is the denial.
    """

    fixed: Rendered
    steered: Steered | None = None
    row: int = -1


OTHERS = 65535  # stands for all types that have no answer of their own (RFC 6895: reserved)


@dataclass(frozen=True, slots=True)
class Node:
    """A name that exists. One without records or service is an empty non-terminal.

    `cut` marks a delegation (RFC 1034 section 4.2.1). `entries` maps the four octets of QTYPE and
    QCLASS to the fast answer, `other` answers the types that are not there; both are empty for
    names that only the reference responder answers. `leading` has, by type, what `entries` leaves
    out, as it may be a CNAME that leads on in the zone: for planes that follow those. Under
    `OTHERS` is what answers all types that are nowhere else.

    `lacks`, in signed zones, has the NSEC records that deny a type which the name may have for
    other clients or at other times, by type; under 0 that for all other types of a name that may
    be a CNAME. What it lacks the name's own NSEC in its zone's `Secure` denies.
    """

    rrsets: Mapping[int, RRset]
    steered: Steered | None = None
    cut: bool = False
    entries: Mapping[bytes, Entry] | None = None
    other: Entry | None = None
    leading: Mapping[int, Entry] | None = None
    lacks: Mapping[int, RRset] | None = None


@dataclass(frozen=True, slots=True)
class Secure:
    """What a signed zone denies by (RFC 4035 section 3.1.3).

    `chain` has the names that own an NSEC record, in canonical order (RFC 4034 section 6.1), the
    apex first; `nsecs` has these, signed, in the same order. An NSEC covers the names from its
    owner to the next in `chain`.
    """

    chain: Sequence[bytes]
    nsecs: Sequence[RRset]


class Whereabouts(Protocol):
    """Knows where clients are."""

    def words(self, bits: int, address: int) -> Sequence[str]:
        """What is known of an address (a number of the family with so many bits), for people."""


@dataclass(frozen=True, slots=True)
class Whoami:
    """What the name `whoami` of a zone answers from; to whom is not in `allow` there is none.

    `sent` are the services, with what they stand for, of which it says where a client is sent;
    there are `more` of them.
    """

    name: bytes
    allow: Networks
    places: Whereabouts
    sent: tuple[tuple[str, Steered], ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class ZoneData:
    """A zone as planes see it. `names` holds every existing name below the apex and the apex.

    `negative_soa` is the SOA of negative answers, its TTL bounded by its own minimum field
    (RFC 2308 section 3). `nonexistent` is the rendered NXDOMAIN, but for the first two octets of
    its body: the pointer to the apex, which depends on the question. `failed` and `referred` are
    the counters of its SERVFAILs and of its referrals, for planes that count types together.
    `secure` is there if the zone is signed (RFC 4033): then every RRset that the zone is
    authoritative for has signatures. `whoami`, if it is there, is a name that is known to some.
    """

    apex: bytes
    names: Mapping[bytes, Node]
    negative_soa: RRset
    nonexistent: Rendered
    failed: int
    referred: int
    secure: Secure | None = None
    whoami: Whoami | None = None


class Tally(NamedTuple):
    """What a counter counts: answers to questions for a type, by zone, service and region.

    `service` and `region` are "" where the answer was not steered; `type` is "other" where a fast
    path did not tell denied types apart. A tuple, as there may be hundreds of thousands.
    """

    zone: str
    service: str
    region: str
    type: str
    rcode: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it. `nodes` merges the zones' names that a fast path may answer by themselves.

    `closed` are the names that it may not: delegations, what is below them, and what another zone
    answers for.
    Names stay as they are until zones are loaded again; what verdicts move stands apart, in flat
    tables. `plans` has, for each group of services that are decided alike, a plan for each area.
    `answers` has, by service number, the records of each region, in the order that plans count in,
    and `rows` the same rendered: twice as many, that of A at twice the number, AAAA behind it. A
    name that answers other types has one row for each, and as many numbers as pairs of them:
    `answers` of all but the first is empty. Rows are found by `Entry.row` alone.
    `signed`, if any zone is, has these rows as clients get them that set the DO bit: with RRSIG
    records; of unsigned zones the same objects.
    `refused` is the counter of questions for names of no zone. `keys` are those that queries may
    be signed with (RFC 8945), by name.
    """

    epoch: int
    plans: Sequence[Sequence[Plan]]
    zones: Mapping[bytes, ZoneData]
    nodes: Mapping[bytes, Node]
    closed: Set[bytes]
    tallies: Sequence[Tally]
    answers: Sequence[Sequence[Sequence[RRset]]] = ()
    rows: Sequence[Sequence[Rendered | None]] = ()
    refused: int = 0
    signed: Sequence[Sequence[Rendered | None]] = ()
    keys: Mapping[bytes, SharedKey] = field(default_factory=dict)
