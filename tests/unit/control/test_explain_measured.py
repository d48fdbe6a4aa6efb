"""`gtm explain` says what measurements did."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from rich.console import Console

from gtm.api.models import ExplanationShape
from gtm.api.views import explanation
from gtm.cli.explained import explained
from gtm.compile.compiler import Compiler
from gtm.explain import explain
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, read_zones, sample_geo

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
checks: {up: {type: http}}
apps:
  shop:
    topology: spread
    check: up
    balance: BALANCE
    steering: STEERING
    services: {orders: {us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1, 198.51.100.2]}}
"""
READINGS = Readings(
    Verdicts(),
    pace=lambda target: {"192.0.2.1": 10.0, "192.0.2.2": 30.0}.get(target.address),
    load=lambda zone, region, endpoint: 250.0 if str(endpoint) == "192.0.2.1" else None,
    service_time=lambda zone, region: {"us": 12.0, "eu": 400.0}[region],
)


def shown(balance: str = "all", steering: str = "{latency_weight: 2}") -> ExplanationShape:
    text = ZONE.replace("BALANCE", balance).replace("STEERING", steering)
    compiled = Compiler().compile(read_zones({"gtm.yaml": text}), sample_geo(), READINGS, epoch=1)
    client = ip_address("198.51.100.1")
    found = explain(compiled, "orders.gtm.example.com", "A", client, 0.0, READINGS)
    return explanation(found)


def printed(found: ExplanationShape) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(explained(found))
    return capture.get()


def test_a_nearer_region_that_the_policy_leaves_out_is_named() -> None:
    summary = shown(steering="{policy: nearest, regions: [us]}").summary
    assert summary == "us: nearest of those that the policy uses here (eu would be nearer)"


def test_a_cost_has_its_two_parts() -> None:
    found = shown()
    assert found.steering is not None
    us, eu = found.steering.regions
    assert (us.region, us.service_ms, eu.service_ms) == ("us", 24.0, 800.0)
    assert us.rtt_ms is not None
    assert us.cost == pytest.approx(us.rtt_ms + 24.0)
    assert found.steering.regions_picked == ["us"]
    text = printed(found)
    assert "km + service 24.0 ms" in text
    assert "service times count, times 2: us +24 ms, eu +800 ms" in text


def test_the_weight_shown_is_that_of_the_rule_that_steers_the_client() -> None:
    rules = "{policy: geo, rules: [{match: EU, policy: nearest}, {policy: nearest, LW}]}"
    found = shown(steering=rules.replace("LW", "latency_weight: 2"))
    assert found.steering is not None
    assert [region.service_ms for region in found.steering.regions] == [0.0, 0.0]
    assert found.steering.regions_picked == ["eu"]


def test_without_a_weight_service_times_are_not_mentioned() -> None:
    assert "service time" not in printed(shown(steering="nearest"))


def test_shares_of_endpoints_are_shown_with_what_they_go_by() -> None:
    found = shown("ewma")
    assert found.steering is not None
    (picked,) = (region for region in found.steering.regions if region.picked)
    assert [(each.share, each.response_ms) for each in picked.endpoints] == [
        (0.75, 10.0),
        (0.25, 30.0),
    ]
    assert "responds in 10.0 ms (smoothed)" in printed(found)


def test_loads_are_shown_where_shares_go_by_them() -> None:
    found = shown("least_load")
    assert found.steering is not None
    (picked,) = (region for region in found.steering.regions if region.picked)
    assert [(each.share, each.load) for each in picked.endpoints] == [(0.5, 250.0), (0.5, None)]
    assert "; load 250" in printed(found)
