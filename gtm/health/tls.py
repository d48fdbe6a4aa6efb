"""TLS contexts by the settings of checks: made once, kept, and made anew when files change.

A context that can't be made anew (a certificate was replaced and its key not yet) is no reason
to lose the one that works: it goes on being used, and the log says so once.
"""

from __future__ import annotations

import re
import ssl
import time
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from gtm.checks import Tls
from gtm.health.impairment import Impaired
from gtm.health.measure import Clock

# Names in a directory of authorities that OpenSSL looks at (openssl-rehash(1)).
HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")

# Seconds for which files are taken to be unchanged: thousands of probes a second share a look.
LOOK_AGAIN = 1.0

HTTP1 = ("http/1.1",)
"""The protocol named in handshakes of `https` probes (RFC 7301)."""

_log = structlog.get_logger(__name__)

Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(slots=True)
class _Kept:
    context: ssl.SSLContext
    stamp: Stamp
    looked: float
    complained: bool = False


class Contexts:
    """The TLS contexts that probes share. `clock` is monotonic seconds."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """Starts with none."""
        self._clock = clock
        self._kept: dict[tuple[Tls, tuple[str, ...]], _Kept] = {}

    def context(self, tls: Tls, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
        """The context for these settings, by files as they are now.

        Takes tens of milliseconds where it must be made. `protocols` are named in the handshake
        (ALPN). Raises Impaired where a file can't be used and never could, OSError for want of
        file descriptors or memory.
        """
        key = (_essence(tls), protocols)
        kept, now = self._kept.get(key), self._clock()
        if kept is not None and now - kept.looked < LOOK_AGAIN:
            return kept.context
        stamp = _stamp(tls)
        if kept is None:
            kept = self._kept[key] = _Kept(_make(tls, protocols), stamp, now)
        elif stamp != kept.stamp:
            self._renew(kept, tls, protocols, stamp)
        kept.looked = now
        return kept.context

    def _renew(self, kept: _Kept, tls: Tls, protocols: tuple[str, ...], stamp: Stamp) -> None:
        try:
            kept.context = _make(tls, protocols)
        except (Impaired, OSError) as error:
            if not kept.complained:
                _log.warning("tls_files_kept", error=str(error), still_used="those read before")
            kept.complained = True
        else:
            kept.stamp, kept.complained = stamp, False


def server_name(tls: Tls, own: str) -> str:
    """The name that is sent and verified: the check's, or else the target's own."""
    return (tls.server_name or own).rstrip(".")


def expiry(connection: ssl.SSLObject | None) -> float | None:
    """When the certificate at the other end expires, in Unix time; None if that can't be told.

    Whether it is believed or not.
    """
    if connection is None:
        return None
    certificate = connection.getpeercert()
    end = certificate.get("notAfter") if certificate else None
    if isinstance(end, str):
        return float(ssl.cert_time_to_seconds(end))
    # the module `ssl` reads verified certificates alone, but hands out the octets of any
    octets = connection.getpeercert(binary_form=True)
    return None if octets is None else end_of(octets)


def end_of(certificate: bytes) -> float | None:
    """When a certificate in DER expires, in Unix time; None where it can't be read."""
    from cryptography import x509  # where nothing is unverified it is not loaded

    try:
        return x509.load_der_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except ValueError:
        return None


def days_left(expires: float, now: float) -> int:
    """Whole days until a certificate expires, rounded down; negative once it has."""
    return int((expires - now) // 86400)


def tls_context(*, verify: bool) -> ssl.SSLContext:
    """How TLS is spoken: with the system's certificate authorities, or believing anyone.

    Reads the authorities from disk, which takes tens of milliseconds: make one and keep it.
    Raises OSError if that failed for want of file descriptors or memory.
    """
    context = ssl.create_default_context()
    if verify:
        _load_system_authorities(context)
    else:
        _believe_anyone(context)
    return context


def _essence(tls: Tls) -> Tls:
    """The settings that make a context: the others are told to each handshake, or to nobody."""
    return replace(tls, server_name=None, warn_before=0.0)


def _make(tls: Tls, protocols: tuple[str, ...]) -> ssl.SSLContext:
    if tls.authorities is None:
        context = tls_context(verify=tls.verify)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load_authorities(context, tls.authorities)
        if not tls.verify:
            _believe_anyone(context)
    if tls.certificate is not None:
        _load_certificate(context, tls.certificate, tls.key)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def _believe_anyone(context: ssl.SSLContext) -> None:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def _load_authorities(context: ssl.SSLContext, file: str) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except (FileNotFoundError, PermissionError) as error:
        raise Impaired(f"cannot read the authorities in {file}: {error.strerror}") from error
    except ssl.SSLError as error:
        raise Impaired(f"cannot read the authorities in {file}: it has no certificate") from error


def _load_certificate(context: ssl.SSLContext, file: str, key: str | None) -> None:
    files = file if key is None else f"{file} with the key in {key}"
    try:
        # an empty password, so that OpenSSL does not ask for one at the terminal
        context.load_cert_chain(file, key, password="")
    except (FileNotFoundError, PermissionError) as error:
        why = error.strerror or "it can't be opened"
    except (ssl.SSLError, ValueError) as error:
        why = getattr(error, "reason", None) or "it is no certificate and key in PEM"
    else:
        return
    raise Impaired(f"cannot use the client certificate in {files}: {why.replace('_', ' ').lower()}")


def _load_system_authorities(context: ssl.SSLContext) -> None:
    """Read every authority now, and fail if that can't be done.

    OpenSSL passes without a word over files that it can't open, and looks into the directory only
    during handshakes: a context made or used while descriptors are short would distrust
    certificates that are good.
    """
    paths = ssl.get_default_verify_paths()
    files = [Path(paths.cafile)] if paths.cafile else []
    if paths.capath:
        files += [each for each in Path(paths.capath).iterdir() if HASHED.fullmatch(each.name)]
    for file in files:
        try:
            context.load_verify_locations(cafile=file)
        except (FileNotFoundError, PermissionError, ssl.SSLError):
            continue  # a link that leads nowhere, or no certificate: passed over by OpenSSL too


def _stamp(tls: Tls) -> Stamp:
    """What to tell a change of the files by."""
    return tuple(_file_stamp(file) for file in (tls.authorities, tls.certificate, tls.key))


def _file_stamp(file: str | None) -> tuple[int, int, int] | None:
    if file is None:
        return None
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
