"""Why a client gets the answer it gets, from the compiled snapshot that the server answers from.

The decision, the costs and the message come from the very code that answers; this module only
asks it for its reasons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import Compiled
from gtm.compile.groups import Group
from gtm.dns.lookup import Chance, Decision, Lookup, Outcome, asker_of, zone_of
from gtm.dns.names import to_text, to_wire
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.errors import UsageError
from gtm.geo import Found, Geo
from gtm.model import Address, AsNumber, Balance, Endpoint, Policy, State, Topology, Verdict, Zone
from gtm.overrides.nearest import services_like
from gtm.overrides.override import WORDS
from gtm.snapshot import LAST_RESORT, Plan, RegionAnswers, ZoneData
from gtm.steering.cost import Cost, CostModel
from gtm.steering.intake import choose
from gtm.steering.lifetimes import explained
from gtm.steering.places import Place
from gtm.steering.policies import named_in
from gtm.steering.readings import Readings
from gtm.steering.service_time import weight_at
from gtm.steering.verdicts import panics, target_of, watched_of
from gtm.steering.watched import Part, parts_of, targets_in

LESS = 0.002  # of all clients: what shares may differ by for being counted in slots
BY_COST = {Policy.NEAREST.value, Policy.LATENCY.value}
WITHOUT_REGIONS = {
    "all": "no region is up, so all are answered as if they were: {regions}",
    "last_good": "no region is up, so it is answered as it last was: {regions}",
    "nodata": "no region is up, and the app then says that there is nothing (NODATA)",
    "servfail": "no region is up, and the app then says SERVFAIL",
    "addresses": "no region is up, so the app's addresses of last resort are given",
}


@dataclass(frozen=True, slots=True)
class ClientPlace:
    """Where the client is: the database's network around it, and the location in that.

    `asn` and `organisation` are of the AS that announces `asn_network`, by `asn_database`.
    """

    network: str
    database: str | None
    code: str
    latitude: float | None
    longitude: float | None
    asn: str | None = None
    organisation: str | None = None
    asn_network: str | None = None
    asn_database: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint of the region, with its verdict.

    `share` is the fraction of the region's answers of its family that begin with it. `response` is
    the smoothed response time (milliseconds) that its share goes by, `load` the load; None where
    it goes by none, or none is known. `checks` are those that the verdict was derived from, where
    there are several; `expires` is when its certificate ends (Unix time).
    """

    endpoint: str
    verdict: Verdict
    answered: bool
    share: float = 0.0
    response: float | None = None
    load: float | None = None
    checks: tuple[Part, ...] = ()
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class RegionView:
    """A region as it stood for this client, in the order of cost.

    `cost` is None where the client's place is not known; `dropped` says why the region was not
    to be had, None if it was. `share` is the fraction of draws for such clients that it gets.
    `measured_from` says what a round trip of the latency feed was made from.
    """

    region: str
    cost: Cost | None
    verdict: Verdict
    dropped: str | None
    share: float
    picked: bool
    endpoints: tuple[EndpointView, ...]
    measured_from: str = ""


@dataclass(frozen=True, slots=True)
class Steering:
    """How a service's region was picked: `pick` as a plan does it, `notes` what led there.

    `regions_picked` are the regions of the answer, `fallback` what was done with none up. `ttl` is
    the answer's in seconds, `ttl_reason` why it is that. `override` names the clients whose regions
    an override of the zone pins, if it holds here.
    """

    service: str
    app: str
    topology: str
    policy: str
    notes: tuple[str, ...]
    area: int
    areas: int
    scope: int
    pick: str
    regions_picked: tuple[str, ...]
    fallback: str | None
    regions: tuple[RegionView, ...]
    ttl: int
    ttl_reason: str
    override: str | None = None


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
    found = _find(compiled, outcome.service)
    steering = None
    if found is not None and outcome.decision is not None:
        seen = _seen(*found, geo, client)
        steering = _steering(compiled, *found, outcome.decision, seen, now, readings)
        override = geo.ruling(client)
        if override is not None and override.regions:
            steering = replace(steering, override=str(override.clients))
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
        scope=outcome.scope,
        summary=(_told(zone, owner, message) or _summary(message, steering, zone is not None))
        + _meant(compiled, owner, message, zone is not None),
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


def _place(geo: Geo, client: Address) -> ClientPlace:
    found, announced = geo.find(client), geo.find_system(client)
    location = found.location
    return ClientPlace(
        network=str(found.network),
        database=_database(found),
        code="" if location is None else location.code(),
        latitude=None if location is None else location.latitude,
        longitude=None if location is None else location.longitude,
        asn=None if announced is None else str(announced.system.number),
        organisation=None if announced is None else announced.system.organisation or None,
        asn_network=None if announced is None else str(announced.network),
        asn_database=None if announced is None else str(announced.source.path),
    )


def _database(found: Found) -> str | None:
    if found.source is not None:
        return str(found.source.path)
    if found.override is None:
        return None
    of_system = isinstance(found.override.clients, AsNumber)
    return "the zone's geo overrides" + (f" for {found.override.clients}" if of_system else "")


def _find(compiled: Compiled, service: str) -> tuple[CompiledApp, CompiledService] | None:
    for app in compiled.apps.values():
        for candidate in app.services.values():
            if candidate.service.name == service:
                return app, candidate
    return None


def _steering(
    compiled: Compiled,
    app: CompiledApp,
    service: CompiledService,
    decision: Decision,
    place: Place,
    now: float,
    readings: Readings | None,
) -> Steering:
    group = compiled.groups[service.steered.group]
    view = group.decider.chooser.view(place, frozenset(range(len(group.regions))))
    location = place.location
    records = compiled.snapshot.answers[service.steered.number]
    answers = [
        RegionAnswers(name, tuple(each))
        for name, each in zip(service.steered.regions, records, strict=True)
    ]
    every = [app.zone.regions[name] for name in group.regions]
    weight = weight_at(app.app.settled_for(service.service).steering, place)
    times = {name: weight * ms for name, ms in group.decider.service_times.items()}
    costs = None if location is None else CostModel(every, app.zone.latency, times).costs(location)
    order: Sequence[int] = range(len(every))
    if costs is not None:
        order = sorted(order, key=[cost.cost for cost in costs].__getitem__)
    picked = tuple(region for region in decision.regions if region != LAST_RESORT)
    shares = _shares(decision.plan)
    kept = app.lifetimes.of(app.zone, service.service.key)
    return Steering(
        service=service.service.key,
        app=app.app.name,
        topology=app.app.topology.value,
        policy=app.app.settled_for(service.service).steering.policy.value,
        notes=(
            *group.decider.chooser.notes(view, group.up_indices()),
            *_ramps(group, now),
            *_spills(group, view, shares),
        ),
        area=decision.area,
        areas=len(group.decider.areas.views),
        scope=decision.scope,
        pick=decision.plan.pick.value,
        regions_picked=picked,
        fallback=None if decision.plan.fallback is None else decision.plan.fallback.value,
        regions=tuple(
            RegionView(
                region=group.regions[index],
                cost=None if costs is None else costs[index],
                verdict=_verdict(app, service, group.regions[index]),
                dropped=_dropped(app, service, group, group.regions[index]),
                share=shares.get(index, 0.0),
                picked=group.regions[index] in picked,
                endpoints=_endpoints(app, service, group.regions[index], answers[index], readings),
                measured_from="" if costs is None else _fed(app.zone, costs[index]),
            )
            for index in order
        ),
        ttl=kept.ttl,
        ttl_reason=explained(app.zone, kept),
    )


def _spills(group: Group, view: Hashable, shares: Mapping[int, float]) -> tuple[str, ...]:
    """Which regions take only a part of these clients for their load, and how full they are."""
    choice = choose(group.decider.chooser, view, group.up_indices(), group.fractions)
    if group.intake is None or choice is None:
        return ()
    total = sum(share for _, share in choice.options)
    notes = []
    for option, share in choice.options:
        alone, now = share / total, shares.get(option[0], 0.0)
        if now < alone - LESS:
            said = group.intake.said[option[0]]
            name = group.regions[option[0]]
            notes.append(f"{name} takes {now / alone:.0%} of these clients now: {said}")
    return tuple(notes)


def _fed(zone: Zone, cost: Cost) -> str:
    """What the feed's round trip was made from; "" where it is not the feed's."""
    said = (known.said for known in zone.latency if known.area == cost.measured)
    return next(said, {}).get(cost.region.name, "")


def _ramps(group: Group, now: float) -> tuple[str, ...]:
    """What regions that came up a short while ago take, if they do not take all by now."""
    return tuple(ramp.words(now) for ramp in group.ramps if not ramp.over(now))


def _seen(app: CompiledApp, service: CompiledService, geo: Geo, client: Address) -> Place:
    """The client as the service's policy sees it."""
    named = named_in(app.app.settled_for(service.service).steering)
    around = (word for word in named if not isinstance(word, AsNumber) and client in word)
    announced, override = geo.find_system(client), geo.ruling(client)
    return Place(
        geo.find(client).location,
        frozenset(around),
        None if announced is None else announced.system.number,
        () if override is None else override.regions,
    )


def _shares(plan: Plan) -> dict[int, float]:
    """The fraction of slots that name each answer first."""
    firsts = Counter(plan.firsts())
    return {index: count / firsts.total() for index, count in firsts.items()}


def _verdict(app: CompiledApp, service: CompiledService, region: str) -> Verdict:
    """What steering goes by: the block's verdict, or the service's own."""
    if app.app.topology is Topology.REPLICATED:
        return app.health.regions[region]
    return app.health.services[service.service.key][region].verdict


def _dropped(app: CompiledApp, service: CompiledService, group: Group, region: str) -> str | None:
    return None if region in group.up else _verdict(app, service, region).reason


def _endpoints(
    app: CompiledApp,
    service: CompiledService,
    region: str,
    answers: RegionAnswers,
    readings: Readings | None,
) -> tuple[EndpointView, ...]:
    here = app.health.services[service.service.key][region]
    usable = here.usable(panics(app.app, service.service, app.health))
    return tuple(
        EndpointView(
            str(endpoint),
            verdict,
            endpoint in usable,
            _share(answers, endpoint) if endpoint in usable else 0.0,
            *_measured(app, service, region, endpoint, readings),
            *_checked(app, service, endpoint, readings),
        )
        for endpoint, verdict in here.endpoints
    )


def _checked(
    app: CompiledApp, service: CompiledService, endpoint: Endpoint, readings: Readings | None
) -> tuple[tuple[Part, ...], float | None]:
    """The checks of an endpoint that has several, and when the first certificate of it ends."""
    if readings is None:
        return (), None
    found = watched_of(app.app, service.service, endpoint)
    ends = [end for each in targets_in(found) if (end := readings.expires(each)) is not None]
    return tuple(parts_of(found, readings.verdict)), min(ends, default=None)


def _share(answers: RegionAnswers, endpoint: Endpoint) -> float:
    """The fraction of the answers of its family that begin with the endpoint."""
    if isinstance(endpoint.at, str):
        return 1.0
    for rrset in answers.rrsets.values():
        if endpoint.at.packed in rrset.rdata:
            starts = rrset.starts
            return starts.count(rrset.rdata.index(endpoint.at.packed)) / len(starts)
    return 0.0


def _measured(
    app: CompiledApp,
    service: CompiledService,
    region: str,
    endpoint: Endpoint,
    readings: Readings | None,
) -> tuple[float | None, float | None]:
    """The response time and the load that the endpoint's share goes by."""
    if readings is None:
        return None, None
    if app.app.balance is Balance.EWMA:
        target = target_of(app.app, service.service, endpoint)
        return (None if target is None else readings.pace(target)), None
    if app.app.balance is Balance.LEAST_LOAD:
        return None, readings.load(app.zone.name, region, endpoint)
    return None, None


def _meant(compiled: Compiled, owner: str, message: dns.message.Message, inside: bool) -> str:
    """Names that are close, where there is none like it."""
    if inside and message.rcode() != dns.rcode.NXDOMAIN:
        return ""
    return services_like(owner, compiled.apps.values())


def _summary(message: dns.message.Message, steering: Steering | None, inside: bool) -> str:
    """The whole of it in one sentence."""
    if not inside:
        return "refused: the name is outside every zone that is served"
    if steering is None:
        return _unsteered(message)
    regions = " and ".join(steering.regions_picked) or "no region"
    if steering.fallback is not None:
        return WITHOUT_REGIONS[steering.fallback].format(regions=regions)
    if steering.override is not None:
        return f"{regions}: by the zone's override for {steering.override}" + _because(steering)
    if steering.policy not in BY_COST:
        return f"{regions}: picked by {steering.policy}" + _because(steering)
    if steering.regions[0].cost is None:
        return (
            f"{regions}: the client's place is not known, "
            "so it is the first region in the zone's order that is up"
        )
    return f"{regions}: {_nearest(steering)}"


def _because(steering: Steering) -> str:
    return f" ({'; '.join(steering.notes)})" if steering.notes else ""


def _nearest(steering: Steering) -> str:
    before = [view for view in _until_picked(steering) if view.dropped is not None]
    if before:
        return f"nearest of those up ({_would_be_nearer(before)})"
    full = [view.region for view in _until_picked(steering) if _is_full(steering, view)]
    if full:
        return f"nearest with room ({' and '.join(full)} would be nearer, but is full)"
    if len([view for view in steering.regions if view.share]) > 1:
        return "one of the regions that share these clients" + _because(steering)
    if unused := [view.region for view in _until_picked(steering)]:
        nearer = " and ".join(unused)
        return f"nearest of those that the policy uses here ({nearer} would be nearer)"
    if any(view.picked and view.verdict.state is State.UNKNOWN for view in steering.regions):
        return "the nearest region, and taken to be up, as it is not known"
    return "the nearest region, and up"


def _is_full(steering: Steering, view: RegionView) -> bool:
    """Whether a region turns some of these clients away for its load."""
    return any(note.startswith(f"{view.region} takes ") for note in steering.notes)


def _would_be_nearer(views: list[RegionView]) -> str:
    """What stands in the way of nearer regions: that they are down, or an operator's word."""
    down = [view.region for view in views if not view.verdict.withheld]
    failed = f"{' and '.join(down)} would be nearer, but {'is' if len(down) == 1 else 'are'} down"
    spoken = [
        f"{view.region} would be nearer, but is {_word(view.verdict)}"
        for view in views
        if view.verdict.withheld
    ]
    return "; ".join([failed, *spoken] if down else spoken)


def _word(verdict: Verdict) -> str:
    """`drained by alice: kernel update`; before it, what of the region the word is about."""
    assert verdict.act is not None  # noqa: S101  # only asked of what an operator took out
    word = WORDS[verdict.act]
    return verdict.reason if verdict.reason.startswith(word) else f"{word} ({verdict.reason})"


def _until_picked(steering: Steering) -> list[RegionView]:
    views = []
    for view in steering.regions:
        if view.picked:
            break
        views.append(view)
    return views


def _told(zone: ZoneData | None, owner: str, message: dns.message.Message) -> str:
    """What an answer to `whoami` is; "" for other names."""
    whoami = None if zone is None else zone.whoami
    if whoami is None or whoami.name != to_wire(owner) or not message.answer:
        return ""
    return "what is seen of this client, said to those alone that the zone's `whoami` allows"


def _unsteered(message: dns.message.Message) -> str:
    if message.rcode() == dns.rcode.NXDOMAIN:
        return "no such name in the zone"
    if message.rcode() != dns.rcode.NOERROR:
        return f"{dns.rcode.to_text(message.rcode())}: no question of this type is answered"
    if message.answer:
        return "a static record: the same for every client"
    if not message.flags & dns.flags.AA:
        return "delegated: the name belongs to a zone that other servers hold"
    return "the name exists, without records of this type"
