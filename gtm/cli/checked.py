"""The JSON of `gtm check --json`."""

from __future__ import annotations

from gtm.api.models import MistakeShape, Shape
from gtm.model import Zone
from gtm.zonefile.ordinary import record_count


class CheckedApp(Shape):
    """An app and the full names of its services."""

    name: str
    topology: str
    policy: str
    services: list[str]


class CheckedZone(Shape):
    """What a zone holds; `records` counts the static ones, apart from SOA and NS of the apex."""

    name: str
    serial: int
    files: list[str]
    regions: list[str]
    apps: list[CheckedApp]
    records: int


class Checked(Shape):
    """`ok` unless there is a mistake; then `zones` is empty, as none would be served."""

    ok: bool
    mistakes: list[MistakeShape]
    warnings: list[MistakeShape]
    zones: list[CheckedZone]


def checked_zone(zone: Zone) -> CheckedZone:
    """A zone as JSON says it."""
    return CheckedZone(
        name=zone.name,
        serial=zone.serial,
        files=list(zone.files),
        regions=list(zone.regions),
        apps=[
            CheckedApp(
                name=app.name,
                topology=app.topology.value,
                policy=app.steering.policy.value,
                services=[service.name for service in app.services],
            )
            for app in zone.apps
        ],
        records=record_count(zone),
    )
