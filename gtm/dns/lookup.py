"""What a zone says to a question: the algorithm of RFC 1034 section 4.3.2 over a snapshot."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from gtm.dns import draw, names, proofs
from gtm.dns.message import Placed
from gtm.dns.names import ROOT, WILDCARD
from gtm.dns.types import Rcode, Type
from gtm.dns.whoami import Sent, Without, told
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

ABOUT = (Type.NSEC, Type.RRSIG)  # types that say something of a name's records
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

    `areas` is the table that the area is of, `regions` are those whose answers these are.
    """

    areas: AreaTable
    area: int
    scope: int
    plan: Plan
    answers: tuple[RegionAnswers, ...]
    regions: tuple[str, ...] = ()

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

    def prove(self, found: Iterable[Placed]) -> None:
        """Puts NSEC records into authority, each once."""
        for placed in found:
            if placed not in self.authority:
                self.authority.append(placed)


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
    named = {
        number: [steered.regions[each] for each in plan.joined.get(number, (number,))]
        for number in chosen
        if number != NOBODY
    }
    return Decision(
        steered.areas,
        area,
        steered.scope(area, client.bits, value & 255),
        plan,
        tuple(
            RegionAnswers(regions[0], tuple(answers[number])) for number, regions in named.items()
        ),
        tuple(region for regions in named.values() for region in regions),
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
        self,
        snapshot: Snapshot,
        zone: ZoneData,
        asker: Asker,
        client: Asker,
        chance: Chance,
        secure: bool = False,
    ) -> None:
        """Reads the snapshot, changes nothing. `secure` asks for proofs, if the zone has any."""
        self._proofs = proofs.of(zone) if secure else proofs.NONE
        self._snapshot = snapshot
        self._zone = zone
        self._asker = asker
        self._client = client
        self._chance = chance
        self._whoami = zone.whoami
        self._existing: Container[bytes] = zone.names
        self._knows = True  # the name `whoami`, which stands in no proof and is no encloser
        if zone.whoami is not None:
            self._existing = Without(zone.names, zone.whoami.name)
            self._knows = zone.whoami.allow.hold(asker.bits, asker.address)

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
        hiding = self._hiding(name)
        if hiding is not None:
            owner, node = hiding
            if not node.cut:
                target = self._redirect(outcome, name, owner, node.rrsets[Type.DNAME])
                return None if rrtype == Type.CNAME else target
            if rrtype != Type.DS or owner != name:
                self._refer(outcome, owner)
                return None
        return self._at(outcome, name, rrtype)

    def _at(self, outcome: Outcome, name: bytes, rrtype: int) -> bytes | None:
        """Answers for a name that nothing above it hides."""
        source, node = self._source(name)
        if node is None:
            outcome.rcode = Rcode.NXDOMAIN
            self._deny(outcome)
            outcome.prove(self._proofs.missing(name, self._existing))
            return None
        first = len(outcome.answer)
        if self._whoami is not None and name == self._whoami.name:
            self._tell(outcome, self._whoami, rrtype)
        elif rrtype in ABOUT and self._zone.secure is not None:
            self._about(outcome, name, source, node, rrtype)
        elif not self._static(outcome, name, node, rrtype):
            self._steer(outcome, name, node, rrtype)
        if outcome.rcode is Rcode.SERVFAIL:
            return None
        if len(outcome.answer) == first:
            self._deny(outcome)
            outcome.prove(self._proofs.lacking(source, node, rrtype))
            if source != name:
                outcome.prove(self._proofs.covering(name))
            return None
        if source != name:
            outcome.prove(self._proofs.covering(name))
        rrset = outcome.answer[first].rrset
        if rrset.type == Type.CNAME and rrtype not in (Type.CNAME, Type.ANY):
            return self._next(outcome, rrset.rdata[0].lower())
        return None

    def _next(self, outcome: Outcome, target: bytes) -> bytes | None:
        """Where a CNAME leads, if this zone is the one to go on, and has not been there."""
        been = any(
            placed.owner == target and placed.rrset.type == Type.CNAME for placed in outcome.answer
        )
        return None if been else self._inside(target)

    def _redirect(self, outcome: Outcome, name: bytes, owner: bytes, dname: RRset) -> bytes | None:
        """The DNAME above a name, and the CNAME made from it (RFC 6672 section 3.2, step 3c).

        Who asked for a CNAME has it then, and is led no further, as at any CNAME.
        """
        if all(placed.rrset is not dname for placed in outcome.answer):
            outcome.answer.append(Placed(owner, dname))
        target = name[: -len(owner)] + dname.rdata[0]
        if len(target) > names.MAX_NAME:
            outcome.rcode = Rcode.YXDOMAIN
            return None
        outcome.answer.append(Placed(name, RRset(Type.CNAME, dname.ttl, (target,))))
        return self._next(outcome, target.lower())

    def _static(self, outcome: Outcome, name: bytes, node: Node, rrtype: int) -> bool:
        """Puts the static RRset into the answer that the question is for, if there is one."""
        rrset = _of_type(node.rrsets, rrtype)
        if rrset is not None:
            outcome.answer.append(Placed(name, rrset))
        return rrset is not None

    def _about(self, outcome: Outcome, name: bytes, source: bytes, node: Node, rrtype: int) -> None:
        """Puts into the answer what a signed zone says of a name's own records.

        An NSEC is an RRset as others are. Of signatures, which are no RRset (RFC 4035 section
        2.2), those of one RRset are given, as RFC 8482 has it for ANY.
        """
        if rrtype == Type.NSEC:
            own = proofs.of(self._zone).own(source)
            outcome.answer += [Placed(name, each) for each in own]
            return
        found = Outcome()
        if not self._static(found, name, node, Type.ANY):
            self._steer(found, name, node, Type.ANY)
        outcome.rcode, outcome.authoritative = found.rcode, found.authoritative
        outcome.scope = max(outcome.scope, found.scope)
        if outcome.decision is None:
            outcome.decision, outcome.service = found.decision, found.service
        for placed in found.answer[:1]:
            if signatures := placed.signed():
                outcome.region = outcome.region or found.region
                outcome.answer.append(Placed(name, RRset(Type.RRSIG, placed.rrset.ttl, signatures)))

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

    def _hiding(self, name: bytes) -> tuple[bytes, Node] | None:
        """What hides a name, nearest to the apex, or None.

        A delegation at or above it (RFC 1034 section 4.3.2, step 3b), or a DNAME above it (RFC
        6672 section 2.4): whatever the zone has there itself, it is not answered.
        """
        found = None
        for ancestor in names.ancestors(name):
            node = self._zone.names.get(ancestor)
            if node is not None and (node.cut or (Type.DNAME in node.rrsets and ancestor != name)):
                found = ancestor, node
            if ancestor == self._zone.apex:
                break
        return found

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

    def _source(self, name: bytes) -> tuple[bytes, Node | None]:
        """The name whose records answer, and its node: it, or the wildcard that stands in.

        That is the closest encloser's alone (RFC 4592 section 3.3.1).
        """
        node = self._zone.names.get(name)
        if node is not None and (self._knows or name in self._existing):
            return name, node
        for ancestor in names.ancestors(names.parent(name)):
            if ancestor in self._existing:
                wildcard = WILDCARD + ancestor
                return wildcard, self._zone.names.get(wildcard)
        return name, None

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
        node = self._zone.names[cut]
        if self._proofs is not proofs.NONE and Type.DS in node.rrsets:
            outcome.authority.append(Placed(cut, node.rrsets[Type.DS]))
        else:
            outcome.prove(self._proofs.covering(cut))
        for server in servers.rdata:
            glue = self._zone.names.get(server.lower()) if server != ROOT else None
            for rrtype in (Type.A, Type.AAAA):
                if glue is not None and rrtype in glue.rrsets:
                    outcome.additional.append(Placed(server.lower(), glue.rrsets[rrtype]))


def _of_type(rrsets: Mapping[int, RRset], rrtype: int) -> RRset | None:
    """What answers a question for a type; ANY takes the first there is (RFC 8482 section 4.1)."""
    if rrtype == Type.ANY:
        return rrsets[min(rrsets)] if rrsets else None
    return rrsets.get(rrtype) or rrsets.get(Type.CNAME)
