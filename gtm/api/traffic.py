"""The API's `/v1/traffic`: what was asked lately, over time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from gtm.api.call import Call
from gtm.api.models import ShareShape, TrafficQuery, TrafficShape
from gtm.api.named import bare
from gtm.control.controller import Controller
from gtm.live.live import Live
from gtm.live.shares import Share


async def traffic(call: Call[TrafficQuery, None]) -> TrafficShape:
    """Rates over the last while."""
    live, query = call.serving.live, call.query
    found = live.traffic.last(query.seconds)
    fits = _fitting(call.serving.controller, query)
    async with live.turn:
        shares, count = await asyncio.to_thread(live.traffic.shares, query.shares, fits)
    p50, p90, p99 = map(_microseconds, found.percentiles)
    return TrafficShape(
        now=call.serving.now(),
        step=found.step,
        at=found.at,
        queries=_rounded(found.queries),
        rcodes={name: _rounded(column) for name, column in found.rcodes.items()},
        regions={name: _rounded(column) for name, column in found.regions.items()},
        p50_us=p50,
        p90_us=p90,
        p99_us=p99,
        shares=named(call.serving.controller, shares),
        shares_left_off=count - len(shares),
    )


def tick(controller: Controller, live: Live) -> dict[str, object] | None:
    """The last second as an event; None before there is one."""
    found = live.traffic.last(1)
    if not found.at:
        return None
    p50, p90, p99 = map(_microseconds, found.percentiles)
    shares = named(controller, live.traffic.largest)
    return {
        "at": found.at[-1],
        "queries": round(found.queries[-1], 2),
        "rcodes": _now(found.rcodes),
        "regions": _now(found.regions),
        "p50_us": p50[-1],
        "p90_us": p90[-1],
        "p99_us": p99[-1],
        "shares": [share.model_dump() for share in shares],
    }


def _now(columns: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: round(column[-1], 2) for name, column in columns.items()}


def named(controller: Controller, shares: Sequence[Share]) -> list[ShareShape]:
    """Shares with the apps that their services belong to."""
    wanted = {(share.zone, share.service) for share in shares}
    apps = _apps(controller, wanted) if wanted else {}
    return [
        ShareShape(
            zone=bare(share.zone),
            app=apps.get((share.zone, share.service), ""),
            service=bare(share.service),
            region=share.region,
            per_second=round(share.per_second, 3),
        )
        for share in shares
    ]


def _apps(controller: Controller, wanted: set[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    found = {}
    for app in controller.compiled.apps.values():
        for service in app.app.services:
            if (key := (app.zone.name, service.name)) in wanted:
                found[key] = app.app.name
    return found


def _fitting(controller: Controller, query: TrafficQuery) -> Callable[[str, str], bool] | None:
    """Which shares are asked for, by zone and service as they are counted; None for all."""
    if not (query.zone or query.app or query.service):
        return None
    zone, name = bare(query.zone), bare(query.service)
    wanted = {
        (app.zone.name, service.name)
        for app in controller.compiled.apps.values()
        if zone in ("", bare(app.zone.name)) and query.app in ("", app.app.name)
        for service in app.app.services
        if name in ("", bare(service.name), service.key)
    }
    return lambda zone, service: (zone, service) in wanted


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(value, 2) for value in values]


def _microseconds(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else round(value * 1e6, 1) for value in values]
