"""How fast a target is, smoothed over its successful probes. Pure.

The mean of all successful probes in which each weighs half as much as the one ten probes after
it:

    mean = sum(value[k] * r**k) / sum(r**k),  r = 2 ** (-1 / 10),  k = 0 the latest

So the first probe is the first mean, a few of them are averaged plainly, and from some tens of
probes on it is the usual exponentially weighted moving average (EWMA) of weight 0.067.
"""

from __future__ import annotations

from dataclasses import dataclass

from gtm.health.outcome import Outcome

HALF_LIFE = 10  # probes: at an interval of 10 s half of what is believed is younger than 100 s
RETAINED = 2 ** (-1 / HALF_LIFE)


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A smoothed value, and the sum of the weights that went into it."""

    value: float
    weight: float

    def with_value(self, value: float) -> Smoothed:
        """After one more, which weighs 1."""
        weight = self.weight * RETAINED + 1
        return Smoothed(self.value + (value - self.value) / weight, weight)


NOTHING = Smoothed(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """A target's response time, of its whole probes, and its service time, without the network."""

    response: Smoothed = NOTHING
    service: Smoothed = NOTHING

    def after(self, outcome: Outcome) -> Pace:
        """The pace after one more probe; one that failed says nothing of how fast it is."""
        if not outcome.ok:
            return self
        service = self.service
        if outcome.service is not None:
            service = service.with_value(outcome.service)
        return Pace(self.response.with_value(outcome.latency), service)

    @property
    def response_time(self) -> float | None:
        """Seconds; None before the first success."""
        return self.response.value if self.response.weight else None

    @property
    def service_time(self) -> float | None:
        """Seconds; None before the first success that tells it."""
        return self.service.value if self.service.weight else None


UNMEASURED = Pace()
