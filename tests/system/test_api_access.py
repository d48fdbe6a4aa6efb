"""Tokens, TLS and the audit trail of a real server, with the clients that people have.

curl is a Debian package of that name: apt-get install it.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.system.harness import (
    GTM,
    PATIENCE,
    Gtm,
    free_port,
    needs,
    plain_environment,
    serving,
    until,
)
from tests.system.test_api_flood import ZONE

NAME = "orders.gtm.example.com"
EU, US = "127.0.0.12", "127.0.0.11"


@dataclass
class Guarded:
    """A server with tokens, over TCP and TLS, and who certified it."""

    gtm: Gtm
    folder: Path
    plain: str
    tls: str
    authority: trustme.CA

    def run(self, *words: str, token: str = "", **environment: str) -> tuple[int, str, str]:
        """A command, with a token in a file where there is one."""
        more = {"GTM_API_CA": str(self.folder / "ca.pem"), **environment}
        if token:
            (self.folder / "token").write_text(token)
            more["GTM_API_TOKEN_FILE"] = str(self.folder / "token")
        found = subprocess.run(
            [str(GTM), *words],
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            env=plain_environment() | more,
        )
        return found.returncode, found.stdout, found.stderr

    def token(self, name: str, *scopes: str) -> str:
        words = [word for scope in scopes for word in ("--scope", scope)]
        code, out, err = self.run("keys", "token", "add", name, *words, "--state", self.state)
        assert code == 0, err
        return out.strip()

    def revoke(self, name: str) -> None:
        assert self.run("keys", "token", "revoke", name, "--state", self.state)[0] == 0

    @property
    def state(self) -> str:
        return str(self.folder / "state")

    def curl(self, path: str, *words: str) -> tuple[int, str]:
        """Status (0: none came) and body over TLS."""
        command = [needs("curl", "curl"), "-sS", "--cacert", str(self.folder / "ca.pem")]
        command += ["-w", "\n%{http_code}", *words]
        command.append(path if "://" in path else f"{self.tls}{path}")
        text = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE).stdout
        body, _, status = text.rpartition("\n")
        return int(status), body

    def acts(self) -> list[dict[str, Any]]:
        text = (self.folder / "state" / "audit.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def knows(self, token: str) -> bool:
        return self.curl("/v1/whoami", "-H", f"Authorization: Bearer {token}")[0] == 200

    def certify(self, *names: str) -> None:
        issued = self.authority.issue_cert(*names)
        (self.folder / "key.pem").touch(mode=0o600)
        (self.folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
        (self.folder / "cert.pem").write_bytes(chain)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    for name in ("zones", "state"):
        (folder / name).mkdir()
    (folder / "zones" / "gtm.yaml").write_text(ZONE.replace("spread,", "spread, ramp: 0s,"))
    authority, plain, tls = trustme.CA(), free_port(), free_port()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1", "localhost")
    (folder / "key.pem").touch(mode=0o600)
    (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
    (folder / "cert.pem").write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    words = ["--api", f"127.0.0.1:{plain}", "--api", f"https://127.0.0.1:{tls}"]
    words += ["--api-certificate", str(folder / "cert.pem")]
    words += ["--api-certificate-key", str(folder / "key.pem"), "--state", str(folder / "state")]
    with serving(folder, folder / "zones", *words) as gtm:
        at = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}"
        found = Guarded(gtm, folder, *at, authority)
        first = found.token("first", "read")
        until("the first token is known", lambda: "tokens" in gtm.events())
        assert found.knows(first)
        yield found


def test_a_drain_over_tls_is_answered_and_says_whose_it_was(guarded: Guarded) -> None:
    token = guarded.token("deploy@ci", "operate")
    until("the token is known", lambda: guarded.knows(token))
    at = ("--api", guarded.tls)
    assert guarded.run("status", *at)[0] == 3
    asked = ("drain", "region/us", "--reason", "kernel", "--by", "alice", *at)
    code, _, err = guarded.run(*asked, token=token)
    assert code == 0, err
    assert guarded.gtm.address(NAME) == EU
    assert guarded.gtm.command("undrain", "region/us").returncode == 0
    assert guarded.gtm.address(NAME) == US
    until("both acts are kept", lambda: guarded.acts()[-1]["act"] == "take back drain")
    drained, back = guarded.acts()[-2:]
    assert (drained["who"], drained["via"], drained["from"]) == ("deploy@ci", "token", "127.0.0.1")
    assert (drained["author"], drained["reason"]) == ("alice", "kernel")
    assert (back["who"], back["via"]) == (pwd.getpwuid(os.getuid()).pw_name, "unix")
    logged = [line for line in guarded.gtm.records() if line["event"] == "audit"]
    assert [line["act"] for line in logged[-2:]] == ["drain", "take back drain"]


def test_a_revoked_token_stops_working_and_a_scope_is_no_more_than_it_says(
    guarded: Guarded,
) -> None:
    token = guarded.token("grafana", "read")
    bearer = ("-H", f"Authorization: Bearer {token}")
    until("the token is known", lambda: guarded.knows(token))
    assert guarded.curl("/metrics", *bearer)[0] == 200
    status, body = guarded.curl("/v1/reload", *bearer, "-X", "POST")
    assert (status, "this needs operate" in body) == (403, True)
    guarded.revoke("grafana")
    until("the token is refused", lambda: guarded.curl("/metrics", *bearer)[0] == 401)
    assert guarded.curl("/healthz")[0] == 200


def test_a_broken_file_leaves_those_read_before_and_is_said(guarded: Guarded) -> None:
    token = guarded.token("keeper", "read")
    until("the token is known", lambda: guarded.knows(token))
    path = guarded.folder / "state" / "tokens.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    until("it is said", lambda: "tokens_refused" in guarded.gtm.events())
    assert guarded.knows(token)
    assert "tokens read before are still used" in guarded.gtm.command("status").stdout
    assert guarded.gtm.metric("gtm_api_tokens_ok") == 0
    path.write_bytes(whole)
    until("it is read again", lambda: guarded.gtm.metric("gtm_api_tokens_ok") == 1)


def test_a_reload_by_signal_is_noted(guarded: Guarded) -> None:
    guarded.gtm.signal(signal.SIGHUP)
    until("it is noted", lambda: guarded.acts()[-1]["act"] == "reload")
    assert (guarded.acts()[-1]["who"], guarded.acts()[-1]["via"]) == ("SIGHUP", "signal")


def test_a_renewed_certificate_is_served(guarded: Guarded) -> None:
    port = guarded.tls.rpartition(":")[2]
    url = f"https://renewed.example:{port}/healthz"
    named = ("--resolve", f"renewed.example:{port}:127.0.0.1", "-o", "/dev/null")
    assert guarded.curl(url, *named)[0] == 0  # no such name in the certificate
    guarded.certify("127.0.0.1", "localhost", "renewed.example")
    until("it is served", lambda: guarded.curl(url, *named)[0] == 200)
