"""The policies by cost: `nearest`, and `latency` with measured round trips first."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from gtm.model import MeasuredLatency, Region, Steering
from gtm.steering.choice import Choice
from gtm.steering.cost import CostModel
from gtm.steering.places import Place
from gtm.steering.policies.base import PICKS, Up, candidates, shared


@dataclass(frozen=True, slots=True)
class Ranked:
    """A view by cost: positions from the cheapest on, and for each how far sharing reaches.

    Were the n-th of them the best one up, those up to the `reach[n]`-th cost little enough more
    to share its clients.
    """

    ranking: tuple[int, ...]
    reach: tuple[int, ...]


class Nearest:
    """The cheapest region; with `within`, those that cost little more share by weight.

    With `measured_first` (the policy `latency`), regions with a measured round trip come before
    those without one; a place where none is measured is left to the estimates.
    """

    def __init__(
        self,
        steering: Steering,
        regions: Sequence[Region],
        latency: Sequence[MeasuredLatency],
        service_times: Mapping[str, float],
        measured_first: bool = False,
    ) -> None:
        """`latency` holds the measurements, `service_times` milliseconds by region name."""
        self._among = candidates(steering, regions)
        self._weight = steering.latency_weight
        self._added = added(steering, self._among.regions, service_times)
        self._model = CostModel(self._among.regions, latency, self._added)
        self._within = steering.within
        self._answered = steering.answered
        self._pick = PICKS[steering.draw]
        self._measured_first = measured_first
        # a region of weight 0 shares with none, however near it is
        self.loose = self._within > 0 and not all(self._among.weights)

    def view(self, place: Place, among: Up) -> Ranked:
        """The ranking, and who would share with whom."""
        open_ = [at for at, index in enumerate(self._among.indices) if index in among]
        if place.location is None:
            return Ranked(tuple(open_), tuple(range(len(open_))))
        costs = self._model.figures(place.location)
        if not self._measured_first:
            costs = [(False, cost) for _, cost in costs]
        ranking = tuple(sorted(open_, key=costs.__getitem__))
        return Ranked(ranking, _reach([costs[at] for at in ranking], 1 + self._within))

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """The best, those within reach of it by weight, or the N best together."""
        assert isinstance(view, Ranked)  # noqa: S101  # what this policy's view gives
        indices, weights = self._among.indices, self._among.weights
        left = [rank for rank, at in enumerate(view.ranking) if indices[at] in up]
        if not left:
            return None
        near = [rank for rank in left if rank <= view.reach[left[0]]]
        heavy = [rank for rank in near if weights[view.ranking[rank]]] or near
        options = []
        for rank in heavy:
            together = [rank, *(other for other in left if other != rank)][: self._answered]
            option = tuple(indices[view.ranking[each]] for each in together)
            options.append((option, float(weights[view.ranking[rank]] or 1)))
        return shared(options, self._pick)

    def hashed(self, view: Hashable) -> bool:
        """Never."""
        return False

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """Costs speak for themselves; what service times add and sharing are said."""
        notes = (self._said_of_service(),) if self._weight else ()
        choice = self.choose(view, up)
        if choice is None or len(choice.options) < 2:
            return notes
        share = f"{len(choice.options)} regions cost within {self._within:.0%} of the best"
        return (*notes, share)

    def _said_of_service(self) -> str:
        if not any(self._added.values()):
            return "no service time is measured: the round trip alone counts"
        times = ", ".join(f"{name} +{ms:.0f} ms" for name, ms in self._added.items())
        return f"service times count, times {self._weight:g}: {times}"

    def usable(self, view: Hashable) -> Up:
        """All candidates."""
        return frozenset(self._among.indices)

    @property
    def identity(self) -> Hashable:
        """Its kind, candidates and settings."""
        return (
            type(self).__name__,
            self._among,
            self._within,
            self._answered,
            self._pick,
            self._measured_first,
            tuple(self._added.items()),
        )


def added(
    steering: Steering, regions: Sequence[Region], service_times: Mapping[str, float]
) -> dict[str, float]:
    """What each region costs by its service time, as the policy weighs it (milliseconds)."""
    weight = steering.latency_weight
    return {each.name: weight * service_times.get(each.name, 0.0) for each in regions}


def _reach(ordered: list[tuple[bool, float]], bound: float) -> tuple[int, ...]:
    """For each cost, the position of the last that is within the bound of it."""
    return (
        tuple(
            max(
                later
                for later, (unmeasured, cost) in enumerate(ordered)
                if later == at or (unmeasured == best[0] and cost <= best[1] * bound)
            )
            for at, best in enumerate(ordered)
        )
        if bound > 1
        else tuple(range(len(ordered)))
    )
