"""Area tables under measured service times: which are made anew, and which are not."""

from __future__ import annotations

from gtm.compile.compiler import Compiled, Compiler
from gtm.snapshot import AreaTable
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, read_zones, sample_geo

ZONES = read_zones(
    {
        "gtm.yaml": """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
checks: {up: {type: http}}
apps:
  speedy:
    topology: spread
    check: up
    steering: {latency_weight: 1}
    services:
      all: {us: 192.0.2.1, eu: 198.51.100.1, ap: 203.0.113.1}
      two: {us: 192.0.2.2, ap: 203.0.113.2}
  plain:
    topology: spread
    check: up
    services: {near: {us: 192.0.2.3, eu: 198.51.100.3, ap: 203.0.113.3}}
  inside:
    topology: spread
    check: up
    steering:
      policy: geo
      rules: [{match: EU, policy: weighted}, {policy: nearest, latency_weight: 2}]
    services: {nested: {us: 192.0.2.4, eu: 198.51.100.4, ap: 203.0.113.4}}
"""
    }
)
GEO = sample_geo()


def compiled(times: dict[str, float], before: Compiled | None = None) -> Compiled:
    readings = Readings(Verdicts(), service_time=lambda zone, region: times.get(region, 0.0))
    return Compiler().compile(ZONES, GEO, readings, epoch=1, before=before)


def tables(state: Compiled) -> dict[str, AreaTable]:
    return {
        key: service.steered.areas
        for app in state.apps.values()
        for key, service in app.services.items()
    }


def same(one: Compiled, other: Compiled) -> set[str]:
    """The services whose area table is the very same object."""
    after = tables(other)
    return {key for key, table in tables(one).items() if table is after[key]}


def test_with_the_same_held_times_every_table_is_taken_over() -> None:
    before = compiled({"us": 10.0, "eu": 30.0})
    assert same(before, compiled({"us": 10.0, "eu": 30.0}, before)) == {
        *("all", "two", "near", "nested")
    }


def test_a_changed_time_makes_those_anew_that_go_by_it_and_no_others() -> None:
    before = compiled({"us": 10.0, "eu": 30.0})
    after = compiled({"us": 10.0, "eu": 400.0}, before)
    assert same(before, after) == {"two", "near"}
    back = compiled({"us": 10.0, "eu": 30.0}, after)
    assert {key: table.views for key, table in tables(back).items()} == {
        key: table.views for key, table in tables(before).items()
    }
