"""Says when certificates of endpoints are about to end: at once, and then once a day."""

from __future__ import annotations

from collections.abc import Collection
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


@dataclass(frozen=True, slots=True)
class _Said:
    """When (Unix time) it was said last, and whether the certificate had ended then."""

    at: float
    ended: bool


class Certificates:
    """Keeps what was said of whom. `now` is Unix time."""

    def __init__(self, now: Clock) -> None:
        """Nothing was said yet."""
        self._now = now
        self._said: dict[Target, _Said] = {}

    @property
    def ending(self) -> Collection[Target]:
        """Those whose certificate ends soon, or has ended."""
        return self._said.keys()

    def note(self, target: Target, expires: float) -> Ending | None:
        """What is known of a target: a certificate that ends then (Unix time).

        Gives what there is to tell: that the end comes near, daily, that it has come, and that
        there is another certificate.
        """
        now = self._now()
        if not is_near(target, expires, now):
            if self._said.pop(target, None) is None:
                return None
            words = f"it has a certificate until {_day(expires)}"
            return Ending(target, words, ended=False, over=True)
        said, ended = self._said.get(target), expires <= now
        if said is not None and said.ended is ended and now - said.at < AGAIN:
            return None
        self._said[target] = _Said(now, ended)
        days = days_left(expires, now)
        name = called(target)
        _log.warning(
            "certificate_ended" if ended else "certificate_ends_soon",
            endpoint=place(target),
            name=name,
            ends=_day(expires),
            days_left=days,
        )
        end = f"ended on {_day(expires)}" if ended else f"ends on {_day(expires)}, in {days} days"
        return Ending(target, f"the certificate for {name} {end}", ended=ended)

    def moved(self, target: Target, to: Target) -> None:
        """What was said of a target was said of another that asks the same."""
        said = self._said.pop(target, None)
        if said is not None:
            self._said[to] = said

    def forget(self, target: Target) -> Ending | None:
        """It is probed no more; gives what there is to tell."""
        if self._said.pop(target, None) is None:
            return None
        return Ending(target, "it is probed no more", ended=False, over=True)


def is_near(target: Target, expires: float, now: float) -> bool:
    """Whether a certificate ends within the `warn_before` of the target's check.

    One that nobody verifies may also end unsaid, with `warn_before: 0s`.
    """
    tls = getattr(target.check.probe, "tls", None)
    if not isinstance(tls, Tls) or not (tls.verify or tls.warn_before):
        return False
    return expires - now < tls.warn_before


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
