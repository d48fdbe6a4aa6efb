"""What a region costs a client."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.model import GeoCode, Location, MeasuredLatency, Region
from gtm.steering.cost import BASE_RTT, RTT_PER_KILOMETRE, CostModel, biased, distance, point

LONDON = Location(51.5074, -0.1278, "EU", "GB", "ENG")
NEW_YORK = Location(40.7128, -74.0060, "NA", "US", "NY")

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def haversine(a: Location, b: Location) -> float:
    """The textbook's great-circle distance, as an oracle."""
    phi1, phi2 = math.radians(a.latitude), math.radians(b.latitude)
    lam = math.radians(b.longitude - a.longitude)
    h = math.sin((phi2 - phi1) / 2) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(lam / 2) ** 2
    return 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(h)))


def test_london_to_new_york_is_5570_kilometres() -> None:
    assert distance(point(LONDON), point(NEW_YORK)) == pytest.approx(5570, abs=1)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_agrees_with_the_haversine(a: float, b: float, c: float, d: float) -> None:
    here, there = Location(a, b), Location(c, d)
    assert distance(point(here), point(there)) == pytest.approx(haversine(here, there), abs=0.01)


@given(st.lists(st.tuples(latitudes, longitudes), min_size=2, max_size=6), latitudes, longitudes)
def test_nearest_is_the_one_that_a_brute_force_search_finds(
    places: list[tuple[float, float]], latitude: float, longitude: float
) -> None:
    regions = [Region(str(at), Location(*place)) for at, place in enumerate(places)]
    client = Location(latitude, longitude)
    best = CostModel(regions, ()).ranking(client)[0]
    nearest = min(haversine(region.location, client) for region in regions)
    assert haversine(regions[best].location, client) == pytest.approx(nearest, abs=0.01)


def test_an_estimate_is_a_millisecond_and_fifteen_for_each_thousand_kilometres() -> None:
    (cost,) = CostModel([Region("us", NEW_YORK)], ()).costs(LONDON)
    assert cost.rtt == pytest.approx(BASE_RTT + RTT_PER_KILOMETRE * cost.distance)
    assert cost.measured is None


@pytest.mark.parametrize(("bias", "cost"), [(0, 100), (50, 50), (-50, 200), (99, 1), (-99, 10000)])
def test_bias_has_route_53s_form(bias: int, cost: float) -> None:
    assert biased(100, bias) == pytest.approx(cost)


def test_a_measurement_of_the_smallest_area_counts_for_each_region() -> None:
    regions = [Region("us", NEW_YORK), Region("eu", LONDON)]
    latency = [
        MeasuredLatency(GeoCode("EU"), {"us": 90.0, "eu": 30.0}),
        MeasuredLatency(GeoCode("EU", "GB"), {"us": 70.0}),
    ]
    us, eu = CostModel(regions, latency).costs(LONDON)
    assert (us.rtt, us.measured) == (70.0, GeoCode("EU", "GB"))
    assert (eu.rtt, eu.measured) == (30.0, GeoCode("EU"))


def test_ties_keep_the_operators_order() -> None:
    regions = [Region("b", LONDON), Region("a", LONDON)]
    assert CostModel(regions, ()).ranking(NEW_YORK) == (0, 1)


def test_service_time_is_added_before_the_bias() -> None:
    regions = [Region("us", NEW_YORK, bias=50), Region("eu", LONDON)]
    us, eu = CostModel(regions, (), {"us": 40.0}).costs(LONDON)
    assert (us.service, eu.service) == (40.0, 0.0)
    assert us.cost == pytest.approx((us.rtt + 40.0) / 2)
    assert eu.cost == eu.rtt


@given(
    st.lists(st.tuples(latitudes, longitudes, st.integers(-99, 99)), min_size=1, max_size=5),
    latitudes,
    longitudes,
    st.booleans(),
)
def test_figures_are_those_of_the_costs(
    at: list[tuple[float, float, int]], latitude: float, longitude: float, measured: bool
) -> None:
    regions = [Region(f"r{n}", Location(a, b), bias) for n, (a, b, bias) in enumerate(at)]
    latency = [MeasuredLatency(GeoCode("EU"), {"r0": 12.0})] if measured else []
    model = CostModel(regions, latency, {"r0": 3.0})
    here = Location(latitude, longitude, "EU")
    costs = [(cost.measured is None, cost.cost) for cost in model.costs(here)]
    assert model.figures(here) == costs
