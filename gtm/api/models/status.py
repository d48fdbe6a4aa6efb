"""Everything that `gtm status` shows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gtm.api.models.access import AccessStatus
from gtm.api.models.apps import AppStatus
from gtm.api.models.base import LONGEST_NAME, Query, Shape
from gtm.api.models.certificate import CertificateStatus
from gtm.api.models.feeds import FeedsStatus
from gtm.api.models.history import EventShape
from gtm.api.models.loads import RegionLoad
from gtm.api.models.overrides import KeptStatus, OverrideStatus
from gtm.api.models.peers import SecondaryStatus, SignedStatus
from gtm.api.models.reload import ReloadStatus


class ZoneStatus(Shape):
    """A zone that is served; `signed` is there if it is.

    `updated_names` have records that were added over DNS.
    """

    name: str
    serial: int
    files: list[str]
    apps: list[AppStatus]
    signed: SignedStatus | None = None
    updated_names: int = 0
    secondaries: list[SecondaryStatus] = Field(default_factory=list)


class GeoStatus(Shape):
    """A geo database in use; `stale` if it is older than it should be."""

    path: str
    type: str
    built: float
    networks: int
    stale: bool


class HealthStatus(Shape):
    """How the checking itself is doing: counts of targets, and what is wrong in words.

    `frozen` is why no failure is believed, since `frozen_since` (Unix time); None while they are.
    """

    targets: int
    stale: int
    impaired: int
    disbelieved: int
    held: int
    frozen: str | None = None
    frozen_since: float | None = None
    memory: str | None = None


class Status(Shape):
    """Everything `gtm status` shows."""

    version: str
    plane: str
    ready: bool
    epoch: int
    started: float
    now: float
    listen: list[str]
    queries: int
    reload: ReloadStatus
    geo: list[GeoStatus]
    zones: list[ZoneStatus]
    overrides: list[OverrideStatus] = Field(default_factory=list)
    kept: KeptStatus | None = None
    loads: list[RegionLoad] = Field(default_factory=list)
    history: list[EventShape] = Field(default_factory=list)
    feeds: FeedsStatus | None = None
    health: HealthStatus | None = None
    certificate: CertificateStatus | None = None
    access: AccessStatus | None = None


class StatusQuery(Query):
    """How much of the status: a server of ten thousand services has 15 megabytes of it.

    `services=ailing` leaves services out that are up everywhere, and only counts them, and from
    the 51st ailing service of an app on, regions where the service is well;
    `services=named` says of these no more than what they are called. `zone`, `app` and `service`
    leave out all others.
    """

    services: Literal["all", "ailing", "named"] = "all"
    zone: str = Field(default="", max_length=LONGEST_NAME)
    app: str = Field(default="", max_length=LONGEST_NAME)
    service: str = Field(default="", max_length=LONGEST_NAME)
