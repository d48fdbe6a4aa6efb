"""Floods an API, until it is killed: `python -m tests.system.flood KIND ADDRESS PORT`.

Once a second it prints how many requests or connections it has made so far.
"""

from __future__ import annotations

import contextlib
import itertools
import selectors
import socket
import sys
import time
from collections.abc import Iterator

WRONG = f"gtm_00000000_{'0' * 64}"
ASKED = (
    f"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {WRONG}\r\n\r\n"
).encode()
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # how a handshake begins
OPEN = 400  # connections that are held at once: more than there is room for
BURST = 100  # connections that are begun together
SHORT = 0.02  # seconds that they get to come about: a full queue makes nobody wait


def requests(at: tuple[str, int]) -> Iterator[int]:
    """Requests on connections that are kept, each answered before the next."""
    made = 0
    socks = [socket.create_connection(at) for _ in range(20)]
    while True:
        for index, sock in enumerate(socks):
            try:
                sock.sendall(ASKED)
                if not sock.recv(65536):
                    raise ConnectionResetError
            except OSError:
                sock.close()
                socks[index] = socket.create_connection(at)
            made += 1
            yield made


def connections(at: tuple[str, int]) -> Iterator[int]:
    """A connection for each request, many at once, and nobody waits for an answer."""
    made = 0
    while True:
        waiting = selectors.DefaultSelector()
        for _ in range(BURST):
            sock = socket.socket()
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(at)
            waiting.register(sock, selectors.EVENT_WRITE, sock)
        ready = [key.data for key, _ in waiting.select(SHORT)]
        for sock in ready:
            with contextlib.suppress(OSError):
                sock.send(ASKED)
        for key in list(waiting.get_map().values()):
            key.data.close()
        waiting.close()
        made += len(ready)
        yield made


def held(at: tuple[str, int], octets: bytes) -> Iterator[int]:
    """Connections that say something and then read nothing, over and over."""
    kept: list[socket.socket] = []
    for made in itertools.count(1):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        sock.connect(at)
        with contextlib.suppress(OSError):
            sock.sendall(octets)
        kept.append(sock)
        if len(kept) > OPEN:
            kept.pop(0).close()
        yield made


def main(kind: str, address: str, port: str) -> None:
    """Until it is killed."""
    at = (address, int(port))
    floods = {
        "requests": lambda: requests(at),
        "connections": lambda: connections(at),
        "unread": lambda: held(at, ASKED * 50),
        "unfinished": lambda: held(at, ASKED[:40]),
        "handshakes": lambda: held(at, HELLO),
    }
    made, begun, said = 0, time.monotonic(), 0
    while True:
        before = made
        with contextlib.suppress(OSError):
            for more in floods[kind]():
                made = before + more
                if (second := int(time.monotonic() - begun)) > said:
                    said = second
                    print(made, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
