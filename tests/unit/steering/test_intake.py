"""Regions that take a fraction of their clients: whom they keep, and where the others go."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns import draw
from gtm.model import Draw, Location, Policy, Region, Steering
from gtm.snapshot import Pick
from gtm.steering.choice import Choice
from gtm.steering.intake import choose, dealt
from gtm.steering.places import Place
from gtm.steering.policies import Chooser, chooser

REGIONS = [
    Region("us", Location(39.0, -77.5, "NA", "US", "VA")),
    Region("eu", Location(53.3, -6.3, "EU", "IE")),
    Region("ap", Location(1.3, 103.8, "AS", "SG")),
]
US, EU, AP = range(3)
ALL = frozenset(range(3))
LONDON = Place(Location(51.5, -0.1, "EU", "GB", "ENG"))  # nearest: eu, us, ap
CLIENTS = 200_000
STEERINGS = {
    "nearest": Steering(),
    "within": Steering(within=20.0),
    "weighted": Steering(policy=Policy.WEIGHTED, weights=(("us", 50), ("eu", 30), ("ap", 20))),
    "failover": Steering(policy=Policy.FAILOVER, order=("eu", "us", "ap"), trickle=0.05),
    "sticky": Steering(policy=Policy.STICKY),
}


def policy(name: str) -> Chooser:
    return chooser(STEERINGS[name], REGIONS, ())


def decided(policy: Chooser, *fractions: float, up: frozenset[int] = ALL) -> Choice | None:
    return choose(policy, policy.view(LONDON, ALL), up, fractions)


def shares(choice: Choice | None) -> dict[int, float]:
    assert choice is not None
    total = sum(share for _, share in choice.options)
    found: dict[int, float] = {}
    for option, share in choice.options:
        found[option[0]] = found.get(option[0], 0.0) + share / total
    return found


def test_what_the_nearest_region_turns_away_goes_to_the_next_and_of_that_to_the_one_after() -> None:
    found = shares(decided(policy("nearest"), 0.25, 0.4, 1.0))
    assert found == pytest.approx({EU: 0.4, US: 0.6 * 0.25, AP: 0.6 * 0.75})


def test_a_ramping_region_has_that_part_of_its_weight_and_the_others_share_the_rest() -> None:
    found = shares(decided(policy("weighted"), 0.1, 1.0, 1.0))
    assert found == pytest.approx({US: 0.05, EU: 0.95 * 0.6, AP: 0.95 * 0.4})


def test_the_active_region_of_a_failover_ramps_and_the_standby_serves_meanwhile() -> None:
    found = shares(decided(policy("failover"), 1.0, 0.1, 1.0))
    assert found == pytest.approx({EU: 0.095, US: 0.05 + 0.855 * 0.95, AP: 0.855 * 0.05}, abs=0.05)
    assert found[EU] == pytest.approx(0.095)


def test_the_region_that_takes_most_takes_all_as_somebody_must() -> None:
    assert shares(decided(policy("nearest"), 0.1, 0.1, 0.1)) == {EU: 1.0}
    assert shares(decided(policy("nearest"), 0.0, 0.0, 0.0)) == {EU: 1.0}
    alone = decided(policy("weighted"), 1.0, 0.2, 1.0, up=frozenset({EU}))
    assert shares(alone) == {EU: 1.0}


def test_a_sticky_region_that_takes_less_moves_its_own_clients_alone() -> None:
    full, less = decided(policy("sticky"), 1, 1, 1), decided(policy("sticky"), 1, 0.25, 1)
    assert full is not None
    assert less is not None
    assert less.pick is Pick.HASH
    pairs = Counter(zip(full.plan().slots, less.plan().slots, strict=True))
    moved = {pair: count for pair, count in pairs.items() if pair[0] != pair[1]}
    assert {before for before, _ in moved} == {EU}
    left = sum(count for (_, after), count in pairs.items() if after == EU) / pairs.total()
    assert left == pytest.approx(0.25 / 2.25, abs=0.01)


def test_a_draw_for_each_query_stays_one() -> None:
    each = chooser(
        Steering(policy=Policy.FAILOVER, order=("eu", "us"), draw=Draw.QUERY), REGIONS, ()
    )
    choice = choose(each, each.view(LONDON, ALL), ALL, (1.0, 0.5, 1.0))
    assert choice is not None
    assert choice.plan().pick is Pick.RANDOM


def test_shares_over_clients_are_the_fractions_within_one_percent() -> None:
    choice = decided(policy("nearest"), 0.25, 0.37, 1.0)
    assert choice is not None
    plan = choice.plan()
    picked = Counter(
        plan.slots[draw.pick(draw.window_draw(draw.seed_of(client, 7), 1e9, 30), len(plan.slots))]
        for client in range(CLIENTS)
    )
    expected = {EU: 0.37, US: 0.63 * 0.25, AP: 0.63 * 0.75}
    for region, share in expected.items():
        assert picked[region] / CLIENTS == pytest.approx(share, abs=0.01)


@given(
    st.sampled_from(sorted(STEERINGS)),
    st.sets(st.sampled_from(sorted(ALL)), min_size=1),
    st.tuples(*[st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])] * 3),
)
def test_nobody_is_lost_and_no_region_gets_clients_that_is_down_or_takes_none(
    name: str, up: set[int], fractions: tuple[float, ...]
) -> None:
    steering, there = policy(name), frozenset(up)
    found = shares(decided(steering, *fractions, up=there))
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-4)
    assert set(found) <= up
    if any(fractions[region] for region in up):
        assert all(fractions[region] for region in found)


@given(st.sampled_from(sorted(STEERINGS)), st.sets(st.sampled_from(sorted(ALL)), min_size=1))
def test_regions_that_take_all_change_nothing(name: str, up: set[int]) -> None:
    steering, there = policy(name), frozenset(up)
    view = steering.view(LONDON, ALL)
    assert choose(steering, view, there, (1.0,) * 3) == steering.choose(view, there)


def test_clients_dealt_out_get_each_region_by_its_part() -> None:
    nearest = policy("nearest")
    choice = dealt(nearest, nearest.view(LONDON, ALL), ALL, (0.35, 0.6, 0.05))
    assert shares(choice) == pytest.approx({EU: 0.6, US: 0.35, AP: 0.05})
    assert choice is not None
    assert choice.pick is Pick.DRAW


def test_parts_of_regions_that_are_down_are_shared_by_the_others() -> None:
    nearest = policy("nearest")
    view = nearest.view(LONDON, ALL)
    choice = dealt(nearest, view, frozenset({US, EU}), (0.25, 0.25, 0.5))
    assert shares(choice) == pytest.approx({EU: 0.5, US: 0.5})
    assert dealt(nearest, view, frozenset({US, EU}), (0.0, 0.0, 1.0)) == nearest.choose(
        view, frozenset({US, EU})
    )


def test_a_network_that_is_dealt_out_by_hash_moves_only_from_regions_that_get_less() -> None:
    sticky = policy("sticky")
    view = sticky.view(LONDON, ALL)
    even, less = sticky.choose(view, ALL), dealt(sticky, view, ALL, (0.2, 0.4, 0.4))
    assert even is not None
    assert less is not None
    before, after = even.plan().slots, less.plan().slots
    moved = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {old for old, _ in moved} == {US}
    assert len(moved) / len(before) == pytest.approx(1 / 3 - 0.2, abs=0.01)


def test_an_answer_of_several_regions_begins_with_the_one_it_is_dealt_to() -> None:
    both = chooser(Steering(answered=2), REGIONS, ())
    choice = dealt(both, both.view(LONDON, ALL), ALL, (0.0, 0.5, 0.5))
    assert choice is not None
    assert choice.options == (((EU, US), 0.5), ((AP, EU), 0.5))
