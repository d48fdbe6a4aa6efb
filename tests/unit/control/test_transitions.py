"""Which events follow from what was compiled before and after."""

from __future__ import annotations

import pytest

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.control.transitions import transitions
from gtm.events import Event, Kind, Severity
from gtm.model import State, Verdict
from gtm.steering.readings import Readings
from tests.unit.overrides.override_worlds import book_of, compiled_under
from tests.worlds import compile_world, read_zones, sample_geo

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US-VA}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: TOPOLOGY
    check: up
    services: {orders: {us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1]}}
"""
US, US2, EU = "192.0.2.1", "192.0.2.2", "198.51.100.1"


def world(*down: str, topology: str = "replicated", text: str = ZONE) -> Compiled:
    return compile_world({"a.yaml": text.replace("TOPOLOGY", topology)}, down)


def nobody(verdict: Verdict) -> str:
    return ""


def between(before: Compiled | None, after: Compiled) -> list[Event]:
    return list(transitions(before, after, 1000.0, nobody))


def said(events: list[Event]) -> list[str]:
    return [event.said for event in events]


def test_an_endpoint_that_its_region_can_do_without_is_one_event() -> None:
    (event,) = between(world(), world(US))
    assert event.said == "192.0.2.1 of orders.gtm.example.com in us is down"
    assert (event.kind, event.severity, event.over) == (Kind.ENDPOINT, Severity.WARNING, False)
    assert (event.before, event.after, event.by) == ("up", "down", "probe")
    assert event.reason == "down in this test"


def test_a_region_that_goes_down_is_told_from_the_broadest_to_the_narrowest() -> None:
    events = between(world(), world(EU))
    assert said(events) == [
        "shop in eu is down",
        "orders.gtm.example.com in eu is down",
        "198.51.100.1 of orders.gtm.example.com in eu is down",
    ]
    assert events[0].severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("topology", "who"), [("replicated", "shop"), ("spread", "orders.gtm.example.com")]
)
def test_no_region_left_is_told_and_so_is_its_end(topology: str, who: str) -> None:
    some, none = world(EU, topology=topology), world(EU, US, US2, topology=topology)
    down, up = between(some, none)[0], between(none, some)[0]
    assert (down.kind, down.said) == (Kind.ALL_DOWN, f"{who} has no region left")
    assert (up.said, up.over) == (f"{who} has a region again", True)
    assert down.key == up.key


def test_who_decided_is_told_at_every_level() -> None:
    def look(target: Target) -> Verdict:
        reported = target.address == EU
        state = State.DOWN if reported else State.UP
        return Verdict(state, "60 % of 120 requests failed", 100.0, reported=reported)

    zones = read_zones({"a.yaml": ZONE.replace("TOPOLOGY", "replicated")})
    after = Compiler().compile(zones, sample_geo(), Readings(look), epoch=1)
    events = between(world(), after)
    assert [event.by for event in events] == ["reports", "reports", "reports"]
    assert [event.by for event in between(after, world())] == ["probe", "probe", "probe"]


def test_who_took_the_last_region_is_told() -> None:
    (event, *_) = between(world(EU), world(EU, US, US2))
    assert (event.kind, event.by) == (Kind.ALL_DOWN, "probe")
    drained = compiled_under(book_of(("drain", "region/*")))
    events = list(transitions(None, drained, 1000.0, lambda verdict: "alice"))
    by = {event.by for event in events if event.kind is Kind.ALL_DOWN}
    assert by == {"override by alice"}


def test_every_end_has_the_key_of_its_beginning() -> None:
    for down in ([US], [EU], [US, US2], [US, US2, EU]):
        began, ended = between(world(), world(*down)), between(world(*down), world())
        assert {event.key for event in began} == {event.key for event in ended}
        assert all(event.over for event in ended)
        assert not any(event.over for event in began)


def test_at_the_start_all_that_is_not_up_is_told() -> None:
    assert between(None, world()) == []
    assert [event.key for event in between(None, world(EU))] == [
        event.key for event in between(world(), world(EU))
    ]


def test_what_is_taken_out_of_the_files_while_it_is_down_is_over() -> None:
    less = ZONE.replace(", eu: [198.51.100.1]", "")
    events = between(world(EU), world(text=less))
    assert {event.key for event in events} == {event.key for event in between(None, world(EU))}
    assert all(event.over and event.by == "zone files" for event in events)


def test_nothing_changed_is_no_event() -> None:
    assert between(world(US), world(US)) == []
