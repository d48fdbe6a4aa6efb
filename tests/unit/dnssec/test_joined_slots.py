"""An answer of several regions in a signed zone: the same records, as one signed RRset."""

from __future__ import annotations

import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.naive_validator import check
from tests.signing import World, ask, key_set, signed_world

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
dnssec: {}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
checks: {up: {type: tcp, port: 80}}
apps:
  block:
    topology: replicated
    check: up
    ramp: 0s
    answers: ANSWERS
    balance: BALANCE
    steering: {policy: nearest, regions: 2}
    services:
      one:
        us: [192.0.2.1, 192.0.2.2, 192.0.2.3, "2001:db8::1"]
        eu: [198.51.100.1, 198.51.100.2]
        ap: [203.0.113.1, "2001:db8::3"]
      two: {us: [192.0.2.9], eu: [198.51.100.9], ap: [cdn.example.net.]}
"""
ENDPOINTS = ["192.0.2.1", "192.0.2.2", "192.0.2.9", "198.51.100.1", "198.51.100.9", "203.0.113.1"]
CLIENTS = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "127.0.0.1"]
APEX = "gtm.example.com."


def addresses(world: World, name: str, rrtype: str, client: str, random: int = 0) -> set[str]:
    answer = ask(world.snapshot, name, rrtype, client, random=random)
    if world.compiled.keys:
        check(answer, APEX, key_set())
    return {
        record.to_text()
        for rrset in answer.answer
        if rrset.rdtype != dns.rdatatype.RRSIG
        for record in rrset
    }


def zone(answers: str = "10", balance: str = "all") -> str:
    return ZONE.replace("ANSWERS", answers).replace("BALANCE", balance)


@settings(max_examples=30)
@given(st.lists(st.sets(st.sampled_from(ENDPOINTS)), min_size=1, max_size=4))
def test_a_signed_zone_gives_the_records_that_an_unsigned_one_gives(steps: list[set[str]]) -> None:
    signed, plain = signed_world(zone()), signed_world(zone().replace("dnssec: {}", ""))
    for down in steps:
        signed.turn(down)
        plain.turn(down)
        for name in ("one", "two"):
            for rrtype in ("A", "AAAA", "TXT"):
                for client in CLIENTS:
                    asked = f"{name}.{APEX}", rrtype, client
                    assert addresses(signed, *asked) == addresses(plain, *asked)


@pytest.mark.parametrize("balance", ["all", "round_robin", "hash"])
def test_each_part_of_a_region_that_is_given_is_signed_with_each_of_the_other(balance: str) -> None:
    world = signed_world(zone("1", balance))
    found = {
        frozenset(addresses(world, f"one.{APEX}", "A", client, random))
        for random in range(0, 1 << 16, 1 << 13)
        for client in ("192.0.2.1", "192.0.2.77", "192.0.3.1")
    }
    assert all(len(given) == 2 for given in found)
    assert len(frozenset().union(*found)) >= 4 or balance == "hash"


def test_it_is_counted_for_the_nearest_region() -> None:
    world = signed_world(zone())
    (app,) = world.compiled.apps.values()
    (one,) = [each for each in app.services.values() if each.service.name.startswith("one.")]
    rows = world.snapshot.signed[2 * one.steered.number]
    joined = [row for row in rows[4:] if row is not None]
    assert joined
    assert all(world.snapshot.tallies[row.tally].region in ("us", "eu", "ap") for row in joined)
