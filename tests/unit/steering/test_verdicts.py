"""From endpoint verdicts to the regions that take part."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gtm.checks import Check, Http, Target, Tcp
from gtm.model import App, Endpoint, MinUp, Service, State, Topology, Verdict
from gtm.steering.refreshed import refreshed
from gtm.steering.verdicts import app_health, eligible, probed_of, target_of

CHECK = Check("web", Http(), 80)
ONE = MinUp(1)


def service(key: str, optional: bool = False, **regions: list[str]) -> Service:
    endpoints = {
        region: tuple(Endpoint(ip_address(text)) for text in addresses)
        for region, addresses in regions.items()
    }
    return Service(key, f"{key}.gtm.example.com.", endpoints, optional)


ORDERS = service("orders", us=["192.0.2.1", "192.0.2.2"], eu=["198.51.100.1"])
PAYMENTS = service("payments", us=["192.0.2.3"], eu=["198.51.100.3"])


def app(
    topology: Topology, *services: Service, min_up: MinUp = ONE, check: Check | None = CHECK
) -> App:
    return App("shop", topology, services or (ORDERS, PAYMENTS), check=check, min_up=min_up)


class Look:
    def __init__(self, **states: tuple[State, float]) -> None:
        self.states = {key.replace("_", "."): state for key, state in states.items()}

    def __call__(self, target: Target) -> Verdict:
        state, since = self.states.get(target.address, (State.UP, 10.0))
        return Verdict(state, f"{state.value} since {since:g}", since)


def down(*addresses: str, since: float = 20.0) -> Look:
    look = Look()
    look.states = dict.fromkeys(addresses, (State.DOWN, since))
    return look


def test_a_block_leaves_a_region_when_one_of_its_services_does() -> None:
    block = app(Topology.REPLICATED)
    health = app_health(block, down("198.51.100.3"))
    assert health.regions["eu"].state is State.DOWN
    assert health.regions["eu"].reason.startswith("payments: 0 of 1 endpoints up")
    assert eligible(block, ORDERS, health) == {"us"}
    assert eligible(block, PAYMENTS, health) == {"us"}


def test_one_word_makes_the_same_services_stand_for_themselves() -> None:
    spread = app(Topology.SPREAD)
    health = app_health(spread, down("198.51.100.3"))
    assert eligible(spread, ORDERS, health) == {"us", "eu"}
    assert eligible(spread, PAYMENTS, health) == {"us"}
    assert health.regions["eu"].state is State.UP


def test_an_optional_service_does_not_count() -> None:
    block = app(Topology.REPLICATED, ORDERS, service("extra", True, us=["192.0.2.9"]))
    health = app_health(block, down("192.0.2.9"))
    assert health.regions["us"].state is State.UP
    assert health.regions["eu"].state is State.UP


def test_a_block_that_is_not_whole_in_a_region_takes_no_part_there() -> None:
    block = app(Topology.REPLICATED, ORDERS, service("payments", us=["192.0.2.3"]))
    health = app_health(block, down())
    assert health.regions["eu"].state is State.DOWN
    assert health.regions["eu"].reason == "payments is not deployed here"


@pytest.mark.parametrize(
    ("min_up", "lost", "state"),
    [
        (MinUp(1), ["192.0.2.1"], State.UP),
        (MinUp(2), ["192.0.2.1"], State.DOWN),
        (MinUp(50, percent=True), ["192.0.2.1"], State.UP),
        (MinUp(51, percent=True), ["192.0.2.1"], State.DOWN),
        (MinUp(1), ["192.0.2.1", "192.0.2.2"], State.DOWN),
    ],
)
def test_min_up_by_number_or_percentage(min_up: MinUp, lost: list[str], state: State) -> None:
    health = app_health(app(Topology.SPREAD, ORDERS, min_up=min_up), down(*lost))
    assert health.services["orders"]["us"].verdict.state is state


def test_endpoints_that_are_down_are_not_answered_unless_none_is_left() -> None:
    spread = app(Topology.SPREAD, ORDERS)
    one = app_health(spread, down("192.0.2.1")).services["orders"]["us"]
    assert [str(endpoint) for endpoint in one.usable()] == ["192.0.2.2"]
    none = app_health(spread, down("192.0.2.1", "192.0.2.2")).services["orders"]["us"]
    assert [str(endpoint) for endpoint in none.usable()] == ["192.0.2.1", "192.0.2.2"]


def test_unknown_is_not_down() -> None:
    look = Look()
    look.states = {"192.0.2.1": (State.UNKNOWN, 0.0), "192.0.2.2": (State.UNKNOWN, 0.0)}
    spread = app(Topology.SPREAD, ORDERS)
    health = app_health(spread, look)
    assert health.services["orders"]["us"].verdict.state is State.UNKNOWN
    assert eligible(spread, ORDERS, health) == {"us", "eu"}


def test_without_a_check_everything_counts_as_up() -> None:
    unchecked = app(Topology.REPLICATED, check=None)
    health = app_health(unchecked, down("192.0.2.1", "192.0.2.2", "192.0.2.3"))
    assert health.regions["us"].state is State.UP
    assert not list(probed_of(unchecked))


def test_since_is_when_too_few_were_left() -> None:
    look = Look()
    look.states = {"192.0.2.1": (State.DOWN, 20.0), "192.0.2.2": (State.DOWN, 30.0)}
    health = app_health(app(Topology.SPREAD, ORDERS), look)
    assert health.services["orders"]["us"].verdict.since == 30.0


def test_a_refresh_gives_what_a_full_derivation_gives() -> None:
    block = app(Topology.REPLICATED)
    before = app_health(block, down())
    look = down("198.51.100.3", "192.0.2.1")
    after = refreshed(block, before, {"payments": {"eu"}, "orders": {"us"}}, look).health
    assert after == app_health(block, look)


def test_http_checks_ask_for_the_service_and_tcp_checks_are_shared() -> None:
    block = app(Topology.REPLICATED)
    http = target_of(block, ORDERS, ORDERS.endpoints["us"][0])
    assert http is not None
    assert http.server_name == "orders.gtm.example.com"
    tcp = app(Topology.REPLICATED, check=Check("port", Tcp(), 443))
    same = service("other", us=["192.0.2.1"])
    assert target_of(tcp, ORDERS, ORDERS.endpoints["us"][0]) == target_of(
        tcp, same, same.endpoints["us"][0]
    )
