"""How the endpoints of a region stood, and what their shares go by."""

from __future__ import annotations

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.explain.explanation import EndpointView
from gtm.model import Balance, Endpoint
from gtm.snapshot import RegionAnswers
from gtm.steering.readings import Readings
from gtm.steering.verdicts import panics, target_of, watched_of
from gtm.steering.watched import Part, parts_of, targets_in


def endpoints_of(
    app: CompiledApp,
    service: CompiledService,
    region: str,
    answers: RegionAnswers,
    readings: Readings | None,
) -> tuple[EndpointView, ...]:
    """The endpoints of a service in a region, with what `answers` there begin with."""
    here = app.health.services[service.service.key][region]
    usable = here.usable(panics(app.app, service.service, app.health))
    return tuple(
        EndpointView(
            str(endpoint),
            verdict,
            endpoint in usable,
            _share(answers, endpoint) if endpoint in usable else 0.0,
            *_measured(app, service, region, endpoint, readings),
            *_checked(app, service, endpoint, readings),
        )
        for endpoint, verdict in here.endpoints
    )


def _checked(
    app: CompiledApp, service: CompiledService, endpoint: Endpoint, readings: Readings | None
) -> tuple[tuple[Part, ...], float | None]:
    """The checks of an endpoint that has several, and when the first certificate of it ends."""
    if readings is None:
        return (), None
    found = watched_of(app.app, service.service, endpoint)
    ends = [end for each in targets_in(found) if (end := readings.expires(each)) is not None]
    return tuple(parts_of(found, readings.verdict)), min(ends, default=None)


def _share(answers: RegionAnswers, endpoint: Endpoint) -> float:
    """The fraction of the answers of its family that begin with the endpoint."""
    if isinstance(endpoint.at, str):
        return 1.0
    for rrset in answers.rrsets.values():
        if endpoint.at.packed in rrset.rdata:
            starts = rrset.starts
            return starts.count(rrset.rdata.index(endpoint.at.packed)) / len(starts)
    return 0.0


def _measured(
    app: CompiledApp,
    service: CompiledService,
    region: str,
    endpoint: Endpoint,
    readings: Readings | None,
) -> tuple[float | None, float | None]:
    """The response time and the load that the endpoint's share goes by."""
    if readings is None:
        return None, None
    if app.app.balance is Balance.EWMA:
        target = target_of(app.app, service.service, endpoint)
        return (None if target is None else readings.pace(target)), None
    if app.app.balance is Balance.LEAST_LOAD:
        return None, readings.load(app.zone.name, region, endpoint)
    return None, None
