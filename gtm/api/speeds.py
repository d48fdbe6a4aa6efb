"""How fast services and regions are, from the smoothed times of their endpoints.

A service in a region is as fast as the median of its endpoints that are not down, each smoothed
over its successful probes; an app's region likewise over all of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from statistics import median

from gtm.api.exposition import Gauges, Labelled
from gtm.checks import Target
from gtm.compile.compiled import CompiledApp
from gtm.steering.verdicts import ServiceHealth
from gtm.steering.watched import measured

Times = dict[tuple[str, str, str], list[float]]  # seconds, by zone, app and region


Pace = Callable[[Target], float | None]
"""The smoothed response time of a target in seconds; None while none is known."""


def speed_metrics(apps: Iterable[CompiledApp], pace: Pace) -> Iterator[Gauges]:
    """The speed of services in regions, and of apps there, which is added up on the way."""
    times: Times = {}
    yield Gauges(
        "gtm_service_latency_ewma_seconds",
        "The median of gtm_endpoint_latency_ewma_seconds over a service's endpoints in a region.",
        ("zone", "service", "region"),
        _services(apps, pace, times),
    )
    yield Gauges(
        "gtm_region_latency_ewma_seconds",
        "The same over all endpoints of an app in a region.",
        ("zone", "app", "region"),
        ((where, median(found)) for where, found in times.items()),
    )


def _services(apps: Iterable[CompiledApp], pace: Pace, times: Times) -> Iterator[Labelled | None]:
    for app in apps:
        zone = app.zone.name
        for key, regions in app.health.services.items():
            yield None
            name = app.services[key].service.name
            for region, health in regions.items():
                found = times_of(health, pace)
                if found:
                    times.setdefault((zone, app.app.name, region), []).extend(found)
                    yield (zone, name, region), median(found)


def times_of(health: ServiceHealth, pace: Pace) -> list[float]:
    """Smoothed response times (seconds) of a service's endpoints in a region that are not down."""
    pairs = zip(health.endpoints, health.targets, strict=True)
    targets = [measured(each) for (_, verdict), each in pairs if not verdict.down]
    found = [pace(target) for target in targets if target is not None]
    return [time for time in found if time is not None]
