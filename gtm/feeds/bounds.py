"""How much reports may hold out: never so much that a service is emptied by what somebody says.

Of each service's endpoints at most the part `most` of the check; of the regions of a service, or
of a replicated app's block, at most that part too, and never so many that fewer stay up than
`safety.min_regions`, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gtm.checks import Target
from gtm.model import App, Service, State, Topology, Verdict, Zone
from gtm.steering.overlay import Overlay, Overlays
from gtm.steering.verdicts import Look, app_health, gateways_of, service_health, vetoes

ROUNDING = 1e-9  # so that 50 % of 4 is 2 whatever floating point makes of it


@dataclass(frozen=True, slots=True, eq=False)
class Deployed:
    """A service with what is probed of it; None for what reports can't take out."""

    zone: Zone
    app: App
    service: Service
    targets: tuple[Target | None, ...]

    @property
    def block(self) -> bool:
        """Whether its regions are its app's, for all services together."""
        return self.app.topology is Topology.REPLICATED

    @property
    def subject(self) -> tuple[str, str, str]:
        """What a region is lost to: the service, or the block that it belongs to."""
        return self.zone.name, self.app.name, "" if self.block else self.service.key


@dataclass(frozen=True, slots=True)
class Use:
    """Where a target counts: `times` among the endpoints of a service, and in one region."""

    deployed: Deployed
    region: str
    times: int


@dataclass(slots=True)
class _Regions:
    """The regions of a subject that probes find up, and those of them that reports leave."""

    probed: frozenset[str]
    left: frozenset[str]


class Bounds:
    """Says for one target after another whether it may go too, under the same verdicts.

    `look` gives the verdicts of probes alone, `held` what reports hold out.
    """

    def __init__(self, look: Look, held: Callable[[Target], bool], overlays: Overlays) -> None:
        """For one moment: regions are counted once, and again when one of them is lost."""
        self._look = look
        self._held = held
        self._overlays = overlays
        self._regions: dict[tuple[str, str, str], _Regions] = {}
        self._out: dict[Deployed, int] = {}

    def refusal(self, target: Target, uses: Iterable[Use]) -> str | None:
        """Why reports may not take the target out too, in words; None if they may."""
        passive = target.check.passive
        assert passive is not None  # noqa: S101  # only such targets are reported about
        for use in uses:
            words = self._endpoints(use, passive.most) or self._lost(use, target, passive.most)
            if words is not None:
                return words
        return None

    def taken(self, uses: Iterable[Use]) -> None:
        """Counts again, now that the target of these uses is held out."""
        for use in uses:
            self._out.pop(use.deployed, None)
            self._regions.pop(use.deployed.subject, None)

    def _endpoints(self, use: Use, part: float) -> str | None:
        deployed = use.deployed
        if deployed not in self._out:
            held = (each for each in deployed.targets if each is not None and self._held(each))
            self._out[deployed] = sum(1 for _ in held)
        total, out = len(deployed.targets), self._out[deployed]
        most = int(part * total + ROUNDING)
        if out + use.times <= most:
            return None
        return (
            f"reports hold {out} of {total} endpoints of {deployed.service.key} out already; "
            f"`most: {part:.0%}` allows {most}"
        )

    def _lost(self, use: Use, target: Target, part: float) -> str | None:
        """Why the region of a use may not be lost; None if it may, or is not."""
        deployed = use.deployed
        if deployed.block and deployed.service.optional:
            return None
        if self._up(use, None) is State.DOWN or self._up(use, target) is not State.DOWN:
            return None
        regions = self._of(deployed)
        if use.region not in regions.left:
            return None
        kept, lost = len(regions.left) - 1, len(regions.probed) - len(regions.left) + 1
        allowed = int(part * _count(deployed) + ROUNDING)
        if kept >= max(1, deployed.zone.min_regions) and lost <= allowed:
            return None
        name = deployed.app.name if deployed.block else deployed.service.key
        return (
            f"{name} would have {kept} of the {len(regions.probed)} regions left "
            "that probes find up"
        )

    def _up(self, use: Use, also: Target | None) -> State:
        """The service's state in the region under what is held out, and one more."""
        overlay = self._overlay(use.deployed)
        return _state(use.deployed, use.region, self._after(also), overlay)

    def _of(self, deployed: Deployed) -> _Regions:
        subject = deployed.subject
        if subject not in self._regions:
            probed = self._regions_up(deployed, self._look)
            self._regions[subject] = _Regions(
                probed, probed & self._regions_up(deployed, self._after(None))
            )
        return self._regions[subject]

    def _regions_up(self, deployed: Deployed, look: Look) -> frozenset[str]:
        app, service, overlay = deployed.app, deployed.service, self._overlay(deployed)
        if deployed.block:
            gateways = gateways_of(deployed.zone, app)
            regions = app_health(app, look, overlay, gateways=gateways).regions
            return frozenset(name for name in regions if regions[name].state is not State.DOWN)
        return frozenset(
            region
            for region in service.endpoints
            if _state(deployed, region, look, overlay) is not State.DOWN
        )

    def _after(self, also: Target | None) -> Look:
        def look(target: Target) -> Verdict:
            found = self._look(target)
            out = target == also or self._held(target)
            return found._replace(state=State.DOWN) if out else found

        return look

    def _overlay(self, deployed: Deployed) -> Overlay:
        return self._overlays(deployed.zone, deployed.app)


def _state(deployed: Deployed, region: str, look: Look, overlay: Overlay) -> State:
    """A service's in a region."""
    app, service = deployed.app, deployed.service
    veto = vetoes(gateways_of(deployed.zone, app), look).get(region)
    return service_health(app, service, region, look, overlay, veto=veto).verdict.state


def _count(deployed: Deployed) -> int:
    """How many regions the block or the service has at all."""
    services = deployed.app.services if deployed.block else (deployed.service,)
    return len({region for service in services for region in service.endpoints})
