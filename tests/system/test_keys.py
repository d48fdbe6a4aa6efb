"""`gtm keys` beside a running server: what it signs is validated, before, in and after a roll-over.

unbound validates from the DS that gtm prints, as a resolver does from the parent's. It is Debian's
package `unbound`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.system.harness import PATIENCE, Gtm, free_port, needs, run_gtm, serving, until

NAME = "gtm.example.com"
ZONE = """
zone: gtm.example.com
ttl: 30
nameservers: {ns1: [127.0.0.1]}
dnssec: {SIGNING}
regions:
  us-east: {location: [39.04, -77.49]}
  eu-west: {location: [53.35, -6.26]}
apps:
  shop:
    topology: replicated
    services:
      orders: {us-east: [127.0.0.11], eu-west: [127.0.0.12]}
records:
  "*.dev": {type: A, ttl: 300, values: [192.0.2.99]}
"""
CONFIGURATION = """
server:
  interface: 127.0.0.1@{port}
  port: {port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  module-config: "validator iterator"
  access-control: 127.0.0.0/8 allow
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
  trust-anchor: "{anchor}"
stub-zone:
  name: gtm.example.com
  stub-addr: 127.0.0.1@{gtm}
  stub-prime: no
remote-control:
  control-enable: no
"""


@dataclass
class Signed:
    """A signed zone, its keys, and the server that answers for it."""

    folder: Path
    gtm: Gtm

    def keys(self, *words: str) -> str:
        """What `gtm keys WORDS...` prints."""
        done = run_gtm("keys", *words, *where(self.folder))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def anchor(self) -> str:
        """The DS that the parent would have."""
        return self.keys("ds", NAME, "--force").strip()

    def dnskeys(self) -> int:
        """How many keys the server publishes."""
        answer = self.gtm.ask(NAME, "DNSKEY", use_edns=0).answer
        return sum(len(one) for one in answer if one.rdtype == dns.rdatatype.DNSKEY)


def where(folder: Path) -> tuple[str, ...]:
    return "--zones", str(folder / "zones"), "--keys", str(folder / "keys")


ONE, TWO = ("", "auto"), ("algorithm: ed25519, split: true", "python")


@pytest.fixture
def signed(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Signed]:
    signing, plane = request.param
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE.replace("SIGNING", signing))
    assert run_gtm("keys", "generate", NAME, *where(tmp_path)).returncode == 0
    with serving(tmp_path, zones, "--keys", str(tmp_path / "keys"), "--plane", plane) as gtm:
        yield Signed(tmp_path, gtm)


@contextmanager
def validating(signed: Signed, anchor: str) -> Iterator[int]:
    """unbound with this trust anchor; gives its port."""
    program = needs("unbound", "unbound")
    port = free_port()
    file = signed.folder / f"unbound-{port}.conf"
    file.write_text(
        CONFIGURATION.format(port=port, folder=signed.folder, gtm=signed.gtm.port, anchor=anchor)
    )
    with (signed.folder / "unbound.log").open("a") as log:
        process = subprocess.Popen([program, "-d", "-c", str(file)], stderr=log, stdout=log)
    try:
        until("unbound answers", lambda: rcode(port, f"orders.{NAME}") is not None)
        yield port
    finally:
        process.kill()
        process.wait(PATIENCE)


def ask(port: int, name: str) -> dns.message.Message:
    query = dns.message.make_query(name, "A", want_dnssec=True)
    return dns.query.udp(query, "127.0.0.1", 2.0, port)


def rcode(port: int, name: str) -> dns.rcode.Rcode | None:
    try:
        return ask(port, name).rcode()
    except (dns.exception.Timeout, OSError):
        return None


def assert_all_validates(signed: Signed, anchor: str) -> None:
    """An answer, a wildcard's, a name that is not there and a type that is not there."""
    with validating(signed, anchor) as port:
        for name, expected in (
            (f"orders.{NAME}", dns.rcode.NOERROR),
            (f"any.dev.{NAME}", dns.rcode.NOERROR),
            (f"nothing.{NAME}", dns.rcode.NXDOMAIN),
            (NAME, dns.rcode.NOERROR),
        ):
            answer = ask(port, name)
            assert answer.rcode() == expected, name
            assert answer.flags & dns.flags.AD, name


def assert_bogus(signed: Signed, anchor: str) -> None:
    with validating(signed, anchor) as port:
        assert rcode(port, f"orders.{NAME}") == dns.rcode.SERVFAIL


@pytest.mark.parametrize("signed", [ONE, TWO], ids=["csk", "ksk-and-zsk"], indirect=True)
def test_what_the_keys_sign_validates_before_in_and_after_a_roll_over(signed: Signed) -> None:
    """Waiting is left out by force: this resolver holds nothing, so nothing can break."""
    alone = signed.dnskeys()
    old = signed.anchor()
    assert " DS " in old
    assert_all_validates(signed, old)
    signed.keys("next", NAME, "--force")
    signed.keys("ds-seen", NAME)
    signed.keys("roll", NAME)
    until("the new keys are published", lambda: signed.dnskeys() == 2 * alone)
    assert_all_validates(signed, old)
    signed.keys("next", NAME, "--force")
    new = signed.anchor()
    assert new != old
    until("CDS asks for the new DS", lambda: new.split()[4] in cds(signed))
    assert_all_validates(signed, old)
    assert_all_validates(signed, new)
    signed.keys("ds-seen", NAME)
    signed.keys("next", NAME, "--force")
    until("the old keys are gone", lambda: signed.dnskeys() == alone)
    assert_all_validates(signed, new)
    assert_bogus(signed, old)


def cds(signed: Signed) -> list[str]:
    answer = signed.gtm.ask(NAME, "CDS", use_edns=0).answer
    return [str(record.key_tag) for one in answer for record in one if hasattr(record, "key_tag")]


@pytest.mark.parametrize("signed", [ONE], ids=["csk"], indirect=True)
def test_keys_that_can_not_be_used_any_more_leave_the_zone_as_it_was(signed: Signed) -> None:
    anchor = signed.anchor()
    (folder,) = (signed.folder / "keys").iterdir()
    for key in folder.glob("*.pem"):
        key.chmod(0o644)
    (folder / "touched").touch()
    until("the load is refused", lambda: signed.gtm.status()["reload"]["error"] is not None)
    assert_all_validates(signed, anchor)
