"""The API's `/v1/traffic`: what was asked lately, over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gtm.api.call import Call
from gtm.api.models import ShareShape, TrafficQuery, TrafficShape
from gtm.controller import Controller
from gtm.live import Live
from gtm.live.shares import Share

SHOWN = 200  # shares in an event: every second, to every reader


async def traffic(call: Call[TrafficQuery, None]) -> TrafficShape:
    """Rates over the last while."""
    live, query = call.serving.live, call.query
    found = live.traffic.last(query.seconds)
    wanted = _wanted(named(call.serving.controller, live.traffic.shares), query)
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
        shares=wanted[: query.shares],
        shares_left_off=max(0, len(wanted) - query.shares),
    )


def tick(controller: Controller, live: Live) -> dict[str, object] | None:
    """The last second as an event; None before there is one."""
    found = live.traffic.last(1)
    if not found.at:
        return None
    p50, p90, p99 = map(_microseconds, found.percentiles)
    shares = named(controller, live.traffic.shares[:SHOWN])
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
            zone=share.zone.rstrip("."),
            app=apps.get((share.zone, share.service), ""),
            service=share.service.rstrip("."),
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


def _wanted(shares: Iterable[ShareShape], query: TrafficQuery) -> list[ShareShape]:
    asked = (
        ("zone", query.zone.rstrip(".")),
        ("app", query.app),
        ("service", query.service.rstrip(".")),
    )
    keys = [(name, value) for name, value in asked if value]
    return [each for each in shares if all(getattr(each, name) == value for name, value in keys)]


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(value, 2) for value in values]


def _microseconds(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else round(value * 1e6, 1) for value in values]
