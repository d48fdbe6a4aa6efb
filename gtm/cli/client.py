"""Asking a running server over its Unix socket, or over TCP.

The standard library's HTTP client is enough for one request, and is quick to import.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from gtm.cli import credentials
from gtm.cli.credentials import HOW
from gtm.errors import ServerError, UsageError

TIMEOUT = 10.0  # seconds for a whole answer: the server has it at hand
RELOAD_TIMEOUT = 300.0  # seconds: large zones and databases take their time to load
UNIX, HTTP, HTTPS = "unix:", "http://", "https://"
PORTS = {HTTP: 80, HTTPS: 443}
REFUSALS = (  # whose sentences are whole
    http.HTTPStatus.UNAUTHORIZED,
    http.HTTPStatus.FORBIDDEN,
    http.HTTPStatus.TOO_MANY_REQUESTS,
)

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
    """A server to ask. `at` is `unix:PATH`, `https://HOST:PORT`, `http://HOST:PORT`, `HOST:PORT`.

    `token` is shown over TCP alone; `trust` says whom a server with TLS must be certified by.
    `patience` is how many seconds an answer may take that the server has at hand; None is usual.
    """

    at: str
    token: str | None = field(default=None, repr=False)
    trust: ssl.SSLContext | None = field(default=None, repr=False)
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

        Raises UsageError where it was said wrongly or names what there is not, ServerError where
        the server refuses.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        status, answer = self._request(method, target, TIMEOUT, body)
        if status == http.HTTPStatus.OK:
            return self._understood(shape, answer)
        sentence = _sentence(answer)
        if sentence and status in (http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.NOT_FOUND):
            raise UsageError(sentence)
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
        if self.token is not None and not self.at.startswith(UNIX):
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, target, sent, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError as error:
            raise ServerError(
                f"cannot get an answer from gtm at {self.at}: none in {timeout:.0f} s; "
                "is that the port of its API? else look at its log"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f"cannot reach gtm at {self.at}: {_why(error)}") from error
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if self.at.startswith(UNIX):
            return _UnixConnection(self.at.removeprefix(UNIX), timeout)
        host, port = _host_and_port(self.at)
        if self.at.startswith(HTTPS):
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self.trust)
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _refusal(self, status: int, body: bytes) -> ServerError | UsageError:
        text = _sentence(body)
        if status == http.HTTPStatus.BAD_REQUEST:
            return UsageError(text)
        if status == http.HTTPStatus.UNAUTHORIZED and self.token is None:
            return ServerError(f"{text or f'cannot ask {self.at}: it wants a token'}; then {HOW}")
        if text and status in REFUSALS:
            return ServerError(text)
        if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            return ServerError(f"cannot ask gtm at {self.at} yet: {text}")
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
        return _client(_checked(api), environment)
    named = [text.strip() for text in environment.get("GTM_API", "").split(",") if text.strip()]
    if named:
        at = _checked(min(named, key=lambda text: not text.startswith(UNIX)))
        return _client(at, environment)
    return Client(f"unix:{_usual(environment)}")


def _usual(environment: Mapping[str, str]) -> Path:
    """The usual socket. Raises UsageError where it may be another user's."""
    from gtm.planted import planted
    from gtm.settings import default_socket

    path = default_socket(environment)
    try:
        why = planted(path)
    except OSError:
        return path  # there is none: who connects says so
    if why is not None:
        raise UsageError(f"cannot ask unix:{path}: {why}; name the server's with --api unix:PATH")
    return path


def _client(at: str, environment: Mapping[str, str]) -> Client:
    """With what is shown over TCP. Raises UsageError."""
    if at.startswith(UNIX):
        return Client(at)
    token = credentials.token(environment)
    if at.startswith(HTTPS):
        return Client(at, token, credentials.trust(environment))
    if token is not None and not at.startswith(HTTP) and not _is_here(_host_and_port(at)[0]):
        raise UsageError(
            f"cannot use --api {at}: the token would cross the network in the clear; write "
            f"https://{at}, or http://{at} if something else encrypts"
        )
    return Client(at, token)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(api: str) -> str:
    if api.startswith(UNIX):
        if not Path(api.removeprefix(UNIX)).name:
            raise UsageError(f"cannot use --api {api}: write the socket's path, unix:/run/gtm.sock")
        return api
    _host_and_port(api)
    return api


def _host_and_port(api: str) -> tuple[str, int]:
    scheme = next((known for known in PORTS if api.startswith(known)), "")
    text = api.removeprefix(scheme).rstrip("/")
    host, colon, port = text.rpartition(":")
    if colon and host and "/" not in host and port.isdecimal() and int(port) < 1 << 16:
        return host.strip("[]"), int(port)
    if scheme and text and "/" not in text and (not colon or text.endswith("]")):
        return text.strip("[]"), PORTS[scheme]
    raise UsageError(
        f"cannot use --api {api}: write unix:/run/gtm/gtm.sock, 127.0.0.1:8053 "
        "or https://gtm.example.com:8443"
    )


def _why(error: Exception) -> str:
    remedy = "is it running? start it with gtm serve"
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.lower()
        return f"its certificate is not trusted: {why}; name who signed it with --api-ca FILE"
    if isinstance(error, ssl.SSLError):
        return f"{_spoken(error)}; is it served with https://? else write http://"
    if isinstance(error, FileNotFoundError):
        return f"there is no such socket; {remedy}"
    if isinstance(error, PermissionError):
        return "this user may not use the socket; run as the server's user or group, or as root"
    if isinstance(error, http.client.RemoteDisconnected):
        return "it closed the connection without an answer; is it served with https://?"
    if isinstance(error, OSError):
        return f"{(error.strerror or str(error)).lower()}; {remedy}"
    return f"the answer is not HTTP ({type(error).__name__}); is that gtm's API, or https:// there?"


def _spoken(error: ssl.SSLError) -> str:
    """OpenSSL's reason in words."""
    if error.reason == "WRONG_VERSION_NUMBER":
        return "what answers there does not speak TLS"
    return f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}"


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
