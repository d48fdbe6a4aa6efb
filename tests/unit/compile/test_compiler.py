"""Snapshots: what a verdict changes, and that a refresh is a compile."""

from __future__ import annotations

import operator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.snapshot import Snapshot
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, asker, read_zones, sample_geo

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
checks: {up: {type: tcp, port: 80}}
apps:
  block:
    topology: replicated
    check: up
    services:
      orders: {us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1], ap: [203.0.113.1]}
      payments: {us: [192.0.2.3], eu: [198.51.100.3], ap: [203.0.113.3]}
      extra: {optional: true, us: [192.0.2.4], eu: [198.51.100.4]}
  alone:
    topology: spread
    check: up
    services:
      search: {us: [192.0.2.1, "2001:db8::1"], ap: [203.0.113.5]}
      images: {eu: [198.51.100.6], us: [cdn.example.net.]}
      own:
        {steering: {policy: weighted, weights: {us: 1, eu: 2}}, ttl: 5m, min_up: 2, balance: hash,
         check: {type: tcp, port: 81},
         us: [192.0.2.21, 192.0.2.22], eu: [198.51.100.23, 192.0.2.23]}
"""
ZONES = read_zones({"gtm.yaml": ZONE})
ENDPOINTS = [
    *("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "198.51.100.1", "198.51.100.3"),
    *("198.51.100.4", "198.51.100.6", "203.0.113.1", "203.0.113.3", "203.0.113.5"),
    *("2001:db8::1", "cdn.example.net"),
    *("192.0.2.21", "192.0.2.22", "198.51.100.23", "192.0.2.23"),
]
NAMES = ["orders", "payments", "extra", "search", "images", "own"]
CLIENTS = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "127.0.0.1"]


def answers(snapshot: Snapshot) -> dict[tuple[str, int, str], bytes | None]:
    """What every client gets for everything."""
    found: dict[tuple[str, int, str], bytes | None] = {}
    for name in NAMES:
        wire = bytes((len(name),)) + name.encode() + b"\3gtm\7example\3com\0"
        for rrtype in (1, 28, 15):
            packet = b"\0\7\0\0\0\1\0\0\0\0\0\0" + wire + bytes((0, rrtype, 0, 1))
            for client in CLIENTS:
                reply = respond(
                    snapshot, packet, asker(client), Chance(0, 0.0), transport=Transport.UDP
                )
                found[name, rrtype, client] = None if reply is None else reply.message
    return found


def compiled(down: set[str], compiler: Compiler | None = None) -> Compiled:
    return (compiler or Compiler()).compile(ZONES, sample_geo(), Readings(Verdicts(down)), epoch=1)


LATER = 1000.0  # seconds: every ramp is over


@settings(max_examples=30)
@given(st.lists(st.sets(st.sampled_from(ENDPOINTS)), min_size=1, max_size=4))
def test_refreshing_after_verdict_changes_gives_what_compiling_anew_gives(
    steps: list[set[str]],
) -> None:
    compiler = Compiler()
    state = compiled(set(), compiler)
    before: set[str] = set()
    for down in steps:
        changed = {target for target in state.uses if target.address in before ^ down}
        state = compiler.refresh(state, changed, Readings(Verdicts(down)), epoch=2)
        before = down
    fresh = compiled(before)
    state = compiler.ramped(state, LATER, epoch=3)
    assert answers(state.snapshot) == answers(fresh.snapshot)
    assert {key: app.health for key, app in state.apps.items()} == {
        key: app.health for key, app in fresh.apps.items()
    }


def test_a_refresh_leaves_what_did_not_change_as_it_is() -> None:
    compiler = Compiler()
    before = compiled(set(), compiler)
    changed = {target for target in before.uses if target.address == "203.0.113.5"}
    after = compiler.refresh(before, changed, Readings(Verdicts({"203.0.113.5"})), epoch=2)
    assert after.apps["gtm.example.com.", "block"] is before.apps["gtm.example.com.", "block"]
    moved = after.apps["gtm.example.com.", "alone"].services["search"].steered.group
    for number, plans in enumerate(before.snapshot.plans):
        assert (after.snapshot.plans[number] is plans) == (number != moved)
    assert all(map(operator.is_, before.snapshot.rows, after.snapshot.rows))
    assert after.snapshot.epoch == 2


def test_an_endpoint_that_is_left_out_changes_its_own_service_alone() -> None:
    compiler = Compiler()
    before = compiled(set(), compiler)
    changed = {target for target in before.uses if target.address == "192.0.2.2"}
    after = compiler.refresh(before, changed, Readings(Verdicts({"192.0.2.2"})), epoch=2)
    orders = after.apps["gtm.example.com.", "block"].services["orders"].steered
    rows = zip(before.snapshot.rows, after.snapshot.rows, strict=True)
    changed_rows = [row for row, (old, new) in enumerate(rows) if old is not new]
    assert {row // 2 for row in changed_rows} == {orders.number}
    assert after.snapshot.plans == before.snapshot.plans


def test_names_are_shared_by_all_snapshots_of_one_load() -> None:
    compiler = Compiler()
    before = compiled(set(), compiler)
    after = compiler.refresh(before, set(before.uses), Readings(Verdicts(set(ENDPOINTS))), epoch=2)
    assert after.snapshot.zones is before.snapshot.zones
    assert after.snapshot.nodes is before.snapshot.nodes
    assert after.snapshot.closed is before.snapshot.closed


def test_services_with_the_same_regions_share_areas_and_plans() -> None:
    block = compiled(set()).apps["gtm.example.com.", "block"]
    orders, payments = block.services["orders"].steered, block.services["payments"].steered
    assert orders.areas is payments.areas
    assert orders.group == payments.group


def test_a_target_names_everywhere_its_verdict_counts() -> None:
    uses = {target.address: used for target, used in compiled(set()).uses.items()}
    assert {(use.app, use.service) for use in uses["192.0.2.1"]} == {
        ("block", "orders"),
        ("alone", "search"),
    }


def test_counters_keep_their_numbers_across_epochs() -> None:
    compiler = Compiler()
    first = list(compiled(set(), compiler).snapshot.tallies)
    second = compiled({"192.0.2.3"}, compiler).snapshot.tallies
    assert list(second)[: len(first)] == first


def test_an_epoch_can_be_stamped_on_a_snapshot() -> None:
    assert replace(compiled(set()).snapshot, epoch=9).epoch == 9


def test_identical_probes_are_made_once() -> None:
    targets: set[Target] = set(compiled(set()).uses)
    assert len([target for target in targets if target.address == "192.0.2.1"]) == 1


def shares_of(state: Compiled, client: str, service: str = "search") -> dict[str, float]:
    """What part of the draws for a client each region gets."""
    found = next(app.services[service] for app in state.apps.values() if service in app.services)
    steered, source = found.steered, asker(client)
    plan = state.snapshot.plans[steered.group][steered.areas.find(source.bits, source.address) >> 8]
    regions = [steered.regions[slot] for slot in plan.slots]
    return {region: regions.count(region) / len(regions) for region in regions}


def reread(
    compiler: Compiler, state: Compiled, before: set[str], down: set[str], now: float
) -> Compiled:
    """The next snapshot after the endpoints that are down were others."""
    changed = {target for target in state.uses if target.address in before ^ down}
    return compiler.refresh(state, changed, Readings(Verdicts(down), now), epoch=2)


def test_a_region_that_comes_up_beside_another_ramps_from_a_tenth_to_all() -> None:
    compiler, down = Compiler(), {"203.0.113.5"}
    state = reread(compiler, compiled(down, compiler), down, set(), now=100.0)
    assert shares_of(state, "203.0.113.1") == {"ap": 0.1, "us": 0.9}
    state = compiler.ramped(state, 115.0, epoch=3)
    assert shares_of(state, "203.0.113.1") == {"ap": 0.5, "us": 0.5}
    assert compiler.ramped(state, 115.5, epoch=4) is state, "no step, no snapshot"
    state = compiler.ramped(state, 130.0, epoch=5)
    assert shares_of(state, "203.0.113.1") == {"ap": 1.0}


def test_a_region_that_comes_up_alone_has_everybody_at_once() -> None:
    compiler, down = Compiler(), {"203.0.113.5", "192.0.2.1", "2001:db8::1"}
    state = reread(compiler, compiled(down, compiler), down, down - {"203.0.113.5"}, now=100.0)
    assert shares_of(state, "203.0.113.1") == {"ap": 1.0}


def test_a_region_that_goes_down_again_while_it_ramps_starts_anew() -> None:
    compiler, down = Compiler(), {"203.0.113.5"}
    state = reread(compiler, compiled(down, compiler), down, set(), now=100.0)
    state = reread(compiler, state, set(), down, now=110.0)
    assert shares_of(state, "203.0.113.1") == {"us": 1.0}
    state = reread(compiler, state, down, set(), now=120.0)
    assert shares_of(state, "203.0.113.1") == {"ap": 0.1, "us": 0.9}


def test_a_reload_lets_ramps_go_on_and_a_new_region_ramps_too() -> None:
    compiler, down = Compiler(), {"203.0.113.5"}
    state = reread(compiler, compiled(down, compiler), down, set(), now=100.0)
    text = ZONE.replace("ap: [203.0.113.5]", "ap: [203.0.113.5], eu: [198.51.100.9]")
    now = Readings(Verdicts(), 110.0)
    again = compiler.compile(ZONES, sample_geo(), now, 3, before=state)
    assert shares_of(again, "203.0.113.1") == {"ap": 0.4, "us": 0.6}
    wider = compiler.compile(read_zones({"gtm.yaml": text}), sample_geo(), now, 3, before=state)
    assert shares_of(wider, "198.51.100.1") == {"eu": 0.1, "us": 0.9}


def test_a_and_aaaa_agree_while_a_region_ramps() -> None:
    compiler, down = Compiler(), {"192.0.2.1", "2001:db8::1"}
    state = reread(compiler, compiled(down, compiler), down, set(), now=100.0)
    wire = b"\6search\3gtm\7example\3com\0"
    seen = set()
    for host in range(1, 200):
        for now in (100.0, 140.0):
            found = []
            for rrtype in (1, 28):
                packet = b"\0\7\0\0\0\1\0\0\0\0\0\0" + wire + bytes((0, rrtype, 0, 1))
                sender = asker(f"192.0.2.{host}")
                reply = respond(
                    state.snapshot, packet, sender, Chance(0, now), transport=Transport.UDP
                )
                assert reply is not None
                found.append(reply.tally.region)
            # ap has no IPv6 address: then AAAA is NODATA, never the other region's
            assert found in (["us", "us"], ["ap", ""])
            seen.add(found[0])
    assert seen == {"us", "ap"}
