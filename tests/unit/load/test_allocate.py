"""Allocation against naive oracles: nobody lost, nobody over while another has room."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtm.load.allocate import Allocation, allocate
from gtm.load.level import poured
from gtm.load.marks import Room
from gtm.load.settle import Crowd, Ways

NEAR = 1e-6


def ranked(*order: int) -> Ways:
    """The first that is not closed, as `nearest` sends its clients."""

    def ways(closed: frozenset[int]) -> tuple[tuple[int, float], ...]:
        left = [region for region in order if region not in closed]
        return ((left[0], 1.0),) if left else ()

    return ways


def weighted(weights: Mapping[int, float]) -> Ways:
    """By weight among those that are not closed."""

    def ways(closed: frozenset[int]) -> tuple[tuple[int, float], ...]:
        left = {region: weight for region, weight in weights.items() if region not in closed}
        total = sum(left.values())
        return tuple((region, weight / total) for region, weight in left.items())

    return ways


def by_cost(load: float, *costs: float) -> Crowd:
    order = sorted(range(len(costs)), key=costs.__getitem__)
    return Crowd(load, ranked(*order), costs)


def loads(found: Allocation, rooms: Sequence[Room]) -> list[float]:
    return [taken + room.fixed for taken, room in zip(found.taken, rooms, strict=True)]


def test_below_the_soft_mark_everybody_goes_where_the_policy_says() -> None:
    crowds = [by_cost(79, 1, 2), by_cost(10, 2, 1)]
    found = allocate(crowds, [Room(100), Room(100)])
    assert found.parts == ({0: 1.0}, {1: 1.0})
    assert found.wanted == found.taken == (79, 10)


@pytest.mark.parametrize(
    ("demand", "load"), [(80, 80), (90, 81.8182), (100, 83.3333), (160, 88.8889)]
)
def test_above_it_a_region_settles_where_proportional_shedding_would(
    demand: float, load: float
) -> None:
    found = allocate([by_cost(demand, 1, 2)], [Room(100, 0.8), Room(1000)])
    assert found.taken[0] == pytest.approx(load, abs=1e-3)
    # the rule by which Akamai and NS1 shed: in proportion from the low mark to the high one
    assert found.taken[0] == pytest.approx(demand * (1 - max(0, found.taken[0] - 80) / 20))


def test_those_who_lose_least_are_turned_away_first() -> None:
    near, far = by_cost(60, 10, 12), by_cost(60, 10, 90)
    found = allocate([near, far], [Room(100, 1.0), Room(math.inf)])
    assert found.parts[1] == {0: 1.0}
    assert found.parts[0] == pytest.approx({0: 2 / 3, 1: 1 / 3})


def test_clients_with_nowhere_else_to_go_come_first() -> None:
    free, fenced = by_cost(80, 1, 500, 501), Crowd(80, ranked(0), (1, 500, 501))
    found = allocate([free, fenced], [Room(100, 1.0), Room(50), Room(50)])
    assert found.parts[1] == pytest.approx({0: 1.0})
    assert found.taken[0] <= 100 * (1 + NEAR)


def test_fenced_clients_displace_others_even_where_they_lose_less() -> None:
    # b would lose much by leaving 0; a can only use 0 and 1, and c only 1
    a, b = Crowd(50, ranked(0, 1), (1, 2, 9)), Crowd(100, ranked(0, 2), (1, 9, 300))
    c = Crowd(100, ranked(1), (9, 1, 9))
    found = allocate([a, b, c], [Room(100, 1.0), Room(100, 1.0), Room(100, 1.0)])
    assert all(load <= 100 * (1 + NEAR) for load in found.taken)


def test_too_much_for_all_is_too_much_for_all_alike() -> None:
    crowds = [by_cost(400, 1, 2, 3), by_cost(200, 2, 1, 3)]
    rooms = [Room(100), Room(200, 0.5), Room(100, fixed=40)]
    found = allocate(crowds, rooms)
    used = [load / room.capacity for load, room in zip(loads(found, rooms), rooms, strict=True)]
    assert used == pytest.approx([1.6, 1.6, 1.6], rel=1e-3)


def test_regions_that_others_cannot_reach_do_not_suffer_with_them() -> None:
    crowds = [Crowd(150, ranked(0)), by_cost(90, 5, 1, 2)]
    found = allocate(crowds, [Room(100), Room(100), Room(100)])
    assert found.taken[0] == pytest.approx(150, rel=1e-3)
    assert found.taken[1] < 90
    assert found.taken[1] + found.taken[2] == pytest.approx(90)


def test_what_the_policy_shares_by_weight_is_turned_away_in_proportion() -> None:
    crowds = [Crowd(100, weighted({0: 7, 1: 3})), Crowd(100, weighted({0: 7, 2: 3}))]
    found = allocate(crowds, [Room(100, 1.0), Room(1000), Room(1000)])
    assert found.parts[0][0] == pytest.approx(found.parts[1][0]) == pytest.approx(0.5)


def test_a_region_that_ramps_takes_its_fraction_and_the_rest_stays_where_there_is_room() -> None:
    ramping = Crowd(100, ranked(0, 1, 2), (1, 2, 3), {0: 0.1})
    found = allocate([ramping], [Room(200), Room(50, 1.0), Room(200)])
    assert found.parts[0] == pytest.approx({0: 0.1, 1: 0.5, 2: 0.4})


def test_level_crowds_make_the_use_even_over_what_is_there_already() -> None:
    crowds = [by_cost(50, 1, 2, 3), Crowd(150, weighted({0: 1, 1: 1, 2: 1}), level=True)]
    rooms = [Room(100), Room(100, fixed=20), Room(200)]
    found = allocate(crowds, rooms)
    used = [load / room.capacity for load, room in zip(loads(found, rooms), rooms, strict=True)]
    assert used == pytest.approx([0.55, 0.55, 0.55])


def test_what_is_above_the_level_already_gets_nothing() -> None:
    assert poured(10, {0: 90, 1: 10, 2: 10}, {0: 100, 1: 100, 2: 100}) == {1: 5, 2: 5}


def test_crowds_without_clients_get_the_shares_that_some_would() -> None:
    crowds = [by_cost(150, 1, 50, 60), by_cost(0, 1, 2, 60), by_cost(0, 1, 90, 91)]
    found = allocate(crowds, [Room(100), Room(100), Room(100)])
    assert found.parts[1] == {1: 1.0}, "loses less than those who are turned away"
    assert found.parts[2] == {0: 1.0}, "loses more than those who are kept"


# --- any world --------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Crowd], list[Room]]:
    regions = draw(st.integers(1, 6))
    amount = st.floats(0, 100)
    rooms = [
        Room(
            draw(st.floats(1, 200)), draw(st.sampled_from([0.5, 0.8, 1.0])), draw(st.floats(0, 30))
        )
        for _ in range(regions)
    ]
    crowds = []
    for _ in range(draw(st.integers(1, 12))):
        order = draw(st.permutations(range(regions)))[: draw(st.integers(1, regions))]
        if draw(st.booleans()):
            costs = [draw(st.floats(1, 300)) for _ in range(regions)]
            crowds.append(Crowd(draw(amount), ranked(*sorted(order, key=costs.__getitem__)), costs))
        else:
            weights = {region: draw(st.integers(1, 9)) for region in order}
            crowds.append(Crowd(draw(amount), weighted(weights)))
    return crowds, rooms


@given(worlds())
@settings(max_examples=1000)
def test_nobody_is_lost_and_nobody_goes_where_the_policy_never_sends(
    world: tuple[list[Crowd], list[Room]],
) -> None:
    crowds, rooms = world
    found = allocate(crowds, rooms)
    for crowd, parts in zip(crowds, found.parts, strict=True):
        assert sum(parts.values()) == pytest.approx(1.0)
        assert all(share >= 0 for share in parts.values())
        assert parts.keys() <= reachable(crowd)
    assert sum(found.taken) == pytest.approx(sum(crowd.load for crowd in crowds))


@given(worlds())
@settings(max_examples=1000)
def test_no_region_is_pushed_past_its_capacity_while_another_of_its_clients_has_room(
    world: tuple[list[Crowd], list[Room]],
) -> None:
    crowds, rooms = world
    found = allocate(crowds, rooms)
    now = loads(found, rooms)
    small = 1e-4 * (1 + sum(now))
    over = [
        region
        for region, room in enumerate(rooms)
        if found.taken[region] > small and now[region] > room.capacity + small
    ]
    for region in over:
        for other in displaced(crowds, found, region, small):
            assert now[other] >= rooms[other].capacity - small, (region, other, now)


def reachable(crowd: Crowd) -> set[int]:
    found: frozenset[int] = frozenset()
    while ways := crowd.ways(found):
        found |= {region for region, _ in ways}
    return set(found)


def displaced(crowds: list[Crowd], found: Allocation, region: int, small: float) -> set[int]:
    """Where load of a region could go, straight or by moving others on: an augmenting path."""
    seen, todo = {region}, [region]
    while todo:
        here = todo.pop()
        for crowd, parts in zip(crowds, found.parts, strict=True):
            if parts.get(here, 0.0) * crowd.load > small:
                more = reachable(crowd) - seen
                seen |= more
                todo += more
    return seen - {region}


@given(worlds(), st.floats(0.999, 1.001))
@settings(max_examples=200)
def test_the_same_world_gives_the_same_shares(
    world: tuple[list[Crowd], list[Room]], factor: float
) -> None:
    crowds, rooms = world
    assert allocate(crowds, rooms).parts == allocate(crowds, rooms).parts
