"""Which regions a target serves: a fault of several of them at once may be one of our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gtm.checks import Target
from gtm.model import App
from gtm.steering.verdicts import target_of


def regions_served(apps: Iterable[App]) -> Mapping[Target, frozenset[str]]:
    """The names of the regions of everything that is probed for the apps."""
    found: dict[Target, set[str]] = {}
    for app in apps:
        for service in app.services:
            for region, endpoints in service.endpoints.items():
                for endpoint in endpoints:
                    target = target_of(app, service, endpoint)
                    if target is not None:
                        found.setdefault(target, set()).add(region)
    shared = {frozenset(names): frozenset(names) for names in found.values()}  # few differ
    return {target: shared[frozenset(names)] for target, names in found.items()}
