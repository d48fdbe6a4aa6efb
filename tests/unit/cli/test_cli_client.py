"""What asking a server promises, over real sockets."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from gtm.api.models import ReloadStatus, Status
from gtm.cli import client as asking
from gtm.cli.client import Client, server
from gtm.errors import ServerError, UsageError
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import a_status

Reply = tuple[int, str]


@contextmanager
def serving(socket: Path, reply: Callable[[str], Reply]) -> Iterator[str]:
    """An HTTP server on a Unix socket, which says what `reply` makes of the request's path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = reply(f"{self.command} {self.path}")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *args: object) -> None:
            pass

    with socketserver.ThreadingUnixStreamServer(str(socket), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"unix:{socket}"
        finally:
            listening.shutdown()
            thread.join()


def test_status_is_asked_for_over_the_unix_socket(tmp_path: Path) -> None:
    status = a_status()
    with serving(tmp_path / "s", lambda _: (200, status.model_dump_json())) as at:
        assert Client(at).get("/v1/status", Status) == status


def test_a_question_goes_out_in_the_query(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(path: str) -> Reply:
        asked.append(path)
        return 200, ReloadStatus(at=1, error=None, mistakes=[]).model_dump_json()

    with serving(tmp_path / "s", reply) as at:
        Client(at).get("/v1/explain", ReloadStatus, {"client": "2001:db8::1"})
    assert asked == ["GET /v1/explain?client=2001%3Adb8%3A%3A1"]


@pytest.mark.parametrize(
    ("reply", "error", "told"),
    [
        ((400, '{"error": "cannot explain x: why"}'), UsageError, "^cannot explain x: why$"),
        ((503, "starting: not done\n"), ServerError, "starting: not done; try again"),
        ((404, "404: Not Found"), ServerError, "is that gtm's API"),
        ((200, "<html>"), ServerError, "it is not gtm, or gtm of another version"),
        ((500, ""), ServerError, "HTTP 500; is that"),
    ],
)
def test_a_refusal_says_why(
    tmp_path: Path, reply: Reply, error: type[Exception], told: str
) -> None:
    with (
        serving(tmp_path / "s", lambda _: reply) as at,
        pytest.raises(error, match=told),
    ):
        Client(at).get("/v1/status", Status)


def test_a_server_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TIMEOUT", 0.05)
    silence = threading.Event()

    def reply(path: str) -> Reply:
        silence.wait(5)
        return 200, ""

    with serving(tmp_path / "s", reply) as at:
        with pytest.raises(ServerError, match="cannot get an answer"):
            Client(at).get("/v1/status", Status)
        silence.set()


def test_no_server_says_how_to_start_one(tmp_path: Path) -> None:
    at = f"unix:{tmp_path}/none"
    with pytest.raises(ServerError, match=f"cannot reach gtm at {at}: .*start it with gtm serve"):
        Client(at).get("/v1/status", Status)
    assert not Client(at).answers()


def test_a_socket_is_preferred_where_the_environment_names_several() -> None:
    assert server(None, {"GTM_API": "127.0.0.1:8053,unix:/x/s"}).at == "unix:/x/s"
    assert server(None, {"GTM_API": "127.0.0.1:8053"}).at == "127.0.0.1:8053"
    assert server("unix:/y", {"GTM_API": "unix:/x"}).at == "unix:/y"


def test_the_usual_socket_is_the_servers_default() -> None:
    assert server(None, {"XDG_RUNTIME_DIR": "/r"}).at == "unix:/r/gtm/gtm.sock"


@pytest.mark.parametrize(
    "api", ["foo", "unix:", "http://", "127.0.0.1:99999", "https://", "ftp://a:1"]
)
def test_a_place_that_can_not_be_is_wrong_usage(api: str) -> None:
    with pytest.raises(UsageError, match="cannot use --api"):
        server(api, {})


def test_status_without_a_server_ends_with_3_and_one_line(tmp_path: Path) -> None:
    result = gtm("status", "--api", f"unix:{tmp_path}/none")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1


def test_reload_says_that_it_went_well(tmp_path: Path) -> None:
    good = ReloadStatus(at=1, error=None, mistakes=[]).model_dump_json()
    with serving(tmp_path / "s", lambda _: (200, good)) as at:
        result = gtm("reload", "--api", at)
    assert result.exit_code == 0
    assert result.stdout.startswith("reloaded")


def test_a_reload_refused_ends_with_1_and_the_mistakes(tmp_path: Path) -> None:
    mistake = {
        "file": "z.yaml", "line": 3, "column": 5, "key": "ttl", "problem": "bad", "remedy": "fix",
    }  # fmt: skip
    refused = ReloadStatus.model_validate(
        {"at": 1, "error": "cannot load zones", "mistakes": [mistake]}
    )
    with serving(tmp_path / "s", lambda _: (422, refused.model_dump_json())) as at:
        result = gtm("reload", "--api", at)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "z.yaml:3:5: ttl: bad; fix"
    assert "nothing was changed" in result.stderr
