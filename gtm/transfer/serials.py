"""Serials that never go back: one for each content that is copied (RFC 1982, RFC 1912 2.2).

A zone file without `soa.serial` has the time it was changed as its serial; one that is copied or
updated needs a new one too when an update or a verdict changes it, and after a restart.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gtm.durable import Damaged, Disk, Durable

NAME = "serials.json"
MODULUS = 1 << 32


def is_newer(one: int, other: int) -> bool:
    """Whether a serial comes after another (RFC 1982 section 3.2)."""
    return 0 < (one - other) % MODULUS < MODULUS // 2


@dataclass(frozen=True, slots=True)
class Served:
    """A zone's serial, and what it stands for: its file and updates (`written`), and its view.

    `view` is None until it is known.
    """

    serial: int
    written: str
    view: str | None = None


def next_serial(before: Served | None, wanted: int, timed: bool, now: float) -> int:
    """The serial of what is served next.

    `wanted` is the file's; `timed` says that it is the time it was changed, not written there:
    then what was served before, if that is not known, was no later than `now`.
    """
    if before is None:
        return max(wanted, int(now) % MODULUS) if timed else wanted
    if is_newer(wanted, before.serial):
        return wanted
    return (before.serial + 1) % MODULUS or 1


class Serials:
    """What was served under which serial, by zone; kept in the state directory if there is one."""

    def __init__(
        self, folder: Path | None, now: Callable[[], float], disk: Disk | None = None
    ) -> None:
        """`now` is Unix time. Nothing is read before `open`."""
        self.served: Mapping[str, Served] = {}
        self._lock = threading.Lock()  # loads and looks at verdicts are in threads of their own
        self._now = now
        self._kept = None
        if folder is not None:
            without = "serials go on from the time now"
            self._kept = Durable(folder, NAME, _read, without, disk or Disk())

    def open(self) -> str | None:
        """Takes in what was kept; says what was wrong with it. Raises StartError. May block."""
        if self._kept is None:
            return None
        kept = self._kept.load(self._now())
        self.served = kept.value or {}
        return kept.trouble

    def serial(self, zone: str, written: str, wanted: int, timed: bool) -> int:
        """The serial of a zone as its file and updates have it now."""
        with self._lock:
            before = self.served.get(zone)
            same = before is not None and before.written == written
            if before is not None and same and not is_newer(wanted, before.serial):
                return before.serial
            serial = next_serial(before, wanted, timed, self._now())
            self.served = {**self.served, zone: Served(serial, written)}
            return serial

    def move(self, zone: str) -> None:
        """The next serial for the same records."""
        with self._lock:
            if (before := self.served.get(zone)) is not None:
                moved = replace(before, serial=next_serial(before, before.serial, False, 0.0))
                self.served = {**self.served, zone: moved}

    def seen(self, zone: str, view: str) -> bool:
        """Notes the view that is served; whether its serial has to be another, and now is."""
        with self._lock:
            before = self.served[zone]
            if before.view == view:
                return False
            moved = before.view is not None
            serial = next_serial(before, before.serial, False, 0.0) if moved else before.serial
            self.served = {**self.served, zone: replace(before, serial=serial, view=view)}
            return moved

    def save(self) -> None:
        """Keeps them. Raises OSError. Blocks."""
        if self._kept is not None:
            self._kept.save(_text(self.served))


def _text(served: Mapping[str, Served]) -> bytes:
    tree = {zone: [one.serial, one.written, one.view] for zone, one in served.items()}
    return json.dumps(tree).encode() + b"\n"


def _read(data: bytes) -> dict[str, Served]:
    try:
        tree = json.loads(data)
        return {
            str(zone): Served(int(serial), str(written), None if view is None else str(view))
            for zone, (serial, written, view) in tree.items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise Damaged(f"it has no serials: {error}") from error
