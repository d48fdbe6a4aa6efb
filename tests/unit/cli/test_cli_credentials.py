"""What a command shows over TCP, what it says when it is refused, and what it never shows."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme

from gtm.cli.client import server
from gtm.cli.credentials import token
from gtm.errors import UsageError
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import a_status

GOOD = f"gtm_00000001_{'a' * 64}"


class Asked:
    """A server over TCP that notes what it is shown, and answers as told."""

    def __init__(self, port: int, shown: list[str | None]) -> None:
        self.at, self.shown = f"127.0.0.1:{port}", shown


@contextmanager
def asked(status: int, text: str, context: ssl.SSLContext | None = None) -> Iterator[Asked]:
    shown: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers["Authorization"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: object) -> None:
            pass

    class Listening(socketserver.ThreadingTCPServer):
        def handle_error(self, *args: object) -> None:
            pass

    with Listening(("127.0.0.1", 0), Handler) as listening:
        if context is not None:
            listening.socket = context.wrap_socket(listening.socket, server_side=True)
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Asked(listening.server_address[1], shown)
        finally:
            listening.shutdown()
            thread.join()


def refused(status: int, sentence: str, **environment: str) -> str:
    with asked(status, json.dumps({"error": sentence})) as there:
        found = gtm("status", "--api", there.at, environment=environment)
    assert found.exit_code == 3
    assert found.stderr.count("\n") == 1
    return found.stderr


def test_the_token_of_the_environment_is_shown() -> None:
    with asked(200, a_status().model_dump_json()) as there:
        assert (
            gtm(
                "status", "--json", "--api", there.at, environment={"GTM_API_TOKEN": GOOD}
            ).exit_code
            == 0
        )
    assert there.shown == [f"Bearer {GOOD}"]


def test_a_file_named_by_the_command_wins(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{GOOD}\n")
    words = ("--token-file", str(tmp_path / "token"), "--json")
    with asked(200, a_status().model_dump_json()) as there:
        found = gtm("status", "--api", there.at, *words, environment={"GTM_API_TOKEN": "other"})
    assert found.exit_code == 0
    assert there.shown == [f"Bearer {GOOD}"]


def test_without_a_token_it_is_said_where_one_goes() -> None:
    said = refused(401, "cannot show status: a token is needed here; make one with `gtm ...`")
    assert "then put it in the variable GTM_API_TOKEN" in said


@pytest.mark.parametrize("status", [401, 403, 429])
def test_the_servers_sentence_is_passed_on(status: int) -> None:
    said = refused(status, "cannot show status: that is why", GTM_API_TOKEN=GOOD)
    assert said == "cannot show status: that is why\n"


@pytest.mark.parametrize("text", ["", "two words", "line\nline", "gtm_\x07", "é"])
def test_what_is_no_token_is_not_sent_and_not_repeated(text: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(text)
    named = {"GTM_API_TOKEN_FILE": str(tmp_path / "token")}
    with pytest.raises(UsageError, match="it is not one token") as error:
        token(named)
    assert not text.strip() or text.strip() not in str(error.value)


def test_a_token_goes_over_no_network_in_the_clear_unasked() -> None:
    environment = {"GTM_API_TOKEN": GOOD}
    with pytest.raises(UsageError, match=r"write https://192\.0\.2\.1:8053"):
        server("192.0.2.1:8053", environment)
    assert server("http://192.0.2.1:8053", environment).token == GOOD
    assert server("[::1]:8053", environment).token == GOOD
    assert server("192.0.2.1:8053", {}).token is None


def test_the_unix_socket_is_shown_no_token() -> None:
    assert server("unix:/x/s", {"GTM_API_TOKEN": GOOD}).token is None
    assert GOOD not in repr(server("127.0.0.1:1", {"GTM_API_TOKEN": GOOD}))


def test_a_server_is_believed_whose_authority_is_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with asked(200, a_status().model_dump_json(), context) as there:
        at = f"https://{there.at}"
        unknown = gtm("status", "--api", at)
        assert unknown.exit_code == 3
        assert "its certificate is not trusted" in unknown.stderr
        assert "--api-ca FILE" in unknown.stderr
        known = gtm("status", "--json", "--api", at, "--api-ca", str(tmp_path / "ca.pem"))
        assert known.exit_code == 0
        again = gtm(
            "status", "--json", "--api", at, environment={"GTM_API_CA": str(tmp_path / "ca.pem")}
        )
        assert again.exit_code == 0


def test_tls_where_there_is_none_is_said() -> None:
    with asked(200, "{}") as there:
        said = gtm("status", "--api", f"https://{there.at}").stderr
    assert "does not speak TLS" in said


def test_an_authority_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    found = gtm("status", "--api", "https://127.0.0.1:1", "--api-ca", str(tmp_path / "ca.pem"))
    assert found.exit_code == 2
    assert "it has no certificate (PEM)" in found.stderr


def test_every_command_that_asks_a_server_takes_a_token_file() -> None:
    for command in ("status", "history", "explain", "drain", "undrain", "force", "overrides",
                    "latency", "updates", "reload"):  # fmt: skip
        assert "--token-file" in gtm(command, "--help", environment={"COLUMNS": "200"}).stdout
