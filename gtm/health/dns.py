"""The `dns` probe: one question, over UDP or TCP, judged by the code and the records that answer.

Over UDP the socket is connected, so the kernel drops what comes from elsewhere; a datagram that
does not answer the question asked (another id or question, or nothing that can be read) is passed
over until time runs out, as RFC 5452 section 9.1 has it. Nothing is asked twice: a retry would
hide a lossy endpoint.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from gtm.checks import Dns
from gtm.health.aim import Aim
from gtm.health.measure import Finding, Progress

# What fits into a packet on every path: the common EDNS size since the flag day of 2020.
PAYLOAD = 1232

# Answers that don't fit the question, after which an endpoint is not listened to any longer: so
# that a flood of them costs little.
STRAY_LIMIT = 100

# How many of an endpoint's records stand in a reason.
SHOWN = 4
RECORD_SHOWN = 80  # characters of one


def random_id() -> int:
    """A message id that nobody can guess."""
    return secrets.randbelow(1 << 16)


async def ask(
    asked: Dns, aim: Aim, progress: Progress, *, draw_id: Callable[[], int] = random_id
) -> Finding:
    """Ask the question and judge the answer. Raises what sockets do."""
    query = question(asked, draw_id())
    exchange = _over_tcp if asked.tcp else _over_udp
    answer = await exchange(query, aim, progress)
    if isinstance(answer, str):
        return Finding(ok=False, what=answer)
    return judge(asked, answer, str(aim))


def question(asked: Dns, number: int) -> dns.message.Message:
    """The query: recursion desired, which name servers ignore, and EDNS without options."""
    name = dns.name.from_text(asked.name)
    message = dns.message.make_query(name, asked.type, use_edns=0, payload=PAYLOAD)
    message.id = number
    return message


def read(query: dns.message.Message, octets: bytes) -> dns.message.Message | None:
    """The answer to the query; None if these octets are not that."""
    if len(octets) < 12 or int.from_bytes(octets[:2], "big") != query.id:
        return None
    try:
        answer = dns.message.from_wire(octets, ignore_trailing=True, raise_on_truncation=False)
    except Exception:  # whatever hostile octets trip in the parser, they are no answer
        return None
    if not answer.flags & dns.flags.QR or answer.opcode() != query.opcode():
        return None
    if not answer.question and answer.rcode() != dns.rcode.NOERROR:
        return answer  # a refusal need not repeat what it did not read
    return answer if answer.question == query.question else None


def judge(asked: Dns, answer: dns.message.Message, where: str) -> Finding:
    """Whether the answer is the one that is wanted."""
    code = dns.rcode.to_text(answer.rcode())
    from_there = f"{code} from {where} for {asked.name} {asked.type}"
    if code != asked.rcode.upper():
        return Finding(ok=False, what=from_there)
    found = _records(answer, dns.rdatatype.from_text(asked.type))
    cut = ", cut short," if answer.flags & dns.flags.TC else ""
    missing = [text for text in asked.answers if _record(asked.type, text) not in found]
    if missing:
        held = f" but with {_listed(found)}" if found else ""
        hint = " (ask over TCP)" if cut else ""
        what = f"{from_there}{cut} without {', '.join(missing)}{held}{hint}"
        return Finding(ok=False, what=what)
    if not found and not cut and code == "NOERROR" and not asked.answers:
        return Finding(ok=False, what=f"{from_there} without a record")
    return Finding(ok=True, what=from_there)


def _record(type_: str, text: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text(
        dns.rdataclass.IN, type_, text, origin=dns.name.root, relativize=False
    )


def _records(answer: dns.message.Message, type_: dns.rdatatype.RdataType) -> list[dns.rdata.Rdata]:
    """The records of the type in the answer section, whatever chain of names led to them."""
    return [record for each in answer.answer if each.rdtype == type_ for record in each]


def _listed(records: list[dns.rdata.Rdata]) -> str:
    texts = sorted(record.to_text()[:RECORD_SHOWN] for record in records[:SHOWN])
    more = len(records) - SHOWN
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")


# --- over UDP -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Datagrams(asyncio.DatagramProtocol):
    """Waits for the one datagram that answers."""

    query: dns.message.Message
    where: str
    progress: Progress
    answer: asyncio.Future[dns.message.Message | str]
    strays: int = field(default=0)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self.answer.done():
            return
        answer = read(self.query, data)
        if answer is not None:
            self.answer.set_result(answer)
            return
        self.strays += 1
        self.progress.lacking = f"nothing but answers to other questions from {self.where}"
        if self.strays >= STRAY_LIMIT:
            what = f"{self.strays} answers to other questions from {self.where}"
            self.answer.set_result(what)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _over_udp(
    query: dns.message.Message, aim: Aim, progress: Progress
) -> dns.message.Message | str:
    loop = asyncio.get_running_loop()
    waiting = _Datagrams(query, str(aim), progress, loop.create_future())
    transport, _ = await loop.create_datagram_endpoint(
        lambda: waiting, remote_addr=aim.remote(), **aim.dialled()
    )
    try:
        transport.sendto(query.to_wire())
        return await waiting.answer
    finally:
        transport.abort()


# --- over TCP -----------------------------------------------------------------------------


async def _over_tcp(
    query: dns.message.Message, aim: Aim, progress: Progress
) -> dns.message.Message | str:
    host, port = aim.remote()
    async with aim.connecting():
        reader, writer = await asyncio.open_connection(host, port, **aim.dialled())
    try:
        progress.lacking = f"connected to {aim}, but no answer from it"
        wire = query.to_wire()
        writer.write(len(wire).to_bytes(2, "big") + wire)  # RFC 1035 section 4.2.2
        for _ in range(STRAY_LIMIT):
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = read(query, await reader.readexactly(length))
            if answer is not None:
                return answer
            progress.lacking = f"nothing but answers to other questions from {aim}"
    except asyncio.IncompleteReadError:
        return f"connection to {aim} closed without an answer"
    finally:
        writer.transport.abort()
    return f"{STRAY_LIMIT} answers to other questions from {aim}"
