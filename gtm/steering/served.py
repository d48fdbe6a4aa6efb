"""Which regions a target serves: a fault of several of them at once may be one of our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gtm.checks import Target
from gtm.model import Zone
from gtm.steering.verdicts import probed_for
from gtm.steering.watched import gateway, targets_in


def regions_served(zones: Iterable[Zone]) -> Mapping[Target, frozenset[str]]:
    """The regions, by name, that each target of the zones serves."""
    found: dict[Target, set[str]] = {}
    for zone in zones:
        for region in zone.regions.values():
            for target in () if region.check is None else targets_in(gateway(region.check)):
                found.setdefault(target, set()).add(region.name)
        for app in zone.apps:
            for service in app.services:
                for name, endpoints in service.endpoints.items():
                    for endpoint in endpoints:
                        for target in probed_for(app, service, endpoint):
                            found.setdefault(target, set()).add(name)
    shared: dict[frozenset[str], frozenset[str]] = {}
    return {
        target: shared.setdefault(known, known)
        for target, regions in found.items()
        for known in (frozenset(regions),)
    }
