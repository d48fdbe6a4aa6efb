"""Ordinary lines of a master file, read in Rust where the native module is built.

A line is ordinary when nothing about it is in doubt: a plain name, a TTL in seconds, A, AAAA, TXT
or CNAME. gtm.zonefile.master reads all others, and says what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from gtm.dns.names import to_text, to_wire
from gtm.model import RRset, Zone
from gtm.plain import Plain

try:
    from gtm._native import MasterScanner

    BUILT = True
except ImportError:
    BUILT = False

MANY = 4096  # lines; names of shorter files cost little, and have nodes like all others

Record = tuple[int, int, int, bytes]  # type, TTL in seconds, line, data


class Ordinary:
    """Reads the ordinary lines of a file; what lies between them is asked for."""

    def __init__(self, text: str, zone: str) -> None:
        """`zone` is a plain name."""
        self._scanner = MasterScanner(text.encode(), zone)
        self._apex = to_wire(zone)

    def read(
        self, origin: str, ttl: int | None, last_ttl: int, owner: str | None
    ) -> tuple[str | None, int]:
        """Read up to a line that is not ordinary; gives owner and TTL that were written last.

        `ttl` is that of $TTL.
        """
        return self._scanner.scan(origin, ttl, last_ttl, owner)

    def other(self, depth_after: Callable[[int, str], int]) -> tuple[int, str]:
        """The number of the next line, and its text with those that its parentheses stretch over.

        "" behind the last line. `depth_after` counts the parentheses open behind a text.
        """
        first, depth, lines = self._scanner.line, 0, list[str]()
        while (line := self._scanner.take_line()) is not None:
            lines.append(line)
            depth = depth_after(depth, line)
            if not depth:
                break
        text = "".join(lines)
        self._scanner.line = first + len(text.splitlines())
        return first, text

    def take(self, name: str) -> list[Record]:
        """What was read of a name, in the order of the file; it is gone then."""
        return self._scanner.take(name)

    def odd(self) -> list[str]:
        """Names that can't be left as they are: aliases, records written twice, large sets."""
        return self._scanner.odd()

    def within(self, name: str) -> list[str]:
        """Names at and below a name."""
        return self._scanner.within(name)

    def settled(self) -> Plain | None:
        """What was read and not taken; None for nothing."""
        return self._scanner.settled(self._apex) or None


def pays(text: str, zone: str) -> bool:
    """Whether a file of a zone is read by lines that are ordinary and others."""
    return BUILT and text.count("\n") >= MANY and is_plain(zone)


def is_plain(name: str) -> bool:
    """Whether a name in presentation form has letters, digits, hyphens and underscores alone."""
    return name.isascii() and name.replace(".", "").replace("-", "").replace("_", "").isalnum()


def every_rrset(zone: Zone) -> Iterator[RRset]:
    """All static records of a zone, those of plain names too, by name and type."""
    plain = zone.plain
    if plain is None:
        return iter(zone.rrsets)
    beside = (
        RRset(to_text(name), rrtype, ttl, rdata)
        for name in plain.names()
        for rrtype, ttl, rdata in plain.sets(name) or ()
    )
    return iter(sorted(chain(zone.rrsets, beside), key=lambda rrset: (rrset.name, rrset.type)))


def record_count(zone: Zone) -> int:
    """How many static records a zone has."""
    plain = 0 if zone.plain is None else zone.plain.records
    return plain + sum(len(rrset.rdata) for rrset in zone.rrsets)
