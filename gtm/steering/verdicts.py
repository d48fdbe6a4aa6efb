"""From endpoint verdicts to what steering asks: which regions can take which service's clients.

endpoint -> service in a region (`min_up`) -> region of the app (topology). Every level says why,
in words, and since when, taken from the verdicts that it was derived from. At every level an
operator's word (`overlay`) stands in place of the verdict; a broad word never brings up what a
narrower one has taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from gtm.checks import Combined, Target
from gtm.model import DOWN, UNKNOWN, UP, App, Endpoint, MinUp, Service, Topology, Verdict, Zone
from gtm.steering.overlay import SILENT, Overlay
from gtm.steering.regions import RegionVerdicts, region_verdicts, revives
from gtm.steering.watched import Look as Look
from gtm.steering.watched import Watched, believed, gateway, measured, targets_in, watched

UNCHECKED = Verdict(UP, "no check is configured", 0.0)

Gateways = Mapping[str, Watched]  # what their own checks watch, by region
UNGATED: Gateways = MappingProxyType({})

UNPROBED = Verdict(UNKNOWN, "0 of 1 endpoints up; nothing recent is known of it", 0.0)

Verdicts = tuple[tuple[Endpoint, Verdict], ...]
Targets = tuple[Watched | None, ...]  # what is probed for endpoints; None without a check


class ServiceHealth(NamedTuple):
    """A service in one region: its verdict and its endpoints' in the file's order.

    `targets` are what is probed for each endpoint, `min_up` is how many of them it needs.
    A tuple, as a region that fails makes thousands of them at once.
    """

    verdict: Verdict
    endpoints: Verdicts
    targets: Targets = ()
    min_up: MinUp = MinUp(1)

    def usable(self, panic: bool = False) -> tuple[Endpoint, ...]:
        """The endpoints to answer: those not down, backups only if no other is.

        With none left, or in a panic, all that are no backups; those that an operator took out
        only where nothing else is there.
        """
        if len(self.endpoints) == 1:
            return (self.endpoints[0][0],)
        left = [end for end, verdict in self.endpoints if not verdict.down]
        if panic or not left:
            allowed = [end for end, verdict in self.endpoints if not verdict.withheld]
            left = allowed or [end for end, _ in self.endpoints]
        return tuple([end for end in left if not end.backup] or left)


@dataclass(frozen=True, slots=True)
class AppHealth:
    """An app: its verdict for each region, and each service's (by key) for each of its regions.

    `believed` counts the endpoints that `panic` goes by, for a block that has it: those not down,
    and all. `gateways` are what its regions' own checks watch.
    """

    regions: RegionVerdicts
    services: Mapping[str, Mapping[str, ServiceHealth]]
    believed: tuple[int, int] = (0, 0)
    gateways: Gateways = field(default_factory=dict, compare=False, repr=False)


def watched_of(app: App, service: Service, endpoint: Endpoint) -> Watched | None:
    """What is probed for an endpoint; None where neither the service nor its app has a check."""
    check = service.check or app.check
    if check is None:
        return None
    return watched(check, str(endpoint).rstrip("."), service.name.rstrip("."))


def target_of(app: App, service: Service, endpoint: Endpoint) -> Target | None:
    """What is measured of an endpoint; None where it has no check."""
    return measured(watched_of(app, service, endpoint))


def probed_for(app: App, service: Service, endpoint: Endpoint) -> tuple[Target, ...]:
    """All that is probed for an endpoint."""
    return targets_in(watched_of(app, service, endpoint))


def gateways_of(zone: Zone, app: App) -> Gateways:
    """What the own checks of an app's regions watch, for those that have one."""
    checks = ((region, zone.regions[region].check) for region in app.regions)
    return {region: gateway(check) for region, check in checks if check is not None}


def vetoes(gateways: Gateways, look: Look) -> Mapping[str, Verdict]:
    """The regions whose own check is down, with what is then believed of everything there."""
    found = ((region, believed(each, look)) for region, each in gateways.items())
    return {
        region: verdict._replace(state=DOWN, reason=f"{region}'s own check: {verdict.reason}")
        for region, verdict in found
        if verdict.down
    }


def targets_of(zones: Iterable[Zone]) -> frozenset[Target]:
    """Everything that is to be probed for the zones."""
    return frozenset(target for zone in zones for target in _targets(zone))


def _targets(zone: Zone) -> Iterator[Target]:
    for region in zone.regions.values():
        if region.check is not None:
            yield from targets_in(gateway(region.check))
    for app in zone.apps:
        yield from probed_of(app)


def probed_of(app: App) -> Iterator[Target]:
    """Everything that is probed for an app's endpoints."""
    for service in app.services:
        for endpoints in service.endpoints.values():
            for endpoint in endpoints:
                yield from probed_for(app, service, endpoint)


def regions_of(app: App) -> tuple[str, ...]:
    """The regions that serve anything of the app, in the order they first appear."""
    return app.regions


def service_health(
    app: App,
    service: Service,
    region: str,
    look: Look,
    overlay: Overlay = SILENT,
    targets: Targets | None = None,
    veto: Verdict | None = None,
) -> ServiceHealth:
    """The verdict of one service in one of its regions; `targets` as far as they are known.

    `veto` is the verdict of the region's own check, where that is down.
    """
    endpoints = service.endpoints[region]
    if targets is None:
        targets = tuple([watched_of(app, service, endpoint) for endpoint in endpoints])
    min_up, where = service.min_up or app.min_up, (service.key, region)
    if len(endpoints) == 1:
        return health_of_one(endpoints[0], targets, min_up, where, look, overlay, veto)
    return health_of(endpoints, targets, min_up, where, look, overlay, veto)


def health_of_one(
    endpoint: Endpoint,
    targets: Targets,
    min_up: MinUp,
    where: tuple[str, str],
    look: Look,
    overlay: Overlay,
    veto: Verdict | None,
) -> ServiceHealth:
    """The health of a service (by key) in a region where one endpoint serves it.

    So it is nearly everywhere in a large zone.
    """
    (target,) = targets
    verdict = look(target) if type(target) is Target else _found(target, look)
    if overlay.endpoints:
        verdict = overlay.endpoint(endpoint) or verdict
    if overlay.regions or overlay.services:
        word = overlay.service(*where)
        if word is not None and not revives(word, verdict.withheld):
            return ServiceHealth(word, ((endpoint, verdict),), targets, min_up)
    found = _alone(endpoint, verdict, target)
    if veto is not None and not found.withheld:
        found = veto
    return ServiceHealth(found, ((endpoint, verdict),), targets, min_up)


def health_of(
    endpoints: Iterable[Endpoint],
    targets: Targets,
    min_up: MinUp,
    where: tuple[str, str],
    look: Look,
    overlay: Overlay,
    veto: Verdict | None,
) -> ServiceHealth:
    """The same from what is found at any number of endpoints."""
    verdicts = tuple(
        [
            (endpoint, overlay.endpoint(endpoint) or _found(target, look))
            for endpoint, target in zip(endpoints, targets, strict=True)
        ]
    )
    if overlay.services or overlay.regions:
        word = overlay.service(*where)
        if word is not None and not revives(word, all(each.withheld for _, each in verdicts)):
            return ServiceHealth(word, verdicts, targets, min_up)
    found = _count(verdicts, min_up)
    if veto is not None and not found.withheld:
        found = veto
    return ServiceHealth(found, verdicts, targets, min_up)


def _found(target: Watched | None, look: Look) -> Verdict:
    return UNCHECKED if target is None else believed(target, look)


def _count(verdicts: Verdicts, min_up: MinUp) -> Verdict:
    """Up while enough endpoints are; unknown while only ignorance makes them enough."""
    if all(verdict is UNCHECKED for _, verdict in verdicts):
        return UNCHECKED
    total, needed = len(verdicts), min_up.of(len(verdicts))
    up = sorted(verdict.since for _, verdict in verdicts if verdict.state is UP)
    down = sorted(verdict.since for _, verdict in verdicts if verdict.down)
    if total - len(down) < needed:
        withheld = [verdict.act for _, verdict in verdicts if verdict.withheld]
        act = withheld[0] if total - len(withheld) < needed else None
        probed = sum(verdict.down and not verdict.reported for _, verdict in verdicts)
        reported = act is None and total - probed >= needed  # probes alone would leave enough
        # it went down with the endpoint whose loss left too few
        since = down[total - needed]
        return Verdict(DOWN, _too_few(verdicts, needed), since, act, reported=reported)
    words = f"{len(up)} of {total} endpoints up" + (f", {needed} needed" if needed > 1 else "")
    if len(up) >= needed:
        return Verdict(UP, words, up[needed - 1])
    return Verdict(UNKNOWN, f"{words}; nothing recent is known of the others", 0.0)


def _alone(endpoint: Endpoint, verdict: Verdict, target: Watched | None) -> Verdict:
    """The same where there is one endpoint, as nearly everywhere in a large zone."""
    state, why, since, act, _, reported = verdict
    if state is DOWN or verdict.down:
        name = _address(endpoint, target) or str(endpoint)
        why = f"down: {why}" if act is None else why
        reason = f"0 of 1 endpoints up, 1 needed; {name} is {why}"
        return Verdict(DOWN, reason, since, act, reported=reported)
    if verdict is UNCHECKED:
        return UNCHECKED
    return Verdict(UP, "1 of 1 endpoints up", since) if state is UP else UNPROBED


def _address(endpoint: Endpoint, target: Watched | None) -> str | None:
    """The endpoint's address where what is probed has it in text already."""
    if type(target) is not Target or target.check.address is not None or type(endpoint.at) is str:
        return None
    return target.address


def _too_few(verdicts: Verdicts, needed: int) -> str:
    lost = [(str(end), verdict) for end, verdict in verdicts if verdict.down]
    first, verdict = min(lost, key=lambda pair: not pair[1].withheld)
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return (
        f"{len(verdicts) - len(lost)} of {len(verdicts)} endpoints up, {needed} needed; "
        f"{first} is {'' if verdict.withheld else 'down: '}{verdict.reason}{more}"
    )


def app_health(
    app: App,
    look: Look,
    overlay: Overlay = SILENT,
    before: AppHealth | None = None,
    gateways: Gateways = UNGATED,
) -> AppHealth:
    """All verdicts of an app, from its endpoints' up.

    `before` is that of an earlier form of the app, which knows many targets.
    """
    vetoed = vetoes(gateways, look)
    services: dict[str, Mapping[str, ServiceHealth]] = {}
    unspoken = overlay == SILENT and not gateways and before is not None and not before.gateways
    for service in app.services:
        known = before.services.get(service.key) if before is not None else None
        services[service.key] = {
            region: (_still(app, service, known, region, look) if unspoken and known else None)
            or service_health(
                app,
                service,
                region,
                look,
                overlay,
                _known(app, service, known, region),
                vetoed.get(region),
            )
            for region in service.endpoints
        }
    regions = region_verdicts(app, services, overlay, vetoed)
    return AppHealth(regions, services, _believed(app, services), gateways)


def _still(
    app: App, service: Service, before: Mapping[str, ServiceHealth], region: str, look: Look
) -> ServiceHealth | None:
    """What was found in a region before, where it is found again: one endpoint, the same verdict.

    Only where no operator's word or check of a region has a say, now or then.
    """
    old = before.get(region)
    if old is None or len(old.endpoints) != 1:
        return None
    (endpoint, verdict), target = old.endpoints[0], old.targets[0]
    if type(target) is not Target or verdict.act is not None or old.verdict.act is not None:
        return None
    alone = service.endpoints[region]
    if len(alone) != 1 or alone[0] is not endpoint or look(target) is not verdict:
        return None
    min_up = service.min_up or app.min_up
    same = target.check == (service.check or app.check) and old.min_up == min_up
    return old if same else None


def _known(
    app: App, service: Service, before: Mapping[str, ServiceHealth] | None, region: str
) -> Targets | None:
    """The targets of the service's endpoints in a region, if they were there before."""
    old = before.get(region) if before is not None else None
    endpoints, check = service.endpoints[region], service.check or app.check
    if old is None or len(old.endpoints) != len(endpoints) or isinstance(check, Combined):
        return None
    if [None if each is None else each.check for each in old.targets[:1]] != [check]:
        return None
    for one, (other, _) in zip(endpoints, old.endpoints, strict=True):
        if one is not other and one.at != other.at:
            return None
    return old.targets


def eligible(app: App, service: Service, health: AppHealth) -> frozenset[str]:
    """The regions that may be answered for a service: those whose verdict is not down.

    With too few endpoints up to be believed (`panic`), all that no operator took out.
    """
    if panics(app, service, health):
        return frozenset(service.endpoints) - withheld(app, service, health)
    if app.topology is Topology.REPLICATED:
        state = health.regions.state
        return frozenset([name for name in service.endpoints if state(name) is not DOWN])
    here = health.services[service.key].items()
    return frozenset([name for name, found in here if not found.verdict.down])


def withheld(app: App, service: Service, health: AppHealth) -> frozenset[str]:
    """The regions of a service that an operator took out: no last resort either."""
    if app.topology is Topology.REPLICATED:
        return frozenset(filter(health.regions.withheld, service.endpoints))
    here = health.services[service.key].items()
    return frozenset([name for name, found in here if found.verdict.withheld])


def panics(app: App, service: Service, health: AppHealth) -> bool:
    """Whether fewer endpoints than `panic` of them are up: a block's, or the service's own.

    What an operator says is believed, so it does not count.
    """
    if not app.panic:
        return False
    if app.topology is Topology.REPLICATED:
        up, counted = health.believed
    else:
        here = health.services[service.key].values()
        up, counted = sum(map(up_in, here)), sum(map(counted_in, here))
    return up < app.panic * counted


def _believed(app: App, services: Mapping[str, Mapping[str, ServiceHealth]]) -> tuple[int, int]:
    """What a block's panic goes by: the endpoints of all services that count."""
    if not app.panic or app.topology is Topology.SPREAD:
        return 0, 0
    every = [
        here
        for key, found in services.items()
        if key not in app.optional
        for here in found.values()
    ]
    return sum(map(up_in, every)), sum(map(counted_in, every))


def up_in(here: ServiceHealth) -> int:
    """The endpoints that are not down; an operator's word is none of them."""
    return sum([each.act is None and not each.down for _, each in here.endpoints])


def counted_in(here: ServiceHealth) -> int:
    """The endpoints about which there is no operator's word."""
    return sum([each.act is None for _, each in here.endpoints])
