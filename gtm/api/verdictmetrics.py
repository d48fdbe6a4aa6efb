"""Metrics of verdicts, and of how fast endpoints are: one for each endpoint, so very many."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily

from gtm.api.exposition import Gauges, Labelled, Part
from gtm.compile.compiled import CompiledApp
from gtm.control.controller import Controller
from gtm.health.watch import Report
from gtm.model import State
from gtm.steering.verdicts import ServiceHealth
from gtm.steering.watched import Watched, measured, targets_in

STATE_VALUES = {State.UP: 1.0, State.DOWN: 0.0, State.UNKNOWN: 0.5}
ENDPOINT = ("zone", "service", "region", "endpoint")

Where = tuple[str, str, str]  # zone, service and region
Value = Callable[[Report, Watched], float | None]


def verdict_metrics(controller: Controller) -> Iterator[Part | Gauges]:
    """What is believed of regions, services and endpoints."""
    compiled = controller.compiled
    epoch = compiled.snapshot.epoch
    yield GaugeMetricFamily("gtm_snapshot_epoch", "The number of what is answered from.", epoch)
    yield GaugeMetricFamily("gtm_zones", "Zones that are served.", len(compiled.zones))
    apps = tuple(compiled.apps.values())
    yield Gauges(
        "gtm_region_up",
        "An app's verdict: 1 up, 0 down, 0.5 unknown.",
        ("zone", "app", "region"),
        (
            ((app.zone.name, app.app.name, region), STATE_VALUES[verdict.state])
            for app in apps
            for region, verdict in app.health.regions.items()
        ),
    )
    yield Gauges(
        "gtm_service_up",
        "A service's verdict in a region.",
        ("zone", "service", "region"),
        ((where, STATE_VALUES[health.verdict.state]) for where, health in _services(apps)),
    )
    yield Gauges(
        "gtm_endpoint_up",
        "An endpoint's verdict.",
        ENDPOINT,
        (
            ((*where, str(endpoint)), STATE_VALUES[verdict.state])
            for where, health in _services(apps)
            for endpoint, verdict in health.endpoints
        ),
    )


def pace_metrics(controller: Controller) -> Iterator[Part | Gauges]:
    """How fast endpoints and regions are, smoothed, and when certificates end."""
    apps = tuple(controller.compiled.apps.values())
    yield Gauges(
        "gtm_endpoint_latency_ewma_seconds",
        "Time of an endpoint's successful probes, smoothed (half-life 10 probes).",
        ENDPOINT,
        _measured(controller, apps, lambda report, _: report.pace.response_time),
    )
    yield Gauges(
        "gtm_endpoint_service_time_ewma_seconds",
        "The same without the network's part, where the check tells it.",
        ENDPOINT,
        _measured(controller, apps, lambda report, _: report.pace.service_time),
    )
    held = GaugeMetricFamily(
        "gtm_region_service_time_seconds",
        "The service time of a region that steering goes by (latency_weight).",
        labels=["zone", "region"],
    )
    for (zone, region), milliseconds in controller.measured.service_times.items():
        held.add_metric([zone, region], milliseconds / 1000)
    yield held
    yield Gauges(
        "gtm_certificate_expires_timestamp_seconds",
        "When the certificate of an endpoint ends, the first to end of several.",
        ENDPOINT,
        _measured(controller, apps, lambda _, watched: _first_end(controller, watched)),
    )


def _services(apps: tuple[CompiledApp, ...]) -> Iterator[tuple[Where, ServiceHealth]]:
    for app in apps:
        for key, by_region in app.health.services.items():
            name = app.services[key].service.name
            for region, health in by_region.items():
                yield (app.zone.name, name, region), health


def _measured(
    controller: Controller, apps: tuple[CompiledApp, ...], value: Value
) -> Iterator[Labelled | None]:
    """A value of each endpoint that has one; None now and then, where none of many has."""
    for where, health in _services(apps):
        yield None
        for (endpoint, _), watched in zip(health.endpoints, health.targets, strict=True):
            target = measured(watched)
            if target is None or watched is None:
                continue
            found = value(controller.report(target), watched)
            if found is not None:
                yield (*where, str(endpoint)), found


def _first_end(controller: Controller, watched: Watched) -> float | None:
    ends = (controller.report(target).expires for target in targets_in(watched))
    return min((end for end in ends if end is not None), default=None)
