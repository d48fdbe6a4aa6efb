"""One stretch of a traffic file, read by itself, so that several processors can share a file."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gtm.simulate.badlines import BadLines, Row
from gtm.simulate.blocks import Block, Stretch, blocks
from gtm.simulate.csvlines import CsvLines
from gtm.simulate.loglines import LogLines
from gtm.simulate.networks import network_key
from gtm.simulate.paused import collector_paused

BEGINNING = 1 << 16  # octets that are looked at to tell the format

Reader = CsvLines | LogLines


@dataclass(slots=True)
class Named:
    """The queries for one name: keys of networks (see `network_key`) and how many, in step.

    Packed, as they are handed from process to process.
    """

    keys4: array[int] = field(default_factory=lambda: array("Q"))
    queries4: array[float] = field(default_factory=lambda: array("d"))
    keys6: list[int] = field(default_factory=list)
    queries6: array[float] = field(default_factory=lambda: array("d"))


@dataclass(frozen=True, slots=True)
class Part:
    """What a stretch says: queries by name; `faulty` if there is a line that can't be read.

    `first` and `last` are the times of its lines, as far as they say.
    """

    names: Mapping[str, Named]
    faulty: bool
    first: float | None
    last: float | None


def reader_of(stretch: Stretch) -> Reader:
    """What reads the file's lines, having seen its beginning: a header, if it has one."""
    for block in blocks(replace(stretch, end=min(stretch.end, BEGINNING))):
        reader: Reader = LogLines() if block.text.lstrip().startswith("{") else CsvLines()
        reader.begin(block)
        return reader
    return CsvLines()


def read_part(stretch: Stretch, reader: Reader) -> Part:
    """Counts the lines by the texts of name and network, and then parses each text once."""
    bad = BadLines(stretch.path)
    with collector_paused():
        for block in blocks(stretch):
            reader.count(block, bad)
        names, clean = _parsed(reader.rows)
    reader.rows.clear()
    return Part(names, bool(bad.count) or not clean, reader.first, reader.last)


def _parsed(rows: Mapping[Row, float]) -> tuple[dict[str, Named], bool]:
    """The rows by name, and whether all networks are some."""
    names: dict[str, Named] = {}
    clean = True
    for (name, network), queries in rows.items():
        found = network_key(network)
        if found is None:
            clean = False
            continue
        named = names.get(name) or names.setdefault(name, Named())
        bits, key = found
        if bits == 32:
            named.keys4.append(key)
            named.queries4.append(queries)
        else:
            named.keys6.append(key)
            named.queries6.append(queries)
    return names, clean


def faults(stretch: Stretch, reader: Reader) -> BadLines:
    """All lines that can't be read, in order; line by line, as only a faulty file is."""
    bad = BadLines(stretch.path)
    for block in blocks(stretch):
        for number, line in block.lines():
            reader.count(Block(line, number, 1), bad)
            for _, network in reader.rows:
                if network_key(network) is None:
                    bad.note_network(number, network)
            reader.rows.clear()
    return bad
