"""How an app stands, as JSON in pieces: an app of ten thousand services is long.

A piece is at most one service. Its services come before its regions, whose medians are over all of
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import TypedDict

from gtm.api.ailing import ailing
from gtm.api.looked import EVERYTHING, Looked
from gtm.api.models import (
    AppStatus,
    CheckStatus,
    EndpointStatus,
    RegionStatus,
    ServiceRegionStatus,
    ServiceStatus,
)
from gtm.checks import Target
from gtm.compile.compiled import CompiledApp
from gtm.control.controller import Controller
from gtm.events import CHECKS, REPORTS
from gtm.health.certificates import is_near
from gtm.health.watch import Report
from gtm.model import Endpoint, Service, Verdict
from gtm.steering.service_time import by_service_time
from gtm.steering.verdicts import ServiceHealth
from gtm.steering.watched import Part, Tree, Watched, believed, measured, parts_of, targets_in

WHOLE = 50  # ailing services of an app with all of their regions: of more, the ailing ones alone

Times = dict[str, list[float]]  # smoothed response times (seconds) by region


def app_pieces(
    controller: Controller, compiled: CompiledApp, looked: Looked = EVERYTHING
) -> Iterator[str]:
    """An AppStatus as JSON, as far as it is `looked` at."""
    app, health = compiled.app, compiled.health
    whole = AppStatus(
        name=app.name,
        topology=app.topology.value,
        policy=app.steering.policy.value,
        regions=[],
        services=[],
    )
    short = {"regions", "services", "services_left_off"}
    yield whole.model_dump_json(exclude=short)[:-1] + ',"services":['
    times: Times = {}
    ending = controller.checker.ending if looked.ailing else ()
    comma, left_off, whole_left = "", 0, WHOLE
    for service in app.services:
        here = health.services[service.key]
        ill = ailing(compiled, service, ending) if looked.ailing else here
        well = not ill and looked.ailing
        if not looked.at_service(service.name) or (well and not looked.named):
            left_off += well
            _note_times(controller, here, times)
            yield ""
            continue
        if looked.ailing and not looked.named and not well:
            whole_left -= 1
            if whole_left < 0:  # the regions where it is well are noted, and not shown
                fine = {region: each for region, each in here.items() if region not in ill}
                _note_times(controller, fine, times)
                here = ill
        found = (
            _named(controller, service, here, times)
            if well
            else _service(controller, service, here, times)
        )
        yield comma + found.model_dump_json()
        comma = ","
    yield f'],"services_left_off":{left_off},"regions":['
    for index, (region, verdict) in enumerate(health.regions.items()):
        found_there = _region(controller, compiled, region, verdict, times.get(region, ()))
        yield ("," if index else "") + found_there.model_dump_json()
    yield "]}"


def _region(
    controller: Controller,
    compiled: CompiledApp,
    region: str,
    verdict: Verdict,
    times: Iterable[float],
) -> RegionStatus:
    gateway = compiled.health.gateways.get(region)
    return RegionStatus(
        region=region,
        service_ms=_service_time(controller, compiled, region),
        response_ms=_median_ms(times),
        check=_own_check(controller, gateway),
        checks=_checks(controller, gateway),
        **said_of(verdict),
    )


def _service_time(controller: Controller, compiled: CompiledApp, region: str) -> float | None:
    if not by_service_time(compiled.app.steering):
        return None
    return controller.measured.service_times.get((compiled.zone.name, region))


def _service(
    controller: Controller, service: Service, here: Mapping[str, ServiceHealth], times: Times
) -> ServiceStatus:
    """A service in all of its regions; how fast it is there is added to `times`."""
    found = [_service_region(controller, region, each) for region, each in here.items()]
    for one, fast in found:
        times.setdefault(one.region, []).extend(fast)
    return ServiceStatus(
        name=service.name,
        policy=None if service.steering is None else service.steering.policy.value,
        response_ms=_median_ms(time for _, fast in found for time in fast),
        regions=[one for one, _ in found],
    )


def _named(
    controller: Controller, service: Service, here: Mapping[str, ServiceHealth], times: Times
) -> ServiceStatus:
    """A service that is well: what it is called, and no more."""
    _note_times(controller, here, times)
    policy = None if service.steering is None else service.steering.policy.value
    return ServiceStatus(name=service.name, policy=policy, regions=[])


def _note_times(controller: Controller, here: Mapping[str, ServiceHealth], times: Times) -> None:
    """Adds how fast a service is that is not shown: medians are over all of them."""
    for region, health in here.items():
        for (_, verdict), watched in zip(health.endpoints, health.targets, strict=True):
            target = measured(watched)
            report = None if target is None else controller.report(target)
            if report is not None and not verdict.down and report.pace.response_time is not None:
                times.setdefault(region, []).append(report.pace.response_time)


def _service_region(
    controller: Controller, region: str, health: ServiceHealth
) -> tuple[ServiceRegionStatus, list[float]]:
    """A service in a region, and how fast its endpoints are that are not down (seconds)."""
    endpoints, times = [], []
    for (endpoint, verdict), watched in zip(health.endpoints, health.targets, strict=True):
        target = measured(watched)
        report = None if target is None else controller.report(target)
        endpoints.append(_endpoint(controller, endpoint, verdict, watched, report))
        if report is not None and not verdict.down and report.pace.response_time is not None:
            times.append(report.pace.response_time)
    found = ServiceRegionStatus(
        region=region,
        response_ms=_median_ms(times),
        endpoints=endpoints,
        **said_of(health.verdict),
    )
    return found, times


def _endpoint(
    controller: Controller,
    endpoint: Endpoint,
    verdict: Verdict,
    watched: Watched | None,
    report: Report | None,
) -> EndpointStatus:
    if report is None:
        return EndpointStatus(endpoint=str(endpoint), latency_ms=None, **said_of(verdict))
    ends = _ends(controller, watched, report)
    outcome, now = report.outcome, controller.now()
    return EndpointStatus(
        endpoint=str(endpoint),
        latency_ms=milliseconds(report.latency),
        response_ms=milliseconds(report.pace.response_time),
        service_ms=milliseconds(report.pace.service_time),
        load=None if outcome is None else outcome.load,
        load_error=None if outcome is None else outcome.unread,
        checks=_checks(controller, watched),
        expires=min(ends.values(), default=None),
        expires_soon=any(is_near(each, end, now) for each, end in ends.items()),
        **said_of(_latest(verdict, watched, report)),
    )


def _latest(verdict: Verdict, watched: Watched | None, report: Report) -> Verdict:
    """The verdict in the snapshot holds; its reason may be older than the latest probe's."""
    single = isinstance(watched, Target) and not verdict.act
    return report.verdict if single and report.verdict.state is verdict.state else verdict


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
        latency_ms=None if report is None else milliseconds(report.latency),
        expires=None if report is None else report.expires,
        **said_of(part.verdict),
    )


def _ends(controller: Controller, found: Watched | None, report: Report) -> Mapping[Target, float]:
    """When certificates end, by target."""
    if isinstance(found, Target):
        return {} if report.expires is None else {found: report.expires}
    ends = ((target, controller.report(target).expires) for target in targets_in(found))
    return {target: end for target, end in ends if end is not None}


def milliseconds(seconds: float | None) -> float | None:
    """As the API says times."""
    return None if seconds is None else seconds * 1000


def _median_ms(times: Iterable[float]) -> float | None:
    found = list(times)
    return median(found) * 1000 if found else None


class Said(TypedDict):
    """A verdict's fields in every shape that has one."""

    state: str
    reason: str
    since: float
    act: str | None
    by: str


def said_of(verdict: Verdict) -> Said:
    """A verdict as every shape says it."""
    return {
        "state": verdict.state.value,
        "reason": verdict.reason,
        "since": verdict.since,
        "act": act_of(verdict),
        "by": _by(verdict),
    }


def _by(verdict: Verdict) -> str:
    """Who decided it."""
    if verdict.act is not None:
        return "override"
    return REPORTS if verdict.reported else CHECKS


def act_of(verdict: Verdict) -> str | None:
    """What an operator's word made of it, if one did."""
    return None if verdict.act is None else verdict.act.value
