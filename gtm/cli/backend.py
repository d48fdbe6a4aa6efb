"""One of the demo's backends, run as `python -m gtm.cli.backend REGION`.

A small HTTP server on a free port of 127.0.0.1: `/health` answers 200 "ok", `/` the region's
name. It prints its port, and ends when its standard input does, which is when the demo ends,
however that comes about.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers for the region that `server` carries."""

    server: Backend
    timeout = 5.0  # seconds that a client may take over a request

    def do_GET(self) -> None:
        """`/health` or the region's name; every other path is the region's too."""
        text = "ok\n" if self.path == "/health" else f"{self.server.region}\n"
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Says nothing: a probe a second would fill the screen."""


class Backend(ThreadingHTTPServer):
    """The server of one region."""

    daemon_threads = True

    def __init__(self, region: str) -> None:
        """Binds a free port."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.region = region

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: clients that give up are what the demo is about."""


def main() -> None:
    """Serves until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the demo's to handle
    with Backend(sys.argv[1]) as server:
        threading.Thread(target=_end_with_the_demo, daemon=True).start()
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


def _end_with_the_demo() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
