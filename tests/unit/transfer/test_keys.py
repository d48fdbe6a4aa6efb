"""Secrets of TSIG keys: from files and variables, never from the zone file, and never shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from gtm.errors import GtmError
from gtm.model import Zone
from gtm.peering import Algorithm, TsigKey
from gtm.receivers import Guarded, Where
from gtm.transfer.keys import KeyRing, shared_key
from tests.unit.transfer.transfer_worlds import ENVIRONMENT, SECRET, ZONE
from tests.worlds import read_zones

BASE64 = base64.b64encode(SECRET).decode()


def zones(text: str = ZONE) -> tuple[Zone, ...]:
    return read_zones({"a.yaml": text.replace("VIEW", "all")})


def test_keys_are_read_from_files_and_variables(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{BASE64}\n")
    text = ZONE.replace("acme: {secret_env: ACME}", f"acme: {{secret_file: {path}}}")
    ring = KeyRing({"XFR": BASE64})
    ring.read(zones(text))
    assert {name: key.secret for name, key in ring.keys.items()} == {
        b"\x06second\0": SECRET,
        b"\x04acme\0": SECRET,
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "cannot use the TSIG key k: the variable K is not set"),
        ("not base64!", "cannot use the TSIG key k: the variable K is not base64"),
        ("c2hvcnQ=", "cannot use the TSIG key k: the variable K holds under 16 octets"),
    ],
)
def test_a_secret_that_can_not_be_used_is_said_without_it(value: str, said: str) -> None:
    key = TsigKey("k.", Algorithm.SHA256, Guarded(Where.ENVIRONMENT, "K"))
    with pytest.raises(GtmError) as failure:
        shared_key(key, {"K": value})
    assert str(failure.value).startswith(said)
    assert not value or value not in str(failure.value).replace("base64", "")


def test_a_key_that_can_not_be_read_any_more_stays_as_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = dict(ENVIRONMENT)
    ring = KeyRing(environment)
    ring.read(zones())
    before = ring.keys
    del environment["ACME"]
    ring.read(zones())
    assert ring.keys == before
    assert "tsig_key_unread" in capsys.readouterr().out
    ring.read(zones(ZONE.replace("ACME", "OTHER")))
    assert set(ring.keys) == {b"\x06second\0"}
