"""Says when certificates of endpoints are about to end: at once, and then once a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from gtm.checks import Target, Tls
from gtm.health.measure import Clock
from gtm.health.outcome import called, place
from gtm.health.tls import days_left

AGAIN = 86400.0  # seconds between two lines about one certificate

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that ends soon (or has ended), or no longer does (`over`)."""

    target: Target
    reason: str
    ended: bool
    over: bool = False


class Certificates:
    """Keeps what was said of whom. `now` is Unix time."""

    def __init__(self, now: Clock, tell: Callable[[Ending], None]) -> None:
        """`tell` hears of each certificate that comes near its end, daily, and when it is over."""
        self._now = now
        self._tell = tell
        self._said: dict[Target, float] = {}

    def note(self, target: Target, expires: float) -> None:
        """What a probe of the target verified: a certificate that ends then (Unix time)."""
        now = self._now()
        if not is_near(target, expires, now):
            if self._said.pop(target, None) is not None:
                words = f"it has a certificate until {_day(expires)}"
                self._tell(Ending(target, words, ended=False, over=True))
            return
        if now - self._said.get(target, -AGAIN) < AGAIN:
            return
        self._said[target] = now
        days = days_left(expires, now)
        name = called(target)
        _log.warning(
            "certificate_ends_soon",
            endpoint=place(target),
            name=name,
            ends=_day(expires),
            days_left=days,
        )
        words = f"the certificate for {name} ends on {_day(expires)}, in {days} days"
        self._tell(Ending(target, words, ended=expires <= now))

    def forget(self, target: Target) -> None:
        """It is probed no more."""
        self._said.pop(target, None)


def is_near(target: Target, expires: float, now: float) -> bool:
    """Whether a certificate ends within the `warn_before` of the target's check."""
    tls = getattr(target.check.probe, "tls", None)
    return isinstance(tls, Tls) and expires - now < tls.warn_before


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
