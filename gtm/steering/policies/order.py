"""The policy by the operator's order: `failover`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from gtm.model import Region, Steering
from gtm.steering.choice import Choice
from gtm.steering.places import Place
from gtm.steering.policies.base import PICKS, Up, candidates, shared


class Failover:
    """Active-passive: the first that is up; a trickle keeps the next one warm."""

    loose = False

    def __init__(self, steering: Steering, regions: Sequence[Region]) -> None:
        """The candidates stand in the order to try them."""
        self._among = candidates(steering, regions)
        self._trickle = steering.trickle
        self._answered = steering.answered
        self._pick = PICKS[steering.draw]

    def view(self, place: Place, among: Up) -> Hashable:
        """Nothing: every client is alike."""
        return ()

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """The first up, and the second for the trickle."""
        left = [self._among.indices[at] for at in self._among.up(up)]
        if not left:
            return None
        first = tuple(left[: self._answered])
        if not self._trickle or len(left) < 2:
            return shared([(first, 1.0)], self._pick)
        second = (left[1], *[index for index in left if index != left[1]][: self._answered - 1])
        return shared([(first, 1 - self._trickle), (second, self._trickle)], self._pick)

    def hashed(self, view: Hashable) -> bool:
        """Never."""
        return False

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """The order, and the trickle."""
        order = " then ".join(region.name for region in self._among.regions)
        trickle = f", with {self._trickle:.0%} to the next one" if self._trickle else ""
        return (f"the first that is up of {order}{trickle}",)

    def usable(self, view: Hashable) -> Up:
        """All candidates."""
        return frozenset(self._among.indices)

    @property
    def identity(self) -> Hashable:
        """Its kind, candidates and settings."""
        return (type(self).__name__, self._among, self._trickle, self._answered, self._pick)
