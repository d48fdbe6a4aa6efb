"""Which services have something about them that an operator must see: among 10,000, a few."""

from __future__ import annotations

from collections.abc import Collection

from gtm.checks import Target
from gtm.compile.compiled import CompiledApp
from gtm.model import Service, State, Verdict
from gtm.steering.watched import targets_in


def ailing(compiled: CompiledApp, service: Service, ending: Collection[Target]) -> bool:
    """Whether the service or an endpoint is not up somewhere, or an operator or reports said so.

    Also whether one of its certificates is among those that end soon.
    """
    for here in compiled.health.services[service.key].values():
        if _stands_out(here.verdict) or any(_stands_out(each) for _, each in here.endpoints):
            return True
        if ending and any(target in ending for each in here.targets for target in targets_in(each)):
            return True
    return False


def _stands_out(verdict: Verdict) -> bool:
    return verdict.state is not State.UP or verdict.act is not None
