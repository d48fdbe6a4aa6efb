"""Area tables promise the longest match, and a scope that is sound and tight."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.geo import Ranges
from gtm.model import Location, Region, Steering
from gtm.snapshot import AreaTable
from gtm.steering.areas import build_areas, prefix_table
from gtm.steering.cost import CostModel
from gtm.steering.places import places
from gtm.steering.policies import Ranked, chooser
from tests.worlds import sample_geo


@st.composite
def ranges(draw: st.DrawFn, bits: int) -> Ranges:
    cuts = draw(st.sets(st.integers(1, (1 << bits) - 1), max_size=30))
    starts = [0, *sorted(cuts)]
    values: list[int] = []
    for _ in starts:
        value = draw(st.integers(0, 3).filter(lambda v: not values or v != values[-1]))
        values.append(value)
    return Ranges(bits, array("I", starts) if bits == 32 else starts, array("i", values))


def naive(found: Ranges, address: int) -> int:
    """The value of the last range that begins at or before the address."""
    return [
        value for start, value in zip(found.starts, found.values, strict=True) if start <= address
    ][-1]


def is_one_area(found: Ranges, area_of: list[int], address: int, length: int) -> bool:
    """Whether every address of the prefix is in one area, looked at range by range."""
    size = 1 << (found.bits - length)
    first = address // size * size
    inside = {naive(found, first)} | {
        value
        for start, value in zip(found.starts, found.values, strict=True)
        if first <= start < first + size
    }
    return len({area_of[value] for value in inside}) == 1


@pytest.mark.parametrize("bits", [32, 128])
def test_every_address_finds_its_area_with_the_widest_prefix_that_is_one_area(bits: int) -> None:
    @given(
        ranges(bits), st.lists(st.integers(0, (1 << bits) - 1), min_size=1, max_size=20), st.data()
    )
    def promise(found: Ranges, addresses: list[int], data: st.DataObject) -> None:
        area_of = data.draw(st.lists(st.integers(0, 2), min_size=4, max_size=4))
        table = prefix_table(found, area_of)
        edges = list(found.starts) + [start - 1 for start in found.starts if start]
        for address in addresses + edges:
            value = table.find(address)
            area, length = value >> 8, value & 255
            assert area == area_of[naive(found, address)]
            assert is_one_area(found, area_of, address, length), "sound"
            assert length == 0 or not is_one_area(found, area_of, address, length - 1), "tight"

    promise()


def test_ipv6_starts_are_kept_whole_where_an_operator_splits_a_64() -> None:
    inside = (0x20010DB8 << 96) | 0x80
    found = Ranges(128, [0, inside, inside + 0x80], array("i", [0, 1, 0]))
    table = prefix_table(found, [0, 1])
    assert table.find(inside) == 1 << 8 | 121
    assert table.find(inside - 1) >> 8 == 0


def ranking(table: AreaTable, value: int) -> tuple[int, ...]:
    view = table.views[value >> 8]
    assert isinstance(view, Ranked)
    return view.ranking


def test_clients_at_no_known_place_get_the_regions_in_their_order() -> None:
    regions = [Region("b", Location(1.0, 1.0)), Region("a", Location(50.0, 1.0))]
    table = build_areas(places(sample_geo(), ()), chooser(Steering(), regions, ()), len(regions))
    assert ranking(table, table.v4.find(0x0A000001)) == (0, 1)


def test_the_sample_database_ranks_as_each_network_by_itself() -> None:
    """Against the database itself, for random addresses of it."""
    regions = [
        Region("us", Location(39.0, -77.5)),
        Region("eu", Location(53.3, -6.3)),
        Region("ap", Location(1.3, 103.8)),
    ]
    model = CostModel(regions, ())
    geo = sample_geo()
    table = build_areas(places(geo, ()), chooser(Steering(), regions, ()), len(regions))
    source = random.Random(1)
    for base, bits in ((0xC0000200, 8), (0xC6336400, 8), (0xCB007100, 8), (0xC6120000, 17)):
        for _ in range(50):
            address = base | source.getrandbits(bits)
            index, _, _ = geo.v4.find(address)
            expected = model.ranking(None if index < 0 else geo.locations[index])
            assert ranking(table, table.v4.find(address)) == expected
