"""The policies: what each needs to know of a client, and how it chooses among the regions up.

Both halves are pure. `view` is asked once for each place when area tables are built; clients with
equal views are one area. `choose` is asked for each area whenever what is up changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gtm.model import Clients, MeasuredLatency, Policy, Region, Steering, Zone
from gtm.steering.policies.base import Chooser, Up
from gtm.steering.policies.cost import Nearest, Ranked
from gtm.steering.policies.nested import Otherwise, Rules
from gtm.steering.policies.order import Failover
from gtm.steering.policies.pinned import pinned
from gtm.steering.policies.shares import Sticky, Weighted

__all__ = ["Chooser", "Ranked", "Up", "chooser", "named_in", "pinned", "words_of"]

UNSERVED: Mapping[str, float] = {}


def chooser(
    steering: Steering,
    regions: Sequence[Region],
    latency: Sequence[MeasuredLatency],
    service_times: Mapping[str, float] = UNSERVED,
) -> Chooser:
    """The policy that the zone file describes, with the ones nested in it.

    `service_times` are milliseconds by region name.
    """
    first = _plain(steering, regions, latency, service_times)
    if steering.otherwise is None:
        return first
    return Otherwise(first, chooser(steering.otherwise, regions, latency, service_times))


def _plain(
    steering: Steering,
    regions: Sequence[Region],
    latency: Sequence[MeasuredLatency],
    service_times: Mapping[str, float],
) -> Chooser:
    match steering.policy:
        case Policy.NEAREST:
            return Nearest(steering, regions, latency, service_times)
        case Policy.LATENCY:
            return Nearest(steering, regions, latency, service_times, measured_first=True)
        case Policy.GEO:
            rules = [rule.steering for rule in steering.rules]
            inner = [chooser(each, regions, latency, service_times) for each in rules]
            return Rules(steering.rules, inner)
        case Policy.WEIGHTED:
            return Weighted(steering, regions)
        case Policy.FAILOVER:
            return Failover(steering, regions)
        case Policy.STICKY:
            return Sticky(steering, regions)


def named_in(steering: Steering) -> Iterable[Clients]:
    """The networks and ASes that rules name, at any depth: area tables are cut there."""
    for rule in steering.rules:
        yield from (match for match in rule.match if isinstance(match, Clients))
        yield from named_in(rule.steering)
    if steering.otherwise is not None:
        yield from named_in(steering.otherwise)


def words_of(zone: Zone) -> Iterable[Clients]:
    """The networks and ASes that rules of the zone name."""
    for app in zone.apps:
        for steering in app.steerings():
            yield from named_in(steering)
