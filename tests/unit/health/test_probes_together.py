"""What probes get from their check: sources, families, kept connections, limits."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from gtm.checks import Exec, File, LoadField, Schedule, Target
from gtm.health.outcome import place
from gtm.health.probes import FORBIDDEN, Probes, aimed
from tests.unit.health.health_backends import (
    altered,
    saying,
    serving,
    silence,
    status,
    target,
    to,
)
from tests.unit.health.probing import probed_at

BODY = b'{"load": 12.5, "filler": "' + b"x" * 1000 + b'"}'


def with_check(what: Target, **fields: object) -> Target:
    return replace(what, check=altered(what.check, **fields))


async def test_probes_come_from_the_source_of_the_check() -> None:
    peers: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername")[0])
        await saying(status(200))(reader, writer)

    async with serving(handler) as port:
        for kind in ("http", "tcp"):
            what = with_check(target(kind), source=ip_address("127.0.0.9"))
            assert (await probed_at(what, to(port))).ok
            assert (await probed_at(target(kind), to(port))).ok
    assert peers == ["127.0.0.9", "127.0.0.1"] * 2


async def test_a_family_without_an_address_of_the_host_name_is_a_failure() -> None:
    async with serving(saying(status(200))) as port:
        six = with_check(target(), family=6)
        outcome = await probed_at(six, to(port, host="127.0.0.1"))
    assert not outcome.ok


async def test_a_connection_is_kept_where_the_check_says_so() -> None:
    connections = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(status(200, b"ok"))

    async with serving(handler) as port:
        for keep_alive in (True, False):
            probes = Probes(dial=to(port))
            for _ in range(3):
                assert (await probes.probe(target(keep_alive=keep_alive, body="ok"))).ok
            await probes.close()
    assert connections == 1 + 3


async def test_the_time_to_connect_is_bounded_by_itself() -> None:
    limited = Schedule(10.0, 5.0, connect_timeout=0.05)
    # a full accept queue drops the opening of further connections
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            for kind in ("http", "tcp"):
                what = with_check(target(kind))
                what = replace(what, check=replace(what.check, schedule=limited))
                outcome = await probed_at(what, to(port))
                assert outcome.reason == "no connection to 192.0.2.10:80 within 50 ms"
                assert not outcome.ok


async def test_a_slow_answer_is_no_slow_connection() -> None:
    async with serving(silence) as port:
        what = target(timeout=0.2)
        what = replace(what, check=replace(what.check, schedule=Schedule(10.0, 0.2, 0.05)))
        outcome = await probed_at(what, to(port))
    assert outcome.reason == "no answer from 192.0.2.10:80 within 200 ms"


async def test_the_load_in_a_body_is_read_behind_the_text_that_is_looked_for() -> None:
    async with serving(saying(status(200, BODY))) as port:
        what = target(body="load", load=LoadField(pointer="/load"))
        outcome = await probed_at(what, to(port))
        tested = await probed_at(target(body="none", load=LoadField(pointer="/load")), to(port))
    assert (outcome.ok, outcome.load, outcome.unread) == (True, 12.5, None)
    assert (tested.ok, tested.load) == (False, None)


async def test_a_server_that_runs_no_programs_judges_nobody_by_them(tmp_path: Path) -> None:
    made = tmp_path / "made"
    what = target("tcp")
    what = replace(what, check=replace(what.check, probe=Exec(("/bin/touch", str(made)))))
    probes = Probes(programs=False)
    outcome = await probes.probe(what)
    await probes.close()
    assert outcome.impairment == FORBIDDEN
    assert not made.exists()


def test_checks_without_a_port_are_placed_by_their_address() -> None:
    what = target("tcp")
    file = replace(what, check=replace(what.check, probe=File("/x"), port=None))
    assert place(file) == "192.0.2.10"
    assert str(aimed(file)) == "192.0.2.10"
