"""A writer of MaxMind DB files (format 2.0), made for the files in data/.

The same input gives the same bytes: the build time is an argument, records are written in the
order in which they first occur, and nothing else varies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

Network = IPv4Network | IPv6Network
METADATA_MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = bytes(16)

# Type numbers of "Output Data Section"; those from 8 up are written in an extra byte.
POINTER_FREE_TYPES = {"utf8": 2, "double": 3, "uint16": 5, "uint32": 6, "map": 7}
EXTENDED_TYPES = {"uint64": 9, "array": 11, "boolean": 14}


@dataclass(frozen=True, slots=True)
class Unsigned:
    """An unsigned integer of 16, 32 or 64 bits; readers look at the width."""

    value: int
    bits: int


Value: TypeAlias = "str | bool | float | Unsigned | Sequence[Value] | Mapping[str, Value]"
Record: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Description:
    """What the metadata says. `built` is Unix time in seconds; `record_size` 24, 28 or 32."""

    database_type: str
    text: str
    built: int
    ip_version: int = 6
    record_size: int = 24


class Node:
    """A node of the tree while it is built; a child is a node, a record's number or None."""

    __slots__ = ("children",)

    def __init__(self, below: int | None) -> None:
        """`below` is what both halves begin as."""
        self.children: list[Node | int | None] = [below, below]


def mmdb_bytes(networks: Iterable[tuple[Network, Record]], description: Description) -> bytes:
    """The file for networks with a record each; of nested networks the longest prefix wins.

    IPv4 networks in an IPv6 file lie under ::/96.
    """
    data = DataSection()
    root = Node(None)
    placed = [
        (_bits_of(network, description.ip_version), data.add(record))
        for network, record in networks
    ]
    for bits, number in sorted(placed, key=lambda item: len(item[0])):
        _insert(root, bits, number)
    nodes = _numbered(root)
    tree = _tree(nodes, data.offsets, description.record_size)
    return (
        tree + SEPARATOR + bytes(data.body) + METADATA_MARKER + _metadata(description, len(nodes))
    )


def _bits_of(network: Network, ip_version: int) -> str:
    """The prefix as a string of bits."""
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
    return "0" * 96 + bits if network.version == 4 and ip_version == 6 else bits


def _insert(root: Node, bits: str, number: int) -> None:
    """Put a record in, inside what shorter prefixes have put there before."""
    node = root
    for bit in bits[:-1]:
        child = node.children[int(bit)]
        if not isinstance(child, Node):
            child = node.children[int(bit)] = Node(child)
        node = child
    node.children[int(bits[-1])] = number


def _numbered(root: Node) -> dict[Node, int]:
    """Every node with its number, the root first, parents before children."""
    nodes: dict[Node, int] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        nodes[node] = len(nodes)
        waiting += [child for child in reversed(node.children) if isinstance(child, Node)]
    return nodes


def _tree(nodes: dict[Node, int], offsets: Sequence[int], record_size: int) -> bytes:
    """The search tree section."""
    tree = bytearray()
    for node in nodes:
        left, right = (_record(child, nodes, offsets) for child in node.children)
        tree += _pack(left, right, record_size)
    return bytes(tree)


def _record(child: Node | int | None, nodes: dict[Node, int], offsets: Sequence[int]) -> int:
    """A node's number, the count of nodes for nothing, or a pointer into the data section."""
    if isinstance(child, Node):
        return nodes[child]
    return len(nodes) if child is None else len(nodes) + len(SEPARATOR) + offsets[child]


def _pack(left: int, right: int, record_size: int) -> bytes:
    """One node; a record that is too large for the size raises OverflowError."""
    if record_size == 28:
        middle = (left >> 24) << 4 | right >> 24
        low = (left & 0xFFFFFF).to_bytes(3, "big"), (right & 0xFFFFFF).to_bytes(3, "big")
        return low[0] + middle.to_bytes(1, "big") + low[1]
    width = record_size // 8
    return left.to_bytes(width, "big") + right.to_bytes(width, "big")


class DataSection:
    """Records written one after the other, each distinct one once."""

    def __init__(self) -> None:
        """Empty."""
        self.body = bytearray()
        self.offsets: list[int] = []
        self._numbers: dict[bytes, int] = {}

    def add(self, record: Record) -> int:
        """The number of a record, which is written unless it is there already."""
        encoded = encode(record)
        number = self._numbers.setdefault(encoded, len(self.offsets))
        if number == len(self.offsets):
            self.offsets.append(len(self.body))
            self.body += encoded
        return number


def encode(value: Value) -> bytes:
    """One value of the data section, with all it contains."""
    match value:
        case bool():
            return _control("boolean", int(value))
        case str():
            text = value.encode()
            return _control("utf8", len(text)) + text
        case float():
            return _control("double", 8) + struct.pack(">d", value)
        case Unsigned():
            digits = value.value.to_bytes((value.value.bit_length() + 7) // 8, "big")
            return _control(f"uint{value.bits}", len(digits)) + digits
        case Mapping():
            pairs = (encode(key) + encode(item) for key, item in value.items())
            return _control("map", len(value)) + b"".join(pairs)
        case _:
            return _control("array", len(value)) + b"".join(map(encode, value))


def _control(type_name: str, size: int) -> bytes:
    """The control byte with the type and the size, and what overflows from it."""
    if size < 29:
        low, more = size, b""
    elif size < 285:
        low, more = 29, (size - 29).to_bytes(1, "big")
    else:
        low, more = 30, (size - 285).to_bytes(2, "big")
    if type_name in EXTENDED_TYPES:
        return bytes([low, EXTENDED_TYPES[type_name] - 7]) + more
    return bytes([POINTER_FREE_TYPES[type_name] << 5 | low]) + more


def _metadata(description: Description, node_count: int) -> bytes:
    """The metadata section."""
    return encode(
        {
            "binary_format_major_version": Unsigned(2, 16),
            "binary_format_minor_version": Unsigned(0, 16),
            "build_epoch": Unsigned(description.built, 64),
            "database_type": description.database_type,
            "description": {"en": description.text},
            "ip_version": Unsigned(description.ip_version, 16),
            "languages": ["en"],
            "node_count": Unsigned(node_count, 32),
            "record_size": Unsigned(description.record_size, 16),
        }
    )
