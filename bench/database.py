"""Writes a world as a MaxMind DB (format 2.0) with the GeoIP2-City schema.

All peers read the same file. IPv4 networks lie under ::/96, as in GeoIP2 files of IP version 6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.world import Place, World


@dataclass(frozen=True, slots=True)
class Unsigned:
    """An integer with the type that the format wants for it."""

    kind: int
    value: int


Field = str | float | Unsigned | list[str] | dict[str, "Field"]
Row = tuple[int, int, int]  # 128-bit address, prefix length from 1, index of the data

METADATA_MARKER = b"\xab\xcd\xefMaxMind.com"
RECORD_BITS = 24
DATA_SEPARATOR = 16  # zero bytes between tree and data
EMPTY = -1  # a record that leads nowhere; data of index i is stored as -2 - i
ADDRESS_BITS = 128
BUILT = 1_700_000_000  # fixed, so that the file is the same whenever it is written

LONGEST = 28  # the largest size that fits the control byte itself

_STRING, _DOUBLE, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 3, 5, 6, 7, 9, 11


def write_database(path: Path, world: World) -> None:
    """Writes the world's networks; replaces the file whole."""
    rows = ((row.start, row.length, row.place) for row in world.networks)
    data = [encode(_city(place)) for place in world.places]
    partial = path.with_suffix(".partial")
    partial.write_bytes(database(rows, data))
    partial.replace(path)


def database(rows: Iterable[Row], data: list[bytes]) -> bytes:
    """The bytes of a database: `rows` are disjoint and in order, `data` encoded values."""
    left, right = search_tree(rows)
    count = len(left)
    offsets, offset = [], count + DATA_SEPARATOR
    for value in data:
        offsets.append(offset)
        offset += len(value)
    if offset >= 1 << RECORD_BITS:
        raise ValueError(f"{count} nodes do not fit records of {RECORD_BITS} bits")

    def record(child: int) -> bytes:
        value = child if child >= 0 else count if child == EMPTY else offsets[-2 - child]
        return value.to_bytes(RECORD_BITS // 8, "big")

    tree = b"".join(record(a) + record(b) for a, b in zip(left, right, strict=True))
    parts = [tree, bytes(DATA_SEPARATOR), *data, METADATA_MARKER, encode(_metadata(count))]
    return b"".join(parts)


def search_tree(rows: Iterable[Row]) -> tuple[list[int], list[int]]:
    """The binary tree over addresses: the left and right child of each node.

    As rows come in order, each shares the path of the one before down to where they part.
    """
    children: tuple[list[int], list[int]] = ([EMPTY], [EMPTY])
    path, previous = [0], 0
    for address, length, value in rows:
        parting = ADDRESS_BITS - (address ^ previous).bit_length()
        shared = min(parting, length - 1, len(path) - 1)
        del path[shared + 1 :]
        for depth in range(shared, length - 1):
            side = children[address >> (ADDRESS_BITS - 1 - depth) & 1]
            if side[path[-1]] == EMPTY:
                side[path[-1]] = len(children[0])
                children[0].append(EMPTY)
                children[1].append(EMPTY)
            path.append(side[path[-1]])
        children[address >> (ADDRESS_BITS - length) & 1][path[-1]] = -2 - value
        previous = address
    return children


def encode(value: Field) -> bytes:
    """A value of the data section (MaxMind DB format, "Data Field Format")."""
    match value:
        case str():
            text = value.encode()
            return _control(_STRING, len(text)) + text
        case float():
            return _control(_DOUBLE, 8) + struct.pack(">d", value)
        case Unsigned():
            size = (value.value.bit_length() + 7) // 8
            return _control(value.kind, size) + value.value.to_bytes(size, "big")
        case list():
            return _control(_ARRAY, len(value)) + b"".join(map(encode, value))
        case dict():
            pairs = (encode(key) + encode(item) for key, item in value.items())
            return _control(_MAP, len(value)) + b"".join(pairs)


def _control(kind: int, size: int) -> bytes:
    if size > LONGEST:
        raise ValueError(f"a value of {size} bytes or items is longer than anything written here")
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])


def _city(place: Place) -> Field:
    location: dict[str, Field] = {"latitude": place.latitude, "longitude": place.longitude}
    return {
        "continent": {"code": place.continent},
        "country": {"iso_code": place.country},
        "location": location,
    }


def _metadata(nodes: int) -> Field:
    description: dict[str, Field] = {"en": "synthetic, for measuring"}
    return {
        "binary_format_major_version": Unsigned(_UINT16, 2),
        "binary_format_minor_version": Unsigned(_UINT16, 0),
        "build_epoch": Unsigned(_UINT64, BUILT),
        "database_type": "GeoIP2-City",
        "description": description,
        "ip_version": Unsigned(_UINT16, 6),
        "languages": ["en"],
        "node_count": Unsigned(_UINT32, nodes),
        "record_size": Unsigned(_UINT16, RECORD_BITS),
    }
