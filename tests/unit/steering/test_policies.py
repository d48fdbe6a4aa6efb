"""What the policies promise, counted over many askers and compared with brute force."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns import draw
from gtm.geo import Ranges, bundled, open_databases
from gtm.model import EVERYONE, Draw, GeoCode, Location, Match, Policy, Region, Rule, Steering
from gtm.snapshot import Pick, Plan
from gtm.steering.areas import build_areas
from gtm.steering.cost import distance, point
from gtm.steering.places import Place, Places, places
from gtm.steering.policies import Chooser, chooser

ASKERS = 200_000
REGIONS = [
    Region("us", Location(39.0, -77.5, "NA", "US", "VA")),
    Region("eu", Location(53.3, -6.3, "EU", "IE")),
    Region("ap", Location(1.3, 103.8, "AS", "SG")),
    Region("sa", Location(-23.5, -46.6, "SA", "BR")),
]
ALL = frozenset(range(len(REGIONS)))
LONDON = Place(Location(51.5, -0.1, "EU", "GB", "ENG"))


def shares(plan: Plan, picks: Sequence[int]) -> dict[int, float]:
    """The part of the picks (slot numbers) that each region gets."""
    counted = Counter(plan.slots[slot * plan.width] for slot in picks)
    return {region: count / len(picks) for region, count in counted.items()}


def slots(plan: Plan) -> int:
    return len(plan.slots) // plan.width


def over_askers(plan: Plan, now: float = 1e9, salt: int = 7) -> list[int]:
    count = slots(plan)
    return [
        draw.pick(draw.window_draw(draw.seed_of(asker, salt), now, 30), count)
        for asker in range(0x0A000000, 0x0A000000 + ASKERS)
    ]


def over_windows(plan: Plan, asker: int = 0xC0000201, salt: int = 7) -> list[int]:
    count, seed = slots(plan), draw.seed_of(asker, salt)
    return [
        draw.pick(draw.window_draw(seed, 1e9 + 30 * window, 30), count) for window in range(ASKERS)
    ]


def over_queries(plan: Plan) -> list[int]:
    count, source = slots(plan), random.Random(3)
    return [source.getrandbits(16) * count >> 16 for _ in range(ASKERS)]


def plan_of(steering: Steering, up: frozenset[int] = ALL, place: Place = LONDON) -> Plan:
    policy = chooser(steering, REGIONS, ())
    choice = policy.choose(policy.view(place, ALL), up)
    assert choice is not None
    return choice.plan()


WEIGHTS = [
    ((("us", 70), ("ap", 30)), {0: 0.7, 2: 0.3}),
    ((("us", 1), ("eu", 2), ("ap", 4), ("sa", 93)), {0: 0.01, 1: 0.02, 2: 0.04, 3: 0.93}),
    ((("us", 997), ("eu", 1009)), {0: 997 / 2006, 1: 1009 / 2006}),
    ((("us", 5), ("eu", 0)), {0: 1.0}),
]


@pytest.mark.parametrize(("weights", "expected"), WEIGHTS)
@pytest.mark.parametrize("over", [over_askers, over_windows], ids=["askers", "windows"])
def test_shares_are_the_weights(
    over: object, weights: tuple[tuple[str, int], ...], expected: dict[int, float]
) -> None:
    plan = plan_of(Steering(Policy.WEIGHTED, weights=weights))
    found = shares(plan, over(plan))  # type: ignore[operator]
    assert found.keys() == expected.keys()
    assert all(found[region] == pytest.approx(expected[region], abs=0.01) for region in found)


def test_with_draw_query_shares_hold_over_queries() -> None:
    weights = (("us", 70), ("ap", 30))
    plan = plan_of(Steering(Policy.WEIGHTED, weights=weights, draw=Draw.QUERY))
    assert plan.pick is Pick.RANDOM
    assert shares(plan, over_queries(plan))[0] == pytest.approx(0.7, abs=0.01)


def test_weight_0_is_used_only_when_every_other_region_is_down() -> None:
    steering = Steering(Policy.WEIGHTED, weights=(("us", 5), ("eu", 0)))
    assert set(plan_of(steering).slots) == {0}
    assert set(plan_of(steering, frozenset({1})).slots) == {1}
    assert set(plan_of(steering, frozenset({1, 2})).slots) == {1, 2}, "unnamed ones weigh 0 too"


def test_a_trickle_keeps_the_standby_warm() -> None:
    steering = Steering(Policy.FAILOVER, order=("eu", "us"), trickle=0.05)
    found = shares(plan_of(steering), over_askers(plan_of(steering)))
    assert found[0] == pytest.approx(0.05, abs=0.01)
    assert set(plan_of(steering, frozenset({0, 2})).slots) == {0}


def test_failover_takes_the_first_that_is_up() -> None:
    steering = Steering(Policy.FAILOVER, order=("ap", "eu", "us"))
    for up in (ALL, frozenset({0, 1}), frozenset({0, 3})):
        expected = next(index for index in (2, 1, 0) if index in up)
        assert plan_of(steering, up).slots == (expected,)


def test_an_asker_keeps_its_draw_within_a_window_and_windows_are_spread() -> None:
    begins = set()
    for asker in range(1000):
        seed = draw.seed_of(asker, 7)
        draws = [draw.window_draw(seed, 1e9 + second, 30) for second in range(60)]
        changes = [at for at in range(1, 60) if draws[at] != draws[at - 1]]
        assert changes in ([changes[0]], [changes[0], changes[0] + 30])
        begins.add(changes[0] % 30)
    assert len(begins) == 30


def test_within_shares_the_clients_of_regions_that_cost_little_more() -> None:
    twins = [*REGIONS, Region("eu2", Location(50.1, 8.7, "EU", "DE"))]
    policy = chooser(Steering(within=0.6, weights=(("eu", 3),)), twins, ())
    view = policy.view(LONDON, frozenset(range(5)))
    choice = policy.choose(view, frozenset(range(5)))
    assert choice is not None
    assert dict(choice.options) == {(1,): 3.0, (4,): 1.0}
    alone = policy.choose(view, frozenset({0, 1, 2, 3}))
    assert alone is not None
    assert alone.options == (((1,), 3.0),)


def test_several_regions_are_answered_nearest_first() -> None:
    assert plan_of(Steering(answered=2)).slots == (1, 0)
    assert plan_of(Steering(answered=2), frozenset({2, 3})).width == 2
    assert plan_of(Steering(answered=9), frozenset({2})).slots == (2,)


def test_a_fence_is_never_left() -> None:
    policy = chooser(Steering(fence=(GeoCode("EU"),)), REGIONS, ())
    view = policy.view(LONDON, ALL)
    assert policy.choose(view, ALL - {1}) is None
    assert policy.usable(view) == {1}


def test_otherwise_steers_when_none_is_left() -> None:
    steering = Steering(
        Policy.FAILOVER,
        order=("eu",),
        otherwise=Steering(Policy.WEIGHTED, weights=(("us", 1), ("ap", 1))),
    )
    assert set(plan_of(steering).slots) == {1}
    assert set(plan_of(steering, ALL - {1}).slots) == {0, 2}


def test_a_geo_rule_may_have_a_policy_of_its_own() -> None:
    steering = Steering(
        Policy.GEO,
        rules=(
            Rule((GeoCode("EU"),), Steering(Policy.WEIGHTED, weights=(("eu", 3), ("us", 1)))),
            Rule((EVERYONE,), Steering(Policy.FAILOVER, order=("ap", "us"))),
        ),
    )
    assert shares(plan_of(steering), range(4)) == {1: 0.75, 0: 0.25}
    tokyo = Place(Location(35.7, 139.7, "AS", "JP"))
    assert plan_of(steering, place=tokyo).slots == (2,)


# --- sticky -----------------------------------------------------------------------------


def sticky_regions(up: frozenset[int], weights: tuple[tuple[str, int], ...] = ()) -> list[int]:
    plan = plan_of(Steering(Policy.STICKY, weights=weights), up)
    count = slots(plan)
    return [
        plan.slots[draw.pick(draw.network_draw(32, network << 8, 24, 7), count)]
        for network in range(ASKERS)
    ]


@pytest.mark.parametrize("leaving", range(len(REGIONS)))
def test_a_region_that_leaves_moves_its_own_clients_alone_and_gets_them_back(leaving: int) -> None:
    before = sticky_regions(ALL)
    during = sticky_regions(ALL - {leaving})
    moved = [was for was, now in zip(before, during, strict=True) if was != now]
    assert set(moved) == {leaving}
    assert len(moved) / ASKERS <= 1 / len(REGIONS) + 0.01
    assert sticky_regions(ALL) == before


def test_sticky_shares_are_the_weights() -> None:
    found = Counter(sticky_regions(ALL, (("us", 5), ("eu", 3), ("ap", 2))))
    for region, share in ((0, 0.5), (1, 0.3), (2, 0.2)):
        assert found[region] / ASKERS == pytest.approx(share, abs=0.01)


# --- against brute force ----------------------------------------------------------------

CODES = [GeoCode("EU"), GeoCode("EU", "GB"), GeoCode("AS"), GeoCode("NA"), GeoCode("NA", "US")]
NAMES = [region.name for region in REGIONS]
PLACES = [
    Place(None),
    LONDON,
    Place(Location(48.9, 2.4, "EU", "FR")),
    Place(Location(50.1, 8.7, "EU", "DE")),
    Place(Location(40.7, -74.0, "NA", "US", "NY")),
    Place(Location(37.8, -122.4, "NA", "US", "CA")),
    Place(Location(35.7, 139.7, "AS", "JP")),
    Place(Location(19.1, 72.9, "AS", "IN")),
    Place(Location(-33.9, 151.2, "OC", "AU")),
    Place(Location(-34.6, -58.4, "SA", "AR")),
    Place(Location(-26.2, 28.0, "AF", "ZA")),
]


PLACES_APART = Places(
    PLACES,
    Ranges(32, [at << 24 for at in range(len(PLACES))], array("i", range(len(PLACES)))),
    Ranges(128, [0], array("i", [0])),
)


@st.composite
def steerings(source: st.DrawFn, depth: int = 2) -> Steering:
    policy = source(st.sampled_from(list(Policy) if depth else [Policy.NEAREST, Policy.WEIGHTED]))
    named = tuple(source(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)))
    weights = tuple((name, source(st.integers(0, 5))) for name in named)
    rules: list[Rule] = []
    if policy is Policy.GEO:
        for _ in range(source(st.integers(0, 3))):
            match: tuple[Match, ...] = (source(st.sampled_from(CODES)),)
            rules.append(Rule(match, source(steerings(depth - 1))))
        rules.append(Rule((EVERYONE,), source(steerings(depth - 1))))
    return Steering(
        policy=policy,
        regions=source(st.sampled_from([None, named])),
        weights=weights if source(st.booleans()) else (),
        within=source(st.sampled_from([0.0, 0.1, 0.5])),
        answered=source(st.sampled_from([1, 1, 2])),
        fence=source(st.sampled_from([(), (), (GeoCode("EU"), GeoCode("NA"))])),
        order=named if policy is Policy.FAILOVER else (),
        trickle=source(st.sampled_from([0.0, 0.05])),
        rules=tuple(rules),
        latency_weight=source(st.sampled_from([0.0, 0.0, 1.0, 3.0])),
        otherwise=source(st.none() | steerings(depth - 1)) if depth else None,
    )


def decisions(policy: Chooser, place: Place) -> list[object]:
    """What clients there get, for every set of regions that may be up."""
    view = policy.view(place, ALL)
    every = [
        frozenset(up) for size in range(len(REGIONS) + 1) for up in combinations(sorted(ALL), size)
    ]
    return [policy.choose(view, up) for up in every]


TIMES = st.dictionaries(st.sampled_from(NAMES), st.floats(0, 300))


@given(steerings(), TIMES)
def test_areas_are_sound_clients_of_one_view_get_the_same_whatever_is_up(
    steering: Steering, times: dict[str, float]
) -> None:
    policy = chooser(steering, REGIONS, (), times)
    for a, b in combinations(PLACES, 2):
        if policy.view(a, ALL) == policy.view(b, ALL):
            assert decisions(policy, a) == decisions(policy, b)


@given(steerings(), TIMES)
def test_areas_are_tight_clients_of_two_areas_differ_for_something_up(
    steering: Steering, times: dict[str, float]
) -> None:
    policy = chooser(steering, REGIONS, (), times)
    table = build_areas(PLACES_APART, policy, len(REGIONS))
    areas = [table.v4.find(at << 24) >> 8 for at in range(len(PLACES))]
    for (a, here), (b, there) in combinations(zip(areas, PLACES, strict=True), 2):
        assert (a == b) == (decisions(policy, here) == decisions(policy, there))


@given(steerings(), st.sets(st.sampled_from(sorted(ALL))), st.sampled_from(PLACES))
def test_what_is_down_is_never_chosen_and_a_choice_is_made_whenever_one_is_left(
    steering: Steering, up: set[int], place: Place
) -> None:
    policy = chooser(steering, REGIONS, ())
    view = policy.view(place, ALL)
    choice = policy.choose(view, frozenset(up))
    left = policy.usable(view) & up
    if not left:
        assert choice is None
        return
    assert choice is not None
    assert {region for option, _ in choice.options for region in option} <= left
    plan = choice.plan()
    assert len(plan.slots) % plan.width == 0


def test_nearest_agrees_with_a_brute_force_search_on_real_networks() -> None:
    """10,000 random addresses of the shipped world database, against great-circle distances."""
    geo = open_databases(bundled())
    policy = chooser(Steering(), REGIONS, ())
    table = build_areas(places(geo, ()), policy, len(REGIONS))
    source = random.Random(4)
    seen = 0
    while seen < 10_000:
        address = source.getrandbits(32)
        index, _, _ = geo.v4.find(address)
        if index < 0:
            continue
        seen += 1
        here = point(geo.locations[index])
        far = [distance(here, point(region.location)) for region in REGIONS]
        choice = policy.choose(table.views[table.v4.find(address) >> 8], ALL)
        assert choice is not None
        assert far[choice.options[0][0][0]] == min(far)


def test_nearest_is_the_lowest_sum_of_round_trip_and_weighed_service_time() -> None:
    times = {"us": 5.0, "eu": 120.0, "ap": 0.0, "sa": 40.0}
    for weight in (0.0, 0.3, 1.0, 4.0):
        policy = chooser(Steering(latency_weight=weight), REGIONS, (), times)
        for place in PLACES:
            if place.location is None:
                continue
            here = point(place.location)
            sums = [
                1.0 + 0.015 * distance(here, point(region.location)) + weight * times[region.name]
                for region in REGIONS
            ]
            choice = policy.choose(policy.view(place, ALL), ALL)
            assert choice is not None
            assert choice.options[0][0] == (sums.index(min(sums)),)


def test_a_place_that_is_not_known_goes_by_the_order_however_slow_the_first_is() -> None:
    policy = chooser(Steering(latency_weight=1.0), REGIONS, (), {"us": 900.0})
    choice = policy.choose(policy.view(Place(None), ALL), ALL)
    assert choice is not None
    assert choice.options[0][0] == (0,)


def test_notes_say_what_service_times_add() -> None:
    policy = chooser(Steering(regions=("us", "eu"), latency_weight=2.0), REGIONS, (), {"eu": 20.0})
    assert policy.notes(policy.view(LONDON, ALL), ALL) == (
        "service times count, times 2: us +0 ms, eu +40 ms",
    )
