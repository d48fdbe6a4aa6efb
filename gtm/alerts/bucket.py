"""A token bucket: so many at once, then one at a steady pace. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Full at first. `pace` is seconds for a token (0: there is always one)."""

    burst: int
    pace: float
    tokens: float = -1.0
    at: float = 0.0

    def take(self, now: float) -> bool:
        """A token, if there is one."""
        self._fill(now)
        if self.pace and self.tokens < 1 - 1e-9:
            return False
        self.tokens = max(0.0, self.tokens - 1)  # below 0 is "not filled yet"
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is a token."""
        self._fill(now)
        return max(0.0, (1 - self.tokens) * self.pace) if self.pace else 0.0

    def _fill(self, now: float) -> None:
        if self.tokens < 0:
            self.tokens, self.at = float(self.burst), now
        passed = max(0.0, now - self.at)
        self.at = now
        self.tokens = min(self.burst, self.tokens + (passed / self.pace if self.pace else 1.0))
