"""What went wrong with a probe, in an operator's words: one table from exceptions to sentences."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Mapping
from types import MappingProxyType

import aiohttp

from gtm.checks import Target
from gtm.health.aim import Unconnected
from gtm.health.astray import BrokenOff, Closed, NotHttp, TooLarge
from gtm.health.outcome import called, place, span

# Bounds the text of an exception nobody foresaw: it may quote what the target sent.
UNFORESEEN_LIMIT = 200

# OpenSSL's X509_V_ERR_* codes (openssl-verify(1)) that an operator meets.
_CERTIFICATE: Mapping[int, str] = MappingProxyType(
    {
        9: "it is not valid yet",
        10: "it has expired",
        18: "it is self-signed and not trusted here",
        19: "its chain ends in a self-signed certificate that is not trusted here",
        20: "its issuer is not trusted here",
        21: "its issuer is not trusted here",
        62: "it is for other names",
        64: "it is for other addresses",
    }
)

_OS: Mapping[int, str] = MappingProxyType(
    {
        errno.ECONNREFUSED: "connection to {where} refused",
        errno.ECONNRESET: "connection to {where} reset by the other side",
        errno.EPIPE: "connection to {where} closed by the other side",
        errno.EHOSTUNREACH: "no route to {where}: host unreachable",
        errno.ENETUNREACH: "no route to {where}: network unreachable",
        errno.ETIMEDOUT: "no answer from {where}: connection timed out",
    }
)


def failure(target: Target, error: BaseException) -> str:
    """Why the probe of the target failed, for any exception it can end in."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words(target, error)
    return _unforeseen(target, error)


def _certificate(target: Target, error: BaseException) -> str:
    cause = getattr(error, "certificate_error", error)
    known = _CERTIFICATE.get(getattr(cause, "verify_code", -1))
    why = known or getattr(cause, "verify_message", "") or str(cause)
    return f"certificate of {place(target)} is not valid for {called(target)}: {why}"


def _tls(target: Target, error: BaseException) -> str:
    cause = getattr(error, "os_error", error)
    reason = getattr(cause, "reason", None) or getattr(cause, "strerror", None) or "unknown"
    return f"no TLS with {place(target)}: {str(reason).replace('_', ' ').lower()}"


def _unconnected(target: Target, error: BaseException) -> str:
    limit = target.check.schedule.connect_timeout or 0.0
    return f"no connection to {place(target)} within {span(limit)}"


def _resolution(target: Target, error: BaseException) -> str:
    why = getattr(error, "strerror", None) or str(error)
    return f"host name {target.address} does not resolve: {why}"


def _not_a_name(target: Target, error: BaseException) -> str:
    return f"host name {target.address} does not resolve: it is not a host name"


def _not_http(target: Target, error: BaseException) -> str:
    # aiohttp tells its limits from other faults by the message alone.
    message = str(getattr(error, "message", ""))
    if message.startswith(("Got more than", "Too many headers")) or isinstance(error, TooLarge):
        return f"headers from {place(target)} are too large"
    return f"answer from {place(target)} is not HTTP"


def _closed(target: Target, error: BaseException) -> str:
    return f"connection to {place(target)} closed without an answer"


def _broken_off(target: Target, error: BaseException) -> str:
    return f"answer from {place(target)} broke off"


def _system(target: Target, error: BaseException) -> str:
    words = _OS.get(getattr(error, "errno", None) or 0)
    if words is not None:
        return words.format(where=place(target))
    return f"cannot connect to {place(target)}: {getattr(error, 'strerror', None) or error}"


def _unforeseen(target: Target, error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}"[:UNFORESEEN_LIMIT]
    return f"probe of {place(target)} failed: {text}"


# The first kind that fits gives the words, so a kind stands before those it derives from.
_WORDS: tuple[tuple[type[BaseException], Callable[[Target, BaseException], str]], ...] = (
    (aiohttp.ClientConnectorCertificateError, _certificate),
    (ssl.SSLCertVerificationError, _certificate),
    (aiohttp.ClientSSLError, _tls),
    (ssl.SSLError, _tls),
    (aiohttp.ClientConnectorDNSError, _resolution),
    (socket.gaierror, _resolution),
    (UnicodeError, _not_a_name),
    (aiohttp.ConnectionTimeoutError, _unconnected),
    (Unconnected, _unconnected),
    (aiohttp.ServerDisconnectedError, _closed),
    (Closed, _closed),
    (aiohttp.ClientPayloadError, _broken_off),
    (BrokenOff, _broken_off),
    (aiohttp.ClientResponseError, _not_http),
    (NotHttp, _not_http),
    (OSError, _system),
)
