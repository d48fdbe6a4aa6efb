"""Collecting what is wrong with zone files, so that all of it can be said at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from gtm.errors import Mistake, ZoneFileError


class Wrong(ValueError):  # noqa: N818 - it reads as what it says of a value
    """A value that can't be used: what is wrong with it and what to write instead.

    Raised by the parsers of single values, which do not know where the value stands; it never
    leaves this package. It is a ValueError so that pydantic collects it like its own errors.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        """Both are clauses in an operator's words, without a full stop."""
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: `line` and `column` count from 1, 0 is the whole file."""

    file: str
    line: int = 0
    column: int = 0
    key: str = ""

    def __str__(self) -> str:
        """`file:line:column`, or the file alone."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Findings:
    """The mistakes and warnings found so far, in any order."""

    def __init__(self) -> None:
        """Nothing found yet."""
        self.mistakes: list[Mistake] = []
        self.warnings: list[Mistake] = []

    def wrong(self, spot: Spot, problem: str, remedy: str) -> None:
        """Note something that makes the file unusable."""
        self.mistakes.append(_mistake(spot, problem, remedy))

    def warn(self, spot: Spot, problem: str, remedy: str) -> None:
        """Note something that is allowed but probably not meant."""
        self.warnings.append(_mistake(spot, problem, remedy))

    def raise_mistakes(self) -> None:
        """Raise ZoneFileError with every mistake, if there is one."""
        if self.mistakes:
            raise ZoneFileError(_in_order(self.mistakes))

    def sorted_warnings(self) -> tuple[Mistake, ...]:
        """The warnings by file, line and column, each once."""
        return _in_order(self.warnings)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like this one, in backquotes; "" when none is like it."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"`{found[0]}`" if found else ""


def listed(words: Iterable[str], limit: int = 12) -> str:
    """Words as a short enumeration for a message."""
    words = list(words)
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def article(word: str) -> str:
    """A type's word with its article, as it is read out: `a tcp`, `an icmp`, `an http`."""
    return f"{'an' if word[0] in 'aeioh' else 'a'} {word}"


def shown(value: object, limit: int = 60) -> str:
    """A value as a message quotes it: short, on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = value if isinstance(value, str) else str(value)
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return f"`{text}`" if text.isprintable() else repr(text)


def _mistake(spot: Spot, problem: str, remedy: str) -> Mistake:
    return Mistake(spot.file, spot.line, spot.column, spot.key, problem, remedy)


def _in_order(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Sorted by place; a mistake found twice (files shared by several zones) is said once."""
    unique = dict.fromkeys(mistakes)
    return tuple(sorted(unique, key=lambda m: (m.file, m.line, m.column, m.key, m.problem)))
