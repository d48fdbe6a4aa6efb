"""Cutting address space: every address finds its own place, and pins come before any policy.

Against brute force: what holds for an address is asked word by word.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from gtm.geo import Geo, Layer, Ranges
from gtm.geo.networks import UNKNOWN, crossed, overlay, selected, unknown
from gtm.geo.systems import Systems
from gtm.model import (
    EVERYONE,
    AsNumber,
    Clients,
    GeoCode,
    GeoOverride,
    Location,
    Policy,
    Region,
    Rule,
    Steering,
)
from gtm.snapshot import Pick
from gtm.steering.areas import build_areas
from gtm.steering.places import Place, places
from gtm.steering.policies import Chooser, chooser, named_in, pinned

TOP = 24  # bits that are the same in every test's addresses: 256 are left to look at one by one
NET = ip_network("192.0.2.0/24")
BASE = int(NET.network_address)
SYSTEMS = (AsNumber(64500), AsNumber(64501), AsNumber(4200000000))
REGIONS = [
    Region("us", Location(39.0, -77.5, "NA", "US", "VA")),
    Region("eu", Location(53.3, -6.3, "EU", "IE")),
    Region("ap", Location(1.3, 103.8, "AS", "SG")),
]
NAMES = [region.name for region in REGIONS]
EVERY = frozenset(range(len(REGIONS)))
LOCATIONS = (
    Location(51.5, -0.1, "EU", "GB", "ENG"),
    Location(40.7, -74.0, "NA", "US", "NY"),
    Location(35.7, 139.7, "AS", "JP"),
)


@st.composite
def layers(draw: st.DrawFn, values: int) -> Ranges:
    """Ranges that change inside 192.0.2.0/24 only."""
    cuts = sorted(draw(st.sets(st.integers(0, 255), max_size=12)))
    found = [draw(st.integers(UNKNOWN, values - 1)) for _ in range(len(cuts) + 1)]
    starts = [0, *(BASE + cut for cut in cuts)]
    return selected(Ranges(32, array("I", starts), array("i", found)), range(values))


@st.composite
def networks(draw: st.DrawFn) -> IPv4Network:
    length = draw(st.integers(TOP, 32))
    address = BASE | draw(st.integers(0, 255))
    return IPv4Network((address, length), strict=False)


clients = networks() | st.sampled_from(SYSTEMS)
orders = st.lists(st.sampled_from([*NAMES, "elsewhere"]), min_size=1, unique=True).map(tuple)


@st.composite
def overrides(draw: st.DrawFn) -> tuple[GeoOverride, ...]:
    named = draw(st.lists(clients, max_size=6, unique=True))
    return tuple(
        GeoOverride(
            each,
            draw(st.none() | st.sampled_from(LOCATIONS)),
            draw(st.just(()) | orders),
        )
        for each in named
    )


@st.composite
def geos(draw: st.DrawFn) -> Geo:
    systems = Systems(SYSTEMS, Layer(draw(layers(len(SYSTEMS))), unknown(128)))
    geo = Geo(LOCATIONS, draw(layers(len(LOCATIONS))), unknown(128), (), (), systems)
    return geo.overridden(draw(overrides()))


def system_of(geo: Geo, address: int) -> AsNumber | None:
    value = geo.systems.layer.v4.find(address)[0]
    return None if value == UNKNOWN else SYSTEMS[value]


def ruling(geo: Geo, address: int) -> GeoOverride | None:
    """The override for an address, by looking at all."""
    here = IPv4Address(address)
    around = [
        override
        for override in geo.overrides
        if not isinstance(override.clients, AsNumber) and here in override.clients
    ]
    if around:
        return max(around, key=lambda each: getattr(each.clients, "prefixlen", 0))
    system = system_of(geo, address)
    return next((each for each in geo.overrides if each.clients == system), None)


def place_of(plain: Ranges, geo: Geo, address: int, words: set[Clients]) -> Place:
    """The place of an address, by looking at everything."""
    override, system = ruling(geo, address), system_of(geo, address)
    value = plain.find(address)[0]
    location = None if value == UNKNOWN else geo.locations[value]
    if override is not None and override.location is not None:
        location = override.location
    here = IPv4Address(address)
    inside = frozenset(word for word in words if not isinstance(word, AsNumber) and here in word)
    return Place(
        location,
        inside,
        system if system in words else None,
        () if override is None else override.regions,
    )


@given(geos(), st.sets(clients, max_size=8), st.data())
def test_every_address_finds_its_own_place(
    geo: Geo, words: set[Clients], data: st.DataObject
) -> None:
    plain = data.draw(layers(len(LOCATIONS)))
    seen = replace(geo, locations=LOCATIONS, v4=plain, overrides=(), ruled=Geo.empty().ruled)
    seen = seen.overridden(geo.overrides)
    found = places(seen, words)
    for address in range(BASE - 1, BASE + 257):
        at = found.v4.find(address)[0]
        assert found.list[at] == place_of(plain, seen, address, words), IPv4Address(address)
        here = seen.ruling(ip_address(address))
        assert here == ruling(seen, address)


@given(layers(3), layers(2))
def test_crossed_ranges_are_both_at_every_address_and_merged(one: Ranges, two: Ranges) -> None:
    numbers: dict[tuple[int, int], int] = {}
    found = crossed(one, two, numbers)
    pairs = list(numbers)
    for address in range(BASE - 1, BASE + 257):
        assert pairs[found.find(address)[0]] == (one.find(address)[0], two.find(address)[0])
    assert all(a != b for a, b in zip(found.values, found.values[1:], strict=False))


def test_ten_thousand_networks_and_a_large_as_are_cut_in_one_sweep() -> None:
    """Quadratic work would be 5,000,000,000 steps here."""
    many = [ip_network((0x0A000000 + (at << 8), 24)) for at in range(10_000)]
    table = overlay(unknown(32), [(network, at % 2) for at, network in enumerate(many)])
    geo = Geo(
        LOCATIONS,
        selected(overlay(unknown(32), [(net, at) for at, net in enumerate(many)]), [0, 1] * 5_000),
        unknown(128),
        (),
        (),
        Systems(SYSTEMS, Layer(table, unknown(128))),
    )
    found = places(geo, [*many, SYSTEMS[0]])
    assert len(found.list) == len(many) + 1
    last = found.list[found.v4.find(0x0A000000 + (9_998 << 8))[0]]
    assert last == Place(LOCATIONS[0], frozenset((many[9_998],)), SYSTEMS[0])


# --- scopes, with AS numbers and pins ---------------------------------------------------


@st.composite
def steerings(draw: st.DrawFn, depth: int = 1) -> Steering:
    rules: list[Rule] = []
    policies = [Policy.NEAREST, Policy.FAILOVER, Policy.STICKY, Policy.WEIGHTED, Policy.GEO]
    policy = draw(st.sampled_from(policies if depth else policies[:-1]))
    named = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)))
    if policy is Policy.GEO:
        word = clients | st.sampled_from([GeoCode("EU"), GeoCode("NA", "US"), GeoCode("AS", "JP")])
        for _ in range(draw(st.integers(0, 3))):
            match = tuple(draw(st.lists(word, min_size=1, max_size=3, unique=True)))
            rules.append(Rule(match, draw(steerings(depth - 1))))
        rules.append(Rule((EVERYONE,), draw(steerings(depth - 1))))
    return Steering(
        policy,
        regions=draw(st.sampled_from([None, named])) if policy is not Policy.FAILOVER else None,
        order=named if policy is Policy.FAILOVER else (),
        fence=draw(st.sampled_from([(), (), (GeoCode("EU"),)])) if not rules else (),
        answered=draw(st.sampled_from([1, 1, 2])),
        rules=tuple(rules),
        otherwise=draw(st.none() | steerings(depth - 1)) if depth else None,
    )


def policy_of(steering: Steering, geo: Geo) -> Chooser:
    pins = [override.regions for override in geo.overrides]
    return pinned(chooser(steering, REGIONS, ()), steering, REGIONS, pins)


def decisions(policy: Chooser, place: Place) -> Hashable:
    """All that clients there get, whatever is up, and whether their network's hash decides."""
    view = policy.view(place, EVERY)
    sets = [frozenset(at for at in EVERY if bits >> at & 1) for bits in range(1 << len(EVERY))]
    return policy.hashed(view), tuple(policy.choose(view, up) for up in sets)


@given(geos(), steerings())
def test_scopes_are_sound_and_tight_with_as_numbers_and_pins(geo: Geo, steering: Steering) -> None:
    words = set(named_in(steering))
    policy = policy_of(steering, geo)
    table = build_areas(places(geo, words), policy, len(REGIONS))
    by_place: dict[Place, Hashable] = {}
    decided = []
    for address in range(BASE, BASE + 256):
        place = place_of(geo.v4, geo, address, words)
        if place not in by_place:
            by_place[place] = decisions(policy, place)
        decided.append(by_place[place])
    for at in range(256):
        value = table.v4.find(BASE + at)
        area, length = value >> 8, value & 255
        assert decisions_of(policy, table.views[area]) == decided[at]
        if length < TOP:
            continue  # wider than the addresses looked at: one decision for all of them
        size = 1 << (32 - length)
        assert len(set(decided[at // size * size : at // size * size + size])) == 1, "sound"
        if length > TOP:
            wider = at // (2 * size) * 2 * size
            assert len(set(decided[wider : wider + 2 * size])) > 1, "tight"


def decisions_of(policy: Chooser, view: Hashable) -> Hashable:
    sets = [frozenset(at for at in EVERY if bits >> at & 1) for bits in range(1 << len(EVERY))]
    return policy.hashed(view), tuple(policy.choose(view, up) for up in sets)


# --- pins -------------------------------------------------------------------------------


def regions_of(steering: Steering, pins: tuple[str, ...], up: frozenset[int] = EVERY) -> object:
    policy = pinned(chooser(steering, REGIONS, ()), steering, REGIONS, [pins])
    choice = policy.choose(policy.view(Place(LOCATIONS[0], pinned=pins), EVERY), up)
    return None if choice is None else [tuple(NAMES[i] for i in o) for o, _ in choice.options]


def test_a_pin_beats_every_policy_while_one_of_its_regions_is_up() -> None:
    for steering in (
        Steering(),
        Steering(Policy.FAILOVER, order=("us",)),
        Steering(Policy.WEIGHTED, weights=(("us", 1), ("eu", 1))),
        Steering(Policy.STICKY),
    ):
        assert regions_of(steering, ("ap", "us")) == [("ap",)]
        assert regions_of(steering, ("ap", "us"), frozenset({0, 1})) == [("us",)]


def test_with_none_of_the_pins_up_the_policy_decides() -> None:
    assert regions_of(Steering(), ("ap",), frozenset({0, 1})) == [("eu",)]
    sticky = pinned(chooser(Steering(Policy.STICKY), REGIONS, ()), Steering(), REGIONS, [("ap",)])
    view = sticky.view(Place(None, pinned=("ap",)), EVERY)
    choice = sticky.choose(view, frozenset({0, 1}))
    assert choice is not None and choice.pick is Pick.HASH
    assert sticky.hashed(view)


def test_pins_of_other_services_regions_leave_the_policy_as_it_is() -> None:
    policy = chooser(Steering(), REGIONS, ())
    assert pinned(policy, Steering(), REGIONS, [("elsewhere",)]) is policy
    assert regions_of(Steering(), ("elsewhere",)) == [("eu",)]


def test_a_fence_is_not_left_for_a_pin() -> None:
    fenced = Steering(fence=(GeoCode("EU"),))
    assert regions_of(fenced, ("us", "eu")) == [("eu",)]
    assert regions_of(fenced, ("us",), frozenset({0})) is None
    ruled = Steering(Policy.GEO, rules=(Rule((EVERYONE,), fenced),))
    assert regions_of(ruled, ("us", "eu")) == [("eu",)]


def test_a_pin_answers_as_many_regions_as_the_policy_does() -> None:
    assert regions_of(Steering(answered=2), ("ap", "us")) == [("ap", "us")]
