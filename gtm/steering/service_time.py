"""Service times of regions: who goes by them, and what a region's is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median

from gtm.checks import Target
from gtm.model import App, Policy, Steering, Verdict, Zone
from gtm.steering.places import Place
from gtm.steering.verdicts import watched_of
from gtm.steering.watched import Watched, believed, measured

BY_COST = (Policy.NEAREST, Policy.LATENCY)


def by_service_time(steering: Steering) -> bool:
    """Whether the steering, or any nested in it, goes by service times."""
    inner = [rule.steering for rule in steering.rules]
    inner += [steering.otherwise] if steering.otherwise else []
    return steering.latency_weight > 0 or any(map(by_service_time, inner))


def weight_at(steering: Steering, place: Place) -> float:
    """The `latency_weight` of the policy by cost that is first asked for clients at a place.

    0 where there is none.
    """
    if steering.policy in BY_COST:
        return steering.latency_weight
    for rule in steering.rules:
        if any(place.matches(match) for match in rule.match):
            return weight_at(rule.steering, place)
    return weight_at(steering.otherwise, place) if steering.otherwise else 0.0


Members = Mapping[tuple[str, str], tuple[Watched, ...]]
"""What is probed of the endpoints that make up a region, by zone and region name."""


def members(zones: Iterable[Zone]) -> Members:
    """The regions that steering goes by the service time of, and what is probed there.

    Only apps that go by it count: the health pages of others may be of another kind.
    """
    found: dict[tuple[str, str], dict[Watched, None]] = {}
    for zone in zones:
        for app in zone.apps:
            if by_service_time(app.steering):
                for region, each in _watched(app):
                    found.setdefault((zone.name, region), {})[each] = None
    return {key: tuple(every) for key, every in found.items()}


def _watched(app: App) -> Iterable[tuple[str, Watched]]:
    for service in app.services:
        for region, endpoints in service.endpoints.items():
            for endpoint in endpoints:
                each = watched_of(app, service, endpoint)
                if each is not None:
                    yield region, each


def of_region(
    endpoints: Iterable[Watched],
    verdict: Callable[[Target], Verdict],
    service_time: Callable[[Target], float | None],
) -> float | None:
    """The median of the service times of the endpoints that are not down; None if none is known.

    The median, as one slow endpoint is not a slow region: what its own clients wait for is a
    matter of its verdict, and of `balance` inside the region.
    """
    known = [
        found
        for each in endpoints
        if not believed(each, verdict).down
        and (target := measured(each)) is not None
        and (found := service_time(target)) is not None
    ]
    return median(known) if known else None
