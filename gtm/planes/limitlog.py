"""Tells the log which client networks had more answers than their share, each once a minute."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

log = structlog.get_logger("gtm.planes")

EVERY = 60.0  # seconds between two lines about one network


class LimitLog:
    """What was told of which network, and what has come since."""

    def __init__(self) -> None:
        """Nothing was told."""
        self._told: dict[str, float] = {}
        self._cut: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    def tell(self, noted: Iterable[tuple[str, int, int]], now: float) -> None:
        """Takes networks with their answers cut and dropped; `now` is monotonic seconds."""
        for network, cut, dropped in noted:
            self._cut[network] = self._cut.get(network, 0) + cut
            self._dropped[network] = self._dropped.get(network, 0) + dropped
        self._told = {network: at for network, at in self._told.items() if now - at < EVERY}
        for network in [each for each in self._cut if each not in self._told]:
            self._told[network] = now
            cut, dropped = self._cut.pop(network), self._dropped.pop(network)
            log.warning("rate_limited", network=network, cut=cut, dropped=dropped)
