"""Tells faults of this machine from faults of the target: only the latter may move a verdict.

A process that is out of file descriptors fails every probe alike. Judged as the targets' own,
that would take all regions down at once, and through no fault of any of them.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Mapping
from ipaddress import IPv4Address
from types import MappingProxyType

import aiohttp

from gtm.checks import Target
from gtm.health.outcome import Outcome

OPEN_FILES = "this process has too many open files"

# What a socket call needs of this machine and did not find. Such a call says nothing about where
# it was to lead, so one is enough among the addresses of a host name.
_SHORTAGES: Mapping[int, str] = MappingProxyType(
    {
        errno.EMFILE: OPEN_FILES,
        errno.ENFILE: "this machine has too many open files",
        errno.ENOBUFS: "this machine has no buffer space for sockets",
        errno.ENOMEM: "this machine is out of memory",
        errno.ENOSPC: "this machine can watch no more sockets",  # epoll_ctl(2)
    }
)

# Faults of this machine that may hold for one address and not for the next one of a host name
# (IPv6 is off here, say): there each address must have one.
_REFUSALS: Mapping[int, str] = MappingProxyType(
    {
        errno.EADDRNOTAVAIL: "no local address or port to connect from",
        errno.EPERM: "this machine does not permit the connection",
    }
)

_FORBIDDEN = "this machine has no permission to connect"

# How asyncio and aiohttp put together what happened at each address of a host name.
_EACH_ERRNO = re.compile(r"\[Errno (\d+)\]")


class Impaired(Exception):  # noqa: N818  # a state of this machine, not an error of gtm's
    """Raised by a probe that can't be made here; str() is why, in an operator's words."""


def impairment(target: Target, error: BaseException) -> str | None:
    """Why this machine could not make the probe; None where it is not clearly at fault."""
    if isinstance(error, Impaired):
        return str(error)
    cause = getattr(error, "os_error", error)  # what aiohttp wrapped
    if isinstance(cause, MemoryError):
        return "this process is out of memory"
    if isinstance(cause, RuntimeError) and "can't start new thread" in str(cause):
        return "this process can't start another thread"  # the look-up of a host name needs one
    if isinstance(cause, socket.gaierror):
        return _of_look_up(cause)
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError | aiohttp.ClientSSLError):
        return _of_system(target, cause)  # OpenSSL's numbers are not the system's: 1 is no EPERM
    return None


def not_made(why: str, latency: float, at: float) -> Outcome:
    """The outcome of a probe that this machine could not make."""
    return Outcome(ok=False, reason=f"not probed: {why}", latency=latency, at=at, impairment=why)


def _of_look_up(error: socket.gaierror) -> str | None:
    """Resolvers seldom say that they could not open a socket or file, so it is tried here."""
    if error.errno == socket.EAI_MEMORY:
        return _SHORTAGES[errno.ENOMEM]
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as shortage:
        return _SHORTAGES.get(shortage.errno or 0)
    return None


def _of_system(target: Target, error: OSError) -> str | None:
    numbers = [error.errno] if error.errno else [int(n) for n in _EACH_ERRNO.findall(str(error))]
    for number in numbers:
        if number in _SHORTAGES:
            return _SHORTAGES[number]
    refusals = [_refusal(target, number) for number in numbers]
    return refusals[0] if refusals and all(refusals) else None


def _refusal(target: Target, number: int) -> str | None:
    if number == errno.EACCES and _is_ipv4(target.address):
        return _FORBIDDEN
    return _REFUSALS.get(number)


def _is_ipv4(address: str) -> bool:
    """Over IPv4 only this machine gives EACCES; over IPv6 it also is what Linux makes of a router
    that prohibits the connection (RFC 4443 section 3.1, codes 1, 5 and 6)."""
    try:
        IPv4Address(address)
    except ValueError:
        return False
    return True
