"""One .mmdb file (MaxMind DB format 2.0) read into its search tree and the places in it.

The tree is walked by ourselves (gtm.geo.tree), and each distinct data record is decoded once
(gtm.geo.decode); maxminddb reads and checks the metadata.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from maxminddb import MODE_FD, InvalidDatabaseError, open_database
from maxminddb.reader import Metadata

from gtm.errors import GeoError
from gtm.geo.decode import DataSection
from gtm.geo.networks import UNKNOWN, Layer, Ranges, no_layer, selected
from gtm.geo.records import Place, read_place, schema_of
from gtm.geo.systems import System, read_system
from gtm.geo.tree import Reached, SearchTree, unpack
from gtm.model import AsNumber

REMEDY = "give a .mmdb file of a City, Country or ASN database"

# Bytes of zeros between the search tree and the data section.
SEPARATOR = 16

AS_NUMBERS = "AS numbers"  # in a source's schema

METADATA_MARKER = b"\xab\xcd\xefMaxMind.com"

# Octets. City databases are about 100 MB; all of it is read into memory.
MAX_FILE_SIZE = 2 * 1024**3

# What decoding a corrupt record raises, besides the decoder's own error.
CORRUPT = (InvalidDatabaseError, ValueError, TypeError, AttributeError, KeyError, RecursionError)


@dataclass(frozen=True, slots=True)
class Source:
    """Where locations and AS numbers came from: one database file.

    `built` is Unix time in seconds, `ip_version` 4 or 6 (6 holds both families), `networks` how
    many networks the file has data for, `schema` how its records spell a place.
    """

    path: Path
    database_type: str
    built: int
    ip_version: int
    networks: int
    schema: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file holds. `blank` are the data records that say nothing of a place.

    `systems` has the AS that a data record names, where it names one; the values of
    `announced` number those.
    """

    source: Source
    tree: SearchTree
    blank: frozenset[int]
    v4: Ranges
    v6: Ranges
    systems: Mapping[int, System]
    announced: Layer


@dataclass(frozen=True, slots=True)
class Numbering:
    """Numbers the places, and the ASes, of all files together.

    Each is asked once for each distinct record that has one.
    """

    place: Callable[[Place], int]
    system: Callable[[AsNumber], int]


def read_database(path: Path, numbering: Numbering) -> Contents:
    """Read a file.

    Raises GeoError ("cannot open <path>: <why>; <remedy>") for a file that is missing,
    unreadable, no MaxMind DB, truncated, corrupt, or without places and AS numbers.
    """
    try:
        data = _read(path)
        metadata = _metadata(data)
        return _contents(path, data, metadata, numbering)
    except GeoError as error:
        raise GeoError(f"cannot open {path}: {error}; {REMEDY}") from error


def _read(path: Path) -> bytes:
    try:
        data = _octets(path)
    except OSError as error:
        raise GeoError(error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the path
        raise GeoError(str(error)) from error
    if data.startswith(b"\x1f\x8b"):
        raise GeoError("it is compressed with gzip")
    if not data:
        raise GeoError("it is empty")
    return data


def _octets(path: Path) -> bytes:
    """The file's octets. Opening a FIFO or reading a device could wait for ever, so the file is
    opened without blocking and judged by its descriptor. Raises OSError and GeoError.
    """
    with open(path, "rb", opener=_without_blocking) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise GeoError("it is not a regular file")
        if status.st_size > MAX_FILE_SIZE:
            raise GeoError(f"it is larger than {MAX_FILE_SIZE // 1024**3} GiB")
        return file.read(status.st_size)  # no more, however it grows meanwhile


def _without_blocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _metadata(data: bytes) -> Metadata:
    """The file's description of itself, by the Python reader: it says best what is wrong."""
    try:
        with open_database(BytesIO(data), MODE_FD) as reader:
            metadata = reader.metadata()
    except InvalidDatabaseError as error:
        raise GeoError(_why(error)) from error
    except CORRUPT as error:
        raise GeoError(f"its metadata is corrupt ({error})") from error
    numbers = (metadata.node_count, metadata.record_size, metadata.build_epoch)
    if not all(isinstance(number, int) for number in numbers) or metadata.ip_version not in (4, 6):
        raise GeoError("its metadata is corrupt")
    return metadata


def _why(error: InvalidDatabaseError) -> str:
    """The library's reason; its sentence for "not ours" names no reason."""
    if "Is this a valid" in str(error):
        return "it is not a MaxMind DB file, or it is truncated"
    return f"it is corrupt or truncated ({str(error).rstrip('.')})"


def _contents(path: Path, data: bytes, metadata: Metadata, numbering: Numbering) -> Contents:
    tree_size = metadata.node_count * metadata.record_size // 4
    data_size = data.rfind(METADATA_MARKER) - tree_size - SEPARATOR
    if data_size < 0:
        raise GeoError("it is corrupt (the search tree extends past the end of the file)")
    tree = SearchTree(
        unpack(memoryview(data)[:tree_size], metadata.record_size),
        metadata.node_count,
        32 if metadata.ip_version == 4 else 128,
    )
    start = tree_size + SEPARATOR
    section = DataSection(data, start, start + data_size)
    # "Data Section" of the format: the record that points at the beginning of the section.
    first = metadata.node_count + SEPARATOR
    records = RecordReader(section, range(first, first + data_size), numbering.place)
    reached = [tree.reached(bits) for bits in (32, 128)]
    v4, v6 = (_valued(found, records.value_of) for found in reached)
    systems = records.systems
    numbers = {record: numbering.system(each.number) for record, each in systems.items()}
    announced = no_layer()
    if systems:
        announced = Layer(
            *(_valued(found, lambda at: numbers.get(at, UNKNOWN)) for found in reached)
        )
    source = Source(
        path,
        str(metadata.database_type),
        metadata.build_epoch,
        metadata.ip_version,
        tree.network_count,
        records.schema(),
    )
    return Contents(source, tree, records.blank(), v4, v6, systems, announced)


def _valued(found: Reached, value_of: Callable[[int], int]) -> Ranges:
    """Ranges with a value for each data record."""
    return selected(found.ranges, [value_of(record) for record in found.data])


class RecordReader:
    """Numbers the places of data records, and keeps count of what was seen."""

    def __init__(
        self, section: DataSection, valid: range, index_of: Callable[[Place], int]
    ) -> None:
        """`valid` are the records that point into the section, from its beginning on."""
        self._section = section
        self._valid = valid
        self._index_of = index_of
        self._values: dict[int, int] = {}
        self._seen: dict[str | None, object] = {}
        self.systems: dict[int, System] = {}

    def value_of(self, record: int) -> int:
        """The number of the place in a data record, UNKNOWN if it has none."""
        value = self._values.get(record)
        if value is None:
            place = self._place(record)
            value = self._values[record] = UNKNOWN if place is None else self._index_of(place)
        return value

    def _place(self, record: int) -> Place | None:
        if record not in self._valid:
            raise GeoError("it is corrupt (the search tree points outside the data)")
        try:
            decoded = self._section.decode(record - self._valid.start)
            schema = schema_of(decoded)
            self._seen.setdefault(schema, decoded)
            if (system := read_system(decoded)) is not None:
                self.systems[record] = system
            return read_place(decoded, schema)
        except CORRUPT as error:
            raise GeoError(f"it is corrupt ({str(error).rstrip('.')})") from error

    def schema(self) -> str:
        """How places are spelt, and if there are AS numbers; GeoError when there is neither."""
        placed = any(value != UNKNOWN for value in self._values.values())
        if not placed and not self.systems:
            wanted = "a country, nor coordinates, nor an AS number"
            raise GeoError(f"its records have neither {wanted} ({self._keys()})")
        spelt = sorted(schema for schema in self._seen if schema) if placed else []
        return " and ".join([*spelt, *([AS_NUMBERS] if self.systems else [])])

    def _keys(self) -> str:
        """The keys of a record, for somebody who took the wrong file."""
        for record in self._seen.values():
            return ", ".join(map(str, record)) if isinstance(record, dict) else "no map"
        return "there are none"

    def blank(self) -> frozenset[int]:
        """The data records that say nothing of a place."""
        return frozenset(record for record, value in self._values.items() if value == UNKNOWN)
