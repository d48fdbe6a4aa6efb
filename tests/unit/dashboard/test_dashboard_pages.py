"""The dashboard's files over HTTP: fresh after an upgrade, kept otherwise, all of them ours."""

import gzip
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gtm.dashboard import Pages
from gtm.dashboard.assets import read

ASSETS = read()
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    pages, app = Pages(ASSETS), web.Application()
    app.router.add_get("/", pages.index)
    app.router.add_get("/static/{name:.+}", pages.static)
    async with TestClient(TestServer(app), auto_decompress=False) as found:
        yield found


async def test_the_page_is_asked_for_anew_and_names_files_that_may_be_kept(client: Client) -> None:
    answer = await client.get("/", headers={"Accept-Encoding": "identity"})
    page = await answer.text()
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(named) >= 5
    for path in named:
        file = await client.get(path)
        assert file.status == 200, path
        assert "immutable" in file.headers["Cache-Control"], path


async def test_a_file_that_is_kept_is_not_sent_again(client: Client) -> None:
    first = await client.get("/static/app.js")
    tag = first.headers["ETag"]
    for sent in (tag, f'W/{tag}, "other"', "*"):
        again = await client.get("/static/app.js", headers={"If-None-Match": sent})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == tag
    other = await client.get("/static/app.js", headers={"If-None-Match": '"other"'})
    assert other.status == 200


async def test_the_mark_of_another_release_gets_the_file_but_may_not_be_kept(
    client: Client,
) -> None:
    answer = await client.get("/static/0123456789ab/app.js")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_files_are_packed_for_who_can_unpack_them(client: Client) -> None:
    packed = await client.get("/static/world.json", headers={"Accept-Encoding": "gzip, br"})
    plain = await client.get("/static/world.json", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(await packed.read()) == await plain.read()
    assert packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/static/nothing.js"])
async def test_nothing_is_loaded_from_elsewhere_and_nobody_frames_it(
    client: Client, path: str
) -> None:
    headers = (await client.get(path)).headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not any("unsafe" in part for part in policy)
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["nothing.js", "index.html", "..%2fpages.py", "%2e%2e/assets.py", "fonts", "fonts/"]
)
async def test_what_is_no_file_of_the_dashboard_is_not_found(client: Client, name: str) -> None:
    answer = await client.get(f"/static/{name}")
    assert answer.status == 404
    if answer.content_type == "application/json":
        assert (await answer.json())["error"].startswith("cannot find /")


def test_the_mark_changes_with_any_file() -> None:
    assert ASSETS.mark == read().mark
    assert re.fullmatch(r"[0-9a-f]{12}", ASSETS.mark)
    assert ASSETS.mark.encode() in ASSETS.files["index.html"].body
