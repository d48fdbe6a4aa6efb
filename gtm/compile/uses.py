"""Where verdicts count: from what is probed to the services that it is probed for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from gtm.checks import Target
from gtm.compile.compiled import CompiledApp
from gtm.steering.watched import Watched, targets_in


class Use(NamedTuple):
    """Where a target's verdict counts: an app (by zone and app name), a service, a region.

    A tuple, as there may be hundreds of thousands.
    """

    zone: str
    app: str
    service: str
    region: str


def uses_of(apps: Mapping[tuple[str, str], CompiledApp]) -> Mapping[Target, Collection[Use]]:
    """Everything that is probed for the apps, with where it counts."""
    uses: dict[Target, list[Use]] = {}
    for (zone, app), compiled in apps.items():
        gateways = compiled.health.gateways
        for key, regions in compiled.health.services.items():
            for region, here in regions.items():
                use = Use(zone, app, key, region)
                for target in here.targets:
                    if type(target) is Target:
                        uses.setdefault(target, []).append(use)
                    elif target is not None:
                        _add(uses, target, use)
                if region in gateways:
                    _add(uses, gateways[region], use)
    return uses


def _add(uses: dict[Target, list[Use]], found: Watched, use: Use) -> None:
    for target in dict.fromkeys(targets_in(found)):
        uses.setdefault(target, []).append(use)
