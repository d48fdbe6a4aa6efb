"""Secondaries are told of changes, over loopback sockets (RFC 1996)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import cast

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import pytest

from gtm.model import Zone
from gtm.peering import Secondary, Transfer
from gtm.snapshot import RRset
from gtm.transfer import notify
from gtm.transfer.notify import Notifier, Told
from tests.unit.transfer.transfer_worlds import KEY, SECRET, ZONE
from tests.worlds import eventually, read_zones

SOA = RRset(6, 60, (b"\0\0" + bytes(16) + b"\0\0\0\7",))


class Server(asyncio.DatagramProtocol):
    """A secondary that answers as it is told."""

    def __init__(self, answer: Callable[[dns.message.Message], list[bytes]]) -> None:
        self.answer = answer
        self.asked: list[dns.message.Message] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        keyring = {dns.name.from_text("second."): dns.tsig.Key("second.", SECRET)}
        message = dns.message.from_wire(data, keyring=keyring)
        self.asked.append(message)
        for each in self.answer(message):
            self.transport.sendto(each, addr)


def answered(message: dns.message.Message) -> list[bytes]:
    return [dns.message.make_response(message).to_wire()]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_datagram_endpoint(
        lambda: Server(answered), local_addr=("127.0.0.1", 0)
    )
    yield made
    transport.close()


def told(port: int, key: str | None) -> tuple[Zone, Secondary]:
    (zone,) = read_zones({"a.yaml": ZONE.replace("VIEW", "all")})
    secondary = Secondary(ip_address("127.0.0.1"), port, key)
    return replace(zone, transfer=Transfer((), (secondary,))), secondary


async def outcome(port: int, key: str | None = None) -> tuple[str, Notifier]:
    zone, secondary = told(port, key)
    notifier = Notifier(lambda: 7, lambda: 1000.0)
    if key is not None:  # dnspython signs and judges by the time now
        import time

        notifier._now = time.time
    notifier.tell(zone, 5, SOA, {KEY.name: KEY})
    await eventually(lambda: bool(notifier.told[zone.name, secondary].outcome))
    found = notifier.told[zone.name, secondary]
    await notifier.close()
    assert found.serial == 5
    return found.outcome, notifier


def port_of(server: Server) -> int:
    port: int = server.transport.get_extra_info("sockname")[1]
    return port


async def test_a_secondary_is_asked_about_the_soa_and_answers(server: Server) -> None:
    found, notifier = await outcome(port_of(server))
    assert found == "answered"
    (message,) = server.asked
    assert message.opcode() == dns.opcode.NOTIFY
    assert message.flags & dns.flags.AA
    assert message.question[0].to_text() == "gtm.example. IN SOA"
    assert notifier.counts == {("gtm.example.", "answered"): 1}


async def test_with_a_key_both_are_signed(server: Server) -> None:
    assert (await outcome(port_of(server), "second."))[0] == "answered"
    assert server.asked[0].had_tsig


async def test_an_answer_without_a_signature_counts_for_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PATIENCE", (5.0, 5.0))

    def unsigned(message: dns.message.Message) -> list[bytes]:
        response = dns.message.make_response(message)
        response.tsig = None
        return [response.to_wire()]

    server.answer = unsigned
    found, _ = await outcome(port_of(server), "second.")
    assert found == "its answer is not signed with the key"
    assert len(server.asked) == 2


async def test_it_is_told_again_until_it_answers(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PATIENCE", (0.0, 0.0, 30.0))
    server.answer = lambda message: answered(message) if len(server.asked) == 3 else []
    assert (await outcome(port_of(server)))[0] == "answered"


async def test_who_refuses_is_not_told_again(server: Server) -> None:
    def refused(message: dns.message.Message) -> list[bytes]:
        response = dns.message.make_response(message)
        response.set_rcode(dns.rcode.NOTAUTH)
        return [response.to_wire()]

    server.answer = refused
    found, notifier = await outcome(port_of(server))
    assert found == "it answered NOTAUTH"
    assert len(server.asked) == 1
    assert notifier.counts == {("gtm.example.", "failed"): 1}


async def test_other_datagrams_are_no_answer(server: Server) -> None:
    def noise(message: dns.message.Message) -> list[bytes]:
        other = dns.message.make_response(message)
        other.id ^= 1
        return [b"", b"\0\7", other.to_wire(), *answered(message)]

    server.answer = noise
    assert (await outcome(port_of(server)))[0] == "answered"


async def test_nobody_there_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "PATIENCE", (0.0, 0.0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))  # nobody reads it
        found, _ = await outcome(sock.getsockname()[1])
    assert found == "no answer"


async def test_one_serial_is_told_once_and_a_newer_takes_its_place(server: Server) -> None:
    zone, secondary = told(port_of(server), None)
    notifier = Notifier(lambda: 7, lambda: 1000.0)
    server.answer = lambda message: []
    notifier.tell(zone, 5, SOA, {})
    notifier.tell(zone, 5, SOA, {})
    await eventually(lambda: bool(server.asked))
    assert len(server.asked) == 1
    server.answer = answered
    notifier.tell(zone, 6, SOA, {})
    await eventually(lambda: notifier.told[zone.name, secondary] == Told(6, "answered"))
    await notifier.close()


async def test_a_key_that_is_not_there_is_said() -> None:
    zone, secondary = told(9, "second.")
    notifier = Notifier(lambda: 7, lambda: 1000.0)
    notifier.tell(zone, 5, SOA, {})
    assert notifier.told[zone.name, secondary] == Told(5, "no key")
