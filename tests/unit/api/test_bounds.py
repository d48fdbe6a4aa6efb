"""How many connections there may be, whose they are, and how many wait for heavy calls."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.api.bounds import UNIX, Busy, Lane, Room, client_of


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        (("192.0.2.7", 4000), "192.0.2.7"),
        (("2001:db8:1:2:3::4", 4000, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 4000, 0, 2), "fe80::/64"),
        (("::ffff:192.0.2.7", 4000, 0, 0), "192.0.2.7"),
        (("::1", 4000, 0, 0), "::1"),
        ("", UNIX),
        (None, UNIX),
    ],
)
def test_connections_are_of_an_address_a_network_or_the_unix_socket(
    peer: object, client: str
) -> None:
    assert client_of(peer) == client


def test_one_client_has_a_share_and_others_still_come_in() -> None:
    room = Room(most=10, of_one=3, unix=2)
    assert [room.enter("192.0.2.1") for _ in range(5)] == [True] * 3 + [False] * 2
    assert room.enter("192.0.2.2")
    assert (room.connections, room.refused) == (4, 2)


def test_a_browser_s_connections_and_more_fit_into_one_client_s_share() -> None:
    room = Room()
    assert sum(room.enter("192.0.2.1") for _ in range(100)) == 32


def test_a_flood_over_tcp_leaves_the_unix_socket_free() -> None:
    room = Room(most=10, of_one=3, unix=2)
    while room.enter("127.0.0.1"):
        pass
    assert room.connections == 10
    assert not room.enter("192.0.2.1")
    assert room.enter(UNIX)
    assert room.enter(UNIX)
    assert not room.enter(UNIX)


CLIENTS = st.sampled_from(["192.0.2.1", "192.0.2.2", "127.0.0.1", UNIX])


@given(st.lists(st.tuples(st.booleans(), CLIENTS)))
def test_room_counts_what_came_and_went(acts: list[tuple[bool, str]]) -> None:
    room, held = Room(most=4, of_one=2, unix=2), dict.fromkeys(("t", "u"), 0)
    each: dict[str, int] = {}
    for comes, client in acts:
        kind = "u" if client == UNIX else "t"
        if comes and room.enter(client):
            held[kind] += 1
            each[client] = each.get(client, 0) + 1
        elif not comes and each.get(client):
            room.leave(client)
            held[kind] -= 1
            each[client] -= 1
        assert held["t"] <= 4
        assert held["u"] <= 2
        assert each.get("192.0.2.1", 0) <= 2
        assert room.connections == sum(held.values())


async def test_heavy_calls_wait_for_each_other_and_no_more_than_some() -> None:
    lane, running, most = Lane(most=1, waiting=2), 0, 0
    done = asyncio.Event()

    async def call(caller: str) -> None:
        nonlocal running, most
        async with lane.turn(caller):
            running += 1
            most = max(most, running)
            await done.wait()
            running -= 1

    calls = [asyncio.create_task(call(caller)) for caller in ("one", "one")]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await call("one")  # has its share, and leaves room for others
    calls.append(asyncio.create_task(call("another")))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await call("a third")
    done.set()
    await asyncio.gather(*calls)
    assert most == 1
    await call("one")
