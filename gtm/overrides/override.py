"""An operator's word: what about, what is to be done, why, who says it, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from gtm.model import Act, State, Verdict
from gtm.overrides.target import OverrideTarget

SHORT = 600.0  # seconds; of what lasts less the seconds are said too

STATES = {Act.DRAIN: State.DOWN, Act.UP: State.UP, Act.DOWN: State.DOWN}
WORDS = {Act.DRAIN: "drained", Act.UP: "forced up", Act.DOWN: "forced down"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator asks for. `seconds` None: until it is taken back.

    `force` lets it pass where `safety` would refuse it.
    """

    act: Act
    target: OverrideTarget
    reason: str
    author: str
    seconds: float | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """A word that is in force; `created` and `expires` are Unix time, `number` is its own."""

    number: int
    act: Act
    target: OverrideTarget
    reason: str
    author: str
    created: float
    expires: float | None = None

    def verdict(self) -> Verdict:
        """What holds where it is about."""
        return Verdict(STATES[self.act], str(self), self.created, self.act)

    def __str__(self) -> str:
        """`drained by alice until 14:00 UTC: kernel update`."""
        return f"{WORDS[self.act]} by {self.author}{self.until()}: {self.reason}"

    def until(self) -> str:
        """` until 14:00 UTC`, with the date if it is another day; "" without an end."""
        if self.expires is None:
            return ""
        start, end = (datetime.fromtimestamp(at, UTC) for at in (self.created, self.expires))
        day = "" if start.date() == end.date() else f"{end:%Y-%m-%d} "
        time = f"{end:%H:%M:%S}" if self.expires - self.created < SHORT else f"{end:%H:%M}"
        return f" until {day}{time} UTC"

    def is_over(self, now: float) -> bool:
        """Whether its time has come."""
        return self.expires is not None and self.expires <= now

    @property
    def rank(self) -> tuple[int, int, float, int]:
        """Of two words about one thing the larger rank holds.

        That is the narrower one (endpoint, service, app, region), then the one with fewer globs,
        then the newer one.
        """
        return (self.target.level, -self.target.globs, self.created, self.number)
