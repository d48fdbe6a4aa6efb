"""The audit trail on disk: JSON lines that are only ever appended to, in a few files.

Nothing in it is ever rewritten: what a crash cut short stays as it is, on a line of its own. The
server and `gtm keys token` append to the same file, a write for each line.

Root appends in a folder of gtm's own user, so whoever holds that user must not be able to point
root at another file: no link of either kind is written through, nor anything but a file of the
folder's owner, root or the writer.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
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
            size = _size(folder)
            if size and size + len(data) > self._largest:
                _rotate(folder)
            self._write(folder, data)
        finally:
            os.close(folder)

    def _write(self, folder: int, data: bytes) -> None:
        """By names within the folder that is open: it may be swapped for another meanwhile."""
        owner = os.fstat(folder)
        number = _opened(folder)
        with os.fdopen(number, "ab", buffering=0) as file:
            before = os.fstat(number)
            _require_own(before, owner.st_uid, self.path)
            if before.st_size == 0 and os.geteuid() == 0:
                os.fchown(number, owner.st_uid, owner.st_gid)  # a command of root's began it
            if before.st_size and os.pread(number, 1, before.st_size - 1) != b"\n":
                data = b"\n" + data
            try:
                _write_all(file, data)
                os.fsync(number)
            except OSError:
                os.ftruncate(number, before.st_size)  # it is tried again as a whole
                raise


def _opened(folder: int) -> int:
    # O_NONBLOCK: a pipe that was put there must not hold the writer up; files take no notice
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(NAME, flags, FILE_MODE, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _planted(error.errno, "is a symbolic link") from error
        raise


def _require_own(found: os.stat_result, folder_owner: int, path: Path) -> None:
    """Raises OSError where what was opened may be somebody else's."""
    if not stat.S_ISREG(found.st_mode):
        raise _planted(errno.EINVAL, "is no ordinary file")
    if found.st_nlink != 1:  # 0: it was removed meanwhile, and what is written would be lost
        raise _planted(errno.EMLINK, f"has {found.st_nlink} names (hard links)")
    if found.st_uid not in (folder_owner, os.geteuid(), 0):
        raise _planted(
            errno.EPERM, f"belongs to user {found.st_uid}, who does not own {path.parent}"
        )


def _planted(number: int, why: str) -> OSError:
    return OSError(number, f"{NAME} {why}: move it away, and a new one is begun")


def _rotate(folder: int) -> None:
    names = [NAME, *(f"{NAME}.{number}" for number in range(1, FILES))]
    for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
        with contextlib.suppress(FileNotFoundError):
            os.replace(newer, older, src_dir_fd=folder, dst_dir_fd=folder)


def _size(folder: int) -> int:
    try:
        return os.stat(NAME, dir_fd=folder, follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0


def _write_all(file: FileIO, data: bytes) -> None:
    """In one write, so that lines of two writers never mix. Raises OSError."""
    if file.write(data) != len(data):
        raise OSError(0, "there is no room for all of it")
