"""gtm's HTTP API over its Unix socket, as far as measuring needs it."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gtm.errors import GtmError

TIMEOUT = 300.0  # seconds for one call: a reload of everything is one


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("gtm", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def call(
    path: Path,
    method: str,
    url: str,
    body: Mapping[str, object] | None = None,
    timeout: float = TIMEOUT,
) -> dict[str, Any]:
    """What the API answers. Raises GtmError, also where it answers with another status than 200."""
    connection = _Unix(path, timeout)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        connection.request(method, url, json.dumps(body) if body is not None else None, headers)
        reply = connection.getresponse()
        text = reply.read()
    except OSError as error:
        raise GtmError(f"cannot {method} {url}: {error}") from error
    finally:
        connection.close()
    if reply.status != http.client.OK:
        raise GtmError(f"cannot {method} {url}: {text.decode(errors='replace').strip()}")
    answer: dict[str, Any] = json.loads(text)
    return answer
