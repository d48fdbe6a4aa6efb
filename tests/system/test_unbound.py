"""A user's resolver in front: unbound, sent here by a stub zone as a delegation would."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.system.conftest import EU, US, World
from tests.system.harness import PATIENCE, free_port, needs, until

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
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
  qname-minimisation: yes
  use-caps-for-id: yes
stub-zone:
  name: gtm.example.com
  stub-addr: 127.0.0.1@{gtm}
  stub-prime: no
remote-control:
  control-enable: no
"""


@pytest.fixture
def resolver(world: World, tmp_path: Path) -> Iterator[int]:
    """unbound, asking with minimised names and mixed case; gives its port."""
    program = needs("unbound", "unbound")
    port = free_port()
    file = tmp_path / "unbound.conf"
    file.write_text(CONFIGURATION.format(port=port, folder=tmp_path, gtm=world.gtm.port))
    with (tmp_path / "unbound.log").open("w") as log:
        process = subprocess.Popen([program, "-d", "-c", str(file)], stderr=log, stdout=log)
    try:
        until("unbound answers", lambda: resolves(port, "orders.gtm.example.com"))
        yield port
    finally:
        process.kill()
        process.wait(PATIENCE)


def ask(port: int, name: str, rrtype: str = "A") -> dns.message.Message:
    query = dns.message.make_query(name, rrtype)
    return dns.query.udp(query, "127.0.0.1", 2.0, port)


def resolves(port: int, name: str) -> bool:
    try:
        return ask(port, name).rcode() == dns.rcode.NOERROR
    except (dns.exception.Timeout, OSError):
        return False


def addresses(port: int, name: str) -> list[str]:
    return [record.to_text() for rrset in ask(port, name).answer for record in rrset]


def test_a_resolver_gets_the_service_the_chain_the_wildcard_and_the_negatives(
    world: World, resolver: int
) -> None:
    assert addresses(resolver, "orders.gtm.example.com") == [US]
    assert addresses(resolver, "www.gtm.example.com") == ["orders.gtm.example.com.", US]
    assert addresses(resolver, "any.dev.gtm.example.com") == ["192.0.2.99"]
    assert ask(resolver, "nothing.gtm.example.com").rcode() == dns.rcode.NXDOMAIN
    empty = ask(resolver, "dev.gtm.example.com")
    assert empty.rcode() == dns.rcode.NOERROR
    assert not empty.answer


def test_a_resolvers_clients_move_when_the_region_fails(world: World, resolver: int) -> None:
    world.backends[US].kill()
    until(
        "the resolver's clients moved",
        lambda: addresses(resolver, "orders.gtm.example.com") == [EU],
    )
