"""What a region going down or drained does in a simulated world, and what is reckoned from it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gtm.errors import UsageError
from gtm.load.marks import Room
from gtm.simulate import Scenario, Simulation, service_of, simulate, world_traffic, worlds
from gtm.steering.cost import distance, point
from tests.unit.simulate.simulated_worlds import ZONE, ZONES, full, traffic
from tests.worlds import compile_world, read_zones, sample_geo

US, IE = "192.0.2.1", "198.51.100.1"
PANIC = ZONE.replace("    topology: replicated\n", "    topology: replicated\n    panic: 80%\n")


def simulated(scenario: Scenario, key: str, *networks: tuple[str, float]) -> Simulation:
    both = worlds(ZONES, None, sample_geo(), scenario)
    return simulate(both, traffic(*networks), only=full(key))


def test_a_region_that_is_down_is_what_the_server_makes_of_failing_checks() -> None:
    both = worlds(ZONES, None, sample_geo(), Scenario(down=frozenset({"eu"})))
    failing = {"192.0.2.2", "192.0.2.5", "192.0.2.10", "192.0.2.14", "192.0.2.17"}
    served = compile_world({"gtm.yaml": ZONE}, failing)
    assert both.after.snapshot.plans == served.snapshot.plans


def test_where_nothing_is_checked_a_region_that_is_down_is_taken_out_all_the_same() -> None:
    found = simulated(Scenario(down=frozenset({"us"})), "search", (US, 10))
    assert [(move.from_region, move.to_region) for move in found.picture.moves] == [("us", "ap")]


def test_the_last_region_lost_is_answered_as_when_all_down_says() -> None:
    lost = Scenario(down=frozenset({"us"}), drained=frozenset({"eu"}))
    found = simulated(lost, "backoffice", (US, 10)).picture
    assert [(move.from_region, move.to_region) for move in found.moves] == [("eu", None)]
    assert (found.last_resort_before, found.last_resort_after) == (0, 10)
    assert found.added is None


def test_panic_keeps_a_region_that_is_down_but_not_one_that_is_drained() -> None:
    zones = read_zones({"gtm.yaml": PANIC})
    down = worlds(zones, None, sample_geo(), Scenario(down=frozenset({"us"})))
    found = simulate(down, traffic((US, 10)), only=full("orders"))
    assert found.picture.moved == 0
    assert any("block is below its `panic`" in said for said in found.assumptions)
    drained = worlds(zones, None, sample_geo(), Scenario(drained=frozenset({"us"})))
    assert simulate(drained, traffic((US, 10)), only=full("orders")).picture.moved == 10


def test_moves_say_how_much_further_it_is() -> None:
    found = simulated(Scenario(down=frozenset({"us"})), "orders", (US, 10))
    here = sample_geo().find(ip_address(US)).location
    assert here is not None
    regions = ZONES[0].regions
    far = {name: distance(point(here), point(regions[name].location)) for name in ("us", "eu")}
    added = found.picture.moves[0].added
    assert added is not None
    assert added.kilometres.p50 == pytest.approx(far["eu"] - far["us"])
    assert added.milliseconds.p95 == pytest.approx(0.015 * (far["eu"] - far["us"]))


def test_measured_round_trips_are_taken_before_estimates() -> None:
    found = simulated(Scenario(drained=frozenset({"eu"})), "orders", ("192.0.2.65", 10))
    move = found.picture.moves[0]
    assert move.from_region == "eu"  # 3 ms by the zone's own measurement
    assert move.added is not None
    assert move.added.milliseconds.p50 > 0 > move.added.kilometres.p50


def test_a_region_that_gets_more_than_it_can_take_is_named() -> None:
    found = simulated(Scenario(down=frozenset({"us"})), "orders", (US, 60), (IE, 20))
    assert [(load.region, load.before, load.after, load.exceeded) for load in found.loads] == [
        ("us", 60, 0, False),
        ("eu", 20, 80, True),
    ]
    assert any("taken as they are" in said for said in found.assumptions)


def test_what_a_full_region_sends_elsewhere_is_reckoned_by_the_servers_rule() -> None:
    found = simulated(Scenario(), "orders", (US, 20), (IE, 60))
    loads = {load.region: load for load in found.loads}
    room = Room(loads["eu"].capacity)
    assert loads["eu"].after > 0.8 * room.capacity
    assert loads["eu"].kept == pytest.approx(room.target(loads["eu"].after))
    assert sum(load.kept for load in loads.values()) == pytest.approx(80.0)
    assert loads["eu"].spills and loads["us"].spills
    calm = simulated(Scenario(), "orders", (US, 20), (IE, 10))
    assert not any(load.spills for load in calm.loads)
    assert [load.kept for load in calm.loads] == pytest.approx([20.0, 10.0])


def test_shares_are_scaled_to_the_load_given() -> None:
    both = worlds(ZONES, None, sample_geo(), Scenario())
    found = simulate(both, traffic((US, 3), (IE, 1)), only=full("orders"), total_load=200.0)
    assert [load.before for load in found.loads] == [150, 50]
    assert [load.exceeded for load in found.loads] == [True, False]


def test_the_world_is_shares_and_no_load() -> None:
    geo = sample_geo()
    found = simulate(worlds(ZONES, None, geo, Scenario()), world_traffic(geo))
    known = sum(last - first + 1 for first, last, value in geo.v4 if value >= 0)
    assert found.picture.total == pytest.approx(known)
    assert found.loads == ()
    assert any("capacity is not compared" in said for said in found.assumptions)


def test_services_that_are_decided_alike_are_one_part() -> None:
    geo = sample_geo()
    found = simulate(worlds(ZONES, None, geo, Scenario()), world_traffic(geo))
    assert (full("orders"), full("payments")) in [part.services for part in found.parts]
    assert found.services == 7


def test_services_that_go_and_come_with_new_zones_lose_and_gain_all() -> None:
    renamed = read_zones({"gtm.yaml": ZONE.replace("      maps:", "      charts:")})
    both = worlds(ZONES, renamed, sample_geo(), Scenario())
    gone = simulate(both, traffic((US, 10)), only=full("maps")).picture
    come = simulate(both, traffic((US, 10)), only=full("charts")).picture
    assert [(move.from_region, move.to_region) for move in gone.moves] == [("us", None)]
    assert [(move.from_region, move.to_region) for move in come.moves] == [(None, "us")]


def test_a_region_that_no_zone_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="cannot drain region 'uss': no zone has it; did you mean"):
        worlds(ZONES, None, sample_geo(), Scenario(drained=frozenset({"uss"})))


def test_names_lead_to_services_as_the_server_follows_them() -> None:
    find = service_of(worlds(ZONES, None, sample_geo(), Scenario()))
    assert find("WWW.gtm.example.com") == full("orders")
    assert find("orders.gtm.example.com.") == full("orders")
    assert find("nope.gtm.example.com") is None
    assert find("example.org") is None
    assert find("a..b") is None
