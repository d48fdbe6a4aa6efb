"""From what was compiled before and after to what happened: the events of verdicts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from gtm.compile.compiled import CompiledApp, Touched
from gtm.compile.compiler import Compiled
from gtm.events import CHECKS, REPORTS, Event, Kind, Severity
from gtm.model import Act, State, Topology, Verdict

Who = Callable[[Verdict], str]  # which operator's word a verdict with an act comes from

GONE = "it is not in the zone files any more"
_SEVERITY = {
    Kind.ENDPOINT: Severity.WARNING,
    Kind.SERVICE: Severity.WARNING,
    Kind.REGION: Severity.CRITICAL,
}
_States = dict[tuple[str, str, str], Verdict]  # by service name, region, endpoint; "" for none


def transitions(before: Compiled | None, after: Compiled, now: float, who: Who) -> Iterator[Event]:
    """What changed between the two; with none before, all that is not up. `now` is Unix time.

    There may be very many: each is made when it is asked for.
    """
    old = {} if before is None else before.apps
    if after.touched:  # not a load: nothing else can have changed
        for key, touched in after.touched.items():
            yield from _touched(old[key], after.apps[key], touched, now, who)
        return
    for key, app in after.apps.items():
        was = old.get(key)
        if was is None or (was is not app and was.health is not app.health):
            yield from _app(was, app, now, who)
    for key, app in old.items():
        if key not in after.apps:
            yield from _vanished(app, now)


def _app(before: CompiledApp | None, after: CompiledApp, now: float, who: Who) -> Iterator[Event]:
    yield from _all_down(before, after, now, who)
    old: _States = {}
    if before is None:
        new = _verdicts(after, after.services)
    else:
        keys = [
            key for key in {**before.services, **after.services} if _differs(before, after, key)
        ]
        old, new = _verdicts(before, keys), _verdicts(after, keys)
    for place, verdict in new.items():
        was = old.get(place)
        if was is not None and was.state is verdict.state:
            continue
        if was is None and verdict.state is State.UP:
            continue
        yield _changed(after, place, was, verdict, now, who)
    for place in old.keys() - new.keys():
        if old[place].state is not State.UP and before is not None:
            yield _gone(before, place, old[place], now)


def _touched(
    before: CompiledApp, after: CompiledApp, touched: Touched, now: float, who: Who
) -> Iterator[Event]:
    """What changed in some regions of some services, and in the app with them."""
    services = [""] if after.app.topology is Topology.REPLICATED else list(touched)
    yield from _all_down(before, after, now, who, services)
    for region in dict.fromkeys(name for regions in touched.values() for name in regions):
        was, new = before.health.regions, after.health.regions
        if was.state(region) is not new.state(region):
            place = ("", region, "")
            yield _changed(after, place, was[region], new[region], now, who)
    for key, regions in touched.items():
        name = after.services[key].service.name.rstrip(".")
        for region in regions:
            old, here = before.health.services[key][region], after.health.services[key][region]
            if old.verdict.state is not here.verdict.state:
                yield _changed(after, (name, region, ""), old.verdict, here.verdict, now, who)
            for (endpoint, one), (_, other) in zip(old.endpoints, here.endpoints, strict=True):
                if one.state is not other.state:
                    place = (name, region, str(endpoint).rstrip("."))
                    yield _changed(after, place, one, other, now, who)


def _vanished(app: CompiledApp, now: float) -> Iterator[Event]:
    for place, verdict in _verdicts(app, app.services).items():
        if verdict.state is not State.UP:
            yield _gone(app, place, verdict, now)
    for key in _steered(app):
        if _without_region(app, key):
            yield _nowhere(app, key, now, GONE, "zone files", over=True)


def _differs(before: CompiledApp, after: CompiledApp, key: str) -> bool:
    """Whether a service, or an endpoint of it, has another state, or is not in both.

    Asked of everything whenever zones are loaded, so nothing is put in words for it.
    """
    if key not in before.services or key not in after.services:
        return True
    if before.services[key].service.name != after.services[key].service.name:
        return True
    old, new = before.health.services[key], after.health.services[key]
    if old.keys() != new.keys():
        return True
    for region, here in new.items():
        was = old[region]
        if was is here:  # taken over by the load
            continue
        if was.verdict.state is not here.verdict.state or len(was.endpoints) != len(here.endpoints):
            return True
        for (one, found), (other, finds) in zip(was.endpoints, here.endpoints, strict=True):
            if found.state is not finds.state or (one is not other and one != other):
                return True
    return False


def _verdicts(app: CompiledApp, keys: Iterable[str]) -> _States:
    """The verdicts of an app: of regions, of these services in them, of endpoints.

    The broadest come first.
    """
    found: _States = {("", region, ""): verdict for region, verdict in app.health.regions.items()}
    endpoints: _States = {}
    for key in keys:
        if key not in app.services:
            continue
        name = app.services[key].service.name.rstrip(".")
        for region, health in app.health.services[key].items():
            found[name, region, ""] = health.verdict
            for endpoint, verdict in health.endpoints:
                endpoints[name, region, str(endpoint).rstrip(".")] = verdict
    return found | endpoints


def _changed(
    app: CompiledApp,
    place: tuple[str, str, str],
    was: Verdict | None,
    verdict: Verdict,
    now: float,
    who: Who,
) -> Event:
    by, kind = _decided(was, verdict, who), _kind(place)
    severity = _SEVERITY[kind]
    if verdict.state is State.UP or verdict.act is not None:
        severity = Severity.INFO
    elif verdict.state is State.UNKNOWN:
        severity = min(severity, Severity.WARNING)
    before = "" if was is None else _word(was)
    return _event(app, place, now, severity, verdict.reason, by, before, _word(verdict))


def _gone(app: CompiledApp, place: tuple[str, str, str], was: Verdict, now: float) -> Event:
    return _event(app, place, now, Severity.INFO, GONE, "zone files", _word(was), "removed")


def _event(
    app: CompiledApp,
    place: tuple[str, str, str],
    now: float,
    severity: Severity,
    reason: str,
    by: str,
    before: str,
    after: str,
) -> Event:
    service, region, endpoint = place
    kind, zone = _kind(place), app.zone.name.rstrip(".")
    parts = [kind.value, zone, app.app.name, service, region, endpoint]
    return Event(
        now,
        kind,
        severity,
        "/".join(part for part in parts if part),
        reason,
        after in ("up", "removed"),
        by,
        before,
        after,
        zone,
        app.app.name,
        service,
        region,
        endpoint,
    )


def _kind(place: tuple[str, str, str]) -> Kind:
    service, _, endpoint = place
    return Kind.ENDPOINT if endpoint else Kind.SERVICE if service else Kind.REGION


def _word(verdict: Verdict) -> str:
    return "drained" if verdict.act is Act.DRAIN else verdict.state.value


def _decided(was: Verdict | None, verdict: Verdict, who: Who) -> str:
    if verdict.act is not None:
        return f"override by {who(verdict)}" if who(verdict) else "override"
    if was is not None and was.act is not None:
        return "override ended"
    return REPORTS if verdict.reported else CHECKS


# --- no region left ---------------------------------------------------------------------


def _all_down(
    before: CompiledApp | None,
    after: CompiledApp,
    now: float,
    who: Who,
    keys: Iterable[str] | None = None,
) -> Iterator[Event]:
    """For services by key ("" is the whole of a replicated app), or for all of them."""
    for key in _steered(after) if keys is None else keys:
        was = before is not None and _is_steered(before, key) and _without_region(before, key)
        if _without_region(after, key) and not was:
            region, latest = _last_lost(after, key)
            reason = f"{region} was {_lost(after, key)}: {latest.reason}"
            yield _nowhere(after, key, now, reason, _decided(None, latest, who))
        if was and not _without_region(after, key):
            yield _nowhere(after, key, now, "a region can take its clients", "gtm", over=True)


def _steered(app: CompiledApp) -> Collection[str]:
    """What is steered by itself: a block as a whole (""), or services by key."""
    return [""] if app.app.topology is Topology.REPLICATED else app.services


def _is_steered(app: CompiledApp, key: str) -> bool:
    return key in _steered(app)


def _without_region(app: CompiledApp, key: str) -> bool:
    """Whether no region is up for it."""
    state = app.health.regions.state
    if not key:
        return all(state(region) is State.DOWN for region in app.app.regions)
    here = app.health.services[key].values()
    return all(found.verdict.state is State.DOWN for found in here)


def _last_lost(app: CompiledApp, service: str) -> tuple[str, Verdict]:
    """The region that was up longest, and its verdict."""
    return max(_standing(app, service).items(), key=lambda pair: pair[1].since)


def _lost(app: CompiledApp, service: str) -> str:
    regions = len(_standing(app, service))
    return "the only region" if regions == 1 else f"the last of {regions} regions"


def _standing(app: CompiledApp, service: str) -> dict[str, Verdict]:
    """The verdicts of the regions of a service by key, or of the app's."""
    if not service:
        return dict(app.health.regions)
    return {region: found.verdict for region, found in app.health.services[service].items()}


def _nowhere(
    app: CompiledApp, key: str, now: float, reason: str, by: str, *, over: bool = False
) -> Event:
    zone, name = app.zone.name.rstrip("."), app.app.name
    service = app.services[key].service.name.rstrip(".") if key else ""
    return Event(
        now,
        Kind.ALL_DOWN,
        Severity.INFO if over else Severity.CRITICAL,
        "/".join(part for part in ("all_down", zone, name, service) if part),
        reason,
        over,
        by,
        before="down" if over else "up",
        after="up" if over else "down",
        zone=zone,
        app=name,
        service=service,
    )
