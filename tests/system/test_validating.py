"""A signed zone before those that judge it: unbound, which validates, and delv.

`apt-get install unbound bind9-dnsutils`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.system.conftest import AP, EU, US, ZONE
from tests.system.harness import PATIENCE, Backend, Gtm, free_port, needs, run_gtm, serving, until

SIGNED = (
    ZONE.replace("\nttl: 30\n", "\nttl: 1\ndnssec: {}\n")
    + """
  child: {type: NS, value: ns.child.gtm.example.com.}
  ns.child: {type: A, value: 127.0.0.1}
"""
)
UNBOUND = """
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
  trust-anchor-file: "{anchor}"
  access-control: 127.0.0.0/8 allow
  cache-max-negative-ttl: 0
  val-log-level: 2
  use-caps-for-id: yes
  aggressive-nsec: yes
  qname-minimisation-strict: yes
  harden-below-nxdomain: yes
stub-zone:
  name: gtm.example.com
  stub-addr: 127.0.0.1@{gtm}
  stub-prime: no
remote-control:
  control-enable: no
"""


@dataclass
class Validated:
    """A signed zone that is served, its trust anchor, and a resolver that has that alone."""

    gtm: Gtm
    backends: dict[str, Backend]
    anchor: Path
    resolver: int

    def ask(self, name: str, rrtype: str = "A") -> dns.message.Message:
        query = dns.message.make_query(name, rrtype, want_dnssec=True)
        return dns.query.udp(query, "127.0.0.1", 5.0, self.resolver)

    def check(self, name: str, rrtype: str, rcode: int = dns.rcode.NOERROR) -> dns.message.Message:
        """An answer that is secure, and ends so."""
        answer = self.ask(name, rrtype)
        assert answer.rcode() == rcode, answer
        assert answer.flags & dns.flags.AD, answer
        return answer


@pytest.fixture(params=["auto", "python"])
def validated(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Validated]:
    """On either plane."""
    unbound, port, resolver = needs("unbound", "unbound"), free_port(), free_port()
    zones, keys = tmp_path / "zones", tmp_path / "keys"
    zones.mkdir()
    text = SIGNED.replace("PORT", str(port))
    (zones / "gtm.yaml").write_text(text, encoding="utf-8")
    where = ["--zones", str(zones), "--keys", str(keys)]
    made = run_gtm("keys", "generate", "gtm.example.com", *where)
    assert made.returncode == 0, made.stderr
    anchor = tmp_path / "anchor"
    # nobody holds records of before: what `ds` would wait for is no matter here
    ds = run_gtm("keys", "ds", "gtm.example.com", "--force", *where)
    anchor.write_text(ds.stdout, encoding="utf-8")
    backends = {address: Backend(address, port) for address in (US, EU, AP)}
    arguments = ["--plane", request.param, "--keys", str(keys)]
    process = None
    try:
        with serving(tmp_path, zones, *arguments) as gtm:
            file = tmp_path / "unbound.conf"
            file.write_text(
                UNBOUND.format(port=resolver, folder=tmp_path, gtm=gtm.port, anchor=anchor)
            )
            with (tmp_path / "unbound.log").open("w") as log:
                process = subprocess.Popen([unbound, "-d", "-c", str(file)], stderr=log, stdout=log)
            found = Validated(gtm, backends, anchor, resolver)
            until("unbound answers", lambda: _answers(found))
            yield found
    finally:
        if process is not None:
            process.kill()
            process.wait(PATIENCE)
        for backend in backends.values():
            backend.kill()


def _answers(found: Validated) -> bool:
    try:
        return found.ask("gtm.example.com", "SOA").rcode() == dns.rcode.NOERROR
    except (dns.exception.Timeout, OSError):
        return False


def test_a_validating_resolver_takes_every_kind_of_answer(validated: Validated) -> None:
    for name, rrtype in (
        ("gtm.example.com", "DNSKEY"),
        ("orders.gtm.example.com", "A"),
        ("www.gtm.example.com", "A"),
        ("note.gtm.example.com", "TXT"),
        ("any.dev.gtm.example.com", "A"),
    ):
        assert validated.check(name, rrtype).answer


def test_a_validating_resolver_takes_every_kind_of_denial(validated: Validated) -> None:
    for name, rrtype in (
        ("orders.gtm.example.com", "TXT"),
        ("orders.gtm.example.com", "AAAA"),
        ("www.gtm.example.com", "TXT"),
        ("dev.gtm.example.com", "A"),
        ("any.dev.gtm.example.com", "TXT"),
        ("child.gtm.example.com", "DS"),
        ("images.gtm.example.com", "AAAA"),
    ):
        assert not [one for one in validated.check(name, rrtype).answer if one.rdtype == 1]
    validated.check("nowhere.gtm.example.com", "A", dns.rcode.NXDOMAIN)
    validated.check("a.b.nowhere.gtm.example.com", "MX", dns.rcode.NXDOMAIN)


def test_a_resolver_that_denies_by_itself_denies_nothing_that_is_there(
    validated: Validated,
) -> None:
    """By NSEC records that it has (RFC 8198)."""
    for name in ("nowhere", "a", "ordera", "orderz", "zz", "a.orders", "x.note", "dew"):
        validated.check(f"{name}.gtm.example.com", "A", dns.rcode.NXDOMAIN)
    before = _asked(validated)
    further = [f"nowher{letter}" for letter in "abcdfghi"]
    for name in further:
        validated.check(f"{name}.gtm.example.com", "A", dns.rcode.NXDOMAIN)
    assert _asked(validated) - before < len(further) / 2, "it denies most of them without asking"
    for name in ("orders", "payments", "www", "images", "any.dev", "other.dev", "ns1"):
        assert validated.check(f"{name}.gtm.example.com", "A").answer
    assert validated.check("note.gtm.example.com", "TXT").answer


def _asked(validated: Validated) -> float:
    """How many queries the server has answered."""
    lines = validated.gtm.get("/metrics")[1].splitlines()
    counts = [one.rsplit(" ", 1)[1] for one in lines if one.startswith("gtm_dns_responses_total{")]
    return sum(map(float, counts))


def test_answers_stay_valid_as_regions_fail_until_every_one_is_down(validated: Validated) -> None:
    seen = set()
    for address in (US, EU, AP):
        seen.add(_address(validated))
        validated.backends[address].kill()
        until("another region answers", lambda: _address(validated) not in seen or len(seen) == 3)
    assert seen == {US, EU, AP}
    assert _address(validated)


def _address(validated: Validated) -> str:
    answer = validated.check("orders.gtm.example.com", "A").answer
    return str(answer[0][0])


def test_delv_validates_from_the_zones_own_anchor(validated: Validated) -> None:
    program = needs("delv", "bind9-dnsutils")
    tag, algorithm, digest, value = validated.anchor.read_text().split(" DS ")[1].split(maxsplit=3)
    anchors = validated.anchor.with_name("anchors.conf")
    anchors.write_text(
        f"trust-anchors {{ gtm.example.com. static-ds {tag} {algorithm} {digest} "
        f'"{"".join(value.split())}"; }};\n'
    )
    for name, rrtype in (("orders.gtm.example.com", "A"), ("nowhere.gtm.example.com", "A")):
        where = ["@127.0.0.1", "-p", str(validated.gtm.port), "-a", str(anchors)]
        command = [program, *where, "+root=gtm.example.com", name, rrtype]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert "fully validated" in ran.stdout + ran.stderr, ran.stdout + ran.stderr


def test_how_long_signatures_last_is_told(validated: Validated) -> None:
    until("it was looked at", lambda: _zone(validated)["signed"] is not None)
    signed = _zone(validated)["signed"]
    assert signed["signatures"] > 20
    assert not signed["late"]
    left = validated.gtm.metric('gtm_dnssec_next_expiry_seconds{zone="gtm.example.com"}')
    assert 10 * 86400 < left <= 14 * 86400
    assert "made anew in" in validated.gtm.command("status").stdout


def _zone(validated: Validated) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = validated.gtm.status()["zones"][0]
    return found
