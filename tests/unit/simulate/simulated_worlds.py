"""A zone with one service for each way of steering, and traffic to put to it."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from gtm.simulate import Traffic
from gtm.simulate.networks import network_key
from gtm.simulate.traffic import Counted, Unit
from tests.worlds import read_zones

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions:
  us: {location: US-VA, capacity: 100}
  eu: {location: IE, capacity: 50}
  ap: {location: SG}
checks: {up: {type: tcp, port: 80}}
geo:
  overrides: {192.0.2.96/30: {location: SG}}
latency:
  NA-US-NY: {eu: 3}
apps:
  block:
    topology: replicated
    check: up
    services:
      orders: {us: 192.0.2.1, eu: 192.0.2.2, ap: 192.0.2.3}
      payments: {us: 192.0.2.4, eu: 192.0.2.5, ap: 192.0.2.6}
  unchecked:
    topology: spread
    services:
      search: {us: 192.0.2.7, ap: 192.0.2.8}
  ordered:
    topology: spread
    check: up
    steering: {policy: failover, order: [eu, us]}
    when_all_down: nodata
    services:
      backoffice: {us: 192.0.2.9, eu: 192.0.2.10}
  ruled:
    topology: spread
    check: up
    steering:
      policy: geo
      rules:
        - {match: [192.0.2.64/29, EU], regions: [ap, us]}
        - {match: ["*"], regions: [us]}
    services:
      maps: {us: 192.0.2.11, ap: 192.0.2.12}
  drawn:
    topology: spread
    check: up
    steering: {policy: weighted, weights: {us: 5, eu: 3, ap: 2}}
    services:
      images: {us: 192.0.2.13, eu: 192.0.2.14, ap: 192.0.2.15}
  stuck:
    topology: spread
    check: up
    steering: sticky
    services:
      carts: {us: 192.0.2.16, eu: 192.0.2.17, ap: 192.0.2.18}
records:
  www: {type: CNAME, value: orders.gtm.example.com.}
"""
ZONES = read_zones({"gtm.yaml": ZONE})


def full(key: str) -> str:
    """A service's full name."""
    return f"{key}.gtm.example.com."


def counted(networks: Iterable[tuple[str, float]]) -> Counted:
    """Clients by network."""
    clients = Counted()
    for text, weight in networks:
        key = network_key(str(ip_network(text)))
        assert key is not None
        clients.add_all(key[0], [key[1]], [weight])
    return clients


def traffic(*networks: tuple[str, float]) -> Traffic:
    """Queries that ask every service alike."""
    return Traffic("a test", Unit.QUERIES, counted(networks), absolute=True)
