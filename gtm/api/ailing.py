"""Which services have something about them that an operator must see: among 10,000, a few."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gtm.checks import Target
from gtm.compile.compiled import CompiledApp
from gtm.model import Service, State, Verdict
from gtm.steering.verdicts import ServiceHealth
from gtm.steering.watched import targets_in


def ailing(
    compiled: CompiledApp, service: Service, ending: Collection[Target]
) -> Mapping[str, ServiceHealth]:
    """The regions where the service or an endpoint is not up, or an operator or reports said so.

    Also those where one of its certificates is among those that end soon.
    """
    return {
        region: here
        for region, here in compiled.health.services[service.key].items()
        if _stands_out(here.verdict)
        or any(_stands_out(each) for _, each in here.endpoints)
        or (ending and any(one in ending for each in here.targets for one in targets_in(each)))
    }


def _stands_out(verdict: Verdict) -> bool:
    return verdict.state is not State.UP or verdict.act is not None
