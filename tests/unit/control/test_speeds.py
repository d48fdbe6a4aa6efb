"""How fast services and regions are: medians over endpoints that are not down."""

from __future__ import annotations

from gtm.api.speeds import speeds
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


def test_each_level_has_the_median_of_its_endpoints() -> None:
    (app,) = compile_world({"a.yaml": ZONE}).apps.values()
    found = speeds(app, pace)
    assert found.service("orders", "us") == 0.2
    assert found.service("orders", "eu") is None, "nothing is measured there yet"
    assert found.service("orders") == 0.2
    assert found.region("us") == 0.35
    assert found.region("eu") is None


def test_what_is_down_has_no_part_in_it() -> None:
    (app,) = compile_world({"a.yaml": ZONE}, ["192.0.2.3", "192.0.2.4"]).apps.values()
    found = speeds(app, pace)
    assert found.service("orders", "us") == 0.15000000000000002
    assert found.service("payments") is None
    assert found.region("us") == 0.15000000000000002
