"""The API's `/v1/map`: which places are sent where, and where they would be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gtm.api.call import Call
from gtm.api.models import MapPlace, MapQuery, MapRegion, MapShape, UnplacedShape
from gtm.api.named import app_named, bare, require_regions, service_named
from gtm.live.map import ALIKE, MapSeen, PlaceSeen, RegionSeen
from gtm.live.whatif import Steering
from gtm.model import Topology

ACT = "show the map"
DIGITS = 6


async def shown(call: Call[MapQuery, None]) -> MapShape:
    """Draws it in a worker thread, from what is served now."""
    serving, query = call.serving, call.query
    compiled = serving.controller.compiled
    app = app_named(compiled, query.zone, query.app, query.service, ACT)
    service = service_named(app, query.service, ACT)
    require_regions(query.down, app.zone.regions, ACT)
    steering = Steering(compiled, app, service)
    picture = serving.controller.capacity.picture
    down = frozenset(query.down)
    async with serving.live.turn:
        seen = await asyncio.to_thread(serving.live.maps.draw, steering, picture, down)
    block = app.app.topology is Topology.REPLICATED
    return MapShape(
        now=serving.now(),
        epoch=seen.epoch,
        zone=bare(app.zone.name),
        app=app.app.name,
        service=None if block else bare(service.service.name),
        policy=app.app.settled_for(service.service).steering.policy.value,
        regions=[_region(each) for each in seen.regions],
        places=_places(seen),
        unplaced=_unplaced(seen),
        weighed_by="traffic" if seen.by_traffic else "networks",
        moved=_rounded(seen.moved),
        warnings=list(seen.warnings),
    )


def _region(seen: RegionSeen) -> MapRegion:
    region, verdict = seen.region, seen.verdict
    return MapRegion(
        name=region.name,
        latitude=region.location.latitude,
        longitude=region.location.longitude,
        state=verdict.state.value,
        act=None if verdict.act is None else verdict.act.value,
        reason=verdict.reason,
        share=round(seen.share, DIGITS),
        share_if=_rounded(seen.share_if),
        capacity=region.capacity,
        load=seen.load,
        load_if=seen.load_if,
        soft=region.soft,
    )


def _places(seen: MapSeen) -> list[MapPlace]:
    found = []
    for place in seen.places:
        spot = place.spot
        if spot is None:
            continue
        other = None if _alike(place.now, place.all_up) else _parts(place.all_up, place.weight)
        found.append(
            MapPlace(
                code=spot.code,
                country=spot.country,
                subdivision=spot.subdivision,
                name=spot.name,
                latitude=spot.latitude,
                longitude=spot.longitude,
                weight=round(place.weight, 9),
                regions=_parts(place.now, place.weight),
                regions_if=_then(seen, place),
                regions_all_up=other,
            )
        )
    return found


def _unplaced(seen: MapSeen) -> UnplacedShape | None:
    place = next((each for each in seen.places if each.spot is None), None)
    if place is None:
        return None
    return UnplacedShape(
        weight=round(place.weight, 9),
        regions=_parts(place.now, place.weight),
        regions_if=_then(seen, place),
    )


def _then(seen: MapSeen, place: PlaceSeen) -> dict[str, float] | None:
    return None if seen.moved is None else _parts(place.then, place.weight)


def _alike(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return all(abs(one.get(name, 0.0) - other.get(name, 0.0)) < ALIKE for name in {**one, **other})


def _parts(regions: Mapping[str, float], weight: float) -> dict[str, float]:
    """The largest first; what is left of rounding is left out."""
    found = {name: round(amount / weight, DIGITS) for name, amount in regions.items()}
    ordered = sorted(found.items(), key=lambda item: -item[1])
    return {name: part for name, part in ordered if part > 0}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
