"""The audit trail on disk: JSON lines that are only ever appended to, in a few files.

Nothing in it is ever rewritten: what a crash cut short stays as it is, on a line of its own. The
server and `gtm keys token` append to the same file, a write for each line.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

NAME = "audit.jsonl"
LARGEST = 4 << 20  # octets of a file: about 10,000 acts
FILES = 5  # with those before, audit.jsonl.1 the youngest
FOLDER_MODE = 0o750
FILE_MODE = 0o640
LONGEST = 1_000  # characters of a field: what callers write is theirs to choose


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was changed. `at` is Unix time.

    `who` did it, by way of `via` (unix, token, loopback, signal, command), from `origin`: an
    address, or a user and process of this machine. `author` is who the caller says it is for.
    """

    at: float
    who: str
    via: str
    origin: str
    act: str
    target: str
    before: str
    after: str
    reason: str = ""
    author: str = ""

    def fields(self) -> dict[str, str | float]:
        """By the names that log and file have, long ones cut."""
        found: dict[str, str | float] = {}
        for key, value in asdict(self).items():
            name = "from" if key == "origin" else key
            found[name] = value[:LONGEST] if isinstance(value, str) else value
        if not found["author"]:
            del found["author"]
        return found


def to_line(act: Act) -> bytes:
    """A line of the file."""
    return json.dumps(act.fields(), ensure_ascii=False).encode(errors="replace") + b"\n"


class AuditFile:
    """The trail of one state directory. Its calls block: they are for a worker thread."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        """Nothing is touched before something is appended."""
        self.path = folder / NAME
        self._largest = largest

    def append(self, acts: Iterable[Act]) -> None:
        """Adds acts, which are on the disk when this returns. Raises OSError."""
        data = b"".join(map(to_line, acts))
        self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # others append and rotate as well
            if self._size() and self._size() + len(data) > self._largest:
                self._rotate()
            self._write(data)
        finally:
            os.close(folder)

    def _write(self, data: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        number = os.open(self.path, flags, FILE_MODE)
        with os.fdopen(number, "ab", buffering=0) as file:
            before = os.fstat(number)
            if before.st_size == 0 and os.geteuid() == 0:
                owner = self.path.parent.stat()  # a command of root's began it for the server
                os.fchown(number, owner.st_uid, owner.st_gid)
            if before.st_size and os.pread(number, 1, before.st_size - 1) != b"\n":
                data = b"\n" + data
            try:
                _write_all(file, data)
                os.fsync(number)
            except OSError:
                os.ftruncate(number, before.st_size)  # it is tried again as a whole
                raise

    def _rotate(self) -> None:
        names = [self.path, *(self._before(number) for number in range(1, FILES))]
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if newer.exists():
                newer.replace(older)

    def _before(self, number: int) -> Path:
        return self.path.with_name(f"{NAME}.{number}")

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def _write_all(file: FileIO, data: bytes) -> None:
    """In one write, so that lines of two writers never mix. Raises OSError."""
    if file.write(data) != len(data):
        raise OSError(0, "there is no room for all of it")
