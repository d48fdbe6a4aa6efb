"""Lines `client_network,queries` with the service as an optional third column."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from math import isfinite

from gtm.simulate.badlines import BadLines, Row

CLIENT = ("client_network", "network", "client", "subnet")
QUERIES = ("queries", "count")
SERVICE = ("service", "name")
REMEDY = "write client_network,queries as in 192.0.2.0/24,1500"


class CsvLines:
    """Reads CSV with or without a header, which may name the columns in any order."""

    seconds: float | None = None

    def __init__(self) -> None:
        """Columns are in the usual order until a header says otherwise."""
        self._columns = (0, 1, 2)
        self._begun = False

    def count(self, lines: list[str], first: int, bad: BadLines) -> dict[Row, float]:
        """Queries by service and network. Blank lines and comments (`#`) are passed over."""
        found: dict[Row, float] = {}
        client, queries, service = self._columns
        for number, row in self._rows(lines, first, bad):
            if not self._begun:
                self._begun = True
                if self._header(row):
                    client, queries, service = self._columns
                    continue
            try:
                amount = float(row[queries])
                key = (row[service].strip() if len(row) > service >= 0 else "", row[client].strip())
            except (IndexError, ValueError):
                bad.note(number, _problem(row, queries))
                continue
            if amount < 0 or not isfinite(amount):
                bad.note(number, f"{row[queries]!r} queries can't be; {REMEDY}")
                continue
            found[key] = found.get(key, 0.0) + amount
        return found

    def _rows(self, lines: list[str], first: int, bad: BadLines) -> Iterator[tuple[int, list[str]]]:
        """The rows that say something, each with the number of its line."""
        for number, line in enumerate(lines, first):
            if '"' not in line:
                row = line.rstrip("\r\n").split(",")
            else:
                try:
                    row = next(csv.reader([line], strict=True), [])
                except csv.Error as error:
                    bad.note(number, f"it is not CSV: {error}; {REMEDY}")
                    continue
            if len(row) == 1 and not row[0].strip():
                continue
            if row and not row[0].lstrip().startswith("#"):
                yield number, row

    def _header(self, row: list[str]) -> bool:
        """Whether the row names the columns; if so they are taken as it says."""
        names = [name.strip().lower().lstrip("\ufeff") for name in row]
        places = [
            next((names.index(word) for word in words if word in names), -1)
            for words in (CLIENT, QUERIES, SERVICE)
        ]
        if places[0] < 0 or places[1] < 0:
            return False
        self._columns = (places[0], places[1], places[2])
        return True


def _problem(row: list[str], queries: int) -> str:
    if len(row) <= queries:
        return f"there is no number of queries; {REMEDY}"
    return f"{row[queries][:60]!r} is not a number of queries; {REMEDY}"
