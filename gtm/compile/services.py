"""The steered side of a zone: what a service answers in each region, and its node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from gtm.compile import denial, render
from gtm.compile.static import ZoneContext, question_key
from gtm.dns.names import is_below, to_wire
from gtm.dns.types import Type, type_text
from gtm.model import AllDown, App, Balance, Endpoint, Service
from gtm.snapshot import LAST_RESORT, Entry, Node, Pick, Rendered, RRset, Steered
from gtm.steering.choice import hashed_starts

STEERED_TYPES = (Type.A, Type.AAAA)  # in the order of a service's rows
VERSIONS = {4: Type.A, 6: Type.AAAA}
QUESTIONS = {rrtype: question_key(rrtype) for rrtype in STEERED_TYPES}
TEXTS = {rrtype: type_text(rrtype) for rrtype in STEERED_TYPES}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a service answers in one region: as records, and rendered by each steered type.

    `signed` is the latter as clients get it that want signatures; of unsigned zones the same.
    """

    records: tuple[RRset, ...]
    rendered: tuple[Rendered | None, ...]
    signed: tuple[Rendered | None, ...]


def region_answers(
    context: ZoneContext,
    app: App,
    service: str,
    region: str,
    endpoints: tuple[Endpoint, ...],
    ttl: int,
    most: int | None = None,
) -> Answered:
    """What the service (by name) answers when the region is picked, with these endpoints in use.

    `app` is settled for the service. `most` is the highest TTL that it is ever answered with.
    """
    records = signed_records(context, service, _rrsets(endpoints, ttl, app), most or ttl)
    return rendered_answers(context, service, region, records)


def signed_records(
    context: ZoneContext, service: str, records: tuple[RRset, ...], most: int
) -> tuple[RRset, ...]:
    """The records of a service (by name), signed if its zone is."""
    if context.signer is None:
        return records
    owner = _owner(service)
    return tuple([context.signed(owner, rrset, most) for rrset in records])


@lru_cache(maxsize=1024)  # asked for again for each of its regions
def _owner(service: str) -> bytes:
    return to_wire(service)


def rendered_answers(
    context: ZoneContext, service: str, region: str, records: tuple[RRset, ...]
) -> Answered:
    """Records of a service as planes give them, counted for the region."""
    by_type = {rrset.type: rrset for rrset in records}
    alias = by_type.get(Type.CNAME)
    rendered: list[Rendered | None] = []
    signed: list[Rendered | None] = []
    for rrtype in STEERED_TYPES:
        rrset = by_type.get(rrtype) or alias
        if rrset is None:
            rendered.append(None)
            signed.append(None)
            continue
        tally = context.count(TEXTS[rrtype], service, region)
        rendered.append(render.answer(rrset, tally))
        if context.signer is not None:
            signed.append(render.signed(rrset, tally))
    plain = tuple(rendered)
    return Answered(records, plain, plain if context.signer is None else tuple(signed))


def resort_answers(
    context: ZoneContext, app: App, service: str, ttl: int, most: int | None = None
) -> Answered:
    """What is answered when no region is up and `when_all_down` names addresses; else nothing."""
    endpoints = tuple(Endpoint(address) for address in app.when_all_down.addresses)
    return region_answers(context, app, service, LAST_RESORT, endpoints, ttl, most)


def types_of(app: App, service: Service) -> frozenset[int]:
    """The types that the service can answer in some region, or as a last resort."""
    found = {_type(end) for endpoints in service.endpoints.values() for end in endpoints}
    found |= {VERSIONS[address.version] for address in app.when_all_down.addresses}
    return _shared(frozenset(found))


def _type(endpoint: Endpoint) -> Type:
    return Type.CNAME if isinstance(endpoint.at, str) else VERSIONS[endpoint.at.version]


@cache
def _shared(types: frozenset[int]) -> frozenset[int]:
    """The same object for equal sets: there are few."""
    return types


def _rrsets(endpoints: tuple[Endpoint, ...], ttl: int, app: App) -> tuple[RRset, ...]:
    if len(endpoints) == 1:
        return (_alone(endpoints[0], ttl),)
    found: dict[int, list[tuple[bytes, int]]] = {}
    for endpoint in endpoints:
        if not isinstance(endpoint.at, str):
            rows = found.setdefault(VERSIONS[endpoint.at.version], [])
            rows.append((endpoint.at.packed, endpoint.weight))
    return tuple(_balanced(rrtype, rows, ttl, app) for rrtype, rows in found.items())


def _alone(endpoint: Endpoint, ttl: int) -> RRset:
    at = endpoint.at
    if isinstance(at, str):  # always alone: the zone file holds no second one
        return RRset(Type.CNAME, ttl, (to_wire(at),))
    return RRset(VERSIONS[at.version], ttl, (at.packed,))


def _balanced(rrtype: int, rows: Sequence[tuple[bytes, int]], ttl: int, app: App) -> RRset:
    """The records with the starts that the app's balance makes of them."""
    rdata = tuple(packed for packed, _ in rows)
    if len(rdata) == 1:
        return RRset(rrtype, ttl, rdata)
    if app.balance is Balance.ALL:
        starts, pick, answered = tuple(range(len(rdata))), Pick.RANDOM, app.answers
    else:
        weights = tuple(weight for _, weight in rows)
        answered = app.answers or 1
        if app.balance is Balance.HASH:
            starts, pick = hashed_starts(rdata, weights), Pick.HASH
        else:
            starts, pick = _by_weight(weights), Pick.RANDOM
    return RRset(rrtype, ttl, rdata, starts, answered, pick)


@lru_cache(maxsize=4096)  # measured shares are ever new ones
def _by_weight(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Each start as often as its weight; endpoints of weight 0 begin no answer."""
    if not any(weights):
        return tuple(range(len(weights)))
    return tuple(start for start, weight in enumerate(weights) for _ in range(weight))


def steered_node(
    base: Node, steered: Steered, app: App, service: Service, context: ZoneContext
) -> Node:
    """The node of a service's name: its static records, and steered answers beside them.

    Where a host name lies inside the zone, the reference responder answers, as it follows it; so
    it does beside a DNAME.
    """
    if base.entries is None:
        return Node(base.rrsets, steered)
    denied, apex = base.other, context.apex
    aliased = Type.CNAME in steered.types
    lacks = None
    if context.signer is not None:
        name, ttl = to_wire(service.name), context.negative_soa.ttl
        always = app.when_all_down.mode is not AllDown.NODATA
        lacks = denial.lacking(name, Node(base.rrsets, steered), always, context.signer, ttl)
    if denied is None or (aliased and any(is_below(name, apex) for name in _hosts(service))):
        return Node(base.rrsets, steered, entries={}, lacks=lacks)
    entries: dict[bytes, Entry] = dict(base.entries or {})
    for place, rrtype in enumerate(STEERED_TYPES):
        if aliased or rrtype in steered.types:
            row = steered.number * len(STEERED_TYPES) + place
            entries[QUESTIONS[rrtype]] = Entry(denied.fixed, steered, row)
    other = None if aliased else denied
    return Node(base.rrsets, steered, entries=entries, other=other, lacks=lacks)


def _hosts(service: Service) -> Iterable[bytes]:
    return [
        to_wire(endpoint.at).lower()
        for endpoints in service.endpoints.values()
        for endpoint in endpoints
        if isinstance(endpoint.at, str)
    ]
