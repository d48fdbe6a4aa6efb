"""Lines of a traffic file that can't be read: the first are shown, all are counted."""

from __future__ import annotations

from pathlib import Path

from gtm.errors import GtmError

SHOWN = 10  # bad lines told one by one
NETWORK = "write an address or a network, such as 192.0.2.0/24"

Row = tuple[str, str]  # the name asked ("" for every service), the client network


class BadLines:
    """Lines that can't be read: how many, and the first of them."""

    def __init__(self, path: Path) -> None:
        """None so far."""
        self._path = path
        self._first: list[tuple[int, str]] = []
        self.count = 0

    def note(self, number: int, problem: str) -> None:
        """One more, by its number from 1."""
        self.count += 1
        if len(self._first) < SHOWN:
            self._first.append((number, problem))

    def note_network(self, number: int, network: str) -> None:
        """A line whose client network is none."""
        self.note(number, f"{network[:60]!r} is not a network; {NETWORK}")

    def raise_if_any(self) -> None:
        """Raises GtmError that shows the first ten, and how many there are."""
        if not self.count:
            return
        shown = [f"{self._path}:{number}: {problem}" for number, problem in self._first]
        lines = "1 line" if self.count == 1 else f"{self.count:,} lines"
        more = f"; the first {SHOWN}" if self.count > SHOWN else ""
        head = f"cannot read traffic from {self._path}: {lines} can't be read{more}:"
        raise GtmError("\n".join([head, *shown]))
