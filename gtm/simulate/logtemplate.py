"""Forms of log lines, learnt from lines that json has read: one pattern reads the next ones.

A pattern is exact: it takes a line only if json would read the same from it. Lines with escapes
or nested values fit none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gtm.simulate.badlines import Row
from gtm.simulate.blocks import Block

# Values of JSON (RFC 8259 sections 3, 6 and 7), strings without escapes only.
STRING = r'"[^"\\\x00-\x1f]*"'
NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
OTHER = rf"(?:{STRING}|{NUMBER}|true|false|null)"
CAPTURED = r'"(?P<{}>[^"\\\x00-\x1f]+)"'
MAY_BE_EMPTY = r'(?:"(?P<{}>[^"\\\x00-\x1f]*)"|null)'
WHOLE = r"(?P<count>[1-9]\d{0,14})"
SPACE = "[ \t]*"
COMMA = f"{SPACE},{SPACE}"


@dataclass(frozen=True, slots=True)
class Template:
    """Lines with certain keys in a certain order; the numbers say where in a match fields stand.

    A field that the lines lack has the number of a group that is always empty.
    """

    pattern: re.Pattern[str]
    name: int
    subnet: int
    client: int
    queries: int

    def rows(self, block: Block) -> list[Row] | None:
        """What every line of the block says, one query each; None unless all of them fit."""
        if self.queries != self.pattern.groups:
            return None
        found = self.pattern.findall(block.text)
        if len(found) != block.count:
            return None
        name, subnet, client = self.name - 1, self.subnet - 1, self.client - 1
        return [(fields[name], fields[subnet] or fields[client]) for fields in found]

    def row(self, line: str) -> tuple[Row, int] | None:
        """What one line says, if it fits."""
        match = self.pattern.fullmatch(line)
        return None if match is None else self._row(match.groups(""))

    def _row(self, fields: tuple[str, ...]) -> tuple[Row, int]:
        network = fields[self.subnet - 1] or fields[self.client - 1]
        return (fields[self.name - 1], network), int(fields[self.queries - 1] or 1)


def learn(values: Mapping[str, object]) -> Template | None:
    """The form of a line with these fields; None where it is not plain enough."""
    parts = []
    for key, value in values.items():
        part = _value(key, value, "client" in values)
        if part is None:
            return None
        parts.append(f"{re.escape(json.dumps(key, ensure_ascii=False))}{SPACE}:{SPACE}{part}")
    pattern = re.compile(
        rf"^{SPACE}\{{{SPACE}{COMMA.join(parts)}{SPACE}\}}{SPACE}()\r?\n?$",
        re.MULTILINE | re.ASCII,
    )
    at, empty = pattern.groupindex, pattern.groups
    fields = (at.get(field, empty) for field in ("name", "subnet", "client", "count"))
    return Template(pattern, *fields)


def _value(key: str, value: object, has_client: bool) -> str | None:
    """The pattern of a field's value; None for one that patterns don't take."""
    if isinstance(value, dict | list):
        return None
    match key:
        case "count":
            return WHOLE if type(value) is int and value > 0 else None
        case "subnet" if has_client:
            return MAY_BE_EMPTY.format(key)
        case "client" | "subnet":
            return CAPTURED.format(key)
        case "name":
            return MAY_BE_EMPTY.format(key)
    if isinstance(value, str):
        return STRING
    return NUMBER if isinstance(value, int | float) and not isinstance(value, bool) else OTHER
