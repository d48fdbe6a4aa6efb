"""Who resets the connection is not taken for somebody who is trusted.

Runs on uvloop, as servers do: it asks the kernel for a client's address each time, and there is
none once the connection was reset. uvloop is installed with the extra `dev`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import uvloop
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gtm.api.access.acting import Access
from gtm.api.access.callers import peer_of
from gtm.api.access.tokenfile import TokenFile
from gtm.api.access.tokens import Tokens, minted
from gtm.api.app import Api
from gtm.api.connection import Runner
from gtm.api.scopes import Scope
from gtm.audit import Trail
from gtm.history import History
from tests.unit.control.test_controller import Stage
from tests.worlds import NobodyTold

NOW = 1000.0
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
apps:
  shop: {topology: spread, services: {orders: {us: [192.0.2.1], eu: [198.51.100.1]}}}
"""
DRAIN = {"act": "drain", "target": "region/eu", "reason": "kernel", "author": "nobody"}
BODY = json.dumps(DRAIN).encode()
REQUEST = b"POST /v1/overrides HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
REQUEST += b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
TRIES = 50  # nearly each of them got through, while a lack of address was taken for a Unix socket
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets (socket(7))


def test_a_request_that_is_followed_by_a_reset_needs_a_token_too(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        drained, status = runner.run(_attacked(tmp_path))
    assert drained == []
    assert status == 200


async def _attacked(folder: Path) -> tuple[list[str], int]:
    """What was drained by requests without a token, and how a token is answered after them."""
    stage = Stage(folder)
    stage.write(ZONE)
    await stage.controller.start()
    token, text = minted("o", frozenset({Scope.OPERATE}), NOW, "alice", None, os.urandom)
    tokens = TokenFile(None, tokens=Tokens([token]), needed=True)
    access = Access(Trail(None, lambda: NOW), tokens)
    history = History(None, lambda: NOW)
    api = Api(stage.controller, [], lambda: NOW, history, NobodyTold(), access=access)
    runner = Runner(api.application(), api.room)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    for _ in range(TRIES):
        with socket.create_connection(("127.0.0.1", int(site.port))) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.sendall(REQUEST)
        await asyncio.sleep(0)
    headers = {"Authorization": f"Bearer {text}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"http://127.0.0.1:{site.port}/v1/overrides") as answer,
    ):
        found, status = await answer.json(), answer.status
    await runner.cleanup()
    return [one["target"] for one in found["overrides"]], status


class Reset(asyncio.Transport):
    """A connection over TCP that was reset."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return SimpleNamespace(family=socket.AF_INET) if name == "socket" else default


def test_a_lack_of_address_is_no_unix_socket() -> None:
    assert peer_of(make_mocked_request("GET", "/", transport=Reset())) is None
