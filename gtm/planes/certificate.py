"""The certificate that TLS and HTTPS are served with: read, checked, and read again when renewed.

A renewal that can't be used changes nothing: the certificate before it goes on being served, and
that is said.
"""

from __future__ import annotations

import ssl
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from gtm.errors import ConfigError

log = structlog.get_logger("gtm.planes")

# For TLS 1.2 (TLS 1.3 has no other): forward secrecy and authenticated encryption alone
# (RFC 9325 section 4.2).
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
DOT = ("dot",)  # RFC 7858 has none; RFC 9103 section 7.1 registered it
HTTP = ("http/1.1",)
HTTP2 = ("h2", "http/1.1")
FORBIDDEN = stat.S_IRWXO | stat.S_IWGRP  # a private key is its owner's, and its group's to read
MOST_NAMES = 5  # that are shown


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is served: contexts for new connections, and what they say. `expires` is Unix time."""

    dot: ssl.SSLContext
    https: ssl.SSLContext
    names: tuple[str, ...]
    expires: float
    digest: bytes  # of both files


class Keeper:
    """Has the certificate of a server."""

    def __init__(self, certificate: Path, key: Path | None, *, http2: bool) -> None:
        """`key` is None if it is in the file of the certificate. Raises ConfigError."""
        self.path = certificate
        self._key = key or certificate
        self._http2 = http2
        self._refused: bytes | None = None  # what could not be used at the last look
        self.error: str | None = None  # why what is on disk is not what is served
        self.renewals = 0
        self.current = read(certificate, self._key, http2=http2)

    @property
    def files(self) -> tuple[Path, ...]:
        """What to watch."""
        return tuple(dict.fromkeys((self.path, self._key)))

    def dot(self) -> ssl.SSLContext:
        """For new connections of DNS over TLS."""
        return self.current.dot

    def https(self) -> ssl.SSLContext:
        """For new connections of DNS over HTTPS."""
        return self.current.https

    def look(self) -> None:
        """Takes what is on disk now; open connections keep what they have.

        What can't be used is said when it is still there at the second look: certificate and
        key are two files, and are rarely replaced at once.
        """
        found = _digest(self.path, self._key)
        if found == self.current.digest:
            self._refused, self.error = None, None
            return
        if found == self._refused and self.error is not None:
            return
        try:
            self.current = read(self.path, self._key, http2=self._http2)
        except ConfigError as error:
            self._refuse(found, str(error))
            return
        self._refused, self.error = None, None
        self.renewals += 1
        log.info("certificate_renewed", path=str(self.path), names=self.shown())

    def _refuse(self, found: bytes, why: str) -> None:
        if found == self._refused:
            self.error = why
            log.error("certificate_refused", error=why, remedy="the one before is used")
        self._refused = found

    def shown(self) -> list[str]:
        """The names in it, the first few."""
        return list(self.current.names[:MOST_NAMES])


def read(certificate: Path, key: Path, *, http2: bool) -> Certificate:
    """Reads certificate chain and key (PEM). Raises ConfigError."""
    digest = _digest(certificate, key)
    try:
        text = certificate.read_bytes()
        mode = stat.S_IMODE(key.stat().st_mode)
    except OSError as error:
        raise ConfigError(f"cannot read {error.filename}: {error.strerror or error}") from error
    if mode & FORBIDDEN:
        raise ConfigError(
            f"cannot use the key in {key}: its mode {mode:04o} lets others at it; chmod 0640 it "
            "(defaultMode: 0440 for the secret of a pod)"
        )
    try:
        chain = x509.load_pem_x509_certificates(text)
    except ValueError as error:
        raise ConfigError(f"cannot use {certificate}: it has no certificate (PEM)") from error
    leaf = chain[0]
    return Certificate(
        dot=_context(certificate, key, DOT),
        https=_context(certificate, key, HTTP2 if http2 else HTTP),
        names=_names(leaf),
        expires=leaf.not_valid_after_utc.timestamp(),
        digest=digest,
    )


def _context(certificate: Path, key: Path, protocols: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 section 3.1.1
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(list(protocols))
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        why = error.reason or str(error)
        raise ConfigError(
            f"cannot use {certificate} with the key in {key}: {_told(why)}"
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot use {certificate} with the key in {key}: {error}") from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted; write one that is not, with mode 0600")


def _told(reason: str) -> str:
    """OpenSSL's reason in words."""
    if reason == "KEY_VALUES_MISMATCH":
        return "the key is another certificate's"
    return reason.replace("_", " ").lower()


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        found = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except x509.ExtensionNotFound:
        return (leaf.subject.rfc4514_string(),)
    names = found.value
    if not isinstance(names, x509.SubjectAlternativeName):
        return ()
    return tuple(str(name.value) for name in names)


def _digest(certificate: Path, key: Path) -> bytes:
    """Of what the files have now; of nothing where one can't be read."""
    whole = sha256()
    for path in (certificate, key):
        try:
            octets = path.read_bytes()
            whole.update(len(octets).to_bytes(8, "big") + octets)
            whole.update(stat.S_IMODE(path.stat().st_mode).to_bytes(4, "big"))
        except OSError as error:
            whole.update(str(error.errno).encode())
    return whole.digest()
