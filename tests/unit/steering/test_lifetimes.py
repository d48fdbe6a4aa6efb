"""A TTL of {min, max}: the soonest change possible, within the bounds, for what moves together."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.dns.names import to_wire
from gtm.model import Act, State, Verdict
from gtm.steering.lifetimes import Lifetime, drain_ttl, explained
from gtm.steering.overlay import Hurry, Overlay
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, read_zones, sample_geo

ZONE = """
zone: gtm.example.com
ttl: {min: 10, max: 60}
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US-VA}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80, interval: 5s, fall: 3, rise: 2}}
apps:
  shop:
    topology: replicated
    check: up
    services:
      orders: {us: [192.0.2.1], eu: [198.51.100.1]}
      payments: {us: [192.0.2.2], eu: [198.51.100.2]}
      banners: {optional: true, us: [192.0.2.3], eu: [198.51.100.3]}
  media:
    topology: spread
    check: up
    services:
      search: {us: [192.0.2.4], eu: [198.51.100.4, 198.51.100.5]}
      images: {us: [192.0.2.6], eu: [198.51.100.6]}
  plain:
    topology: spread
    services: {plain: {us: [192.0.2.7], eu: [198.51.100.7]}}
"""
BLOCK = ["192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2"]
ADDRESSES = {
    "orders": BLOCK,
    "payments": BLOCK,
    "banners": [*BLOCK, "192.0.2.3", "198.51.100.3"],
    "search": ["192.0.2.4", "198.51.100.4", "198.51.100.5"],
    "images": ["192.0.2.6", "198.51.100.6"],
    "plain": [],
}
EVERY = sorted({address for found in ADDRESSES.values() for address in found})
(ZONED,) = read_zones({"gtm.yaml": ZONE})


def readings(seconds: Mapping[str, float]) -> Readings:
    def patience(target: Target) -> float:
        return seconds.get(target.address, 1000.0)

    return Readings(Verdicts(), patience=patience)


def compiled(seconds: Mapping[str, float], text: str = ZONE, **words: Overlay) -> Compiled:
    return Compiler().compile(
        read_zones({"gtm.yaml": text}),
        sample_geo(),
        readings(seconds),
        1,
        lambda zone, app: words.get(app.name, Overlay()),
    )


def ttls(made: Compiled) -> dict[str, int]:
    """The TTL of each service's answers: in records and rendered bytes, of all of its regions."""
    found = {}
    for app in made.apps.values():
        for key, service in app.services.items():
            number = service.steered.number
            records = made.snapshot.answers[number]
            (found[key],) = {rrset.ttl for each in records for rrset in each}
            for row in made.snapshot.rows[2 * number : 2 * number + 2]:
                for rendered in filter(None, row):
                    assert int.from_bytes(rendered.body[6:10]) == found[key]
            node = made.snapshot.nodes[to_wire(service.service.name)]
            assert node.steered is service.steered
    return found


def naive(seconds: Mapping[str, float]) -> dict[str, int]:
    return {
        key: max(10, min([60, *(int(seconds.get(each, 1000.0)) for each in addresses)]))
        for key, addresses in ADDRESSES.items()
    }


patiences = st.dictionaries(st.sampled_from(EVERY), st.sampled_from([0.0, 5.0, 12.5, 15.0, 40.0]))


@given(patiences, patiences)
def test_ttls_are_those_of_a_naive_reading_from_scratch_and_after_a_change(
    first: dict[str, float], second: dict[str, float]
) -> None:
    made = Compiler().compile((ZONED,), sample_geo(), readings(first), 1)
    assert ttls(made) == naive(first)
    changed = [target for target in made.uses if first.get(target.address, 1000.0)
               != second.get(target.address, 1000.0)]  # fmt: skip
    again = Compiler().refresh(made, changed, readings(second), 2)
    assert ttls(again) == naive(second)
    for key, app in again.apps.items():
        assert (
            app.lifetimes
            == Compiler().compile((ZONED,), sample_geo(), readings(second), 1).apps[key].lifetimes
        )


def test_windows_of_draws_stay_as_long_as_the_most() -> None:
    made = compiled(dict.fromkeys(EVERY, 5.0))
    windows = {
        service.steered.ttl for app in made.apps.values() for service in app.services.values()
    }
    assert windows == {60}


def test_what_an_operator_decided_no_probe_can_change() -> None:
    drained = Verdict(State.DOWN, "drained", 1.0, Act.DRAIN)
    seconds = {"192.0.2.1": 5.0, "192.0.2.4": 5.0, "198.51.100.5": 5.0, "192.0.2.6": 5.0}
    said = Overlay(regions={"us": drained})
    media = Overlay(endpoints={"198.51.100.5": drained}, services={("search", "us"): drained})
    found = ttls(compiled(seconds, shop=said, media=media))
    assert (found["orders"], found["search"], found["images"]) == (60, 60, 10)


def test_a_planned_drain_lowers_but_never_raises_a_ttl() -> None:
    hurried = {"search": Hurry(15, "a drain"), "images": Hurry(15, "a drain")}
    found = ttls(compiled({"192.0.2.6": 11.0}, media=Overlay(hurried=hurried)))
    assert (found["search"], found["images"], found["orders"]) == (15, 11, 60)
    fixed = ZONE.replace("{min: 10, max: 60}", "30")
    assert ttls(compiled({}, fixed, media=Overlay(hurried=hurried)))["search"] == 15


def test_words_that_come_and_go_are_in_the_next_answers() -> None:
    words = Overlay(hurried={"search": Hurry(10, "a drain")})
    for text in (ZONE, ZONE.replace("{min: 10, max: 60}", "60")):
        made = compiled({}, text)
        lowered = Compiler().relaid(made, lambda zone, app: words, readings({}), 2)
        assert ttls(lowered) == {**dict.fromkeys(ADDRESSES, 60), "search": 10}
        back = Compiler().relaid(lowered, lambda zone, app: Overlay(), readings({}), 3)
        assert ttls(back) == dict.fromkeys(ADDRESSES, 60)


@pytest.mark.parametrize(
    ("ttl", "lowered"),
    [("30", 10), ("10", 10), ("5", 5), ("0", 0), ("{min: 20, max: 60}", 20)],
)
def test_a_drain_lowers_to_the_least_of_the_zone(ttl: str, lowered: int) -> None:
    (zone,) = read_zones({"gtm.yaml": ZONE.replace("{min: 10, max: 60}", ttl)})
    assert drain_ttl(zone) == lowered


def why(seconds: float, state: State = State.UP) -> str:
    def look(target: Target) -> Verdict:
        return Verdict(state, "said", 1.0)

    def patience(target: Target) -> float:
        return seconds if target.address == "192.0.2.4" else math.inf

    made = Compiler().compile((ZONED,), sample_geo(), Readings(look, patience=patience), 1)
    app = made.apps["gtm.example.com.", "media"]
    return explained(ZONED, app.lifetimes.of(ZONED, "search"))


def test_the_reason_names_the_target_and_how_far_it_has_come() -> None:
    assert why(15.0) == "192.0.2.4 may be down in 15 s: 0 of 3 failures"
    assert why(10.0) == "192.0.2.4 may be down in 10 s: 1 of 3 failures"
    assert why(5.0) == "the least: 192.0.2.4 may be down in 5 s: 2 of 3 failures"
    assert why(5.0, State.DOWN) == "the least: 192.0.2.4 may be up in 5 s: 1 of 2 successes"
    assert why(0.0, State.UNKNOWN) == "the least: 192.0.2.4 is not probed yet"
    assert why(90.0).startswith("the most: 192.0.2.4 may be down in 90 s")
    assert why(math.inf) == "the most: no probe can change a verdict"
    hurry = Hurry(10, "to be drained by alice: kernel update")
    assert explained(ZONED, Lifetime(10, None, hurry)) == (
        "lowered while clients are led away: to be drained by alice: kernel update"
    )
