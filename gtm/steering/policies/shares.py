"""The policies by share: `weighted` and `least_load` draw, `sticky` hashes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from gtm.model import Region, Steering
from gtm.snapshot import Pick
from gtm.steering.choice import Choice
from gtm.steering.places import Place
from gtm.steering.policies.base import PICKS, Up, candidates, shared


class Weighted:
    """Active-active by share; weight 0 is used only when every other region is down."""

    loose = False

    def __init__(self, steering: Steering, regions: Sequence[Region]) -> None:
        """By the candidates' weights."""
        self._among = candidates(steering, regions)
        self._answered = steering.answered
        self._pick = PICKS[steering.draw]

    def view(self, place: Place, among: Up) -> Hashable:
        """Nothing: every client is alike."""
        return ()

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """Shares by weight among those up."""
        left = self._among.up(up)
        heavy = [at for at in left if self._among.weights[at]] or left
        options = []
        for at in heavy:
            together = [at, *(other for other in left if other != at)][: self._answered]
            option = tuple(self._among.indices[each] for each in together)
            options.append((option, float(self._among.weights[at] or 1)))
        return shared(options, self._pick)

    def hashed(self, view: Hashable) -> bool:
        """Never."""
        return False

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """The weights of those up."""
        among = self._among
        left = among.up(up)
        if left and not any(among.weights[at] for at in left):
            return ("every region of a weight above 0 is down",)
        weights = (f"{among.regions[at].name} {among.weights[at]}" for at in left)
        return (f"drawn by weight: {', '.join(weights)}",) if left else ()

    def usable(self, view: Hashable) -> Up:
        """All candidates."""
        return frozenset(self._among.indices)

    @property
    def identity(self) -> Hashable:
        """Its kind, candidates and settings."""
        return (type(self).__name__, self._among, self._answered, self._pick)


class LeastLoad:
    """By capacity; where loads are known, so that all are used alike (`scaled`)."""

    loose = False

    def __init__(self, steering: Steering, regions: Sequence[Region]) -> None:
        """By the candidates' capacities."""
        self._among = candidates(steering, regions)
        self._answered = steering.answered
        self._pick = PICKS[steering.draw]

    def view(self, place: Place, among: Up) -> Hashable:
        """Nothing: every client is alike."""
        return ()

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """Shares by capacity among those up."""
        among, left = self._among, self._among.up(up)
        options = []
        for at in left:
            together = [at, *(other for other in left if other != at)][: self._answered]
            option = tuple(among.indices[each] for each in together)
            options.append((option, among.regions[at].capacity or 1.0))
        return Choice(tuple(options), self._pick, scaled=True) if options else None

    def hashed(self, view: Hashable) -> bool:
        """Never."""
        return False

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """The capacities of those up."""
        regions = [self._among.regions[at] for at in self._among.up(up)]
        said = ", ".join(f"{region.name} {region.capacity or 1:,g}" for region in regions)
        return (f"so that all are used alike, by capacity: {said}",) if regions else ()

    def usable(self, view: Hashable) -> Up:
        """All candidates."""
        return frozenset(self._among.indices)

    @property
    def identity(self) -> Hashable:
        """Its kind, candidates and settings."""
        return (type(self).__name__, self._among, self._answered, self._pick)


class Sticky:
    """A client network keeps its region; one that leaves moves only its own clients."""

    loose = False

    def __init__(self, steering: Steering, regions: Sequence[Region]) -> None:
        """By weight, among the candidates."""
        self._among = candidates(steering, regions)

    def view(self, place: Place, among: Up) -> Hashable:
        """Nothing: the network's hash decides."""
        return ()

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """A hashed choice among those up."""
        among = self._among
        left = [at for at in among.up(up) if among.weights[at]] or among.up(up)
        if not left:
            return None
        return Choice(
            tuple(((among.indices[at],), float(among.weights[at] or 1)) for at in left),
            Pick.HASH,
            tuple(among.regions[at].name for at in left),
        )

    def hashed(self, view: Hashable) -> bool:
        """Always, however many regions are up now."""
        return True

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """The network decides."""
        return ("the client's network keeps its region while that is up",)

    def usable(self, view: Hashable) -> Up:
        """All candidates."""
        return frozenset(self._among.indices)

    @property
    def identity(self) -> Hashable:
        """Its kind, candidates and settings."""
        return (type(self).__name__, self._among)
