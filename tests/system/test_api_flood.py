"""A flood on the API, over TCP and TLS, leaves DNS answers and the operator's way in untouched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from gtm.api.access.tokenfile import changing, save
from gtm.api.access.tokens import Tokens
from gtm.api.bounds import MOST_CONNECTIONS, MOST_UNIX
from gtm.apilistening import HANDSHAKES
from tests.system.harness import PATIENCE, Gtm, free_port, plain_environment, serving, until

ROOT = Path(__file__).parents[2]
NAME = "orders.gtm.example.com"
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
regions: {us: {location: US}, eu: {location: IE}}
apps:
  shop: {topology: spread, services: {orders: {us: [127.0.0.11], eu: [127.0.0.12]}}}
"""
QUERIES = 500  # each asked once, and waited for: what is not answered is missed
REAL = 100  # requests or connections that make a flood, made while the queries are answered
FILES = 150  # that a server has open besides connections of the API


@dataclass
class Api:
    """A server with an API over TCP, over TLS, and on its Unix socket."""

    gtm: Gtm
    plain: int
    tls: int

    def answered(self) -> int:
        """How many of so many queries got their answer."""
        return sum(self.gtm.address(NAME) != "none" for _ in range(QUERIES))

    def files(self) -> int:
        """Files that the server has open."""
        return len(list(Path(f"/proc/{self.gtm.process.pid}/fd").iterdir()))


@pytest.fixture(scope="module", params=["auto", "python"])
def api(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("flood")
    (folder / "zones").mkdir()
    (folder / "zones" / "gtm.yaml").write_text(ZONE)
    issued = trustme.CA().issue_cert("127.0.0.1")
    (folder / "key.pem").touch(mode=0o600)
    (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
    (folder / "cert.pem").write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    with changing(folder / "tokens.json"):
        save(folder / "tokens.json", Tokens())
    plain, tls = free_port(), free_port()
    words = ["--api", f"127.0.0.1:{plain}", "--api", f"https://127.0.0.1:{tls}"]
    words += ["--api-certificate", str(folder / "cert.pem")]
    words += ["--api-certificate-key", str(folder / "key.pem")]
    words += ["--tokens", str(folder / "tokens.json"), "--plane", request.param]
    with serving(folder, folder / "zones", *words) as gtm:
        yield Api(gtm, plain, tls)


@contextmanager
def flooded(*floods: tuple[str, int]) -> Iterator[list[Path]]:
    """Floods that have begun, and what each has told so far."""
    told = [Path(f"/tmp/gtm-flood-{free_port()}") for _ in floods]
    running = []
    try:
        for (kind, port), out in zip(floods, told, strict=True):
            command = [sys.executable, "-m", "tests.system.flood", kind, "127.0.0.1", str(port)]
            with out.open("w") as file:
                running.append(
                    subprocess.Popen(command, stdout=file, cwd=ROOT, env=plain_environment())
                )
        until("the floods have begun", lambda: all(made(out) > 0 for out in told))
        yield told
        assert all(process.poll() is None for process in running)
    finally:
        for process in running:
            process.kill()
            process.wait(PATIENCE)
        for out in told:
            out.unlink(missing_ok=True)


def made(out: Path) -> int:
    """How many requests or connections a flood has made."""
    lines = out.read_text().split()
    return int(lines[-1]) if lines else 0


@pytest.mark.parametrize("kinds", [("requests", "connections"), ("unread", "unfinished")])
def test_every_query_is_answered_during_a_flood_of(api: Api, kinds: tuple[str, ...]) -> None:
    assert api.answered() == QUERIES
    with flooded(*((kind, api.plain) for kind in kinds)) as told:
        assert api.answered() == QUERIES
        assert api.gtm.get("/v1/whoami")[0] == 200
        until("it was a flood", lambda: sum(map(made, told)) > REAL)
        assert api.answered() == QUERIES
        assert api.files() < MOST_CONNECTIONS + MOST_UNIX + FILES
    assert api.gtm.process.poll() is None


def test_every_query_is_answered_during_a_flood_of_handshakes(api: Api) -> None:
    with flooded(("handshakes", api.tls), ("requests", api.tls)) as told:
        assert api.answered() == QUERIES
        until("it was a flood", lambda: sum(map(made, told)) > REAL)
        assert api.files() < MOST_CONNECTIONS + HANDSHAKES + FILES
        assert api.gtm.get("/v1/status")[0] == 200
    assert "api_failed" not in api.gtm.events()
