"""From endpoint verdicts to what steering asks: which regions can take which service's clients.

endpoint -> service in a region (`min_up`) -> region of the app (topology). Every level says why,
in words, and since when, taken from the verdicts that it was derived from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gtm.model import (
    App,
    CheckType,
    Endpoint,
    MinUp,
    Service,
    State,
    Target,
    Topology,
    Verdict,
)

UNCHECKED = Verdict(State.UP, "no check is configured", 0.0)

Look = Callable[[Target], Verdict]


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """A service in one region: its verdict and its endpoints' in the file's order."""

    verdict: Verdict
    endpoints: tuple[tuple[Endpoint, Verdict], ...]

    def usable(self, panic: bool = False) -> tuple[Endpoint, ...]:
        """The endpoints to answer: those not down, backups only if no other is.

        With none left, or in a panic, all that are no backups.
        """
        left = [end for end, verdict in self.endpoints if verdict.state is not State.DOWN]
        first = [end for end in left if not end.backup]
        if panic or not left:
            first = [end for end, _ in self.endpoints if not end.backup]
        return tuple(first or left)


@dataclass(frozen=True, slots=True)
class AppHealth:
    """An app: its verdict for each region, and each service's (by key) for each of its regions."""

    regions: Mapping[str, Verdict]
    services: Mapping[str, Mapping[str, ServiceHealth]]


def target_of(app: App, service: Service, endpoint: Endpoint) -> Target | None:
    """What is probed for an endpoint; None where the app has no check."""
    if app.check is None:
        return None
    name = None
    if app.check.type is not CheckType.TCP:
        name = app.check.host or service.name.rstrip(".")
    return Target(app.check, str(endpoint).rstrip("."), name)


def targets_of(apps: Iterable[App]) -> frozenset[Target]:
    """Everything that is to be probed for the apps."""
    found = (
        target_of(app, service, endpoint)
        for app in apps
        for service in app.services
        for endpoints in service.endpoints.values()
        for endpoint in endpoints
    )
    return frozenset(target for target in found if target is not None)


def regions_of(app: App) -> tuple[str, ...]:
    """The regions that serve anything of the app, in the order they first appear."""
    return tuple(dict.fromkeys(region for service in app.services for region in service.endpoints))


def service_health(app: App, service: Service, region: str, look: Look) -> ServiceHealth:
    """The verdict of one service in one of its regions."""
    verdicts = []
    for endpoint in service.endpoints[region]:
        target = target_of(app, service, endpoint)
        verdicts.append((endpoint, UNCHECKED if target is None else look(target)))
    return ServiceHealth(_count(verdicts, app.min_up), tuple(verdicts))


def _count(verdicts: list[tuple[Endpoint, Verdict]], min_up: MinUp) -> Verdict:
    """Up while enough endpoints are; unknown while only ignorance makes them enough."""
    if all(verdict is UNCHECKED for _, verdict in verdicts):
        return UNCHECKED
    total, needed = len(verdicts), min_up.of(len(verdicts))
    up = sorted(verdict.since for _, verdict in verdicts if verdict.state is State.UP)
    down = sorted(verdict.since for _, verdict in verdicts if verdict.state is State.DOWN)
    if total - len(down) < needed:
        # it went down with the endpoint whose loss left too few
        return Verdict(State.DOWN, _too_few(verdicts, needed), down[total - needed])
    words = f"{len(up)} of {total} endpoints up" + (f", {needed} needed" if needed > 1 else "")
    if len(up) >= needed:
        return Verdict(State.UP, words, up[needed - 1])
    return Verdict(State.UNKNOWN, f"{words}; the others are not probed yet", 0.0)


def _too_few(verdicts: list[tuple[Endpoint, Verdict]], needed: int) -> str:
    lost = [(str(end), verdict) for end, verdict in verdicts if verdict.state is State.DOWN]
    first, verdict = lost[0]
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return (
        f"{len(verdicts) - len(lost)} of {len(verdicts)} endpoints up, {needed} needed; "
        f"{first} is down: {verdict.reason}{more}"
    )


def region_verdict(
    app: App, region: str, services: Mapping[str, Mapping[str, ServiceHealth]]
) -> Verdict:
    """The app's verdict for a region.

    replicated: down while any service of the block that counts is missing or down there.
    spread: services stand for themselves, so down only once none of them is left.
    """
    here = [
        (service, services[service.key][region].verdict)
        for service in app.services
        if region in service.endpoints
    ]
    if app.topology is Topology.SPREAD:
        return _any_of(here)
    missing = [
        service.key
        for service in app.services
        if not service.optional and region not in service.endpoints
    ]
    if missing:
        return Verdict(State.DOWN, f"{missing[0]} is not deployed here", 0.0)
    return _all_of([(service, verdict) for service, verdict in here if not service.optional])


def _all_of(verdicts: list[tuple[Service, Verdict]]) -> Verdict:
    down = [(service, verdict) for service, verdict in verdicts if verdict.state is State.DOWN]
    if down:
        service, verdict = min(down, key=lambda pair: pair[1].since)
        more = f" (and {len(down) - 1} more of the block)" if len(down) > 1 else ""
        return Verdict(State.DOWN, f"{service.key}: {verdict.reason}{more}", verdict.since)
    since = max((verdict.since for _, verdict in verdicts), default=0.0)
    if any(verdict.state is State.UNKNOWN for _, verdict in verdicts):
        return Verdict(State.UNKNOWN, "not every service has been probed yet", 0.0)
    return Verdict(State.UP, "every service of the block is up", since)


def _any_of(verdicts: list[tuple[Service, Verdict]]) -> Verdict:
    left = [(service, verdict) for service, verdict in verdicts if verdict.state is not State.DOWN]
    if not left:
        service, verdict = max(verdicts, key=lambda pair: pair[1].since)
        return Verdict(
            State.DOWN, f"no service is up; {service.key}: {verdict.reason}", verdict.since
        )
    if all(verdict.state is State.UNKNOWN for _, verdict in left):
        return Verdict(State.UNKNOWN, "no service has been probed yet", 0.0)
    since = min(verdict.since for _, verdict in left if verdict.state is State.UP)
    return Verdict(State.UP, f"{len(left)} of {len(verdicts)} services up", since)


def app_health(app: App, look: Look) -> AppHealth:
    """All verdicts of an app, from its endpoints' up."""
    services = {
        service.key: {
            region: service_health(app, service, region, look) for region in service.endpoints
        }
        for service in app.services
    }
    return AppHealth(
        {region: region_verdict(app, region, services) for region in regions_of(app)}, services
    )


def refreshed(
    app: App, before: AppHealth, changed: Iterable[tuple[str, str]], look: Look
) -> AppHealth:
    """The app's health after verdicts of some (service key, region) pairs have changed."""
    pairs = set(changed)
    by_key = {service.key: service for service in app.services}
    services = dict(before.services)
    for key, region in pairs:
        services[key] = {
            **services[key],
            region: service_health(app, by_key[key], region, look),
        }
    regions = dict(before.regions)
    for region in {region for _, region in pairs}:
        regions[region] = region_verdict(app, region, services)
    return AppHealth(regions, services)


def eligible(app: App, service: Service, health: AppHealth) -> frozenset[str]:
    """The regions that may be answered for a service: those whose verdict is not down.

    With too few endpoints up to be believed (`panic`), all of them.
    """
    if panics(app, service, health):
        return frozenset(service.endpoints)
    if app.topology is Topology.REPLICATED:
        verdicts = {region: health.regions[region] for region in service.endpoints}
    else:
        verdicts = {region: found.verdict for region, found in health.services[service.key].items()}
    return frozenset(name for name, verdict in verdicts.items() if verdict.state is not State.DOWN)


def panics(app: App, service: Service, health: AppHealth) -> bool:
    """Whether fewer endpoints than `panic` of them are up: a block's, or the service's own."""
    if not app.panic:
        return False
    block = app.topology is Topology.REPLICATED
    counted = [each.key for each in app.services if not each.optional] if block else [service.key]
    verdicts = [
        verdict
        for key in counted
        for here in health.services[key].values()
        for _, verdict in here.endpoints
    ]
    up = sum(verdict.state is not State.DOWN for verdict in verdicts)
    return up < app.panic * len(verdicts)
