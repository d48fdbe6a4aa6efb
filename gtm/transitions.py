"""From what was compiled before and after to what happened: the events of verdicts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gtm.compile.compiler import Compiled, CompiledApp
from gtm.events import CHECKS, Event, Kind, Severity
from gtm.model import Act, State, Topology, Verdict
from gtm.steering.verdicts import steering_verdicts

Who = Callable[[Verdict], str]  # which operator's word a verdict with an act comes from

GONE = "it is not in the zone files any more"
_SEVERITY = {
    Kind.ENDPOINT: Severity.WARNING,
    Kind.SERVICE: Severity.WARNING,
    Kind.REGION: Severity.CRITICAL,
}
_States = dict[tuple[str, str, str], Verdict]  # by service name, region, endpoint; "" for none


def transitions(before: Compiled | None, after: Compiled, now: float, who: Who) -> list[Event]:
    """What changed between the two; with none before, all that is not up. `now` is Unix time."""
    found: list[Event] = []
    old = {} if before is None else before.apps
    for key, app in after.apps.items():
        was = old.get(key)
        if was is None or (was is not app and was.health is not app.health):
            found.extend(_app(was, app, now, who))
    for key, app in old.items():
        if key not in after.apps:
            found.extend(_vanished(app, now))
    return found


def _app(before: CompiledApp | None, after: CompiledApp, now: float, who: Who) -> Iterator[Event]:
    yield from _all_down(before, after, now)
    old, new = ({} if before is None else _verdicts(before)), _verdicts(after)
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


def _vanished(app: CompiledApp, now: float) -> Iterator[Event]:
    for place, verdict in _verdicts(app).items():
        if verdict.state is not State.UP:
            yield _gone(app, place, verdict, now)
    for service in _without_region(app):
        yield _nowhere(app, service, now, GONE, over=True)


def _verdicts(app: CompiledApp) -> _States:
    """Every verdict of an app: of regions, of services in them, of endpoints, broadest first."""
    found: _States = {("", region, ""): verdict for region, verdict in app.health.regions.items()}
    endpoints: _States = {}
    for key, regions in app.health.services.items():
        name = app.services[key].service.name.rstrip(".")
        for region, health in regions.items():
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
    return "override ended" if was is not None and was.act is not None else CHECKS


# --- no region left ---------------------------------------------------------------------


def _all_down(before: CompiledApp | None, after: CompiledApp, now: float) -> Iterator[Event]:
    old = set() if before is None else _without_region(before)
    new = _without_region(after)
    for service in sorted(new - old):
        yield _nowhere(after, service, now, _why(after, service))
    for service in sorted(old - new):
        yield _nowhere(after, service, now, "a region can take its clients", over=True)


def _without_region(app: CompiledApp) -> set[str]:
    """The services that no region is up for: "" is the whole of a replicated app."""
    return {
        name
        for name, verdicts in _steered(app).items()
        if verdicts and all(verdict.state is State.DOWN for verdict in verdicts.values())
    }


def _steered(app: CompiledApp) -> dict[str, dict[str, Verdict]]:
    if app.app.topology is Topology.REPLICATED:
        return {"": dict(app.health.regions)}
    return {
        service.name.rstrip("."): dict(steering_verdicts(app.app, service, app.health))
        for service in app.app.services
    }


def _why(app: CompiledApp, service: str) -> str:
    verdicts = _steered(app)[service]
    region, latest = max(verdicts.items(), key=lambda pair: pair[1].since)
    lost = "the only region" if len(verdicts) == 1 else f"the last of {len(verdicts)} regions"
    return f"{region} was {lost}: {latest.reason}"


def _nowhere(
    app: CompiledApp, service: str, now: float, reason: str, *, over: bool = False
) -> Event:
    zone, name = app.zone.name.rstrip("."), app.app.name
    return Event(
        now,
        Kind.ALL_DOWN,
        Severity.INFO if over else Severity.CRITICAL,
        "/".join(part for part in ("all_down", zone, name, service) if part),
        reason,
        over,
        before="down" if over else "up",
        after="up" if over else "down",
        zone=zone,
        app=name,
        service=service,
    )
