"""What updates changed, on disk: one line for each, there before the update is answered.

The file is only appended to. A line that a crash cut short was never answered for: it is cut off
when the file is next opened, and that is said. A file with anything else wrong in it is set aside
under a name with the time, and its good lines are kept. A file that is mostly history is written
anew as what is left of it.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gtm.dns.names import to_text, to_wire
from gtm.durable import FILE_MODE, FOLDER_MODE, Damaged, Disk, put
from gtm.errors import StartError
from gtm.updates.added import Added, Change

NAME = "updates.jsonl"
LARGEST = 1 << 20  # octets from which on a file that is mostly history is written anew
MOSTLY = 4  # times as large as what is left of it


@dataclass(frozen=True, slots=True)
class Entry:
    """One update: the zone by name, the number it has there, when (Unix time), who, and what."""

    zone: str
    number: int
    at: float
    by: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class KeptUpdates:
    """What was on disk, by zone. `trouble` says what was wrong, None if nothing was."""

    added: Mapping[str, Added]
    trouble: str | None = None


class Journal:
    """The updates of one state directory. Its calls block: they are for a worker thread."""

    def __init__(self, folder: Path, disk: Disk | None = None, largest: int = LARGEST) -> None:
        """Nothing is touched before `load`."""
        self.path = folder / NAME
        self._disk = disk or Disk()
        self._largest = largest
        self._left = 0  # octets of the file when it was last written anew

    def load(self, now: float) -> KeptUpdates:
        """What was kept. Raises StartError when the directory can't be used."""
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            kept = self._read(now)
            self.tidy(kept.added)
        except OSError as error:
            why = error.strerror or error
            raise StartError(f"cannot keep updates in {self.path.parent}: {why}") from error
        return kept

    def append(self, entries: Iterable[Entry]) -> None:
        """Adds updates; they are on the disk when this returns.

        Raises OSError; then none of them is there.
        """
        data = b"".join(map(line_of, entries))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        new = not self.path.exists()
        with os.fdopen(os.open(self.path, flags, FILE_MODE), "ab") as file:
            before = os.fstat(file.fileno()).st_size
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), before)  # half a line would spoil the next one
                raise
        if new:
            self._disk.sync(self.path.parent)

    def tidy(self, added: Mapping[str, Added]) -> None:
        """Writes the file anew as what is left of it, if it is mostly history. Raises OSError."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size > max(self._largest, MOSTLY * self._left):
            self._rewrite(added)

    def _rewrite(self, added: Mapping[str, Added]) -> None:
        entries = [
            Entry(zone, found.number, 0.0, "", tuple(found.changes()))
            for zone, found in added.items()
        ]
        data = b"".join(map(line_of, entries))
        put(self.path, data, self._disk)
        self._left = len(data)

    def _read(self, now: float) -> KeptUpdates:
        try:
            data = self._disk.read(self.path)
        except FileNotFoundError:
            return KeptUpdates({})
        lines = data.split(b"\n")
        torn = lines.pop()
        added: dict[str, Added] = {}
        bad = 0
        for line in lines:
            try:
                entry = entry_of(line)
            except Damaged:
                bad += 1
                continue
            after = added.get(entry.zone, Added()).after(entry.changes)
            added[entry.zone] = Added(after.sets, entry.number)
        if bad:
            aside = self.path.with_name(f"{self.path.name}.damaged-{now:.0f}")
            self._disk.rename(self.path, aside)
            self._rewrite(added)
            what = f"{bad} of {len(lines)} updates in {self.path} were damaged"
            return KeptUpdates(added, f"{what}; it is now {aside.name}, the others are kept")
        if torn:
            os.truncate(self.path, len(data) - len(torn))
            what = f"the last update in {self.path} was cut short"
            return KeptUpdates(added, f"{what}: it was never answered, and is left out")
        return KeptUpdates(added)


def line_of(entry: Entry) -> bytes:
    """The line of an update, with its end and a sum over it."""
    changes = [
        ["-" if one.remove else "+", to_text(one.name), one.type, one.ttl, one.data.hex()]
        for one in entry.changes
    ]
    tree = {"zone": entry.zone, "number": entry.number, "at": entry.at, "by": entry.by}
    text = json.dumps(tree | {"changes": changes}, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def entry_of(line: bytes) -> Entry:
    """The update of a line without its end. Raises Damaged."""
    total, _, text = line.partition(b" ")
    if total != b"%08x" % zlib.crc32(text):
        raise Damaged("its sum is another")
    try:
        tree = json.loads(text)
        changes = tuple(
            Change(to_wire(name), int(rrtype), int(ttl), bytes.fromhex(data), sign == "-")
            for sign, name, rrtype, ttl, data in tree["changes"]
        )
        return Entry(tree["zone"], int(tree["number"]), tree["at"], tree["by"], changes)
    except (ValueError, TypeError, KeyError) as error:
        raise Damaged(f"it is no update: {error}") from error
