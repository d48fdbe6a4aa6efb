"""The steered side of a zone: what a service answers in each region, and its node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from gtm.compile import denial, render
from gtm.compile.bindings import binding_rrset
from gtm.compile.static import VERSIONS, ZoneContext, question_key
from gtm.dns.names import ROOT, is_below, to_wire
from gtm.dns.types import Type, type_text
from gtm.model import AllDown, App, Balance, Endpoint, Service
from gtm.snapshot import LAST_RESORT, OTHERS, Entry, Node, Pick, Rendered, RRset, Steered
from gtm.steering.choice import hashed_starts

PAIR = 2  # rows that a number of a service stands for

Columns = tuple[int, ...]  # the types of a name's rows, in their order: an even number of them

ADDRESSES: Columns = (Type.A, Type.AAAA)
WITH_HTTPS: Columns = (Type.A, Type.AAAA, Type.HTTPS, 0)  # and a row of nothing
# of services that are a host name in some region, which answers every type
WITH_HOSTS: Columns = (Type.A, Type.AAAA, OTHERS, 0)
WITH_BOTH: Columns = (Type.A, Type.AAAA, Type.HTTPS, OTHERS)
STEERED_TYPES = (Type.A, Type.AAAA, Type.SRV, Type.SVCB, Type.HTTPS)
QUESTIONS = {int(rrtype): question_key(rrtype) for rrtype in STEERED_TYPES}
TEXTS = {int(rrtype): type_text(rrtype) for rrtype in STEERED_TYPES} | {OTHERS: "other"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a name answers in one region: as records, and rendered by each of its columns.

    `signed` is the latter as clients get it that want signatures; of unsigned zones the same.
    """

    records: tuple[RRset, ...]
    rendered: tuple[Rendered | None, ...]
    signed: tuple[Rendered | None, ...]


def columns_of(service: Service) -> Columns:
    """The types of a service's rows."""
    published = service.published
    has_https = published is not None and published.https is not None
    if any(isinstance(end.at, str) for ends in service.endpoints.values() for end in ends):
        return WITH_BOTH if has_https else WITH_HOSTS
    return WITH_HTTPS if has_https else ADDRESSES


def region_answers(
    context: ZoneContext,
    app: App,
    service: Service,
    region: str,
    endpoints: tuple[Endpoint, ...],
    ttl: int,
    most: int | None = None,
) -> Answered:
    """What the service answers when the region is picked, with these endpoints in use.

    `app` is settled for the service. The HTTPS record is of the name that it stands at ("."), and
    of no region without addresses. `most` is the highest TTL that it is ever answered with.
    """
    records = _rrsets(endpoints, ttl, app)
    https = None if service.published is None else service.published.https
    if https is not None and any(rrset.type in ADDRESSES for rrset in records):
        records += (binding_rrset(Type.HTTPS, ROOT, https, ttl, records),)
    records = signed_records(context, service.name, records, most or ttl)
    return rendered_answers(context, service.name, region, records, columns_of(service))


def signed_records(
    context: ZoneContext, owner: str, records: tuple[RRset, ...], most: int
) -> tuple[RRset, ...]:
    """The records of a name, signed if its zone is; `most` is the highest TTL they ever have."""
    if context.signer is None:
        return records
    name = _owner(owner)
    return tuple([context.signed(name, rrset, most) for rrset in records])


@lru_cache(maxsize=1024)  # asked for again for each of its regions
def _owner(service: str) -> bytes:
    return to_wire(service)


def rendered_answers(
    context: ZoneContext, service: str, region: str, records: tuple[RRset, ...], columns: Columns
) -> Answered:
    """Records as planes give them, by column, counted for the service (by name) and region."""
    by_type = {rrset.type: rrset for rrset in records}
    alias = by_type.get(Type.CNAME)
    rendered: list[Rendered | None] = []
    signed: list[Rendered | None] = []
    for rrtype in columns:
        rrset = (by_type.get(rrtype) or alias) if rrtype else None  # of OTHERS, the alias alone
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
    context: ZoneContext, app: App, service: Service, ttl: int, most: int | None = None
) -> Answered:
    """What is answered when no region is up and `when_all_down` names addresses; else nothing."""
    endpoints = tuple(Endpoint(address) for address in app.when_all_down.addresses)
    return region_answers(context, app, service, LAST_RESORT, endpoints, ttl, most)


def types_of(app: App, service: Service) -> frozenset[int]:
    """The types that the service can answer in some region, or as a last resort."""
    found = {_type(end) for endpoints in service.endpoints.values() for end in endpoints}
    found |= {VERSIONS[address.version] for address in app.when_all_down.addresses}
    if Type.HTTPS in columns_of(service) and not found.isdisjoint(ADDRESSES):
        found.add(Type.HTTPS)
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
    base: Node,
    steered: Steered,
    app: App,
    service: Service,
    context: ZoneContext,
    name: bytes,
    columns: Columns,
) -> Node:
    """The node of a name of a service: its static records, and steered answers beside them.

    Where a host name lies inside the zone, the answer leads on to it. Beside a DNAME the reference
    responder answers.
    """
    if base.entries is None:
        return Node(base.rrsets, steered)
    denied, apex = base.other, context.apex
    aliased = Type.CNAME in steered.types
    lacks = None
    if context.signer is not None:
        ttl = context.negative_soa.ttl
        always = app.when_all_down.mode is not AllDown.NODATA
        lacks = denial.lacking(name, Node(base.rrsets, steered), always, context.signer, ttl)
    if denied is None:
        return Node(base.rrsets, steered, entries={}, lacks=lacks)
    own = {
        rrtype: Entry(denied.fixed, steered, steered.number * PAIR + place)
        for place, rrtype in enumerate(columns)
        if rrtype and (aliased or rrtype in steered.types)
    }
    entries = dict(base.entries or {})
    if aliased and any(is_below(host, apex) for host in _hosts(service)):
        # the python plane, which has what stands beside them alone, leaves them to the responder
        return Node(base.rrsets, steered, entries=entries, leading=own, lacks=lacks)
    other = own.pop(OTHERS, denied)
    entries |= {QUESTIONS[rrtype]: entry for rrtype, entry in own.items()}
    return Node(base.rrsets, steered, entries=entries, other=other, lacks=lacks)


def _hosts(service: Service) -> Iterable[bytes]:
    return [
        to_wire(endpoint.at).lower()
        for endpoints in service.endpoints.values()
        for endpoint in endpoints
        if isinstance(endpoint.at, str)
    ]
