"""Forms of log lines, learnt from lines that json has read: a pattern reads the next ones.

A pattern is exact: it takes a line only if json would read the same from it. Lines with escapes
or nested values fit none.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gtm.simulate.badlines import Row

# Values of JSON (RFC 8259 sections 3, 6 and 7), strings without escapes only.
STRING = r'"[^"\\\x00-\x1f]*"'
NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
OTHER = rf"(?:{STRING}|{NUMBER}|true|false|null)"
NOTHING = r'(?:null|"")'
CAPTURED = r'"(?P<{}>[^"\\\x00-\x1f]+)"'
WHOLE = r"(?P<count>[1-9]\d{0,14})"
SPACE = "[ \t]*"


@dataclass(frozen=True, slots=True)
class Template:
    """Lines with certain keys in a certain order; where in a match the fields stand."""

    pattern: re.Pattern[str]
    name: int
    network: int
    queries: int

    def count(self, lines: list[str], counts: Counter[Row]) -> list[str]:
        """Adds up the lines that fit, and gives back the others."""
        found = self.pattern.findall("".join(lines))
        left: list[str] = []
        if len(found) != len(lines):
            matches = [self.pattern.fullmatch(line) for line in lines]
            left = [line for line, match in zip(lines, matches, strict=True) if match is None]
            found = [match.groups("") for match in matches if match is not None]
        for fields, times in Counter(found).items():
            counts[self._row(fields)] += times * self._queries(fields)
        return left

    def row(self, line: str) -> tuple[Row, float] | None:
        """What the line says, if it fits."""
        match = self.pattern.fullmatch(line)
        if match is None:
            return None
        fields = match.groups("")
        return self._row(fields), float(self._queries(fields))

    def _row(self, fields: tuple[str, ...]) -> Row:
        return (fields[self.name - 1] if self.name else ""), fields[self.network - 1]

    def _queries(self, fields: tuple[str, ...]) -> int:
        return int(fields[self.queries - 1]) if self.queries else 1


def learn(values: Mapping[str, Any]) -> Template | None:
    """The form of a line with these fields; None where it is not plain enough."""
    read = "subnet" if values.get("subnet") else "client"
    parts = []
    for key, value in values.items():
        part = _part(key, value, read)
        if part is None:
            return None
        parts.append(f"{re.escape(json.dumps(key, ensure_ascii=False))}{SPACE}:{SPACE}{part}")
    comma = f"{SPACE},{SPACE}"
    body = comma.join(parts)
    pattern = re.compile(
        rf"^{SPACE}\{{{SPACE}{body}{SPACE}\}}{SPACE}()\r?\n?$", re.MULTILINE | re.ASCII
    )
    groups = pattern.groupindex
    return Template(pattern, groups.get("name", 0), groups[read], groups.get("count", 0))


def _part(key: str, value: object, read: str) -> str | None:
    """The pattern of a field's value; None for one that patterns don't take."""
    if isinstance(value, dict | list):
        return None
    if key == "count":
        return WHOLE if type(value) is int and value > 0 else None
    if key in (read, "name") and value:
        return CAPTURED.format(key)
    if key in ("subnet", "name"):  # neither counts when it is empty
        return NOTHING
    return OTHER
