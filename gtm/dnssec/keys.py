"""Keys of a zone as its signer needs them: which are published, and which sign what.

Nothing here knows files or roll-overs; `ledger.py` makes a KeySet of what stands on disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gtm.dnssec import dnskey
from gtm.model import Algorithm

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey

_ECDSA = ECDSA(SHA256())


class Signer(Protocol):
    """What a signature is made with."""

    @property
    def tag(self) -> int:
        """The key tag, as in RRSIG (RFC 4034 section 3.1.6)."""

    @property
    def algorithm(self) -> int:
        """The algorithm's number, as in RRSIG."""

    def sign(self, data: bytes) -> bytes:
        """The signature octets for RRSIG over `data`."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a zone. Keys are equal if their DNSKEYs are; the private part is never shown."""

    dnskey_rdata: bytes
    private: PrivateKey = field(repr=False, compare=False)

    @property
    def tag(self) -> int:
        """The key tag (RFC 4034 appendix B)."""
        return dnskey.tag(self.dnskey_rdata)

    @property
    def algorithm(self) -> int:
        """The algorithm's number."""
        return dnskey.algorithm(self.dnskey_rdata)

    @property
    def flags(self) -> int:
        """257 for a key that a DS points to, 256 for others."""
        return dnskey.flags(self.dnskey_rdata)

    def sign(self, data: bytes) -> bytes:
        """The signature octets for RRSIG over `data` (RFC 6605 section 4, RFC 8080 section 4)."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(data)
        r, s = decode_dss_signature(self.private.sign(data, _ECDSA))
        return r.to_bytes(32) + s.to_bytes(32)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of a zone as they are to be used now.

    `dnskeys` is the DNSKEY RRset, in canonical order, imported keys included; `cds` and `cdnskeys`
    those RRsets, empty where none is published; `ttl` is that of all three. `key_signers` sign
    these three, `zone_signers` all else: one signature by each. Data is in wire form. Equal sets
    call for the same records and signatures.
    """

    dnskeys: tuple[bytes, ...]
    key_signers: tuple[Key, ...]
    zone_signers: tuple[Key, ...]
    cds: tuple[bytes, ...] = ()
    cdnskeys: tuple[bytes, ...] = ()
    ttl: int = 3600


def key_of(private: PrivateKey, *, sep: bool) -> Key:
    """The key with this private part; `sep`: one that a DS points to."""
    flags = dnskey.ZONE_KEY | (dnskey.SEP if sep else 0)
    if isinstance(private, Ed25519PrivateKey):
        algorithm, public = Algorithm.ED25519, private.public_key().public_bytes_raw()
    else:
        algorithm = Algorithm.ECDSA_P256
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        public = point[1:]  # RFC 6605 section 4: x and y, without the octet for "uncompressed"
    head = flags.to_bytes(2) + bytes((dnskey.PROTOCOL, algorithm.number))
    return Key(head + public, private)


def generate(algorithm: Algorithm, *, sep: bool) -> Key:
    """A new key."""
    if algorithm is Algorithm.ED25519:
        return key_of(Ed25519PrivateKey.generate(), sep=sep)
    return key_of(generate_private_key(SECP256R1()), sep=sep)
