"""From endpoint verdicts to what steering asks: which regions can take which service's clients.

endpoint -> service in a region (`min_up`) -> region of the app (topology). Every level says why,
in words, and since when, taken from the verdicts that it was derived from. At every level an
operator's word (`overlay`) stands in place of the verdict; a broad word never brings up what a
narrower one has taken out.
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
from gtm.steering.overlay import SILENT, Overlay

UNCHECKED = Verdict(State.UP, "no check is configured", 0.0)

Look = Callable[[Target], Verdict]


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """A service in one region: its verdict and its endpoints' in the file's order."""

    verdict: Verdict
    endpoints: tuple[tuple[Endpoint, Verdict], ...]

    def usable(self, panic: bool = False) -> tuple[Endpoint, ...]:
        """The endpoints to answer: those not down, backups only if no other is.

        With none left, or in a panic, all that are no backups; those that an operator took out
        only where nothing else is there.
        """
        left = [end for end, verdict in self.endpoints if verdict.state is not State.DOWN]
        if panic or not left:
            allowed = [end for end, verdict in self.endpoints if not verdict.withheld]
            left = allowed or [end for end, _ in self.endpoints]
        return tuple([end for end in left if not end.backup] or left)


@dataclass(frozen=True, slots=True)
class AppHealth:
    """An app: its verdict for each region, and each service's (by key) for each of its regions."""

    regions: Mapping[str, Verdict]
    services: Mapping[str, Mapping[str, ServiceHealth]]


def target_of(app: App, service: Service, endpoint: Endpoint) -> Target | None:
    """What is probed for an endpoint; None where neither the service nor its app has a check."""
    check = service.check or app.check
    if check is None:
        return None
    name = None
    if check.type is not CheckType.TCP:
        name = check.host or service.name.rstrip(".")
    return Target(check, str(endpoint).rstrip("."), name)


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


def service_health(
    app: App, service: Service, region: str, look: Look, overlay: Overlay = SILENT
) -> ServiceHealth:
    """The verdict of one service in one of its regions."""
    verdicts = []
    for endpoint in service.endpoints[region]:
        verdict = overlay.endpoint(endpoint)
        if verdict is None:
            target = target_of(app, service, endpoint)
            verdict = UNCHECKED if target is None else look(target)
        verdicts.append((endpoint, verdict))
    found = _count(verdicts, service.min_up or app.min_up)
    word = overlay.service(service.key, region)
    if word is not None and not _revives(word, all(each.withheld for _, each in verdicts)):
        found = word
    return ServiceHealth(found, tuple(verdicts))


def _revives(word: Verdict, taken_out: bool) -> bool:
    """Whether a word would bring up what narrower ones have taken out."""
    return taken_out and word.state is State.UP


def _count(verdicts: list[tuple[Endpoint, Verdict]], min_up: MinUp) -> Verdict:
    """Up while enough endpoints are; unknown while only ignorance makes them enough."""
    if all(verdict is UNCHECKED for _, verdict in verdicts):
        return UNCHECKED
    total, needed = len(verdicts), min_up.of(len(verdicts))
    up = sorted(verdict.since for _, verdict in verdicts if verdict.state is State.UP)
    down = sorted(verdict.since for _, verdict in verdicts if verdict.state is State.DOWN)
    if total - len(down) < needed:
        withheld = [verdict.act for _, verdict in verdicts if verdict.withheld]
        act = withheld[0] if total - len(withheld) < needed else None
        # it went down with the endpoint whose loss left too few
        return Verdict(State.DOWN, _too_few(verdicts, needed), down[total - needed], act)
    words = f"{len(up)} of {total} endpoints up" + (f", {needed} needed" if needed > 1 else "")
    if len(up) >= needed:
        return Verdict(State.UP, words, up[needed - 1])
    return Verdict(State.UNKNOWN, f"{words}; the others are not probed yet", 0.0)


def _too_few(verdicts: list[tuple[Endpoint, Verdict]], needed: int) -> str:
    lost = [(str(end), verdict) for end, verdict in verdicts if verdict.state is State.DOWN]
    first, verdict = min(lost, key=lambda pair: not pair[1].withheld)
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return (
        f"{len(verdicts) - len(lost)} of {len(verdicts)} endpoints up, {needed} needed; "
        f"{first} is {'' if verdict.withheld else 'down: '}{verdict.reason}{more}"
    )


def region_verdict(
    app: App,
    region: str,
    services: Mapping[str, Mapping[str, ServiceHealth]],
    overlay: Overlay = SILENT,
) -> Verdict:
    """The app's verdict for a region.

    replicated: down while any service of the block that counts is missing or down there.
    spread: services stand for themselves, so down only once none of them is left.
    """
    found, word = _derived(app, region, services), overlay.regions.get(region)
    if word is None or _revives(word, found.state is State.DOWN):
        return found
    # a spread service with a word of its own may stand against that of its region
    alone = app.topology is Topology.SPREAD and found.state is not word.state
    return found if alone else word


def _derived(app: App, region: str, services: Mapping[str, Mapping[str, ServiceHealth]]) -> Verdict:
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
        service, verdict = min(down, key=lambda pair: (not pair[1].withheld, pair[1].since))
        more = f" (and {len(down) - 1} more of the block)" if len(down) > 1 else ""
        reason = f"{service.key}: {verdict.reason}{more}"
        return Verdict(State.DOWN, reason, verdict.since, verdict.act)
    since = max((verdict.since for _, verdict in verdicts), default=0.0)
    if any(verdict.state is State.UNKNOWN for _, verdict in verdicts):
        return Verdict(State.UNKNOWN, "not every service has been probed yet", 0.0)
    return Verdict(State.UP, "every service of the block is up", since)


def _any_of(verdicts: list[tuple[Service, Verdict]]) -> Verdict:
    left = [(service, verdict) for service, verdict in verdicts if verdict.state is not State.DOWN]
    if not left:
        service, verdict = max(verdicts, key=lambda pair: pair[1].since)
        act = verdict.act if all(each.withheld for _, each in verdicts) else None
        reason = f"no service is up; {service.key}: {verdict.reason}"
        return Verdict(State.DOWN, reason, verdict.since, act)
    if all(verdict.state is State.UNKNOWN for _, verdict in left):
        return Verdict(State.UNKNOWN, "no service has been probed yet", 0.0)
    since = min(verdict.since for _, verdict in left if verdict.state is State.UP)
    return Verdict(State.UP, f"{len(left)} of {len(verdicts)} services up", since)


def app_health(app: App, look: Look, overlay: Overlay = SILENT) -> AppHealth:
    """All verdicts of an app, from its endpoints' up."""
    services = {
        service.key: {
            region: service_health(app, service, region, look, overlay)
            for region in service.endpoints
        }
        for service in app.services
    }
    regions = {region: region_verdict(app, region, services, overlay) for region in regions_of(app)}
    return AppHealth(regions, services)


def refreshed(
    app: App,
    before: AppHealth,
    changed: Iterable[tuple[str, str]],
    look: Look,
    overlay: Overlay = SILENT,
) -> AppHealth:
    """The app's health after verdicts, or words, about some (service key, region) pairs changed."""
    pairs = set(changed)
    by_key = {service.key: service for service in app.services}
    services = dict(before.services)
    for key, region in pairs:
        services[key] = {
            **services[key],
            region: service_health(app, by_key[key], region, look, overlay),
        }
    regions = dict(before.regions)
    for region in {region for _, region in pairs}:
        regions[region] = region_verdict(app, region, services, overlay)
    return AppHealth(regions, services)


def eligible(app: App, service: Service, health: AppHealth) -> frozenset[str]:
    """The regions that may be answered for a service: those whose verdict is not down.

    With too few endpoints up to be believed (`panic`), all that no operator took out.
    """
    if panics(app, service, health):
        return frozenset(service.endpoints) - withheld(app, service, health)
    verdicts = steering_verdicts(app, service, health)
    return frozenset(name for name, verdict in verdicts.items() if verdict.state is not State.DOWN)


def withheld(app: App, service: Service, health: AppHealth) -> frozenset[str]:
    """The regions of a service that an operator took out: no last resort either."""
    verdicts = steering_verdicts(app, service, health)
    return frozenset(name for name, verdict in verdicts.items() if verdict.withheld)


def steering_verdicts(app: App, service: Service, health: AppHealth) -> Mapping[str, Verdict]:
    """What a service is steered by in each of its regions: the block's verdict, or its own."""
    if app.topology is Topology.REPLICATED:
        return {region: health.regions[region] for region in service.endpoints}
    return {region: found.verdict for region, found in health.services[service.key].items()}


def panics(app: App, service: Service, health: AppHealth) -> bool:
    """Whether fewer endpoints than `panic` of them are up: a block's, or the service's own.

    What an operator says is believed, so it does not count.
    """
    if not app.panic:
        return False
    block = app.topology is Topology.REPLICATED
    counted = [each.key for each in app.services if not each.optional] if block else [service.key]
    verdicts = [
        verdict
        for key in counted
        for here in health.services[key].values()
        for _, verdict in here.endpoints
        if verdict.act is None
    ]
    up = sum(verdict.state is not State.DOWN for verdict in verdicts)
    return up < app.panic * len(verdicts)
