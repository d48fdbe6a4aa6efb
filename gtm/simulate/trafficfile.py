"""Traffic from a file: a CSV of client networks, or a query log of JSON lines.

Files are read in bulk: lines of one block are counted by what they say before any address is
parsed, so that ten million lines take less than a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from gtm.errors import GtmError
from gtm.simulate.badlines import BadLines, Row
from gtm.simulate.csvlines import CsvLines
from gtm.simulate.loglines import LogLines
from gtm.simulate.networks import network_key
from gtm.simulate.traffic import Counted, Traffic, Unit

BLOCK = 1 << 23  # octets read at a time: some ten thousand lines, counted together
NAMES_KEPT = 100_000  # names remembered: a log of random names must not fill the memory
NETWORK = "write an address or a network, such as 192.0.2.0/24"

ServiceOf = Callable[[str], str | None]  # the service (full name) that a name leads to
Advance = Callable[[int], None]  # octets read since the last call


def read_traffic(
    path: Path, service_of: ServiceOf, advance: Advance = lambda octets: None
) -> Traffic:
    """The traffic in a file. Raises GtmError with the first ten lines that can't be read."""
    bad = BadLines(path)
    counting = _Counting(service_of, bad)
    lines: CsvLines | LogLines | None = None
    number = 1
    for block in _blocks(path, advance):
        if lines is None:
            lines = _format(block)
        counting.add(lines.count(block, number, bad), block, number)
        number += len(block)
    bad.raise_if_any()
    if lines is None or not counting.counted:
        raise GtmError(
            f"cannot read traffic from {path}: it holds no queries; "
            "write lines such as 192.0.2.0/24,1500"
        )
    return counting.traffic(path.name, lines)


def _blocks(path: Path, advance: Advance) -> Iterator[list[str]]:
    """The file's lines, many at a time."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            while block := file.readlines(BLOCK):
                advance(sum(map(len, block)))
                yield block
    except OSError as error:
        raise GtmError(f"cannot read traffic from {path}: {error.strerror or error}") from error


def _format(block: list[str]) -> CsvLines | LogLines:
    """A log if the first line that says anything is a JSON object."""
    for line in block:
        if line.strip():
            return LogLines() if line.lstrip().startswith("{") else CsvLines()
    return CsvLines()


class _Counting:
    """Adds rows up by service and network; each name and network of a block is parsed once."""

    def __init__(self, service_of: ServiceOf, bad: BadLines) -> None:
        self.counted = False
        self._bad = bad
        self._service_of = service_of
        self._names: dict[str, str | None] = {"": ""}
        self._by_service: dict[str, Counted] = {}
        self._unsteered = 0.0

    def add(self, rows: dict[Row, float], block: list[str], first: int) -> None:
        wrong: set[str] = set()
        keys: dict[str, tuple[int, int] | None] = {}
        for (name, network), queries in rows.items():
            if network not in keys:
                keys[network] = network_key(network)
            key = keys[network]
            if key is None:
                wrong.add(network)
                continue
            self.counted = True
            service = self._service(name)
            if service is None:
                self._unsteered += queries
            else:
                self._by_service.setdefault(service, Counted()).add(*key, queries)
        if wrong:
            self._blame(wrong, block, first)

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

    def _service(self, name: str) -> str | None:
        if name not in self._names:
            if len(self._names) > NAMES_KEPT:
                self._names = {"": ""}
            self._names[name] = self._service_of(name)
        return self._names[name]

    def _blame(self, wrong: set[str], block: list[str], first: int) -> None:
        """Finds the lines of networks that are none."""
        for number, line in enumerate(block, first):
            for network in wrong:
                if network in line:
                    self._bad.note(number, f"{network[:60]!r} is not a network; {NETWORK}")
                    break
