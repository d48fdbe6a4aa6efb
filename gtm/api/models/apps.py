"""How apps stand: region by region, service by service, down to endpoints."""

from __future__ import annotations

from pydantic import Field

from gtm.api.models.base import Shape
from gtm.api.models.verdicts import CheckStatus, VerdictShape


class EndpointStatus(VerdictShape):
    """An endpoint; `latency_ms` is its latest probe's, None if it is not probed.

    `checks` are those that its verdict was derived from, where there are several. `expires` is
    when its certificate ends, the first to end (Unix time), `expires_soon` whether that is near.

    `load` is what it said of its load then, `load_error` why that can't be read.
    `response_ms` is the same smoothed over the successful probes, `service_ms` the smoothed time
    that the endpoint itself takes to answer, without the network; None while not known.
    """

    endpoint: str
    latency_ms: float | None
    load: float | None = None
    load_error: str | None = None
    response_ms: float | None = None
    service_ms: float | None = None
    checks: list[CheckStatus] = Field(default_factory=list)
    expires: float | None = None
    expires_soon: bool = False


class ServiceRegionStatus(VerdictShape):
    """A service in one of its regions.

    `response_ms` is the median of its endpoints' that are not down; None while none is known.
    """

    region: str
    response_ms: float | None = None
    endpoints: list[EndpointStatus]


class ServiceStatus(Shape):
    """A service in all of its regions; `policy` is its own, None where its app's holds."""

    name: str
    policy: str | None = None
    response_ms: float | None = None
    regions: list[ServiceRegionStatus]


class RegionStatus(VerdictShape):
    """The app's verdict for a region.

    `service_ms` is the service time that the app's steering goes by; None if it goes by none.
    `response_ms` is the median over all the app's endpoints there that are not down.
    `check` is the region's own, None if it has none, and `checks` what that puts together.
    """

    region: str
    service_ms: float | None = None
    response_ms: float | None = None
    check: CheckStatus | None = None
    checks: list[CheckStatus] = Field(default_factory=list)


class AppStatus(Shape):
    """An app: for `replicated`, `regions` is what steers; for `spread`, its services' are.

    `services_left_off` counts those that are up everywhere, where only the others were asked for.
    """

    name: str
    topology: str
    policy: str
    regions: list[RegionStatus]
    services: list[ServiceStatus]
    services_left_off: int = 0
