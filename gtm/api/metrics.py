"""The metrics page, in Prometheus' text form, collected when it is asked for.

Names under gtm_dns_ have CoreDNS's suffixes and labels (family "1" is IPv4, "2" is IPv6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

import gtm
from gtm.api.feeds import MOST_NAMED
from gtm.controller import Controller
from gtm.logs import Writer
from gtm.model import State
from gtm.overrides import counts
from gtm.planes.stats import BUCKETS, SocketStats
from gtm.snapshot import Tally

CONTENT_TYPE = CONTENT_TYPE_LATEST
STATE_VALUES = {State.UP: 1.0, State.DOWN: 0.0, State.UNKNOWN: 0.5}


class ServerCollector(Collector):
    """Reads the controller and the plane's counters."""

    def __init__(self, controller: Controller) -> None:
        """Nothing is kept between scrapes."""
        self._controller = controller

    def collect(self) -> Iterable[Metric]:
        """All families."""
        yield from _server(self._controller)
        if self._controller.ready:
            yield from _traffic(self._controller)
            yield from _verdicts(self._controller)
            yield from _overrides(self._controller)
            yield from _feeds(self._controller)
            yield from _geo(self._controller)


def page(controller: Controller) -> bytes:
    """The whole page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServerCollector(controller))
    return generate_latest(registry)


def _gauge(name: str, text: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family


def _server(controller: Controller) -> Iterable[Metric]:
    info = GaugeMetricFamily("gtm_build_info", "1; says what runs.", labels=["version", "plane"])
    info.add_metric([gtm.__version__, controller.plane.name], 1)
    yield info
    yield _gauge("gtm_ready", "1 once the first answer can be given.", float(controller.ready))
    loads = CounterMetricFamily("gtm_reloads", "Loads of zones and databases.", labels=["result"])
    loads.add_metric(["ok"], controller.loads.succeeded)
    loads.add_metric(["failed"], controller.loads.failed)
    yield loads
    lost = CounterMetricFamily("gtm_log_lines_lost", "Log lines that could not be written.")
    lost.add_metric([], Writer.lost)
    yield lost
    reload = controller.reload
    good = reload is not None and reload.error is None and controller.geo_error is None
    yield _gauge("gtm_reload_ok", "0 while the files on disk are not what is served.", float(good))


def _traffic(controller: Controller) -> Iterable[Metric]:
    labels = ["server", "zone", "proto", "family", "type"]
    requests = CounterMetricFamily("gtm_dns_requests", "Queries by what was asked.", labels=labels)
    responses = CounterMetricFamily(
        "gtm_dns_responses",
        "Responses by how they ended.",
        labels=["server", "zone", "proto", "family", "rcode"],
    )
    answers = CounterMetricFamily(
        "gtm_answers", "Steered answers by the region given.", labels=["zone", "service", "region"]
    )
    dropped = CounterMetricFamily(
        "gtm_dns_dropped", "Packets that got no answer.", labels=["proto", "family", "reason"]
    )
    durations = HistogramMetricFamily(
        "gtm_dns_request_duration_seconds",
        "Time to answer, inside the server; over UDP one answer in 32 is timed.",
        labels=["server", "proto", "family"],
    )
    regions: Counter[tuple[str, str, str]] = Counter()
    tallies = controller.compiled.snapshot.tallies
    for stats in controller.plane.stats:
        asked: Counter[tuple[str, str]] = Counter()
        ended: Counter[tuple[str, str]] = Counter()
        for tally, count in _counts(stats, tallies):
            asked[tally.zone, tally.type] += count
            ended[tally.zone, tally.rcode] += count
            if tally.region:
                regions[tally.zone, tally.service, tally.region] += count
        where = [stats.proto, stats.family]
        for (zone, rrtype), count in asked.items():
            requests.add_metric(["gtm", zone, *where, rrtype], count)
        for (zone, rcode), count in ended.items():
            responses.add_metric(["gtm", zone, *where, rcode], count)
        for reason, count in stats.dropped.items():
            dropped.add_metric([*where, reason], count)
        durations.add_metric(["gtm", *where], _buckets(stats), stats.seconds)
    for (zone, service, region), count in regions.items():
        answers.add_metric([zone, service, region], count)
    yield from (requests, responses, answers, dropped, durations)


def _counts(stats: SocketStats, tallies: Iterable[Tally]) -> Iterable[tuple[Tally, int]]:
    yield from (
        (tally, count) for tally, count in zip(tallies, list(stats.fast), strict=False) if count
    )
    yield from list(stats.slow.items())


def _buckets(stats: SocketStats) -> list[tuple[str, float]]:
    """Cumulative counts, as the text form wants them."""
    total, buckets = 0, []
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), stats.durations, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def _verdicts(controller: Controller) -> Iterable[Metric]:
    compiled = controller.compiled
    yield _gauge(
        "gtm_snapshot_epoch", "The number of what is answered from.", compiled.snapshot.epoch
    )
    yield _gauge("gtm_zones", "Zones that are served.", len(compiled.zones))
    regions = GaugeMetricFamily(
        "gtm_region_up",
        "An app's verdict: 1 up, 0 down, 0.5 unknown.",
        labels=["zone", "app", "region"],
    )
    services = GaugeMetricFamily(
        "gtm_service_up", "A service's verdict in a region.", labels=["zone", "service", "region"]
    )
    endpoints = GaugeMetricFamily(
        "gtm_endpoint_up",
        "An endpoint's verdict.",
        labels=["zone", "service", "region", "endpoint"],
    )
    for app in compiled.apps.values():
        zone = app.zone.name
        for region, verdict in app.health.regions.items():
            regions.add_metric([zone, app.app.name, region], STATE_VALUES[verdict.state])
        for key, by_region in app.health.services.items():
            name = app.services[key].service.name
            for region, health in by_region.items():
                services.add_metric([zone, name, region], STATE_VALUES[health.verdict.state])
                for endpoint, verdict in health.endpoints:
                    labels = [zone, name, region, str(endpoint)]
                    endpoints.add_metric(labels, STATE_VALUES[verdict.state])
    yield from (regions, services, endpoints)


def _overrides(controller: Controller) -> Iterable[Metric]:
    register = controller.overrides
    family = GaugeMetricFamily("gtm_overrides", "Operators' words in force.", labels=["act"])
    for act, count in counts(register.book).items():
        family.add_metric([act.value], count)
    yield family
    text = "0 while overrides can't be saved, or if what was saved was damaged."
    good = register.damage is None and register.unsaved is None
    yield _gauge("gtm_overrides_ok", text, float(good))


def _feeds(controller: Controller) -> Iterable[Metric]:
    reports, latency = controller.feeds.reports, controller.feeds.latency
    for name, text, count in (
        ("gtm_reports", "Items of reports that came in.", reports.items),
        ("gtm_reports_refused", "Those about what is not served.", reports.items_refused),
        ("gtm_latency_samples", "Latency samples that came in.", latency.samples),
        ("gtm_latency_evicted", "Pairs that made room for others.", latency.evicted),
        (
            "gtm_feed_requests_refused",
            "Requests of reporters who sent too many.",
            controller.feeds.limits.refused,
        ),
    ):
        family = CounterMetricFamily(name, text)
        family.add_metric([], count)
        yield family
    yield _gauge("gtm_reports_held_out", "Endpoints that reports hold out.", len(reports.held))
    yield _gauge("gtm_latency_pairs", "Areas and regions with samples.", len(latency))
    items = CounterMetricFamily("gtm_reporter_items", "By reporter.", labels=["reporter"])
    last = GaugeMetricFamily(
        "gtm_reporter_last_seconds", "When it reported last, Unix time.", labels=["reporter"]
    )
    busiest = sorted(reports.heard.items(), key=lambda pair: -pair[1].items)
    for reporter, heard in busiest[:MOST_NAMED]:
        items.add_metric([reporter], heard.items)
        last.add_metric([reporter], heard.last)
    yield from (items, last)


def _geo(controller: Controller) -> Iterable[Metric]:
    built = GaugeMetricFamily(
        "gtm_geo_database_built_seconds", "When a database was built, Unix time.", labels=["path"]
    )
    for source in controller.compiled.geo.sources:
        built.add_metric([str(source.path)], source.built)
    yield built
