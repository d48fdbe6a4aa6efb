"""The API's `/v1/probes`: how long the latest probes of each endpoint took."""

from __future__ import annotations

from collections.abc import Iterator

from gtm.api.call import Call
from gtm.api.models import ProbedShape, ProbesQuery, ProbesShape
from gtm.api.named import bare
from gtm.checks import Target
from gtm.compile.app import CompiledApp
from gtm.controller import Controller
from gtm.live import Live
from gtm.model import Endpoint, Service
from gtm.steering.verdicts import target_of


async def probes(call: Call[ProbesQuery, None]) -> ProbesShape:
    """The probes of the endpoints asked for."""
    controller, query = call.serving.controller, call.query
    wanted = list(_wanted(controller, query))
    return ProbesShape(
        now=call.serving.now(),
        endpoints=[_probed(controller, call.serving.live, *each) for each in wanted[: query.limit]],
        left_off=max(0, len(wanted) - query.limit),
    )


def _wanted(
    controller: Controller, query: ProbesQuery
) -> Iterator[tuple[CompiledApp, Service, str, Endpoint]]:
    zone, name = bare(query.zone), bare(query.service)
    for app in controller.compiled.apps.values():
        if (zone and bare(app.zone.name) != zone) or (query.app and app.app.name != query.app):
            continue
        for service in app.app.services:
            if name and name not in (bare(service.name), service.key):
                continue
            for region, endpoints in service.endpoints.items():
                for endpoint in endpoints:
                    yield app, service, region, endpoint


def _probed(
    controller: Controller,
    live: Live,
    app: CompiledApp,
    service: Service,
    region: str,
    endpoint: Endpoint,
) -> ProbedShape:
    at, latency = live.probed.of(_target(controller, app, service, endpoint))
    return ProbedShape(
        zone=bare(app.zone.name),
        app=app.app.name,
        service=bare(service.name),
        region=region,
        endpoint=bare(str(endpoint)),
        at=[round(each, 3) for each in at],
        latency_ms=[None if each is None else round(each * 1000, 3) for each in latency],
    )


def _target(
    controller: Controller, app: CompiledApp, service: Service, endpoint: Endpoint
) -> Target | None:
    """What is probed for it; checks that no probe can tell apart share their probes."""
    found = target_of(app.app, service, endpoint)
    return None if found is None else controller.checker.probed_as(found)
