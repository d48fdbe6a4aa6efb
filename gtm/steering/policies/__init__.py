"""The policies: what each needs to know of a client, and how it chooses among the regions up.

Both halves are pure. `view` is asked once for each place when area tables are built; clients with
equal views are one area. `choose` is asked for each area whenever what is up changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network

from gtm.model import MeasuredLatency, Network, Policy, Region, Steering
from gtm.steering.policies.base import Chooser, Up
from gtm.steering.policies.cost import Nearest, Ranked
from gtm.steering.policies.nested import Otherwise, Rules
from gtm.steering.policies.order import Failover
from gtm.steering.policies.shares import LeastLoad, Sticky, Weighted

__all__ = ["Chooser", "Ranked", "Up", "chooser", "networks_in"]


def chooser(
    steering: Steering, regions: Sequence[Region], latency: Sequence[MeasuredLatency]
) -> Chooser:
    """The policy that the zone file describes, with the ones nested in it."""
    first = _plain(steering, regions, latency)
    if steering.otherwise is None:
        return first
    return Otherwise(first, chooser(steering.otherwise, regions, latency))


def _plain(
    steering: Steering, regions: Sequence[Region], latency: Sequence[MeasuredLatency]
) -> Chooser:
    match steering.policy:
        case Policy.NEAREST:
            return Nearest(steering, regions, latency)
        case Policy.LATENCY:
            return Nearest(steering, regions, latency, measured_first=True)
        case Policy.GEO:
            inner = [chooser(rule.steering, regions, latency) for rule in steering.rules]
            return Rules(steering.rules, inner)
        case Policy.WEIGHTED:
            return Weighted(steering, regions)
        case Policy.FAILOVER:
            return Failover(steering, regions)
        case Policy.LEAST_LOAD:
            return LeastLoad(steering, regions)
        case Policy.STICKY:
            return Sticky(steering, regions)


def networks_in(steering: Steering) -> Iterable[Network]:
    """The client networks that rules name, at any depth: area tables are cut there."""
    for rule in steering.rules:
        yield from (match for match in rule.match if isinstance(match, IPv4Network | IPv6Network))
        yield from networks_in(rule.steering)
    if steering.otherwise is not None:
        yield from networks_in(steering.otherwise)
