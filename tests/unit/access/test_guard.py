"""Who gets past the guard, over real loopback sockets: by token, by socket, and no page."""

from __future__ import annotations

import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gtm.api.access.acting import Access
from gtm.api.access.guard import BRAKE, Guard
from gtm.api.access.rates import Rates
from gtm.api.access.tokens import Tokens, minted
from gtm.api.app import Api
from gtm.api.routes import ROUTES
from gtm.api.scopes import Scope
from gtm.audit import Trail
from gtm.history import History
from tests.unit.control.test_controller import Stage
from tests.worlds import NobodyTold

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
apps:
  shop: {topology: spread, services: {orders: {us: [192.0.2.1], eu: [198.51.100.1]}}}
"""
NOW = 1000.0
DRAIN = {"act": "drain", "target": "region/eu", "reason": "kernel", "author": "alice"}

Said = tuple[int, dict[str, Any], Any]


class Scene:
    """The API with tokens of each scope, over TCP and over a Unix socket."""

    def __init__(self, access: Access, guard: Guard, url: str, socket: Path) -> None:
        self.access, self.guard, self.url, self._socket = access, guard, url, socket
        self.texts: dict[str, str] = {}
        self.paused: list[float] = []

    def with_tokens(self, **scopes: frozenset[Scope]) -> None:
        pairs = {
            name: minted(name, held, NOW, "alice", NOW + 60, os.urandom)
            for name, held in scopes.items()
        }
        self.texts = {name: text for name, (_, text) in pairs.items()}
        self.access.tokens.tokens = Tokens(token for token, _ in pairs.values())
        self.access.tokens.needed = True

    @asynccontextmanager
    async def stream(
        self, token: str | None = None, unix: bool = False
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        connector = aiohttp.UnixConnector(str(self._socket)) if unix else aiohttp.TCPConnector()
        shown = {} if token is None else {"Authorization": f"Bearer {self.texts[token]}"}
        async with (
            aiohttp.ClientSession(connector=connector, headers=shown) as session,
            session.get(f"{self.url}/v1/events") as answer,
        ):
            assert answer.status == 200
            yield answer

    async def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: object = None,
        unix: bool = False,
        **headers: str,
    ) -> Said:
        connector = aiohttp.UnixConnector(str(self._socket)) if unix else aiohttp.TCPConnector()
        shown = {key.replace("_", "-"): value for key, value in headers.items()}
        if token is not None:
            shown["Authorization"] = f"Bearer {self.texts.get(token, token)}"
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, f"{self.url}{path}", json=body, headers=shown) as answer,
        ):
            text = await answer.text()
            found = {} if not text.startswith("{") else await answer.json()
            return answer.status, found, answer.headers


def noon() -> float:
    return NOW


@asynccontextmanager
async def scene(tmp_path: Path, calls: Rates | None = None) -> AsyncIterator[Scene]:
    stage = Stage(tmp_path)
    stage.write(ZONE)
    await stage.controller.start()
    access = Access(Trail(None, noon), calls=calls or Rates(1e6, 1e6))
    api = Api(stage.controller, [], noon, History(None, noon), NobodyTold(), access=access)
    guard = api.guard
    guard.clock = noon
    application = api.application()
    socket = tmp_path / "s.sock"
    async with TestServer(application, host="127.0.0.1") as server:
        assert server.runner is not None
        await web.UnixSite(server.runner, socket).start()
        found = Scene(access, guard, str(server.make_url("")).rstrip("/"), socket)

        async def pause(seconds: float) -> None:
            found.paused.append(seconds)

        guard.pause = pause
        yield found


ALL = {
    "reader": frozenset({Scope.READ}),
    "reporter": frozenset({Scope.REPORT}),
    "operator": frozenset({Scope.OPERATE}),
}


async def test_every_call_asks_for_its_scope_and_for_no_other(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        seconds = count(0.0, 60.0)
        at.guard.clock = lambda: next(seconds)  # nobody is refused for asking often
        for route in ROUTES:
            if route.scope is Scope.OPEN or route.path == "/v1/events":
                continue
            for name, scopes in ALL.items():
                allowed = route.scope in scopes or (
                    name == "operator" and route.scope is Scope.READ
                )
                status, said, _ = await at.ask(route.method, route.path, name)
                assert (status not in (401, 403)) is allowed, (route.path, name, said)
            status, said, headers = await at.ask(route.method, route.path)
            assert status == 401, route.path
            assert f"cannot {route.act}: a token is needed here" in said["error"]
            assert headers["WWW-Authenticate"] == 'Bearer realm="gtm"'


async def test_health_is_everyones_to_ask_by_any_name(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        assert (await at.ask("GET", "/healthz", Host="gtm.example.com"))[0] == 200
        at.with_tokens(**ALL)
        assert (await at.ask("GET", "/readyz", token="wrong"))[0] == 200


async def test_who_has_no_token_is_told_what_there_is_to_know(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        status, said, _ = await at.ask("GET", "/v1/whoami")
        assert (status, said["via"], said["tokens_needed"]) == (200, "loopback", False)
        at.with_tokens(**ALL)
        status, said, _ = await at.ask("GET", "/v1/whoami")
        assert status == 200
        assert said == {"name": "127.0.0.1", "via": "nothing", "scopes": [], "tokens_needed": True}
        status, said, _ = await at.ask("GET", "/v1/whoami", "operator")
        assert (said["name"], said["scopes"]) == ("operator", ["read", "operate"])
        assert (await at.ask("GET", "/v1/whoami", "wrong"))[0] == 401


async def test_a_token_that_lacks_the_scope_is_told_which(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        status, said, headers = await at.ask("POST", "/v1/overrides", "reader", DRAIN)
        assert status == 403
        assert said["error"] == (
            "cannot add an override: the token reader may read, and this needs operate; "
            "make one with `gtm keys token add NAME --scope operate`"
        )
        assert 'error="insufficient_scope", scope="operate"' in headers["WWW-Authenticate"]


async def test_an_expired_token_is_refused_by_its_name(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        at.guard.now = lambda: NOW + 60
        status, said, headers = await at.ask("GET", "/v1/status", "reader")
        assert status == 401
        assert "the token reader has expired" in said["error"]
        assert 'error="invalid_token"' in headers["WWW-Authenticate"]


async def test_the_unix_socket_is_trusted_and_says_whose_process_it_is(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        status, said, _ = await at.ask("GET", "/v1/whoami", unix=True, Host="anything")
        assert status == 200
        assert (said["name"], said["via"]) == (pwd.getpwuid(os.getuid()).pw_name, "unix")
        assert said["scopes"] == ["read", "report", "operate"]


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "Via", "X_Real_IP"])
async def test_a_proxy_lends_nobody_its_place_on_this_machine(tmp_path: Path, header: str) -> None:
    passed: dict[str, Any] = {header: "for=192.0.2.7"}
    async with scene(tmp_path) as at:
        for unix in (False, True):
            status, said, _ = await at.ask("POST", "/v1/overrides", None, DRAIN, unix, **passed)
            assert status == 403
            assert "cannot add an override through a proxy without a token" in said["error"]
            assert "gtm keys token add" in said["error"]
        assert (await at.ask("GET", "/healthz", **passed))[0] == 200
        at.with_tokens(**ALL)
        for unix in (False, True):
            assert (await at.ask("GET", "/v1/status", None, None, unix, **passed))[0] == 401
            assert (await at.ask("GET", "/v1/status", "reader", None, unix, **passed))[0] == 200
            status, said, _ = await at.ask("GET", "/v1/whoami", None, None, unix, **passed)
            assert (status, said["scopes"]) == (200, [])


async def test_what_nginx_sends_by_default_is_a_proxys(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        url, old = f"{at.url}/v1/status", aiohttp.HttpVersion10
        async with aiohttp.ClientSession(version=old) as session, session.get(url) as answer:
            assert answer.status == 403
            assert "HTTP/1.0" in (await answer.json())["error"]


async def test_a_token_on_the_unix_socket_counts_too(tmp_path: Path) -> None:
    # a proxy in front of the socket hands on what its clients show
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        assert (await at.ask("POST", "/v1/reload", "reader", unix=True))[0] == 403
        assert (await at.ask("POST", "/v1/reload", "wrong", unix=True))[0] == 401


async def test_no_page_passes_for_this_machine(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        rebound = await at.ask("GET", "/v1/status", Host="evil.example")
        posted = await at.ask("POST", "/v1/reload", Origin="http://evil.example")
        sent = await at.ask("DELETE", "/v1/overrides?number=1", Sec_Fetch_Site="cross-site")
        for status, said, _ in (rebound, posted, sent):
            assert status == 403
            assert "docs/security.md" in said["error"]
        assert (await at.ask("POST", "/v1/reload", Sec_Fetch_Site="same-origin"))[0] == 200


async def test_every_answer_tells_browsers_to_make_nothing_of_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        for path in ("/v1/status", "/healthz", "/metrics", "/nowhere"):
            _, _, headers = await at.ask("GET", path)
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert headers["Server"] == "gtm"


async def test_who_asks_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    async with scene(tmp_path, Rates(0.1, 3)) as at:
        at.with_tokens(**ALL)
        found = [await at.ask("GET", "/v1/status", "reader") for _ in range(4)]
        assert [status for status, _, _ in found] == [200, 200, 200, 429]
        assert found[3][2]["Retry-After"] == "10"
        assert at.paused == [BRAKE]
        assert (await at.ask("GET", "/v1/status", "operator"))[0] == 200
        for _ in range(5):
            assert (await at.ask("GET", "/v1/status", unix=True))[0] == 200


async def test_failures_slow_an_address_down_and_lock_no_good_token_out(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        found = [(await at.ask("GET", "/v1/status", "wrong"))[0] for _ in range(30)]
        assert found == [401] * 20 + [429] * 10
        assert (await at.ask("GET", "/v1/status", "reader"))[0] == 200


async def test_an_act_leaves_a_line_with_whose_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        lines: list[Any] = []
        monkeypatch.setattr("gtm.audit.log_act", lines.append)
        await at.ask("POST", "/v1/overrides", "operator", DRAIN)
        await at.ask("DELETE", "/v1/overrides?target=region/eu", "operator")
        await at.ask("DELETE", "/v1/overrides?target=region/eu", "operator")
        await at.ask("POST", "/v1/reload", unix=True)
        await at.ask("POST", "/v1/overrides", "reader", DRAIN)
    assert [(line.act, line.who, line.via) for line in lines] == [
        ("drain", "operator", "token"),
        ("take back drain", "operator", "token"),
        ("reload", pwd.getpwuid(os.getuid()).pw_name, "unix"),
    ]
    drained, back, _ = lines
    assert (drained.target, drained.reason, drained.author) == ("region/eu", "kernel", "alice")
    assert (drained.before, drained.origin) == ("no override", "127.0.0.1")
    assert "orders.gtm.example.com/eu up → drained" in drained.after
    assert back.before == "drain, by alice: kernel"


async def test_a_stream_ends_with_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtm.api.events.LOOK", 0.01)
    async with scene(tmp_path) as at:
        for unix in (False, True):
            at.with_tokens(**ALL)
            async with at.stream("reader", unix=unix) as stream:
                await stream.content.readuntil(b"event: hello")
                at.with_tokens(reader=ALL["reader"])  # the same name, another token
                await stream.content.read()  # to its end


async def test_a_stream_without_a_token_ends_when_tokens_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtm.api.events.LOOK", 0.01)
    async with scene(tmp_path) as at, at.stream() as here, at.stream(unix=True) as trusted:
        await here.content.readuntil(b"event: hello")
        at.with_tokens(**ALL)
        await here.content.read()
        await trusted.content.readuntil(b"event: hello")
        assert not trusted.content.at_eof()


async def test_when_a_token_was_used_last_is_known(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        at.with_tokens(**ALL)
        await at.ask("GET", "/v1/status", "reader")
        _, said, _ = await at.ask("GET", "/v1/tokens", "operator")
        used = {one["name"]: one["last_used"] for one in said["tokens"]}
        assert used == {"reader": NOW, "reporter": None, "operator": NOW}
        assert "sha256" not in str(said)


async def test_buckets_are_bounded() -> None:
    rates = Rates(1.0, 1.0, kept=10)
    for number in range(1000):
        assert not rates.take(str(number), 0.0)
    assert rates.kept == 10
    assert rates.take("999", 0.0) == 1.0
