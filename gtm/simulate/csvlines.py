"""Lines `client_network,queries` with the service as an optional third column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from math import isfinite

from gtm.simulate.badlines import BadLines, Row
from gtm.simulate.blocks import Block

CLIENT = ("client_network", "network", "client", "subnet")
QUERIES = ("queries", "count")
SERVICE = ("service", "name")
USUAL = (0, 1, 2)
REMEDY = "write client_network,queries as in 192.0.2.0/24,1500"

# Lines in the usual order with nothing that needs care; they are read all at once.
PLAIN = re.compile(r"^([^\s\",#]+),(\d{1,15})(?:,([^\s\",]*))?\r?\n?$", re.MULTILINE | re.ASCII)


class CsvLines:
    """Reads CSV with or without a header, which may name the columns in any order.

    `rows` are the queries so far, by service and network. Blank lines and comments (`#`) are
    passed over.
    """

    first: float | None = None  # a CSV says no times
    last: float | None = None

    def __init__(self) -> None:
        """Columns are in the usual order until a header says otherwise."""
        self.rows: dict[Row, float] = {}
        self._columns = USUAL
        self._header: list[str] | None = None

    def begin(self, block: Block) -> None:
        """Looks for a header at the beginning of the file; its columns are taken as it says."""
        for _, row in _read(block, None):
            columns = _columns(row)
            if columns is not None:
                self._columns, self._header = columns, row
            return

    def count(self, block: Block, bad: BadLines) -> None:
        """Adds the lines up; those that can't be read are noted. Headers are passed over."""
        rows = self.rows
        if self._columns == USUAL:
            found = PLAIN.findall(block.text)
            if len(found) == block.count:
                for network, queries, service in found:
                    key = (service, network)
                    rows[key] = rows.get(key, 0.0) + int(queries)
                return
        for number, row in _read(block, bad):
            if row != self._header:
                self._add(number, row, bad)

    def _add(self, number: int, row: list[str], bad: BadLines) -> None:
        client, queries, service = self._columns
        try:
            amount = float(row[queries])
            name = row[service].strip() if len(row) > service >= 0 else ""
            key = (name, row[client].strip())
        except (IndexError, ValueError):
            bad.note(number, _problem(row, max(client, queries), queries))
            return
        if amount < 0 or not isfinite(amount):
            bad.note(number, f"{row[queries][:60]!r} queries can't be; {REMEDY}")
            return
        self.rows[key] = self.rows.get(key, 0.0) + amount


def _columns(row: list[str]) -> tuple[int, int, int] | None:
    """Where network, queries and service stand, if the row is a header that says so."""
    names = [name.strip().lower() for name in row]
    client, queries, service = (
        next((names.index(word) for word in words if word in names), -1)
        for words in (CLIENT, QUERIES, SERVICE)
    )
    if client < 0 or queries < 0:
        return None
    plain = (client, queries, service) == (0, 1, -1) and len(row) == 2
    return USUAL if plain else (client, queries, service)


def _read(block: Block, bad: BadLines | None) -> Iterator[tuple[int, list[str]]]:
    """The rows that say something, each with the number of its line."""
    for number, line in block.lines():
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        if '"' not in line:
            yield number, line.split(",")
            continue
        try:
            yield number, next(csv.reader([line], strict=True), [])
        except csv.Error as error:
            if bad is not None:
                bad.note(number, f"it is not CSV ({error}); {REMEDY}")


def _problem(row: list[str], last: int, queries: int) -> str:
    if len(row) <= last:
        return f"there is no number of queries; {REMEDY}"
    return f"{row[queries][:60]!r} is not a number of queries; {REMEDY}"
