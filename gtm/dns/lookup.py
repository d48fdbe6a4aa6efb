"""What a zone says to a question: the algorithm of RFC 1034 section 4.3.2 over a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field

from gtm.dns import names
from gtm.dns.message import Placed
from gtm.dns.names import ROOT, WILDCARD
from gtm.dns.types import Rcode, Type
from gtm.snapshot import Node, Plan, RegionAnswers, RRset, Snapshot, Steered, ZoneData

MAX_CHAIN = 8  # CNAMEs followed for one question; resolvers give up at about as many


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom an answer is for: an address (as a number) and how long addresses of its family are."""

    bits: int
    address: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The region picked for an asker: area, the prefix length it holds for, plan and slot."""

    area: int
    scope: int
    plan: Plan
    slot: int
    answers: RegionAnswers


@dataclass(slots=True)
class Outcome:
    """The sections as they fill up. `scope` is the longest that any decision needed."""

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: list[Placed] = field(default_factory=list)
    authority: list[Placed] = field(default_factory=list)
    additional: list[Placed] = field(default_factory=list)
    scope: int = 0
    decision: Decision | None = None
    service: str = ""


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


def decide(steered: Steered, asker: Asker) -> Decision:
    """The region for an asker."""
    value = steered.areas.find(asker.bits, asker.address)
    area, scope = value >> 8, value & 255
    plan = steered.plans[area]
    slot = plan.slots[0]
    return Decision(area, scope, plan, slot, steered.answers[slot])


class Lookup:
    """One question put to one zone. `draw` is 16 random bits, for the order of records."""

    def __init__(self, snapshot: Snapshot, zone: ZoneData, asker: Asker, draw: int) -> None:
        """Reads the snapshot, changes nothing."""
        self._snapshot = snapshot
        self._zone = zone
        self._asker = asker
        self._draw = draw

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
        node = self._zone.names.get(name) or self._wildcard(name)
        if node is None:
            outcome.rcode = Rcode.NXDOMAIN
            self._deny(outcome)
            return None
        rrset = self._choose(outcome, node, rrtype)
        if rrset is None:
            self._deny(outcome)
            return None
        outcome.answer.append(Placed(name, rrset, rrset.order(self._draw)))
        if rrset.type == Type.CNAME and rrtype not in (Type.CNAME, Type.ANY):
            target = rrset.rdata[0].lower()
            looped = any(placed.owner == target for placed in outcome.answer)
            return None if looped else self._inside(target)
        return None

    def _choose(self, outcome: Outcome, node: Node, rrtype: int) -> RRset | None:
        """The RRset that answers; ANY takes the first there is (RFC 8482 section 4.1)."""
        if rrtype in node.rrsets:
            return node.rrsets[rrtype]
        rrsets = dict(node.rrsets)
        if node.steered is not None and self._steered(node.steered, rrtype):
            decision = decide(node.steered, self._asker)
            outcome.scope = max(outcome.scope, decision.scope)
            if outcome.decision is None:
                outcome.decision, outcome.service = decision, node.steered.service
            rrsets.update(decision.answers.rrsets)
        if rrtype == Type.ANY and rrsets:
            return rrsets[min(rrsets)]
        return rrsets.get(rrtype) or rrsets.get(Type.CNAME)

    @staticmethod
    def _steered(steered: Steered, rrtype: int) -> bool:
        """Whether the answer depends on the region; if not, nor does it on the client."""
        types = steered.types()
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

    def _wildcard(self, name: bytes) -> Node | None:
        """The wildcard that stands in: the closest encloser's alone (RFC 4592 section 3.3.1)."""
        for ancestor in names.ancestors(names.parent(name)):
            if ancestor in self._zone.names:
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
