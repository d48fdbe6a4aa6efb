"""From runs to figures: what a query cost in each, and how peers compare round by round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.cpu import Usage
from bench.dnsperf import LoadReport


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run of one contender, under its label.

    `used` is the server's over the load, `ready` its seconds to the first answer, `agreement`
    the share of right answers (None for what is no name server), `others` the CPU seconds that
    neither the server nor the load used meanwhile.
    """

    label: str
    round: int
    load: LoadReport
    used: Usage
    ready: float
    agreement: float | None
    others: float

    @property
    def cost(self) -> float:
        """Microseconds of server CPU (user and system) for each answer."""
        return self.used.seconds / self.load.answered * 1e6 if self.load.answered else 0.0

    @property
    def busy(self) -> float:
        """How much of its core the server used; near 1 the load was more than it could answer."""
        return self.used.seconds / self.load.seconds if self.load.seconds else 0.0

    @property
    def failures(self) -> dict[str, int]:
        """Answers by response code, other than NOERROR: every question has an answer."""
        return {code: count for code, count in self.load.codes.items() if code != "NOERROR"}

    @property
    def disturbance(self) -> float:
        """What others used of one core over the run, as a share."""
        return self.others / self.load.seconds if self.load.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How a figure came out over the rounds."""

    minimum: float
    median: float
    maximum: float


def spread(values: Iterable[float]) -> Spread | None:
    """Minimum, median and maximum; None of no values."""
    listed = list(values)
    if not listed:
        return None
    return Spread(min(listed), statistics.median(listed), max(listed))


def of_label(runs: Sequence[Run], label: str) -> list[Run]:
    """The runs of one contender, in order of rounds."""
    return sorted((run for run in runs if run.label == label), key=lambda run: run.round)


def cost(run: Run) -> float:
    """The cost of a run, as a figure to compare."""
    return run.cost


def ratios(
    runs: Sequence[Run], label: str, base: str, figure: Callable[[Run], float] = cost
) -> list[float]:
    """A contender's cost (or other figure) over the base's, round by round: neighbours in time.

    A slow minute of the machine then weighs on both and falls out of the ratio.
    """
    bases = {run.round: figure(run) for run in of_label(runs, base)}
    return [
        figure(run) / bases[run.round]
        for run in of_label(runs, label)
        if bases.get(run.round, 0.0) > 0
    ]
