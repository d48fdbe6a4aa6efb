"""Overrides on disk, so that they outlive the server.

Two files, each replaced as a whole: what is in force, and after it the same again as the good
copy to fall back to. Wherever a write is cut short, one of the two is whole and at most the
change that was under way is missing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gtm.errors import StartError
from gtm.overrides.book import Book
from gtm.overrides.file import Damaged, from_bytes, to_bytes

NAME = "overrides.json"
FOLDER_MODE = 0o750
FILE_MODE = 0o640


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


@dataclass(frozen=True, slots=True)
class Kept:
    """What was on disk. `trouble` says what was wrong with it, None if nothing was."""

    book: Book
    trouble: str | None = None


class Store:
    """The overrides of one state directory."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        """Nothing is touched before `load`."""
        self.path = folder / NAME
        self.previous = folder / f"{NAME}.previous"
        self._disk = disk or Disk()

    def load(self, now: float) -> Kept:
        """What was saved last; a damaged file is set aside under a name with the Unix time `now`.

        Raises StartError when the directory can't be used.
        """
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if not os.access(self.path.parent, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(0, "this user may not write there")
            return self._load(now)
        except OSError as error:
            raise StartError(
                f"cannot keep state in {self.path.parent}: {error.strerror or error}"
            ) from error

    def save(self, book: Book) -> None:
        """Replaces what is on disk. Raises OSError; then what was there still is."""
        data = to_bytes(book)
        self._put(self.path, data)
        self._put(self.previous, data)

    def _put(self, path: Path, data: bytes) -> None:
        beside = path.with_name(f"{path.name}.new")
        self._disk.write(beside, data)
        self._disk.rename(beside, path)
        self._disk.sync(path.parent)

    def _load(self, now: float) -> Kept:
        troubles: list[str] = []
        for path in (self.path, self.previous):
            try:
                found = from_bytes(self._disk.read(path))
            except FileNotFoundError:
                troubles.append(f"{path} is missing")
            except Damaged as damage:
                aside = path.with_name(f"{path.name}.damaged-{now:.0f}")
                self._disk.rename(path, aside)
                troubles.append(f"{path} was damaged ({damage}) and is now {aside.name}")
            else:
                return Kept(found, _told(troubles, f"the good copy {path.name} is used"))
        if all(trouble.endswith("is missing") for trouble in troubles):
            return Kept(Book())  # the first start
        return Kept(Book(), _told(troubles, "no override is in force"))


def _told(troubles: list[str], outcome: str) -> str | None:
    return "; ".join([*troubles, outcome]) if troubles else None
