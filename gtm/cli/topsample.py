"""One sample of a running server, put together from its status and its traffic; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gtm.api.models import (
    AppStatus,
    HistoryShape,
    RegionLoad,
    ServiceStatus,
    Status,
    TrafficShape,
    VerdictShape,
)
from gtm.cli.lately import lately
from gtm.cli.output import bare
from gtm.cli.topshape import (
    TopEvent,
    TopOverride,
    TopRegion,
    TopService,
    TopShape,
    TopTrouble,
)

RECENT = 3  # rows of traffic, seconds each: steady enough to be read, soon enough to be true
EVENTS = 20  # that happened lately: more than any screen shows
WORST_FIRST = ("down", "unknown", "drained", "up")


def sample(status: Status, traffic: TrafficShape, history: HistoryShape) -> TopShape:
    """What `gtm top` shows of a moment. `status` may leave out services that are up."""
    services = list(_services(status, traffic))
    every = [app for zone in status.zones for app in zone.apps]
    return TopShape(
        at=status.now,
        version=status.version,
        plane=status.plane,
        epoch=status.epoch,
        uptime=status.now - status.started,
        listen=status.listen,
        queries=_now(traffic.queries),
        course=traffic.queries,
        rcodes={name: _now(rates) for name, rates in traffic.rcodes.items()},
        p50_us=_last(traffic.p50_us),
        p90_us=_last(traffic.p90_us),
        p99_us=_last(traffic.p99_us),
        reload_error=status.reload.error,
        frozen=None if status.health is None else status.health.frozen,
        services=sum(len(app.services) + app.services_left_off for app in every),
        ailing=sum(bool(one.trouble) for one in services),
        regions=_regions(status, traffic),
        busiest=services,
        overrides=[
            TopOverride(
                number=one.number,
                target=one.target,
                act=one.act,
                said=one.said,
                left=None if one.expires is None else max(0.0, one.expires - status.now),
            )
            for one in status.overrides
        ],
        lately=[
            TopEvent(
                at=one.at, severity=one.severity, over=one.over, said=one.said, reason=one.reason
            )
            for one in lately(history.events, status.started)[:EVENTS]
        ],
    )


def _now(rates: Sequence[float]) -> float:
    recent = rates[-RECENT:]
    return sum(recent) / len(recent) if recent else 0.0


def _last(values: Sequence[float | None]) -> float | None:
    known = [value for value in values[-RECENT:] if value is not None]
    return known[-1] if known else None


# --- regions ----------------------------------------------------------------------------


def _regions(status: Status, traffic: TrafficShape) -> list[TopRegion]:
    """In the zones' order."""
    apps: dict[str, list[tuple[AppStatus, VerdictShape]]] = {}
    for zone in status.zones:
        for app in zone.apps:
            for region in app.regions:
                apps.setdefault(region.region, []).append((app, region))
    rates = {name: _now(traffic.regions.get(name, [])) for name in apps}
    total = sum(rates.values())
    loads = {one.region: one for one in status.loads}
    return [_region(name, here, rates[name], total, loads.get(name)) for name, here in apps.items()]


def _region(
    name: str,
    apps: Sequence[tuple[AppStatus, VerdictShape]],
    rate: float,
    total: float,
    load: RegionLoad | None,
) -> TopRegion:
    verdicts = [verdict for _, verdict in apps]
    up = sum(verdict.state == "up" for verdict in verdicts)
    worst = min(verdicts, key=lambda verdict: WORST_FIRST.index(shown_state(verdict)))
    state = "partly" if 0 < up < len(verdicts) else shown_state(worst)
    return TopRegion(
        region=name,
        state=state,
        forced=worst.act in ("up", "down"),
        reason="" if state == "up" else worst.reason,
        since=worst.since,
        apps=len(verdicts),
        apps_up=up,
        ailing=sum(_ailing_there(app, name) for app, verdict in apps if verdict.state == "up"),
        per_second=rate,
        share=rate / total if total else 0.0,
        load=None if load is None else load.load if load.expected is None else load.expected,
        capacity=None if load is None else load.capacity,
    )


def _ailing_there(app: AppStatus, region: str) -> int:
    return sum(
        one.region == region and one.state != "up"
        for service in app.services
        for one in service.regions
    )


def shown_state(verdict: VerdictShape) -> str:
    """A verdict in a word: what an operator drained is told apart from what is down."""
    return "drained" if verdict.act == "drain" else verdict.state


# --- services ---------------------------------------------------------------------------

Key = tuple[str, str]  # zone and service, bare


def _services(status: Status, traffic: TrafficShape) -> Iterator[TopService]:
    """Those with trouble or with traffic."""
    rates: dict[Key, dict[str, float]] = defaultdict(dict)
    apps: dict[Key, str] = {}
    for share in traffic.shares:
        rates[share.zone, share.service][share.region] = share.per_second
        apps[share.zone, share.service] = share.app
    trouble: dict[Key, list[TopTrouble]] = {}
    for zone, app, service in _told(status):
        if found := list(_trouble(service)):
            trouble[bare(zone), bare(service.name)] = found
            apps[bare(zone), bare(service.name)] = app.name
    for key in {**trouble, **rates}:
        yield _service(key, apps[key], rates.get(key, {}), trouble.get(key, []))


def _told(status: Status) -> Iterable[tuple[str, AppStatus, ServiceStatus]]:
    return (
        (zone.name, app, service)
        for zone in status.zones
        for app in zone.apps
        for service in app.services
    )


def _service(
    key: Key, app: str, rates: Mapping[str, float], trouble: list[TopTrouble]
) -> TopService:
    return TopService(
        zone=key[0],
        app=app,
        service=key[1],
        per_second=sum(rates.values()),
        regions=dict(rates),
        trouble=trouble,
    )


def _trouble(service: ServiceStatus) -> Iterator[TopTrouble]:
    """Regions that are not up, and endpoints that are not up in regions that are."""
    for region in service.regions:
        if region.state != "up" or region.act is not None:
            yield _told_of(region.region, "", region)
            continue
        for one in region.endpoints:
            if one.state != "up":
                yield _told_of(region.region, one.endpoint, one)


def _told_of(region: str, endpoint: str, verdict: VerdictShape) -> TopTrouble:
    return TopTrouble(
        region=region,
        endpoint=endpoint,
        state=shown_state(verdict),
        reason=verdict.reason,
        since=verdict.since,
    )
