"""Those who lose least go elsewhere: the cheapest moves that bring every region to its limit.

Regions over their limits are relieved along the cheapest chain of moves that ends in a region
with room: the crowd that loses least goes from the first to the next, whose crowd that loses
least goes on, and so forth. Taking the cheapest chain each time gives the least loss of all (the
successive shortest paths of minimum-cost flow: Ahuja, Magnanti and Orlin, Network Flows, 1993),
and finds room wherever there is any.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import pairwise

from gtm.load.settle import Settlement

MOST = 100_000  # moves, lest rounding keep it going
EXACT = 1e-9  # milliseconds: what costs less is not cheaper


class Relief:
    """Moves clients of a settlement until every region is at its limit, as far as that can be.

    `full` has, for regions that stay over, all those together that could have made room for them.
    """

    def __init__(self, found: Settlement, reaches: Sequence[frozenset[int]]) -> None:
        """`reaches` are the regions that each crowd can be sent to. Changes `found`."""
        self._found = found
        self._reaches = reaches
        self._regions = range(len(found.limits))
        self._movers: list[list[list[tuple[float, int]]]] = [
            [[] for _ in self._regions] for _ in self._regions
        ]
        for region in self._regions:
            for number in found.held[region]:
                self._may_move(number, region)
        self.full: list[frozenset[int]] = []
        for _ in range(MOST):
            path = self._path() if found.over() else None
            if path is None:
                break
            self._take(path)
        self._note_full()

    def _may_move(self, number: int, here: int) -> None:
        """Offers a crowd that is in a region to all others it can go to."""
        crowd = self._found.crowds[number]
        for there in self._reaches[number]:
            if there != here and there not in crowd.ramps:
                loss = crowd.costs[there] - crowd.costs[here] if crowd.costs else 0.0
                heappush(self._movers[here][there], (loss, number))

    def _cheapest(self, here: int, there: int) -> tuple[float, int] | None:
        """The crowd that loses least by going from one region to another, and how much."""
        movers, held = self._movers[here][there], self._found.held[here]
        while movers and held[movers[0][1]] <= self._found.close:
            heappop(movers)
        return movers[0] if movers else None

    def _path(self) -> list[int] | None:
        """The cheapest way from a region over its limit to one with room (Bellman and Ford)."""
        found = self._found
        over = found.over()
        costs = [0.0 if region in over else math.inf for region in self._regions]
        came = [-1] * len(costs)
        for _ in self._regions:
            changed = False
            for here in self._regions:
                if math.isinf(costs[here]):
                    continue
                for there in self._regions:
                    mover = self._cheapest(here, there)
                    if mover is None or there in over:
                        continue
                    if costs[here] + mover[0] < costs[there] - EXACT:
                        costs[there], came[there] = costs[here] + mover[0], here
                        changed = True
            if not changed:
                break
        ends = [
            region
            for region in self._regions
            if found.limits[region] - found.total[region] > found.close
            and not math.isinf(costs[region])
        ]
        if not ends:
            return None
        path = [min(ends, key=costs.__getitem__)]
        while came[path[-1]] >= 0 and len(path) <= len(costs):
            path.append(came[path[-1]])
        return path[::-1] if path[-1] in over else None

    def _take(self, path: list[int]) -> None:
        """Moves as much along a way as its narrowest step allows."""
        found = self._found
        steps = []
        for here, there in pairwise(path):
            mover = self._cheapest(here, there)
            assert mover is not None  # noqa: S101  # the way was found by it
            steps.append((mover[1], here, there))
        start, end = path[0], path[-1]
        amount = min(
            found.total[start] - max(0.0, found.limits[start]),
            found.limits[end] - found.total[end],
            *(found.held[here][number] for number, here, _ in steps),
        )
        for number, here, there in steps:
            known = found.held[there].get(number, 0.0) > found.close
            found.move(number, amount, here, there)
            if not known:
                self._may_move(number, there)

    def _note_full(self) -> None:
        for region in self._found.over():
            seen, todo = {region}, [region]
            for here in todo:
                more = {
                    there
                    for there in self._regions
                    if there not in seen and self._cheapest(here, there)
                }
                seen |= more
                todo += sorted(more)
            apart = [one for one in self.full if not one & seen]
            self.full = [*apart, frozenset(seen).union(*(one for one in self.full if one & seen))]
