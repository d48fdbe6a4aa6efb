"""Real servers for system tests: `gtm serve` as a process, HTTP backends, all on loopback."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.message
import dns.query

from tests.worlds import SAMPLE

GTM = Path(sys.executable).parent / "gtm"
PATIENCE = 20.0  # seconds that anything here may take on a slow machine


def free_port() -> int:
    """A port that is free now, for UDP and TCP."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(what: str, done: Callable[[], bool]) -> None:
    """Waits until something holds; fails saying what did not."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.02)


class Backend:
    """A little HTTP server on one loopback address, that can be killed and revived."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.status = 200
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *arguments: object) -> None: ...

        self._server = ThreadingHTTPServer((self.address, self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def kill(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Gtm:
    """A running `gtm serve`."""

    def __init__(
        self, folder: Path, zones: Path, *arguments: str, geoip: str = str(SAMPLE)
    ) -> None:
        self.port = free_port()
        self.socket = folder / "gtm.sock"
        self.log = folder / "gtm.log"
        command = [str(GTM), "serve", str(zones), "--listen", f"127.0.0.1:{self.port}"]
        command += ["--listen", f"[::1]:{self.port}", "--api", f"unix:{self.socket}"]
        command += ["--geoip", geoip, "--log-format", "json", *arguments]
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("GTM_")
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log, env=environment)

    def wait(self) -> Gtm:
        until(f"answering; its log: {self.log.read_text()}", self._answers_or_ended)
        assert self.process.poll() is None, self.log.read_text()
        return self

    def _answers_or_ended(self) -> bool:
        return self.process.poll() is not None or "answering" in self.events()

    def events(self, level: str | None = None) -> list[str]:
        return [
            event["event"] for event in self.records() if level is None or event["level"] == level
        ]

    def records(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def ask(self, name: str, rrtype: str = "A", **query: Any) -> dns.message.Message:
        message = dns.message.make_query(name, rrtype, **query)
        return dns.query.udp(message, "127.0.0.1", PATIENCE, self.port)

    def address(self, name: str, **query: Any) -> str:
        """The first address of the answer."""
        answer = self.ask(name, **query).answer
        return answer[0][0].to_text() if answer else "none"

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        connection = UnixConnection(self.socket)
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def status(self) -> dict[str, Any]:
        status, body = self.get("/v1/status")
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def metric(self, name: str) -> float:
        """The value of a metric line, found by its beginning."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name}")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_gtm(*arguments, "--api", f"unix:{self.socket}")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE)


def plain_environment() -> dict[str, str]:
    """The environment without settings of ours."""
    return {key: value for key, value in os.environ.items() if not key.startswith("GTM_")}


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


def run_gtm(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A gtm command, to its end."""
    return subprocess.run(
        [str(GTM), *arguments], capture_output=True, text=True, timeout=PATIENCE * 2, cwd=cwd
    )


@contextmanager
def serving(folder: Path, zones: Path, *arguments: str, geoip: str = str(SAMPLE)) -> Iterator[Gtm]:
    """A running server, stopped at the end."""
    server = Gtm(folder, zones, *arguments, geoip=geoip)
    try:
        yield server.wait()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait(PATIENCE)


def needs(program: str, package: str) -> str:
    """Where a program is; the test is skipped, saying how to install it, if it is not there."""
    import pytest

    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/bin")
    if found is None:
        pytest.skip(f"{program} is not installed: apt-get install {package}")
    return found
