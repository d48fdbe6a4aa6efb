"""128-bit numbers in a row are read as a list of them would be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.geo.wide import Wide

NUMBERS = st.lists(st.integers(0, 2**128 - 1), max_size=6)


@given(NUMBERS, NUMBERS, st.slices(6))
def test_it_is_a_sequence_of_its_numbers(first: list[int], more: list[int], part: slice) -> None:
    wide = Wide(first)
    wide.extend(more)
    wide.extend(Wide(first))
    numbers = [*first, *more, *first]
    assert wide == numbers
    assert list(wide) == numbers
    assert [wide[at] for at in range(-len(numbers), len(numbers))] == numbers * 2
    assert wide[part] == Wide(numbers[part])
    assert (wide == Wide(more)) == (numbers == more)


@pytest.mark.parametrize("number", [-1, 2**128])
def test_numbers_of_other_sizes_are_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        Wide([number])
