"""Echo requests and their replies: on loopback where the kernel lets us, byte by byte everywhere.

The kernel gives ICMP sockets to the groups in net.ipv4.ping_group_range. Where this process has
none, the same probes are made in a network namespace that has them (util-linux's `unshare`).
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Icmp
from gtm.health import icmp
from gtm.health.icmp import Echo
from gtm.health.measure import Finding, Progress
from tests.unit.health.probing import aim, measured

ECHO = Echo(77, 4660, b"some data")
FAMILIES = pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])


def reply(echo: Echo, family: int, kind: int | None = None, code: int = 0) -> bytes:
    usual = icmp.REPLY if family == socket.AF_INET else icmp.REPLY6
    head = (usual if kind is None else kind, code, 0xBEEF, echo.identifier, echo.sequence)
    return struct.pack("!BBHHH", *head) + echo.data


@FAMILIES
def test_a_reply_is_known_by_all_that_was_sent(family: int) -> None:
    assert icmp.answers(ECHO, reply(ECHO, family), family)
    others = [Echo(78, 4660, b"some data"), Echo(77, 4661, b"some data"), Echo(77, 4660, b"x" * 9)]
    strays = [reply(other, family) for other in others]
    strays += [reply(ECHO, family)[:-1], reply(ECHO, family) + b"x", b"", b"\0"]
    strays += [reply(ECHO, family, kind=3), reply(ECHO, family, code=1), icmp.packed(ECHO, family)]
    assert not any(icmp.answers(ECHO, stray, family) for stray in strays)


@FAMILIES
def test_a_request_says_who_asks_and_for_the_how_manieth_time(family: int) -> None:
    kind = 8 if family == socket.AF_INET else 128
    assert icmp.packed(ECHO, family) == bytes([kind, 0, 0, 0, 0, 77, 0x12, 0x34]) + b"some data"


@given(st.binary(max_size=80), st.binary(max_size=60))
def test_octets_from_outside_are_the_reply_or_not(packet: bytes, data: bytes) -> None:
    echo = Echo(77, 4660, data)
    for family in (socket.AF_INET, socket.AF_INET6):
        for each in (packet, reply(echo, family)[: len(packet)] + packet):
            right = each[8:] == data and each[:1] == reply(echo, family)[:1]
            assert icmp.answers(echo, each, family) <= right


async def test_without_permission_no_verdict_moves_and_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    async def attempt(progress: Progress) -> Finding:
        return await icmp.ask(Icmp(), aim(0, name=""), progress)

    monkeypatch.setattr("gtm.health.icmp.socket.socket", refuse)
    outcome = await measured(attempt)
    assert outcome.impairment == icmp.NOT_PERMITTED
    assert "sysctl -w net.ipv4.ping_group_range=" in outcome.reason


async def test_a_name_that_resolves_to_nothing_is_a_failure() -> None:
    async def attempt(progress: Progress) -> Finding:
        return await icmp.ask(Icmp(), aim(0, host="backend.invalid", name=""), progress)

    outcome = await measured(attempt)
    assert not outcome.ok
    assert "does not resolve" in outcome.reason


# What runs where ICMP sockets are permitted; prints what each probe found.
SCENE = """
import asyncio, sys
from ipaddress import ip_address
from gtm.checks import Icmp
from gtm.health import icmp
from gtm.health.aim import Aim
from gtm.health.measure import Progress

async def main():
    for aim in (
        Aim("127.0.0.1"), Aim("::1"), Aim("localhost", family=4),
        Aim("127.0.0.2", source=ip_address("127.0.0.3")),
    ):
        for size in (0, 56, 4000):
            progress = Progress("nothing")
            async with asyncio.timeout(10):
                print((await icmp.ask(Icmp(size), aim, progress)).what)
    try:
        async with asyncio.timeout(10):
            await icmp.ask(Icmp(), Aim("192.0.2.1"), Progress("nothing"))
    except OSError as error:
        print(type(error).__name__)
    # a host that is there and silent: it takes echo requests and throws them away
    open("/proc/sys/net/ipv4/icmp_echo_ignore_all", "w").write("1")
    progress = Progress("nothing")
    try:
        async with asyncio.timeout(0.2):
            await icmp.ask(Icmp(), Aim("127.0.0.1"), progress)
    except TimeoutError:
        print(progress.lacking)

asyncio.run(main())
"""

ALLOW = "ip link set lo up && echo '0 0' > /proc/sys/net/ipv4/ping_group_range && exec \"$@\""


def test_real_echoes_come_back_over_both_families() -> None:
    root = Path(__file__).parents[3]
    # a network of its own, with nothing but loopback: no packet can leave the machine
    command = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", ALLOW, "sh"]
    done = subprocess.run(
        [*command, sys.executable, "-c", SCENE],
        cwd=root,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "Operation not permitted" in done.stderr and not done.stdout:
        pytest.skip("no network namespace may be made here (kernel.unprivileged_userns_clone)")
    assert done.returncode == 0, f"needs unshare (util-linux), ip (iproute2): {done.stderr}"
    wanted = [
        f"echo reply from {each}"
        for each in ("127.0.0.1", "::1", "localhost", "127.0.0.2")
        for _ in range(3)
    ]
    assert done.stdout.splitlines() == [*wanted, "OSError", "no echo reply from 127.0.0.1"]
