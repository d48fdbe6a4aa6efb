"""What is this machine's fault and what may be the target's."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import Any, cast

import aiohttp
import pytest

from gtm.health.impairment import OPEN_FILES, impairment
from gtm.health.probes import Probes
from tests.unit.health.health_backends import out_of_files, serving, silence, target, to


def system(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def each(*numbers: int) -> OSError:
    """As asyncio puts together what happened at each address of a host name."""
    return OSError(f"Multiple exceptions: {', '.join(str(system(n)) for n in numbers)}")


def connecting(error: OSError) -> OSError:
    """As aiohttp hands a failed connection on."""
    return aiohttp.ClientConnectorError(cast("Any", None), error)


OURS = [
    system(errno.EMFILE),
    system(errno.ENFILE),
    system(errno.ENOBUFS),
    system(errno.ENOMEM),
    system(errno.EADDRNOTAVAIL),
    system(errno.EPERM),
    system(errno.EACCES),
    connecting(system(errno.EMFILE)),
    connecting(each(errno.ECONNREFUSED, errno.EMFILE)),
    aiohttp.ClientConnectorDNSError(cast("Any", None), system(errno.EMFILE)),
    socket.gaierror(socket.EAI_MEMORY, "Memory allocation failure"),
    each(errno.EMFILE, errno.ECONNREFUSED),
    each(errno.EADDRNOTAVAIL, errno.EPERM),
    RuntimeError("can't start new thread"),
    MemoryError(),
]

THEIRS = [
    system(errno.ECONNREFUSED),
    system(errno.ECONNRESET),
    system(errno.ETIMEDOUT),
    system(errno.EHOSTUNREACH),
    system(errno.ENETUNREACH),
    connecting(system(errno.ECONNREFUSED)),
    each(errno.EADDRNOTAVAIL, errno.ECONNREFUSED),
    OSError("no number at all"),
    TimeoutError(),
    ssl.SSLError(errno.EPERM, "[SSL] a number of OpenSSL's"),
    ssl.SSLCertVerificationError(errno.EPERM, "[SSL] a number of OpenSSL's"),
    aiohttp.ClientConnectorSSLError(cast("Any", None), ssl.SSLError(errno.EPERM, "[SSL]")),
    socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    aiohttp.ServerDisconnectedError(),
    RuntimeError("anything else"),
    ValueError("anything else"),
]


@pytest.mark.parametrize("error", OURS, ids=repr)
def test_faults_of_this_machine_are_told_from_the_targets(error: Exception) -> None:
    assert impairment(target(), error)


@pytest.mark.parametrize("error", THEIRS, ids=repr)
def test_what_may_be_the_targets_fault_is_judged(error: Exception) -> None:
    assert impairment(target(), error) is None


@pytest.mark.parametrize("address", ["2001:db8::10", "backend.example.net"])
def test_a_router_may_prohibit_a_connection_over_ipv6(address: str) -> None:
    assert impairment(target(address=address), system(errno.EACCES)) is None
    assert impairment(target(address=address), system(errno.EPERM))


def test_a_failed_look_up_is_ours_while_no_socket_can_be_opened() -> None:
    failed = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    with out_of_files():
        assert impairment(target(), failed) == OPEN_FILES
    assert impairment(target(), failed) is None


@pytest.mark.parametrize("kind", ["tcp", "http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_process_out_of_files_judges_nobody(kind: str, host: str) -> None:
    async with serving(silence) as port:
        probes = Probes(dial=to(port, host))
        with out_of_files():
            outcome = await probes.probe(target(kind))
        await probes.close()
    assert outcome.reason == "not probed: this process has too many open files"
    assert outcome.impairment == OPEN_FILES
    assert not outcome.ok


async def test_no_local_port_left_is_no_fault_of_the_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: object) -> None:
        raise system(errno.EADDRNOTAVAIL)

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: errno.EADDRNOTAVAIL)
    probes = Probes(dial=to(1))
    for kind in ("tcp", "http"):
        outcome = await probes.probe(target(kind))
        assert outcome.reason == "not probed: no local address or port to connect from"
    await probes.close()
