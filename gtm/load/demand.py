"""What clients bring: the load of each area, reckoned from answers and set right by reports.

An area's load is its rate of answers, times what an answer stands for. Resolvers keep an answer
for up to one TTL, so shares that change are only felt in the course of it: what a region should
have now goes by its shares of the last while (`felt`). From what regions report instead it is
learnt what an answer stands for: overall within half a minute, area by area within minutes. What
even that does not explain is load that steering does not control.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gtm.load.sites import Identity
from gtm.load.units import Unit
from gtm.steering.plans import Decider

RATE = 20.0  # seconds over which the rate of all answers is smoothed
MIX = 120.0  # seconds, the same for each area's part of them
OVERALL = 20.0  # seconds to learn what an answer stands for
BY_AREA = 300.0  # seconds to learn how areas differ in that
UNEXPLAINED = 60.0  # seconds over which load that is not explained is smoothed
STRIDE = math.log(2)  # how far one report may be from what was reckoned, to be learnt from
WIDEST = math.log(50)  # how far areas may differ in what an answer stands for
RESTLESS = 0.05  # of all load: with more of it on the move, reports teach nothing
ENOUGH = 5.0  # seconds of answers before anything is reckoned


def _step(elapsed: float, constant: float) -> float:
    """How far to go towards something new after so many seconds."""
    return 1 - math.exp(-elapsed / constant)


@dataclass(slots=True)
class Rate:
    """Events a second, smoothed over a time; right from the start on."""

    constant: float
    events: float = 0.0
    seconds: float = 0.0

    def add(self, events: float, elapsed: float) -> None:
        """So many in so many seconds."""
        keep = math.exp(-elapsed / self.constant)
        self.events = self.events * keep + events
        self.seconds = self.seconds * keep + elapsed

    @property
    def value(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Flow:
    """The clients of one decider, by area; `felt` is by area and region."""

    decider: Decider
    counted: list[int]
    total: Rate
    mix: list[Rate]
    heavier: list[float]
    felt: list[list[float]] = field(default_factory=list)

    @classmethod
    def of(cls, decider: Decider) -> Flow:
        """Nothing is known of its clients yet."""
        areas = len(decider.areas.views)
        counted = list(decider.areas.asked or [0] * areas)
        return cls(decider, counted, Rate(RATE), [Rate(MIX) for _ in range(areas)], [0.0] * areas)

    def count(self, elapsed: float) -> None:
        """Takes in what was answered."""
        asked = list(self.decider.areas.asked or self.counted)
        for rate, now, before in zip(self.mix, asked, self.counted, strict=True):
            rate.add(now - before, elapsed)
        self.total.add(sum(asked) - sum(self.counted), elapsed)
        self.counted = asked

    def feel(self, shares: Sequence[Sequence[float]], part: float) -> None:
        """Clients follow the shares they were given, a part of the way."""
        if not self.felt:
            self.felt = [list(row) for row in shares]
            return
        for felt, row in zip(self.felt, shares, strict=True):
            for at, share in enumerate(row):
                felt[at] += (share - felt[at]) * part

    def moving(self, shares: Sequence[Sequence[float]]) -> float:
        """The part of all clients that has yet to follow the shares it is given."""
        rates = [rate.value for rate in self.mix]
        away = sum(
            rate * sum(abs(share - felt) for share, felt in zip(row, before, strict=True)) / 2
            for rate, row, before in zip(rates, shares, self.felt, strict=False)
        )
        return away / (sum(rates) or 1.0)

    def answers(self) -> list[float]:
        """Answers a second by area, each weighed by how much heavier its clients are."""
        rates = [rate.value for rate in self.mix]
        whole = sum(rates)
        scale = self.total.value / whole if whole else 0.0
        return [
            rate * scale * math.exp(heavier)
            for rate, heavier in zip(rates, self.heavier, strict=True)
        ]


class Demand:
    """All flows, and what was learnt of them. Load is in the unit of the reports."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.stands_for: float | None = None  # load of one answer a second
        self._flows: dict[int, Flow] = {}
        self._unexplained: dict[Identity, float] = {}
        self._reported: dict[Identity, float] = {}
        self._at: float | None = None
        self._learnt: float | None = None
        self._weights: dict[int, float] = {}
        self._restless = 0.0

    def observe(self, units: Sequence[Unit], now: float, answered: Callable[[int], float]) -> None:
        """Takes in answers and shares since the last time.

        `answered` says how many answers a group has given; it is asked only where services of one
        decider are decided differently now.
        """
        elapsed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        by_decider: dict[int, list[Unit]] = {}
        for unit in units:
            by_decider.setdefault(id(unit.decider), []).append(unit)
        before = self._flows
        self._flows = {
            key: before.get(key) or _taken_over(here[0].decider, before.values())
            for key, here in by_decider.items()
        }
        self._weights = {}
        moving, longest = 0.0, 0.0
        for key, here in by_decider.items():
            flow, weights = self._flows[key], _weights(here, answered)
            self._weights.update(
                (id(unit), weight) for unit, weight in zip(here, weights, strict=True)
            )
            if elapsed:
                flow.count(elapsed)
            ttl = float(max(unit.ttl for unit in here))
            # an answer is kept for half a TTL on average
            shares = _mean_shares(here, weights)
            moving = max(moving, flow.moving(shares))
            flow.feel(shares, _step(elapsed, ttl / 2) if ttl else 1.0)
            longest = max(longest, ttl)
        # reports may be a TTL behind what is felt
        self._restless = max(moving, self._restless * math.exp(-elapsed / (longest or 1.0)))

    @property
    def known(self) -> bool:
        """Whether load can be reckoned."""
        return self.stands_for is not None

    def loads(self, unit: Unit) -> list[float]:
        """The load that the clients of each area of a unit bring."""
        each = (self.stands_for or 0.0) * self._weights[id(unit)]
        return [each * rate for rate in self._flows[id(unit.decider)].answers()]

    def expected(self, units: Sequence[Unit], sites: int) -> list[float]:
        """What each site should have now, in answers a second if nothing better is known."""
        found = [0.0] * sites
        each = 1.0 if self.stands_for is None else self.stands_for
        for unit in {id(unit.decider): unit for unit in units}.values():
            flow = self._flows[id(unit.decider)]
            for rate, felt in zip(flow.answers(), flow.felt, strict=True):
                for at, share in enumerate(felt):
                    found[unit.sites[at]] += each * rate * share
        return found

    def fixed(self, key: Identity) -> float:
        """The load of a site that steering does not control."""
        return max(0.0, self._unexplained.get(key, 0.0))

    def learn(
        self,
        units: Sequence[Unit],
        keys: Sequence[Identity],
        reports: Mapping[Identity, tuple[float, float]],
        now: float,
    ) -> None:
        """Learns from reports, as (load, when it was said), of sites by key.

        `keys` are those of all sites, by number.
        """
        new = {
            number: reports[key][0]
            for number, key in enumerate(keys)
            if key in reports and self._reported.get(key) != reports[key][1]
        }
        expected = self.expected(units, len(keys))
        enough = any(flow.total.seconds >= ENOUGH for flow in self._flows.values())
        both = {at: load for at, load in new.items() if expected[at] > 0}
        if not enough or not both:
            return
        whole, reckoned = sum(both.values()), sum(expected[at] for at in both)
        elapsed = 0.0 if self._learnt is None else now - self._learnt
        self._learnt = now
        self._reported.update((keys[at], reports[keys[at]][1]) for at in new)
        if self.stands_for is None:
            self.stands_for = whole / reckoned if whole > 0 else None
            return
        elapsed *= max(0.0, 1 - self._restless / RESTLESS)
        overall = _far(whole, reckoned)
        self.stands_for *= math.exp(_step(elapsed, OVERALL) * overall)
        apart = {at: _far(load, expected[at]) - overall for at, load in both.items()}
        self._learn_areas(units, apart, _step(elapsed, BY_AREA))
        part = _step(elapsed, UNEXPLAINED)
        for at, load in new.items():
            before = self._unexplained.get(keys[at], 0.0)
            self._unexplained[keys[at]] = before + (load - expected[at] - before) * part

    def _learn_areas(self, units: Sequence[Unit], apart: Mapping[int, float], part: float) -> None:
        for unit in {id(unit.decider): unit for unit in units}.values():
            flow = self._flows[id(unit.decider)]
            for area, felt in enumerate(flow.felt):
                more = sum(share * apart.get(unit.sites[at], 0.0) for at, share in enumerate(felt))
                flow.heavier[area] = max(-WIDEST, min(WIDEST, flow.heavier[area] + part * more))


def _far(reported: float, reckoned: float) -> float:
    """How far apart they are, as a logarithm that is bounded."""
    if reported <= 0:
        return -STRIDE
    return max(-STRIDE, min(STRIDE, math.log(reported / reckoned)))


def _weights(units: Sequence[Unit], answered: Callable[[int], float]) -> list[float]:
    """Which part of a decider's answers each of its units gives."""
    if len(units) == 1:
        return [1.0]
    counts = [1.0 + sum(answered(number) for number in unit.groups) for unit in units]
    return [count / sum(counts) for count in counts]


def _mean_shares(units: Sequence[Unit], weights: Sequence[float]) -> list[list[float]]:
    """By area and region, over the units of a decider."""
    regions = range(len(units[0].sites))
    return [
        [
            sum(
                weight * unit.shares[area].get(at, 0.0)
                for unit, weight in zip(units, weights, strict=True)
            )
            for at in regions
        ]
        for area in range(len(units[0].shares))
    ]


def _taken_over(decider: Decider, flows: Iterable[Flow]) -> Flow:
    """A new decider's flow; what is known of one with the same areas holds for it too."""
    fresh = Flow.of(decider)
    for flow in flows:
        if flow.decider.areas.views == decider.areas.views:
            fresh.total, fresh.mix = flow.total, flow.mix
            fresh.heavier, fresh.felt = flow.heavier, flow.felt
            break
    return fresh
