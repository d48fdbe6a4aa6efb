"""A region that comes back is given its clients little by little: its caches are cold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

STEPS = 10  # so it begins with a tenth: few enough plans, and small enough steps


@dataclass(frozen=True, slots=True)
class Ramp:
    """A region that came up at a time (Unix seconds) and has its full share `length` later."""

    region: str
    began: float
    length: float

    def fraction(self, now: float) -> float:
        """What it takes of its full share: a tenth at first, 1 when it is over."""
        return (self._step(now) + 1) / STEPS

    def over(self, now: float) -> bool:
        """Whether it has its full share; a clock set back ends it too."""
        return self._step(now) >= STEPS - 1

    def words(self, now: float) -> str:
        """How far it is, for a person."""
        return (
            f"{self.region} takes {self.fraction(now):.0%} of its clients: it came up "
            f"{now - self.began:.0f} s ago and has all of them after {self.length:g} s"
        )

    def next_step(self, now: float) -> float:
        """Seconds until it takes more."""
        return max(0.0, self.began + (self._step(now) + 1) * self.length / (STEPS - 1) - now)

    def _step(self, now: float) -> int:
        if now < self.began:  # the clock was set back: nobody knows for how long it has been up
            return STEPS - 1
        # a timer may come a little early, and would then find nothing to do
        return min(STEPS - 1, int((now - self.began) * (STEPS - 1) / self.length + 1e-3))


def begun(regions: Iterable[str], now: float, length: float) -> tuple[Ramp, ...]:
    """Ramps of the regions that come up now; none where they are given all at once."""
    return tuple(Ramp(region, now, length) for region in sorted(regions) if length > 0)
