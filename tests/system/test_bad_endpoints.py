"""A real server's prober against endpoints that misbehave, all at once: each fails for its reason.

In bounded time and memory: the process that makes the probes is looked at from outside.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.system.harness import PATIENCE, Gtm, free_port, until
from tests.unit.health.certificates import Authority

MOST_MEMORY = 200 << 20  # octets resident: Python, TLS and aiohttp take a part of it
ENDLESS = b"x" * 65_536

Behave = Callable[[socket.socket], None]


def silent(there: socket.socket) -> None:
    there.recv(4096)
    there.settimeout(PATIENCE)
    there.recv(4096)


def drip(there: socket.socket) -> None:
    there.recv(4096)
    for octet in b"HTTP/1.1 200 OK\r\nServer: " + ENDLESS:
        there.send(bytes([octet]))
        time.sleep(0.2)


def headers(there: socket.socket) -> None:
    there.recv(4096)
    there.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        there.sendall(b"X-More: " + b"y" * 1000 + b"\r\n")


def body(there: socket.socket) -> None:
    there.recv(4096)
    there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        there.sendall(ENDLESS)


def loop(there: socket.socket) -> None:
    path = there.recv(4096).split()[1]
    other = b"/b" if path == b"/a" else b"/a"
    there.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + other + b"\r\n\r\n")


def well(there: socket.socket) -> None:
    there.recv(4096)
    there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


BAD: dict[str, tuple[str, Behave, str]] = {
    "silent": ("127.0.0.41", silent, r"no answer from \S+ within 1 s"),
    "drip": ("127.0.0.42", drip, r"no answer from \S+ within 1 s"),
    "headers": ("127.0.0.43", headers, r"headers .*too (long|large)|more than"),
    "body": ("127.0.0.44", body, r'HTTP 200 from \S+ without "well" in its body'),
    "loop": ("127.0.0.45", loop, r"HTTP 302 from \S+, a redirect"),
    "expired": ("127.0.0.46", well, r"is not valid for expired\S+: it has expired"),
    "wrong": ("127.0.0.47", well, r"is not valid for wrong\S+: it is for other names"),
}
NOWHERE = r"nowhere.invalid does not resolve"


class Endpoint:
    """Behaves the same way on every connection."""

    def __init__(
        self, address: str, port: int, behave: Behave, tls: ssl.SSLContext | None = None
    ) -> None:
        self.behave, self.tls = behave, tls
        self.socket = socket.create_server((address, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                there = self.socket.accept()[0]
                threading.Thread(target=self._serve, args=(there,), daemon=True).start()

    def _serve(self, there: socket.socket) -> None:
        with suppress(OSError), there:
            if self.tls is None:
                self.behave(there)
            else:
                with self.tls.wrap_socket(there, server_side=True) as secure:
                    self.behave(secure)


def zone(port: int, authority: str) -> str:
    often = f"port: {port}, interval: 1s, timeout: 1s, fall: 2"
    services = "".join(f"      {name}: {{us: {BAD[name][0]}}}\n" for name in BAD)
    services = services.replace("expired: {", "expired: {check: secure, ")
    services = services.replace("wrong: {", "wrong: {check: secure, ")
    return f"""
zone: gtm.example.com
nameservers: {{ns1: [127.0.0.1]}}
regions: {{us: {{location: US}}}}
freeze: {{most: 1s}}
checks:
  web: {{type: http, path: /a, redirects: 9, expect: {{body: well}}, {often}}}
  secure: {{type: https, tls: {{ca: {authority}}}, {often}}}
apps:
  shop:
    topology: spread
    check: web
    services:
{services}      nowhere: {{us: [nowhere.invalid.]}}
"""


@pytest.fixture
def gtm(tmp_path: Path) -> Iterator[Gtm]:
    port, authority = free_port(), Authority.at(tmp_path / "authority")
    tls = {
        "expired": authority.server("expired.gtm.example.com", days=-1),
        "wrong": authority.server("other.example.net"),
    }
    endpoints = [
        Endpoint(address, port, behave, tls.get(name)) for name, (address, behave, _) in BAD.items()
    ]
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "gtm.yaml").write_text(zone(port, authority.file), encoding="utf-8")
    running = Gtm(tmp_path, tmp_path / "zones")
    try:
        yield running.wait()
    finally:
        running.process.kill()
        running.process.wait(PATIENCE)
        for endpoint in endpoints:
            endpoint.socket.close()


def reasons(gtm: Gtm) -> dict[str, str]:
    """Why each service is down, by its key."""
    (app,) = gtm.status()["zones"][0]["apps"]
    return {
        service["name"].partition(".")[0]: endpoint["reason"]
        for service in app["services"]
        for endpoint in service["regions"][0]["endpoints"]
        if endpoint["state"] == "down"
    }


def resident(gtm: Gtm) -> int:
    """Octets that the process that makes the probes has in memory."""
    (child,) = Path(f"/proc/{gtm.process.pid}/task/{gtm.process.pid}/children").read_text().split()
    text = Path(f"/proc/{child}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) * 1024


def test_each_fails_for_its_own_reason_in_bounded_time_and_memory(gtm: Gtm) -> None:
    until("all are down", lambda: reasons(gtm).keys() == {*BAD, "nowhere"})
    until("each has been probed again", lambda: gtm.metric("gtm_probes_total") >= 4 * 8)
    found = reasons(gtm)
    for name, pattern in {
        **{name: bad[2] for name, bad in BAD.items()},
        "nowhere": NOWHERE,
    }.items():
        assert re.search(pattern, found[name]), (name, found[name])
    assert resident(gtm) < MOST_MEMORY
