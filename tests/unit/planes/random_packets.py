"""Random packets: ordinary queries, odd ones, spoilt ones, and what is none at all.

They are made of octets by hand, as a library that writes DNS would not write most of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from gtm.dns import tsig
from gtm.dns.names import to_wire
from gtm.peering import Algorithm, SharedKey

RRTYPES = (1, 28, 1, 28, 1, 28, 16, 15, 2, 5, 6, 33, 65, 64, 99, 43, 47, 48)  # most: addresses
RARE = (46, 255, 252, 251, 250, 249, 257, 41, 0, 128, 254, 253, 65280, 65535)
SIZES = (0, 511, 512, 600, 900, 1231, 1232, 1233, 4096, 65535)
OPT, ECS, COOKIE, NSID, KEEPALIVE, PADDING = 41, 8, 10, 3, 11, 12
QR, OPCODES, TC_AA, REST = 0x8000, 0x7800, 0x0600, 0x01CF  # the parts of a header's flags
POINTED = (0, 2, 11, 12, 13, 0x3FFF)  # what compression pointers lead to, besides anything
LARGEST = 4096  # octets of a datagram that planes read


def ordinary(source: Random, names: Sequence[str], rrtypes: Sequence[int] = RRTYPES) -> bytes:
    """What resolvers send: one question of class IN, and an OPT record more often than not."""
    flags = source.choice((0, 0x0100, 0x0110, 0x0120, 0x0020))
    asked = question(in_some_case(source, wire(source.choice(names))), source.choice(rrtypes))
    tail = opt(source, good_options(source)) if source.random() < 0.7 else b""
    return header(source, flags, (1, 0, 0, int(bool(tail)))) + asked + tail


def anything(source: Random, names: Sequence[str]) -> bytes:
    """A packet of any kind, at most as long as planes read."""
    makes = (odd, odd, spoilt, spoilt, spliced, noise, signed)
    return source.choice(makes)(source, names)[:LARGEST]


# --- the kinds --------------------------------------------------------------------------


def odd(source: Random, names: Sequence[str]) -> bytes:
    """Well-formed for the most part, with what queries seldom have."""
    tail, counts = b"", [1, 0, 0, 0]
    for section in source.choices((3, 3, 3, 2, 1), k=source.choice((0, 1, 1, 1, 2, 3))):
        tail += odd_record(source)
        counts[section] += 1
    asked = b""
    for _ in range(source.choice((1,) * 12 + (0, 2))):
        name = odd_name(source, names) if source.random() < 0.3 else wire(source.choice(names))
        rrtype = source.choice(RARE if source.random() < 0.3 else RRTYPES)
        asked += question(name, rrtype, source.choice((1,) * 6 + (0, 3, 254, 255)))
    if source.random() < 0.1:
        counts[source.randrange(4)] = source.choice((0, 1, 2, 63, 64, 65, 255, 65535))
    if source.random() < 0.1:
        tail += source.randbytes(source.randint(1, 12))
    return header(source, odd_flags(source), counts) + asked + tail


def signed(source: Random, names: Sequence[str]) -> bytes:
    """A query signed with a key that nobody knows, or with its TSIG record out of place."""
    key = SharedKey(wire("key.example."), source.choice(list(Algorithm)), source.randbytes(32))
    packet = ordinary(source, names)
    made, _ = tsig.signed(packet, key, source.random() * 2e9)
    if source.random() < 0.2:
        made += opt(source, b"")
        made = made[:10] + (int.from_bytes(made[10:12], "big") + 1).to_bytes(2, "big") + made[12:]
    return made


def spoilt(source: Random, names: Sequence[str]) -> bytes:
    """A query of which some bits are flipped, or octets changed, put in or left out."""
    made = bytearray(ordinary(source, names) if source.random() < 0.7 else odd(source, names))
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        at = source.randrange(len(made)) if made else 0
        match source.choice(("flip", "flip", "change", "insert", "remove", "cut")):
            case "insert":
                made[at:at] = source.randbytes(source.randint(1, 4))
            case "remove":
                del made[at : at + source.randint(1, 4)]
            case "cut":
                del made[at + 1 :]
            case "flip" if made:
                made[at] ^= 1 << source.randrange(8)
            case _ if made:
                made[at] = source.choice((0, 1, 63, 64, 0xC0, 255, source.randrange(256)))
            case _:
                break
    return bytes(made)


def spliced(source: Random, names: Sequence[str]) -> bytes:
    """The beginning of one packet and the end of another."""
    one, other = ordinary(source, names), odd(source, names)
    if source.random() < 0.5:
        one, other = other, one
    at = source.randint(0, len(one))
    return one[:at] + other[source.choice((at, source.randint(0, len(other)))) :]


def noise(source: Random, names: Sequence[str]) -> bytes:
    """Random octets, behind a good header or not."""
    head = header(source, 0, (1, 0, 0, source.randint(0, 1))) if source.random() < 0.6 else b""
    octets = source.randbytes(source.choice((0, 4, 11, 12, 30, 80, 600, 3000)))
    return head + bytes(octet & source.choice((255, 7)) for octet in octets)


# --- parts ------------------------------------------------------------------------------


def header(source: Random, flags: int, counts: Sequence[int]) -> bytes:
    """RFC 1035 section 4.1.1."""
    return source.randbytes(2) + b"".join(part.to_bytes(2, "big") for part in (flags, *counts))


def odd_flags(source: Random) -> int:
    """Mostly a plain query's; else some of the bits that a query does not have."""
    mask = source.choice((0,) * 10 + (REST, REST, OPCODES, TC_AA, QR, 0xFFFF))
    return source.getrandbits(16) & mask


def wire(name: str) -> bytes:
    """A name as octets."""
    return to_wire(name)


def in_some_case(source: Random, name: bytes) -> bytes:
    """With letters in upper case (RFC 4343): all, some or none; lengths are no letters."""
    match source.randrange(3):
        case 0:
            return name
        case 1:
            return name.upper()
        case _:
            letters = name.upper()
            return bytes(source.choice(pair) for pair in zip(name, letters, strict=True))


def odd_name(source: Random, names: Sequence[str]) -> bytes:
    """A name with labels or pointers that are not usual, or not allowed."""
    name = wire(source.choice(names))
    match source.randrange(6):
        case 0:  # a pointer somewhere
            at = source.choice((0, source.randint(0, len(name)), len(name) - 1))
            target = source.choice((*POINTED, source.getrandbits(14)))
            return name[:at] + (0xC000 | target).to_bytes(2, "big")
        case 1:  # of other types than 00 and 11, or too long
            return bytes((source.randint(64, 191),)) + source.randbytes(64) + name
        case 2:  # around the longest
            size = source.randint(248, 260) - len(name)
            front = b""
            while size - len(front) > 1:
                part = min(source.choice((1, 20, 63)), size - len(front) - 1)
                front += bytes((part,)) + b"x" * part
            return front + name
        case 3:  # of any octets
            size = source.randint(1, 63)
            return bytes((size,)) + source.randbytes(size) + name
        case 4:
            return b"\0"
        case _:
            return b"\x01*" + name


def question(name: bytes, rrtype: int, rrclass: int = 1) -> bytes:
    """RFC 1035 section 4.1.2."""
    return name + rrtype.to_bytes(2, "big") + rrclass.to_bytes(2, "big")


def opt(source: Random, options: bytes, ttl: int | None = None) -> bytes:
    """An OPT record (RFC 6891 section 6.1.2)."""
    said = source.choice((0, 0, 0x8000, 0x8000, 0x8000, 0x7FFF)) if ttl is None else ttl
    size = source.choice(SIZES)
    return record(b"\0", OPT, size, said, options)


def record(owner: bytes, rrtype: int, rrclass: int, ttl: int, data: bytes) -> bytes:
    """RFC 1035 section 3.2.1."""
    length = (len(data) & 0xFFFF).to_bytes(2, "big")
    return question(owner, rrtype, rrclass) + ttl.to_bytes(4, "big") + length + data


def odd_record(source: Random) -> bytes:
    """An OPT record with anything in it, or another record."""
    match source.randrange(8):
        case 0:
            return record(b"\0", source.choice((1, 6, 250)), 1, 0, source.randbytes(4))
        case 1:
            return record(source.choice((b"\xc0\x0c", b"\1x\0")), OPT, 1232, 0, b"")
        case 2:  # extended RCODE, version and flags
            return opt(source, good_options(source), source.getrandbits(32))
        case 3:  # the length is wrong
            made = bytearray(opt(source, good_options(source)))
            made[10] = source.choice((0, 1, made[10] ^ 1, made[10] + 1 & 255, 255))
            return bytes(made)
        case _:
            return opt(source, odd_options(source))


def option(code: int, data: bytes, length: int | None = None) -> bytes:
    """RFC 6891 section 6.1.2; `length` is what it says of its length."""
    size = len(data) if length is None else length
    return code.to_bytes(2, "big") + size.to_bytes(2, "big") + data


def good_options(source: Random) -> bytes:
    """What resolvers send."""
    found: list[bytes] = []
    if source.random() < 0.5:
        found.append(good_subnet(source))
    if source.random() < 0.3:
        found.append(option(COOKIE, cookie(source)))
    if source.random() < 0.2:
        found.append(option(source.choice((NSID, PADDING, 65001)), b""))
    source.shuffle(found)
    return b"".join(found)


def cookie(source: Random) -> bytes:
    """A client's, alone or with a server's: of nobody's secret, but else as RFC 9018 has it."""
    client, made = source.randbytes(8), source.randint(int(1e9) - 4000, int(1e9) + 1400)
    server = b"\1\0\0\0" + made.to_bytes(4, "big") + source.randbytes(8)
    return client + source.choice((b"", b"", server, source.randbytes(source.randint(8, 32))))


def good_subnet(source: Random) -> bytes:
    """A client subnet (RFC 7871 section 6) somewhere in the sample database, or anywhere."""
    if source.random() < 0.6:
        bits, places = 32, [0xC0000200, 0xC6336400, 0xCB007100, source.getrandbits(32)]
        lengths, inside = [0, 1, 8, 16, 23, 24, 24, 24, 25, 30, 32], 8
    else:
        bits, places = 128, [0x20010DB8 << 96, source.getrandbits(128)]
        lengths, inside = [0, 16, 32, 33, 48, 56, 56, 64, 65, 127, 128], 96
    address = source.choice(places) ^ source.getrandbits(inside)
    length = source.choice(lengths)
    spare = bits - length
    octets = (address >> spare << spare).to_bytes(bits // 8, "big")[: -(-length // 8)]
    return subnet(1 if bits == 32 else 2, length, 0, octets)


def subnet(family: int, length: int, scope: int, address: bytes) -> bytes:
    """A client subnet option."""
    return option(ECS, family.to_bytes(2, "big") + bytes((length, scope)) + address)


def odd_options(source: Random) -> bytes:
    """Client subnets of every kind, options cut short, and many of them."""
    match source.randrange(7):
        case 0:
            many = (option(source.getrandbits(16), b"x" * source.randrange(4)) for _ in range(200))
            return b"".join(many) + good_subnet(source)
        case 1:
            return option(COOKIE, source.randbytes(source.choice((0, 7, 8, 9, 40, 41))))
        case 2:
            return good_options(source) + option(source.choice((ECS, COOKIE)), b"abc", 9)
        case 3:
            return good_options(source) + good_subnet(source)
        case 4:
            return good_options(source) + source.randbytes(source.randint(1, 5))
        case 5:
            code, size = source.choice((NSID, KEEPALIVE, PADDING)), source.choice((0, 1, 2, 3, 99))
            return good_options(source) + option(code, source.randbytes(size))
        case _:
            length = source.choice((0, 1, 24, 32, 33, 128, 129, 255))
            octets = max(0, -(-length // 8) + source.choice((0, 0, 0, -1, 1)))
            return subnet(
                source.choice((0, 1, 2, 2, 3, 256, 65535)),
                length,
                source.choice((0, 0, 0, 1, 24)),
                source.randbytes(octets) if source.random() < 0.5 else bytes(octets),
            )
