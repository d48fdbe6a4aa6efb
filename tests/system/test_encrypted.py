"""DNS over TLS and HTTPS with the clients that people have: kdig, curl, openssl, dnsperf.

kdig is in knot-dnsutils, the others in packages of their names: apt-get install them.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import pytest
import trustme

from gtm.planes.limits import HANDSHAKES
from gtm.planes.proxy import SIGNATURE
from tests.system.harness import PATIENCE, Gtm, free_port, needs, run_gtm, serving, until

NAME = "ns1.gtm.example.com"
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
regions: {us: {location: US}, eu: {location: IE}}
geo: {overrides: {198.51.100.0/24: {location: IE}, 127.0.0.0/8: {location: US}}}
apps:
  shop:
    topology: spread
    services: {orders: {us: [127.0.0.11], eu: [127.0.0.12]}}
records:
  www: {type: A, ttl: 300, values: [127.0.0.9]}
  long: {type: TXT, values: [TEXT]}
"""
BALANCER = "127.0.0.200"
HEADER = SIGNATURE + b"\x21\x11\0\x0c" + socket.inet_aton("198.51.100.9") + bytes(8)


@dataclass
class Secure:
    """A server with TLS and HTTPS, and who has signed its certificate."""

    gtm: Gtm
    tls: int
    https: int
    folder: Path
    authority: trustme.CA

    def certify(self, *names: str) -> None:
        certify(self.folder, self.authority, *names)

    @property
    def trust(self) -> str:
        return str(self.folder / "authority.pem")

    def connect(self, source: str = "127.0.0.1", before: bytes = b"") -> ssl.SSLSocket:
        """A connection over TLS, whose certificate is verified."""
        context = ssl.create_default_context(cafile=self.trust)
        raw = socket.create_connection(("127.0.0.1", self.tls), PATIENCE, (source, 0))
        raw.sendall(before)
        return context.wrap_socket(raw, server_hostname=NAME)

    def dropped(self, proto: str, reason: str) -> float:
        name = f'gtm_dns_dropped_total{{family="1",proto="{proto}",reason="{reason}"}}'
        return self.gtm.metric(name)


def certify(folder: Path, authority: trustme.CA, *names: str) -> None:
    issued = authority.issue_cert(*names)
    key = folder / "key.pem"
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    (folder / "cert.pem").write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))


@pytest.fixture(params=["auto", "python"])
def secure(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Secure]:
    zones = tmp_path / "zones"
    zones.mkdir()
    text = ", ".join(f"'{number}{'x' * 200}'" for number in range(60))
    (zones / "gtm.yaml").write_text(ZONE.replace("TEXT", text))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    certify(tmp_path, authority, NAME)
    tls, https = free_port(), free_port()
    arguments = ["--tls", f"127.0.0.1:{tls}", "--https", f"127.0.0.1:{https}"]
    arguments += ["--certificate", str(tmp_path / "cert.pem")]
    arguments += ["--certificate-key", str(tmp_path / "key.pem"), "--proxy-from", BALANCER]
    with serving(tmp_path, zones, "--plane", request.param, *arguments) as gtm:
        yield Secure(gtm, tls, https, tmp_path, authority)


def run(*command: str, given: bytes = b"") -> str:
    done = subprocess.run(command, input=given, capture_output=True, timeout=PATIENCE)
    return (done.stdout + done.stderr).decode(errors="replace")


def ask(stream: socket.socket, name: str = "orders.gtm.example.com") -> str:
    query = dns.message.make_query(name, "A")
    dns.query.send_tcp(stream, query)
    answer, _ = dns.query.receive_tcp(stream)
    return str(answer.answer[0][0].to_text())


def test_kdig_over_tls_verifies_the_server_and_gets_a_padded_answer(secure: Secure) -> None:
    kdig = needs("kdig", "knot-dnsutils")
    said = run(
        kdig, "@127.0.0.1", "-p", str(secure.tls), "+tls-ca=" + secure.trust,
        f"+tls-hostname={NAME}", "orders.gtm.example.com",
    )  # fmt: skip
    assert "127.0.0.11" in said
    assert "TLS1.3" in said
    assert "PADDING" in said
    assert secure.gtm.metric('gtm_dns_requests_total{family="1",proto="tls"') == 1


@pytest.mark.parametrize("method", ["+https", "+https-get"])
def test_kdig_over_https_is_answered(secure: Secure, method: str) -> None:
    kdig = needs("kdig", "knot-dnsutils")
    if "https" not in run(kdig, "+help"):
        pytest.skip("this kdig was built without libnghttp2: apt-get install knot-dnsutils")
    for name, address in (("www", "127.0.0.9"), ("orders", "127.0.0.11")):
        said = run(kdig, "@127.0.0.1", "-p", str(secure.https), method, f"{name}.gtm.example.com")
        assert "status: 200" in said
        assert address in said
    assert secure.gtm.metric('gtm_dns_requests_total{family="1",proto="https"') == 2


@pytest.mark.parametrize("version", ["2", "1.1"])
def test_curl_posts_and_gets_over_both_versions_of_http(secure: Secure, version: str) -> None:
    curl = needs("curl", "curl")
    query = dns.message.make_query("www.gtm.example.com", "A", id=0).to_wire()
    where = f"https://{NAME}:{secure.https}/dns-query"
    common = [curl, "-sS", "-D", "-", "-o", str(secure.folder / "body"), f"--http{version}"]
    common += ["--cacert", secure.trust, "--resolve", f"{NAME}:{secure.https}:127.0.0.1"]
    kind = "content-type: application/dns-message"
    posted = run(*common, "-H", kind, "--data-binary", "@-", where, given=query)
    text = base64.urlsafe_b64encode(query).rstrip(b"=").decode()
    fetched = run(*common, f"{where}?dns={text}")
    for said in (posted, fetched):
        assert said.startswith(f"HTTP/{version} 200")
        assert "content-type: application/dns-message" in said
        assert "cache-control: private, max-age=300" in said
    answer = dns.message.from_wire((secure.folder / "body").read_bytes())
    assert answer.answer[0][0].to_text() == "127.0.0.9"
    assert run(*common, "-X", "PUT", where).startswith(f"HTTP/{version} 405")
    assert run(*common, "-d", "x", where).startswith(f"HTTP/{version} 415")
    assert run(*common, where.replace("dns-query", "")).startswith(f"HTTP/{version} 404")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_dnsperf_with_many_queries_in_flight_loses_none(secure: Secure, method: str) -> None:
    queries = secure.folder / "queries"
    queries.write_text("orders.gtm.example.com A\nwww.gtm.example.com A\n" * 500)
    said = run(
        needs("dnsperf", "dnsperf"), "-m", "doh", "-s", "127.0.0.1", "-p", str(secure.https),
        "-d", str(queries), "-n", "1", "-c", "4", "-q", "200", "-O", f"doh-method={method}",
        "-O", f"doh-uri=https://127.0.0.1:{secure.https}/dns-query",
    )  # fmt: skip
    assert "Queries completed:    1000 (100.00%)" in said
    assert "NOERROR 1000 (100.00%)" in said


def test_openssl_agrees_on_modern_tls_alone(secure: Secure) -> None:
    openssl = needs("openssl", "openssl")
    where = ["-connect", f"127.0.0.1:{secure.tls}", "-CAfile", secure.trust, "-alpn", "dot"]
    client = [openssl, "s_client", *where]
    for flag, version in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        said = run(*client, flag)
        assert version in said
        assert "ALPN protocol: dot" in said
        assert "Verify return code: 0 (ok)" in said
    assert "Cipher is (NONE)" in run(*client, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "Cipher is (NONE)" in run(*client, "-tls1_2", "-cipher", "AES128-SHA")


def test_a_session_is_resumed_by_its_ticket(secure: Secure) -> None:
    context = ssl.create_default_context(cafile=secure.trust)
    for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.maximum_version = newest
        session: ssl.SSLSession | None = None
        for resumed in (False, True):
            raw = socket.create_connection(("127.0.0.1", secure.tls), PATIENCE)
            with context.wrap_socket(raw, server_hostname=NAME, session=session) as stream:
                assert ask(stream) == "127.0.0.11"
                assert stream.session_reused is resumed
                session = stream.session


def test_queries_in_one_octet_pieces_and_large_answers_come_through(secure: Secure) -> None:
    with secure.connect() as stream:
        wire = dns.message.make_query("long.gtm.example.com", "TXT").to_wire()
        for octet in struct.pack("!H", len(wire)) + wire:
            stream.sendall(bytes((octet,)))
        answer, _ = dns.query.receive_tcp(stream)
        assert len(answer.answer[0]) == 60
        assert ask(stream) == "127.0.0.11"


def test_a_renewed_certificate_is_shown_to_new_clients_while_old_ones_stay(secure: Secure) -> None:
    with secure.connect() as old:
        assert ask(old) == "127.0.0.11"
        secure.certify(NAME, "renewed.example.com")
        until("renewed", lambda: "certificate_renewed" in secure.gtm.events())
        with secure.connect() as new:
            shown = new.getpeercert() or {}
            assert len(shown["subjectAltName"]) == 2
            assert ask(new) == ask(old) == "127.0.0.11"
    assert secure.gtm.metric("gtm_tls_certificate_renewals_total") == 1


def test_a_bad_renewal_is_said_everywhere_and_changes_nothing(secure: Secure) -> None:
    (secure.folder / "cert.pem").write_text("damaged")
    until("refused", lambda: "certificate_refused" in secure.gtm.events("error"))
    with secure.connect() as stream:
        assert ask(stream) == "127.0.0.11"
    assert "it has no certificate" in secure.gtm.status()["certificate"]["error"]
    assert secure.gtm.metric("gtm_tls_certificate_ok") == 0
    said = " ".join(secure.gtm.command("status").stdout.split())
    assert "the one before is still used" in said
    secure.certify(NAME)
    until("good again", lambda: secure.gtm.metric("gtm_tls_certificate_ok") == 1)


def test_a_balancer_says_whom_its_connection_is_from_before_tls_or_inside(secure: Secure) -> None:
    with secure.connect(BALANCER, before=HEADER) as stream:
        assert ask(stream) == "127.0.0.12"
    with secure.connect(BALANCER) as stream:
        stream.sendall(HEADER)
        assert ask(stream) == "127.0.0.12"
    with secure.connect(BALANCER) as stream, pytest.raises((OSError, EOFError)):
        ask(stream)
    assert secure.dropped("tls", "bad PROXY header") == 1


def test_a_flood_of_half_open_handshakes_leaves_room_for_others(secure: Secure) -> None:
    with contextlib.ExitStack() as flood, secure.connect() as before:
        for number in range(HANDSHAKES + 100):
            source = f"127.0.1.{number % 250 + 1}"
            raw = socket.create_connection(("127.0.0.1", secure.tls), PATIENCE, (source, 0))
            flood.enter_context(raw)
            raw.sendall(b"\x16\3\1\2\0\1")
        assert ask(before) == "127.0.0.11"
        with secure.connect() as after:
            assert ask(after) == "127.0.0.11"
        assert secure.dropped("tls", "too many handshakes") >= 100


def test_garbage_is_counted_and_does_not_flood_the_log(secure: Secure) -> None:
    lines = len(secure.gtm.records())
    for number in range(50):
        for port in (secure.tls, secure.https):
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as raw:
                raw.settimeout(PATIENCE)
                raw.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(number * 100))
                with contextlib.suppress(OSError):
                    while raw.recv(4096):
                        pass
    assert secure.dropped("tls", "TLS failed") == 50
    assert secure.dropped("https", "TLS failed") == 50
    assert len(secure.gtm.records()) == lines


def test_what_is_listened_on_is_told(secure: Secure) -> None:
    wanted = [f"tls://127.0.0.1:{secure.tls}", f"https://127.0.0.1:{secure.https}/dns-query"]
    assert secure.gtm.status()["listen"][-2:] == wanted
    (starting,) = (each for each in secure.gtm.records() if each["event"] == "starting")
    assert starting["listen"][-2:] == wanted
    with secure.connect() as stream:
        ask(stream)
        assert secure.gtm.metric('gtm_dns_connections{family="1",proto="tls"}') == 1
    assert secure.gtm.metric("gtm_tls_certificate_expires_timestamp_seconds") > 1.7e9


def test_without_a_usable_certificate_the_server_does_not_start(tmp_path: Path) -> None:
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE.replace("TEXT", "x"))
    certify(tmp_path, trustme.CA(), NAME)
    serve = ["serve", str(zones), "--listen", "127.0.0.1:0", "--api", f"unix:{tmp_path}/s"]
    tls = ["--tls", "127.0.0.1:0"]
    done = run_gtm(*serve, *tls)
    assert done.returncode == 2
    assert "cannot serve --tls without a certificate: add --certificate" in done.stderr
    (tmp_path / "key.pem").chmod(0o644)
    files = ["--certificate", f"{tmp_path}/cert.pem", "--certificate-key", f"{tmp_path}/key.pem"]
    done = run_gtm(*serve, *tls, *files)
    assert done.returncode == 2
    assert "its mode 0644 lets others at it" in " ".join(done.stderr.split())
