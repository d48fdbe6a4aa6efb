"""What a region's loss would bring is what the server then makes of it."""

from __future__ import annotations

from functools import partial

import pytest

from gtm.live.foresee import foresee
from gtm.live.map import Maps
from gtm.live.whatif import Steering
from gtm.load.picture import Picture
from gtm.load.units import Unit
from tests.unit.load.load_world import REGIONS, TTL, World
from tests.unit.load.test_capacity_day import PEAK, Day

ZONE = "gtm.example.com."


@pytest.fixture(scope="module")
def settled() -> Day:
    day = Day(World(constant=PEAK, factor=0.8))
    day.run(40 * TTL)
    return day


def steering(day: Day) -> Steering:
    app = day.world.compiled.apps[ZONE, "shop"]
    return Steering(day.world.compiled, app, next(iter(app.services.values())))


def without(*lost: str) -> frozenset[str]:
    return frozenset(lost)


def left(unit: Unit, lost: frozenset[str]) -> frozenset[int]:
    return frozenset(at for at, name in enumerate(REGIONS) if at in unit.up and name not in lost)


def test_nothing_is_foreseen_while_no_load_is_known() -> None:
    assert foresee(Picture(), 0, lambda unit: unit.up) is None


def test_with_all_regions_up_it_is_as_it_is(settled: Day) -> None:
    found = foresee(settled.picture, 0, lambda unit: unit.up)
    assert found is not None
    real = settled.world.loads()
    for region in REGIONS:
        assert found.loads[ZONE, region] == pytest.approx(real[region], rel=0.05)


def test_load_is_neither_made_nor_lost(settled: Day) -> None:
    real = sum(settled.world.loads().values())
    for lost in (without(), without("eu-west"), without("eu-west", "us-east"), without(*REGIONS)):
        found = foresee(settled.picture, 0, partial(left, lost=lost))
        assert found is not None
        assert sum(found.loads.values()) == pytest.approx(real, rel=0.01)


def test_what_is_foreseen_of_a_lost_region_comes_true() -> None:
    day = Day(World(constant=PEAK, factor=0.8))
    day.run(40 * TTL)
    seen = Maps(lambda: 0.0).draw(steering(day), day.picture, without("eu-west"))
    foreseen = {each.region.name: each.load_if for each in seen.regions}
    day.change("eu-west", lost=True)
    for standing in day.picture.sites:
        region = standing.site.region
        assert region.capacity is not None
        assert standing.taken is not None
        assert foreseen[region.name] == pytest.approx(standing.taken, abs=0.005 * region.capacity)
    day.run(20 * TTL)
    real = day.world.loads()
    for name, (_, capacity) in REGIONS.items():  # what differs is what single areas bring
        assert foreseen[name] == pytest.approx(real[name], abs=0.12 * capacity)


def test_what_does_not_fit_is_said() -> None:
    day = Day(World(constant=PEAK))
    day.run(40 * TTL)
    lost = without("eu-west", "us-east", "ap-south")
    seen = Maps(lambda: 0.0).draw(steering(day), day.picture, lost)
    assert any("of its capacity" in warning for warning in seen.warnings)
    assert seen.moved is not None and 0.3 < seen.moved < 0.8
    for each in seen.regions:
        if each.region.name in lost:
            assert (each.share_if, each.load_if) == (0.0, 0.0)
