"""Traffic from a file: a CSV of client networks, or a query log of JSON lines.

Files are read in bulk: lines are counted by the texts of name and network first, and each of those
is parsed once in a great many lines, so that ten million lines take less than a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gtm.errors import GtmError
from gtm.simulate.badlines import BadLines, Row
from gtm.simulate.blocks import Block, blocks
from gtm.simulate.csvlines import CsvLines
from gtm.simulate.loglines import LogLines
from gtm.simulate.networks import network_key
from gtm.simulate.paused import collector_paused
from gtm.simulate.traffic import Counted, Traffic, Unit

ROWS_KEPT = 1 << 20  # rows counted as texts before they are parsed: some hundred megabytes
NAMES_KEPT = 100_000  # names remembered: a log of random names must not fill the memory
NETWORK = "write an address or a network, such as 192.0.2.0/24"

ServiceOf = Callable[[str], str | None]  # the service (full name) that a name leads to
Advance = Callable[[int], None]  # characters read since the last call


def read_traffic(
    path: Path, service_of: ServiceOf, advance: Advance = lambda characters: None
) -> Traffic:
    """The traffic in a file. Raises GtmError with the first ten lines that can't be read."""
    with collector_paused():
        return _read(path, service_of, advance)


def _read(path: Path, service_of: ServiceOf, advance: Advance) -> Traffic:
    bad = BadLines(path)
    counting = _Counting(service_of)
    lines: CsvLines | LogLines | None = None
    for block in blocks(path):
        lines = lines or _format(block)
        lines.count(block, bad)
        if len(lines.rows) > ROWS_KEPT:
            counting.take(lines.rows)
            lines.rows.clear()
        advance(len(block.text))
    if lines is not None:
        counting.take(lines.rows)
    if counting.wrong:
        bad = _blame(path, counting.wrong)
    bad.raise_if_any()
    if lines is None or not counting.counted:
        raise GtmError(
            f"cannot read traffic from {path}: it holds no queries; "
            "write lines such as 192.0.2.0/24,1500"
        )
    return counting.traffic(path.name, lines)


def _format(block: Block) -> CsvLines | LogLines:
    """A log if the first line that says anything is a JSON object."""
    return LogLines() if block.text.lstrip().startswith("{") else CsvLines()


def _blame(path: Path, wrong: set[str]) -> BadLines:
    """Finds the lines that have these networks, and all others that can't be read, in order.

    The file is read again, line by line, as its lines are not kept.
    """
    lines: CsvLines | LogLines | None = None
    bad = BadLines(path)
    for block in blocks(path):
        lines = lines or _format(block)
        for number, line in block.lines():
            lines.count(Block(line, number, 1), bad)
            for _, network in lines.rows:
                if network in wrong:
                    bad.note(number, f"{network[:60]!r} is not a network; {NETWORK}")
            lines.rows.clear()
    return bad


class _Counting:
    """Adds rows up by service and network."""

    def __init__(self, service_of: ServiceOf) -> None:
        self.counted = False
        self.wrong: set[str] = set()
        self._service_of = service_of
        self._names: dict[str, Counted | None] = {}
        self._by_service: dict[str, Counted] = {}
        self._unsteered = 0.0

    def take(self, rows: Mapping[Row, float]) -> None:
        """Parses the rows and adds them."""
        for (name, network), queries in rows.items():
            key = network_key(network)
            if key is None:
                self.wrong.add(network)
                continue
            counted = self._names[name] if name in self._names else self._named(name)
            if counted is None:
                self._unsteered += queries
                continue
            counts = counted.v4 if key[0] == 32 else counted.v6
            counts[key[1]] = counts.get(key[1], 0.0) + queries
        self.counted = self.counted or bool(rows)

    def traffic(self, source: str, lines: CsvLines | LogLines) -> Traffic:
        services = dict(self._by_service)
        return Traffic(
            source=source,
            unit=Unit.QUERIES,
            common=services.pop("", None),
            by_service=services,
            unsteered=self._unsteered,
            seconds=lines.seconds,
            absolute=isinstance(lines, CsvLines),
        )

    def _named(self, name: str) -> Counted | None:
        """Where queries for a name are counted; None if no service answers them."""
        service = self._service_of(name) if name else ""
        found = None if service is None else self._by_service.setdefault(service, Counted())
        if len(self._names) >= NAMES_KEPT:
            self._names.clear()
        self._names[name] = found
        return found
