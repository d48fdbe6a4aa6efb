"""What a zone says to a question: the algorithm of RFC 1034 section 4.3.2 over a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from gtm.dns import draw, names
from gtm.dns.message import Placed
from gtm.dns.names import ROOT, WILDCARD
from gtm.dns.types import Rcode, Type
from gtm.dns.whoami import Sent, told
from gtm.snapshot import (
    ALONE,
    NOBODY,
    AreaTable,
    Node,
    Pick,
    Plan,
    RegionAnswers,
    RRset,
    Snapshot,
    Steered,
    Whoami,
    ZoneData,
)

MAX_CHAIN = 8  # CNAMEs followed for one question; resolvers give up at about as many


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom an answer is for: an address (as a number) and how long addresses of its family are.

    `prefix` is how many bits of it are known, where it was given as a client subnet.
    """

    bits: int
    address: int
    prefix: int | None = None


def asker_of(host: str) -> Asker:
    """An address in text as an asker; IPv4 that came over an IPv6 socket is IPv4 again."""
    address = ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if address.version == 6 else None
    address = mapped or address
    return Asker(address.max_prefixlen, int(address))


@dataclass(frozen=True, slots=True)
class Chance:
    """What is left to chance: 32 random bits for this query, and the time (Unix seconds)."""

    random: int
    now: float

    @property
    def slot(self) -> int:
        """16 bits to pick a slot by."""
        return self.random >> 16

    @property
    def start(self) -> int:
        """16 bits to pick the first record by."""
        return self.random & 0xFFFF


@dataclass(frozen=True, slots=True)
class Decision:
    """What was picked for an asker: area, the prefix length it holds for, plan and answers.

    `areas` is the table that the area is of.
    """

    areas: AreaTable
    area: int
    scope: int
    plan: Plan
    answers: tuple[RegionAnswers, ...]

    def count(self) -> None:
        """Counts the answer for its area, if somebody wants to know."""
        if self.areas.asked is not None:
            self.areas.asked[self.area] += 1


@dataclass(slots=True)
class Outcome:
    """The sections as they fill up. `scope` is the longest that any decision needed.

    `region` is the first whose records are in the answer, `decision` the first that was made.
    """

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: list[Placed] = field(default_factory=list)
    authority: list[Placed] = field(default_factory=list)
    additional: list[Placed] = field(default_factory=list)
    scope: int = 0
    decision: Decision | None = None
    service: str = ""
    region: str = ""


def zone_of(snapshot: Snapshot, name: bytes, rrtype: int) -> ZoneData | None:
    """The closest enclosing zone; for DS of an apex, the one above it (RFC 4035 3.1.4.1)."""
    found: ZoneData | None = None
    for ancestor in names.ancestors(name):
        zone = snapshot.zones.get(ancestor)
        if zone is None:
            continue
        if rrtype != Type.DS or ancestor != name:
            return zone
        found = zone
    return found


def decide(
    snapshot: Snapshot, steered: Steered, asker: Asker, client: Asker, chance: Chance
) -> Decision:
    """The answers for a client, asked by a sender: they differ where a client subnet was given."""
    value = steered.areas.find(client.bits, client.address)
    area = value >> 8
    plan = snapshot.plans[steered.group][area]
    count = len(plan.slots) // plan.width if plan.width else 0
    slot = _slot(plan, steered, asker, client, chance, count)
    chosen = plan.slots[slot * plan.width : (slot + 1) * plan.width]
    answers = snapshot.answers[steered.number]
    return Decision(
        steered.areas,
        area,
        steered.scope(area, client.bits, value & 255),
        plan,
        tuple(
            RegionAnswers(steered.regions[number], tuple(answers[number]))
            for number in chosen
            if number != NOBODY
        ),
    )


def _slot(
    plan: Plan, steered: Steered, asker: Asker, client: Asker, chance: Chance, count: int
) -> int:
    match plan.pick:
        case Pick.FIRST:
            return 0
        case Pick.RANDOM:
            return chance.slot * count >> 16
        case Pick.DRAW:
            seed = draw.seed_of(asker.address, steered.salt)
            return draw.pick(draw.window_draw(seed, chance.now, steered.ttl), count)
        case Pick.HASH:
            return draw.pick(hash_of(steered, client), count)


def hash_of(steered: Steered, client: Asker) -> int:
    """The draw of a client's network, for plans and endpoints that are picked by hash."""
    length = steered.prefix4 if client.bits == 32 else steered.prefix6
    return draw.network_draw(client.bits, client.address, length, steered.salt)


class Lookup:
    """One question put to one zone, by a sender and for a client."""

    def __init__(
        self, snapshot: Snapshot, zone: ZoneData, asker: Asker, client: Asker, chance: Chance
    ) -> None:
        """Reads the snapshot, changes nothing."""
        self._snapshot = snapshot
        self._zone = zone
        self._asker = asker
        self._client = client
        self._chance = chance
        self._whoami = zone.whoami
        knows = self._whoami is None or self._whoami.allow.hold(asker.bits, asker.address)
        self._hidden = b"" if knows or self._whoami is None else self._whoami.name

    def run(self, name: bytes, rrtype: int) -> Outcome:
        """The sections that answer a question for a name (in lower case) of the zone."""
        outcome = Outcome()
        target: bytes | None = name
        for _ in range(MAX_CHAIN + 1):
            if target is None:
                break
            target = self._step(outcome, target, rrtype)
        return outcome

    def _step(self, outcome: Outcome, name: bytes, rrtype: int) -> bytes | None:
        """Answers for one name; a name given back is where its CNAME leads inside the zone."""
        cut = self._cut(name)
        if cut is not None and not (rrtype == Type.DS and cut == name):
            self._refer(outcome, cut)
            return None
        node = self._node(name) or self._wildcard(name)
        if node is None:
            outcome.rcode = Rcode.NXDOMAIN
            self._deny(outcome)
            return None
        first = len(outcome.answer)
        if self._whoami is not None and name == self._whoami.name:
            self._tell(outcome, self._whoami, rrtype)
        elif not self._static(outcome, name, node, rrtype):
            self._steer(outcome, name, node, rrtype)
        if outcome.rcode is Rcode.SERVFAIL:
            return None
        if len(outcome.answer) == first:
            self._deny(outcome)
            return None
        rrset = outcome.answer[first].rrset
        if rrset.type == Type.CNAME and rrtype not in (Type.CNAME, Type.ANY):
            target = rrset.rdata[0].lower()
            looped = any(placed.owner == target for placed in outcome.answer)
            return None if looped else self._inside(target)
        return None

    def _static(self, outcome: Outcome, name: bytes, node: Node, rrtype: int) -> bool:
        """Puts the static RRset into the answer that the question is for, if there is one."""
        rrset = _of_type(node.rrsets, rrtype)
        if rrset is not None:
            outcome.answer.append(Placed(name, rrset))
        return rrset is not None

    def _steer(self, outcome: Outcome, name: bytes, node: Node, rrtype: int) -> None:
        """Puts what the picked regions have into the answer: all of a type, or what is alone."""
        steered = node.steered
        if steered is None or not self._steered(steered, rrtype):
            return
        decision = decide(self._snapshot, steered, self._asker, self._client, self._chance)
        outcome.scope = max(outcome.scope, decision.scope)
        if outcome.decision is None:
            outcome.decision, outcome.service = decision, steered.service
        if decision.plan.width == 0:
            outcome.rcode, outcome.authoritative = Rcode.SERVFAIL, False
            return
        first = len(outcome.answer)
        for answers in decision.answers:
            rrset = _of_type(answers.rrsets, rrtype)
            if rrset is None or (rrset.type in ALONE and len(outcome.answer) > first):
                continue
            outcome.region = outcome.region or answers.region
            outcome.answer.append(Placed(name, rrset, self._start(steered, rrset)))
            if rrset.type in ALONE:
                return

    def _start(self, steered: Steered, rrset: RRset) -> int:
        """Which record begins the answer."""
        count = len(rrset.starts)
        if rrset.pick is Pick.HASH:
            return rrset.starts[draw.pick(hash_of(steered, self._client), count)]
        return rrset.starts[self._chance.start * count >> 16]

    @staticmethod
    def _steered(steered: Steered, rrtype: int) -> bool:
        """Whether the answer depends on the region; if not, nor does it on the client."""
        types = steered.types
        return rrtype in types or Type.CNAME in types or rrtype == Type.ANY

    def _cut(self, name: bytes) -> bytes | None:
        """The delegation at or above the name, nearest to the apex, or None."""
        found = None
        for ancestor in names.ancestors(name):
            if ancestor == self._zone.apex:
                break
            node = self._zone.names.get(ancestor)
            if node is not None and node.cut:
                found = ancestor
        return found

    def _node(self, name: bytes) -> Node | None:
        """What is at the name, as far as who asks may know."""
        return None if name == self._hidden else self._zone.names.get(name)

    def _tell(self, outcome: Outcome, whoami: Whoami, rrtype: int) -> None:
        """Says what is seen of the client; an answer to nobody else, so its scope is the subnet."""
        if rrtype not in (Type.TXT, Type.ANY):
            return
        asker, client = self._asker, self._client
        sent = [self._sent(label, steered) for label, steered in whoami.sent]
        sender = asker.bits, asker.address
        seen, epoch = (client.bits, client.address), self._snapshot.epoch
        rrset = told(whoami, sender, seen, client.prefix, sent, epoch)
        outcome.answer.append(Placed(whoami.name, rrset))
        outcome.scope = client.prefix or 0

    def _sent(self, label: str, steered: Steered) -> Sent:
        decision = decide(self._snapshot, steered, self._asker, self._client, self._chance)
        fallback = decision.plan.fallback
        why = "" if fallback is None else f"no region is up: {fallback.value}"
        regions = tuple(answers.region for answers in decision.answers)
        return Sent(label, regions, decision.area, len(steered.areas.views), why)

    def _wildcard(self, name: bytes) -> Node | None:
        """The wildcard that stands in: the closest encloser's alone (RFC 4592 section 3.3.1)."""
        for ancestor in names.ancestors(names.parent(name)):
            if self._node(ancestor) is not None:
                return self._zone.names.get(WILDCARD + ancestor)
        return None

    def _inside(self, target: bytes) -> bytes | None:
        """The CNAME's target if this zone is the one to answer for it."""
        zone = zone_of(self._snapshot, target, 0)
        return target if zone is not None and zone.apex == self._zone.apex else None

    def _deny(self, outcome: Outcome) -> None:
        """NXDOMAIN and NODATA carry the SOA (RFC 2308 sections 2.1 and 2.2)."""
        outcome.authority.append(Placed(self._zone.apex, self._zone.negative_soa))

    def _refer(self, outcome: Outcome, cut: bytes) -> None:
        """Points to the delegated zone's servers, with their glue (RFC 1034 section 4.3.2, 3b)."""
        outcome.authoritative = bool(outcome.answer)
        servers = self._zone.names[cut].rrsets[Type.NS]
        outcome.authority.append(Placed(cut, servers))
        for server in servers.rdata:
            node = self._zone.names.get(server.lower()) if server != ROOT else None
            for rrtype in (Type.A, Type.AAAA):
                if node is not None and rrtype in node.rrsets:
                    outcome.additional.append(Placed(server.lower(), node.rrsets[rrtype]))


def _of_type(rrsets: Mapping[int, RRset], rrtype: int) -> RRset | None:
    """What answers a question for a type; ANY takes the first there is (RFC 8482 section 4.1)."""
    if rrtype == Type.ANY:
        return rrsets[min(rrsets)] if rrsets else None
    return rrsets.get(rrtype) or rrsets.get(Type.CNAME)
