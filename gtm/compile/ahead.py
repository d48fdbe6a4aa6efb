"""What will be answered if one more endpoint fails or comes back: to be signed before it happens.

A verdict change then finds its signatures. What two changes at once lead to is signed when it
comes, at some 40 µs for each RRset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gtm.compile.answers import Answers
from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import AppKey, Compiled
from gtm.model import DOWN, UP, Endpoint
from gtm.steering.readings import Readings
from gtm.steering.verdicts import ServiceHealth

MOST = 32  # endpoints of a service in one region whose changes are looked at


def sign_ahead(
    compiled: Compiled, readings: Readings, only: Collection[tuple[AppKey, str]] | None = None
) -> Iterator[None]:
    """Signs what is one change away, one region of a service with each step.

    Of all services of signed zones, or `only` those named by app and key.
    """
    for key, app in compiled.apps.items():
        if app.context.signer is None:
            continue
        for service_key, service in app.services.items():
            if only is None or (key, service_key) in only:
                yield from _service(app, service_key, service, readings)


def _service(
    app: CompiledApp, key: str, compiled: CompiledService, readings: Readings
) -> Iterator[None]:
    settled, ttl = app.app.settled_for(compiled.service), app.ttl(key)
    longest = max(ttl, compiled.steered.ttl)
    made = Answers(app.context, settled, compiled.service, readings, ttl, longest)
    for region, health in app.health.services[key].items():
        if len(health.endpoints) > 1:
            for usable in next_sets(health):
                made.of(region, usable)
            yield


def next_sets(health: ServiceHealth) -> list[tuple[Endpoint, ...]]:
    """The endpoints that are answered once one of them is up that is down, or the other way."""
    now, found = health.usable(), dict[tuple[Endpoint, ...], None]()
    for place, (endpoint, verdict) in enumerate(health.endpoints[:MOST]):
        other = verdict._replace(state=UP if verdict.down else DOWN, taken=None)
        endpoints = list(health.endpoints)
        endpoints[place] = (endpoint, other)
        found[health._replace(endpoints=tuple(endpoints)).usable()] = None
    found.pop(now, None)
    return list(found)
