"""Asking a running server over its Unix socket, or over TCP.

The standard library's HTTP client is enough for one request, and is quick to import.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from gtm.errors import GtmError, ServerError, UsageError

TIMEOUT = 10.0  # seconds for a whole answer: the server has it at hand
RELOAD_TIMEOUT = 300.0  # seconds: large zones and databases take their time to load
HTTP_PORT = 80

Answer = TypeVar("Answer", bound=BaseModel)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True, slots=True)
class Client:
    """A server to ask. `at` is `unix:PATH`, `http://ADDR:PORT` or `ADDR:PORT`.

    `patience` is how many seconds an answer may take that the server has at hand; None is usual.
    """

    at: str
    patience: float | None = None

    def get(self, path: str, shape: type[Answer], query: Mapping[str, str] | None = None) -> Answer:
        """What the server says. Raises ServerError, or UsageError where the question is wrong."""
        target = f"{path}?{urlencode(query)}" if query else path
        status, body = self._request("GET", target, self.patience or TIMEOUT)
        if status != http.HTTPStatus.OK:
            raise self._refusal(status, body)
        return self._understood(shape, body)

    def post(self, path: str, shape: type[Answer], also: tuple[int, ...] = ()) -> Answer:
        """The outcome of an act; statuses in `also` carry one as well. Raises ServerError."""
        status, body = self._request("POST", path, RELOAD_TIMEOUT)
        if status not in (http.HTTPStatus.OK, *also):
            raise self._refusal(status, body)
        return self._understood(shape, body)

    def act(
        self,
        method: str,
        path: str,
        shape: type[Answer],
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """The outcome of an act on what is served, `body` sent as JSON.

        Raises GtmError where the server can't do it as it was said, ServerError where it refuses.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        status, answer = self._request(method, target, TIMEOUT, body)
        if status == http.HTTPStatus.OK:
            return self._understood(shape, answer)
        sentence = _sentence(answer)
        if sentence and status in (http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.NOT_FOUND):
            raise GtmError(sentence)
        if sentence and status == http.HTTPStatus.CONFLICT:
            raise ServerError(sentence)
        raise self._refusal(status, answer)

    def answers(self) -> bool:
        """Whether anything listens there."""
        connection = self._connection(TIMEOUT)
        try:
            connection.connect()
        except OSError:
            return False
        finally:
            connection.close()
        return True

    def _request(
        self, method: str, target: str, timeout: float, body: object = None
    ) -> tuple[int, bytes]:
        connection = self._connection(timeout)
        sent = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, target, sent, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError as error:
            raise ServerError(
                f"cannot get an answer from gtm at {self.at}: none in {timeout:.0f} s; "
                "look at its log"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f"cannot reach gtm at {self.at}: {_why(error)}") from error
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self.at.startswith("unix:"):
            return _UnixConnection(self.at.removeprefix("unix:"), timeout)
        host, port = _host_and_port(self.at)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _refusal(self, status: int, body: bytes) -> ServerError | UsageError:
        text = _sentence(body)
        if status == http.HTTPStatus.BAD_REQUEST:
            return UsageError(text)
        if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            return ServerError(f"cannot ask gtm at {self.at} yet: {text}; try again in a moment")
        what = f"it answered HTTP {status}" + (f", {text}" if text else "")
        return ServerError(f"cannot ask {self.at}: {what}; is that gtm's API?")

    def _understood(self, shape: type[Answer], body: bytes) -> Answer:
        try:
            return shape.model_validate_json(body)
        except ValidationError as error:
            raise ServerError(
                f"cannot understand what {self.at} answered: it is not gtm, or gtm of another "
                "version; use the gtm command that the server was started with"
            ) from error


def server(api: str | None, environment: Mapping[str, str]) -> Client:
    """The server to ask: the flag's, GTM_API's (its Unix socket first), or the usual socket."""
    if api is not None:
        return Client(_checked(api))
    named = [text.strip() for text in environment.get("GTM_API", "").split(",") if text.strip()]
    if named:
        return Client(_checked(min(named, key=lambda text: not text.startswith("unix:"))))
    from gtm.settings import default_socket

    return Client(f"unix:{default_socket(environment)}")


def _checked(api: str) -> str:
    if api.startswith("unix:"):
        if not Path(api.removeprefix("unix:")).name:
            raise UsageError(f"cannot use --api {api}: write the socket's path, unix:/run/gtm.sock")
        return api
    _host_and_port(api)
    return api


def _host_and_port(api: str) -> tuple[str, int]:
    text = api.removeprefix("http://").rstrip("/")
    host, colon, port = text.rpartition(":")
    if colon and host and "/" not in host and port.isdecimal() and int(port) < 1 << 16:
        return host.strip("[]"), int(port)
    if api.startswith("http://") and text and not colon and "/" not in text:
        return text, HTTP_PORT
    raise UsageError(
        f"cannot use --api {api}: write unix:/run/gtm/gtm.sock, 127.0.0.1:8053 "
        "or http://127.0.0.1:8053"
    )


def _why(error: Exception) -> str:
    remedy = "is it running? start it with gtm serve"
    if isinstance(error, FileNotFoundError):
        return f"there is no such socket; {remedy}"
    if isinstance(error, PermissionError):
        return "this user may not use the socket; run as the server's user or group, or as root"
    if isinstance(error, OSError):
        return f"{(error.strerror or str(error)).lower()}; {remedy}"
    return f"the answer is not HTTP ({type(error).__name__}); is that gtm's API?"


def _sentence(body: bytes) -> str:
    """The server's own words, from JSON or plain text."""
    text = body.decode(errors="replace").strip()
    try:
        content = json.loads(text)
    except ValueError:
        return text.splitlines()[0][:200] if text else ""
    if isinstance(content, dict) and isinstance(content.get("error"), str):
        return str(content["error"])
    return ""
