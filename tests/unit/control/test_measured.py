"""What is taken in of measurements: medians of regions, and corrections of shares by load."""

from __future__ import annotations

from dataclasses import dataclass, field

from gtm.checks import Target, Tcp
from gtm.compile.uses import Use
from gtm.control.measured import Measured
from gtm.health import Pace
from gtm.health.pace import NOTHING, Smoothed
from gtm.model import Endpoint, State, Verdict
from tests.worlds import Verdicts, read_zones

HEAD = """
zone: gtm.example.com
ttl: 20
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
checks: {up: {type: http}}
apps:
  speedy:
    topology: spread
    check: up
    BALANCE
    services:
      a: {us: [192.0.2.1, 192.0.2.2, 192.0.2.3], eu: 198.51.100.1}
  plain:
    topology: spread
    check: up
    services:
      b: {us: 192.0.2.9}
"""
ZONE = "gtm.example.com."
ZONES = read_zones({"gtm.yaml": HEAD.replace("BALANCE", "steering: {latency_weight: 1}")})
BY_LOAD = read_zones({"gtm.yaml": HEAD.replace("BALANCE", "balance: least_load")})
UNCHECKED = read_zones(
    {"gtm.yaml": HEAD.replace("BALANCE", "balance: least_load").replace("check: up\n", "\n")}
)
TOGETHER = HEAD.replace("{up: {type: http}}", "{up: {type: http}, db: {type: tcp, port: 5432}}")
TOGETHER = TOGETHER.replace("check: up\n    BALANCE", "check: [up, db]\n    BALANCE")
TOGETHER_BY_LOAD = read_zones({"gtm.yaml": TOGETHER.replace("BALANCE", "balance: least_load")})
TOGETHER_BY_TIME = read_zones(
    {"gtm.yaml": TOGETHER.replace("BALANCE", "steering: {latency_weight: 1}")}
)
USE = Use(ZONE, "speedy", "a", "us")


@dataclass
class World:
    """Service times by address in seconds, and loads."""

    down: set[str] = field(default_factory=set)
    times: dict[str, float] = field(default_factory=dict)
    loads: dict[str, float] = field(default_factory=dict)

    def measured(self) -> Measured:
        verdicts = Verdicts()
        verdicts.down = self.down
        return Measured(verdicts, self.pace, self.load)

    def pace(self, target: Target) -> Pace:
        time = self.times.get(target.address)
        return Pace(NOTHING, NOTHING if time is None else Smoothed(time, 1.0))

    def load(self, zone: str, region: str, endpoint: Endpoint) -> float | None:
        assert (zone, region) in {(ZONE, "us"), (ZONE, "eu")}
        return self.loads.get(str(endpoint))


def database_down(target: Target) -> Verdict:
    lost = target.address == "192.0.2.1" and isinstance(target.check.probe, Tcp)
    return Verdict(State.DOWN if lost else State.UP, "in this test", 50.0)


def test_a_regions_service_time_is_the_median_of_what_is_up_there() -> None:
    world = World(times={"192.0.2.1": 0.01, "192.0.2.2": 0.03, "192.0.2.3": 0.9})
    measured = world.measured()
    assert measured.follow(ZONES, 0.0).regions == {(ZONE, "us")}
    assert measured.service_times == {(ZONE, "us"): 30.0}
    world.down.add("192.0.2.3")
    measured.follow(ZONES, 100.0)
    assert measured.service_times == {(ZONE, "us"): 20.0}


def test_a_region_with_nothing_up_keeps_its_service_time() -> None:
    world = World(times={"192.0.2.1": 0.01})
    measured = world.measured()
    measured.follow(ZONES, 0.0)
    world.down.add("192.0.2.1")
    assert not measured.follow(ZONES, 100.0)
    assert measured.readings(0.0).service_time(ZONE, "us") == 10.0
    assert measured.readings(0.0).service_time(ZONE, "eu") == 0.0, "never measured"


def test_apps_that_do_not_go_by_it_do_not_count() -> None:
    world = World(times={"192.0.2.9": 3.0})
    assert not world.measured().follow(ZONES, 0.0)


def test_zones_that_no_longer_ask_for_it_are_forgotten() -> None:
    world = World(times={"192.0.2.1": 0.01})
    measured = world.measured()
    measured.follow(ZONES, 0.0)
    measured.follow(BY_LOAD, 1.0)
    assert measured.service_times == {}


def test_readings_stand_still_while_more_is_measured() -> None:
    world = World(times={"192.0.2.1": 0.01})
    measured = world.measured()
    measured.follow(ZONES, 0.0)
    readings = measured.readings(0.0)
    world.times["192.0.2.1"] = 0.5
    measured.follow(ZONES, 100.0)
    assert readings.service_time(ZONE, "us") == 10.0
    assert measured.readings(0.0).service_time(ZONE, "us") == 500.0


def lean(measured: Measured, address: str) -> float:
    (endpoint,) = (
        each for each in BY_LOAD[0].apps[0].services[0].endpoints["us"] if str(each) == address
    )
    return measured.readings(0.0).lean("a.gtm.example.com.", "us", endpoint)


def test_shares_by_load_are_corrected_no_sooner_than_clients_have_followed() -> None:
    world = World(loads={"192.0.2.1": 300.0, "192.0.2.2": 100.0, "192.0.2.3": 100.0})
    measured = world.measured()
    assert measured.follow(BY_LOAD, 0.0).shares == {USE}
    once = lean(measured, "192.0.2.1")
    assert once < 1.0 < lean(measured, "192.0.2.2")
    assert not measured.follow(BY_LOAD, 39.0), "two TTLs of 20 s are not over"
    assert lean(measured, "192.0.2.1") == once
    assert measured.follow(BY_LOAD, 40.0).shares == {USE}
    assert lean(measured, "192.0.2.1") < once


def test_even_loads_change_nothing() -> None:
    world = World(loads={"192.0.2.1": 105.0, "192.0.2.2": 100.0, "192.0.2.3": 98.0})
    assert not world.measured().follow(BY_LOAD, 0.0)


def test_what_is_down_has_no_part_in_it_and_keeps_its_factor() -> None:
    world = World(
        down={"192.0.2.1"},
        loads={"192.0.2.1": 0.0, "192.0.2.2": 100.0, "192.0.2.3": 100.0},
    )
    measured = world.measured()
    assert not measured.follow(BY_LOAD, 0.0)
    assert lean(measured, "192.0.2.1") == 1.0


def test_what_any_of_its_checks_finds_down_has_no_part_in_it() -> None:
    loads = {"192.0.2.1": 0.0, "192.0.2.2": 100.0, "192.0.2.3": 100.0}
    world = World(loads=loads)
    measured = Measured(database_down, world.pace, world.load)
    assert not measured.follow(TOGETHER_BY_LOAD, 0.0)
    assert world.measured().follow(TOGETHER_BY_LOAD, 0.0), "with all up the idle one gets more"


def test_its_speed_is_no_part_of_its_regions_either() -> None:
    world = World(times={"192.0.2.1": 0.9, "192.0.2.2": 0.03, "192.0.2.3": 0.01})
    measured = Measured(database_down, world.pace, world.load)
    measured.follow(TOGETHER_BY_TIME, 0.0)
    assert measured.service_times[ZONE, "us"] == 20.0


def test_loads_count_where_nothing_is_probed_too() -> None:
    world = World(loads={"192.0.2.1": 300.0, "192.0.2.2": 100.0, "192.0.2.3": 100.0})
    assert world.measured().follow(UNCHECKED, 0.0).shares == {USE}
