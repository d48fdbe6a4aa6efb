"""How much of the status is asked for: of which zone, app and service, and whether what is well."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.api.models import StatusQuery
from gtm.api.named import app_named, bare, service_named
from gtm.compile.compiler import Compiled

ACT = "show status"


@dataclass(frozen=True, slots=True)
class Looked:
    """What is shown. `zone`, `app` and `service` are bare names, "" for all of them.

    `ailing` shows services that are well only as a number, or by their names if `named`.
    """

    zone: str = ""
    app: str = ""
    service: str = ""
    ailing: bool = False
    named: bool = False

    def at_zone(self, name: str) -> bool:
        """Whether that zone is shown."""
        return self.zone in ("", bare(name))

    def at_app(self, name: str) -> bool:
        """Whether an app of that name is shown."""
        return self.app in ("", name)

    def at_service(self, name: str) -> bool:
        """Whether the service of that (whole) name is shown."""
        return self.service in ("", bare(name))


EVERYTHING = Looked()


def looked_at(compiled: Compiled, query: StatusQuery) -> Looked:
    """What a query asks for. Raises UsageError for a zone, app or service that is not there."""
    zone, app, service = query.zone, query.app, query.service
    ailing, named = query.services != "all", query.services == "named"
    if not (zone or app or service):
        return Looked(ailing=ailing, named=named)
    found = app_named(compiled, zone, app, service, ACT)
    if service:
        # a service is of one app of one zone
        one = service_named(found, service, ACT).service
        return Looked(bare(found.zone.name), found.app.name, bare(one.name), ailing, named)
    return Looked(bare(zone), app, "", ailing, named)
