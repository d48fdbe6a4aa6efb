"""What is simulated is what asking the server for every single address comes to."""

from __future__ import annotations

from collections import Counter
from functools import cache
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled
from gtm.dns.lookup import Asker, Chance, decide
from gtm.dns.names import to_wire
from gtm.simulate import Scenario, Traffic, Worlds, simulate, worlds
from gtm.simulate.traffic import Unit
from gtm.snapshot import LAST_RESORT
from tests.unit.simulate.simulated_worlds import ZONE, ZONES, counted, full, traffic
from tests.worlds import asker, read_zones, sample_geo

EXACT = ("orders", "search", "backoffice", "maps")  # what no draw and no hash decides
REGIONS = ("us", "eu", "ap")
CHANGED = read_zones(
    {
        "gtm.yaml": ZONE.replace("{location: SG}\nchecks", "{location: SG, bias: 40}\nchecks")
        .replace("192.0.2.96/30: {location: SG}", "192.0.2.96/31: {location: IE}")
        .replace("192.0.2.64/29", "192.0.2.64/31")
        .replace("order: [eu, us]", "order: [us, eu]")
    }
)

networks = st.one_of(
    st.builds(
        lambda base, low, length: str(ip_network((f"{base}.{low}", length), strict=False)),
        st.sampled_from(["192.0.2", "198.51.100", "203.0.113", "198.18.0", "10.0.0"]),
        st.integers(0, 255),
        st.integers(25, 32),
    ),
    st.builds(
        lambda high, low: str(ip_network((f"2001:db8:{high:x}::{low:x}", 124), strict=False)),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFF),
    ),
)
scenarios = st.builds(
    Scenario,
    st.frozensets(st.sampled_from(REGIONS), max_size=2),
    st.frozensets(st.sampled_from(REGIONS), max_size=2),
)


@cache
def compared(scenario: Scenario, changed: bool) -> Worlds:
    """Compiled once: there are not many scenarios."""
    return worlds(ZONES, CHANGED if changed else None, sample_geo(), scenario)


def picked(compiled: Compiled, service: str, client: Asker, now: float = 0.0) -> str | None:
    """The region that the server answers a client with."""
    apex = compiled.snapshot.zones[to_wire("gtm.example.com.")]
    steered = apex.names[to_wire(service)].steered
    assert steered is not None
    decision = decide(compiled.snapshot, steered, client, client, Chance(0, now))
    first = decision.answers[0].region if decision.answers else LAST_RESORT
    return None if first == LAST_RESORT else first


@settings(max_examples=60)
@given(
    st.lists(st.tuples(networks, st.integers(1, 1000)), min_size=1, max_size=4),
    scenarios,
    st.sampled_from(EXACT),
    st.booleans(),
)
def test_moves_are_those_of_every_address_asked_one_by_one(
    asked: list[tuple[str, int]], scenario: Scenario, key: str, changed: bool
) -> None:
    both = compared(scenario, changed)
    naive: dict[tuple[str | None, str | None], float] = {}
    for text, queries in asked:
        network = ip_network(text)
        for address in network:
            client = Asker(network.max_prefixlen, int(address))
            pair = picked(both.before, full(key), client), picked(both.after, full(key), client)
            naive[pair] = naive.get(pair, 0.0) + queries / network.num_addresses
    picture = simulate(both, traffic(*asked), only=full(key)).picture
    moved = {pair: amount for pair, amount in naive.items() if pair[0] != pair[1]}
    simulated = {(move.from_region, move.to_region): move.amount for move in picture.moves}
    assert simulated == pytest.approx(moved)
    for side in (0, 1):
        sums: dict[str | None, float] = {}
        for pair, amount in naive.items():
            sums[pair[side]] = sums.get(pair[side], 0.0) + amount
        shares = {share.region: (share.before, share.after)[side] for share in picture.shares}
        assert {name: share for name, share in shares.items() if share} == pytest.approx(sums)


@pytest.mark.parametrize("key", ["images", "carts"])
def test_draws_and_hashes_give_each_region_its_fraction(key: str) -> None:
    both = worlds(ZONES, None, sample_geo(), Scenario(down=frozenset({"eu"})))
    picture = simulate(both, traffic(("198.18.0.0/16", 1.0)), only=full(key)).picture
    total = 8_000
    naive: Counter[tuple[str | None, str | None]] = Counter()
    for number in range(total):  # a /24 each, for sticky hashes those; at any time
        client = Asker(32, number * 0x10100 + 0x1000000)
        now = number * 31.0
        before, after = (
            picked(world, full(key), client, now) for world in (both.before, both.after)
        )
        naive[before, after] += 1
    for share in picture.shares:
        before_naive = sum(count for pair, count in naive.items() if pair[0] == share.region)
        after_naive = sum(count for pair, count in naive.items() if pair[1] == share.region)
        assert share.before == pytest.approx(before_naive / total, abs=0.02)
        assert share.after == pytest.approx(after_naive / total, abs=0.02)
    if key == "carts":  # only the lost region's clients move, each where it would
        for move in picture.moves:
            there = naive[move.from_region, move.to_region] / total
            assert move.amount == pytest.approx(there, abs=0.02)
        assert {move.from_region for move in picture.moves} == {"eu"}


def test_wide_networks_are_split_by_their_addresses() -> None:
    """Half of the network is the operator's own word away."""
    both = worlds(ZONES, None, sample_geo(), Scenario())
    picture = simulate(both, traffic(("192.0.2.96/29", 80)), only=full("orders")).picture
    assert {share.region: share.before for share in picture.shares} == {"us": 40, "ap": 40}


def test_each_service_is_asked_by_its_own_traffic() -> None:
    own = {
        full("orders"): counted([("192.0.2.1/32", 7)]),
        full("search"): counted([("203.0.113.65/32", 3)]),
    }
    both = worlds(ZONES, None, sample_geo(), Scenario(drained=frozenset({"us"})))
    found = simulate(both, Traffic("a test", Unit.QUERIES, None, own, absolute=True))
    assert {part.services: part.picture.total for part in found.parts} == {
        (full("orders"),): 7,
        (full("search"),): 3,
    }
    assert picked(both.before, full("orders"), asker("192.0.2.1")) == "us"
    assert found.picture.total == 10
    assert found.picture.moved >= 7
