"""An operator's word: what about, what is to be done, why, who says it, and until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gtm.model import Act, State, Verdict
from gtm.overrides.phases import Course, Phase
from gtm.overrides.target import OverrideTarget

SHORT = 600.0  # seconds; of what lasts less the seconds are said too

STATES = {Act.DRAIN: State.DOWN, Act.UP: State.UP, Act.DOWN: State.DOWN}
WORDS = {Act.DRAIN: "drained", Act.UP: "forced up", Act.DOWN: "forced down"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator asks for. `seconds` None: until it is taken back.

    `force` lets it pass where `safety` would refuse it. A drain that is `planned` lowers the TTL
    first; its time begins once it is due to be withdrawn. A `rehearsal` is judged, and not done.
    """

    act: Act
    target: OverrideTarget
    reason: str
    author: str
    seconds: float | None = None
    force: bool = False
    planned: bool = False
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """A word that is in force; `created` and `expires` are Unix time, `number` is its own.

    `course` is how a drain goes by phases; None for other acts, and for drains of the days before.
    """

    number: int
    act: Act
    target: OverrideTarget
    reason: str
    author: str
    created: float
    expires: float | None = None
    course: Course | None = None

    @property
    def is_coming(self) -> bool:
        """Whether it is a planned drain that lowers TTLs, and leaves answers as they are yet."""
        return self.course is not None and self.course.phase is Phase.LOWERING

    def verdict(self) -> Verdict:
        """What holds where it is about."""
        since = self.created if self.course is None else self.course.withdrawn or self.created
        return Verdict(STATES[self.act], str(self), since, self.act)

    def onward(self, now: float) -> Override:
        """The drain as it goes over to its next phase."""
        return self if self.course is None else replace(self, course=self.course.onward(now))

    def __str__(self) -> str:
        """`drained by alice until 14:00 UTC: kernel update`."""
        coming = "to be " if self.is_coming else ""
        return f"{coming}{WORDS[self.act]} by {self.author}{self.until()}: {self.reason}"

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
