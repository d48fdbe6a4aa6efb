"""History on disk: JSON lines that are only ever appended to, in two files of bounded size.

When the file is full it takes the place of the one before. A line that a crash cut short is cut
off when the file is next opened; a file with anything else wrong in it is set aside under a name
with the time, and what is good in it is kept.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gtm.errors import StartError
from gtm.events import Event
from gtm.events.text import Damaged, from_line, to_line

NAME = "history.jsonl"
LARGEST = 4 << 20  # octets of a file: about 10,000 events
FOLDER_MODE = 0o750
FILE_MODE = 0o640


@dataclass(frozen=True, slots=True)
class KeptHistory:
    """What was on disk, oldest first. `trouble` says what was wrong with it, None if nothing."""

    events: tuple[Event, ...]
    trouble: str | None = None


class HistoryFile:
    """The history of one state directory. Its calls block: they are for a worker thread."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        """Nothing is touched before `load`."""
        self.path = folder / NAME
        self.previous = folder / f"{NAME}.1"
        self._largest = largest

    def load(self, now: float) -> KeptHistory:
        """What was kept; damaged files are set aside under a name with the Unix time `now`.

        Raises StartError when the directory can't be used.
        """
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            found = [self._read(path, now) for path in (self.previous, self.path)]
        except OSError as error:
            raise StartError(
                f"cannot keep history in {self.path.parent}: {error.strerror or error}"
            ) from error
        troubles = [kept.trouble for kept in found if kept.trouble is not None]
        events = tuple(event for kept in found for event in kept.events)
        return KeptHistory(events, "; ".join(troubles) or None)

    def append(self, events: list[Event]) -> None:
        """Adds events. Raises OSError; then some of them may be there, and the rest is not."""
        data = b"".join(map(to_line, events))
        if self._size() + len(data) > self._largest and self._size():
            self.path.replace(self.previous)
        number = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE
        )
        with os.fdopen(number, "ab") as file:
            before = os.fstat(number).st_size
            try:
                file.write(data)
                file.flush()
                os.fsync(number)
            except OSError:
                os.ftruncate(number, before)  # half a line would spoil the next one
                raise

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def _read(self, path: Path, now: float) -> KeptHistory:
        try:
            with path.open("rb") as file:
                data = file.read(2 * self._largest)
        except FileNotFoundError:
            return KeptHistory(())
        lines = data.split(b"\n")
        torn = lines.pop()
        events, bad = _understood(lines)
        if bad:
            aside = path.with_name(f"{path.name}.damaged-{now:.0f}")
            path.replace(aside)
            self._write(path, events)
            trouble = f"{bad} of {len(lines)} lines of {path} were damaged; it is now {aside.name}"
            return KeptHistory(tuple(events), trouble)
        if torn:
            os.truncate(path, len(data) - len(torn))
        return KeptHistory(tuple(events))

    def _write(self, path: Path, events: list[Event]) -> None:
        beside = path.with_name(f"{path.name}.new")
        beside.write_bytes(b"".join(map(to_line, events)))
        beside.replace(path)


def _understood(lines: list[bytes]) -> tuple[list[Event], int]:
    """The events of lines, and how many lines hold none."""
    events: list[Event] = []
    bad = 0
    for line in lines:
        try:
            events.append(from_line(line))
        except Damaged:
            bad += 1
    return events, bad
