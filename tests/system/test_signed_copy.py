"""A signed zone copied by secondaries that have no keys: what they serve is validated by delv.

Debian: apt-get install knot nsd bind9-dnsutils.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.system.harness import PATIENCE, Backend, Gtm, free_port, needs, run_gtm, serving, until
from tests.system.secondaries import says, secondary, serial
from tests.system.test_transfer import SECRET

ZONE = """
zone: gtm.example.com
nameservers: {{ns1: [127.0.0.1]}}
dnssec: {{}}
tsig: {{second: {{secret_file: {secret}}}}}
transfer:
  to: [{{key: second}}]
  notify:
    - {{address: "127.0.0.1:{knot}", key: second}}
    - {{address: "127.0.0.1:{nsd}", key: second}}
regions: {{us: {{location: US}}, eu: {{location: IE}}}}
checks: {{web: {{type: http, port: {web}, interval: 500ms, timeout: 500ms, rise: 2, fall: 2}}}}
apps:
  shop:
    topology: replicated
    check: web
    ramp: 0s
    steering: {{policy: failover, order: [us, eu]}}
    services:
      orders: {{us: [127.0.0.11], eu: [127.0.0.12]}}
records:
  note: {{type: TXT, value: FIRST}}
  www: {{type: CNAME, value: orders.gtm.example.com.}}
  "*.dev": {{type: A, value: 192.0.2.99}}
  child: {{type: NS, value: ns.child.gtm.example.com.}}
  ns.child: {{type: A, value: 127.0.0.1}}
"""
ANSWERS = [("", "SOA"), ("", "DNSKEY"), ("orders", "A"), ("www", "A"), ("x.dev", "A")]
DENIALS = [("orders", "TXT"), ("nowhere", "A"), ("x.dev", "TXT"), ("dev", "A"), ("child", "DS")]


@dataclass
class Copied:
    """A signed zone, its first backend, its anchor in delv's form, and who has copies."""

    gtm: Gtm
    first: Backend
    anchor: Path
    ports: dict[str, int]

    def validated(self, port: int, name: str, rrtype: str) -> str:
        """What delv says of one server's answer, all of it."""
        full = f"{name}.gtm.example.com".lstrip(".")
        command = [needs("delv", "bind9-dnsutils"), "@127.0.0.1", "-p", str(port)]
        command += ["-a", str(self.anchor), "+root=gtm.example.com", full, rrtype]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copied]:
    folder = tmp_path_factory.mktemp("copied")
    ports = {kind: free_port() for kind in ("knot", "nsd")}
    web, zones, secret = free_port(), folder / "zones", folder / "secret"
    zones.mkdir()
    secret.write_text(SECRET)
    (zones / "gtm.yaml").write_text(ZONE.format(secret=secret, web=web, **ports))
    where = ["--zones", str(zones), "--keys", str(folder / "keys")]
    made = run_gtm("keys", "generate", "gtm.example.com", *where)
    assert made.returncode == 0, made.stderr
    anchor = folder / "anchor"
    anchor.write_text(_anchor(run_gtm("keys", "ds", "gtm.example.com", "--force", *where).stdout))
    backends = [Backend(address, web) for address in ("127.0.0.11", "127.0.0.12")]
    arguments = ["--state", str(folder / "state"), "--keys", str(folder / "keys")]
    try:
        with ExitStack() as stack:
            gtm = stack.enter_context(serving(folder, zones, *arguments))
            for kind, port in ports.items():
                has_it = partial(says, port, "note", "TXT", '"FIRST"')
                stack.enter_context(secondary(kind, folder / kind, port, gtm.port, SECRET, has_it))
            yield Copied(gtm, backends[0], anchor, ports)
    finally:
        for backend in backends:
            backend.kill()


def _anchor(ds: str) -> str:
    tag, algorithm, digest, value = ds.split(" DS ")[1].split(maxsplit=3)
    data = "".join(value.split())
    return f'trust-anchors {{ gtm.example.com. static-ds {tag} {algorithm} {digest} "{data}"; }};\n'


@pytest.mark.parametrize("kind", ["knot", "nsd"])
def test_what_a_secondary_serves_is_validated(copied: Copied, kind: str) -> None:
    for name, rrtype in ANSWERS:
        found = copied.validated(copied.ports[kind], name, rrtype)
        assert "; fully validated" in found, found
    for name, rrtype in DENIALS:
        found = copied.validated(copied.ports[kind], name, rrtype)
        assert "; negative response, fully validated" in found, found


def test_a_verdict_reaches_every_secondary_with_its_signatures(copied: Copied) -> None:
    before = {kind: serial(port) for kind, port in copied.ports.items()}
    copied.first.kill()
    for kind, port in copied.ports.items():
        until(f"{kind} has it", partial(says, port, "orders", "A", "127.0.0.12"))
        assert serial(port) > before[kind]
        assert "; fully validated" in copied.validated(port, "orders", "A")
        assert "; fully validated" in copied.validated(port, "", "SOA")
