"""Clients of streams without a network: what the event loop would say and hear, by hand."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import trustme

from gtm.dns.transport import Transport
from gtm.networks import Networks
from gtm.planes.back import Back
from gtm.planes.certificate import Keeper
from gtm.planes.limits import READ, StreamLimits
from gtm.planes.proxy import Balancers
from gtm.planes.stats import SocketStats
from gtm.planes.streams.connection import Answer, Connection, Door, Session
from gtm.planes.streams.connections import Connections
from gtm.planes.streams.frames import Frames

NAME = "ns1.gtm.example.com"
BALANCER = "192.0.2.200"


class Wire(asyncio.Transport):
    """The server's end of a connection; what it sends is kept."""

    def __init__(self, host: str, room: int) -> None:
        super().__init__({"peername": (host, 40000)})
        self.sent = bytearray()
        self.reading = True
        self.closing = False
        self.aborted = False
        self._room = room  # octets that the client takes until it has to read

    def take(self) -> bytes:
        """What the client reads."""
        sent = bytes(self.sent)
        self.sent.clear()
        return sent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closing
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return max(0, len(self.sent) - self._room)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True


class Side:
    """A server of connections, whose clock stands still until it is set."""

    def __init__(
        self,
        answer: Callable[[bytes], Answer] = lambda packet: packet[:2] + b"answered",
        limits: StreamLimits | None = None,
        balancers: tuple[str, ...] = (),
    ) -> None:
        self.now = 100.0
        self.asked: list[tuple[str, bytes]] = []
        self._answer = answer
        self.connections = Connections(
            self, lambda: self.now, limits, Balancers(Networks.of(balancers))
        )

    def answer(
        self,
        packet: bytes,
        host: str,
        stats: SocketStats,
        *,
        transport: Transport,
        back: Back | None = None,
    ) -> Answer:
        self.asked.append((host, packet))
        return self._answer(packet)

    def later(self, seconds: float) -> None:
        """Time passes, and the server looks."""
        self.now += seconds
        self.connections.sweep()


class Client:
    """One connection."""

    def __init__(
        self,
        side: Side,
        host: str = "198.51.100.7",
        session: Callable[[Connection], Session] = Frames,
        context: ssl.SSLContext | None = None,
        room: int = 1 << 30,
        stats: SocketStats | None = None,
    ) -> None:
        self.stats = stats or SocketStats("tls" if context else "tcp", "1")
        transport = Transport.TLS if context else Transport.TCP
        door = Door(self.stats, transport, session, (lambda: context) if context else None)
        self.wire = Wire(host, room)
        self.connection = side.connections.on(door)()
        self.connection.connection_made(self.wire)

    def send(self, data: bytes) -> None:
        """What comes off the wire, as the event loop reads it."""
        for at in range(0, len(data), READ):
            piece = data[at : at + READ]
            if self.wire.closing:
                return
            self.connection.get_buffer(-1)[: len(piece)] = piece
            self.connection.buffer_updated(len(piece))

    def dropped(self) -> dict[str, int]:
        return dict(self.stats.dropped)


class SecureClient(Client):
    """One that speaks TLS."""

    def __init__(self, side: Side, keeper: Keeper, *protocols: str, **more: object) -> None:
        context = keeper.https() if "session" in more else keeper.dot()
        super().__init__(side, context=context, **more)  # type: ignore[arg-type]
        trusting = ssl.create_default_context()
        authority().configure_trust(trusting)
        if protocols:
            trusting.set_alpn_protocols(list(protocols))
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trusting.wrap_bio(self._incoming, self._outgoing, server_hostname=NAME)

    def hello(self) -> bytes:
        """The client's first flight."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return self._outgoing.read()
        raise AssertionError("a handshake takes two")

    def shake(self) -> None:
        """The whole handshake."""
        self.send(self.hello())
        self._incoming.write(self.wire.take())
        self.tls.do_handshake()
        self.send(self._outgoing.read())

    def say(self, data: bytes, piece: int = 1 << 20) -> None:
        """Plain octets to the server, on the wire in pieces."""
        self.tls.write(data)
        octets = self._outgoing.read()
        for at in range(0, len(octets), piece):
            self.send(octets[at : at + piece])

    def hear(self) -> bytes:
        """Plain octets of the server; empty at the end."""
        return b"".join(self.records())

    def records(self) -> list[bytes]:
        """The same, as they came: a TLS record at a time."""
        self._incoming.write(self.wire.take())
        heard = []
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            while data := self.tls.read(1 << 16):
                heard.append(data)
        return heard


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def certified(
    folder: Path, *names: str, ends: datetime.datetime | None = None
) -> tuple[Path, Path]:
    """Certificate and key of names, in files as a server has them."""
    issued = authority().issue_cert(*(names or (NAME,)), not_after=ends)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    key.chmod(0o600)
    return certificate, key


def frame(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def frames(data: bytes) -> Iterator[bytes]:
    """The messages in what was heard."""
    while data:
        size = int.from_bytes(data[:2], "big")
        yield data[2 : 2 + size]
        data = data[2 + size :]
