"""What `gtm explain` says of HTTPS and SRV records, and of whoami."""

from __future__ import annotations

from ipaddress import ip_address

from gtm.explain import Explanation, explain
from tests.worlds import compile_world

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
whoami: {allow: [198.51.100.1]}
regions: {us: {location: US-VA}, eu: {location: IE}}
apps:
  shop:
    topology: replicated
    check: {type: tcp, port: 80}
    https: true
    srv: {_grpc._tcp: 8443}
    services:
      orders: {alias: true, us: [192.0.2.1], eu: [198.51.100.1, 198.51.100.2]}
"""


def explained(name: str, rrtype: str, client: str = "198.51.100.1") -> Explanation:
    state = compile_world({"gtm.yaml": ZONE}, down=["198.51.100.1"])
    return explain(state, name, rrtype, ip_address(client), 0.0)


def test_records_beside_addresses_are_explained_as_their_service_is() -> None:
    for name, rrtype in (
        ("orders.gtm.example.com", "HTTPS"),
        ("gtm.example.com", "HTTPS"),
        ("gtm.example.com", "A"),
        ("_grpc._tcp.orders.gtm.example.com", "SRV"),
    ):
        found = explained(name, rrtype)
        assert found.steering is not None and found.steering.service == "orders"
        assert found.steering.regions_picked == ("eu",)
        assert "198.51.100.2" in found.answer[0] or "198-51-100-2.eu" in found.answer[0]
        (view,) = [view for view in found.steering.regions if view.picked]
        assert [(each.endpoint, each.share) for each in view.endpoints][1] == ("198.51.100.2", 1.0)


def test_whoami_is_explained_for_those_that_may_ask() -> None:
    found = explained("whoami.gtm.example.com", "TXT")
    assert found.summary.startswith("what is seen of this client")
    assert explained("whoami.gtm.example.com", "TXT", "192.0.2.1").rcode == "NXDOMAIN"
