"""Room for those who are left over: others, who can go elsewhere, are moved on for them.

Deferred acceptance looks at one region at a time. Where clients are left that only full regions
could take, those regions may hold others who could go where there is room, straight or by moving
others in their turn: an augmenting path (Ford and Fulkerson, 1956), here between regions.
"""

from __future__ import annotations

from collections.abc import Sequence

from gtm.load.settle import CLOSE, Crowd, Settlement

Move = tuple[int, int, int]  # a crowd, from a region, to a region


def reach(crowd: Crowd) -> frozenset[int]:
    """All regions that a crowd can be sent to."""
    found: frozenset[int] = frozenset()
    while ways := crowd.ways(found):
        found |= {region for region, _ in ways}
    return found


class MakingRoom:
    """Places those left over by a settlement, as far as the limits allow."""

    def __init__(
        self,
        crowds: Sequence[Crowd],
        reaches: Sequence[frozenset[int]],
        limits: Sequence[float],
        found: Settlement,
    ) -> None:
        """Changes `found`. What stays left stands against the `full` regions."""
        self._crowds = crowds
        self._reaches = reaches
        self._limits = limits
        self._found = found
        self._close = 10 * CLOSE * sum(crowd.load for crowd in crowds)
        self._next: list[set[int]] = [set() for _ in limits]
        for region, held in enumerate(found.held):
            for number in held:
                self._next[region] |= reaches[number]
        self.full: list[frozenset[int]] = []
        for number, amount in enumerate(found.left):
            if amount > self._close:
                self._place(number)

    def _place(self, number: int) -> None:
        left = self._found.left
        while left[number] > self._close:
            moves = self._path(number)
            if moves is None:
                self._note_full(number)
                return
            self._move(moves)

    def _path(self, number: int) -> list[Move] | None:
        """Moves from a region with room back to one that the crowd can be sent to.

        The first is the crowd's own, from nowhere (-1).
        """
        came: dict[int, Move] = {region: (number, -1, region) for region in self._reaches[number]}
        todo = sorted(came)
        for here in todo:
            if self._limits[here] - self._found.total[here] > self._close:
                return _back(came, here)
            for there in sorted(self._next[here] - came.keys()):
                crowd = self._mover(here, there)
                if crowd is not None:
                    came[there] = (crowd, here, there)
                    todo.append(there)
        return None

    def _mover(self, here: int, there: int) -> int | None:
        """The crowd that loses least by going from one region to another."""
        movers = [
            number
            for number, amount in self._found.held[here].items()
            if amount > self._close and there in self._reaches[number]
        ]
        return min(movers, key=lambda number: self._loss(number, here, there), default=None)

    def _loss(self, number: int, here: int, there: int) -> float:
        costs = self._crowds[number].costs
        return costs[there] - costs[here] if costs else 0.0

    def _move(self, moves: list[Move]) -> None:
        found, end = self._found, moves[-1][2]
        amounts = [found.held[here][number] for number, here, _ in moves[1:]]
        amount = min(self._limits[end] - found.total[end], found.left[moves[0][0]], *amounts)
        for number, here, there in moves:
            if here < 0:
                found.left[number] -= amount
            else:
                found.held[here][number] -= amount
                found.total[here] -= amount
            found.held[there][number] = found.held[there].get(number, 0.0) + amount
            found.total[there] += amount
            self._next[there] |= self._reaches[number]

    def _note_full(self, number: int) -> None:
        """All that could make room for the crowd is full: it can only be filled further."""
        todo = list(self._reaches[number])
        seen = set(todo)
        for here in todo:
            more = {
                there for there in self._next[here] - seen if self._mover(here, there) is not None
            }
            seen |= more
            todo += more
        apart = [one for one in self.full if not one & seen]
        self.full = [*apart, frozenset(seen).union(*(one for one in self.full if one & seen))]


def _back(came: dict[int, Move], end: int) -> list[Move]:
    moves = [came[end]]
    while moves[-1][1] >= 0:
        moves.append(came[moves[-1][1]])
    return moves[::-1]
