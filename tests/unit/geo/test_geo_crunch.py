"""What Rust makes of ranges, trees and prefixes is what Python makes of them."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.errors import GeoError
from gtm.geo import crunch
from gtm.geo.networks import UNKNOWN, Ranges, crossed, fill, selected
from gtm.geo.tree import SearchTree, unpack
from gtm.geo.wide import Wide
from gtm.steering.areas import prefix_table

T = TypeVar("T")

pytestmark = pytest.mark.skipif(
    not crunch.BUILT, reason="the native module is not built: `pip install -e .` with cargo there"
)


def in_python(work: Callable[[], T]) -> T:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crunch, "BUILT", False)
        return work()


@st.composite
def some_ranges(draw: st.DrawFn, bits: int, values: st.SearchStrategy[int]) -> Ranges:
    edge = st.integers(0, bits - 1).map(lambda weight: 1 << weight)
    near = st.builds(lambda at, by: abs(at + by), edge, st.integers(-3, 3))
    inner = st.one_of(near, st.integers(1, (1 << bits) - 1)).filter(lambda at: 0 < at < 1 << bits)
    found = [0, *sorted(draw(st.sets(inner, max_size=12)))]
    starts: list[int] = []
    kept = array("i")
    for start, value in zip(found, draw(st.lists(values, min_size=13, max_size=13)), strict=False):
        if not kept or kept[-1] != value:
            starts.append(start)
            kept.append(value)
    return Ranges(bits, array("I", starts) if bits == 32 else Wide(starts), kept)


FAMILY = st.sampled_from((32, 128))
VALUES = st.integers(UNKNOWN, 3)


@given(st.data(), FAMILY)
def test_selecting(data: st.DataObject, bits: int) -> None:
    ranges = data.draw(some_ranges(bits, VALUES))
    meaning = data.draw(st.lists(VALUES, min_size=4, max_size=4))
    assert selected(ranges, meaning) == in_python(lambda: selected(ranges, meaning))


@given(st.data(), FAMILY)
def test_filling(data: st.DataObject, bits: int) -> None:
    upper, lower = (data.draw(some_ranges(bits, VALUES)) for _ in range(2))
    assert fill(upper, lower) == in_python(lambda: fill(upper, lower))


@given(st.data(), FAMILY)
def test_crossing(data: st.DataObject, bits: int) -> None:
    one, two = (data.draw(some_ranges(bits, VALUES)) for _ in range(2))
    known = data.draw(st.lists(st.tuples(VALUES, VALUES), unique=True, max_size=4))
    numbers = {pair: at for at, pair in enumerate(known)}
    others = dict(numbers)
    assert crossed(one, two, numbers) == in_python(lambda: crossed(one, two, others))
    assert list(numbers.items()) == list(others.items())


@given(st.data(), FAMILY)
def test_cutting_into_prefixes(data: st.DataObject, bits: int) -> None:
    ranges = data.draw(some_ranges(bits, st.integers(0, 3)))
    area_of = data.draw(st.lists(st.integers(0, 2), min_size=4, max_size=4))
    found = prefix_table(ranges, area_of)
    assert found == in_python(lambda: prefix_table(ranges, area_of))
    assert type(found.starts) is type(in_python(lambda: prefix_table(ranges, area_of)).starts)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=40), st.sampled_from((32, 128)), FAMILY)
def test_walking_any_tree(records: list[int], tree_bits: int, bits: int) -> None:
    nodes = len(records) // 2
    tree = SearchTree(array("I", records[: 2 * nodes]), nodes, tree_bits)

    def walked() -> tuple[Ranges, list[int]] | str:
        try:
            found = tree.reached(bits)
        except GeoError as error:
            return str(error)
        return found.ranges, list(found.data)

    assert walked() == in_python(walked)
    assert tree.network_count == in_python(lambda: tree.network_count)


@given(st.binary(max_size=20), st.sampled_from((24, 28, 32)))
def test_unpacking(octets: bytes, size: int) -> None:
    tree = memoryview(octets)[: len(octets) // (size // 4) * (size // 4)]
    assert unpack(tree, size) == in_python(lambda: unpack(tree, size))


def test_a_value_without_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="no meaning"):
        crunch.selected(32, array("I", [0]), array("i", [1]), [5])
    with pytest.raises(ValueError, match="no area"):
        crunch.cut(32, array("I", [0]), array("i", [1]), [5])
