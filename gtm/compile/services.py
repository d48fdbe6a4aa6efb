"""The steered side of a zone: what a service answers in each region, and its node."""

from __future__ import annotations

from gtm.compile import render
from gtm.compile.static import ZoneContext, question_key
from gtm.dns.names import is_below, to_wire
from gtm.dns.types import Type, type_text
from gtm.model import Endpoint, Service
from gtm.snapshot import Entry, Node, RegionAnswers, RRset, Steered
from gtm.steering.verdicts import ServiceHealth

STEERED_TYPES = (Type.A, Type.AAAA)


def region_answers(
    context: ZoneContext, service: Service, name: bytes, region: str, health: ServiceHealth
) -> RegionAnswers:
    """What the service (and its wire name) answers when the region is picked."""
    rrsets = {rrset.type: rrset for rrset in _rrsets(health.usable(), context.ttl)}

    def count(rrtype: int) -> int:
        return context.count(type_text(rrtype), service.name, region)

    rendered = {rrtype: render.answer(rrset, count(rrtype)) for rrtype, rrset in rrsets.items()}
    for rrtype in STEERED_TYPES:
        if Type.CNAME in rrsets:
            rendered[rrtype] = render.answer(rrsets[Type.CNAME], count(rrtype))
    nodata = render.denial(
        name, context.apex, context.negative_soa, context.count("other", service.name, region)
    )
    return RegionAnswers(region, rrsets, rendered, nodata)


def _rrsets(endpoints: tuple[Endpoint, ...], ttl: int) -> list[RRset]:
    hosts = tuple(to_wire(endpoint.at) for endpoint in endpoints if isinstance(endpoint.at, str))
    if hosts:
        return [RRset(Type.CNAME, ttl, hosts[:1])]  # the zone file holds no second one
    rrsets = []
    for rrtype, version in ((Type.A, 4), (Type.AAAA, 6)):
        rdata = tuple(
            endpoint.at.packed
            for endpoint in endpoints
            if not isinstance(endpoint.at, str) and endpoint.at.version == version
        )
        if rdata:
            rrsets.append(RRset(rrtype, ttl, rdata, rotate=True))
    return rrsets


def steered_node(base: Node, steered: Steered, apex: bytes) -> Node:
    """The node of a service's name: its static records, and steered answers beside them.

    Where a host name lies inside the zone, the reference responder answers, as it follows it.
    """
    types = steered.types()
    if any(is_below(target, apex) for target in _targets(steered)):
        return Node(base.rrsets, steered, entries={})
    aliased = Type.CNAME in types
    entries = dict(base.entries or {})
    for rrtype in STEERED_TYPES:
        if aliased or rrtype in types:
            by_region = tuple(answers.for_type(rrtype) for answers in steered.answers)
            entries[question_key(rrtype)] = Entry(None, steered, by_region)
    return Node(base.rrsets, steered, entries=entries, other=None if aliased else base.other)


def _targets(steered: Steered) -> list[bytes]:
    return [
        rdata.lower()
        for answers in steered.answers
        if Type.CNAME in answers.rrsets
        for rdata in answers.rrsets[Type.CNAME].rdata
    ]
