"""Why a client gets the answer it gets, from the compiled snapshot that the server answers from.

The decision, the costs and the message come from the very code that answers; this module only
asks it for its reasons.
"""

from __future__ import annotations

from dataclasses import replace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import Compiled
from gtm.dns.lookup import Chance, Lookup, Outcome, asker_of, zone_of
from gtm.dns.names import to_text, to_wire
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.errors import UsageError
from gtm.explain.explanation import Explanation
from gtm.explain.places import place_of, seen_as
from gtm.explain.regions import steering_of
from gtm.explain.summary import summary_of
from gtm.model import Address
from gtm.steering.readings import Readings


def explain(
    compiled: Compiled,
    name: str,
    rrtype: str,
    client: Address,
    now: float,
    readings: Readings | None = None,
) -> Explanation:
    """The answer to a question from a client at a time (Unix seconds), with its reasons.

    `readings` say what endpoints' shares go by. Raises UsageError for a name or a type that can't
    be asked for.
    """
    owner, number = _question(name, rrtype)
    asker, chance = asker_of(str(client)), Chance(0, now)
    reply = respond(
        compiled.snapshot, _packet(owner, number), asker, chance, transport=Transport.TCP
    )
    assert reply is not None  # noqa: S101  # the packet is a query
    message = dns.message.from_wire(reply.message)
    zone = zone_of(compiled.snapshot, to_wire(owner), number)
    outcome = Outcome()
    if zone is not None:
        outcome = Lookup(compiled.snapshot, zone, asker, asker, chance).run(to_wire(owner), number)
    apex = None if zone is None else to_text(zone.apex)
    geo = compiled.geos.get(apex or "", compiled.geo)
    found = _service(compiled, outcome.service)
    steering = None
    if found is not None and outcome.decision is not None:
        seen = seen_as(*found, geo, client)
        steering = steering_of(compiled, *found, outcome.decision, seen, now, readings)
        override = geo.ruling(client)
        if override is not None and override.regions:
            steering = replace(steering, override=str(override.clients))
    return Explanation(
        name=owner,
        type=dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number)),
        client=str(client),
        epoch=compiled.snapshot.epoch,
        zone=apex,
        place=place_of(geo, client),
        steering=steering,
        rcode=dns.rcode.to_text(message.rcode()),
        answer=tuple(line for rrset in message.answer for line in rrset.to_text().split("\n")),
        scope=outcome.scope,
        summary=summary_of(compiled, zone, owner, message, steering),
    )


def _question(name: str, rrtype: str) -> tuple[str, int]:
    try:
        owner = dns.name.from_text(name).to_text()
    except dns.exception.DNSException as error:
        raise UsageError(f"cannot explain {name!r}: it is not a domain name ({error})") from error
    try:
        return owner, int(dns.rdatatype.from_text(rrtype))
    except (dns.exception.DNSException, ValueError) as error:
        raise UsageError(
            f"cannot explain type {rrtype!r}: it is not a record type; write A, AAAA or TXT"
        ) from error


def _packet(owner: str, number: int) -> bytes:
    query = dns.message.make_query(owner, dns.rdatatype.RdataType.make(number), flags=0, id=0)
    return query.to_wire()


def _service(compiled: Compiled, service: str) -> tuple[CompiledApp, CompiledService] | None:
    for app in compiled.apps.values():
        for candidate in app.services.values():
            if candidate.service.name == service:
                return app, candidate
    return None
