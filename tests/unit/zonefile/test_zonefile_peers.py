"""Keys, transfers and updates in zone files: short forms, shared files, every mistake."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from gtm.errors import ZoneFileError
from gtm.peering import Algorithm, Party, Secondary, Transfer, TsigKey, Updates, View
from gtm.receivers import Guarded, Where
from gtm.zonefile import load
from gtm.zonefile.expand import expanded
from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of, warnings_of, zone_of

KEYS = """\
tsig:
  second: {secret_file: /run/secrets/second}
  Acme.example.com: {algorithm: hmac-sha512, secret_env: ACME}
"""
ALL = (
    KEYS
    + """\
transfer:
  to: [192.0.2.0/24, "2001:db8::5", {key: second}, {network: 10.0.0.0/8, key: second}]
  notify: [192.0.2.1, "192.0.2.2:5353", "[2001:db8::5]:53", {address: "2001:db8::6", key: second}]
  when_transferred: all
updates:
  acme.example.com: {names: [_acme-challenge, "_acme-challenge.*", ""], types: [TXT, cname]}
  second: {}
"""
)


def test_all_of_it_is_read(tmp_path: Path) -> None:
    zone = zone_of(tmp_path, HEAD + ALL)
    assert zone.tsig == (
        TsigKey("second.", Algorithm.SHA256, Guarded(Where.FILE, "/run/secrets/second")),
        TsigKey("acme.example.com.", Algorithm.SHA512, Guarded(Where.ENVIRONMENT, "ACME")),
    )
    assert zone.transfer == Transfer(
        (
            Party(ip_network("192.0.2.0/24")),
            Party(ip_network("2001:db8::5/128")),
            Party(None, "second."),
            Party(ip_network("10.0.0.0/8"), "second."),
        ),
        (
            Secondary(ip_address("192.0.2.1")),
            Secondary(ip_address("192.0.2.2"), 5353),
            Secondary(ip_address("2001:db8::5")),
            Secondary(ip_address("2001:db8::6"), 53, "second."),
        ),
        View.ALL,
    )
    names = ("_acme-challenge", "_acme-challenge.*", "")
    assert zone.updates == (
        Updates("acme.example.com.", names, frozenset({16, 5})),
        Updates("second."),
    )


def test_the_long_form_loads_to_the_same(tmp_path: Path) -> None:
    zone = zone_of(tmp_path, HEAD + ALL)
    (tmp_path / "long").mkdir()
    (again,) = load_text(tmp_path / "long", expanded(zone)).zones
    assert (again.tsig, again.transfer, again.updates) == (zone.tsig, zone.transfer, zone.updates)


def test_without_them_nobody_copies_or_changes_a_zone(tmp_path: Path) -> None:
    zone = zone_of(tmp_path, HEAD)
    assert (zone.tsig, zone.transfer, zone.updates) == ((), None, ())


def test_a_shared_file_has_keys_for_every_zone(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text(KEYS)
    (tmp_path / "a.yaml").write_text(HEAD + "transfer: {to: [{key: second}]}\n")
    (tmp_path / "b.yaml").write_text(HEAD.replace("gtm.example", "other.example"))
    first, second = load(tmp_path).zones
    assert first.tsig == second.tsig


def test_a_key_is_the_same_in_all_zones(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(HEAD + "tsig: {k: {secret_env: A}}\n")
    other = HEAD.replace("gtm.example", "other.example")
    (tmp_path / "b.yaml").write_text(other + "tsig: {k: {secret_env: B}}\n")
    with pytest.raises(ZoneFileError, match="the key `k` is another one in"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tsig: {k: {}}", "the key `k` has no secret; write `secret_file:`"),
        ("tsig: {k: {secret: abc}}", "tsig.k.secret: `secret` is not a known key"),
        ("tsig: {k: {secret_file: rel}}", "this is not an absolute path"),
        ("tsig: {k: {secret_env: A, secret_file: /a}}", "`secret_env` stands beside `secret_file`"),
        ("tsig: {k: {secret_env: A, algorithm: hmac-md5}}", "`hmac-md5` can't be used"),
        ("transfer: {to: [{key: k}]}", "there is no key `k`; define it under `tsig`"),
        (KEYS + "transfer: {to: [{key: secnd}]}", "there is no key `secnd`; write `second`"),
        ("transfer: {}", "`to` is missing; write `to: [192.0.2.53]`"),
        ("transfer: {to: []}", "nobody may copy the zone; remove `transfer`"),
        ("transfer: {to: [192.0.2.1/24]}", "`192.0.2.1/24` is not a network"),
        ("transfer: {to: [everybody]}", "`everybody` is not a network"),
        ("transfer: {to: [{}]}", "this names nobody"),
        ("transfer: {to: [{keys: k}]}", "`keys` is not a known key"),
        ("transfer: {to: [127.0.0.1], notify: [ns2.example.net]}", "is not an address"),
        ("transfer: {to: [127.0.0.1], notify: ['192.0.2.1:0']}", "is not an address"),
        (
            "transfer: {to: [127.0.0.1], when_transferred: al}",
            "`al` says nothing here; write `all`",
        ),
        ("updates: {k: {}}", "there is no key `k`"),
        (KEYS + "updates: {second: {types: [NS]}}", "updates can't change NS records"),
        (KEYS + "updates: {second: {types: [SOA]}}", "updates can't change SOA records"),
        (KEYS + "updates: {second: {types: [TXTT]}}", "`TXTT` is not a record type; write `TXT`"),
        (KEYS + "updates: {second: {names: []}}", "is no name"),
    ],
)
def test_each_mistake_is_said_with_its_remedy(tmp_path: Path, text: str, said: str) -> None:
    found = mistakes_of(tmp_path, f"{HEAD}{text}\n")
    assert len(found) == 1, found
    assert said in found[0]


def test_who_lets_everybody_copy_is_warned(tmp_path: Path) -> None:
    found = warnings_of(tmp_path, HEAD + "transfer: {to: [0.0.0.0/0]}\n")
    assert any("everybody may copy the whole zone" in each for each in found)
