"""Private keys in files: PKCS#8 in PEM (RFC 5958, RFC 7468), as openssl and secret stores have it.

Who may read such a file: its owner, for whom alone gtm makes it; and a group, where somebody else
lends the file to it, or where it is read-only, as in secret mounts of Kubernetes and systemd.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gtm.dnssec.keys import PrivateKey
from gtm.durable import Disk

PRIVATE = 0o600
LARGEST = 16 * 1024  # octets: a PEM file of a P-256 key has some 250, with comments a few more


class Unusable(Exception):  # noqa: N818 - it reads as what it says of a key
    """Keys can't be used: what is wrong, and what to do about it, as clauses."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Both without a full stop, in an operator's words."""
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class NoKey(Unusable):
    """There is none at all."""


class PrivateDisk(Disk):
    """Writes files that only their owner may read."""

    def write(self, path: Path, data: bytes) -> None:
        """A file with this content, on the disk when this returns."""
        path.unlink(missing_ok=True)  # what a write that was cut short has left
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        number = os.open(path, flags, PRIVATE)
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(number)


def to_pem(private: PrivateKey) -> bytes:
    """The file's content."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(path: Path) -> PrivateKey:
    """The key in a file. Raises Unusable."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO never waits
        with os.fdopen(number, "rb") as file:
            _require_private(path, os.fstat(number))
            data = file.read(LARGEST + 1)
    except OSError as error:
        why = error.strerror or str(error)
        raise Unusable(f"the key {path} can't be read: {why}", _readable(error)) from None
    try:
        return from_pem(data)
    except ValueError as error:
        remedy = "put a PKCS#8 key in PEM there, as `gtm keys generate` does"
        raise Unusable(f"{path} holds no key: {error}", remedy) from None


def from_pem(data: bytes) -> PrivateKey:
    """The key in a file's content. Raises ValueError, which says what is wrong with it."""
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} octets")
    if b"ENCRYPTED" in data:
        raise ValueError("it is encrypted, and a server that starts by itself knows no passphrase")
    try:
        private = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("it is not PKCS#8 in PEM") from None
    if isinstance(private, Ed25519PrivateKey):
        return private
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
        return private
    raise ValueError("it is of another kind than P-256 and Ed25519")


def is_private(mode: int, owner: int, reader: int) -> bool:
    """Whether a file's mode lets nobody read it who should not; `reader` is the server's user."""
    if mode & (stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP):
        return False
    lent = owner != reader or not mode & stat.S_IWUSR
    return lent or not mode & stat.S_IRGRP


def _require_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Unusable(f"the key {path} is not a file", "put a PKCS#8 key in PEM there")
    mode = stat.S_IMODE(status.st_mode)
    if not is_private(mode, status.st_uid, os.geteuid()):
        raise Unusable(
            f"others can read the key {path} (mode {mode:04o})",
            f"run `chmod 600 {path}`, or mount the secret with mode 0400; then think of rolling "
            "the key, as it may be known",
        )


def _readable(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "give the file to the user that the server runs as"
    return "put it back, or take `dnssec` out of the zone"
