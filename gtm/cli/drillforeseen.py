"""What the server says that a drill would do, before it begins: the same as `gtm simulate`."""

from __future__ import annotations

from gtm.api.models import SimulationShape
from gtm.cli.client import Client
from gtm.cli.drillscene import Scope
from gtm.cli.drillshape import DrillForeseen


def foreseen(there: Client, scope: Scope) -> tuple[list[DrillForeseen], list[str]]:
    """Clients of each region before and after, and its load where that is known.

    Also what these are made of. All else is as it is now. Raises GtmError where the server can't
    say.
    """
    body = {"down": [scope.region], "zone": scope.zone, "app": scope.app}
    found = there.ask("/v1/simulate", SimulationShape, body)
    total = found.picture.total
    loads = {load.region: load for load in found.loads}
    return [
        DrillForeseen(
            region=share.region or "",
            before=share.before / total,
            after=share.after / total,
            capacity=loads[share.region].capacity if share.region in loads else None,
            load_before=loads[share.region].before if share.region in loads else None,
            load_after=loads[share.region].kept if share.region in loads else None,
            exceeded=share.region in loads and loads[share.region].exceeded,
        )
        for share in found.picture.shares
        if total
    ], found.assumptions
