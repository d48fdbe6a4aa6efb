"""A file's text in large pieces that end where a line does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gtm.errors import GtmError

SIZE = 1 << 23  # characters read at a time: some ten thousand lines


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


def blocks(path: Path) -> Iterator[Block]:
    """The file from its beginning to its end. Raises GtmError when it can't be read."""
    first = 1
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
            while text := file.read(SIZE):
                text += file.readline()
                count = text.count("\n") + (not text.endswith("\n"))
                yield Block(text, first, count)
                first += count
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = getattr(error, "strerror", None) or error
        raise GtmError(f"cannot read traffic from {path}: {why}") from error
