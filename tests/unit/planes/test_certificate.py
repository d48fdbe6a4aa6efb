"""The certificate that is served: what can't be used, and what a renewal changes."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from gtm.control.lasting import own_certificate
from gtm.errors import ConfigError
from gtm.planes.certificate import Keeper
from tests.unit.planes.stream_clients import NAME, certified


def test_names_and_end_are_known(tmp_path: Path) -> None:
    ends = datetime.datetime(2040, 1, 2, tzinfo=datetime.UTC)
    keeper = Keeper(*certified(tmp_path, NAME, "192.0.2.53", ends=ends), http2=True)
    assert keeper.shown() == [NAME, "192.0.2.53"]
    assert keeper.current.expires == ends.timestamp()
    assert keeper.error is None


def test_key_and_certificate_may_be_in_one_file(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    with pytest.raises(ConfigError, match="lets others at it"):
        Keeper(certificate, None, http2=True)
    certificate.chmod(0o600)
    assert Keeper(certificate, None, http2=True).files == (certificate,)


@pytest.mark.parametrize(
    ("mode", "fine"), [(0o600, 1), (0o400, 1), (0o640, 1), (0o644, 0), (0o660, 0)]
)
def test_a_key_that_others_may_read_or_change_is_refused(
    tmp_path: Path, mode: int, fine: int
) -> None:
    certificate, key = certified(tmp_path)
    key.chmod(mode)
    if fine:
        Keeper(certificate, key, http2=True)
        return
    with pytest.raises(ConfigError, match=f"its mode {mode:04o} lets others at it; chmod 0640"):
        Keeper(certificate, key, http2=True)


def test_what_is_not_there_or_no_certificate_is_said(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot read .*none\.pem: No such file"):
        Keeper(tmp_path / "none.pem", key, http2=True)
    with pytest.raises(ConfigError, match=r"cannot read .*none\.pem: No such file"):
        Keeper(certificate, tmp_path / "none.pem", http2=True)
    with pytest.raises(ConfigError, match="it has no certificate"):
        Keeper(key, key, http2=True)


def test_anothers_key_and_an_encrypted_key_are_said(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    text = key.read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    key.write_bytes(certified(other)[1].read_bytes())
    with pytest.raises(ConfigError, match="the key is another certificate's"):
        Keeper(certificate, key, http2=True)
    private = serialization.load_pem_private_key(text, None)
    secret = serialization.BestAvailableEncryption(b"secret")
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(*kinds, secret))
    with pytest.raises(ConfigError, match="the key is encrypted"):
        Keeper(certificate, key, http2=True)


def test_a_renewal_is_taken_at_once(tmp_path: Path) -> None:
    keeper = Keeper(*certified(tmp_path), http2=True)
    before = keeper.dot(), keeper.https()
    keeper.look()
    assert (keeper.dot(), keeper.https()) == before
    certified(tmp_path, "renewed.example.com")
    keeper.look()
    assert keeper.shown() == ["renewed.example.com"]
    assert keeper.dot() is not before[0]
    assert keeper.https() is not before[1]
    assert keeper.renewals == 1


def test_a_bad_renewal_keeps_the_one_before_and_is_said_at_the_second_look(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    keeper = Keeper(certificate, key, http2=True)
    before, good = keeper.dot(), certificate.read_bytes()
    certificate.write_text("damaged")
    keeper.look()
    assert keeper.error is None, "it may be half of a renewal"
    keeper.look()
    assert keeper.error is not None
    assert "it has no certificate" in keeper.error
    assert keeper.dot() is before
    certificate.write_bytes(good)
    keeper.look()
    assert keeper.error is None
    assert keeper.dot() is before


def test_a_renewal_in_two_steps_is_no_trouble(tmp_path: Path) -> None:
    keeper = Keeper(*certified(tmp_path), http2=True)
    other = tmp_path / "other"
    other.mkdir()
    certificate, key = certified(other, "renewed.example.com")
    (tmp_path / "cert.pem").write_bytes(certificate.read_bytes())
    keeper.look()
    assert keeper.shown() == [NAME]
    (tmp_path / "key.pem").write_bytes(key.read_bytes())
    keeper.look()
    assert (keeper.shown(), keeper.error) == (["renewed.example.com"], None)


def test_files_that_go_keep_the_certificate(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    keeper = Keeper(certificate, key, http2=True)
    certificate.unlink()
    keeper.look()
    keeper.look()
    assert keeper.error is not None
    assert "No such file" in keeper.error
    assert keeper.shown() == [NAME]


def test_the_end_of_the_certificate_is_told_two_weeks_ahead(tmp_path: Path) -> None:
    ends = datetime.datetime(2040, 1, 20, tzinfo=datetime.UTC)
    keeper = Keeper(*certified(tmp_path, ends=ends), http2=True)
    end, day = ends.timestamp(), 86400.0
    assert not list(own_certificate(keeper, end - 15 * day))
    (soon,) = own_certificate(keeper, end - 13 * day)
    assert soon.said == "the certificate of DNS over TLS (cert.pem) ends soon"
    assert soon.reason == f"the certificate for {NAME} ends on 2040-01-20, in 13 days"
    (ended,) = own_certificate(keeper, end + 1)
    assert ended.reason == f"the certificate for {NAME} ended on 2040-01-20"
    assert (ended.key, ended.severity > soon.severity) == (soon.key, True)


def test_a_renewal_that_can_t_be_used_is_told(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    keeper = Keeper(certificate, key, http2=True)
    key.chmod(0o666)
    keeper.look()
    keeper.look()
    (told,) = own_certificate(keeper, 0)
    assert told.said == "the certificate could not be loaded"
    assert told.reason.endswith("the one before is used")
