"""The endpoints that may be reported about, by service, region and address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from gtm.checks import Target
from gtm.feeds.bounds import Deployed, Use
from gtm.model import App, Endpoint, Service, Zone
from gtm.steering.verdicts import probed_for
from gtm.zonefile.findings import listed

LONGEST = 80  # characters of a name that a message repeats


class Known:
    """Everything that some zones serve."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        """Reads them once; looking up is cheap."""
        self._services: dict[str, dict[str, dict[str, Target | None]]] = {}
        self._uses: dict[Target, list[Use]] = {}
        for zone in zones:
            for app in zone.apps:
                for service in app.services:
                    self._add(zone, app, service)

    def _add(self, zone: Zone, app: App, service: Service) -> None:
        regions = {
            region: {_bare(str(end)): _target(app, service, end) for end in endpoints}
            for region, endpoints in service.endpoints.items()
        }
        self._services[_bare(service.name)] = regions
        targets = tuple(target for here in regions.values() for target in here.values())
        deployed, times = Deployed(zone, app, service, targets), Counter(targets)
        for region, here in regions.items():
            for target in dict.fromkeys(here.values()):
                if target is not None:
                    self._uses.setdefault(target, []).append(Use(deployed, region, times[target]))

    @property
    def targets(self) -> Collection[Target]:
        """Those that reports can take out."""
        return self._uses.keys()

    def uses(self, target: Target) -> Sequence[Use]:
        """Where a target counts."""
        return self._uses.get(target, ())

    def find(self, service: str, region: str, endpoint: str) -> Target | str:
        """The target that a report is about, or why it can't be used, in words."""
        regions = self._services.get(_bare(service))
        if regions is None:
            return f"there is no service {_shown(service)}"
        endpoints = regions.get(region)
        if endpoints is None:
            return (
                f"{_bare(service)} is not in a region {_shown(region)}; it is in {listed(regions)}"
            )
        if _bare(endpoint) not in endpoints:
            return (
                f"{_bare(service)} has no endpoint {_shown(endpoint)} in {region}; "
                f"there are {listed(endpoints)}"
            )
        target = endpoints[_bare(endpoint)]
        if target is None:
            return f"reports about {_bare(service)} are not used: its check has no `passive`"
        return target


def _target(app: App, service: Service, endpoint: Endpoint) -> Target | None:
    """What reports about an endpoint count for; None where they are not used."""
    probed = probed_for(app, service, endpoint)
    return next((target for target in probed if target.check.passive is not None), None)


def _bare(name: str) -> str:
    return name.lower().rstrip(".")


def _shown(text: str) -> str:
    return repr(text[:LONGEST])
