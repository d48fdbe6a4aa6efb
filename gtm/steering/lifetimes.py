"""How long a service's answers may be kept: what a zone's `ttl: {min, max}` comes to right now.

The TTL is the shortest time to the next verdict change that is possible among the targets that
the service is steered by, within the zone's bounds (gdnsd has shown that to work well): answers
live long while nothing can happen, and short while something does. What an operator has spoken
about can't change by a probe, so it does not count. A planned drain lowers the TTL in any zone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from gtm.checks import Target
from gtm.model import App, Service, State, Topology, Zone
from gtm.steering.overlay import Hurry, Overlay
from gtm.steering.readings import Readings
from gtm.steering.verdicts import probed_for
from gtm.steering.watched import gateway, targets_in

LOWERED = 10  # seconds: a planned drain's TTL in a zone that gives no least one


@dataclass(frozen=True, slots=True)
class Soonest:
    """The target whose verdict can change first, in which state it is, and after how many seconds.

    The seconds are those of its state: probes in a row that it takes yet, times their interval.
    """

    target: Target
    state: State
    seconds: float

    def __str__(self) -> str:
        """`192.0.2.10 may be down in 10 s: 1 of 3 failures`."""
        where, check = self.target.address, self.target.check
        rules = check.judgement
        if self.state is State.UNKNOWN:
            return f"{where} is not probed yet"
        up = self.state is State.UP
        other, what, needed = (
            ("down", "failure", rules.fall) if up else ("up", "success", rules.rise)
        )
        plural = f"{what}{'s' if up else 'es'}" if needed > 1 else what
        done = needed - round(self.seconds / check.schedule.interval)
        return f"{where} may be {other} in {self.seconds:g} s: {done} of {needed} {plural}"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The TTL of a service's answers in seconds, and what made it so; `own` is from its file."""

    ttl: int
    soonest: Soonest | None = None
    hurry: Hurry | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """An app's lifetimes by service key, and each service's own soonest change.

    A service that is not in `services` has the zone's TTL. `together` is the soonest change of a
    block, `hurried` what the operators' words asked for.
    """

    services: Mapping[str, Lifetime] = field(default_factory=dict)
    soonest: Mapping[str, Soonest | None] = field(default_factory=dict)
    together: Soonest | None = None
    hurried: Mapping[str, Hurry] = field(default_factory=dict)

    def of(self, zone: Zone, key: str) -> Lifetime:
        """A service's."""
        return self.services.get(key) or Lifetime(zone.ttl)

    def differing(
        self, other: Lifetimes, zone: Zone, among: Collection[str] | None = None
    ) -> frozenset[str]:
        """The services with another TTL there; `among` are those that may have one, if known."""
        if self.services is other.services:
            return frozenset()
        keys = {*self.services, *other.services}
        if among is not None and self.alike(other):
            keys = keys.intersection(among)
        return frozenset(key for key in keys if self.of(zone, key).ttl != other.of(zone, key).ttl)

    def alike(self, other: Lifetimes) -> bool:
        """Whether what counts for all services of the app is the same."""
        return (self.together, self.hurried) == (other.together, other.hurried)


FIXED = Lifetimes()


def drain_ttl(zone: Zone) -> int:
    """The TTL that a planned drain lowers a zone's answers to."""
    return min(LOWERED, zone.ttl) if zone.min_ttl is None else zone.min_ttl


def lifetimes(
    zone: Zone,
    app: App,
    overlay: Overlay,
    readings: Readings,
    before: Lifetimes = FIXED,
    touched: Iterable[Service] = (),
) -> Lifetimes:
    """The app's lifetimes now; of `before` only what the `touched` services change is made anew."""
    if zone.min_ttl is None and not overlay.hurried and not app.timed:
        return FIXED
    first, touched = before is FIXED, list(touched)
    soonest = dict(before.soonest)
    if zone.min_ttl is not None:
        for service in app.services if first else touched:
            soonest[service.key] = _soonest(zone, app, service, overlay, readings)
    together: Soonest | None = None
    if app.topology is Topology.REPLICATED:
        together = _first(at for key, at in soonest.items() if key not in app.optional)
    services = dict(before.services)
    made = Lifetimes(services, soonest, together, overlay.hurried)
    for service in app.services if first or not made.alike(before) else touched:
        soon = _first((together, soonest.get(service.key)))
        services[service.key] = _lifetime(zone, service, soon, overlay.hurried.get(service.key))
    return made


def _soonest(
    zone: Zone, app: App, service: Service, overlay: Overlay, readings: Readings
) -> Soonest | None:
    targets = [
        target
        for region, endpoints in service.endpoints.items()
        if overlay.service(service.key, region) is None
        for endpoint in endpoints
        if overlay.endpoint(endpoint) is None
        for target in probed_for(app, service, endpoint)
    ]
    for region in service.endpoints:
        own = zone.regions[region].check
        if own is not None and overlay.service(service.key, region) is None:
            targets += targets_in(gateway(own))
    found = [(readings.patience(target), target) for target in targets]
    if not found:
        return None
    seconds, target = min(found, key=lambda pair: pair[0])
    if seconds == math.inf:
        return None
    return Soonest(target, readings.verdict(target).state, seconds)


def _first(each: Iterable[Soonest | None]) -> Soonest | None:
    known = [one for one in each if one is not None]
    return min(known, key=lambda one: one.seconds) if known else None


def _lifetime(
    zone: Zone, service: Service, soonest: Soonest | None, hurry: Hurry | None
) -> Lifetime:
    """A TTL of the service's own stands whatever its health is; a drain lowers any."""
    own, ttl = service.ttl is not None, zone.ttl
    if service.ttl is not None:
        ttl = service.ttl
    elif zone.min_ttl is not None and soonest is not None:
        ttl = max(zone.min_ttl, min(ttl, math.floor(soonest.seconds)))
    if hurry is not None and hurry.ttl < ttl:
        return Lifetime(hurry.ttl, soonest, hurry)
    return Lifetime(ttl, soonest, own=own)


def explained(zone: Zone, found: Lifetime) -> str:
    """Why the TTL is what it is."""
    if found.hurry is not None:
        return f"lowered while clients are led away: {found.hurry.reason}"
    if found.own:
        return "the service's ttl"
    if zone.min_ttl is None:
        return "the zone's ttl"
    if found.soonest is None:
        return "the most: no probe can change a verdict"
    if found.soonest.seconds < zone.min_ttl:
        return f"the least: {found.soonest}"
    if found.soonest.seconds > zone.ttl:
        return f"the most: {found.soonest}"
    return str(found.soonest)
