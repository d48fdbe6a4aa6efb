"""What probing looks like from outside: when probes arrived, and how many files were open."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import cpu
from bench.backend import SLOT

LOOK = 0.05  # seconds between two counts of open files


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The probes of each tenth of a second from `begun` (monotonic seconds) on."""

    begun: float
    slots: tuple[int, ...]

    def between(self, begun: float, ended: float) -> tuple[float, float]:
        """Probes a second, and the busiest tenth of a second as a multiple of the mean."""
        first, last = (int((at - self.begun) / SLOT) for at in (begun, ended))
        inside = [self.slots[at] if at < len(self.slots) else 0 for at in range(first + 1, last)]
        mean = sum(inside) / len(inside) if inside else 0.0
        return mean / SLOT, max(inside) / mean if mean else 0.0


def arrivals(file: Path) -> Arrivals:
    """What bench.backend wrote."""
    found = json.loads(file.read_text())
    return Arrivals(found["begun"], tuple(found["slots"]))


@contextmanager
def open_files(pid: int) -> Iterator[Callable[[], int]]:
    """Looks again and again while the block runs; gives what tells the most that were open."""
    most, ended = 0, threading.Event()
    folder = cpu.PROC / str(pid) / "fd"

    def look() -> None:
        nonlocal most
        while not ended.wait(LOOK):
            most = max(most, sum(1 for _ in folder.iterdir()))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield lambda: most
    finally:
        ended.set()
        looking.join()
