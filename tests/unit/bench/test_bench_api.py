"""Asking gtm's API while measuring."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from bench.api import call
from gtm.errors import GtmError

BEFORE_BODY = b"Content-Type: application/json\r\n\r\n"


def answering(path: Path, reply: bytes, heard: list[bytes]) -> threading.Thread:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen()

    def answer() -> None:
        with server, server.accept()[0] as client:
            client.settimeout(10)
            octets = b""
            while not octets.endswith((b"\r\n\r\n", b"}")) or octets.endswith(BEFORE_BODY):
                octets += client.recv(4096)
            heard.append(octets)
            client.sendall(reply)

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


def test_a_call_sends_json_and_gives_what_is_answered(tmp_path: Path) -> None:
    heard: list[bytes] = []
    reply = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"taken": 1}'
    thread = answering(tmp_path / "api.sock", reply, heard)
    assert call(tmp_path / "api.sock", "POST", "/v1/load", {"loads": []}) == {"taken": 1}
    thread.join()
    assert heard[0].startswith(b"POST /v1/load HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in heard[0]


def test_a_refusal_is_an_error_with_what_the_server_said(tmp_path: Path) -> None:
    reply = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nno region"
    thread = answering(tmp_path / "api.sock", reply, [])
    with pytest.raises(GtmError, match="cannot GET /v1/status: no region"):
        call(tmp_path / "api.sock", "GET", "/v1/status")
    thread.join()


def test_no_server_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GtmError, match="cannot GET /v1/status"):
        call(tmp_path / "api.sock", "GET", "/v1/status", timeout=1.0)
