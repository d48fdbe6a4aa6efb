"""What is told to systemd: the datagrams of sd_notify(3), and nothing where nobody listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gtm.notify import LONGEST_STATUS, Notifier, Pulse


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def notifier(heard: socket.socket) -> Notifier:
    return Notifier.of({"NOTIFY_SOCKET": heard.getsockname()}, 7)


def test_each_word_is_one_datagram(heard: socket.socket) -> None:
    telling = notifier(heard)
    telling.status("starting")
    telling.ready("epoch 1")
    telling.alive()
    telling.reloading(12.5)
    telling.succeeded_by(99)
    telling.stopping("stopping")
    assert [heard.recv(4096) for _ in range(6)] == [
        b"STATUS=starting",
        b"READY=1\nSTATUS=epoch 1",
        b"WATCHDOG=1",
        b"RELOADING=1\nMONOTONIC_USEC=12500000",
        b"MAINPID=99",
        b"STOPPING=1\nSTATUS=stopping",
    ]


def test_an_abstract_socket_is_reached(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0gtm-test-notify-" + tmp_path.name)
        Notifier("@gtm-test-notify-" + tmp_path.name).alive()
        assert listening.recv(100, socket.MSG_DONTWAIT) == b"WATCHDOG=1"


def test_a_status_can_not_add_words_of_its_own(heard: socket.socket) -> None:
    notifier(heard).status("cannot load\nREADY=1\n" + "x" * 1000)
    said = heard.recv(4096)
    assert said.count(b"\n") == 0
    assert len(said) == len("STATUS=") + LONGEST_STATUS


@pytest.mark.parametrize("address", ["", "vsock:2:1", "relative/path", "/nobody/listens/here"])
def test_nobody_who_listens_is_no_trouble(address: str) -> None:
    Notifier.of({"NOTIFY_SOCKET": address}, 7).ready("epoch 1")


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"}, 1.5),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_signs_of_life_come_twice_in_the_time_that_systemd_waits(
    environment: dict[str, str], seconds: float | None
) -> None:
    assert Notifier.of(environment, 7).watchdog == seconds


def test_no_sign_of_life_is_given_once_a_thread_that_answers_has_ended(
    heard: socket.socket,
) -> None:
    answering = [True, False, False, True]
    pulse = Pulse(notifier(heard), lambda: answering.pop(0))
    assert [(pulse.beat(), pulse.missed) for _ in range(4)] == [
        (True, 0),
        (False, 1),
        (False, 2),
        (True, 0),
    ]
    assert [heard.recv(100), heard.recv(100)] == [b"WATCHDOG=1", b"WATCHDOG=1"]
    with pytest.raises(BlockingIOError):
        heard.recv(100)
