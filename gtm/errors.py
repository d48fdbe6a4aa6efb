"""The one tree of errors that gtm raises on purpose.

Every message reads "cannot <do> <what>: <why>", so that it can be shown to a person as it is.
A caller either raises or logs, never both. `exit_code` is what a command ends with
(0 done, 1 the input is wrong, 2 wrong usage, 3 the server can't be reached or refused).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class GtmError(Exception):
    """Anything gtm refuses or fails to do; str() is a sentence for a person."""

    exit_code: ClassVar[int] = 1


class UsageError(GtmError):
    """A command was called in a way that can't work."""

    exit_code = 2


class ConfigError(GtmError):
    """A setting (flag, environment variable or gtm.yaml key) can't be used."""

    exit_code = 2


class GeoError(GtmError):
    """A geo database can't be opened, read or understood."""


class KeysError(GtmError):
    """Keys of a zone can't be used, or must not be changed yet."""


class StartError(GtmError):
    """The server can't start: an address is taken, a directory is not writable."""

    exit_code = 3


class ServerError(GtmError):
    """A running server can't be reached, or refused what it was asked."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a zone file, and what to write instead.

    `line` and `column` count from 1; 0 means the whole file.
    `key` is the dotted path of the YAML key (`regions.us-east.location`), or "" for the file.
    """

    file: str
    line: int
    column: int
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """`file:line:column: key: what is wrong; what to write instead`."""
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        parts = [where, self.key] if self.key else [where]
        text = f"{self.problem}; {self.remedy}" if self.remedy else self.problem
        return ": ".join([*parts, text])


class ZoneFileError(GtmError):
    """Zone files that can't be used; carries every mistake in every file."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        """`mistakes` is not empty; order is by file, line and column."""
        self.mistakes = mistakes
        files = len({mistake.file for mistake in mistakes})
        count = len(mistakes)
        super().__init__(
            f"cannot load zones: {count} mistake{'s' if count != 1 else ''} "
            f"in {files} file{'s' if files != 1 else ''}; the first is {mistakes[0]}"
        )
