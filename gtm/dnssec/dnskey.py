"""DNSKEY data, and what is made of it: key tags, DS, CDS and CDNSKEY. Wire and text forms.

RFC 4034 sections 2 and 5, RFC 7344 section 3 (CDS and CDNSKEY have the form of DS and DNSKEY).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

ZONE_KEY = 0x0100  # RFC 4034 section 2.1.1: only such keys sign zones
REVOKE = 0x0080  # RFC 5011 section 2.1
SEP = 0x0001  # RFC 4034 section 2.1.1: the key that a DS points to
PROTOCOL = 3  # RFC 4034 section 2.1.2
SHA256 = 2  # RFC 4509; SHA-1 must not be used, and SHA-384 adds nothing here (RFC 8624 section 3.3)

# RFC 8078 section 4: what asks the parent to take the DS away.
CDS_DELETE = bytes((0, 0, 0, 0, 0))
CDNSKEY_DELETE = bytes((0, 0, PROTOCOL, 0, 0))

# Octets of public keys whose algorithm fixes it (RFC 6605 section 4, RFC 8080 section 3).
KEY_SIZES = {13: 64, 14: 96, 15: 32, 16: 57}
_LARGEST = 1024  # octets: an RSA key of 8192 bits, beyond which no signer goes

_FIELDS = re.compile(r"(?:IN\s+)?(?:DNSKEY\s+)?([0-9]{1,5})\s+([0-9]{1,3})\s+([0-9]{1,3})\s+(.+)")
_OWNED = re.compile(r"(\S+)\s+(?:[0-9]{1,10}\s+)?((?:IN\s+)?DNSKEY\s.+)", re.IGNORECASE)


def flags(rdata: bytes) -> int:
    """The flags of a DNSKEY."""
    return int.from_bytes(rdata[:2])


def algorithm(rdata: bytes) -> int:
    """The algorithm of a DNSKEY."""
    return rdata[3]


def is_sep(rdata: bytes) -> bool:
    """Whether a DS may point to it."""
    return bool(flags(rdata) & SEP)


def tag(rdata: bytes) -> int:
    """The key tag of a DNSKEY (RFC 4034 appendix B; not for algorithm 1)."""
    padded = rdata + b"\0" * (len(rdata) % 2)
    total = sum(int.from_bytes(padded[at : at + 2]) for at in range(0, len(padded), 2))
    return (total + (total >> 16)) & 0xFFFF


def ds(zone: bytes, rdata: bytes) -> bytes:
    """The DS that points to a DNSKEY: SHA-256 (RFC 4034 section 5.1.4).

    `zone` is its owner's name in wire form and lower case (RFC 4034 section 6.2).
    """
    head = tag(rdata).to_bytes(2) + bytes((algorithm(rdata), SHA256))
    return head + hashlib.sha256(zone + rdata).digest()


def ds_to_text(rdata: bytes) -> str:
    """DS or CDS as master files have it (RFC 4034 section 5.3): `12345 13 2 A1B2...`."""
    return f"{int.from_bytes(rdata[:2])} {rdata[2]} {rdata[3]} {rdata[4:].hex().upper()}"


def to_text(rdata: bytes) -> str:
    """DNSKEY or CDNSKEY as master files have it (RFC 4034 section 2.2): `257 3 13 mdss...`."""
    key = base64.b64encode(rdata[4:]).decode()
    return f"{flags(rdata)} {rdata[2]} {rdata[3]} {key}"


def from_text(text: str) -> tuple[str | None, bytes]:
    """Owner (None where none is written) and data of a DNSKEY as master files have it.

    Raises ValueError, which says what is wrong with it.
    """
    owner = None
    if owned := _OWNED.fullmatch(text.strip()):
        owner, text = owned[1], owned[2]
        if owner.upper() in ("IN", "DNSKEY"):  # no owner: class and type stand first
            owner, text = None, f"{owned[1]} {owned[2]}"
    fields = re.fullmatch(_FIELDS.pattern, text.strip(), re.IGNORECASE | re.DOTALL)
    if fields is None:
        raise ValueError("it is not a DNSKEY")
    written = [int(fields[number]) for number in (1, 2, 3)]
    if written[0] > 0xFFFF or max(written[1:]) > 0xFF:
        raise ValueError("its numbers are out of range")
    try:
        key = base64.b64decode("".join(fields[4].split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("its key is not in base64") from None
    rdata = written[0].to_bytes(2) + bytes(written[1:]) + key
    _check(rdata)
    return owner, rdata


def _check(rdata: bytes) -> None:
    """Whether validators would take it for a key of a zone. Raises ValueError."""
    if not flags(rdata) & ZONE_KEY:
        raise ValueError(f"its flags {flags(rdata)} are not those of a zone's key (256 or 257)")
    if flags(rdata) & REVOKE:
        raise ValueError("it is revoked (RFC 5011)")
    if rdata[2] != PROTOCOL:
        raise ValueError(f"its protocol is {rdata[2]}, not 3")
    size = len(rdata) - 4
    fixed = KEY_SIZES.get(algorithm(rdata))
    if fixed is not None and size != fixed:
        raise ValueError(f"its key has {size} octets, and algorithm {rdata[3]} has {fixed}")
    if not 0 < size <= _LARGEST:
        raise ValueError(f"its key has {size} octets")


def records(text: str) -> list[str]:
    """The records of a piece of a master file, one a line: without comments and parentheses."""
    found: list[str] = []
    depth, current = 0, ""
    for line in text.splitlines():
        line = line.partition(";")[0]
        depth += line.count("(") - line.count(")")
        current += " " + line.replace("(", " ").replace(")", " ")
        if depth <= 0:
            found.append(current.strip())
            depth, current = 0, ""
    return [record for record in [*found, current.strip()] if record]
