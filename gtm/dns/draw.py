"""Draws without dice: the same asker gets the same draw, and so the same region, for a while.

All numbers are unsigned 64-bit; a draw is spread evenly over them. Every plane computes the same.
"""

from __future__ import annotations

from hashlib import blake2b

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio: steps that never line up
WINDOW_BITS = 32  # of a seed that say where an asker's windows begin


def mix(number: int) -> int:
    """Spreads a number over all 64-bit numbers (the finisher of Steele's SplitMix64)."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & MASK
    return number ^ number >> 31


def salt_of(app: str) -> int:
    """What sets an app's draws apart from others'."""
    return int.from_bytes(blake2b(app.encode(), digest_size=8).digest(), "big")


def seed_of(address: int, salt: int) -> int:
    """What an asker's draws come from: its address (up to 128 bits), and the app's salt."""
    return mix((mix((address & MASK) + salt & MASK) ^ address >> 64) + GOLDEN & MASK)


def window_draw(seed: int, now: float, ttl: int) -> int:
    """The draw of an asker for its window of one TTL around `now` (Unix seconds).

    Windows begin at another moment for each asker, so that not all of them draw anew at once.
    """
    shift = (seed & (1 << WINDOW_BITS) - 1) * ttl / (1 << WINDOW_BITS)
    return mix(seed + int((now + shift) // ttl) * GOLDEN & MASK)


def network_draw(bits: int, address: int, length: int, salt: int) -> int:
    """The draw of a client network: its prefix of that length, whatever is behind it."""
    return seed_of(address >> (bits - length) << (bits - length), salt)


def pick(draw: int, count: int) -> int:
    """Which of `count` a draw picks."""
    return (draw >> 32) * count >> 32
