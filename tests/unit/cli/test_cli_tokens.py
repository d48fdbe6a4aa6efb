"""`gtm keys token`: a token is shown once, kept as a hash, and taken back by its name."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from gtm.api.access.tokenfile import read_tokens
from gtm.api.access.tokens import FORM
from gtm.api.scopes import Scope
from tests.unit.cli.cli_runs import Run, gtm


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def token(state: Path, *words: str) -> Run:
    nobody = {"GTM_API": f"unix:{state}/nobody.sock"}
    return gtm("keys", "token", *words, "--state", str(state), environment=nobody)


def test_a_token_is_printed_alone_and_only_its_hash_is_kept(state: Path) -> None:
    found = token(state, "add", "ci", "--scope", "operate", "--scope", "report")
    text = found.stdout.strip()
    assert (found.exit_code, bool(FORM.fullmatch(text))) == (0, True)
    assert "calls of the API over TCP need a token" in found.stderr
    path = state / "tokens.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.rpartition("_")[2] not in path.read_text()
    tokens = read_tokens(path)
    assert tokens is not None
    kept = tokens.find(text)
    assert kept is not None
    assert kept.allows == {Scope.OPERATE, Scope.REPORT, Scope.READ}


def test_what_was_made_is_listed_and_can_be_taken_back(state: Path) -> None:
    text = token(state, "add", "grafana", "--scope", "read", "--expires", "90d").stdout.strip()
    token(state, "add", "ci", "--scope", "operate")
    listed = token(state, "list").stdout
    assert "grafana" in listed
    assert "for 90 d" in listed
    assert "until revoked" in listed
    shape = json.loads(token(state, "list", "--json").stdout)
    assert [(one["name"], one["scopes"]) for one in shape["tokens"]] == [
        ("grafana", ["read"]),
        ("ci", ["operate"]),
    ]
    gone = token(state, "revoke", "grafana")
    assert gone.stdout.startswith("revoked grafana: 1 left")
    tokens = read_tokens(state / "tokens.json")
    assert tokens is not None
    assert tokens.find(text) is None


def test_each_act_is_in_the_audit_trail_without_the_secret(state: Path) -> None:
    text = token(state, "add", "ci", "--scope", "read").stdout.strip()
    token(state, "revoke", "ci")
    trail = (state / "audit.jsonl").read_text()
    acts = [json.loads(line) for line in trail.splitlines()]
    assert [(act["act"], act["target"], act["via"]) for act in acts] == [
        ("token add", "ci", "command"),
        ("token revoke", "ci", "command"),
    ]
    assert text.rpartition("_")[2] not in trail


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "a b", "--scope", "read"), 2, "cannot call a token 'a b'"),
        (("add", "x"), 2, "add --scope read|report|operate"),
        (("add", "x", "--scope", "admin"), 2, "the scopes are read, report, operate"),
        (("add", "x", "--scope", "read", "--expires", "soon"), 2, "write 12h or 90d"),
        (("revoke", "x"), 1, "cannot revoke the token x: there is none"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_line(
    state: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    found = token(state, *words)
    assert (found.exit_code, found.stderr.count("\n")) == (code, 1)
    assert said in found.stderr


def test_a_name_is_given_once(state: Path) -> None:
    token(state, "add", "ci", "--scope", "read")
    again = token(state, "add", "ci", "--scope", "operate")
    assert again.exit_code == 1
    assert "revoke it first" in again.stderr


def test_without_a_place_nothing_is_guessed() -> None:
    found = gtm("keys", "token", "list")
    assert found.exit_code == 2
    assert "--state DIR or GTM_STATE" in found.stderr


def test_without_a_file_it_is_said_what_that_means(state: Path) -> None:
    assert "the API needs no token" in " ".join(token(state, "list").stdout.split())
    token(state, "add", "x", "--scope", "read")
    token(state, "revoke", "x")
    assert "refuses everyone" in " ".join(token(state, "list").stdout.split())


def test_no_folder_is_made_for_a_path_with_a_slip_in_it(tmp_path: Path) -> None:
    missing = tmp_path / "nope"
    found = gtm("keys", "token", "add", "x", "--scope", "read", "--tokens", f"{missing}/t.json")
    assert (found.exit_code, found.stdout) == (2, "")
    assert f"there is no folder {missing}" in found.stderr
    assert not missing.exists()
