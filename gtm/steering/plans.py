"""Plans: for each area, which region its clients are answered with now."""

from __future__ import annotations

from collections.abc import Sequence

from gtm.snapshot import AreaTable, Pick, Plan


class PlanTables:
    """The plans of area tables, made once for each set of regions that is up and then shared.

    Services that have the same regions, and the same of them up, have the same plans.
    """

    def __init__(self) -> None:
        """Empty; lives as long as the area tables that it is asked for."""
        self._made: dict[tuple[int, frozenset[str]], tuple[AreaTable, Sequence[Plan]]] = {}

    def plans(self, areas: AreaTable, up: frozenset[str]) -> Sequence[Plan]:
        """A plan for each area. With no region up, all are taken to be (when_all_down: all)."""
        key = (id(areas), up)
        if key not in self._made:
            # the table is kept beside its plans so that its id can't be another's
            self._made[key] = (areas, nearest_plans(areas, up))
        return self._made[key][1]


def nearest_plans(areas: AreaTable, up: frozenset[str]) -> tuple[Plan, ...]:
    """The cheapest region that is up, for each area."""
    fallback = not up
    usable = [fallback or region in up for region in areas.regions]
    single = [Plan(Pick.FIRST, (index,), fallback) for index in range(len(areas.regions))]
    return tuple(
        single[next(index for index in ranking if usable[index])] for ranking in areas.rankings
    )
