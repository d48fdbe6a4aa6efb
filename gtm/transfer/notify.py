"""Telling secondaries that a zone has changed (NOTIFY, RFC 1996)."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from gtm.dns import tsig
from gtm.dns.message import AA, QR, parse_answer
from gtm.dns.names import to_wire
from gtm.dns.types import IN, Opcode, Rcode, Type
from gtm.model import Zone
from gtm.peering import Secondary, SharedKey
from gtm.snapshot import RRset

log = structlog.get_logger("gtm")

PATIENCE = (2.0, 4.0, 8.0, 16.0, 30.0, 60.0)  # seconds for an answer, try after try
AT_ONCE = 64  # secondaries that are waited for at once


@dataclass(frozen=True, slots=True)
class Told:
    """The last NOTIFY to a secondary: the serial, and whether it was answered; "" is not yet."""

    serial: int
    outcome: str = ""


class Notifier:
    """Tells every secondary of a zone, each until it answers or has had its tries.

    A newer serial takes the place of an older one that is still being told.
    """

    def __init__(self, random16: Callable[[], int], now: Callable[[], float]) -> None:
        """`random16` gives IDs of messages, `now` is Unix time."""
        self.counts: Counter[tuple[str, str]] = Counter()  # by zone and outcome
        self.told: dict[tuple[str, Secondary], Told] = {}
        self._random16 = random16
        self._now = now
        self._tasks: dict[tuple[str, Secondary], asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    def tell(self, zone: Zone, serial: int, soa: RRset, keys: Mapping[bytes, SharedKey]) -> None:
        """Begins to tell the secondaries of a zone, if they were not told of this serial."""
        for secondary in zone.transfer.notify if zone.transfer is not None else ():
            about = zone.name, secondary
            if (before := self.told.get(about)) is not None and before.serial == serial:
                continue
            self.told[about] = Told(serial)
            if (running := self._tasks.get(about)) is not None:
                running.cancel()
            key = None if secondary.key is None else keys.get(to_wire(secondary.key))
            if secondary.key is not None and key is None:
                self._end(about, serial, "no key")
                continue
            task = asyncio.create_task(self._tell(about, serial, soa, key))
            self._tasks[about] = task
            task.add_done_callback(partial(self._over, about))

    async def close(self) -> None:
        """Stops telling."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self, about: tuple[str, Secondary], task: asyncio.Task[None]) -> None:
        if self._tasks.get(about) is task:
            del self._tasks[about]

    async def _tell(
        self, about: tuple[str, Secondary], serial: int, soa: RRset, key: SharedKey | None
    ) -> None:
        zone, secondary = about
        why = "no answer"
        async with self._room:
            for patience in PATIENCE:
                message = notification(self._random16(), to_wire(zone), soa)
                mac = b""
                if key is not None:
                    message, mac = tsig.signed(message, key, self._now())
                try:
                    answer = await exchanged(message, secondary, patience)
                except TimeoutError:
                    continue
                except OSError as error:
                    why = error.strerror or str(error)
                    await asyncio.sleep(patience)
                    continue
                why = objection(message, answer, key, mac)
                if not why:
                    return self._end(about, serial, "answered")
                if why.startswith("it answered"):
                    break  # it has heard, and will not hear better of it
        return self._end(about, serial, why)

    def _end(self, about: tuple[str, Secondary], serial: int, outcome: str) -> None:
        zone, secondary = about
        if (told := self.told.get(about)) is not None and told.serial == serial:
            self.told[about] = Told(serial, outcome)
        self.counts[zone, "answered" if outcome == "answered" else "failed"] += 1
        say = log.info if outcome == "answered" else log.warning
        say("notify", zone=zone.rstrip("."), to=str(secondary), serial=serial, outcome=outcome)


def notification(number: int, apex: bytes, soa: RRset) -> bytes:
    """The message: the question for the SOA, and the SOA as a hint (RFC 1996 section 3.7)."""
    head = struct.pack("!6H", number, Opcode.NOTIFY << 11 | AA, 1, 1, 0, 0)
    question = apex + struct.pack("!HH", Type.SOA, IN)
    data = soa.rdata[0]
    return (
        head
        + question
        + b"\xc0\x0c"
        + struct.pack("!HHIH", Type.SOA, IN, soa.ttl, len(data))
        + data
    )


def objection(message: bytes, answer: bytes, key: SharedKey | None, mac: bytes) -> str:
    """What is wrong with the answer to a NOTIFY; "" if nothing is."""
    found = parse_answer(answer)
    if found is None or found.id != int.from_bytes(message[:2], "big"):
        return "an answer to something else"
    if found.opcode != Opcode.NOTIFY:
        return "an answer to something else"
    rcode = found.flags & 15
    if rcode != Rcode.NOERROR:
        name = Rcode(rcode).name if rcode in set(Rcode) else str(rcode)
        return f"it answered {name}"
    if key is None:
        return ""
    if found.signature is None or not tsig.answers(answer, found.signature, key, mac):
        return "its answer is not signed with the key"
    return ""


async def exchanged(message: bytes, secondary: Secondary, patience: float) -> bytes:
    """The answer to a message over UDP. Raises OSError; TimeoutError after so many seconds."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Waiting(message[:2], answer),
        remote_addr=(str(secondary.address), secondary.port),
    )
    try:
        transport.sendto(message)
        return await asyncio.wait_for(answer, patience)
    finally:
        with contextlib.suppress(OSError):
            transport.close()


class _Waiting(asyncio.DatagramProtocol):
    """Takes the first datagram with the ID that was sent, and is one of an answer."""

    def __init__(self, number: bytes, answer: asyncio.Future[bytes]) -> None:
        self._number = number
        self._answer = answer

    def datagram_received(self, data: bytes, addr: object) -> None:
        mine = len(data) > 2 and data[:2] == self._number and data[2] << 8 & QR
        if mine and not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(exc)
