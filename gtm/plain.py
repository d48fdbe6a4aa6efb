"""Plain static names by the million: what a master file says in ordinary lines, kept in Rust.

A node, with its records and rendered answers, takes over a thousand octets and 20 µs for each
name; here a name takes some eighty octets, its node is made when it is asked for, and the native
plane reads the whole table at once. Without the native module every name is a node.
"""

from __future__ import annotations

from typing import Protocol


class Plain(Protocol):
    """Names with records of type A, AAAA and TXT, and the names between them and the apex.

    None of them is the apex, a wildcard, at or below a delegation, or written anywhere else.
    """

    @property
    def records(self) -> int:
        """How many records there are."""

    def __len__(self) -> int:
        """How many names there are."""

    def __contains__(self, name: bytes, /) -> bool:
        """Whether a name (wire form, lower case) is here."""

    def stands(self, name: str) -> bool:
        """Whether a name in presentation form is here."""

    def sets(self, name: bytes) -> list[tuple[int, int, tuple[bytes, ...]]] | None:
        """Type, TTL (seconds) and data of what a name has, by type; None if it is not here."""

    def names(self) -> list[bytes]:
        """Every name, in no order."""
