"""What the API tells of alerts: their counts, as metrics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Told(Protocol):
    """What alerts tell of themselves."""

    def sent(self) -> Iterable[tuple[str, str, int]]:
        """Attempts by receiver and result."""
        ...

    def queued(self) -> Iterable[tuple[str, int]]:
        """Messages that wait, by receiver."""
        ...
