"""`dnssec` of a zone: what it means, and every mistake in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gtm.compile.static import DEFAULT_TTL
from gtm.dnssec import dnskey, rollover
from gtm.dnssec.keyfile import to_pem
from gtm.dnssec.keyring import Keyring
from gtm.dnssec.keys import generate
from gtm.dnssec.ledger import Entry, Ledger, Role, Stage
from gtm.dnssec.timing import NS_TTL, Timing, timing
from gtm.errors import ZoneFileError
from gtm.model import Algorithm, Dnssec
from gtm.zonefile import Loaded, load
from gtm.zonefile.expand import expanded
from tests.unit.zonefile.zonefile_writing import HEAD, mistakes_of, warnings_of, zone_of

KSK = dnskey.to_text(generate(Algorithm.ECDSA_P256, sep=True).dnskey_rdata)
ZSK = dnskey.to_text(generate(Algorithm.ECDSA_P256, sep=False).dnskey_rdata)
EDWARDS = dnskey.to_text(generate(Algorithm.ED25519, sep=True).dnskey_rdata)


@pytest.mark.parametrize("written", ["dnssec: {}\n", "dnssec: true\n"])
def test_an_empty_mapping_or_true_signs_the_zone_as_usual(tmp_path: Path, written: str) -> None:
    assert zone_of(tmp_path, HEAD + written).dnssec == Dnssec()


@pytest.mark.parametrize("written", ["", "dnssec: false\n"])
def test_without_it_or_with_false_it_is_not_signed(tmp_path: Path, written: str) -> None:
    assert zone_of(tmp_path, HEAD + written).dnssec is None


def test_every_key_is_read_and_comes_back_in_the_long_form(tmp_path: Path) -> None:
    (tmp_path / "other.keys").write_text(f"gtm.example.com. 3600 IN DNSKEY {ZSK} ; theirs\n")
    zone = zone_of(
        tmp_path,
        HEAD + "dnssec:\n  algorithm: Ed25519\n  split: true\n  validity: 7d\n  ttl: 1h\n"
        "  cds: false\n  parent_ttl: 2d\n  propagation: 5m\n"
        f"  import: ['{EDWARDS}', other.keys]\n",
    )
    assert zone.dnssec == Dnssec(
        Algorithm.ED25519,
        True,
        604800.0,
        3600,
        False,
        172800,
        300.0,
        tuple(sorted(dnskey.from_text(one)[1] for one in (EDWARDS, ZSK))),
    )
    assert str(tmp_path / "other.keys") in zone.files
    again = zone_of(tmp_path, expanded(zone))
    assert again.dnssec == zone.dnssec


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "dnssec:\n",
            "a.yaml:6:8: dnssec: nothing does not say whether the zone is signed; "
            "write `dnssec: {}` to sign it, or `dnssec: false`",
        ),
        ("dnssec: yes please\n", "`yes please` does not say whether the zone is signed"),
        (
            "dnssec: {algorithm: rsa}\n",
            "dnssec.algorithm: `rsa` is not a DNSSEC algorithm that gtm signs with; "
            "write `ecdsa-p256` or `ed25519`",
        ),
        ("dnssec: {algoritm: ed25519}\n", "is not a known key; write `algorithm`"),
        ("dnssec: {split: 2}\n", "dnssec.split: `2` is neither true nor false"),
        (
            "dnssec: {validity: 10m}\n",
            "dnssec.validity: signatures can't be valid for 600 s; write one from `1h` to `180d`",
        ),
        ("dnssec: {keys: [a.pem]}\n", "`keys` is a key of the command line: `gtm keys generate"),
        ("dnssec: {nsec3: {}}\n", "gtm denies names by NSEC"),
        ("dnssec: {import: [5]}\n", "dnssec.import: `5` is not a DNSKEY; write a DNSKEY record"),
        ("dnssec: {import: [1 2 3]}\n", "`1 2 3` can't be imported: it is not a DNSKEY"),
        ("dnssec: {import: [../k]}\n", "`../k` is not beside the zone file"),
        ("dnssec: {import: none.keys}\n", "none.keys: "),
        (
            f"dnssec: {{import: ['{ZSK}', '{ZSK}']}}\n",
            "is imported twice; keep one of them",
        ),
        (
            f"dnssec: {{import: 'other.example. IN DNSKEY {ZSK}'}}\n",
            "this is a key of `other.example.`, not of gtm.example.com.",
        ),
    ],
)
def test_a_mistake_has_a_place_and_a_remedy(tmp_path: Path, written: str, said: str) -> None:
    found = mistakes_of(tmp_path, HEAD + written)
    assert len(found) == 1
    assert said in found[0]


def test_other_algorithms_than_the_zones_are_warned_of(tmp_path: Path) -> None:
    (said,) = warnings_of(tmp_path, HEAD + f"dnssec: {{import: ['{EDWARDS}']}}\n")
    assert "has algorithm 15, this zone's have 13" in said


# --- keys -------------------------------------------------------------------------------


def read(directory: Path, text: str) -> Loaded:
    (directory / "a.yaml").write_text(text)
    return load(directory, modified=lambda path: 1.0, keys=Keyring(directory / "keys"))


def refused(directory: Path, text: str) -> str:
    with pytest.raises(ZoneFileError) as error:
        read(directory, text)
    (mistake,) = error.value.mistakes
    return str(mistake).replace(f"{directory}/", "")


def test_a_zone_to_be_signed_without_a_key_says_which_command_makes_one(tmp_path: Path) -> None:
    assert refused(tmp_path, HEAD + "dnssec: {}\n") == (
        "a.yaml:6:1: dnssec: cannot sign gtm.example.com: there is no key in "
        "keys/gtm.example.com; make one: gtm keys generate gtm.example.com"
    )


def test_keys_of_signed_zones_are_loaded_with_them(tmp_path: Path) -> None:
    key = generate(Algorithm.ED25519, sep=True)
    folder = tmp_path / "keys" / "gtm.example.com"
    folder.mkdir(parents=True)
    (folder / "key.pem").touch(0o600)
    (folder / "key.pem").write_bytes(to_pem(key.private))
    loaded = read(tmp_path, HEAD + "dnssec: {}\n")
    assert loaded.keys["gtm.example.com."].zone_signers == (key,)
    assert read(tmp_path, HEAD).keys == {}


def test_a_zone_with_a_ds_is_not_served_unsigned(tmp_path: Path) -> None:
    key = generate(Algorithm.ED25519, sep=True)
    entry = Entry(key.dnskey_rdata, Role.CSK, Stage.ACTIVE, 0.0)
    ring = Keyring(tmp_path / "keys")
    ledger = Ledger((entry,), secured=True)
    with ring.changing("gtm.example.com."):
        ring.save("gtm.example.com.", ledger, [key])
    said = refused(tmp_path, HEAD)
    assert "gtm.example.com has a DS at its parent" in said
    assert "`gtm keys unsign gtm.example.com` first" in said
    quick = Timing(0, 0, 0, 0.0)
    ledger = rollover.ds_gone(rollover.unsigning(ledger, 0.0, quick), 1.0, quick)
    ledger = rollover.advanced(ledger, 2.0, quick)
    with ring.changing("gtm.example.com."):
        ring.save("gtm.example.com.", ledger)
    assert read(tmp_path, HEAD).zones[0].dnssec is None


def test_the_longest_ttl_is_that_of_anything_in_the_zone(tmp_path: Path) -> None:
    zone = zone_of(tmp_path, HEAD + "dnssec: {}\n")
    assert zone.dnssec is not None
    assert timing(zone, zone.dnssec).longest == 3600 == NS_TTL == DEFAULT_TTL
    zone = zone_of(tmp_path, HEAD + "records: {a: {type: A, ttl: 1d, value: 192.0.2.1}}\n")
    assert timing(zone, Dnssec()).longest == 86400
    assert timing(zone, replace(Dnssec(), ttl=172800)).longest == 172800
