"""Knot DNS serving a static zone, to compare with: apt-get install knot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode

from tests.system.harness import PATIENCE, free_port, needs, until

CONFIGURATION = """
server:
    listen: 127.0.0.1@{port}
    rundir: "{folder}"
    user: "root:root"
    udp-max-payload: 1232
database:
    storage: "{folder}"
log:
  - target: stderr
    any: warning
{policy}
zone:
  - domain: {zone}
    file: "{file}"
    semantic-checks: off
    zonefile-sync: -1
"""
POLICY = """
policy:
  - id: like-ours
    algorithm: ecdsap256sha256
    single-type-signing: on
    cds-cdnskey-publish: none
"""
SIGNED = """
    dnssec-signing: on
    dnssec-policy: like-ours
"""


@contextmanager
def knot(folder: Path, zone: str, text: str, *, signed: bool = False) -> Iterator[int]:
    """knotd with one zone from a master file, signed with NSEC or not; gives its port."""
    program = needs("knotd", "knot")
    folder.mkdir(exist_ok=True)
    file, port = folder / "the.zone", free_port()
    file.write_text(text, encoding="utf-8")
    configuration = folder / "knot.conf"
    policy = POLICY if signed else ""
    said = CONFIGURATION.format(port=port, folder=folder, zone=zone, file=file, policy=policy)
    configuration.write_text(said + (SIGNED if signed else ""), encoding="utf-8")
    with (folder / "knot.log").open("w") as log:
        process = subprocess.Popen([program, "-c", str(configuration)], stderr=log, stdout=log)
    try:
        until("knot answers", lambda: _answers(port, zone))
        yield port
    finally:
        process.kill()
        process.wait(PATIENCE)


def _answers(port: int, zone: str) -> bool:
    try:
        said = dns.query.udp(dns.message.make_query(zone, "SOA"), "127.0.0.1", 1.0, port)
    except (dns.exception.Timeout, OSError):
        return False
    return said.rcode() == dns.rcode.NOERROR
