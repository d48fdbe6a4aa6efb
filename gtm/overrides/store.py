"""Overrides on disk, so that they outlive the server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gtm.durable import Disk, Durable
from gtm.overrides.book import Book
from gtm.overrides.file import from_bytes, to_bytes

NAME = "overrides.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was on disk. `trouble` says what was wrong with it, None if nothing was."""

    book: Book
    trouble: str | None = None


class Store:
    """The overrides of one state directory."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        """Nothing is touched before `load`."""
        without = "no override is in force"
        self._files = Durable(folder, NAME, from_bytes, without, disk or Disk())
        self.path = self._files.path
        self.previous = self._files.previous

    def load(self, now: float) -> Kept:
        """What was saved last; a damaged file is set aside under a name with the Unix time `now`.

        Raises StartError when the directory can't be used.
        """
        found = self._files.load(now)
        return Kept(Book() if found.value is None else found.value, found.trouble)

    def save(self, book: Book) -> None:
        """Replaces what is on disk. Raises OSError; then what was there still is."""
        self._files.save(to_bytes(book))
