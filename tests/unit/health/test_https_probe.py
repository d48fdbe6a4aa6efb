"""What the https probe says of certificates: made here, served on loopback."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Http, Target
from gtm.health import tls
from gtm.health.outcome import Outcome
from gtm.health.probes import Probes
from tests.unit.health.health_backends import (
    ADDRESS,
    out_of_files,
    saying,
    serving,
    silence,
    status,
    target,
    to,
)
from tests.unit.health.probing import probed_at

NAME = "orders.gtm.example.com"
FOR_NAME = x509.DNSName(NAME)
NOT_VALID = f"certificate of {ADDRESS}:443 is not valid for {NAME}: "

DER = ssl.PEM_cert_to_DER_cert(trustme.CA().cert_pem.bytes().decode())

Certified = Callable[..., tuple[ssl.SSLContext, str]]


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    """Makes a self-signed certificate: the server's context, and a file that trusts it."""

    def make(
        name: x509.GeneralName = FOR_NAME, start_days: int = -1, end_days: int = 1
    ) -> tuple[ssl.SSLContext, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gtm test")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + timedelta(days=start_days))
            .not_valid_after(now + timedelta(days=end_days))
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        chain = tmp_path / "chain.pem"
        chain.write_bytes(private + pem)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(chain)
        authorities = tmp_path / "authorities.pem"
        authorities.write_bytes(pem)
        return server, str(authorities)

    return make


def https(**fields: object) -> Target:
    """An https target asked for by `NAME`."""
    return target("https", **{"server_name": NAME, **fields})


async def probed(server: ssl.SSLContext, authorities: str | None, what: Target) -> Outcome:
    probe = what.check.probe
    assert isinstance(probe, Http) and probe.tls is not None
    trusting = replace(probe, tls=replace(probe.tls, authorities=authorities))
    async with serving(saying(status(200)), server) as port:
        return await probed_at(replace(what, check=replace(what.check, probe=trusting)), to(port))


async def test_a_trusted_certificate_for_the_name_is_a_success(certified: Certified) -> None:
    outcome = await probed(*certified(), https(server_name=f"{NAME}."))
    assert outcome.ok, outcome.reason
    assert outcome.service is not None, "the handshake is no part of it"
    assert outcome.service < outcome.latency
    assert outcome.reason.startswith(f"HTTP 200 from {ADDRESS}:443 after ")


async def test_the_server_name_is_sent_in_the_handshake(certified: Certified) -> None:
    server, client = certified()
    sent: list[str | None] = []
    server.set_servername_callback(lambda _socket, name, _context: sent.append(name))
    assert (await probed(server, client, https())).ok
    assert sent == [NAME]


async def test_a_target_without_a_name_is_certified_by_its_address(certified: Certified) -> None:
    what = https(server_name=None)
    by_address = certified(x509.IPAddress(ip_address(ADDRESS)))
    assert (await probed(*by_address, what)).ok
    outcome = await probed(*certified(), what)
    assert outcome.reason == (
        f"certificate of {ADDRESS}:443 is not valid for {ADDRESS}: it is for other addresses"
    )


async def test_an_untrusted_certificate_is_a_failure(certified: Certified) -> None:
    server, _ = certified()
    outcome = await probed(server, None, https())
    assert not outcome.ok
    assert outcome.reason == NOT_VALID + "it is self-signed and not trusted here"


async def test_a_certificate_for_another_name_is_a_failure(certified: Certified) -> None:
    other = certified(x509.DNSName("payments.gtm.example.com"))
    outcome = await probed(*other, https())
    assert not outcome.ok
    assert outcome.reason == NOT_VALID + "it is for other names"


@pytest.mark.parametrize(
    ("start", "end", "why"), [(-9, -1, "it has expired"), (1, 9, "it is not valid yet")]
)
async def test_a_certificate_out_of_its_time_is_a_failure(
    certified: Certified, start: int, end: int, why: str
) -> None:
    outcome = await probed(*certified(start_days=start, end_days=end), https())
    assert not outcome.ok
    assert outcome.reason == NOT_VALID + why


async def test_authorities_that_could_not_be_read_are_read_for_the_next_probe(
    certified: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = certified()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "chain.pem"))
    async with serving(saying(status(200)), server) as port:
        probes = Probes(dial=to(port))
        with out_of_files():
            first = await probes.probe(https())
        second = await probes.probe(https())
        await probes.close()
    assert first.reason == "not probed: this process has too many open files"
    assert second.ok, second.reason


def test_a_directory_of_authorities_is_read_at_once(
    certified: Certified, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certified()
    directory = tmp_path / "certs"
    directory.mkdir()
    (tmp_path / "chain.pem").rename(directory / "0a1b2c3d.0")
    (directory / "00000000.0").symlink_to(tmp_path / "gone")
    (directory / "11111111.0").write_text("no certificate")
    (directory / "README").write_text("neither")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(directory))
    assert tls.tls_context(verify=True).cert_store_stats()["x509_ca"] == 1


async def test_verify_false_believes_any_certificate(certified: Certified) -> None:
    server, _ = certified(x509.DNSName("payments.gtm.example.com"), -9, -1)
    outcome = await probed(server, None, https(verify=False))
    assert outcome.ok, outcome.reason


async def test_the_end_of_a_certificate_is_known_whether_it_is_believed_or_not(
    certified: Certified,
) -> None:
    server, authorities = certified(end_days=5)
    verified = await probed(server, authorities, https())
    believed = await probed(server, None, https(verify=False))
    assert verified.expires is not None
    assert verified.expires == believed.expires
    assert tls.days_left(verified.expires, time.time() - 60) == 5


@given(st.binary(max_size=300))
def test_octets_that_are_no_certificate_have_no_end(octets: bytes) -> None:
    assert tls.end_of(octets) is None


@given(st.integers(min_value=0), st.integers(0, 255))
def test_a_damaged_certificate_has_an_end_or_none(at: int, octet: int) -> None:
    damaged = bytearray(DER)
    damaged[at % len(DER)] = octet
    tls.end_of(bytes(damaged))


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.net ESMTP\r\n")
    await reader.read()


async def test_a_server_that_speaks_no_tls_is_a_failure() -> None:
    async with serving(greeting) as port:
        outcome = await probed_at(https(), to(port))
    assert not outcome.ok
    assert outcome.reason.startswith(f"no TLS with {ADDRESS}:443: ")


async def test_a_handshake_that_is_never_answered_fails_when_time_is_up() -> None:
    async with serving(silence) as port:
        outcome = await probed_at(https(timeout=0.2), to(port))
    assert not outcome.ok
    assert outcome.reason == f"no answer from {ADDRESS}:443 within 200 ms"
