"""The steered side of a zone: what a service answers in each region, and its node."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from gtm.compile import render
from gtm.compile.static import ZoneContext, question_key
from gtm.dns.names import is_below, to_wire
from gtm.dns.types import Type, type_text
from gtm.model import App, Balance, Endpoint
from gtm.snapshot import LAST_RESORT, Entry, Node, Pick, RegionAnswers, RRset, Steered
from gtm.steering.choice import hashed_starts

STEERED_TYPES = (Type.A, Type.AAAA)
VERSIONS = {4: Type.A, 6: Type.AAAA}


def region_answers(
    context: ZoneContext,
    app: App,
    service: str,
    region: str,
    endpoints: tuple[Endpoint, ...],
    ttl: int,
) -> RegionAnswers:
    """What the service (by name) answers when the region is picked, with these endpoints in use.

    `app` is settled for the service.
    """
    rrsets = {rrset.type: rrset for rrset in _rrsets(endpoints, ttl, app)}
    rendered = {
        rrtype: render.answer(rrset, context.count(type_text(rrtype), service, region))
        for rrtype, rrset in rrsets.items()
    }
    if Type.CNAME in rrsets:
        for rrtype in STEERED_TYPES:
            tally = context.count(type_text(rrtype), service, region)
            rendered[rrtype] = render.answer(rrsets[Type.CNAME], tally)
    return RegionAnswers(region, rrsets, rendered)


def resort_answers(context: ZoneContext, app: App, service: str, ttl: int) -> RegionAnswers:
    """What is answered when no region is up and `when_all_down` names addresses; else nothing."""
    endpoints = tuple(Endpoint(address) for address in app.when_all_down.addresses)
    return region_answers(context, app, service, LAST_RESORT, endpoints, ttl)


def _rrsets(endpoints: tuple[Endpoint, ...], ttl: int, app: App) -> list[RRset]:
    if endpoints and isinstance(endpoints[0].at, str):  # alone: the zone file holds no second one
        return [RRset(Type.CNAME, ttl, (to_wire(endpoints[0].at),))]
    found: dict[int, list[tuple[bytes, int]]] = {}
    for endpoint in endpoints:
        if not isinstance(endpoint.at, str):
            rows = found.setdefault(VERSIONS[endpoint.at.version], [])
            rows.append((endpoint.at.packed, endpoint.weight))
    return [_balanced(rrtype, rows, ttl, app) for rrtype, rows in found.items()]


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


def steered_node(base: Node, steered: Steered, apex: bytes) -> Node:
    """The node of a service's name: its static records, and steered answers beside them.

    Where a host name lies inside the zone, the reference responder answers, as it follows it.
    """
    types = steered.types()
    denied = base.other
    if denied is None or any(is_below(target, apex) for target in _targets(steered)):
        return Node(base.rrsets, steered, entries={})
    aliased = Type.CNAME in types
    entries = dict(base.entries or {})
    for rrtype in STEERED_TYPES:
        if aliased or rrtype in types:
            by_region = tuple(answers.for_type(rrtype) for answers in steered.answers)
            entries[question_key(rrtype)] = Entry(denied.fixed, steered, by_region)
    return Node(base.rrsets, steered, entries=entries, other=None if aliased else denied)


def _targets(steered: Steered) -> list[bytes]:
    return [
        rdata.lower()
        for answers in steered.answers
        if Type.CNAME in answers.rrsets
        for rdata in answers.rrsets[Type.CNAME].rdata
    ]
