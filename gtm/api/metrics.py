"""The metrics page, in Prometheus' text form, collected when it is asked for.

Names under gtm_dns_ have CoreDNS's suffixes and labels (family "1" is IPv4, "2" is IPv6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

import gtm
from gtm.api.access.acting import Access
from gtm.api.bounds import Room
from gtm.api.certificate import certificate_metrics
from gtm.api.exposition import Gauges, Part, written
from gtm.api.feeds import MOST_NAMED
from gtm.api.healthmetrics import health_metrics
from gtm.api.identity import access_metrics
from gtm.api.peers import peer_metrics
from gtm.api.speeds import speed_metrics
from gtm.api.told import Told
from gtm.api.verdictmetrics import pace_metrics, verdict_metrics
from gtm.control.controller import Controller
from gtm.live.feed import Feed
from gtm.load.picture import Feed as LoadFeed
from gtm.logs import Writer
from gtm.overrides import Phase, counts
from gtm.planes.certificate import Keeper
from gtm.planes.stats import BUCKETS, SocketStats
from gtm.querylog import Writer as Recorder

CONTENT_TYPE = CONTENT_TYPE_LATEST
STREAMS = {"tcp", "tls", "https"}
TURN = 1000  # samples after which the rest of the server may have its turn


def pieces(
    controller: Controller,
    told: Told,
    keeper: Keeper | None = None,
    recorder: Recorder | None = None,
    access: Access | None = None,
    feed: Feed | None = None,
    room: Room | None = None,
) -> Iterator[str]:
    """The whole page, in pieces: nothing is kept between scrapes."""
    return written(_parts(controller, told, keeper, recorder, access, feed, room))


def page(
    controller: Controller,
    told: Told,
    keeper: Keeper | None = None,
    recorder: Recorder | None = None,
    feed: Feed | None = None,
) -> bytes:
    """The whole page at once."""
    return "".join(pieces(controller, told, keeper, recorder, feed=feed)).encode()


def _parts(
    controller: Controller,
    told: Told,
    keeper: Keeper | None,
    recorder: Recorder | None,
    access: Access | None,
    feed: Feed | None,
    room: Room | None,
) -> Iterator[Part | Gauges]:
    """All families."""
    yield from _server(controller)
    yield from _alerts(told)
    if access is not None:
        yield from access_metrics(access)
    if keeper is not None:
        yield from certificate_metrics(keeper)
    if recorder is not None:
        yield from _recorded(recorder)
    if feed is not None:
        yield from _readers(feed)
    if room is not None:
        yield from _connections(room)
    if controller.ready:
        yield from _traffic(controller)
        yield from verdict_metrics(controller)
        yield from health_metrics(controller.checker)
        yield from pace_metrics(controller)
        apps = tuple(controller.compiled.apps.values())
        yield from speed_metrics(apps, lambda each: controller.checker.pace(each).response_time)
        yield from _overrides(controller)
        yield from _feeds(controller)
        yield from _geo(controller)
        yield from _signed(controller)
        yield from _loads(controller)
        yield from peer_metrics(controller)


def _readers(feed: Feed) -> Iterable[Metric]:
    """Who listens to live events."""
    yield _gauge("gtm_event_readers", "Readers of live events that are connected.", len(feed))
    cut = CounterMetricFamily(
        "gtm_event_readers_cut_off", "Readers of live events that did not keep up."
    )
    cut.add_metric([], feed.cut_off)
    yield cut


def _connections(room: Room) -> Iterable[Metric]:
    """Of the API itself."""
    yield _gauge("gtm_api_connections", "Connections to the API that are open.", room.connections)
    refused = CounterMetricFamily(
        "gtm_api_connections_refused", "Connections to the API for which there was no room."
    )
    refused.add_metric([], room.refused)
    yield refused


def _recorded(recorder: Recorder) -> Iterable[Metric]:
    """What became of entries of the query log."""
    entries = CounterMetricFamily(
        "gtm_query_log_entries", "Entries of the query log.", labels=["result"]
    )
    entries.add_metric(["written"], recorder.written)
    entries.add_metric(["lost"], recorder.all_lost)
    yield entries


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
    loads.add_metric(["ok"], controller.loader.counts.succeeded)
    loads.add_metric(["failed"], controller.loader.counts.failed)
    yield loads
    lost = CounterMetricFamily("gtm_log_lines_lost", "Log lines that could not be written.")
    lost.add_metric([], Writer.lost)
    yield lost
    reload = controller.loader.last
    good = reload is not None and reload.error is None and controller.reader.geo_error is None
    yield _gauge("gtm_reload_ok", "0 while the files on disk are not what is served.", float(good))


def _signed(controller: Controller) -> Iterable[Metric]:
    """Of signed zones: how many signatures they answer with, and how long those last."""
    count = GaugeMetricFamily(
        "gtm_dnssec_signatures", "Signatures that are served.", labels=["zone"]
    )
    left = GaugeMetricFamily(
        "gtm_dnssec_next_expiry_seconds",
        "Until the first signature that is served ends; they are made anew long before.",
        labels=["zone"],
    )
    for one in controller.signing.standings:
        count.add_metric([one.words], one.signatures)
        left.add_metric([one.words], one.ends - controller.now())
    if controller.signing.standings:
        yield count
        yield left


def _traffic(controller: Controller) -> Iterable[Part]:
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
    limited = CounterMetricFamily(
        "gtm_dns_rate_limited",
        "Answers over the rate limit of a client network, by what became of them: cut (truncated) "
        "or drop.",
        labels=["proto", "family", "action"],
    )
    durations = HistogramMetricFamily(
        "gtm_dns_request_duration_seconds",
        "Time to answer, inside the server; over UDP one answer in 32 is timed.",
        labels=["server", "proto", "family"],
    )
    now_open = GaugeMetricFamily(
        "gtm_dns_connections", "Connections that are open.", labels=["proto", "family"]
    )
    opened = CounterMetricFamily(
        "gtm_dns_connections_opened", "Connections that came.", labels=["proto", "family"]
    )
    regions: Counter[tuple[str, str, str]] = Counter()
    tallies = controller.compiled.snapshot.tallies
    for stats in controller.plane.stats:
        asked: Counter[tuple[str, str]] = Counter()
        ended: Counter[tuple[str, str]] = Counter()
        for index, (tally, count) in enumerate(stats.answers(tallies)):
            if index % TURN == 0:
                yield None
            asked[tally.zone, tally.type] += count
            ended[tally.zone, tally.rcode] += count
            if tally.region:
                regions[tally.zone, tally.service, tally.region] += count
        where = [stats.proto, stats.family]
        for (zone, rrtype), count in asked.items():
            requests.add_metric(["gtm", zone, *where, rrtype], count)
        for (zone, rcode), count in ended.items():
            responses.add_metric(["gtm", zone, *where, rcode], count)
        if stats.proto in STREAMS:
            now_open.add_metric(where, stats.open)
            opened.add_metric(where, stats.opened)
        for reason, count in stats.dropped.items():
            dropped.add_metric([*where, reason], count)
        for action, count in stats.limited.items():
            limited.add_metric([*where, action], count)
        durations.add_metric(["gtm", *where], _buckets(stats), stats.seconds)
    for index, ((zone, service, region), count) in enumerate(regions.items()):
        if index % TURN == 0:
            yield None
        answers.add_metric([zone, service, region], count)
    yield from (requests, responses, answers, dropped, limited, durations, now_open, opened)


def _buckets(stats: SocketStats) -> list[tuple[str, float]]:
    """Cumulative counts, as the text form wants them."""
    total, buckets = 0, []
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), stats.durations, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def _overrides(controller: Controller) -> Iterable[Metric]:
    register = controller.overrides
    family = GaugeMetricFamily("gtm_overrides", "Operators' words in force.", labels=["act"])
    for act, count in counts(register.book).items():
        family.add_metric([act.value], count)
    yield family
    phases = GaugeMetricFamily(
        "gtm_override_phase",
        "1 for the phase that a drain is in.",
        labels=["number", "target", "phase"],
    )
    for one in register.book.overrides:
        if one.course is not None:
            for phase in Phase:
                labels = [str(one.number), str(one.target), phase.value]
                phases.add_metric(labels, float(phase is one.course.phase))
    yield phases
    held = "Planned drains that are due, and held back by safety."
    yield _gauge("gtm_overrides_held", held, len(register.held))
    text = "0 while overrides can't be saved, or if what was saved was damaged."
    good = register.damage is None and register.unsaved is None
    yield _gauge("gtm_overrides_ok", text, float(good))


def _alerts(told: Told) -> Iterable[Metric]:
    sent = CounterMetricFamily(
        "gtm_alerts_sent", "Attempts to tell a receiver.", labels=["receiver", "result"]
    )
    for receiver, result, count in told.sent():
        sent.add_metric([receiver, result], count)
    queued = GaugeMetricFamily(
        "gtm_alerts_queued", "Messages that have not arrived yet.", labels=["receiver"]
    )
    for receiver, count in told.queued():
        queued.add_metric([receiver], count)
    yield from (sent, queued)


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


def _loads(controller: Controller) -> Iterable[Metric]:
    """In the unit of capacities; a region that several zones share has a sample for each."""
    labels = ["zone", "region"]
    texts = {
        "gtm_region_load": "Load that a region reported last.",
        "gtm_region_capacity": "The most load that a region can take.",
        "gtm_region_predicted_load": "Load that a region should have by the answers given.",
        "gtm_region_wanted_load": "Load that the policies alone would bring to a region.",
        "gtm_region_fixed_load": "Load of a region that steering does not control.",
        "gtm_region_spilling": "1 while a region's clients go elsewhere because it is full.",
        "gtm_load_feed_age_seconds": "Since a region's load was reported.",
        "gtm_load_feed_ok": "0 while a region with a capacity reports no load (any more).",
    }
    families = {name: GaugeMetricFamily(name, text, labels=labels) for name, text in texts.items()}
    for standing in controller.capacity.picture.sites:
        region, report = standing.site.region, standing.report
        limited = region.capacity is not None
        values: dict[str, float | None] = {
            "gtm_region_load": None if report is None else report.load,
            "gtm_region_capacity": region.capacity,
            "gtm_region_predicted_load": standing.expected,
            "gtm_region_wanted_load": standing.wanted,
            "gtm_region_fixed_load": standing.fixed if limited else None,
            "gtm_region_spilling": float(standing.spilling) if limited else None,
            "gtm_load_feed_age_seconds": None if report is None else report.age,
            "gtm_load_feed_ok": float(standing.feed is LoadFeed.FRESH) if limited else None,
        }
        for name, value in values.items():
            if value is not None:
                for zone in standing.site.zones:
                    families[name].add_metric([zone, region.name], value)
    yield from families.values()
