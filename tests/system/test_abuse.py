"""Against abuse: cookies and NSID as kdig and dig see them, floods that are limited.

kdig is in Debian's knot-dnsutils, dig in bind9-dnsutils.
"""

from __future__ import annotations

import re
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.query
import pytest

from gtm.dns.options import COOKIE
from tests.system.harness import PATIENCE, Gtm, needs, serving, until

SECRET, ROLLED = "e5e973e5a6b2a43f48e7dc849e37bfcf", "dd3bdf9344b678b185a6f5cb60fca715"
LIMIT = 50  # answers a second
ALLOWED = "127.0.0.1"
FLOODING, QUIET = "127.9.9.1", "127.8.8.1"
ASKED = 1000
NAME = "www.gtm.example.com"
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
regions: {us: {location: US}}
apps:
  shop: {topology: replicated, services: {orders: {us: [192.0.2.10]}}}
records:
  www: {type: A, value: 192.0.2.1}
"""


@pytest.fixture(params=["auto", "python"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Gtm]:
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE, encoding="utf-8")
    (tmp_path / "secrets").write_text(f"{SECRET}  # of June\n", encoding="ascii")
    with serving(
        tmp_path,
        zones,
        *("--plane", str(request.param), "--workers", "1", "--identity", "ns1-here"),
        *("--cookie-secrets", str(tmp_path / "secrets")),
        *("--rate-limit", str(LIMIT), "--rate-limit-allow", f"{ALLOWED}/32"),
    ) as gtm:
        yield gtm


def run(*command: str) -> str:
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return found.stdout


def with_cookie(data: bytes) -> dns.message.Message:
    option = dns.edns.GenericOption(dns.edns.OptionType.make(COOKIE), data)
    return dns.message.make_query(NAME, "A", use_edns=0, options=[option])


def cookie_of(message: dns.message.Message) -> bytes:
    (data,) = [each.to_wire() for each in message.options if each.otype == COOKIE]
    return bytes(data or b"")


def flood(gtm: Gtm, source: str, query: dns.message.Message) -> Counter[str]:
    """Sends a query again and again; counts answers given in full and cut."""
    found: Counter[str] = Counter()
    packet = query.to_wire()
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", gtm.port))
        sock.settimeout(1)
        for _ in range(ASKED // 20):
            for _ in range(20):
                sock.send(packet)
            try:
                while True:
                    message = dns.message.from_wire(sock.recv(4096))
                    found["cut" if message.flags & dns.flags.TC else "full"] += 1
                    sock.settimeout(0.01)
            except TimeoutError:
                pass
    return found


def test_kdig_and_dig_see_identity_and_cookies(server: Gtm) -> None:
    kdig = needs("kdig", "knot-dnsutils")
    said = run(kdig, f"@127.0.0.1#{server.port}", "+cookie", "+nsid", NAME, "A")
    assert "192.0.2.1" in said
    assert "ns1-here" in said
    assert re.search(r"COOKIE: [0-9a-fA-F]{16}", said)
    dig = needs("dig", "bind9-dnsutils")
    said = run(dig, "@127.0.0.1", "-p", str(server.port), "+nsid", NAME, "A")
    assert '"ns1-here"' in said
    assert "(good)" in said, "dig sends a cookie and finds its own in the answer"
    said = run(dig, "@127.0.0.1", "-p", str(server.port), "example.org", "A")
    assert "EDE: 20 (Not Authoritative)" in said


def test_a_flood_is_limited_but_for_known_and_allowed_clients(server: Gtm) -> None:
    query = dns.message.make_query(NAME, "A")
    found = flood(server, FLOODING, query)
    assert LIMIT <= found["full"] < ASKED // 2
    assert found["cut"] > 0
    assert found.total() < ASKED, "the others are dropped"
    answer = dns.query.tcp(query, "127.0.0.1", PATIENCE, server.port, source=FLOODING)
    assert answer.answer, "over TCP nobody is limited"
    one = dns.query.udp(query, "127.0.0.1", PATIENCE, server.port, source=QUIET)
    assert one.answer, "another network is not"
    assert flood(server, ALLOWED, query) == {"full": ASKED}


def test_who_shows_a_valid_cookie_is_not_limited(server: Gtm) -> None:
    first = with_cookie(b"a client")
    answer = dns.query.udp(first, "127.0.0.1", PATIENCE, server.port, source=FLOODING)
    flood(server, FLOODING, dns.message.make_query(NAME, "A"))
    assert flood(server, FLOODING, with_cookie(cookie_of(answer))) == {"full": ASKED}
    assert flood(server, FLOODING, with_cookie(b"a client" + bytes(16)))["cut"] > 0


def test_limited_answers_are_counted_and_told_without_names(server: Gtm) -> None:
    flood(server, FLOODING, dns.message.make_query(NAME, "A"))
    for action in ("cut", "drop"):
        proto = f'gtm_dns_rate_limited_total{{action="{action}",family="1",proto="udp"}}'
        assert server.metric(proto) > 0
    until("told in the log", lambda: "rate_limited" in server.events())
    (told,) = [each for each in server.records() if each["event"] == "rate_limited"]
    assert told["network"] == "127.9.9.0/24"
    assert told["cut"] > 0
    assert NAME not in server.log.read_text()


def test_secrets_are_rolled_without_a_restart(server: Gtm, tmp_path: Path) -> None:
    answer = dns.query.udp(with_cookie(b"a client"), "127.0.0.1", PATIENCE, server.port)
    cookie = cookie_of(answer)

    def again() -> bytes:
        return cookie_of(dns.query.udp(with_cookie(cookie), "127.0.0.1", PATIENCE, server.port))

    assert again() == cookie
    (tmp_path / "secrets").write_text("not hex\n", encoding="ascii")
    until("the mistake is told", lambda: "cookie_secrets" in server.events("warning"))
    assert again() == cookie, "what was read before goes on"
    (tmp_path / "secrets").write_text(f"{ROLLED}\n{SECRET}\n", encoding="ascii")
    until("the new secret is used", lambda: again() != cookie)
