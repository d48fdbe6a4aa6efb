"""The API's `/v1/probes`: how long the latest probes of each endpoint took."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

from gtm.api.call import Call, Serving
from gtm.api.models import ProbedShape, ProbesQuery
from gtm.api.named import bare
from gtm.api.streamed import streamed
from gtm.checks import Target
from gtm.compile.compiled import CompiledApp
from gtm.control.controller import Controller
from gtm.live.live import Live
from gtm.model import Endpoint, Service
from gtm.steering.verdicts import target_of

JSON = "application/json; charset=utf-8"


async def probes(call: Call[ProbesQuery, None]) -> web.StreamResponse:
    """The probes of the endpoints asked for."""
    return await streamed(call, _pieces(call.serving, call.query), JSON)


def _pieces(serving: Serving, query: ProbesQuery) -> Iterator[str]:
    """`ProbesShape` as JSON, an endpoint at a time: there may be a million numbers."""
    yield f'{{"now":{serving.now()},"endpoints":['
    left_off = 0
    for number, each in enumerate(_wanted(serving.controller, query)):
        if number >= query.limit:
            left_off += 1
            continue
        yield "," if number else ""
        yield _probed(serving.controller, serving.live, *each).model_dump_json()
    yield f'],"left_off":{left_off}}}'


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
