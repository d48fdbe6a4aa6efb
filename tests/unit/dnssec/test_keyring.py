"""Keys on disk: what is read, what is refused, and what a crash leaves."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.dnssec import ledgerfile, rollover
from gtm.dnssec.keyfile import PrivateDisk, Unusable, from_pem, is_private, to_pem
from gtm.dnssec.keyring import Keyring, folder_name
from gtm.dnssec.keys import Key, generate
from gtm.dnssec.ledger import Entry, Kind, Ledger, Role, Stage
from gtm.dnssec.timing import Timing
from gtm.durable import Damaged
from gtm.model import Algorithm

ZONE = "gtm.example.com."
TIMING = Timing(3600, 3600, 86400, 3600.0)


def first(role: Role = Role.CSK) -> tuple[Ledger, Key]:
    key = generate(Algorithm.ECDSA_P256, sep=role.secures)
    return rollover.begun([Entry(key.dnskey_rdata, role, Stage.NEW, 1.0)], 1.0, TIMING), key


def saved(ring: Keyring) -> tuple[Ledger, Key]:
    ledger, key = first()
    with ring.changing(ZONE):
        ring.save(ZONE, ledger, [key])
    return ledger, key


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_saved_is_read_again_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "state" / "keys")
    ledger, key = saved(ring)
    held = ring.read(ZONE)
    assert held.ledger == ledger
    assert held.keys[key.dnskey_rdata].sign(b"x")
    files = {path.name: mode(path) for path in held.folder.iterdir()}
    assert files == {f"13-{key.tag:05}.pem": 0o600, "keys.json": 0o640}
    assert mode(held.folder) == mode(tmp_path / "state" / "keys") == 0o700
    assert ring.zones() == [ZONE]


def test_a_key_that_is_done_with_is_put_aside_and_deleted_at_the_next_change(
    tmp_path: Path,
) -> None:
    ring = Keyring(tmp_path)
    _, old = saved(ring)
    new, key = first()
    newest, last = first()
    with ring.changing(ZONE):
        ring.save(ZONE, new, [key])
    left = {path.name for path in ring.place(ZONE).iterdir()}
    assert left == {"keys.json", f"13-{key.tag:05}.pem", f"13-{old.tag:05}.pem.removed"}
    with ring.changing(ZONE):
        ring.save(ZONE, newest, [last])
    left = {path.name for path in ring.place(ZONE).iterdir()}
    assert left == {"keys.json", f"13-{last.tag:05}.pem", f"13-{key.tag:05}.pem.removed"}


class Cut(PrivateDisk):
    """A disk that fails at one write or rename, as if the machine had gone down."""

    def __init__(self, at: int) -> None:
        self.left = at

    def _tick(self) -> None:
        if self.left == 0:
            raise OSError(5, "cut short")
        self.left -= 1

    def write(self, path: Path, data: bytes) -> None:
        self._tick()
        super().write(path, data)

    def rename(self, path: Path, to: Path) -> None:
        self._tick()
        super().rename(path, to)


@pytest.mark.parametrize("at", range(6))
def test_a_change_that_is_cut_short_leaves_the_old_keys_or_the_new(tmp_path: Path, at: int) -> None:
    good = Keyring(tmp_path)
    before, _ = saved(good)
    after, key = first()
    disk = Cut(at)
    ring = Keyring(tmp_path, disk, disk)
    with contextlib.suppress(OSError), ring.changing(ZONE):
        ring.save(ZONE, after, [key])
    assert good.read(ZONE).ledger in (before, after)


def test_a_bare_pkcs8_file_signs_everything(tmp_path: Path) -> None:
    key = generate(Algorithm.ED25519, sep=True)
    folder = tmp_path / "gtm.example.com"
    folder.mkdir()
    write(folder / "tls.pem", to_pem(key.private), 0o600)
    held = Keyring(tmp_path).read(ZONE)
    assert held.ledger.bare
    assert [(one.dnskey, one.role) for one in held.ledger.keys] == [(key.dnskey_rdata, Role.CSK)]


def test_a_secret_mount_of_links_to_read_only_files_is_used(tmp_path: Path) -> None:
    key = generate(Algorithm.ED25519, sep=True)
    version = tmp_path / "..2026"
    version.mkdir()
    write(version / "key", to_pem(key.private), 0o440)
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "gtm.example.com.pem").symlink_to("..data/key")
    ring = Keyring(tmp_path)
    assert list(ring.read(ZONE).keys) == [key.dnskey_rdata]
    assert ring.zones() == [ZONE]


def write(path: Path, data: bytes, bits: int) -> None:
    path.write_bytes(data)
    path.chmod(bits)


@pytest.mark.parametrize(
    ("bits", "owner", "private"),
    [
        (0o600, 1, True),
        (0o400, 1, True),
        (0o440, 1, True),
        (0o640, 1, False),
        (0o640, 0, True),
        (0o644, 0, False),
        (0o604, 1, False),
        (0o660, 0, False),
    ],
)
def test_a_group_may_read_what_is_lent_to_it_or_read_only(
    bits: int, owner: int, private: bool
) -> None:
    assert is_private(bits, owner, reader=1) is private


def test_a_key_that_others_can_read_is_refused_with_a_remedy(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    _, key = saved(ring)
    path = ring.place(ZONE) / f"13-{key.tag:05}.pem"
    path.chmod(0o644)
    with pytest.raises(Unusable, match=r"others can read the key .* \(mode 0644\)") as refused:
        ring.read(ZONE)
    assert f"chmod 600 {path}" in refused.value.remedy


def test_what_was_read_is_read_again_only_if_a_file_changed(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    _, old = saved(ring)
    first_read = ring.read(ZONE)
    assert ring.read(ZONE) is first_read
    path = ring.place(ZONE) / f"13-{old.tag:05}.pem"
    path.chmod(0o644)
    with pytest.raises(Unusable, match="others can read"):
        ring.read(ZONE)
    path.chmod(0o600)
    assert ring.read(ZONE).ledger == first_read.ledger
    _, new = saved(ring)
    assert list(ring.read(ZONE).keys) == [new.dnskey_rdata]


def test_no_key_and_no_folder_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"there is no key in .*; make one: gtm keys generate gtm"):
        Keyring(tmp_path / "none").read(ZONE)
    with pytest.raises(Unusable, match="give their folder with --keys DIR"):
        Keyring(None).read(ZONE)


def test_a_key_in_the_place_of_another_is_seen(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    _, key = saved(ring)
    other = generate(Algorithm.ECDSA_P256, sep=True)
    write(ring.place(ZONE) / f"13-{key.tag:05}.pem", to_pem(other.private), 0o600)
    with pytest.raises(Unusable, match="holds another key"):
        ring.read(ZONE)


def test_a_missing_key_is_told_from_no_key(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    _, key = saved(ring)
    (ring.place(ZONE) / f"13-{key.tag:05}.pem").unlink()
    with pytest.raises(Unusable, match="can't be read: No such file"):
        ring.read(ZONE)


def test_a_fifo_in_the_place_of_a_key_is_not_waited_for(tmp_path: Path) -> None:
    ring = Keyring(tmp_path)
    _, key = saved(ring)
    path = ring.place(ZONE) / f"13-{key.tag:05}.pem"
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(Unusable, match="is not a file"):
        ring.read(ZONE)


def test_other_kinds_of_keys_and_encrypted_ones_are_refused() -> None:
    private = generate_private_key(SECP384R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="another kind"):
        from_pem(pem)
    locked = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    with pytest.raises(ValueError, match="encrypted"):
        from_pem(locked)


@given(st.binary(max_size=300))
def test_any_octets_are_a_key_or_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="it"):
        from_pem(data)


PEM = to_pem(generate(Algorithm.ECDSA_P256, sep=True).private)


@given(st.integers(0, len(PEM) - 1), st.integers(0, 255))
def test_a_damaged_pem_is_another_key_or_refused(at: int, octet: int) -> None:
    try:
        from_pem(PEM[:at] + bytes((octet,)) + PEM[at + 1 :])
    except ValueError as error:
        assert str(error)


LEDGER = ledgerfile.written(first()[0], ZONE)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_octets_are_no_ledger(data: bytes) -> None:
    with pytest.raises(Damaged):
        ledgerfile.read(data, ZONE)


@given(st.integers(0, len(LEDGER) - 1), st.binary(max_size=3), st.integers(0, 40))
def test_a_damaged_ledger_is_read_or_refused(at: int, put: bytes, cut: int) -> None:
    try:
        found = ledgerfile.read(LEDGER[:at] + put + LEDGER[at + cut :], ZONE)
    except Damaged as damage:
        assert str(damage)
    else:
        assert found.keys


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["version", "zone", "secured", "keys", "roll", "stage", "role", "kind"]),
    st.recursive(values, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
)
def test_a_ledger_with_any_value_anywhere_is_read_or_refused(key: str, value: object) -> None:
    tree = json.loads(LEDGER)
    for place in (tree, tree["keys"][0], tree["roll"]):
        if key in place:
            place[key] = value
    try:
        ledgerfile.read(json.dumps(tree).encode(), ZONE)
    except Damaged as damage:
        assert str(damage)


def test_a_ledger_comes_back_in_every_phase() -> None:
    ledger, key = first()
    split = [generate(Algorithm.ECDSA_P256, sep=sep) for sep in (True, False)]
    at_rest = Ledger((Entry(key.dnskey_rdata, Role.CSK, Stage.ACTIVE, 5.5),), secured=True)
    entries = [
        Entry(one.dnskey_rdata, role, Stage.NEW, 7.0)
        for one, role in zip(split, (Role.KSK, Role.ZSK), strict=True)
    ]
    ledgers = [ledger, at_rest, rollover.unsigning(at_rest, 1.0, TIMING)]
    ledgers += [
        rollover.introduced(at_rest, kind, entries, 1.0, TIMING)
        for kind in (Kind.ALL, Kind.ALGORITHM)
    ]
    for one in ledgers:
        while True:
            assert ledgerfile.read(ledgerfile.written(one, ZONE), ZONE) == one
            asked = None if one.roll is None else rollover.awaited(one.roll)
            if asked in (None, rollover.Awaited.NOBODY):
                break
            tell = {
                rollover.Awaited.SEEN: rollover.ds_seen,
                rollover.Awaited.GONE: rollover.ds_gone,
            }.get(asked)
            one = (
                tell(one, 9.0, TIMING) if tell else rollover.advanced(one, 9.0, TIMING, force=True)
            )


def test_a_ledger_of_another_zone_is_refused() -> None:
    with pytest.raises(Damaged, match="of the zone"):
        ledgerfile.read(LEDGER, "other.example.")


def test_a_ledger_that_lacks_a_key_is_refused() -> None:
    ledger, _ = first(Role.ZSK)
    with pytest.raises(Damaged, match="a key is missing"):
        ledgerfile.read(ledgerfile.written(ledger, ZONE), ZONE)


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("gtm.example.com.", "gtm.example.com"),
        ("0/25.2.0.192.in-addr.arpa.", "0%2F25.2.0.192.in-addr.arpa"),
        (".", "%2E"),
        ("*.example.", "%2A.example"),
    ],
)
def test_a_zone_has_a_folder_that_no_path_leaves(zone: str, name: str) -> None:
    assert folder_name(zone) == name
