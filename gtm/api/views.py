"""From what the controller holds to what the API says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TypedDict

import gtm
from gtm.api import feeds, loads, overrides, peers
from gtm.api.ailing import ailing
from gtm.api.models import (
    AppStatus,
    CheckStatus,
    EndpointExplained,
    EndpointStatus,
    ExplanationShape,
    GeoStatus,
    HealthStatus,
    MistakeShape,
    PlaceExplained,
    RegionExplained,
    RegionStatus,
    ReloadStatus,
    ServiceRegionStatus,
    ServiceStatus,
    SignedStatus,
    Status,
    SteeringExplained,
    ZoneStatus,
)
from gtm.api.speeds import Speeds, pace_of, speeds
from gtm.checks import Target
from gtm.compile.app import CompiledApp
from gtm.controller import Controller
from gtm.events import CHECKS, REPORTS
from gtm.explain import Explanation, RegionView, Steering
from gtm.health.certificates import is_near
from gtm.model import Endpoint, Service, Verdict, Zone
from gtm.planes.stats import SocketStats
from gtm.steering.lacking import lacking
from gtm.steering.service_time import by_service_time
from gtm.steering.verdicts import ServiceHealth, watched_of
from gtm.steering.watched import (
    Part,
    Tree,
    Watched,
    believed,
    measured,
    parts_of,
    targets_in,
)


def status(
    controller: Controller, listen: Sequence[str], started: float, now: float, *, brief: bool
) -> Status:
    """The whole state of a server that is ready; `brief` leaves services out that are up."""
    compiled = controller.compiled
    stale = {source.path for source in compiled.geo.stale(now)}
    return Status(
        version=gtm.__version__,
        plane=controller.plane.name,
        ready=controller.ready,
        epoch=compiled.snapshot.epoch,
        started=started,
        now=now,
        listen=list(listen),
        queries=sum(queries(stats) for stats in controller.plane.stats),
        reload=reload_status(controller),
        geo=[
            GeoStatus(
                path=str(source.path),
                type=source.database_type,
                built=source.built,
                networks=source.networks,
                stale=source.path in stale,
            )
            for source in compiled.geo.sources
        ],
        zones=[_zone(controller, zone, brief=brief) for zone in compiled.zones],
        overrides=overrides.in_force(controller, now),
        kept=overrides.kept(controller.overrides),
        loads=loads.standings(controller),
        feeds=feeds.status(controller.feeds),
        health=_health(controller),
    )


def _health(controller: Controller) -> HealthStatus:
    census, frozen = controller.checker.census(), controller.checker.frozen
    return HealthStatus(
        targets=census.targets,
        stale=census.stale,
        impaired=census.impaired,
        disbelieved=census.disbelieved,
        held=census.held,
        frozen=None if frozen is None else frozen.reason,
        frozen_since=None if frozen is None else frozen.since,
        memory=controller.remembering.trouble,
    )


def queries(stats: SocketStats) -> int:
    """Queries answered on a socket."""
    return stats.total()


def reload_status(controller: Controller) -> ReloadStatus:
    """How the last load went."""
    reload, served = controller.reload, controller.compiled
    assert reload is not None  # noqa: S101  # a server that is ready has loaded
    return ReloadStatus(
        at=reload.at,
        error=reload.error,
        geo_error=controller.reader.geo_error,
        mistakes=[MistakeShape.model_validate(mistake) for mistake in reload.mistakes],
        warnings=[MistakeShape.model_validate(each) for each in lacking(served.zones, served.geo)],
    )


def _zone(controller: Controller, zone: Zone, *, brief: bool) -> ZoneStatus:
    apps = (controller.compiled.apps[zone.name, app.name] for app in zone.apps)
    return ZoneStatus(
        name=zone.name,
        serial=zone.serial,
        files=list(zone.files),
        apps=[_app(controller, app, brief=brief) for app in apps],
        signed=_signed(controller, zone),
        updated_names=peers.updated_names(controller, zone),
        secondaries=peers.secondaries(controller, zone),
    )


def _signed(controller: Controller, zone: Zone) -> SignedStatus | None:
    for one in controller.signing.standings:
        if one.zone == zone.name:
            late = one.late <= controller.now()
            return SignedStatus(signatures=one.signatures, ends=one.ends, due=one.due, late=late)
    return None


def _app(controller: Controller, compiled: CompiledApp, *, brief: bool) -> AppStatus:
    app, found = compiled.app, speeds(compiled, pace_of(controller))
    ending = controller.checker.ending if brief else ()
    shown = [one for one in app.services if not brief or ailing(compiled, one, ending)]
    return AppStatus(
        name=app.name,
        topology=app.topology.value,
        policy=app.steering.policy.value,
        regions=[
            RegionStatus(
                region=region,
                service_ms=_service_time(controller, compiled, region),
                response_ms=_milliseconds(found.region(region)),
                check=_own_check(controller, compiled.health.gateways.get(region)),
                checks=_checks(controller, compiled.health.gateways.get(region)),
                **_verdict(verdict),
            )
            for region, verdict in compiled.health.regions.items()
        ],
        services=[
            ServiceStatus(
                name=service.name,
                policy=None if service.steering is None else service.steering.policy.value,
                response_ms=_milliseconds(found.service(service.key)),
                regions=[
                    _service_region(controller, compiled, service, region, health, found)
                    for region, health in compiled.health.services[service.key].items()
                ],
            )
            for service in shown
        ],
        services_left_off=len(app.services) - len(shown),
    )


def _service_time(controller: Controller, compiled: CompiledApp, region: str) -> float | None:
    if not by_service_time(compiled.app.steering):
        return None
    return controller.measured.service_times.get((compiled.zone.name, region))


def _service_region(
    controller: Controller,
    compiled: CompiledApp,
    service: Service,
    region: str,
    health: ServiceHealth,
    found: Speeds,
) -> ServiceRegionStatus:
    def endpoint_status(endpoint: Endpoint, verdict: Verdict) -> EndpointStatus:
        probed = watched_of(compiled.app, service, endpoint)
        target = measured(probed)
        report = None if target is None else controller.report(target)
        latency = None if report is None else report.latency
        outcome = None if report is None else report.outcome
        ends = _ends(controller, probed)
        # the verdict in the snapshot holds; its reason may be older than the latest probe's
        said = (
            verdict
            if report is None
            or probed is not target
            or verdict.act
            or report.verdict.state is not verdict.state
            else report.verdict
        )
        return EndpointStatus(
            endpoint=str(endpoint),
            latency_ms=_milliseconds(latency),
            response_ms=None if report is None else _milliseconds(report.pace.response_time),
            service_ms=None if report is None else _milliseconds(report.pace.service_time),
            load=None if outcome is None else outcome.load,
            load_error=None if outcome is None else outcome.unread,
            checks=_checks(controller, probed),
            expires=min(ends.values(), default=None),
            expires_soon=any(is_near(each, end, controller.now()) for each, end in ends.items()),
            **_verdict(said),
        )

    return ServiceRegionStatus(
        region=region,
        response_ms=_milliseconds(found.service(service.key, region)),
        endpoints=[endpoint_status(endpoint, verdict) for endpoint, verdict in health.endpoints],
        **_verdict(health.verdict),
    )


def _own_check(controller: Controller, found: Watched | None) -> CheckStatus | None:
    """A region's own check as a whole."""
    if found is None:
        return None
    target = found if isinstance(found, Target) else None
    verdict = believed(found, controller.readings().verdict)
    return _check(controller, Part(found.check.name, 0, verdict, target))


def _checks(controller: Controller, found: Watched | None) -> list[CheckStatus]:
    """The checks that a combined one was derived from."""
    if not isinstance(found, Tree):
        return []
    look = controller.readings().verdict
    return [_check(controller, part) for part in parts_of(found, look)]


def _check(controller: Controller, part: Part) -> CheckStatus:
    report = None if part.target is None else controller.report(part.target)
    return CheckStatus(
        name=part.name,
        depth=part.depth,
        latency_ms=None if report is None else _milliseconds(report.latency),
        expires=None if report is None else report.expires,
        **_verdict(part.verdict),
    )


def _ends(controller: Controller, found: Watched | None) -> dict[Target, float]:
    """When certificates end, by target."""
    ends = ((target, controller.report(target).expires) for target in targets_in(found))
    return {target: end for target, end in ends if end is not None}


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


class Said(TypedDict):
    """A verdict's fields in every shape that has one."""

    state: str
    reason: str
    since: float
    act: str | None
    by: str


def _verdict(verdict: Verdict) -> Said:
    return {
        "state": verdict.state.value,
        "reason": verdict.reason,
        "since": verdict.since,
        "act": _act(verdict),
        "by": _by(verdict),
    }


def _by(verdict: Verdict) -> str:
    """Who decided it."""
    if verdict.act is not None:
        return "override"
    return REPORTS if verdict.reported else CHECKS


def _act(verdict: Verdict) -> str | None:
    return None if verdict.act is None else verdict.act.value


def explanation(found: Explanation) -> ExplanationShape:
    """An explanation as JSON says it."""
    return ExplanationShape(
        name=found.name,
        type=found.type,
        client=found.client,
        epoch=found.epoch,
        zone=found.zone,
        place=PlaceExplained.model_validate(found.place),
        steering=None if found.steering is None else _steering(found.steering),
        rcode=found.rcode,
        answer=list(found.answer),
        scope=found.scope,
        summary=found.summary,
    )


def _steering(steering: Steering) -> SteeringExplained:
    plain = {key: value for key, value in asdict(steering).items() if key != "regions"}
    return SteeringExplained(regions=[_region(view) for view in steering.regions], **plain)


def _region(view: RegionView) -> RegionExplained:
    cost = view.cost
    measured = None if cost is None or cost.measured is None else f"measured for {cost.measured}"
    if measured and view.measured_from:
        measured += f", {view.measured_from}"
    return RegionExplained(
        region=view.region,
        cost=None if cost is None else cost.cost,
        rtt_ms=None if cost is None else cost.rtt,
        rtt_from=None if cost is None else measured or "estimated from the distance",
        service_ms=None if cost is None else cost.service,
        distance_km=None if cost is None else cost.distance,
        bias=0 if cost is None else cost.region.bias,
        state=view.verdict.state.value,
        reason=view.verdict.reason,
        dropped=view.dropped,
        share=view.share,
        picked=view.picked,
        endpoints=[
            EndpointExplained(
                endpoint=endpoint.endpoint,
                state=endpoint.verdict.state.value,
                reason=endpoint.verdict.reason,
                answered=endpoint.answered,
                share=endpoint.share,
                response_ms=endpoint.response,
                load=endpoint.load,
                act=_act(endpoint.verdict),
                checks=[
                    CheckStatus(name=part.name, depth=part.depth, **_verdict(part.verdict))
                    for part in endpoint.checks
                ],
                expires=endpoint.expires,
            )
            for endpoint in view.endpoints
        ],
        act=_act(view.verdict),
    )
