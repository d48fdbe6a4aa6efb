"""What a token promises: only its whole text passes, and only for what it may."""

from __future__ import annotations

import hmac
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.api.access.tokens import (
    FORM,
    Token,
    Tokens,
    allowed,
    digest_of,
    minted,
    parse_name,
    parse_scopes,
)
from gtm.api.scopes import Scope
from gtm.errors import UsageError

READ = frozenset({Scope.READ})


def a_token(name: str = "grafana", scopes: frozenset[Scope] = READ) -> tuple[Token, str]:
    return minted(name, scopes, 100.0, "alice", None, os.urandom)


def test_a_token_is_found_by_its_whole_text_alone() -> None:
    token, text = a_token()
    other, _ = a_token("other")
    known = Tokens([token, other])
    assert FORM.fullmatch(text)
    assert known.find(text) is token
    for wrong in (text[:-1], text.upper(), f"{text} ", text + "0", "", "gtm_", f"x{text}"):
        assert known.find(wrong) is None
    assert known.find(text.replace(token.id, other.id)) is None
    assert Tokens([other]).find(text) is None


def test_what_is_kept_holds_no_secret() -> None:
    token, text = a_token()
    secret = text.rpartition("_")[2]
    assert secret not in repr(token)
    assert token.digest == digest_of(secret)


def test_an_unknown_id_costs_the_same_comparison_as_a_wrong_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def counting(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    token, _ = a_token()
    known = Tokens([token])
    monkeypatch.setattr("gtm.api.access.tokens.hmac.compare_digest", counting)
    known.find(f"gtm_{token.id}_{'0' * 64}")
    known.find(f"gtm_{'f' * 8}_{'0' * 64}")
    known.find("nonsense")
    assert compared == [(32, 32)] * 3


@given(st.text(max_size=120) | st.from_regex(FORM, fullmatch=True))
def test_no_text_passes_that_was_not_minted(text: str) -> None:
    token, own = a_token()
    assert (Tokens([token]).find(text) is token) == (text == own)


@given(st.binary(max_size=80).map(lambda data: data.decode("latin-1")))
def test_the_hash_of_nothing_lets_nobody_in(text: str) -> None:
    nobody = Token("00000000", "none", READ, digest_of(""), 0.0, "alice")
    assert Tokens([nobody]).find(text) is None


def test_operate_includes_read_and_nothing_else_includes_anything() -> None:
    assert allowed([Scope.OPERATE]) == {Scope.OPERATE, Scope.READ}
    assert allowed([Scope.REPORT]) == {Scope.REPORT}
    assert allowed([Scope.READ]) == {Scope.READ}
    assert allowed([]) == frozenset()


def test_a_token_is_expired_from_its_last_moment_on() -> None:
    token, _ = minted("ci", READ, 100.0, "alice", 200.0, os.urandom)
    assert not token.expired(199.9)
    assert token.expired(200.0)
    assert not a_token()[0].expired(1e12)


@pytest.mark.parametrize(
    "name", ["", "unix", "192.0.2.7", "a b", "a/b", "ä", "-a", "x" * 65, "a\n", "\x1b[2J"]
)
def test_names_are_words_that_logs_can_carry(name: str) -> None:
    with pytest.raises(UsageError, match="cannot call a token"):
        parse_name(name)


@pytest.mark.parametrize(
    ("words", "scopes"),
    [
        (["read"], {Scope.READ}),
        (["read,operate"], {Scope.READ, Scope.OPERATE}),
        (["report", "report"], {Scope.REPORT}),
    ],
)
def test_scopes_are_named_once_or_in_a_list(words: list[str], scopes: Any) -> None:
    assert parse_scopes(words) == scopes


@pytest.mark.parametrize("words", [["open"], ["all"], [""], ["read,"], ["READ"]])
def test_no_other_scope_can_be_given(words: list[str]) -> None:
    with pytest.raises(UsageError, match="the scopes are read, report, operate"):
        parse_scopes(words)
