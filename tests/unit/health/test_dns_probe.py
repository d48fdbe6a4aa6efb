"""What the dns probe says of name servers that answer, lie, chatter or keep silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Dns
from gtm.health import dns as probe
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import Outcome
from tests.unit.health.health_backends import serving, silence
from tests.unit.health.probing import aim, measured

AT = "192.0.2.10:7000"
NAME = "orders.gtm.example.com"
A = Dns(NAME)
TOLD = f"NOERROR from {AT} for {NAME} A"

Answerer = Callable[[bytes], Iterator[bytes] | list[bytes]]


def answering(
    *records: str, rcode: str = "NOERROR", flags: int = 0, type_: str = "A"
) -> Callable[[bytes], list[bytes]]:
    """A name server with these records for whatever it is asked."""

    def answer(wire: bytes) -> list[bytes]:
        query = dns.message.from_wire(wire)
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.from_text(rcode))
        reply.flags |= flags
        if records:
            name = query.question[0].name
            reply.answer.append(dns.rrset.from_text(name, 30, "IN", type_, *records))
        return [reply.to_wire()]

    return answer


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, answers: Answerer) -> None:
        self.answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for each in self.answers(data):
            self.transport.sendto(each, addr)


@asynccontextmanager
async def over_udp(answers: Answerer, host: str = "127.0.0.1") -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: NameServer(answers), local_addr=(host, 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.abort()


@asynccontextmanager
async def over_tcp(answers: Answerer) -> AsyncIterator[int]:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        for each in answers(await reader.readexactly(length)):
            writer.write(len(each).to_bytes(2, "big") + each)
        await writer.drain()
        await reader.read()

    async with serving(handler) as port:
        yield port


async def asked(answers: Answerer, what: Dns = A, patience: float = 2.0, **draws: Any) -> Outcome:
    async with (over_tcp if what.tcp else over_udp)(answers) as port:
        return await asked_at(port, what, patience, **draws)


async def asked_at(port: int, what: Dns = A, patience: float = 2.0, **draws: Any) -> Outcome:
    async def attempt(progress: Progress) -> Finding:
        return await probe.ask(what, aim(port), progress, **draws)

    return await measured(attempt, patience)


BOTH = pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])


@BOTH
async def test_an_answer_with_a_record_is_a_success(tcp: bool) -> None:
    outcome = await asked(answering("192.0.2.1"), Dns(NAME, tcp=tcp))
    assert outcome.ok, outcome.reason
    assert outcome.reason == f"{TOLD} after less than 1 ms"


@BOTH
async def test_the_records_asked_for_must_be_there(tcp: bool) -> None:
    server = answering("192.0.2.1", "192.0.2.2")
    assert (await asked(server, Dns(NAME, answers=("192.0.2.2",), tcp=tcp))).ok
    outcome = await asked(server, Dns(NAME, answers=("192.0.2.2", "192.0.2.3"), tcp=tcp))
    assert not outcome.ok
    assert outcome.reason.startswith(f"{TOLD} without 192.0.2.3 but with 192.0.2.1, 192.0.2.2")


@pytest.mark.parametrize(
    ("type_", "record", "wanted"),
    [
        ("AAAA", "2001:db8::1", "2001:DB8:0::1"),
        ("MX", "10 mail.example.com.", "10 MAIL.example.com"),
        ("TXT", '"a b"', '"a b"'),
        ("NS", "ns1.example.com.", "ns1.example.com."),
    ],
)
async def test_records_are_compared_by_what_they_mean(type_: str, record: str, wanted: str) -> None:
    outcome = await asked(answering(record, type_=type_), Dns(NAME, type_, (wanted,)))
    assert outcome.ok, outcome.reason


async def test_an_answer_without_a_record_is_a_failure_unless_that_is_expected() -> None:
    outcome = await asked(answering())
    assert not outcome.ok
    assert outcome.reason.startswith(f"{TOLD} without a record after ")
    assert (await asked(answering(rcode="NXDOMAIN"), Dns(NAME, rcode="NXDOMAIN"))).ok


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NXDOMAIN"])
async def test_another_response_code_is_a_failure(rcode: str) -> None:
    outcome = await asked(answering("192.0.2.1", rcode=rcode))
    assert not outcome.ok
    assert outcome.reason.startswith(f"{rcode} from {AT} for {NAME} A after ")


async def test_a_refusal_need_not_repeat_the_question() -> None:
    def formerr(wire: bytes) -> list[bytes]:
        return [wire[:2] + b"\x80\x01" + bytes(8)]

    assert (await asked(formerr)).reason.startswith(f"FORMERR from {AT} ")


async def test_a_truncated_answer_counts_but_is_not_taken_for_whole() -> None:
    cut = answering(flags=dns.flags.TC)
    assert (await asked(cut)).ok
    outcome = await asked(cut, Dns(NAME, answers=("192.0.2.1",)))
    assert outcome.reason.startswith(f"{TOLD}, cut short, without 192.0.2.1 (ask over TCP) after ")


def other_id(wire: bytes) -> bytes:
    return bytes([wire[0] ^ 0xFF]) + wire[1:]


def other_question(wire: bytes) -> bytes:
    return wire.replace(b"\x06orders", b"\x06evilly")


def no_response(wire: bytes) -> bytes:
    return wire[:2] + bytes([wire[2] & 0x7F]) + wire[3:]


STRAYS = pytest.mark.parametrize(
    "spoil",
    [other_id, other_question, no_response, lambda wire: wire[:20], lambda _: b"", bytes.upper],
    ids=["id", "question", "query", "cut", "empty", "garbage"],
)


@BOTH
@STRAYS
async def test_what_does_not_answer_the_question_is_passed_over(
    spoil: Callable[[bytes], bytes], tcp: bool
) -> None:
    right = answering("192.0.2.1")

    def answers(wire: bytes) -> list[bytes]:
        return [spoil(right(wire)[0]), *right(wire)]

    assert (await asked(answers, Dns(NAME, tcp=tcp))).ok


@BOTH
async def test_nothing_but_strays_fails_when_time_is_up(tcp: bool) -> None:
    def answers(wire: bytes) -> list[bytes]:
        return [other_id(answering("192.0.2.1")(wire)[0])]

    outcome = await asked(answers, Dns(NAME, tcp=tcp), patience=0.2)
    assert outcome.reason == f"nothing but answers to other questions from {AT} within 200 ms"


@BOTH
async def test_a_flood_of_strays_is_left(tcp: bool) -> None:
    def answers(wire: bytes) -> list[bytes]:
        return [other_id(wire)] * 150

    outcome = await asked(answers, Dns(NAME, tcp=tcp))
    assert outcome.reason.startswith(f"100 answers to other questions from {AT} after ")


async def test_an_answer_from_elsewhere_is_not_heard() -> None:
    right = answering("192.0.2.1")
    loop = asyncio.get_running_loop()
    elsewhere, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.2", 0)
    )

    class Diverted(NameServer):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            elsewhere.sendto(right(data)[0], addr)

    transport, _ = await loop.create_datagram_endpoint(
        lambda: Diverted(right), local_addr=("127.0.0.1", 0)
    )
    outcome = await asked_at(transport.get_extra_info("sockname")[1], patience=0.2)
    transport.abort()
    elsewhere.abort()
    assert outcome.reason == f"no answer from {AT} within 200 ms"


async def test_silence_and_closed_ports_are_failures(unused_udp_port: int) -> None:
    outcome = await asked(lambda _: [], patience=0.2)
    assert outcome.reason == f"no answer from {AT} within 200 ms"
    outcome = await asked_at(unused_udp_port)
    assert outcome.reason == f"connection to {AT} refused"
    async with serving(silence) as port:
        outcome = await asked_at(port, Dns(NAME, tcp=True), patience=0.2)
    assert outcome.reason == f"connected to {AT}, but no answer from it within 200 ms"


async def test_tcp_that_breaks_off_or_drips_is_a_failure() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2)
        writer.write(b"\x01\x00half")

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"\xff")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(half) as port:
        outcome = await asked_at(port, Dns(NAME, tcp=True))
    assert outcome.reason.startswith(f"connection to {AT} closed without an answer after ")
    async with serving(drip) as port:
        outcome = await asked_at(port, Dns(NAME, tcp=True), patience=0.2)
    assert outcome.reason == f"connected to {AT}, but no answer from it within 200 ms"


async def test_ids_differ_from_probe_to_probe() -> None:
    ids: set[bytes] = set()

    def answers(wire: bytes) -> list[bytes]:
        ids.add(wire[:2])
        return answering("192.0.2.1")(wire)

    drawn = iter(range(7, 10))
    for _ in range(3):
        assert (await asked(answers, draw_id=lambda: next(drawn))).ok
    assert ids == {b"\0\7", b"\0\x08", b"\0\x09"}


QUERY = probe.question(A, 4660)


@given(st.binary(max_size=600))
def test_octets_from_outside_are_an_answer_or_none(octets: bytes) -> None:
    for start in (b"", b"\x12\x34\x80\x00", answering("192.0.2.1")(QUERY.to_wire())[0][:40]):
        answer = probe.read(QUERY, start + octets)
        if answer is not None:
            assert isinstance(probe.judge(A, answer, AT), Finding)


@given(st.data())
def test_spoilt_answers_are_judged_or_passed_over(data: st.DataObject) -> None:
    wire = bytearray(answering("192.0.2.1", "192.0.2.2")(QUERY.to_wire())[0])
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    answer = probe.read(QUERY, bytes(wire))
    if answer is not None:
        probe.judge(Dns(NAME, answers=("192.0.2.1",)), answer, AT)
