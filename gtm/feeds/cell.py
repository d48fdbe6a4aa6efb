"""Round trips between one area and one region: the latest samples of each reporter, bounded."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from gtm.feeds.median import Sample, robust_median
from gtm.model import LatencyRules

KEPT = 48  # samples of one reporter: the latest; enough for a median that stands still
REPORTERS = 12  # told apart in one cell; who was not heard for longest makes room
NO_NETWORK = 0  # of a sample that names an area instead of a client
HEAVIEST = 100  # what one sample may count for, whatever its `count` says


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the samples come to: milliseconds, and from how many samples of whom."""

    milliseconds: float
    samples: int
    reporters: int

    def words(self) -> str:
        """`median of 212 samples`."""
        return f"median of {self.samples:,} samples"


@dataclass(frozen=True, slots=True)
class Heard:
    """What counts of a cell, and what it comes to; `lacking` says what is missing where there is
    no estimate: `20 of 30 samples`.
    """

    samples: int
    reporters: int
    estimate: Estimate | None
    lacking: str = ""


@dataclass(slots=True)
class Ring:
    """The latest samples of one reporter, in parallel arrays; `at` is Unix time."""

    milliseconds: array[float] = field(default_factory=lambda: array("d"))
    at: array[float] = field(default_factory=lambda: array("d"))
    networks: array[int] = field(default_factory=lambda: array("L"))
    weights: array[int] = field(default_factory=lambda: array("H"))
    next: int = 0

    def add(self, milliseconds: float, at: float, network: int, weight: int) -> None:
        """Takes one more, in place of the oldest once it is full."""
        if len(self.at) < KEPT:
            self.milliseconds.append(milliseconds)
            self.at.append(at)
            self.networks.append(network)
            self.weights.append(weight)
            return
        here = self.next
        self.milliseconds[here], self.at[here] = milliseconds, at
        self.networks[here], self.weights[here] = network, weight
        self.next = (here + 1) % KEPT

    def since(self, oldest: float) -> tuple[list[Sample], set[int]]:
        """The samples that are not older, and the networks that they are of."""
        fresh = [place for place, at in enumerate(self.at) if at >= oldest]
        samples = [(self.milliseconds[each], float(self.weights[each])) for each in fresh]
        return samples, {self.networks[each] for each in fresh}

    def rows(self) -> Iterable[tuple[float, float, int, int]]:
        """Every sample: milliseconds, Unix time, network, weight."""
        return zip(self.milliseconds, self.at, self.networks, self.weights, strict=True)


class Cell:
    """All samples between one area and one region."""

    def __init__(self) -> None:
        """None yet."""
        self.rings: OrderedDict[str, Ring] = OrderedDict()

    @property
    def alone(self) -> bool:
        """Whether one reporter tells everything."""
        return len(self.rings) < 2

    @property
    def latest(self) -> float:
        """When the latest sample came, Unix time."""
        return max((at for ring in self.rings.values() for at in ring.at), default=0.0)

    def add(self, reporter: str, milliseconds: float, at: float, network: int, weight: int) -> None:
        """Takes one sample in."""
        if reporter not in self.rings and len(self.rings) >= REPORTERS:
            self.rings.popitem(last=False)
        ring = self.rings.setdefault(reporter, Ring())
        self.rings.move_to_end(reporter)
        ring.add(milliseconds, at, network, min(weight, HEAVIEST))

    def estimate(self, rules: LatencyRules, now: float) -> Estimate | None:
        """The median, if there is enough for one by the rules at Unix time `now`."""
        return self.heard(rules, now).estimate

    def heard(self, rules: LatencyRules, now: float) -> Heard:
        """What counts by the rules at Unix time `now`, and the median if that is enough."""
        told: list[list[Sample]] = []
        networks: set[int] = set()
        for ring in self.rings.values():
            samples, seen = ring.since(now - rules.expire)
            if samples:
                told.append(samples)
                networks |= seen
        count = int(sum(weight for samples in told for _, weight in samples))
        lacking = _lacking(rules, count, len(told), len(networks - {NO_NETWORK}))
        if lacking:
            return Heard(count, len(told), None, lacking)
        median = robust_median(told)
        if median is None:
            return Heard(count, len(told), None, "the two reporters contradict each other")
        return Heard(count, len(told), Estimate(median, count, len(told)))


def _lacking(rules: LatencyRules, samples: int, reporters: int, networks: int) -> str:
    """What is too few for a median, "" if nothing is."""
    if samples < rules.samples:
        return f"{samples} of {rules.samples} samples"
    if reporters < rules.reporters:
        return f"{reporters} of {rules.reporters} reporters"
    if reporters < 2 and networks < rules.networks:
        return f"{networks} of {rules.networks} networks"
    return ""
