"""Clients as a running server has seen them: how much each service answers, and to which areas.

Areas are counted where a region has a capacity; elsewhere a service's answers are dealt out among
client networks. Networks within an area are told apart by their size alone either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gtm.simulate.cells import Cell

ENOUGH = 1000  # answers to areas: with fewer the networks tell more


@dataclass(frozen=True, slots=True)
class Seen:
    """`rates` are answers a second by service (full name).

    `counts` are answers by area, by the identity of the area table that they are of.
    """

    rates: Mapping[str, float]
    counts: Mapping[int, Sequence[float]] = field(default_factory=dict)

    def rate(self, services: Iterable[str]) -> float:
        """Answers a second of all of them."""
        return sum(self.rates.get(name, 0.0) for name in services)

    def weighed(
        self, cells: Sequence[Cell], areas: object, area_of: Callable[[Cell], int], rate: float
    ) -> tuple[tuple[Cell, ...], bool]:
        """The cells with what each asks of so many answers a second; whether areas were counted."""
        counts = self.counts.get(id(areas), ())
        if sum(counts) >= ENOUGH:
            found = _by_area(cells, counts, area_of)
            if found:
                return _scaled(found, rate), True
        return _scaled(cells, rate), False


def _by_area(
    cells: Sequence[Cell], counts: Sequence[float], area_of: Callable[[Cell], int]
) -> list[Cell]:
    """Each area with as much as it was answered; its cells by their sizes."""
    areas = [area_of(cell) for cell in cells]
    sizes: dict[int, float] = {}
    for area, cell in zip(areas, cells, strict=True):
        sizes[area] = sizes.get(area, 0.0) + cell.weight
    return [
        replace(cell, weight=cell.weight * counts[area] / sizes[area])
        for area, cell in zip(areas, cells, strict=True)
        if area < len(counts) and counts[area] and sizes[area]
    ]


def _scaled(cells: Sequence[Cell], rate: float) -> tuple[Cell, ...]:
    whole = sum(cell.weight for cell in cells)
    if not whole:
        return ()
    return tuple(replace(cell, weight=cell.weight * rate / whole) for cell in cells)
