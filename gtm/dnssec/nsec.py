"""NSEC records: which types a name has, and which name is next (RFC 4034 section 4)."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from gtm.dns.types import Type


def nsec_data(following: bytes, types: Collection[int]) -> bytes:
    """The data of an NSEC record; RRSIG and NSEC are added to the types (RFC 4035 section 2.3)."""
    return following + _bitmaps(frozenset(types))


@lru_cache(maxsize=1024)  # there are few sets of types
def _bitmaps(types: frozenset[int]) -> bytes:
    """Type Bit Maps: windows of 256 types, each up to its last octet that is not 0 (4.1.2)."""
    windows: dict[int, bytearray] = {}
    for number in sorted({*types, Type.RRSIG, Type.NSEC}):
        window = windows.setdefault(number >> 8, bytearray())
        place = (number & 255) >> 3
        window.extend(bytes(place + 1 - len(window)))
        window[place] |= 0x80 >> (number & 7)
    return b"".join(bytes((number, len(map_))) + map_ for number, map_ in windows.items())
