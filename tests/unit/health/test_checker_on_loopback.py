"""The checker with its real probes: every kind of check, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from gtm.checks import Target
from gtm.health.checker import Checker
from gtm.health.dial import Dial
from gtm.model import State, Verdict
from tests.unit.health.health_backends import (
    Handler,
    out_of_files,
    pouring,
    saying,
    serving,
    silence,
    status,
    target,
    to,
)
from tests.unit.health.probing import probed_at


def by_port(ports: dict[int, int]) -> Dial:
    """Leads each port of a target to one on loopback."""
    return lambda _address, port: ("127.0.0.1", ports[port])


async def test_each_type_of_check_is_probed_its_way(unused_tcp_port: int) -> None:
    web, secure, plain, gone = (
        target("http", port=80),
        target("https", port=443),
        target("tcp", port=5432),
        target("tcp", port=5433),
    )
    told: dict[Target, Verdict] = {}
    async with serving(saying(status(200))) as answering, serving(silence) as silent:
        ports = {80: answering, 443: answering, 5432: silent, 5433: unused_tcp_port}
        checker = Checker(
            on_change=lambda target, _, after: told.__setitem__(target, after),
            dial=by_port(ports),
        )
        checker.retarget([web, secure, plain, gone])
        assert await checker.first_round(5)
        await checker.close()
    assert told[web].reason.startswith("HTTP 200 from 192.0.2.10:80")
    assert told[secure].reason.startswith("no ")  # TLS was spoken to a server that has none
    assert told[plain].reason.startswith("connected to 192.0.2.10:5432")
    assert told[gone].reason == "connection to 192.0.2.10:5433 refused"
    assert [told[each].state for each in (web, secure, plain, gone)] == [
        State.UP,
        State.DOWN,
        State.UP,
        State.DOWN,
    ]


async def test_a_backend_that_dies_and_returns_is_noticed_within_its_thresholds() -> None:
    well = True

    async def backend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(status(200 if well else 503))(reader, writer)

    changed: asyncio.Queue[Verdict] = asyncio.Queue()
    quick = target(interval=0.05, rise=2, fall=3)
    async with serving(backend) as port:
        checker = Checker(
            on_change=lambda _target, _before, after: changed.put_nowait(after), dial=to(port)
        )
        checker.retarget([quick])
        up = await asyncio.wait_for(changed.get(), 2)
        well = False
        down = await asyncio.wait_for(changed.get(), 2)
        well = True
        again = await asyncio.wait_for(changed.get(), 2)
        await checker.close()
    assert [up.state, down.state, again.state] == [State.UP, State.DOWN, State.UP]
    assert down.reason.startswith("HTTP 503 from 192.0.2.10:80 after ")
    assert down.reason.endswith(", 3rd of 3")
    assert again.reason.endswith(", 2nd of 2")
    assert up.since < down.since < again.since <= time.time()


async def test_a_process_that_runs_out_of_files_takes_no_target_down() -> None:
    probed = asyncio.Event()
    changed: list[Verdict] = []
    quick = target(interval=0.05, fall=2)
    async with serving(saying(status(200))) as port:
        checker = Checker(
            on_change=lambda _target, _before, after: changed.append(after),
            on_probe=lambda _target, _outcome: probed.set(),
            dial=to(port),
        )
        checker.retarget([quick])
        assert await checker.first_round(5)
        with out_of_files():
            await asyncio.sleep(0.3)  # some probes under way may still end; six can't be made
            report = checker.report(quick)
        probed.clear()
        await asyncio.wait_for(probed.wait(), 2)
        restored = checker.report(quick)
        await checker.close()
    assert report.impairment == "this process has too many open files"
    assert report.failures == 0
    assert restored.impairment is None
    assert [each.state for each in changed] == [State.UP]


async def test_closing_in_the_middle_of_probes_is_prompt_and_quiet(
    caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    caplog.set_level(logging.WARNING)
    async with serving(silence) as port:
        checker = Checker(on_change=lambda *_: None, dial=to(port))
        patient = [
            target(kind, address=f"192.0.2.{n}", timeout=30.0)
            for n in range(20)
            for kind in ("http", "https")
        ]
        checker.retarget(patient)
        assert not await checker.first_round(0.1)
        begun = time.monotonic()
        await checker.close()
        assert time.monotonic() - begun < 2
    assert caplog.records == []
    assert [str(each.message) for each in recwarn] == []


@pytest.mark.parametrize(
    "handler",
    [silence, saying(b""), saying(b"\xff" * 100), pouring(b"", b"x" * 65536)],
    ids=["silence", "closes", "garbage", "flood"],
)
async def test_servers_that_speak_no_tls_leave_nothing_in_the_log(
    handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with serving(handler) as port:
        outcome = await probed_at(target("https", timeout=0.2), to(port))
    assert not outcome.ok
    assert caplog.records == []


@pytest.mark.parametrize("path", ["/a\r\nX-Evil: 1", "/a b", "/ö", "/#x", "/%zz", "/?"])
async def test_a_strange_path_can_neither_raise_nor_add_a_header(path: str) -> None:
    heads: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(status(200))

    strange = target(path=path)
    async with serving(handler) as port:
        outcome = await probed_at(strange, to(port))
    assert outcome.reason
    assert all(b"\r\nX-Evil" not in head for head in heads)
