"""Clients weighed by what a server has answered: its rates, its areas, and else their networks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.simulate.cells import Cell
from gtm.simulate.seen import ENOUGH, Seen

TABLE = object()
SIZES = (4.0, 1.0, 5.0)
CELLS = tuple(Cell(32, number, size, None, None) for number, size in enumerate(SIZES))


def area_of(cell: Cell) -> int:
    return min(cell.address, 1)  # the last two cells are of one area


def test_a_service_has_its_own_rate_and_services_alike_the_sum() -> None:
    seen = Seen({"a.": 2.0, "b.": 3.0})
    assert seen.rate(["a."]) == 2.0
    assert seen.rate(["a.", "b.", "nobody-asked."]) == 5.0


def test_areas_have_what_they_were_answered_and_their_networks_by_size() -> None:
    seen = Seen({}, {id(TABLE): (ENOUGH, 3 * ENOUGH)})
    weighed, counted = seen.weighed(CELLS, TABLE, area_of, 8.0)
    assert counted
    assert [cell.weight for cell in weighed] == pytest.approx([2.0, 1.0, 5.0])


@pytest.mark.parametrize("counts", [{}, {id(TABLE): (1, 2)}])
def test_with_too_few_answers_networks_are_gone_by(counts: dict[int, tuple[int, ...]]) -> None:
    weighed, counted = Seen({}, counts).weighed(CELLS, TABLE, area_of, 20.0)
    assert not counted
    assert [cell.weight for cell in weighed] == pytest.approx([8.0, 2.0, 10.0])


@given(
    st.lists(st.integers(0, 10**6), min_size=2, max_size=2),
    st.floats(0, 1e6),
    st.lists(st.floats(0, 1e9), min_size=3, max_size=3),
)
def test_all_of_the_rate_is_dealt_out_or_none(
    counts: list[int], rate: float, sizes: list[float]
) -> None:
    cells = tuple(Cell(32, number, size, None, None) for number, size in enumerate(sizes))
    weighed, _ = Seen({}, {id(TABLE): counts}).weighed(cells, TABLE, area_of, rate)
    total = sum(cell.weight for cell in weighed)
    assert total == pytest.approx(rate, rel=1e-6, abs=1e-9) or not weighed
