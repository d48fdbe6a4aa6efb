"""Lines of a query log: JSON objects, of which a few fields are read and others passed over.

`subnet` (the client network of EDNS Client Subnet, if the query had one) or else `client` (the
sender's address), `name` (what was asked), `count` (queries that the line stands for, 1 if it is
not there), and `time` (Unix seconds, or as RFC 3339 writes it) of the first and last line.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from gtm.simulate.badlines import BadLines, Row
from gtm.simulate.logtemplate import Template, learn

REMEDY = 'write {"client": "192.0.2.1", "name": "orders.gtm.example.com"}'
TEMPLATES = 8  # forms of lines known at a time: each is one try more for lines of no known form


class LogLines:
    """Reads JSON lines. Most lines of a log have the keys of the one before, so that one pattern
    reads them; json reads the others, and what it can't read is a bad line.
    """

    def __init__(self) -> None:
        """No form of lines is known yet."""
        self._templates: list[Template] = []
        self._first: float | None = None
        self._last: float | None = None

    @property
    def seconds(self) -> float | None:
        """The time from the first line to the last; None where they do not say."""
        if self._first is None or self._last is None or self._last <= self._first:
            return None
        return self._last - self._first

    def count(self, lines: list[str], first: int, bad: BadLines) -> dict[Row, float]:
        """Queries by name and network."""
        self._note_time(lines)
        counts: Counter[Row] = Counter()
        rest = lines
        for template in self._templates:
            rest = template.count(rest, counts)
            if not rest:
                break
        found: dict[Row, float] = dict(counts)
        if rest:
            unread = set(rest) if len(rest) < len(lines) else None
            numbered = enumerate(lines, first)
            left = (each for each in numbered if unread is None or each[1] in unread)
            self._slowly(left, found, bad)
        return found

    def _slowly(
        self, lines: Iterable[tuple[int, str]], found: dict[Row, float], bad: BadLines
    ) -> None:
        """Line by line, learning forms as they come."""
        fresh: list[Template] = []
        for number, line in lines:
            read = next((row for each in fresh if (row := each.row(line)) is not None), None)
            if read is None:
                try:
                    values = _values(line)
                    read = _row(values)
                except ValueError as error:
                    if line.strip():
                        bad.note(number, f"{error}; {REMEDY}")
                    continue
                learnt = learn(values) if len(fresh) < TEMPLATES else None
                fresh += [learnt] if learnt is not None else []
            key, queries = read
            found[key] = found.get(key, 0.0) + queries
        self._templates = (fresh + self._templates)[:TEMPLATES]

    def _note_time(self, lines: list[str]) -> None:
        self._first = _time(lines[0]) if self._first is None else self._first
        last = _time(lines[-1])
        self._last = self._last if last is None else last


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


def _row(values: Mapping[str, Any]) -> tuple[Row, float]:
    """Name and network, and how many queries. Raises ValueError."""
    network = values.get("subnet") or values.get("client")
    if not isinstance(network, str):
        raise ValueError("it has neither `subnet` nor `client`")  # noqa: TRY004  # of the file
    name, queries = values.get("name") or "", values.get("count", 1)
    if not isinstance(name, str):
        raise ValueError("its `name` is not a string")  # noqa: TRY004  # of the file
    if isinstance(queries, bool) or not isinstance(queries, int | float):
        raise ValueError("its `count` is not a number")  # noqa: TRY004  # of the file
    if queries < 0 or not isfinite(queries):
        raise ValueError("its `count` is not a number of queries")
    return (name, network), float(queries)


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
