"""Name servers that copy a zone of ours: Knot DNS and NSD, from Debian packages knot and nsd."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.system.harness import PATIENCE, needs, until

KNOT = """
server:
  rundir: "{folder}"
  listen: 127.0.0.1@{port}
log:
  - target: stderr
    any: info
database:
  storage: "{folder}/db"
key:
  - id: second
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: gtm
    address: 127.0.0.1@{gtm}
    key: second
acl:
  - id: notified
    address: 127.0.0.1
    key: second
    action: notify
zone:
  - domain: gtm.example.com
    storage: "{folder}"
    master: gtm
    acl: notified
"""
NSD = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: ""
  database: ""
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  server-count: 1
  verbosity: 3
  rrl-ratelimit: 0
remote-control:
  control-enable: yes
  control-interface: "{folder}/nsd.sock"
key:
  name: second
  algorithm: hmac-sha256
  secret: "{secret}"
zone:
  name: gtm.example.com
  zonefile: "{folder}/gtm.zone"
  request-xfr: 127.0.0.1@{gtm} second
  allow-notify: 127.0.0.1 second
  min-retry-time: 1
"""
# How one is configured, begun, and told to ask at once where its first try came to nothing.
KNOWN: dict[str, tuple[str, list[str], list[str]]] = {
    "knot": (KNOT, ["knotd", "-c"], ["knotc", "-s", "knot.sock", "zone-refresh"]),
    "nsd": (NSD, ["nsd", "-d", "-c"], ["nsd-control", "-c", "nsd.conf", "transfer"]),
}


@contextmanager
def secondary(
    kind: str, folder: Path, port: int, gtm: int, secret: str, has_it: Callable[[], bool]
) -> Iterator[Path]:
    """A secondary of gtm.example.com on a port, once it has the zone; gives its log.

    `secret` is that of the TSIG key `second`, `gtm` the port of the primary.
    """
    configuration, begun, asked = KNOWN[kind]
    program = needs(begun[0], kind)
    folder.mkdir()
    file, log = folder / f"{kind}.conf", folder / "log"
    file.write_text(configuration.format(folder=folder, port=port, gtm=gtm, secret=secret))
    with log.open("w") as out:
        process = subprocess.Popen([program, *begun[1:], str(file)], stderr=out, stdout=out)
    control = [needs(asked[0], kind), *asked[1:]]

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        if has_it():
            return True
        subprocess.run(control, capture_output=True, timeout=PATIENCE, check=False, cwd=folder)
        return False

    try:
        until(f"{kind} has the zone", ready)
        yield log
    finally:
        process.terminate()
        process.wait(PATIENCE)


def said(port: int, name: str, rrtype: str) -> list[str]:
    """What a server says of a name of the zone, nothing if it does not answer."""
    query = dns.message.make_query(f"{name}.gtm.example.com".lstrip("."), rrtype)
    try:
        answer = dns.query.udp(query, "127.0.0.1", 2.0, port)
    except (dns.exception.Timeout, OSError):
        return []
    return [record.to_text() for rrset in answer.answer for record in rrset]


def says(port: int, name: str, rrtype: str, data: str) -> bool:
    """Whether a server says this, and no more."""
    return said(port, name, rrtype) == [data]


def serial(port: int) -> int:
    """The serial that a server has of the zone, 0 if it has none."""
    found = said(port, "", "SOA")
    return int(found[0].split()[2]) if found else 0
