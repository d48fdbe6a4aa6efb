"""The reference responder: the whole of what gtm answers, by the book and one step at a time.

Fast paths answer ordinary questions from rendered bytes; everything they do not know comes here,
and what they do know must be what this answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gtm.dns import chaos, tsig
from gtm.dns.conduct import PLAIN, Conduct
from gtm.dns.ede import NOT_AUTHORITATIVE, PROHIBITED, ExtendedError
from gtm.dns.fallback import SAID
from gtm.dns.lookup import Asker, Chance, Decision, Lookup, Outcome, zone_of
from gtm.dns.message import TCP_MAXIMUM, Edns, Query, Response, build, parse, udp_limit
from gtm.dns.names import to_text
from gtm.dns.options import Granted, grant
from gtm.dns.transport import Transport
from gtm.dns.types import CHAOS, IN, Opcode, Rcode, Type, counted_type
from gtm.snapshot import Snapshot, Tally

NOT_IMPLEMENTED_TYPES = {Type.TKEY, Type.MAILA, Type.MAILB}
TRANSFERS = {Type.AXFR, Type.IXFR}
NEVER_ASKED = {Type.OPT, Type.TSIG}  # types that only live in the additional section


@dataclass(frozen=True, slots=True)
class Reply:
    """A response on the wire, what to count it as, and what was decided, if anything was.

    `known` says that the client has shown a cookie of ours, or signed with a key of ours: nobody
    forged its address.
    """

    message: bytes
    tally: Tally
    decision: Decision | None = None
    known: bool = False


def respond(
    snapshot: Snapshot,
    packet: bytes,
    asker: Asker,
    chance: Chance,
    *,
    transport: Transport,
    conduct: Conduct = PLAIN,
    cut: bool = False,
) -> Reply | None:
    """The answer to a packet, or None for silence; never raises.

    With `cut` it is truncated, unless the client is known: who forged the sender's address gains
    nothing by it, and who did not asks again over TCP.
    """
    query = parse(packet)
    if query is None:
        return None
    limit = udp_limit(query) if transport.udp else TCP_MAXIMUM
    seal = _seal(snapshot, packet, query, chance)
    response, tally, decision = _answer(snapshot, query, asker, chance, transport, conduct, seal)
    granted = _granted(query.edns, asker, chance, transport, conduct)
    response = replace(response, options=granted.options, padded_to=granted.padded_to)
    known = granted.known or (seal is not None and not seal.error)
    limit -= 0 if seal is None else seal.size
    message = build(query, response, limit, cut=cut and not known)
    if seal is not None:
        message = seal.close(message, chance.now)
    return Reply(message, tally, decision, known)


def _seal(snapshot: Snapshot, packet: bytes, query: Query, chance: Chance) -> tsig.Seal | None:
    if query.signature is None:
        return None
    return tsig.check(packet, query.signature, snapshot.keys, chance.now)


def _granted(
    edns: Edns | None, asker: Asker, chance: Chance, transport: Transport, conduct: Conduct
) -> Granted:
    if edns is None:
        return Granted()
    address = asker.address.to_bytes(asker.bits // 8, "big")
    return grant(edns.wishes, address, chance.now, transport, conduct)


def _answer(
    snapshot: Snapshot,
    query: Query,
    asker: Asker,
    chance: Chance,
    transport: Transport,
    conduct: Conduct,
    seal: tsig.Seal | None,
) -> tuple[Response, Tally, Decision | None]:
    # RFC 8945 section 5.2: a signature is looked at before anything else
    refusal = Rcode.NOTAUTH if seal is not None and seal.error else _refusal(query, transport)
    if refusal is None and query.opcode == Opcode.UPDATE:
        refusal = _not_updated(snapshot, query)
    if refusal is None and query.rrclass == CHAOS:
        shown = conduct.chaos_to.hold(asker.bits, asker.address)
        told = (conduct.identity, conduct.version) if shown else (None, None)
        said = chaos.answer(query, *told)
        return said, Tally("", "", "", asked(query), said.rcode.name), None
    zone = None
    if query.name is not None and refusal is None:
        zone = zone_of(snapshot, query.name.lower(), query.type)
    if zone is None or query.name is None:
        rcode = Rcode.REFUSED if refusal is None else refusal
        error = _why(rcode, query)
        return Response(rcode, error=error), Tally("", "", "", asked(query), rcode.name), None
    client = _client(query.edns, asker)
    secure = query.edns is not None and query.edns.dnssec_ok
    lookup = Lookup(snapshot, zone, asker, client, chance, secure)
    outcome = lookup.run(query.name.lower(), query.type)
    tally = _tally(query, outcome, to_text(zone.apex))
    return _response(query, outcome), tally, outcome.decision


def _why(rcode: Rcode, query: Query) -> ExtendedError | None:
    """What an operator of a resolver is told of an error, beside its rcode."""
    if rcode is not Rcode.REFUSED:
        return None
    prohibited = query.opcode == Opcode.UPDATE or query.type in TRANSFERS
    return PROHIBITED if prohibited else NOT_AUTHORITATIVE


def _refusal(query: Query, transport: Transport) -> Rcode | None:
    """What a query gets before any zone is looked at."""
    if query.opcode not in (Opcode.QUERY, Opcode.UPDATE):
        return Rcode.NOTIMP
    if query.edns is not None and query.edns.version != 0:
        return Rcode.BADVERS  # RFC 6891 section 6.1.3: whatever else is wrong with it
    if query.malformed or (query.edns is not None and query.edns.bad):
        return Rcode.FORMERR  # RFC 6891 section 7, RFC 7871 section 6
    if query.edns is not None and query.edns.wishes.faulty(transport):
        return Rcode.FORMERR
    if query.opcode == Opcode.UPDATE:
        return None
    if query.name is None:
        return Rcode.NOERROR  # it asks for a cookie (RFC 7873 section 5.4)
    if query.type in NEVER_ASKED:
        return Rcode.FORMERR
    if query.type in NOT_IMPLEMENTED_TYPES:
        return Rcode.NOTIMP
    if query.rrclass not in (IN, CHAOS) or query.type in TRANSFERS:
        return Rcode.REFUSED
    return None


def _not_updated(snapshot: Snapshot, query: Query) -> Rcode:
    """What an update gets that nobody has taken (RFC 2136 section 3.1): its zone allows none."""
    if query.name is None or query.type != Type.SOA:
        return Rcode.FORMERR
    if query.rrclass != IN or query.name.lower() not in snapshot.zones:
        return Rcode.NOTAUTH
    return Rcode.REFUSED


def _client(edns: Edns | None, asker: Asker) -> Asker:
    """Who is answered for: the client subnet, or the sender where it is hidden or not given.

    RFC 7871 section 7.1.2: SOURCE PREFIX-LENGTH 0 asks not to use the client's address.
    """
    if edns is not None and edns.subnet is not None and edns.subnet.source:
        return Asker(edns.subnet.bits, edns.subnet.address, edns.subnet.source)
    return asker


def _response(query: Query, outcome: Outcome) -> Response:
    scope = None
    if query.edns is not None and query.edns.subnet is not None:
        # RFC 7871 section 7.2.1: the scope is 0 when the source was
        scope = outcome.scope if query.edns.subnet.source else 0
    if outcome.rcode is Rcode.SERVFAIL:
        return Response(Rcode.SERVFAIL, scope=scope, error=_fallback(outcome))
    return Response(
        outcome.rcode,
        outcome.authoritative,
        tuple(outcome.answer),
        tuple(outcome.authority),
        tuple(outcome.additional),
        scope,
        _fallback(outcome),
    )


def _fallback(outcome: Outcome) -> ExtendedError | None:
    """What is said of an answer of last resort."""
    mode = None if outcome.decision is None else outcome.decision.plan.fallback
    return None if mode is None else SAID[mode]


def _tally(query: Query, outcome: Outcome, zone: str) -> Tally:
    """What it counts as: an answer of a region only if it is one.

    A region's host name may lead to a name that does not exist.
    """
    region = outcome.region if outcome.rcode is Rcode.NOERROR else ""
    service = outcome.service if region else ""
    return Tally(zone, service, region, asked(query), outcome.rcode.name)


def asked(query: Query) -> str:
    """The type asked for, as it is counted."""
    return "" if query.name is None else counted_type(query.type)
