"""Which regions a target serves: a fault of several of them at once may be one of our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gtm.checks import Target
from gtm.model import Zone
from gtm.steering.verdicts import gateways_of, probed_for
from gtm.steering.watched import targets_in


def regions_served(zones: Iterable[Zone]) -> Mapping[Target, frozenset[str]]:
    """The names of the regions of everything that is probed for the zones."""
    found: dict[Target, set[str]] = {}
    for zone in zones:
        for app in zone.apps:
            for region, gateway in gateways_of(zone, app).items():
                for target in targets_in(gateway):
                    found.setdefault(target, set()).add(region)
            for service in app.services:
                for region, endpoints in service.endpoints.items():
                    for endpoint in endpoints:
                        for target in probed_for(app, service, endpoint):
                            found.setdefault(target, set()).add(region)
    alike = {frozenset(names): frozenset(names) for names in found.values()}  # few differ
    return {target: alike[frozenset(names)] for target, names in found.items()}
