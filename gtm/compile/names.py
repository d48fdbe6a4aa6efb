"""Names of which a part is written out as nodes, and the others are made when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gtm.plain import Plain
from gtm.snapshot import Node

MEMORY = 1 << 16  # nodes remembered; beyond it the memory starts anew


class Names(dict[bytes, Node]):
    """Nodes by name. What is iterated and counted is written out; the others are looked up."""

    def __init__(self, written: Mapping[bytes, Node], make: Callable[[bytes], Node | None]) -> None:
        """`make` gives the node of a name that is not written out, None if there is none."""
        super().__init__(written)
        self._make = make
        self._made: dict[bytes, Node] = {}

    def get(self, name: bytes, default: Any = None) -> Any:
        """The name's node."""
        return super().get(name) or self._found(name) or default

    def __missing__(self, name: bytes) -> Node:
        """The node of a name that is not written out. Raises KeyError."""
        node = self._found(name)
        if node is None:
            raise KeyError(name)
        return node

    def __contains__(self, name: object) -> bool:
        """Whether there is such a name, written out or not."""
        return super().__contains__(name) or (
            isinstance(name, bytes) and self._found(name) is not None
        )

    def _found(self, name: bytes) -> Node | None:
        node = self._made.get(name)
        if node is None and (node := self._make(name)) is not None:
            if len(self._made) >= MEMORY:
                self._made = {}
            self._made[name] = node
        return node


class ZoneNames(Names):
    """Those of a zone with plain names.

    `tallies` are the counters of their answers by type, `other` that of their denials.
    """

    def __init__(
        self,
        written: Mapping[bytes, Node],
        plain: Plain,
        make: Callable[[bytes], Node | None],
        tallies: Mapping[int, int],
        other: int,
    ) -> None:
        """`make` as for all names."""
        super().__init__(written, make)
        self.plain = plain
        self.tallies = dict(tallies)
        self.other = other


def together(
    written: dict[bytes, Node], zones: Mapping[bytes, Mapping[bytes, Node]]
) -> dict[bytes, Node]:
    """Names of all zones (by apex): those written out, and the plain ones of the closest zone."""
    if not any(isinstance(names, ZoneNames) for names in zones.values()):
        return written

    def make(name: bytes) -> Node | None:
        names = _closest(name, zones)
        return names.get(name) if isinstance(names, ZoneNames) else None

    def plain(name: bytes) -> Node | None:
        node = make(name)
        return node if node is not None and node.entries is not None else None

    return Names(written, plain)


def _closest(
    name: bytes, zones: Mapping[bytes, Mapping[bytes, Node]]
) -> Mapping[bytes, Node] | None:
    """What is in the zone around a name; octets of a packet that are no name are in none."""
    at = 0
    while at < len(name):
        names = zones.get(name[at:])
        if names is not None:
            return names
        at += 1 + name[at]
    return None


def count(names: Mapping[bytes, Node], zones: Mapping[bytes, Mapping[bytes, Node]]) -> int:
    """How many names there are in all."""
    return len(names) + sum(
        len(inner.plain) for inner in zones.values() if isinstance(inner, ZoneNames)
    )
