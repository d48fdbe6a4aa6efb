"""Operators' words about one app, laid over the verdicts that its probes give.

A word stands at one level: an endpoint, a service in a region, the app in a region. What is
derived from a level sees the word in place of the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gtm.model import App, Endpoint, Verdict, Zone

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Hurry:
    """That answers are to be kept no longer than `ttl` seconds, and which word says so."""

    ttl: int
    reason: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """The word that holds at each place, where there is one.

    `endpoints` is by address or bare host name, `services` by service key and region, `regions` by
    region. A word about a region holds for each service there that has none of its own. `hurried`
    are the services, by key, that a planned drain leads clients away from somewhere.
    """

    endpoints: Mapping[str, Verdict] = field(default_factory=dict)
    services: Mapping[tuple[str, str], Verdict] = field(default_factory=dict)
    regions: Mapping[str, Verdict] = field(default_factory=dict)
    hurried: Mapping[str, Hurry] = field(default_factory=dict)

    def endpoint(self, endpoint: Endpoint) -> Verdict | None:
        """The word about an endpoint."""
        return self.endpoints.get(str(endpoint).rstrip(".")) if self.endpoints else None

    def service(self, key: str, region: str) -> Verdict | None:
        """The word about a service in a region."""
        return self.services.get((key, region)) or self.regions.get(region)

    def differing(self, other: Overlay, app: App) -> dict[str, set[str]]:
        """Service keys and their regions about which the other says something else.

        A service of which it only hurries the answers otherwise is there without a region.
        """
        if self == other:
            return {}
        regions = _differing(self.regions, other.regions)
        pairs = _differing(self.services, other.services)
        endpoints = _differing(self.endpoints, other.endpoints)
        keys = {key for key, _ in pairs}
        hurried = _differing(self.hurried, other.hurried)
        found: dict[str, set[str]] = {}
        for service in app.services:
            here = service.endpoints
            touched: set[str] = regions & here.keys()
            if service.key in keys:
                touched |= {region for region in here if (service.key, region) in pairs}
            if endpoints:
                touched |= {name for name in here if any(map(_in(endpoints), here[name]))}
            if touched or service.key in hurried:
                found[service.key] = touched
        return found


def _in(endpoints: set[str]) -> Callable[[Endpoint], bool]:
    return lambda endpoint: str(endpoint).rstrip(".") in endpoints


def _differing(one: Mapping[Key, object], other: Mapping[Key, object]) -> set[Key]:
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}


SILENT = Overlay()

Overlays = Callable[[Zone, App], Overlay]


def silent(zone: Zone, app: App) -> Overlay:
    """No word about anything."""
    return SILENT
