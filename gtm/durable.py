"""What has to outlive the server: a value in two files of the state directory.

Each file is replaced as a whole: what holds now, and after it the same again as the good copy to
fall back to. Wherever a write is cut short, one of the two is whole and at most the change that
was under way is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from gtm.errors import StartError

FOLDER_MODE = 0o750
FILE_MODE = 0o640

T = TypeVar("T")


class Damaged(ValueError):  # noqa: N818 - it reads as what it says of a file
    """A file's content is not what was written; str() says in what."""


class Disk:
    """What is done to files; a test's own can fail at every step."""

    def read(self, path: Path) -> bytes:
        """All of a file."""
        return path.read_bytes()

    def write(self, path: Path, data: bytes) -> None:
        """A file with this content, which is on the disk when this returns."""
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)

    def rename(self, path: Path, to: Path) -> None:
        """Puts a file in the place of another."""
        path.replace(to)

    def sync(self, folder: Path) -> None:
        """What was renamed in the folder is on the disk when this returns."""
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def put(path: Path, data: bytes, disk: Disk) -> None:
    """Replaces a file as a whole. Raises OSError; then what was there still is."""
    beside = path.with_name(f"{path.name}.new")
    disk.write(beside, data)
    disk.rename(beside, path)
    disk.sync(path.parent)


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """What was on disk: None on the first start, and where neither file can be used.

    `trouble` says what was wrong, None if nothing was.
    """

    value: T | None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Durable(Generic[T]):
    """A value's two files. Nothing is touched before `load`.

    `read` makes the value of a file's content, or raises Damaged. `without` says what it means
    that neither file can be used.
    """

    folder: Path
    name: str
    read: Callable[[bytes], T]
    without: str
    disk: Disk

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.name

    @property
    def previous(self) -> Path:
        """The good copy beside it."""
        return self.folder / f"{self.name}.previous"

    def load(self, now: float) -> Kept[T]:
        """What was saved last; a damaged file is set aside under a name with the Unix time `now`.

        Raises StartError when the directory can't be used.
        """
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if not os.access(self.folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(0, "this user may not write there")
            return self._load(now)
        except OSError as error:
            raise StartError(
                f"cannot keep state in {self.folder}: {error.strerror or error}"
            ) from error

    def save(self, data: bytes) -> None:
        """Replaces what is on disk. Raises OSError; then what was there still is."""
        put(self.path, data, self.disk)
        put(self.previous, data, self.disk)

    def _load(self, now: float) -> Kept[T]:
        troubles: list[str] = []
        for path in (self.path, self.previous):
            try:
                found = self.read(self.disk.read(path))
            except FileNotFoundError:
                troubles.append(f"{path} is missing")
            except Damaged as damage:
                aside = path.with_name(f"{path.name}.damaged-{now:.0f}")
                self.disk.rename(path, aside)
                troubles.append(f"{path} was damaged ({damage}) and is now {aside.name}")
            else:
                return Kept(found, _told(troubles, f"the good copy {path.name} is used"))
        if all(trouble.endswith("is missing") for trouble in troubles):
            return Kept(None)  # the first start
        return Kept(None, _told(troubles, self.without))


def _told(troubles: list[str], outcome: str) -> str | None:
    return "; ".join([*troubles, outcome]) if troubles else None
