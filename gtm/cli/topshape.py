"""`gtm top --json`: one sample, a line of JSON. Times are Unix seconds, rates per second."""

from __future__ import annotations

from gtm.api.models import Shape


class TopRegion(Shape):
    """A region over all zones and apps.

    `state` is `up`, `down`, `unknown`, `drained` or `partly`: up for some apps only. `ailing`
    services of apps that are up there are not up. `share` is of all steered answers now (0..1).
    """

    region: str
    state: str
    forced: bool
    reason: str
    since: float
    apps: int
    apps_up: int
    ailing: int
    per_second: float
    share: float
    load: float | None
    capacity: float | None


class TopTrouble(Shape):
    """Where a service is not up, or not by its checks alone."""

    region: str
    endpoint: str
    state: str
    reason: str
    since: float


class TopService(Shape):
    """A service that has trouble or traffic; `regions` are its answers a second by region."""

    zone: str
    app: str
    service: str
    per_second: float
    regions: dict[str, float]
    trouble: list[TopTrouble]


class TopOverride(Shape):
    """An operator's word that is in force."""

    number: int
    target: str
    act: str
    said: str
    left: float | None


class TopEvent(Shape):
    """Something that happened."""

    at: float
    severity: str
    over: bool
    said: str
    reason: str


class TopShape(Shape):
    """One sample. `queries`, `rcodes` and `regions` are of the last few seconds; percentiles are
    microseconds inside the server, None while nothing is asked. `course` is queries a second over
    the last minutes, oldest first. `services` counts all, `ailing` those with trouble.
    """

    at: float
    version: str
    plane: str
    epoch: int
    uptime: float
    listen: list[str]
    queries: float
    course: list[float]
    rcodes: dict[str, float]
    p50_us: float | None
    p90_us: float | None
    p99_us: float | None
    reload_error: str | None
    frozen: str | None
    services: int
    ailing: int
    regions: list[TopRegion]
    busiest: list[TopService]
    overrides: list[TopOverride]
    lately: list[TopEvent]
