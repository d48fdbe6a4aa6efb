"""From what the controller holds to what the API says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import gtm
from gtm.api import feeds, loads, overrides, peers
from gtm.api.appstatus import act_of, app_pieces, said_of
from gtm.api.looked import EVERYTHING, Looked
from gtm.api.models import (
    CheckStatus,
    EndpointExplained,
    ExplanationShape,
    GeoStatus,
    HealthStatus,
    MistakeShape,
    PlaceExplained,
    RegionExplained,
    ReloadStatus,
    SignedStatus,
    Status,
    SteeringExplained,
    ZoneStatus,
)
from gtm.control.controller import Controller
from gtm.explain import Explanation, RegionView, Steering
from gtm.model import Zone
from gtm.planes.stats import SocketStats
from gtm.steering.lacking import lacking


def status_pieces(
    controller: Controller,
    about: Mapping[str, object],
    listen: Sequence[str],
    looked: Looked = EVERYTHING,
) -> Iterator[str]:
    """The whole state of a server that is ready: a Status as JSON, in pieces.

    `about` is what others know: `started`, `now`, `history`, `certificate`, `access`. `looked`
    says which zones, apps and services are in it.
    """
    yield _head(controller, about, listen).model_dump_json(exclude={"zones"})[:-1] + ',"zones":['
    zones = [zone for zone in controller.compiled.zones if looked.at_zone(zone.name)]
    for index, zone in enumerate(zones):
        yield "," if index else ""
        yield from _zone(controller, zone, looked)
    yield "]}"


def _head(controller: Controller, about: Mapping[str, object], listen: Sequence[str]) -> Status:
    """All of it but the zones."""
    compiled, now = controller.compiled, controller.now()
    stale = {source.path for source in compiled.geo.stale(now)}
    found = Status(
        version=gtm.__version__,
        plane=controller.plane.name,
        ready=controller.ready,
        epoch=compiled.snapshot.epoch,
        started=now,
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
        zones=[],
        overrides=overrides.in_force(controller, now),
        kept=overrides.kept(controller.overrides),
        loads=loads.standings(controller),
        feeds=feeds.status(controller.feeds),
        health=_health(controller),
    )
    return found.model_copy(update=about)


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
    reload, served = controller.loader.last, controller.compiled
    assert reload is not None  # noqa: S101  # a server that is ready has loaded
    return ReloadStatus(
        at=reload.at,
        error=reload.error,
        geo_error=controller.reader.geo_error,
        mistakes=[MistakeShape.model_validate(mistake) for mistake in reload.mistakes],
        warnings=[MistakeShape.model_validate(each) for each in lacking(served.zones, served.geo)],
    )


def _zone(controller: Controller, zone: Zone, looked: Looked) -> Iterator[str]:
    shown = [app.name for app in zone.apps if looked.at_app(app.name)]
    apps = [controller.compiled.apps[zone.name, name] for name in shown]
    whole = ZoneStatus(
        name=zone.name,
        serial=zone.serial,
        files=list(zone.files),
        apps=[],
        signed=_signed(controller, zone),
        updated_names=peers.updated_names(controller, zone),
        secondaries=peers.secondaries(controller, zone),
    )
    yield whole.model_dump_json(exclude={"apps"})[:-1] + ',"apps":['
    for index, app in enumerate(apps):
        yield "," if index else ""
        yield from app_pieces(controller, app, looked)
    yield "]}"


def _signed(controller: Controller, zone: Zone) -> SignedStatus | None:
    for one in controller.signing.standings:
        if one.zone == zone.name:
            late = one.late <= controller.now()
            return SignedStatus(signatures=one.signatures, ends=one.ends, due=one.due, late=late)
    return None


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
                act=act_of(endpoint.verdict),
                checks=[
                    CheckStatus(name=part.name, depth=part.depth, **said_of(part.verdict))
                    for part in endpoint.checks
                ],
                expires=endpoint.expires,
            )
            for endpoint in view.endpoints
        ],
        act=act_of(view.verdict),
    )
