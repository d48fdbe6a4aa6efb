"""What every policy is, and the regions that one may use."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gtm.model import Draw, Policy, Region, Steering
from gtm.snapshot import Pick
from gtm.steering.choice import Choice
from gtm.steering.places import Place

Up = frozenset[int]  # indices of the regions that may be answered
BY_WEIGHT = {Policy.WEIGHTED, Policy.STICKY}
PICKS = {Draw.WINDOW: Pick.DRAW, Draw.QUERY: Pick.RANDOM}


class Chooser(Protocol):
    """A policy for the regions of some services; regions are indices into those.

    In `loose` ones clients with different views may still be decided alike, whatever is up.
    """

    loose: bool

    def view(self, place: Place, among: Up) -> Hashable:
        """All that decisions for clients at the place depend on, whatever of `among` is up."""

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """The decision for clients with that view; None if none of the regions is left."""

    def hashed(self, view: Hashable) -> bool:
        """Whether decisions for clients with that view depend on their network's hash."""

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """What led to the decision, in an operator's words, one step each."""

    def usable(self, view: Hashable) -> Up:
        """The regions that clients with that view may be given at all."""

    @property
    def identity(self) -> Hashable:
        """Equal for policies that decide alike."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The regions that a policy may use: indices into all regions, in the operator's order."""

    indices: tuple[int, ...]
    regions: tuple[Region, ...]
    weights: tuple[int, ...]

    def up(self, up: Up) -> list[int]:
        """Which of them may be answered, as positions in `indices`."""
        return [at for at, index in enumerate(self.indices) if index in up]


def candidates(steering: Steering, regions: Sequence[Region]) -> Candidates:
    """What `regions` and `fence` leave of the regions.

    Where shares are all that decides, a region that `weights` does not name weighs 0.
    """
    by_name = {region.name: index for index, region in enumerate(regions)}
    weights = dict(steering.weights)
    unnamed = 0 if steering.policy in BY_WEIGHT and weights else 1
    named = steering.order or steering.regions or tuple(by_name)
    kept = [
        by_name[name]
        for name in named
        if name in by_name and _inside(regions[by_name[name]], steering)
    ]
    return Candidates(
        tuple(kept),
        tuple(regions[index] for index in kept),
        tuple(weights.get(regions[index].name, unnamed) for index in kept),
    )


def _inside(region: Region, steering: Steering) -> bool:
    return not steering.fence or any(code.covers(region.location) for code in steering.fence)


def shared(options: list[tuple[tuple[int, ...], float]], pick: Pick) -> Choice | None:
    """The choice between some options; None of none."""
    return Choice(tuple(options), pick) if options else None
