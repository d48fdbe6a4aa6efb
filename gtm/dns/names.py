"""Domain names in wire form: what the tables are keyed by.

A wire name is a run of length-prefixed labels that ends with the empty root label (RFC 1035
section 3.1), never compressed here. Keys are lower case, as names are compared without case
(RFC 4343). Length octets are below 0x40, so lowering a whole wire name leaves them alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import dns.name

ROOT = b"\0"
MAX_NAME = 255  # octets of a name with its length octets (RFC 1035 section 3.1)
MAX_LABEL = 63  # octets of a label (RFC 1035 section 3.1)
WILDCARD = b"\x01*"  # the leftmost label of a wildcard name (RFC 4592 section 2.1.1)

# Nearly all names; a server with thousands of zones reads hundreds of thousands of them.
_PLAIN = re.compile(r"(?:[A-Za-z0-9_*-]{1,63}\.)+")
_LENGTHS = tuple(bytes((length,)) for length in range(MAX_LABEL + 1))


def to_wire(name: str) -> bytes:
    """Wire form, in lower case, of an absolute name in presentation form."""
    if len(name) < MAX_NAME and _PLAIN.fullmatch(name):
        labels = name.lower().encode().split(b".")  # the last, of no octets, is the root's
        return b"".join([_LENGTHS[len(label)] + label for label in labels])
    return dns.name.from_text(name).to_digestable()


def to_text(name: bytes) -> str:
    """Presentation form, with the trailing dot, of a wire name; odd octets are escaped."""
    return dns.name.from_wire(name, 0)[0].to_text()


def parent(name: bytes) -> bytes:
    """The name without its leftmost label; the name must not be the root."""
    return name[1 + name[0] :]


def ancestors(name: bytes) -> Iterator[bytes]:
    """The name itself, its parent, and so on up to the root."""
    yield name
    while name != ROOT:
        name = parent(name)
        yield name


def is_below(name: bytes, apex: bytes) -> bool:
    """Whether the name is the apex or lies under it (both in lower case)."""
    return any(ancestor == apex for ancestor in ancestors(name) if len(ancestor) == len(apex))


def labels(name: bytes) -> tuple[bytes, ...]:
    """The labels from left to right, without the root."""
    return tuple(ancestor[1 : 1 + ancestor[0]] for ancestor in ancestors(name) if ancestor != ROOT)


def order(name: bytes) -> tuple[bytes, ...]:
    """What names (in lower case) are sorted by: their labels from the right (RFC 4034 6.1)."""
    found, at = [], 0
    while length := name[at]:
        found.append(name[at + 1 : at + 1 + length])
        at += 1 + length
    found.reverse()
    return tuple(found)
