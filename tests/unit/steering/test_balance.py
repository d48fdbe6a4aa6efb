"""Shares of endpoints that measurements decide: exact over many draws, and settling."""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Target
from gtm.compile.compiler import Compiler
from gtm.model import Endpoint
from gtm.steering.balance import MOST, by_pace, corrected
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, read_zones, sample_geo

QUERIES = 200_000
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}}
checks: {up: {type: http}}
apps:
  shop:
    topology: spread
    check: up
    balance: BALANCE
    services:
      orders:
        us:
          - {address: 192.0.2.1, weight: 2}
          - 192.0.2.2
          - 192.0.2.3
          - {address: 192.0.2.4, weight: 0}
          - "2001:db8::1"
          - "2001:db8::2"
          - {address: 192.0.2.9, backup: true}
"""
WEIGHTS = {"192.0.2.1": 2, "192.0.2.2": 1, "192.0.2.3": 1}


def begun_with(balance: str, readings: Readings, rrtype: int = 1) -> dict[str, float]:
    """The part of QUERIES drawn answers that begins with each endpoint."""
    zones = read_zones({"gtm.yaml": ZONE.replace("BALANCE", balance)})
    compiled = Compiler().compile(zones, sample_geo(), readings, epoch=1)
    service = compiled.apps["gtm.example.com.", "shop"].services["orders"]
    records = compiled.snapshot.answers[service.steered.number][0]
    rrset = next(each for each in records if each.type == rrtype)
    source, count = random.Random(5), len(rrset.starts)
    drawn = Counter(rrset.starts[source.getrandbits(16) * count >> 16] for _ in range(QUERIES))
    assert rrset.answered == 1
    return {str(ip_address(rrset.rdata[at])): n / QUERIES for at, n in drawn.items()}


def pace_of(paces: dict[str, float]) -> Readings:
    return Readings(Verdicts(), pace=lambda target: paces.get(target.address))


def proportional(parts: dict[str, float]) -> dict[str, float]:
    total = sum(parts.values())
    return {name: part / total for name, part in parts.items()}


@pytest.mark.parametrize(
    "paces",
    [
        {"192.0.2.1": 40.0, "192.0.2.2": 10.0, "192.0.2.3": 25.0},
        {"192.0.2.1": 3.7, "192.0.2.2": 91.3, "192.0.2.3": 12.9},
        {"192.0.2.1": 0.02, "192.0.2.2": 500.0, "192.0.2.3": 0.01},
    ],
)
def test_ewma_shares_by_weight_over_response_time(paces: dict[str, float]) -> None:
    expected = proportional({a: weight / max(paces[a], 1.0) for a, weight in WEIGHTS.items()})
    assert begun_with("ewma", pace_of(paces)) == pytest.approx(expected, abs=0.01)


def test_who_is_not_measured_counts_as_the_mean_of_the_others() -> None:
    found = begun_with("ewma", pace_of({"192.0.2.1": 30.0, "192.0.2.2": 10.0}))
    expected = proportional({"192.0.2.1": 2 / 30, "192.0.2.2": 1 / 10, "192.0.2.3": 1 / 20})
    assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("balance", ["ewma", "least_load"])
def test_with_nothing_measured_the_weights_are_what_counts(balance: str) -> None:
    found = begun_with(balance, Readings(Verdicts()))
    assert found == pytest.approx(
        {"192.0.2.1": 0.5, "192.0.2.2": 0.25, "192.0.2.3": 0.25}, abs=0.01
    )


def test_families_share_each_for_itself() -> None:
    readings = pace_of({"192.0.2.1": 999.0, "2001:db8::1": 10.0, "2001:db8::2": 30.0})
    found = begun_with("ewma", readings, rrtype=28)
    assert found == pytest.approx({"2001:db8::1": 0.75, "2001:db8::2": 0.25}, abs=0.01)


def test_least_load_shares_by_weight_times_the_factor_in_force() -> None:
    leans = {"192.0.2.1": 0.5, "192.0.2.2": 2.0}
    readings = Readings(Verdicts(), lean=lambda _s, _r, end: leans.get(str(end), 1.0))
    found = begun_with("least_load", readings)
    assert found == pytest.approx(
        {"192.0.2.1": 0.25, "192.0.2.2": 0.5, "192.0.2.3": 0.25}, abs=0.01
    )


@given(st.lists(st.tuples(st.integers(1, 1000), st.floats(1, 3000)), min_size=2, max_size=8))
def test_the_faster_of_two_of_one_weight_never_gets_less(rows: list[tuple[int, float]]) -> None:
    shares = by_pace([float(weight) for weight, _ in rows], [pace for _, pace in rows])
    for (weight, pace), share in zip(rows, shares, strict=True):
        for (other, slower), less in zip(rows, shares, strict=True):
            if weight >= other and pace <= slower:
                assert share >= less


# --- least_load: does it settle? --------------------------------------------------------

STEP = 1.0  # seconds
TTL = 30.0
REPORTED = 10.0  # seconds between two reports, each of the mean over that time
CORRECTED = 60.0  # seconds between two corrections


def settled(
    weights: list[int], dearness: list[float], demand: list[float], seed: int = 1
) -> tuple[list[list[float]], list[dict[Endpoint, float]]]:
    """Utilisations at each report, and the factors after each correction.

    A model of resolvers: 1,000 of them, each with a demand of its own, keep an answer for a TTL.
    A request costs an endpoint its `dearness`. Loads are means over the time since the last
    report, are known a report late, and swing with `demand` (one factor for each minute).
    """
    source = random.Random(seed)
    endpoints = [Endpoint(ip_address(f"192.0.2.{n + 1}"), w) for n, w in enumerate(weights)]
    sizes = [source.paretovariate(2.0) for _ in range(1000)]
    expires = [source.uniform(0, TTL) for _ in sizes]
    at = source.choices(range(len(weights)), weights, k=len(sizes))
    leans = dict.fromkeys(endpoints, 1.0)
    reports: deque[list[float]] = deque(maxlen=2)
    utilisations, factors = [], []
    summed = [0.0] * len(weights)
    for second in range(int(60 * len(demand))):
        shares = [end.weight * leans[end] for end in endpoints]
        for n, expiry in enumerate(expires):
            if second >= expiry:
                expires[n] = second + TTL
                at[n] = source.choices(range(len(weights)), shares)[0]
            summed[at[n]] += sizes[n] * dearness[at[n]] * demand[second // 60]
        if second % REPORTED == REPORTED - 1:
            reports.append([each / REPORTED for each in summed])
            utilisations.append([load / w for load, w in zip(reports[-1], weights, strict=True)])
            summed = [0.0] * len(weights)
        if second % CORRECTED == CORRECTED - 1:
            late = dict(zip(endpoints, reports[0], strict=True))
            leans = corrected(leans, late)
            factors.append(leans)
    return utilisations, factors


SCENES = {
    "equal ones": ([1, 1, 1], [1.0, 1.0, 1.0]),
    "one is half as strong as its weight says": ([1, 1, 1], [1.0, 1.0, 2.0]),
    "weights that are right": ([4, 2, 1], [1.0, 1.0, 1.0]),
    "weights that are wrong": ([4, 1, 1], [2.0, 0.5, 1.0]),
}


@pytest.mark.parametrize(("weights", "dearness"), SCENES.values(), ids=SCENES.keys())
def test_loads_become_even_and_shares_settle(weights: list[int], dearness: list[float]) -> None:
    swing = [1.0 + 0.3 * ((minute // 7) % 2) for minute in range(40)]
    utilisations, factors = settled(weights, dearness, swing)
    late = utilisations[-90:]  # the last quarter of an hour
    means = [sum(row[n] for row in late) / len(late) for n in range(len(weights))]
    middle = sum(means) / len(means)
    assert max(means) < 1.15 * middle
    assert min(means) > 0.85 * middle
    for endpoint in factors[-1]:
        last = [each[endpoint] for each in factors[-10:]]
        assert max(last) < 1.3 * min(last), "no swinging"


def test_corrections_are_bounded_whatever_is_reported() -> None:
    one, two = (Endpoint(ip_address(f"192.0.2.{n}")) for n in (1, 2))
    leans: dict[Endpoint, float] = {}
    for _ in range(20):
        leans = corrected(leans, {one: 0.0, two: 1e9})
    assert leans == {one: MOST, two: 1 / MOST}
    once = corrected({}, {one: 0.0, two: 100.0})
    assert once[one] / once[two] <= 4.0, "who has just come up is not run over"


def test_endpoints_near_the_mean_and_silent_ones_are_left_alone() -> None:
    one, two, silent = (Endpoint(ip_address(f"192.0.2.{n}")) for n in (1, 2, 3))
    even = corrected({}, {one: 95.0, two: 105.0, silent: None})
    assert even == dict.fromkeys((one, two, silent), 1.0)
    heavy = replace(two, weight=3)
    assert corrected({}, {one: 10.0, heavy: 30.0}) == {one: 1.0, heavy: 1.0}


def test_with_no_load_told_the_factors_are_forgotten() -> None:
    one, two = (Endpoint(ip_address(f"192.0.2.{n}")) for n in (1, 2))
    assert corrected({one: 2.0, two: 0.5}, {one: None, two: None}) == {one: 1.0, two: 1.0}


def test_shares_by_load_ask_for_no_response_time() -> None:
    asked: list[Target] = []

    def pace(target: Target) -> float | None:
        asked.append(target)
        return None

    begun_with("least_load", Readings(Verdicts(), pace=pace))
    assert asked == []
