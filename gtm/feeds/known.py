"""The endpoints that may be reported about, by service, region and address."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gtm.feeds.bounds import Place
from gtm.model import Endpoint, Service, Target, Zone
from gtm.steering.verdicts import target_of
from gtm.zonefile.findings import listed

LONGEST = 80  # characters of a name that a message repeats


class Known:
    """Everything that some zones serve."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        """Reads them once; looking up is cheap."""
        self._services: dict[str, dict[str, dict[str, Target | None]]] = {}
        self._places: dict[Target, list[Place]] = {}
        for zone in zones:
            for app in zone.apps:
                place = Place(zone, app)
                for service in app.services:
                    self._add(place, service)

    def _add(self, place: Place, service: Service) -> None:
        regions: dict[str, dict[str, Target | None]] = {}
        for region, endpoints in service.endpoints.items():
            regions[region] = {
                _bare(str(end)): self._target(place, service, end) for end in endpoints
            }
        self._services[_bare(service.name)] = regions

    def _target(self, place: Place, service: Service, endpoint: Endpoint) -> Target | None:
        target = target_of(place.app, service, endpoint)
        if target is None or target.check.passive is None:
            return None
        places = self._places.setdefault(target, [])
        if not places or places[-1] is not place:
            places.append(place)
        return target

    @property
    def targets(self) -> Collection[Target]:
        """Those that reports can take out."""
        return self._places.keys()

    def places(self, target: Target) -> tuple[Place, ...]:
        """The apps in which a target counts."""
        return tuple(self._places.get(target, ()))

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


def _bare(name: str) -> str:
    return name.lower().rstrip(".")


def _shown(text: str) -> str:
    return repr(text[:LONGEST])
