"""What may have been meant by a target that matches nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches

from gtm.compile.compiled import CompiledApp
from gtm.overrides.target import Level, OverrideTarget, bare, endpoints_of, matcher
from gtm.steering.verdicts import regions_of

LOOKED_AT = 10_000  # names that are compared with a misspelt one: more would hold the loop up
ASKED_AT = 1_000  # the same, for questions that come more often than acts
SHOWN = 3
ALIKE = 0.6  # of 1: what difflib takes for close
WHOLE_ALIKE = 0.88  # the same of whole names, whose ends are alike anyway


def nothing_matches(target: OverrideTarget, apps: Collection[CompiledApp]) -> str:
    """The sentence for a target that nothing matches, with the names nearest to it."""
    hint = " or ".join(str(near) for near in _nearest(target, apps))
    others = ", ".join(str(other) for other in _others(target, apps))
    remedy = f"there are {others}" if others else "gtm status lists what there is"
    remedy = f"did you mean {hint}?" if hint else remedy
    what = "region" if target.level is Level.REGION else "app, service or endpoint"
    return f"cannot find {target}: no {what} matches; {remedy}"


def services_like(name: str, apps: Collection[CompiledApp]) -> str:
    """`; did you mean ...?` with the services whose names are close, "" if none is."""
    whole = {bare(service.name) for app in apps for service in app.app.services if service.name}
    wanted = bare(name)
    first = [one for one in sorted(whole) if one.startswith(f"{wanted}.")][:SHOWN]
    close = first or _close(wanted, sorted(whole)[:ASKED_AT], WHOLE_ALIKE)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _nearest(target: OverrideTarget, apps: Collection[CompiledApp]) -> list[OverrideTarget]:
    """Targets that match, with one part after the other put right."""
    zones = {bare(app.zone.name) for app in apps}
    if target.zone is not None and not any(map(matcher(target.zone), zones)):
        return [replace(target, zone=zone) for zone in _close(target.zone, zones)]
    there = [app for app in apps if target.in_zone(app.zone)]
    if target.level is not Level.REGION:
        names = _names(target, there)
        if not any(map(matcher(target.name), names)):
            return [replace(target, name=name) for name in _close(target.name, names)]
    close = _close(target.region, set(_regions(target, there)))
    return [replace(target, region=region) for region in close]


def _others(target: OverrideTarget, apps: Iterable[CompiledApp]) -> list[OverrideTarget]:
    """The same in a few of the regions that it could be in, however they are called."""
    there = [app for app in apps if target.in_zone(app.zone)]
    regions = [] if target.level is Level.ENDPOINT else sorted(set(_regions(target, there)))
    return [replace(target, region=region) for region in regions[:SHOWN]]


def _names(target: OverrideTarget, apps: Iterable[CompiledApp]) -> set[str]:
    if target.level is Level.APP:
        return {app.app.name for app in apps}
    if target.level is Level.ENDPOINT:
        return {name for app in apps for name in endpoints_of(app.app)}
    services = [service for app in apps for service in app.app.services]
    return {name for one in services for name in (one.key, bare(one.name)) if name}


def _regions(target: OverrideTarget, apps: Iterable[CompiledApp]) -> Iterable[str]:
    """The regions of what the rest of the target matches."""
    for app in apps:
        if target.level is Level.SERVICE:
            for service in filter(target.names, app.app.services):
                yield from service.endpoints
        elif target.level is Level.REGION or matcher(target.name)(app.app.name):
            yield from regions_of(app.app)


def _close(word: str, known: Iterable[str], alike: float = ALIKE) -> list[str]:
    return get_close_matches(word, sorted(known)[:LOOKED_AT], n=SHOWN, cutoff=alike)
