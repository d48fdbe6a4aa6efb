"""Sockets that were opened before the server: recognised, matched, and refused with a remedy."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from gtm.errors import StartError
from gtm.handed import Handed, Pool, Use, from_systemd, recognised
from gtm.listening import bind_all
from gtm.planes.sockets import ListenAddress
from gtm.settings import Settings

Open = Callable[..., socket.socket]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens loopback sockets that are closed at the end; streams listen."""
    made: list[socket.socket] = []

    def open_one(kind: socket.SocketKind, host: str = "127.0.0.1", port: int = 0) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        one = socket.socket(family, kind)
        one.bind((host, port))
        if kind == socket.SOCK_STREAM:
            one.listen()
        made.append(one)
        return one

    yield open_one
    for each in made:
        each.close()


def pair(opened: Open) -> tuple[ListenAddress, list[socket.socket]]:
    while True:
        udp = opened(socket.SOCK_DGRAM)
        port = udp.getsockname()[1]
        try:
            tcp = opened(socket.SOCK_STREAM, port=port)
        except OSError:
            continue
        return ListenAddress(ip_address("127.0.0.1"), port), [udp, tcp]


def dns(sockets: list[socket.socket]) -> list[Handed]:
    return [recognised(each, "dns") for each in sockets]


def test_both_sockets_of_an_address_make_a_listener_that_is_never_shut_down(opened: Open) -> None:
    at, sockets = pair(opened)
    listener = Pool(dns(sockets)).listener(at, 1)
    assert listener is not None
    assert listener.shared
    assert (listener.udp, listener.tcp) == tuple(sockets)
    assert listener.udp.getblocking()
    assert not listener.tcp.getblocking()


def test_several_workers_share_one_socket(opened: Open) -> None:
    at, sockets = pair(opened)
    listener = Pool(dns(sockets)).listener(at, 3)
    assert listener is not None
    names = [each.getsockname() for each in (listener.udp, *listener.more)]
    assert names == [sockets[0].getsockname()] * 3
    assert len({each.fileno() for each in (listener.udp, *listener.more)}) == 3
    listener.close()


def test_every_socket_is_read_even_where_there_are_fewer_workers(opened: Open) -> None:
    at, sockets = pair(opened)
    listener = Pool(dns([*sockets, sockets[0].dup()])).listener(at, 1)
    assert listener is not None
    assert len(listener.more) == 1
    listener.close()


@pytest.mark.parametrize(("kept", "missing"), [(0, "ListenStream"), (1, "ListenDatagram")])
def test_udp_without_tcp_is_refused(opened: Open, kept: int, missing: str) -> None:
    at, sockets = pair(opened)
    with pytest.raises(StartError, match=f"add {missing}=127.0.0.1:{at.port} to the socket unit"):
        Pool(dns([sockets[kept]])).listener(at, 1)


def test_another_address_is_not_taken(opened: Open) -> None:
    at, sockets = pair(opened)
    pool = Pool(dns(sockets))
    assert pool.listener(ListenAddress(at.address, at.port - 1), 1) is None
    assert pool.addresses(Use.DNS, ()) == (at,)
    assert pool.addresses(Use.DNS, (at,)) == ()


def test_what_is_handed_over_takes_the_place_of_the_default_addresses(opened: Open) -> None:
    at, sockets = pair(opened)
    bound = bind_all(Settings(), 1, Pool(dns(sockets)))
    assert bound.named() == [str(at)]
    bound.close()


def test_what_settings_name_is_listened_on_beside_what_is_handed_over(opened: Open) -> None:
    at, sockets = pair(opened)
    bound = bind_all(Settings(listen=("127.0.0.1:0",)), 1, Pool(dns(sockets)))
    assert len(bound.listeners) == 2
    assert bound.named()[1] == str(at)
    assert [each.shared for each in bound.listeners] == [False, True]
    bound.close()


@pytest.mark.parametrize(
    ("name", "use"), [("", Use.DNS), ("gtm.socket", Use.DNS), ("tls", Use.TLS), ("api", Use.API)]
)
def test_a_name_says_what_a_socket_is_for(opened: Open, name: str, use: Use) -> None:
    assert recognised(opened(socket.SOCK_STREAM), name).use is use


def test_a_unix_socket_is_for_the_api(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "gtm.sock"))
        one.listen()
        handed = recognised(one, "gtm.socket")
        assert (handed.use, handed.at) == (Use.API, tmp_path / "gtm.sock")
        assert Pool([handed]).stream(Use.API, tmp_path / "gtm.sock") is one
        assert Pool([handed]).api_sockets() == (one,)


def test_the_api_over_tcp_needs_a_setting_that_names_it(opened: Open) -> None:
    pool = Pool([recognised(opened(socket.SOCK_STREAM), "api")])
    with pytest.raises(StartError, match="no setting names it; add --api 127"):
        pool.api_sockets()


def test_a_socket_of_both_families_is_refused() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.bind(("::", 0))
        with pytest.raises(StartError, match="BindIPv6Only=ipv6-only"):
            recognised(one, "dns")


def test_what_nothing_can_be_done_with_is_refused_by_name(opened: Open, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="the socket tls of systemd: tls is not spoken over UDP"):
        recognised(opened(socket.SOCK_DGRAM), "tls")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "log"))
        with pytest.raises(StartError, match="gtm answers on UDP, TCP"):
            recognised(one, "log")
    left, right = socket.socketpair()
    with left, right, pytest.raises(StartError, match="Accept=no"):
        recognised(left, "")


def test_the_environment_is_read_once_and_for_this_process_alone(opened: Open) -> None:
    _, sockets = pair(opened)
    said = {"LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "dns:dns", "HOME": "/"}
    other = dict(said)
    assert from_systemd(other, 8) == ()
    assert other == {"HOME": "/"}

    def given(number: int) -> socket.socket:
        return sockets[number - 3]

    found = from_systemd(said, 7, given, lambda number: None)
    assert [each.is_udp for each in found] == [True, False]
    assert said == {"HOME": "/"}


@pytest.mark.parametrize("count", ["", "x", "-1", "²"])
def test_a_count_that_is_none_hands_nothing_over(count: str) -> None:
    assert from_systemd({"LISTEN_PID": "7", "LISTEN_FDS": count}, 7) == ()


def test_more_sockets_than_any_unit_has_are_refused() -> None:
    with pytest.raises(StartError, match="512 at the most"):
        from_systemd({"LISTEN_PID": "7", "LISTEN_FDS": "100000"}, 7)
