"""Sockets change hands over a Unix socket, and a server that is not relieved goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.errors import StartError
from gtm.handed import Use
from gtm.takeover import Offer, Taken, place_of, take

DEEP = b"[" * 60_000 + b"\n"


class Old:
    """A server that offers sockets, and what was asked of it."""

    def __init__(
        self, folder: Path, sockets: list[tuple[Use, socket.socket]], refusal: str | None = None
    ) -> None:
        self.api = folder / "gtm.sock"
        self.held: list[bool] = []
        self.left: list[int] = []
        self.offer = Offer(
            place_of(self.api), lambda: sockets, self.held.append, self.left.append, refusal
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.offer.run())
        while not place_of(self.api).exists():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0)
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def take(self) -> Taken:
        return await asyncio.to_thread(take, self.api, "0.1.0")


def bound(count: int) -> list[tuple[Use, socket.socket]]:
    made = []
    for _ in range(count):
        each = socket.socket(type=socket.SOCK_DGRAM)
        each.bind(("127.0.0.1", 0))
        made.append((Use.DNS, each))
    return made


async def test_all_sockets_arrive_and_the_old_server_leaves_when_the_new_one_is_ready(
    tmp_path: Path,
) -> None:
    sockets = bound(3)
    listening = socket.create_server(("127.0.0.1", 0))
    sockets.append((Use.TLS, listening))
    old = Old(tmp_path, sockets)
    async with old.running():
        taken = await old.take()
        assert [each.use for each in taken.sockets] == [Use.DNS] * 3 + [Use.TLS]
        names = [each.sock.getsockname() for each in taken.sockets]
        assert names == [each.getsockname() for _, each in sockets]
        assert (old.held, old.left) == ([True], [])
        await taken.ready()
        assert old.left == [taken.pid]
        assert old.held == [True]
        taken.close()
    for each in taken.sockets:
        each.sock.close()
    assert not place_of(old.api).exists()


async def test_more_sockets_than_one_message_takes_arrive_too(tmp_path: Path) -> None:
    sockets = bound(450)
    old = Old(tmp_path, sockets)
    async with old.running():
        taken = await old.take()
        names = [each.sock.getsockname() for each in taken.sockets]
        assert names == [each.getsockname() for _, each in sockets]
        taken.close()
    for one in [*(sock for _, sock in sockets), *(each.sock for each in taken.sockets)]:
        one.close()


async def test_a_new_server_that_ends_early_leaves_the_old_one_as_it_was(tmp_path: Path) -> None:
    old = Old(tmp_path, bound(2))
    async with old.running():
        (await old.take()).close()
        taken = await old.take()  # served when the first is dealt with
        assert (old.held, old.left) == ([True, False, True], [])
        await taken.ready()
        assert old.held[-1]


async def test_a_server_of_another_form_is_told_so(tmp_path: Path) -> None:
    old = Old(tmp_path, bound(1))
    async with old.running():
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(place_of(old.api)))
            asking.send(b'{"gtm": 99}\n')
            loop = asyncio.get_running_loop()
            asking.setblocking(False)
            said = json.loads(await loop.sock_recv(asking, 4096))
        assert "it speaks form 1 of this, and the new server 99" in said["error"]
        assert (old.held, old.left) == ([], [])


async def test_a_server_that_nobody_can_relieve_says_why(tmp_path: Path) -> None:
    old = Old(tmp_path, bound(1), "it uses --xdp")
    async with old.running():
        for _ in range(2):  # it goes on saying so
            with pytest.raises(StartError, match=r"cannot take over from .*: it uses --xdp$"):
                await old.take()
        assert (old.held, old.left) == ([], [])


async def test_words_nested_deeper_than_can_be_read_leave_a_server_as_it_was(
    tmp_path: Path,
) -> None:
    old = Old(tmp_path, bound(1))
    async with old.running():
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(place_of(old.api)))
            asking.send(DEEP)
        (await old.take()).close()  # it still hands over
        assert old.left == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=st.binary(max_size=60))
def test_no_octets_make_a_server_leave(tmp_path: Path, octets: bytes) -> None:
    async def ask() -> None:
        old = Old(tmp_path, bound(1))
        async with old.running():
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(str(place_of(old.api)))
                asking.send(octets + b"\n")
            (await old.take()).close()
            assert old.left == []

    asyncio.run(ask())


def test_without_a_server_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="start without --takeover if none is running"):
        take(tmp_path / "gtm.sock", "0.1.0")


@pytest.mark.parametrize(
    "answer", [DEEP, b"[]\n", b'{"sockets": ["nonsense"]}\n', b'{"sockets": 3}\n', b'{"pid": []}\n']
)
async def test_what_makes_no_sense_is_refused_in_a_sentence(tmp_path: Path, answer: bytes) -> None:
    async def odd(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    api = tmp_path / "gtm.sock"
    async with await asyncio.start_unix_server(odd, place_of(api)):
        with pytest.raises(StartError, match="cannot take over from the server at"):
            await asyncio.to_thread(take, api, "0.1.0")
