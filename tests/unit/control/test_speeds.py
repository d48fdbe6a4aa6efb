"""How fast services and regions are: medians over endpoints that are not down."""

from __future__ import annotations

from gtm.api.exposition import written
from gtm.api.speeds import speed_metrics
from gtm.checks import Target
from tests.worlds import compile_world

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US-VA}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: spread
    check: up
    services:
      orders: {us: [192.0.2.1, 192.0.2.2, 192.0.2.3], eu: 198.51.100.1}
      payments: {us: 192.0.2.4}
"""
SECONDS = {"192.0.2.1": 0.1, "192.0.2.2": 0.2, "192.0.2.3": 9.0, "192.0.2.4": 0.5}


def pace(target: Target) -> float | None:
    return SECONDS.get(target.address)


def lines(down: tuple[str, ...] = ()) -> set[str]:
    """What is told of speeds."""
    apps = compile_world({"a.yaml": ZONE}, down).apps.values()
    found = "".join(written(speed_metrics(apps, pace))).splitlines()
    return {line for line in found if not line.startswith("#")}


ORDERS = 'gtm_service_latency_ewma_seconds{region="us",service="orders.gtm.example.com.",ZONE} '
PAYMENTS = ORDERS.replace("orders", "payments")
SHOP = 'gtm_region_latency_ewma_seconds{app="shop",region="us",ZONE} '


def of_zone(*found: str) -> set[str]:
    return {line.replace("ZONE", 'zone="gtm.example.com."') for line in found}


def test_each_level_has_the_median_of_its_endpoints_that_are_measured() -> None:
    assert lines() == of_zone(f"{ORDERS}0.2", f"{PAYMENTS}0.5", f"{SHOP}0.35")


def test_what_is_down_has_no_part_in_it() -> None:
    down = ("192.0.2.3", "192.0.2.4")
    assert lines(down) == of_zone(f"{ORDERS}0.15000000000000002", f"{SHOP}0.15000000000000002")
