"""Runs the plain HTTP probes of one target without a task for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gtm.checks import Http, Target
from gtm.health.aim import Aim, Unconnected
from gtm.health.measure import Clock, Finding, Measurement
from gtm.health.outcome import Outcome
from gtm.health.plain import ask
from gtm.health.strands import Strand, Strands

Ended = Callable[[Callable[[], Outcome]], None]
"""Called when a probe ended, with what puts its outcome into words."""


class Late(Exception):  # noqa: N818  # what an endpoint did, not a fault of gtm
    """The time of the whole probe is over."""


class Swift:
    """How one target is probed, prepared for all of its probes."""

    def __init__(
        self, target: Target, asked: Http, aim: Aim, strands: Strands, clock: Clock, now: Clock
    ) -> None:
        """`clock` is monotonic seconds, `now` Unix time."""
        self.target, self.asked, self.aim, self.strands = target, asked, aim, strands
        self.clock, self.now = clock, now

    def begin(self, ended: Ended) -> Running:
        """A probe that is about to start."""
        return Running(self, ended)


class Running:
    """One probe."""

    def __init__(self, swift: Swift, ended: Ended) -> None:
        """Nothing is sent yet."""
        self._swift = swift
        self._ended = ended
        self._strand: Strand[Finding] | None = None

    def start(self) -> None:
        """Ask. `ended` may be called before this returns."""
        swift, check = self._swift, self._swift.target.check
        self._measured = Measurement(swift.target, swift.clock, swift.now)
        self._due = swift.clock() + check.schedule.timeout
        walk = ask(
            swift.asked,
            swift.aim,
            self._measured.progress,
            self._connected,
            clock=swift.clock,
            load=check.load,
        )
        self._strand = Strand(swift.strands, walk, self._found)
        first = check.schedule.connect_timeout
        if first is not None and first < check.schedule.timeout:
            self._strand.start(first, Unconnected)
        else:
            self._strand.start(check.schedule.timeout, Late)

    def cancel(self) -> None:
        """Cut it short; nothing is heard of it. Does nothing to one that ended."""
        if self._strand is not None:
            self._strand.cancel()

    def _connected(self) -> None:
        schedule = self._swift.target.check.schedule
        if schedule.connect_timeout is not None and self._strand is not None:
            self._strand.limit(max(0.0, self._due - self._swift.clock()), Late)

    def _found(self, found: Finding | None, error: Exception | None) -> None:
        if found is not None:
            self._ended(partial(self._measured.found, found))
        elif error is None or isinstance(error, Late):
            self._ended(self._measured.late)
        else:
            self._ended(partial(self._measured.raised, error))
