"""What steering goes by, and the log of its changes: each once, with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import structlog

from gtm.compile.compiled import CompiledApp, Touched
from gtm.compile.compiler import AppKey
from gtm.model import State, Topology, Verdict

log = structlog.get_logger("gtm")


def log_down(apps: Iterable[CompiledApp]) -> None:
    """Says which regions are down."""
    for app in apps:
        for (subject, region), verdict in _verdicts(app).items():
            if verdict.state is State.DOWN:
                _log_verdict(app, subject, region, verdict)


def _verdicts(app: CompiledApp) -> dict[tuple[str, str], Verdict]:
    """What steering goes by: a block's regions, or each spread service's."""
    if app.app.topology is Topology.REPLICATED:
        return {("", region): verdict for region, verdict in app.health.regions.items()}
    return {
        (service, region): health.verdict
        for service, regions in app.health.services.items()
        for region, health in regions.items()
    }


def log_changes(
    before: Mapping[AppKey, CompiledApp],
    after: Mapping[AppKey, CompiledApp],
    touched: Mapping[AppKey, Touched],
) -> Iterator[None]:
    """Says which regions are in another state than before, of what was looked at: a line a step."""
    for key, services in touched.items():
        yield from _log_changes(before[key], after[key], services)


def _log_changes(before: CompiledApp, after: CompiledApp, touched: Touched) -> Iterator[None]:
    if after.app.topology is Topology.REPLICATED:
        was, now = before.health.regions, after.health.regions
        for region in after.app.regions:
            if was.state(region) is not now.state(region):
                _log_verdict(after, "", region, now[region])
                yield
        return
    for service, regions in touched.items():
        old, new = before.health.services[service], after.health.services[service]
        for region in regions:
            verdict = new[region].verdict
            if verdict.state is not old[region].verdict.state:
                _log_verdict(after, service, region, verdict)
                yield


def _log_verdict(app: CompiledApp, subject: str, region: str, verdict: Verdict) -> None:
    say = log.warning if verdict.state is State.DOWN else log.info
    about = {"service": subject} if subject else {}
    say(
        f"region_{verdict.state.value}",
        zone=app.zone.name.rstrip("."),
        app=app.app.name,
        region=region,
        reason=verdict.reason,
        **about,
    )
