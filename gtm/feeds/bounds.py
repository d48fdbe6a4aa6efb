"""How much reports may hold out: never so much that a service is emptied by what somebody says.

Of each service's endpoints at most the part `most` of the check; of the regions of a service, or
of a replicated app's block, at most that part too, and never so many that fewer stay up than
`safety.min_regions`, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gtm.model import App, Service, State, Target, Topology, Verdict, Zone
from gtm.steering.overlay import Overlay
from gtm.steering.verdicts import Look, app_health, target_of

ROUNDING = 1e-9  # so that 50 % of 4 is 2 whatever floating point makes of it


@dataclass(frozen=True, slots=True)
class Place:
    """An app that has a target, with the words that operators have laid over it."""

    zone: Zone
    app: App


def refusal(
    place: Place, target: Target, held: Callable[[Target], bool], look: Look, overlay: Overlay
) -> str | None:
    """Why reports may not take the target out too, in words; None if they may.

    `look` gives the verdicts of probes alone, `held` what reports hold out already.
    """
    passive = target.check.passive
    assert passive is not None  # noqa: S101  # only such targets are reported about
    for service in place.app.services:
        targets = list(_targets(place.app, service))
        if target not in targets:
            continue
        most = int(passive.most * len(targets) + ROUNDING)
        out = sum(1 for each in targets if each is not None and held(each))
        if out + targets.count(target) > most:
            return (
                f"reports hold {out} of {len(targets)} endpoints of {service.key} out already; "
                f"`most: {passive.most:.0%}` allows {most}"
            )

    def after(each: Target) -> Verdict:
        found = look(each)
        return replace(found, state=State.DOWN) if each == target or held(each) else found

    before = _regions_up(place.app, look, overlay)
    left = _regions_up(place.app, after, overlay)
    for subject, up in before.items():
        lost, kept = up - left[subject], len(left[subject])
        allowed = int(passive.most * _regions(place.app, subject) + ROUNDING)
        least = max(1, place.zone.min_regions)
        if lost and (kept < least or len(lost) > allowed):
            return f"{subject} would have {kept} of {len(up)} regions left that probes find up"
    return None


def _targets(app: App, service: Service) -> Iterator[Target | None]:
    for endpoints in service.endpoints.values():
        for endpoint in endpoints:
            yield target_of(app, service, endpoint)


def _regions_up(app: App, look: Look, overlay: Overlay) -> dict[str, set[str]]:
    """The regions that are up, for the block or for each spread service by key."""
    health = app_health(app, look, overlay)
    if app.topology is Topology.REPLICATED:
        regions = health.regions
        return {app.name: {name for name in regions if regions[name].state is not State.DOWN}}
    return {
        key: {name for name in here if here[name].verdict.state is not State.DOWN}
        for key, here in health.services.items()
    }


def _regions(app: App, subject: str) -> int:
    """How many regions the block or the service has at all."""
    if app.topology is Topology.REPLICATED:
        return len({region for service in app.services for region in service.endpoints})
    return next(len(service.endpoints) for service in app.services if service.key == subject)
