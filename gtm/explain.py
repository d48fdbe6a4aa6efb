"""Why a client gets the answer it gets, from the compiled snapshot that the server answers from.

The decision, the costs and the message come from the very code that answers; this module only
asks it for its reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from gtm.compile.compiler import Compiled, CompiledApp, CompiledService
from gtm.dns.lookup import Asker, Decision, Lookup, zone_of
from gtm.dns.names import to_text, to_wire
from gtm.dns.responder import respond
from gtm.errors import UsageError
from gtm.geo import Found, Geo
from gtm.model import Address, State, Topology, Verdict
from gtm.steering.cost import Cost
from gtm.steering.verdicts import eligible


@dataclass(frozen=True, slots=True)
class ClientPlace:
    """Where the client is: the database's network around it, and the location in that."""

    network: str
    database: str | None
    code: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint of the region, with its verdict."""

    endpoint: str
    verdict: Verdict
    answered: bool


@dataclass(frozen=True, slots=True)
class RegionView:
    """A region as it stood for this client, in the order of cost.

    `cost` is None where the client's place is not known; `dropped` says why the region was not
    to be had, None if it was.
    """

    region: str
    cost: Cost | None
    verdict: Verdict
    dropped: str | None
    picked: bool
    endpoints: tuple[EndpointView, ...]


@dataclass(frozen=True, slots=True)
class Steering:
    """How a service's region was picked."""

    service: str
    app: str
    topology: str
    policy: str
    area: int
    areas: int
    scope: int
    region: str
    fallback: bool
    regions: tuple[RegionView, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and how it came about; `steering` is None where no service was involved."""

    name: str
    type: str
    client: str
    epoch: int
    zone: str | None
    place: ClientPlace
    steering: Steering | None
    rcode: str
    answer: tuple[str, ...]
    scope: int
    summary: str


def explain(compiled: Compiled, name: str, rrtype: str, client: Address) -> Explanation:
    """The answer to a question from a client, with its reasons.

    Raises UsageError for a name or a type that can't be asked for.
    """
    owner, number = _question(name, rrtype)
    asker = Asker(client.max_prefixlen, int(client))
    reply = respond(compiled.snapshot, _packet(owner, number), asker, 0, udp=False)
    assert reply is not None  # noqa: S101  # the packet is a query
    message = dns.message.from_wire(reply.message)
    zone = zone_of(compiled.snapshot, to_wire(owner), number)
    decision, service = None, ""
    scope = 0
    if zone is not None:
        outcome = Lookup(compiled.snapshot, zone, asker, 0).run(to_wire(owner), number)
        decision, service, scope = outcome.decision, outcome.service, outcome.scope
    apex = None if zone is None else to_text(zone.apex)
    geo = compiled.geos.get(apex or "", compiled.geo)
    found = _find(compiled, service) if decision is not None else None
    steering = _steering(*found, decision, client, geo) if found and decision else None
    return Explanation(
        name=owner,
        type=dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number)),
        client=str(client),
        epoch=compiled.snapshot.epoch,
        zone=apex,
        place=_place(geo, client),
        steering=steering,
        rcode=dns.rcode.to_text(message.rcode()),
        answer=tuple(line for rrset in message.answer for line in rrset.to_text().split("\n")),
        scope=scope,
        summary=_summary(message, steering, zone is not None),
    )


def _question(name: str, rrtype: str) -> tuple[str, int]:
    try:
        owner = dns.name.from_text(name).to_text()
    except dns.exception.DNSException as error:
        raise UsageError(f"cannot explain {name!r}: it is not a domain name ({error})") from error
    try:
        return owner, int(dns.rdatatype.from_text(rrtype))
    except dns.exception.DNSException as error:
        raise UsageError(
            f"cannot explain type {rrtype!r}: it is not a record type; write A, AAAA or TXT"
        ) from error


def _packet(owner: str, number: int) -> bytes:
    query = dns.message.make_query(owner, dns.rdatatype.RdataType.make(number), flags=0, id=0)
    return query.to_wire()


def _place(geo: Geo, client: Address) -> ClientPlace:
    found = geo.find(client)
    location = found.location
    return ClientPlace(
        network=str(found.network),
        database=_database(found),
        code="" if location is None else location.code(),
        latitude=None if location is None else location.latitude,
        longitude=None if location is None else location.longitude,
    )


def _database(found: Found) -> str | None:
    if found.source is not None:
        return str(found.source.path)
    return None if found.location is None else "the zone's geo overrides"


def _find(compiled: Compiled, service: str) -> tuple[CompiledApp, CompiledService] | None:
    for app in compiled.apps.values():
        for candidate in app.services.values():
            if candidate.service.name == service:
                return app, candidate
    return None


def _steering(
    app: CompiledApp,
    service: CompiledService,
    decision: Decision,
    client: Address,
    geo: Geo,
) -> Steering:
    areas = service.steered.areas
    location = geo.find(client).location
    costs = None if location is None else service.model.costs(location)
    return Steering(
        service=service.service.key,
        app=app.app.name,
        topology=app.app.topology.value,
        policy=app.app.steering.policy.value,
        area=decision.area,
        areas=len(areas.rankings),
        scope=decision.scope,
        region=decision.answers.region,
        fallback=decision.plan.fallback,
        regions=tuple(
            _region(
                app,
                service,
                areas.regions[index],
                decision,
                None if costs is None else costs[index],
            )
            for index in areas.rankings[decision.area]
        ),
    )


def _region(
    app: CompiledApp, service: CompiledService, region: str, decision: Decision, cost: Cost | None
) -> RegionView:
    here = app.health.services[service.service.key][region]
    up = eligible(app.app, service.service, app.health)
    block = app.app.topology is Topology.REPLICATED
    verdict = app.health.regions[region] if block else here.verdict
    usable = here.usable()
    return RegionView(
        region=region,
        cost=cost,
        verdict=verdict,
        dropped=None if region in up else verdict.reason,
        picked=region == decision.answers.region,
        endpoints=tuple(
            EndpointView(str(endpoint), found, endpoint in usable)
            for endpoint, found in here.endpoints
        ),
    )


def _summary(message: dns.message.Message, steering: Steering | None, inside: bool) -> str:
    """The whole of it in one sentence."""
    if not inside:
        return "refused: the name is outside every zone that is served"
    if steering is None:
        return _unsteered(message)
    if steering.fallback:
        return f"no region is up, so all are answered as if they were: {steering.region} is nearest"
    if steering.regions[0].cost is None:
        return (
            f"{steering.region}: the client's place is not known, "
            "so it is the first region in the zone's order that is up"
        )
    lost = [view.region for view in steering.regions if view.dropped is not None]
    before = [view.region for view in _until_picked(steering) if view.region in lost]
    if before:
        nearer = " and ".join(before)
        return f"{steering.region}: nearest of those up ({nearer} would be nearer, but is down)"
    picked = next(view for view in steering.regions if view.picked)
    known = "up" if picked.verdict.state is State.UP else "taken to be up, as it is not known"
    return f"{steering.region}: the nearest region, and {known}"


def _until_picked(steering: Steering) -> list[RegionView]:
    views = []
    for view in steering.regions:
        if view.picked:
            break
        views.append(view)
    return views


def _unsteered(message: dns.message.Message) -> str:
    if message.rcode() == dns.rcode.NXDOMAIN:
        return "no such name in the zone"
    if message.answer:
        return "a static record: the same for every client"
    if not message.flags & dns.flags.AA:
        return "delegated: the name belongs to a zone that other servers hold"
    return "the name exists, without records of this type"
