"""The reference responder: the whole of what gtm answers, by the book and one step at a time.

Fast paths answer ordinary questions from rendered bytes; everything they do not know comes here,
and what they do know must be what this answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtm.dns import tsig
from gtm.dns.conduct import PLAIN, Conduct
from gtm.dns.lookup import Asker, Chance, Decision, Lookup, Outcome, zone_of
from gtm.dns.message import TCP_MAXIMUM, Edns, Query, Response, build, parse, udp_limit
from gtm.dns.names import to_text
from gtm.dns.transport import Transport
from gtm.dns.types import IN, Rcode, Type, type_text
from gtm.model import AllDown
from gtm.snapshot import Snapshot, Tally

NOT_IMPLEMENTED_TYPES = {Type.TKEY, Type.MAILA, Type.MAILB}
TRANSFERS = {Type.AXFR, Type.IXFR}
NEVER_ASKED = {Type.OPT, Type.TSIG}  # types that only live in the additional section


@dataclass(frozen=True, slots=True)
class Reply:
    """A response on the wire, what to count it as, and what was decided, if anything was."""

    message: bytes
    tally: Tally
    decision: Decision | None = None


def respond(
    snapshot: Snapshot,
    packet: bytes,
    asker: Asker,
    chance: Chance,
    *,
    transport: Transport,
    conduct: Conduct = PLAIN,
) -> Reply | None:
    """The answer to a packet, or None for silence; never raises."""
    query = parse(packet)
    if query is None:
        return None
    limit = udp_limit(query) if transport.udp else TCP_MAXIMUM
    if query.signature is None:
        response, tally, decision = _answer(snapshot, query, asker, chance)
        return Reply(build(query, response, limit), tally, decision)
    return _signed(snapshot, packet, query, asker, chance, limit)


def _signed(
    snapshot: Snapshot, packet: bytes, query: Query, asker: Asker, chance: Chance, limit: int
) -> Reply:
    """The answer to a signed query, signed too (RFC 8945 section 5.3)."""
    assert query.signature is not None  # noqa: S101  # who calls has looked
    seal = tsig.check(packet, query.signature, snapshot.keys, chance.now)
    if seal.error:
        tally, decision = Tally("", "", "", asked(query), Rcode.NOTAUTH.name), None
        response = Response(Rcode.NOTAUTH)
    else:
        response, tally, decision = _answer(snapshot, query, asker, chance)
    message = build(query, response, limit - seal.size)
    return Reply(seal.close(message, chance.now), tally, decision)


def _answer(
    snapshot: Snapshot, query: Query, asker: Asker, chance: Chance
) -> tuple[Response, Tally, Decision | None]:
    refusal = _refusal(query)
    zone = None
    if query.name is not None and refusal is None:
        zone = zone_of(snapshot, query.name.lower(), query.type)
    if zone is None or query.name is None:
        rcode = Rcode.REFUSED if refusal is None else refusal
        return Response(rcode), Tally("", "", "", asked(query), rcode.name), None
    client = _client(query.edns, asker)
    outcome = Lookup(snapshot, zone, asker, client, chance).run(query.name.lower(), query.type)
    tally = _tally(query, outcome, to_text(zone.apex))
    return _response(query, outcome), tally, outcome.decision


def _refusal(query: Query) -> Rcode | None:
    """The error that a query gets before any zone is looked at."""
    if query.opcode != 0:
        return Rcode.NOTIMP
    if query.malformed:
        return Rcode.FORMERR
    if query.edns is not None and query.edns.version != 0:
        return Rcode.BADVERS  # RFC 6891 section 6.1.3
    if query.edns is not None and query.edns.bad_subnet:
        return Rcode.FORMERR  # RFC 7871 section 6
    if query.type in NEVER_ASKED:
        return Rcode.FORMERR
    if query.type in NOT_IMPLEMENTED_TYPES:
        return Rcode.NOTIMP
    if query.rrclass != IN or query.type in TRANSFERS:
        return Rcode.REFUSED
    return None


def _client(edns: Edns | None, asker: Asker) -> Asker:
    """Who is answered for: the client subnet, or the sender where it is hidden or not given.

    RFC 7871 section 7.1.2: SOURCE PREFIX-LENGTH 0 asks not to use the client's address.
    """
    if edns is not None and edns.subnet is not None and edns.subnet.source:
        return Asker(edns.subnet.bits, edns.subnet.address)
    return asker


def _response(query: Query, outcome: Outcome) -> Response:
    scope = None
    if query.edns is not None and query.edns.subnet is not None:
        # RFC 7871 section 7.2.1: the scope is 0 when the source was
        scope = outcome.scope if query.edns.subnet.source else 0
    if outcome.rcode is Rcode.SERVFAIL:
        return Response(Rcode.SERVFAIL, scope=scope, fallback=_fallback(outcome))
    return Response(
        outcome.rcode,
        outcome.authoritative,
        tuple(outcome.answer),
        tuple(outcome.authority),
        tuple(outcome.additional),
        scope,
        _fallback(outcome),
    )


def _fallback(outcome: Outcome) -> AllDown | None:
    return None if outcome.decision is None else outcome.decision.plan.fallback


def _tally(query: Query, outcome: Outcome, zone: str) -> Tally:
    service = outcome.service if outcome.region else ""
    return Tally(zone, service, outcome.region, asked(query), outcome.rcode.name)


def asked(query: Query) -> str:
    """The type asked for, by name; types without a name share one, to bound the metric."""
    if query.name is None:
        return ""
    text = type_text(query.type)
    return "other" if text.startswith("TYPE") else text
