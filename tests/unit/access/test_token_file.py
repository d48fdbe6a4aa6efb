"""What the file of tokens promises: private, whole, and never less guarded than before."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.api.access.tokenfile import TokenFile, changing, read_tokens, save, understood, written
from gtm.api.access.tokens import GRANTABLE, Token, Tokens, digest_of, minted
from gtm.api.scopes import Scope
from gtm.errors import ConfigError


def a_token(name: str = "grafana", expires: float | None = None) -> Token:
    return minted(name, frozenset({Scope.READ}), 100.0, "alice", expires, os.urandom)[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(0o750)
    return folder / "tokens.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@given(
    st.lists(
        st.builds(
            Token,
            st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
            st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", fullmatch=True),
            st.frozensets(st.sampled_from(GRANTABLE), min_size=1),
            st.binary(min_size=32, max_size=32),
            st.floats(0, 1e11),
            st.text(max_size=20),
            st.none() | st.floats(0, 1e11),
        ),
        max_size=5,
        unique_by=(lambda one: one.id, lambda one: one.name),
    )
)
def test_what_is_written_is_what_is_read(tokens: list[Token]) -> None:
    assert understood(written(Tokens(tokens))).all == tuple(tokens)


def test_the_file_is_its_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with changing(path):
            save(path, Tokens([a_token()]))
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert not list(path.parent.glob("*.new"))


def test_a_group_that_was_let_read_can_go_on(path: Path) -> None:
    with changing(path):
        save(path, Tokens())
    path.chmod(0o640)
    save(path, Tokens([a_token()]))
    assert mode(path) == 0o640


def test_a_file_that_others_can_write_is_refused(path: Path) -> None:
    with changing(path):
        save(path, Tokens([a_token()]))
    path.chmod(0o620)
    with pytest.raises(ConfigError, match="its mode 0620 lets others write it; chmod 0600"):
        read_tokens(path)


GOOD = json.loads(written(Tokens([a_token()])))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": "1"},
        {"tokens": None},
        {"more": 1},
        {"tokens": GOOD["tokens"] * 2},
        {"tokens": [{**GOOD["tokens"][0], "scopes": ["open"]}]},
        {"tokens": [{**GOOD["tokens"][0], "scopes": []}]},
        {"tokens": [{**GOOD["tokens"][0], "sha256": "00"}]},
        {"tokens": [{**GOOD["tokens"][0], "sha256": "0" * 64 + "\n"}]},
        {"tokens": [{**GOOD["tokens"][0], "name": "a b"}]},
        {"tokens": [{**GOOD["tokens"][0], "expires": "never"}]},
        {"tokens": [{**GOOD["tokens"][0], "made": -1}]},
    ],
)
def test_a_file_that_is_not_right_is_refused_whole(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        understood(json.dumps({**GOOD, **change}).encode())


@given(st.binary(max_size=300))
def test_anything_is_understood_or_refused_with_a_sentence(data: bytes) -> None:
    try:
        understood(data)
    except ValueError as error:
        assert str(error).isprintable()


@given(st.data())
def test_a_damaged_file_is_understood_or_refused(data: st.DataObject) -> None:
    whole = bytearray(written(Tokens([a_token("one"), a_token("two", 5.0)])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    try:
        understood(bytes(whole))
    except ValueError as error:
        assert digest_of("").hex() not in str(error)


# --- a running server -------------------------------------------------------------------


async def test_a_token_that_is_revoked_is_gone_at_the_next_look(path: Path) -> None:
    one, two = a_token("one"), a_token("two")
    with changing(path):
        save(path, Tokens([one, two]))
    file = TokenFile(path)
    file.open(named=True)
    file.note_use(two, 5.0)
    save(path, Tokens([one]))
    await file.look()
    assert file.tokens.all == (one,)
    assert file.used == {}


@pytest.mark.parametrize("spoil", ["{", "chmod", "remove"])
async def test_a_broken_file_leaves_those_read_before(path: Path, spoil: str) -> None:
    one = a_token()
    with changing(path):
        save(path, Tokens([one]))
    file = TokenFile(path)
    file.open(named=False)
    match spoil:
        case "chmod":
            path.chmod(0o666)
        case "remove":
            path.unlink()
        case text:
            path.write_text(text)
    await file.look()
    assert file.tokens.all == (one,)
    assert file.needed
    assert file.error is not None
    assert str(path) in file.error
    path.unlink(missing_ok=True)
    save(path, Tokens([one]))
    await file.look()
    assert file.error is None


async def test_revoking_the_last_token_closes_and_opens_nothing(path: Path) -> None:
    with changing(path):
        save(path, Tokens([a_token()]))
    file = TokenFile(path)
    file.open(named=False)
    save(path, Tokens())
    await file.look()
    assert file.needed
    assert file.tokens.all == ()
    again = TokenFile(path)
    again.open(named=False)
    assert again.needed


async def test_the_first_token_closes_a_server_that_runs(path: Path) -> None:
    file = TokenFile(path)
    file.open(named=False)
    assert not file.needed
    with changing(path) as found:
        assert found is None
        save(path, Tokens([a_token()]))
    await file.look()
    assert file.needed


def test_a_file_that_was_named_has_to_be_there(path: Path) -> None:
    with pytest.raises(ConfigError, match="gtm keys token add NAME --scope read --tokens"):
        TokenFile(path).open(named=True)


async def test_without_a_place_there_are_no_tokens() -> None:
    file = TokenFile(None)
    file.open(named=False)
    await file.look()
    assert not file.needed


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_link_where_the_file_is_written_leads_nowhere(
    tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    link(precious, tmp_path / "tokens.json.new")
    save(tmp_path / "tokens.json", Tokens())
    assert precious.read_text() == "as it was"
    assert read_tokens(tmp_path / "tokens.json") is not None
