"""Says when this machine can't make probes: once when that begins and once when it is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from gtm.checks import Target
from gtm.health.measure import Clock

# Seconds from the first probe that could not be made to the log line: long enough for the probes
# of the same moment to be counted in.
SETTLE = 1.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Spell:
    """The time in which at least one target's latest probe could not be made, for one reason."""

    reason: str
    since: float
    timer: asyncio.TimerHandle | None = None
    now: set[Target] = field(default_factory=set)
    ever: set[Target] = field(default_factory=set)


class Spells:
    """Keeps who is not probed and why. Each reason has its own spells, so that one address which
    can never be probed from here does not hide that files ran out later."""

    def __init__(self, clock: Clock) -> None:
        """`clock` is monotonic seconds."""
        self._clock = clock
        self._reasons: dict[Target, str] = {}
        self._spells: dict[str, _Spell] = {}

    def note(self, target: Target, reason: str | None) -> None:
        """Why the target's latest probe could not be made; None if it could, or is of no more
        interest."""
        before = self._reasons.pop(target, None)
        if reason is not None:
            self._reasons[target] = reason
            self._join(target, reason)
        if before is not None and before != reason:
            self._leave(target, before)

    def close(self) -> None:
        """Say no more."""
        for spell in self._spells.values():
            if spell.timer is not None:
                spell.timer.cancel()
        self._spells.clear()
        self._reasons.clear()

    def _join(self, target: Target, reason: str) -> None:
        spell = self._spells.get(reason)
        if spell is None:
            spell = self._spells[reason] = _Spell(reason, self._clock())
            loop = asyncio.get_running_loop()
            spell.timer = loop.call_later(SETTLE, self._say_begun, spell)
        spell.now.add(target)
        spell.ever.add(target)

    def _leave(self, target: Target, reason: str) -> None:
        spell = self._spells[reason]
        spell.now.discard(target)
        if spell.now:
            return
        del self._spells[reason]
        if spell.timer is not None:
            spell.timer.cancel()
            self._say_begun(spell)
        _log.warning(
            "probing_restored",
            reason=spell.reason,
            targets=len(spell.ever),
            seconds=round(self._clock() - spell.since, 1),
        )

    def _say_begun(self, spell: _Spell) -> None:
        spell.timer = None
        _log.warning("probing_impaired", reason=spell.reason, targets=len(spell.ever))
