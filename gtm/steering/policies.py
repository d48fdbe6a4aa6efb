"""The policies: what each needs to know of a client, and how it chooses among the regions up.

Both halves are pure. `view` is asked once for each place when area tables are built; clients with
equal views are one area. `choose` is asked for each area whenever what is up changes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from gtm.model import EVERYONE, Draw, MeasuredLatency, Network, Policy, Region, Steering
from gtm.snapshot import Pick
from gtm.steering.choice import Choice
from gtm.steering.cost import CostModel
from gtm.steering.places import Place

Up = frozenset[int]  # indices of the regions that may be answered
BY_WEIGHT = {Policy.WEIGHTED, Policy.STICKY}
PICKS = {Draw.WINDOW: Pick.DRAW, Draw.QUERY: Pick.RANDOM}


class Chooser(Protocol):
    """A policy for the regions of some services; regions are indices into those."""

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
    """What `regions` and `fence` leave of the regions; weights that decide name them too."""
    by_name = {region.name: index for index, region in enumerate(regions)}
    weights = dict(steering.weights)
    weighed = tuple(weights) if steering.policy in BY_WEIGHT else ()
    named = steering.order or steering.regions or weighed or tuple(by_name)
    kept = [
        by_name[name]
        for name in named
        if name in by_name and _inside(regions[by_name[name]], steering)
    ]
    return Candidates(
        tuple(kept),
        tuple(regions[index] for index in kept),
        tuple(weights.get(regions[index].name, 1) for index in kept),
    )


def _inside(region: Region, steering: Steering) -> bool:
    return not steering.fence or any(code.covers(region.location) for code in steering.fence)


def chooser(
    steering: Steering, regions: Sequence[Region], latency: Sequence[MeasuredLatency]
) -> Chooser:
    """The policy that the zone file describes, with the ones nested in it."""
    first = _plain(steering, regions, latency)
    if steering.otherwise is None:
        return first
    return Otherwise(first, chooser(steering.otherwise, regions, latency))


def _plain(
    steering: Steering, regions: Sequence[Region], latency: Sequence[MeasuredLatency]
) -> Chooser:
    match steering.policy:
        case Policy.NEAREST:
            return Nearest(steering, regions, latency)
        case Policy.LATENCY:
            return Nearest(steering, regions, latency, measured_first=True)
        case Policy.GEO:
            return Rules(steering, regions, latency)
        case Policy.WEIGHTED:
            return Weighted(steering, regions)
        case Policy.FAILOVER:
            return Failover(steering, regions)
        case Policy.STICKY:
            return Sticky(steering, regions)


def networks_in(steering: Steering) -> Iterable[Network]:
    """The client networks that rules name, at any depth: area tables are cut there."""
    for rule in steering.rules:
        yield from (match for match in rule.match if isinstance(match, IPv4Network | IPv6Network))
        yield from networks_in(rule.steering)
    if steering.otherwise is not None:
        yield from networks_in(steering.otherwise)


# --- by cost ----------------------------------------------------------------------------


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
        measured_first: bool = False,
    ) -> None:
        """`latency` holds the measurements."""
        self._among = candidates(steering, regions)
        self._model = CostModel(self._among.regions, latency)
        self._within = steering.within
        self._answered = steering.answered
        self._pick = PICKS[steering.draw]
        self._measured_first = measured_first

    def view(self, place: Place, among: Up) -> Ranked:
        """The ranking, and who would share with whom."""
        open_ = [at for at, index in enumerate(self._among.indices) if index in among]
        if place.location is None:
            return Ranked(tuple(open_), tuple(range(len(open_))))
        found = self._model.costs(place.location)
        costs = [(self._measured_first and cost.measured is None, cost.cost) for cost in found]
        ranking = tuple(sorted(open_, key=costs.__getitem__))
        return Ranked(ranking, _reach([costs[at] for at in ranking], 1 + self._within))

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """The best, those within reach of it by weight, or the N best together."""
        assert isinstance(view, Ranked)  # noqa: S101  # what this policy's view gives
        indices, weights = self._among.indices, self._among.weights
        left = [rank for rank, at in enumerate(view.ranking) if indices[at] in up]
        if not left:
            return None
        options = []
        for rank in (rank for rank in left if rank <= view.reach[left[0]]):
            together = [rank, *(other for other in left if other != rank)][: self._answered]
            option = tuple(indices[view.ranking[each]] for each in together)
            options.append((option, float(weights[view.ranking[rank]])))
        return _shared(options, self._pick)

    def hashed(self, view: Hashable) -> bool:
        """Never."""
        return False

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """Costs speak for themselves; sharing is said."""
        choice = self.choose(view, up)
        if choice is None or len(choice.options) < 2:
            return ()
        return (f"{len(choice.options)} regions cost within {self._within:.0%} of the best",)

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
        )


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


# --- by share ---------------------------------------------------------------------------


class Weighted:
    """Active-active by share; weight 0 is used only when every other region is down."""

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
        return _shared(options, self._pick)

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


class Sticky:
    """A client network keeps its region; one that leaves moves only its own clients."""

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


# --- by the operator's order ------------------------------------------------------------


class Failover:
    """Active-passive: the first that is up; a trickle keeps the next one warm."""

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
            return Choice(((first, 1.0),))
        second = (left[1], *[index for index in left if index != left[1]][: self._answered - 1])
        return _shared([(first, 1 - self._trickle), (second, self._trickle)], self._pick)

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


class Rules:
    """`geo`: the first rule that matches the client steers it."""

    def __init__(
        self,
        steering: Steering,
        regions: Sequence[Region],
        latency: Sequence[MeasuredLatency],
    ) -> None:
        """Each rule has a policy of its own; rules that decide alike are one to their clients."""
        self._rules = steering.rules
        self._inner = [chooser(rule.steering, regions, latency) for rule in self._rules]
        identities = [inner.identity for inner in self._inner]
        self._first = [identities.index(identity) for identity in identities]

    def view(self, place: Place, among: Up) -> Hashable:
        """Which rule, and what its policy asks."""
        for number, rule in enumerate(self._rules):
            if any(place.matches(match) for match in rule.match):
                return self._first[number], self._inner[number].view(place, among)
        return None

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """As the rule's policy does."""
        if view is None:
            return None
        inner, asked = self._inner_of(view)
        return inner.choose(asked, up)

    def hashed(self, view: Hashable) -> bool:
        """As the rule's policy says."""
        if view is None:
            return False
        inner, asked = self._inner_of(view)
        return inner.hashed(asked)

    def usable(self, view: Hashable) -> Up:
        """The rule's policy's."""
        if view is None:
            return frozenset()
        inner, asked = self._inner_of(view)
        return inner.usable(asked)

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """Which rules lead here, and what their policy says."""
        if view is None:
            return ("no rule matches",)
        inner, asked = self._inner_of(view)
        alike = [at for at, first in enumerate(self._first) if self._inner[first] is inner]
        numbers = " and ".join(str(at + 1) for at in alike)
        words = " ".join(
            "everyone" if match is EVERYONE else str(match)
            for at in alike
            for match in self._rules[at].match
        )
        say = "rules" if len(alike) > 1 else "rule"
        return f"{say} {numbers} of {len(self._rules)} ({words})", *inner.notes(asked, up)

    @property
    def identity(self) -> Hashable:
        """The rules as they match, and what each decides."""
        matches = tuple(rule.match for rule in self._rules)
        return type(self).__name__, matches, tuple(inner.identity for inner in self._inner)

    def _inner_of(self, view: Hashable) -> tuple[Chooser, Hashable]:
        assert isinstance(view, tuple)  # noqa: S101  # what this policy's view gives
        number, asked = view
        return self._inner[number], asked


class Otherwise:
    """A policy, and the one to use when it has no region left."""

    def __init__(self, first: Chooser, second: Chooser) -> None:
        """Either may be any policy."""
        self._first = first
        self._second = second

    def view(self, place: Place, among: Up) -> tuple[Hashable, Hashable, bool]:
        """Both views; the second is asked only with none up of all that the first may use."""
        first = self._first.view(place, among)
        left = among - self._first.usable(first)
        second = self._second.view(place, left)
        if not self._second.usable(second) & left:
            return first, None, False
        return first, second, True

    def choose(self, view: Hashable, up: Up) -> Choice | None:
        """The first that has a region left."""
        first, second, both = _three(view)
        choice = self._first.choose(first, up)
        if choice is None and both:
            return self._second.choose(second, up)
        return choice

    def hashed(self, view: Hashable) -> bool:
        """If either policy's are."""
        first, second, both = _three(view)
        return self._first.hashed(first) or (both and self._second.hashed(second))

    def usable(self, view: Hashable) -> Up:
        """Both policies'."""
        first, second, both = _three(view)
        return self._first.usable(first) | (self._second.usable(second) if both else frozenset())

    def notes(self, view: Hashable, up: Up) -> tuple[str, ...]:
        """Whether the first policy had a region left."""
        first, second, both = _three(view)
        notes = self._first.notes(first, up)
        if not both or self._first.choose(first, up) is not None:
            return notes
        return (*notes, "none of these is up, so otherwise", *self._second.notes(second, up))

    @property
    def identity(self) -> Hashable:
        """Both policies'."""
        return type(self).__name__, self._first.identity, self._second.identity


def _three(view: Hashable) -> tuple[Hashable, Hashable, bool]:
    assert isinstance(view, tuple)  # noqa: S101  # what Otherwise gives
    first, second, both = view
    return first, second, both


def _shared(options: list[tuple[tuple[int, ...], float]], pick: Pick) -> Choice | None:
    return Choice(tuple(options), pick) if options else None
