"""Who hears what the checker finds: each target's news, a fault of theirs said once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from gtm.checks import Target
from gtm.health.certificates import Ending
from gtm.health.outcome import Outcome, place
from gtm.health.told import Frozen, unconcerned, unfrozen, unheard
from gtm.health.watch import Watch
from gtm.model import Verdict

_log = structlog.get_logger(__name__)


class Listeners:
    """What is called when something is found. Nothing that a listener raises gets any further."""

    def __init__(
        self,
        on_change: Callable[[Target, Verdict, Verdict], None],
        on_probe: Callable[[Target, Outcome], None],
    ) -> None:
        """`on_change` hears of verdicts, `on_probe` of outcomes; of the rest nobody hears yet."""
        self._on_change = on_change
        self.on_probe = on_probe
        self.on_patience: Callable[[Target], None] = unheard
        self.on_frozen: Callable[[Frozen | None], None] = unfrozen
        self.on_ending: Callable[[Ending], None] = unconcerned

    def verdict(self, watch: Watch, before: Verdict, waited: float) -> None:
        """Tells of the verdict, or else the patience, that is another than `before`, `waited`."""
        after = watch.verdict()
        if after.state is not before.state or after.down is not before.down:
            for target in watch.targets:
                self._tell(watch, partial(self._on_change, target, before, after))
        elif watch.patience() != waited:
            for target in watch.targets:
                self._tell(watch, partial(self.on_patience, target))

    def outcome(self, watch: Watch, outcome: Outcome) -> None:
        """Tells what a probe found."""
        self._tell(watch, partial(self.on_probe, watch.target, outcome))

    def ending(self, watch: Watch, ending: Ending) -> None:
        """Tells that a certificate is about to end, or no longer is."""
        self._tell(watch, partial(self.on_ending, ending))

    def _tell(self, watch: Watch, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:
            if "health_callback_failed" not in watch.complaints:
                watch.complaints.add("health_callback_failed")
                _log.error("health_callback_failed", target=place(watch.target), exc_info=True)
