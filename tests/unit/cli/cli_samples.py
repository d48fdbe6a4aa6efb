"""Zones, explanations and statuses to show."""

from __future__ import annotations

from collections.abc import Mapping

from gtm.api.models import (
    AppStatus,
    EndpointStatus,
    EventShape,
    GeoStatus,
    MistakeShape,
    RegionStatus,
    ReloadStatus,
    ServiceRegionStatus,
    ServiceStatus,
    Status,
    ZoneStatus,
)

NOW = 1_000_000.0

GOOD = """\
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
soa: {contact: hostmaster@example.com}
regions:
  us-east: {location: [39.04, -77.49]}
  eu-west: {location: IE}
apps:
  shop:
    topology: replicated
    check: tcp
    services:
      orders:
        us-east: [192.0.2.10]
        eu-west: [198.51.100.10]
checks:
  tcp: {type: tcp, port: 80}
records:
  www: {type: CNAME, value: orders.gtm.example.com.}
"""

BAD = """\
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions:
  eu-west: {locaton: IE}
apps:
  shop:
    topology: replicatd
    services: {orders: {eu-west: [192.0.2.300]}}
"""


def endpoint(state: str = "up", reason: str = "HTTP 200") -> EndpointStatus:
    return EndpointStatus(
        endpoint="192.0.2.10", latency_ms=2.0, state=state, reason=reason, since=NOW - 12
    )


def service(
    name: str, regions: Mapping[str, list[EndpointStatus]], state: str = "up"
) -> ServiceStatus:
    return ServiceStatus(
        name=f"{name}.gtm.example.com.",
        regions=[
            ServiceRegionStatus(
                region=region,
                endpoints=endpoints,
                state=state,
                reason=f"reason of {name}",
                since=NOW - 12,
            )
            for region, endpoints in regions.items()
        ],
    )


def region(name: str, state: str = "up", reason: str = "all is well") -> RegionStatus:
    return RegionStatus(region=name, state=state, reason=reason, since=NOW - 12)


def an_app(
    regions: list[RegionStatus], services: list[ServiceStatus], topology: str = "replicated"
) -> AppStatus:
    return AppStatus(
        name="shop", topology=topology, policy="nearest", regions=regions, services=services
    )


def a_status(
    *apps: AppStatus, error: str | None = None, mistakes: tuple[MistakeShape, ...] = ()
) -> Status:
    return Status(
        version="0.1.0",
        plane="python",
        ready=True,
        epoch=7,
        started=NOW - 7200,
        now=NOW,
        listen=["127.0.0.1:5300"],
        queries=1234,
        reload=ReloadStatus(at=NOW - 60, error=error, mistakes=list(mistakes)),
        geo=[
            GeoStatus(path="/data/city.mmdb", type="City", built=0.0, networks=400_000, stale=True)
        ],
        zones=[
            ZoneStatus(name="gtm.example.com.", serial=5, files=["gtm.yaml"], apps=list(apps)),
        ],
    )


def happening(
    kind: str, after: str, at: float, reason: str, before: str = "up", region: str = "us"
) -> EventShape:
    """Something that happened to the app shop there: `kind` is region, service or endpoint."""
    service = "" if kind == "region" else "orders.gtm.example.com"
    subject = service or "shop"
    return EventShape(
        at=at,
        kind=kind,
        severity="warning",
        said=f"{subject} in {region} is {after}",
        reason=reason,
        over=after == "up",
        by="probe",
        before=before,
        after=after,
        zone="gtm.example.com",
        app="shop",
        service=service,
        region=region,
        endpoint="192.0.2.10" if kind == "endpoint" else "",
        key=f"{kind} {subject} {region}",
    )
