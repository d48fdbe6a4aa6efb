"""The map says what the server's own explanations say, client by client, added up."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network, ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled
from gtm.explain import explain
from gtm.live.map import Maps, MapSeen
from gtm.live.spots import LARGE, Part, Spot, spot
from gtm.live.weights import ENOUGH, FRESH, Counted, by_networks, by_traffic
from gtm.live.whatif import Steering
from gtm.load.picture import Picture
from tests.worlds import ROOT, compile_world

REGIONS = {"us": "192.0.2", "eu": "198.51.100", "ap": "203.0.113"}
POLICIES = {
    "near": "nearest",
    "biased": "{policy: nearest, within: 40%}",
    "measured": "latency",
    "ruled": """
        policy: geo
        rules:
          - {match: [EU-GB, 203.0.113.64/27], regions: [ap, eu]}
          - {match: EU, policy: failover, order: [eu, us]}
          - {match: NA, policy: weighted, weights: {us: 1, eu: 0}}
          - {regions: [us]}
        otherwise: nearest""",
    "passive": "{policy: failover, order: [ap, us], trickle: 5%}",
    "active": "{policy: weighted, weights: {us: 70, eu: 30, ap: 0}}",
    "several": "{policy: nearest, regions: 2}",
    "fenced": "{policy: nearest, fence: [EU, AS]}",
    "stuck": "sticky",
}


def zone() -> str:
    apps = ""
    for number, (name, steering) in enumerate(POLICIES.items(), start=1):
        ends = ", ".join(f"{region}: [{start}.{number}]" for region, start in REGIONS.items())
        topology = "replicated" if number % 2 else "spread"
        apps += f"  {name}:\n    topology: {topology}\n    check: up\n    steering: {steering}\n"
        apps += f"    services:\n      {name}: {{{ends}}}\n"
    return (
        "zone: gtm.example.com\nnameservers: {ns1: [192.0.2.53]}\n"
        "regions:\n  us: {location: US-VA}\n  eu: {location: IE}\n  ap: {location: SG, bias: 10}\n"
        "checks: {up: {type: tcp, port: 80}}\n"
        "latency: {EU-DE: {us: 20, eu: 30}}\n"
        "geo: {overrides: {198.51.100.240/28: {location: JP}, 192.0.2.48/28: {regions: [ap]}}}\n"
        f"apps:\n{apps}"
    )


@cache
def world(down: frozenset[str] = frozenset()) -> Compiled:
    """With those regions' endpoints down."""
    gone = [f"{REGIONS[region]}.{number}" for region in down for number in range(1, 20)]
    return compile_world({"gtm.yaml": zone()}, down=gone)


def pieces() -> list[IPv4Network]:
    """All that the sample knows, in pieces that neither it nor the zone cuts."""
    lines = (ROOT / "data" / "sample.csv").read_text(encoding="utf-8").splitlines()[1:]
    found: set[IPv4Network] = set()
    for line in lines:
        network = ip_network(line.split(",")[0])
        if isinstance(network, IPv4Network):
            smallest = 28 if network.prefixlen > 20 else 19
            found.update(network.subnets(new_prefix=smallest))
    return sorted(found | {IPv4Network("198.51.100.240/28")})


@cache
def oracle(down: frozenset[str], name: str) -> dict[Spot | None, dict[str, float]]:
    """Amounts by place and region, of one client after the other."""
    compiled = world(down)
    geo = compiled.geos["gtm.example.com."]
    found: dict[Spot | None, dict[str, float]] = {}
    for piece in pieces():
        location = geo.find(piece[1]).location
        if location is None or location.country is None:
            continue
        large = location.country in LARGE
        here = found.setdefault(spot(location.country, location.subdivision if large else None), {})
        why = explain(compiled, f"{name}.gtm.example.com", "A", piece[1], 0.0).steering
        assert why is not None
        here[""] = here.get("", 0.0) + piece.num_addresses
        for region in why.regions:
            share = region.share * piece.num_addresses
            here[region.region] = here.get(region.region, 0.0) + share
    return found


def steering(compiled: Compiled, name: str) -> Steering:
    app = compiled.apps["gtm.example.com.", name]
    return Steering(compiled, app, next(iter(app.services.values())))


def drawn(down: frozenset[str], name: str, more: frozenset[str] = frozenset()) -> MapSeen:
    return Maps(lambda: 0.0).draw(steering(world(down), name), Picture(), more)


some = st.frozensets(st.sampled_from(sorted(REGIONS)))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(POLICIES)), some, some)
def test_places_are_sent_where_each_of_their_clients_is(
    name: str, down: frozenset[str], more: frozenset[str]
) -> None:
    seen = drawn(down, name, more)
    now, then, up = oracle(down, name), oracle(down | more, name), oracle(frozenset(), name)
    total = sum(every[""] for every in now.values())
    assert {place.spot for place in seen.places} == set(now)
    for place in seen.places:
        assert place.weight == pytest.approx(now[place.spot][""] / total)
        for region in REGIONS:
            for found, wanted in ((place.now, now), (place.then, then), (place.all_up, up)):
                amount = wanted[place.spot].get(region, 0.0) / total
                assert found.get(region, 0.0) == pytest.approx(amount, abs=1e-9)
    for each in seen.regions:
        amount = sum(every.get(each.region.name, 0.0) for every in now.values()) / total
        assert each.share == pytest.approx(amount, abs=1e-9)
        assert (each.share_if is None) == (not more)
    moved = sum(
        max(0.0, every.get(region, 0.0) - then[where].get(region, 0.0))
        for where, every in now.items()
        for region in REGIONS
    )
    assert seen.moved == (pytest.approx(moved / total, abs=1e-9) if more else None)


def test_large_countries_are_told_in_parts_and_others_whole() -> None:
    codes = {place.spot.code for place in drawn(frozenset(), "near").places if place.spot}
    assert {"NA-US-VA", "NA-US-CA", "NA-US", "EU-GB", "EU-DE", "AS-IN-MH"} <= codes
    assert "EU-GB-ENG" not in codes


def test_what_would_be_left_with_nothing_up_is_said() -> None:
    seen = drawn(frozenset({"us", "eu"}), "near", frozenset({"ap"}))
    assert seen.warnings == ("no region would be left: clients would get `when_all_down: all`",)


def test_where_panic_does_not_believe_it_regions_stay_as_they_would() -> None:
    text = zone().replace("  near:\n", "  near:\n    panic: 50%\n")
    compiled = compile_world({"gtm.yaml": text})
    maps = Maps(lambda: 0.0)
    one = maps.draw(steering(compiled, "near"), Picture(), frozenset({"us"}))
    assert next(each.share_if for each in one.regions) == 0.0
    two = maps.draw(steering(compiled, "near"), Picture(), frozenset({"us", "eu"}))
    assert "(`panic`)" in two.warnings[0]
    assert [each.share_if for each in two.regions] == [each.share for each in two.regions]
    gone = [f"{REGIONS[region]}.1" for region in ("us", "eu")]
    really = compile_world({"gtm.yaml": text}, down=gone)
    same = maps.draw(steering(really, "near"), Picture(), frozenset())
    assert [each.share for each in same.regions] == [each.share_if for each in two.regions]


def test_capacity_that_nobody_can_judge_is_said() -> None:
    text = zone().replace("{location: IE}", "{location: IE, capacity: 100}")
    compiled = compile_world({"gtm.yaml": text})
    seen = Maps(lambda: 0.0).draw(steering(compiled, "near"), Picture(), frozenset({"us"}))
    assert seen.warnings == ("nobody knows whether capacity holds: no region's load is known",)


def test_what_is_kept_is_let_go_of_when_something_else_is_compiled() -> None:
    maps = Maps(lambda: 0.0)
    first, second = compile_world({"gtm.yaml": zone()}), compile_world({"gtm.yaml": zone()})
    maps.follow(first)
    maps.draw(steering(first, "near"), Picture(), frozenset())
    assert maps._parts and maps._patches
    maps.follow(first)
    assert maps._parts
    maps.follow(second)
    assert not maps._parts and not maps._patches


# --- weights ------------------------------------------------------------------------------

GB, JP = spot("GB", None), spot("JP", None)


def test_traffic_is_dealt_out_to_the_places_of_its_areas_by_their_networks() -> None:
    parts = {0: [(GB, 300.0, 0.0), (JP, 100.0, 0.0)], 1: [(JP, 5.0, 0.0), (None, 1e6, 0.0)]}
    found = by_traffic(parts, [ENOUGH, ENOUGH])
    assert found == {0: [(GB, 0.375), (JP, 0.125)], 1: [(JP, 0.5)]}


def test_few_answers_tell_less_than_networks() -> None:
    parts: dict[int, list[Part]]
    parts = {0: [(GB, 300.0, 0.0)], 1: [(JP, 100.0, 0.0)], 2: [(None, 5.0, 0.0)]}
    assert by_traffic(parts, [ENOUGH / 2, ENOUGH / 4, 1e9]) is None
    assert by_networks(parts) == {0: [(GB, 0.75)], 1: [(JP, 0.25)], 2: []}


def test_clients_of_nowhere_are_counted_where_traffic_is() -> None:
    parts: dict[int, list[Part]] = {0: [(GB, 300.0, 0.0)], 1: [(None, 5.0, 0.0)]}
    assert by_traffic(parts, [3.0 * ENOUGH, ENOUGH]) == {0: [(GB, 0.75)], 1: [(None, 0.25)]}


def test_networks_of_ipv6_count_where_there_are_no_others() -> None:
    assert by_networks({0: [(GB, 0.0, 3.0)], 1: [(JP, 0.0, 1.0)]}) == {
        0: [(GB, 0.75)], 1: [(JP, 0.25)],
    }  # fmt: skip
    assert by_traffic({0: [(GB, 0.0, 3.0)]}, [ENOUGH]) == {0: [(GB, 1.0)]}


def test_old_answers_are_forgotten_while_somebody_looks() -> None:
    counted = Counted()
    assert counted.lately(0.0, [1000, 0]) == [1000, 0], "all there ever were"
    assert counted.lately(FRESH - 1, [1000, 500]) == [1000, 500]
    assert counted.lately(FRESH, [1000, 600]) == [0, 600]
    assert counted.lately(10 * FRESH, [1000, 9000])[0] == 0
