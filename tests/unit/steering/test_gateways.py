"""A region's own check takes the region out for every app, and operators' words beat it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.model import Act, App, State, Topology, Verdict, Zone
from gtm.steering.overlay import SILENT, Overlay
from gtm.steering.readings import Readings
from gtm.steering.refreshed import refreshed
from gtm.steering.verdicts import (
    AppHealth,
    app_health,
    eligible,
    gateways_of,
    targets_of,
)
from tests.worlds import Verdicts, read_zones, sample_geo

GATEWAY = "192.0.2.254"
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions:
  us: {location: US-VA, check: {type: icmp, address: 192.0.2.254}}
  ie: {location: IE}
apps:
  shop:
    topology: TOPOLOGY
    check: http
    services:
      orders: {us: 192.0.2.1, ie: 198.51.100.1OPTIONAL}
      payments: {us: 192.0.2.2, ie: 198.51.100.2OPTIONAL}
"""
REASON = "us's own check: down in this test"


def world(topology: Topology, optional: str = "") -> tuple[Zone, App]:
    text = ZONE.replace("TOPOLOGY", topology.value).replace("OPTIONAL", optional)
    (zone,) = read_zones({"zone.yaml": text})
    return zone, zone.apps[0]


def health_of(zone: Zone, app: App, *down: str, overlay: Overlay = SILENT) -> AppHealth:
    return app_health(app, Verdicts(down), overlay, gateways=gateways_of(zone, app))


def test_the_gateway_is_probed_with_everything_else() -> None:
    zone, _ = world(Topology.SPREAD)
    assert GATEWAY in {target.address for target in targets_of([zone])}


@pytest.mark.parametrize("topology", Topology)
@pytest.mark.parametrize("optional", ["", ", optional: true"])
def test_while_it_is_down_so_is_everything_in_the_region(topology: Topology, optional: str) -> None:
    zone, app = world(topology, optional)
    health = health_of(zone, app, GATEWAY)
    assert health.regions["us"] == Verdict(State.DOWN, REASON, 100.0)
    assert health.regions.state("us") is State.DOWN
    for service in app.services:
        assert health.services[service.key]["us"].verdict.reason == REASON
        assert health.services[service.key]["us"].endpoints[0][1].state is State.UP
        assert eligible(app, service, health) == {"ie"}
    assert health.regions["ie"].state is State.UP


@pytest.mark.parametrize("topology", Topology)
def test_an_operator_s_word_beats_it(topology: Topology) -> None:
    zone, app = world(topology)
    up = Verdict(State.UP, "forced up", 7.0, Act.UP)
    health = health_of(zone, app, GATEWAY, overlay=Overlay(services={("orders", "us"): up}))
    assert health.services["orders"]["us"].verdict == up
    drained = Verdict(State.DOWN, "drained", 7.0, Act.DRAIN)
    health = health_of(zone, app, GATEWAY, overlay=Overlay(regions={"us": drained}))
    assert health.regions["us"] == drained


def test_what_an_operator_took_out_stays_withheld_under_a_veto() -> None:
    zone, app = world(Topology.SPREAD)
    out = Verdict(State.DOWN, "drained", 7.0, Act.DRAIN)
    health = health_of(zone, app, GATEWAY, overlay=Overlay(endpoints={"192.0.2.1": out}))
    assert health.services["orders"]["us"].verdict.withheld


@pytest.mark.parametrize("topology", Topology)
def test_changes_come_to_the_same_as_deriving_everything_anew(topology: Topology) -> None:
    zone, app = world(topology)
    before = health_of(zone, app)
    every = {service.key: {"us"} for service in app.services}
    lost = refreshed(app, before, every, Verdicts([GATEWAY])).health
    assert lost == health_of(zone, app, GATEWAY)
    assert lost.regions["us"].reason == REASON
    assert refreshed(app, lost, every, Verdicts()).health == before
    look = Verdicts([GATEWAY, "198.51.100.1"])
    other = refreshed(app, lost, {"orders": {"ie"}}, look).health
    assert other == health_of(zone, app, GATEWAY, "198.51.100.1")


Refresh = Callable[[Compiled, set[Target]], Compiled]


@pytest.mark.parametrize("topology", Topology)
def test_answers_leave_the_region_with_its_gateway_and_come_back(topology: Topology) -> None:
    zone, _ = world(topology)
    compiler, look = Compiler(), Verdicts()
    compiled = compiler.compile((zone,), sample_geo(), Readings(look), epoch=1)
    (target,) = (target for target in compiled.uses if target.address == GATEWAY)
    up = [group.up for group in compiled.groups]
    look.down = {GATEWAY}
    lost = compiler.refresh(compiled, {target}, Readings(look), epoch=2)
    assert {group.up for group in lost.groups} == {frozenset({"ie"})}
    look.down = set()
    back = compiler.refresh(lost, {target}, Readings(look), epoch=3)
    assert [group.up for group in back.groups] == up
