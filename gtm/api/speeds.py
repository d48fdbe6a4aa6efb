"""How fast services and regions are, from the smoothed times of their endpoints.

A service in a region is as fast as the median of its endpoints that are not down, each smoothed
over its successful probes; an app's region, and a service as a whole, likewise over all of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from statistics import median

from prometheus_client.core import GaugeMetricFamily, Metric

from gtm.checks import Target
from gtm.compile.app import CompiledApp
from gtm.controller import Controller
from gtm.steering.watched import measured

Pace = Callable[[Target], float | None]
"""The smoothed response time of a target in seconds; None while none is known."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """Smoothed response times (seconds) of an app's endpoints, by service key and region."""

    times: Mapping[str, Mapping[str, tuple[float, ...]]]

    def service(self, key: str, region: str | None = None) -> float | None:
        """A service's median in seconds, in one region or all; None if none is known."""
        here = self.times[key]
        found = here.values() if region is None else (here[region],)
        return _median(chain.from_iterable(found))

    def region(self, name: str) -> float | None:
        """The median over all services in a region."""
        return _median(time for here in self.times.values() for time in here.get(name, ()))


def _median(times: Iterable[float]) -> float | None:
    found = list(times)
    return median(found) if found else None


def speeds(app: CompiledApp, pace: Pace) -> Speeds:
    """How fast an app is. What is down has no part in it."""
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    for key, regions in app.health.services.items():
        found[key] = {}
        for region, here in regions.items():
            pairs = zip(here.endpoints, here.targets, strict=True)
            targets = [measured(each) for (_, verdict), each in pairs if not verdict.down]
            times = [pace(target) for target in targets if target is not None]
            found[key][region] = tuple(time for time in times if time is not None)
    return Speeds(found)


def pace_of(controller: Controller) -> Pace:
    """What the checker measured."""
    return lambda target: controller.checker.pace(target).response_time


def speed_metrics(controller: Controller) -> Iterable[Metric]:
    """The speed of services in regions, and of apps there."""
    services = GaugeMetricFamily(
        "gtm_service_latency_ewma_seconds",
        "The median of gtm_endpoint_latency_ewma_seconds over a service's endpoints in a region.",
        labels=["zone", "service", "region"],
    )
    regions = GaugeMetricFamily(
        "gtm_region_latency_ewma_seconds",
        "The same over all endpoints of an app in a region.",
        labels=["zone", "app", "region"],
    )
    for app in controller.compiled.apps.values():
        zone, found = app.zone.name, speeds(app, pace_of(controller))
        for key, here in found.times.items():
            for region in here:
                if (seconds := found.service(key, region)) is not None:
                    services.add_metric([zone, app.services[key].service.name, region], seconds)
        for region in app.app.regions:
            if (seconds := found.region(region)) is not None:
                regions.add_metric([zone, app.app.name, region], seconds)
    yield from (services, regions)
