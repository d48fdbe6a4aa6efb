"""From runs to figures: what a query cost in each, and how peers compare round by round."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.cpu import Usage
from bench.dnsperf import LoadReport


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run of one peer.

    `used` is the server's over the load, `ready` its seconds to the first answer, `agreement`
    the share of right answers (None for what is no name server), `others` the CPU seconds that
    neither the server nor the load used meanwhile.
    """

    peer: str
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


def of_peer(runs: Sequence[Run], peer: str) -> list[Run]:
    """The runs of one peer, in order of rounds."""
    return sorted((run for run in runs if run.peer == peer), key=lambda run: run.round)


def ratios(runs: Sequence[Run], peer: str, base: str) -> list[float]:
    """Cost of the peer over cost of the base, round by round: neighbours in time.

    A slow minute of the machine then weighs on both and falls out of the ratio.
    """
    bases = {run.round: run.cost for run in of_peer(runs, base)}
    return [
        run.cost / bases[run.round] for run in of_peer(runs, peer) if bases.get(run.round, 0.0) > 0
    ]
