"""A file's text in large pieces that end where a line does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gtm.errors import GtmError

SIZE = 1 << 23  # octets read at a time: some ten thousand lines
MARK = b"\xef\xbb\xbf"  # the byte order mark that some programs begin UTF-8 with


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines; `first` is the number of the first one, from 1, and `count` how many."""

    text: str
    first: int
    count: int

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each line with its number, without its end."""
        lines = self.text.split("\n")
        if not lines[-1]:
            lines.pop()
        return enumerate((line.removesuffix("\r") for line in lines), self.first)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a file, in octets: the lines that begin in it."""

    path: Path
    begin: int
    end: int


def stretches(path: Path, size: int) -> list[Stretch]:
    """The file in parts of about that many octets. Raises GtmError when it can't be read."""
    try:
        with path.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(path, error) from error
    return [Stretch(path, at, min(at + size, length)) for at in range(0, max(length, 1), size)]


def blocks(stretch: Stretch) -> Iterator[Block]:
    """The stretch from its beginning to its end, lines numbered from 1 there."""
    first = 1
    try:
        with stretch.path.open("rb") as file:
            at = stretch.begin
            if at:  # a line that began before belongs to the stretch before
                file.seek(at - 1)
                at += len(file.readline()) - 1
            while at < stretch.end:
                data = file.read(min(SIZE, stretch.end - at))
                if not data:
                    break
                if not data.endswith(b"\n"):
                    data += file.readline()
                text = (data if at else data.removeprefix(MARK)).decode(errors="replace")
                count = text.count("\n") + (not text.endswith("\n"))
                yield Block(text, first, count)
                first += count
                at += len(data)
    except OSError as error:
        raise unreadable(stretch.path, error) from error


def unreadable(path: Path, error: Exception) -> GtmError:
    """What to say of a file that can't be read."""
    why = getattr(error, "strerror", None) or error
    return GtmError(f"cannot read traffic from {path}: {why}")
