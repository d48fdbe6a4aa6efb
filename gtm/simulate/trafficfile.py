"""Traffic from a file: a CSV of client networks, or a query log of JSON lines.

Files are read in bulk, and large ones by several processes, so that ten million lines take less
than a minute.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from gtm.errors import GtmError
from gtm.simulate.blocks import Stretch, stretches
from gtm.simulate.csvlines import CsvLines
from gtm.simulate.paused import collector_paused
from gtm.simulate.traffic import Counted, Traffic, Unit
from gtm.simulate.trafficpart import Part, Reader, faults, read_part, reader_of

STRETCH = 1 << 26  # octets that are read at a time, and counted before they are parsed

ServiceOf = Callable[[str], str | None]  # the service (full name) that a name leads to
Advance = Callable[[int, int], None]  # octets read so far, of how many


def read_traffic(
    path: Path,
    service_of: ServiceOf,
    advance: Advance = lambda done, total: None,
    processes: int = 1,
    stretch: int = STRETCH,
) -> Traffic:
    """The traffic in a file. Raises GtmError with the first ten lines that can't be read.

    A file of more than one `stretch` (octets) is shared by so many `processes`.
    """
    parts = stretches(path, stretch)
    reader = reader_of(parts[0])
    counting = _Counting(service_of)
    with collector_paused():
        for done, part in zip(parts, _read(parts, reader, processes), strict=True):
            if part.faulty:
                faults(Stretch(path, 0, parts[-1].end), reader).raise_if_any()
            counting.take(part)
            advance(done.end, parts[-1].end)
    if not counting.counted:
        raise GtmError(
            f"cannot read traffic from {path}: it holds no queries; "
            "write lines such as 192.0.2.0/24,1500"
        )
    return counting.traffic(path.name, isinstance(reader, CsvLines))


def _read(parts: list[Stretch], reader: Reader, processes: int) -> Iterator[Part]:
    """What the parts say, in their order. Processes are begun afresh: nothing of ours is theirs."""
    read = partial(read_part, reader=reader)
    processes = min(processes, len(parts))
    if processes < 2:
        yield from map(read, parts)
        return
    afresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=afresh) as pool:
        yield from pool.map(read, parts)


class _Counting:
    """Adds parts up by service and network."""

    def __init__(self, service_of: ServiceOf) -> None:
        self.counted = False
        self._service_of = service_of
        self._by_service: dict[str, Counted] = {}
        self._unsteered = 0.0
        self._first: float | None = None
        self._last: float | None = None

    def take(self, part: Part) -> None:
        """Adds a part."""
        self._first = part.first if self._first is None else self._first
        self._last = self._last if part.last is None else part.last
        for name, named in part.names.items():
            self.counted = True
            service = self._service_of(name) if name else ""
            if service is None:
                self._unsteered += sum(named.queries4) + sum(named.queries6)
                continue
            counted = self._by_service.setdefault(service, Counted())
            counted.add_all(32, named.keys4, named.queries4)
            counted.add_all(128, named.keys6, named.queries6)

    def traffic(self, source: str, absolute: bool) -> Traffic:
        """All of it."""
        services = dict(self._by_service)
        return Traffic(
            source=source,
            unit=Unit.QUERIES,
            common=services.pop("", None),
            by_service=services,
            unsteered=self._unsteered,
            seconds=self._seconds(),
            absolute=absolute,
        )

    def _seconds(self) -> float | None:
        if self._first is None or self._last is None or self._last <= self._first:
            return None
        return self._last - self._first
