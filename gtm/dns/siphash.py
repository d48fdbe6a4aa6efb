"""SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash that is safe for short input."""

from __future__ import annotations

KEY = 16  # octets
MASK = (1 << 64) - 1


def siphash24(key: bytes, data: bytes) -> bytes:
    """Eight octets, least significant first; the key has 16."""
    low, high = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = (
        low ^ 0x736F6D6570736575,
        high ^ 0x646F72616E646F6D,
        low ^ 0x6C7967656E657261,
        high ^ 0x7465646279746573,
    )
    whole = len(data) // 8 * 8
    last = data[whole:].ljust(7, b"\0") + bytes((len(data) & 255,))
    for at in range(0, whole, 8):
        state = _compress(state, int.from_bytes(data[at : at + 8], "little"))
    state = _compress(state, int.from_bytes(last, "little"))
    a, b, c, d = _rounds((state[0], state[1], state[2] ^ 0xFF, state[3]), 4)
    return (a ^ b ^ c ^ d).to_bytes(8, "little")


State = tuple[int, int, int, int]


def _compress(state: State, word: int) -> State:
    a, b, c, d = _rounds((state[0], state[1], state[2], state[3] ^ word), 2)
    return a ^ word, b, c, d


def _rounds(state: State, count: int) -> State:
    a, b, c, d = state
    for _ in range(count):
        a = a + b & MASK
        b = (b << 13 | b >> 51) & MASK ^ a
        a = (a << 32 | a >> 32) & MASK
        c = c + d & MASK
        d = (d << 16 | d >> 48) & MASK ^ c
        a = a + d & MASK
        d = (d << 21 | d >> 43) & MASK ^ a
        c = c + b & MASK
        b = (b << 17 | b >> 47) & MASK ^ c
        c = (c << 32 | c >> 32) & MASK
    return a, b, c, d
