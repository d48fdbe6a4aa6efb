"""Lines of a query log: JSON objects, of which a few fields are read and others passed over.

`subnet` (the client network of EDNS Client Subnet, if the query had one) or else `client` (the
sender's address), `name` (what was asked), `count` (queries that the line stands for, 1 if it is
not there), and `time` (Unix seconds, or as RFC 3339 writes it) of the first and last line.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gtm.simulate.badlines import BadLines, Row
from gtm.simulate.blocks import Block
from gtm.simulate.logtemplate import Template, learn

REMEDY = 'write {"client": "192.0.2.1", "name": "orders.gtm.example.com"}'
TEMPLATES = 8  # forms of lines known at a time: each is one try more for lines of no known form


class LogLines:
    """Reads JSON lines. Most lines of a log have the same keys, so that one pattern reads them;
    json reads the others, and what it can't read is a bad line.

    `rows` are the queries so far, by name and network; `first` and `last` the times (Unix seconds)
    of the first and last line, None where they do not say.
    """

    def __init__(self) -> None:
        """No form of lines is known yet."""
        self.rows: Counter[Row] = Counter()
        self._templates: list[Template] = []
        self.first: float | None = None
        self.last: float | None = None

    def begin(self, block: Block) -> None:
        """The beginning of the file: it teaches nothing that later lines do not."""

    def count(self, block: Block, bad: BadLines) -> None:
        """Adds the lines up; those that can't be read are noted."""
        self._note_time(block)
        for template in self._templates[:1]:
            rows = template.rows(block)
            if rows is not None:
                self.rows.update(rows)
                return
        for number, line in block.lines():
            self._count_line(number, line, bad)

    def _count_line(self, number: int, line: str, bad: BadLines) -> None:
        """One line by a known form, or by json, which may teach a new one."""
        read = self._read(line)
        if read is None:
            try:
                values = _values(line)
                read = _row(values)
            except ValueError as error:
                if line.strip():
                    bad.note(number, f"{error}; {REMEDY}")
                return
            learnt = learn(values)
            if learnt is not None:
                self._templates = [learnt, *self._templates][:TEMPLATES]
        row, queries = read
        self.rows[row] += queries

    def _read(self, line: str) -> tuple[Row, int] | None:
        """By the form that fits; the form of the latest line is tried first."""
        for at, template in enumerate(self._templates):
            read = template.row(line)
            if read is not None:
                if at:
                    self._templates.insert(0, self._templates.pop(at))
                return read
        return None

    def _note_time(self, block: Block) -> None:
        text = block.text
        if self.first is None:
            self.first = _time(text[: text.find("\n") + 1 or None])
        last = _time(text[text.rfind("\n", 0, len(text) - 1) + 1 :])
        self.last = self.last if last is None else last


def _values(line: str) -> Mapping[str, Any]:
    """The line's fields. Raises ValueError."""
    try:
        values = json.loads(line)
    except ValueError:
        raise ValueError("it is not JSON") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  # of the file
    return values


def _row(values: Mapping[str, Any]) -> tuple[Row, int]:
    """Name and network, and how many queries. Raises ValueError."""
    network = values.get("subnet") or values.get("client")
    if not isinstance(network, str):
        raise ValueError("it has neither `subnet` nor `client`")  # noqa: TRY004  # of the file
    name, queries = values.get("name") or "", values.get("count", 1)
    if not isinstance(name, str):
        raise ValueError("its `name` is not a string")  # noqa: TRY004  # of the file
    if isinstance(queries, bool) or not isinstance(queries, int) or queries < 0:
        raise ValueError("its `count` is not a whole number of queries")
    return (name, network), queries


def _time(line: str) -> float | None:
    """The line's time in Unix seconds, if it says any."""
    try:
        said = _values(line).get("time")
        if isinstance(said, str):
            at = datetime.fromisoformat(said)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        return None
    return float(said) if isinstance(said, int | float) else None
