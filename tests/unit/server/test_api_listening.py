"""Where the API is served, over loopback sockets: what is refused, TLS, and renewals."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiohttp import ClientSession, TCPConnector, web

from gtm.api.access.tokenfile import TokenFile
from gtm.apilistening import HANDSHAKES_PER_CLIENT, BoundApi, bind_api
from gtm.errors import ConfigError, StartError
from gtm.handed import Pool, recognised
from gtm.settings import Settings, parse_api


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA) -> Path:
    certify(tmp_path, authority, "127.0.0.1")
    return tmp_path


def certify(folder: Path, authority: trustme.CA, *names: str) -> None:
    issued = authority.issue_cert(*names)
    (folder / "key.pem").touch(mode=0o600)
    (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
    (folder / "cert.pem").write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))


def settings(folder: Path, *api: str, **more: object) -> Settings:
    places = (*api, f"unix:{folder}/run/gtm.sock")
    return Settings.model_validate({"api": places, **more})


def with_tls(folder: Path, *api: str) -> Settings:
    files = {"api_certificate": folder / "cert.pem", "api_certificate_key": folder / "key.pem"}
    return settings(folder, *api, **files)


@contextlib.asynccontextmanager
async def served(bound: BoundApi) -> AsyncIterator[BoundApi]:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(bound.close)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await bound.serve(stack, runner)
        yield bound


def place(bound: BoundApi) -> str:
    return str(bound.doors[0])


async def fetched(url: str, trust: ssl.SSLContext) -> str:
    async with (
        ClientSession(connector=TCPConnector(ssl=trust)) as session,
        session.get(url) as answer,
    ):
        return await answer.text()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("127.0.0.1:8053", "http://127.0.0.1:8053"),
        ("http://127.0.0.1:8053/", "http://127.0.0.1:8053"),
        ("https://[::]:8443", "https://[::]:8443"),
        ("https://192.0.2.1", "https://192.0.2.1:8053"),
    ],
)
def test_a_place_is_said_as_commands_take_it(text: str, said: str) -> None:
    assert str(parse_api(text)) == said


@pytest.mark.parametrize("place", ["0.0.0.0:0", "[::]:0", "192.0.2.1:8053"])
def test_beyond_loopback_nothing_is_plain_unless_it_is_said(place: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=f"--api https://{place.replace('[', '.').split(':')[0]}"):
        bind_api(settings(folder, place))
    assert not (folder / "run").exists()


def test_beyond_loopback_there_are_tokens(folder: Path) -> None:
    bound = bind_api(settings(folder, "0.0.0.0:0", api_plaintext=True))
    try:
        with pytest.raises(ConfigError, match="without tokens it listens on loopback alone"):
            bound.require_tokens(TokenFile(folder / "tokens.json"))
        bound.require_tokens(TokenFile(None, needed=True))
    finally:
        bound.close()


def test_on_loopback_nothing_is_needed(folder: Path) -> None:
    bound = bind_api(settings(folder, "127.0.0.1:0", "[::1]:0"))
    bound.require_tokens(TokenFile(None))
    bound.close()


def test_tls_needs_a_certificate(folder: Path) -> None:
    with pytest.raises(ConfigError, match="add --api-certificate FILE"):
        bind_api(settings(folder, "https://127.0.0.1:0"))


def test_the_certificate_of_dns_over_tls_does_for_the_api(folder: Path) -> None:
    files = {"certificate": folder / "cert.pem", "certificate_key": folder / "key.pem"}
    bound = bind_api(settings(folder, "https://127.0.0.1:0", **files))
    assert bound.keeper is not None
    bound.close()


def test_several_unix_sockets_are_made_for_owner_and_group_and_go_at_the_end(
    folder: Path,
) -> None:
    bound = bind_api(settings(folder, f"unix:{folder}/other.sock"))
    paths = [folder / "run" / "gtm.sock", folder / "other.sock"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o660, 0o660]
    with pytest.raises(StartError, match="another gtm is serving there"):
        bind_api(settings(folder))
    bound.close()
    assert not any(path.exists() for path in paths)


def test_the_socket_of_a_server_that_took_over_stays(folder: Path) -> None:
    bound = bind_api(settings(folder))
    path = folder / "run" / "gtm.sock"
    path.unlink()
    path.write_text("another's")
    bound.close()
    assert path.exists()


def test_sockets_that_were_open_before_are_used(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as before:
        path = folder / "before.sock"
        before.bind(str(path))
        before.listen()
        bound = bind_api(Settings(api=(f"unix:{path}",)), Pool([recognised(before, "api")]))
        assert [str(door) for door in bound.doors] == [f"unix:{path}"]
        bound.close()
        assert path.exists()


async def test_a_socket_waits_beside_that_of_the_server_it_replaces(folder: Path) -> None:
    old = bind_api(settings(folder))
    path = folder / "run" / "gtm.sock"
    waiting = bind_api(settings(folder), waiting=True)
    number = path.stat().st_ino
    waiting.close()  # it did not get ready
    assert [each.name for each in path.parent.iterdir()] == ["gtm.sock"]
    ready = bind_api(settings(folder), waiting=True)
    ready.doors[0].settle()
    assert path.stat().st_ino != number
    old.close()
    assert path.exists()
    ready.close()
    assert not path.exists()


async def test_tls_is_spoken_and_a_renewed_certificate_is_served(
    folder: Path, authority: trustme.CA
) -> None:
    trust = trusting(authority)
    async with served(bind_api(with_tls(folder, "https://127.0.0.1:0"))) as bound:
        assert await fetched(place(bound), trust) == "hello"
        certify(folder, authority, "127.0.0.1", "renewed.example")
        assert bound.keeper is not None
        bound.keeper.look()
        assert b"renewed.example" in await certificate(place(bound), trust)


async def certificate(url: str, trust: ssl.SSLContext) -> bytes:
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    assert not reader.at_eof() or found
    return found


async def test_half_open_connections_of_one_address_keep_nobody_else_out(
    folder: Path, authority: trustme.CA
) -> None:
    async with served(bind_api(with_tls(folder, "https://127.0.0.1:0"))) as bound:
        port = int(place(bound).rpartition(":")[2])
        silent = [
            await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.9", 0))
            for _ in range(HANDSHAKES_PER_CLIENT + 5)
        ]
        refused = [reader for reader, _ in silent[HANDSHAKES_PER_CLIENT:]]
        assert [await reader.read() for reader in refused] == [b""] * 5
        assert await fetched(place(bound), trusting(authority)) == "hello"
        for _, writer in silent:
            writer.close()


async def test_what_is_not_tls_is_closed(folder: Path, authority: trustme.CA) -> None:
    async with served(bind_api(with_tls(folder, "https://127.0.0.1:0"))) as bound:
        port = int(place(bound).rpartition(":")[2])
        for octets in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 300, b"\x16\x03\x01\xff\xff" * 40):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(octets)
            writer.write_eof()
            await reader.read()
            writer.close()
        assert await fetched(place(bound), trusting(authority)) == "hello"


def test_a_folder_that_is_made_belongs_to_the_user_that_the_server_becomes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Path, str]] = []
    monkeypatch.setattr("gtm.apilistening.os.geteuid", lambda: 0)
    monkeypatch.setattr(
        "gtm.apilistening.shutil.chown", lambda path, user: given.append((path, user))
    )
    for _ in range(2):  # one that was there is left as it is
        bind_api(settings(folder, user="operator")).close()
    assert given == [(folder / "run", "operator")]


def test_where_its_user_may_not_write_a_server_does_not_take_another_ones_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = bind_api(settings(folder), waiting=True)
    waiting.require_places()
    monkeypatch.setattr("gtm.apilistening.os.access", lambda *_, **__: False)
    with pytest.raises(StartError, match=r"user \S+ may not write in .*/run; give it the folder"):
        waiting.require_places()
    waiting.close()
    bind_api(settings(folder)).require_places()  # of one that takes over from nobody
