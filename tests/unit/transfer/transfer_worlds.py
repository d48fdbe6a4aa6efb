"""Zones that are copied, an exchange over them, and a way back that remembers."""

from __future__ import annotations

import base64
import threading
from collections.abc import Collection
from pathlib import Path

import dns.message
import dns.name
import dns.tsig
import dns.xfr
import dns.zone

from gtm.compile.compiler import Compiled
from gtm.peering import Algorithm, SharedKey
from gtm.transfer.exchange import Exchange
from tests.worlds import compile_world

NOW = 2e9
SECRET = b"0123456789abcdef0123456789abcdef"
KEY = SharedKey(b"\x06second\0", Algorithm.SHA256, SECRET)
ENVIRONMENT = {"XFR": base64.b64encode(SECRET).decode(), "ACME": base64.b64encode(SECRET).decode()}

ZONE = """\
zone: gtm.example
nameservers: {ns1: [192.0.2.53]}
tsig: {second: {secret_env: XFR}, acme: {secret_env: ACME}}
transfer: {to: [{key: second}, 192.0.2.0/28], when_transferred: VIEW}
updates: {acme: {names: ["x*"]}}
regions: {us: {location: US}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: spread
    check: up
    steering: {policy: failover, order: [us, eu]}
    services:
      orders: {us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1, "2001:db8::1"]}
      mixed: {us: [cdn.example.net.], eu: [198.51.100.2]}
records:
  "": {type: TXT, value: hello}
  www: {type: CNAME, value: orders.gtm.example.}
  deep.sub: {type: A, value: 192.0.2.9}
  away: {type: NS, value: ns.away.gtm.example.}
  ns.away: {type: A, value: 192.0.2.8}
"""


def world(view: str = "fallback", down: Collection[str] = (), text: str = ZONE) -> Compiled:
    return compile_world({"a.yaml": text.replace("VIEW", view)}, down)


def exchange(folder: Path | None = None, now: float = NOW) -> Exchange:
    return Exchange(folder, lambda: now, lambda: 0.0, lambda: 7, ENVIRONMENT)


class Remembered:
    """A way back. `room` is how many messages are taken."""

    def __init__(self, room: int = 1 << 20) -> None:
        self.messages: list[bytes | None] = []
        self.ended = threading.Event()
        self._room = room

    def send(self, message: bytes) -> bool:
        if len(self.messages) >= self._room:
            return False
        self.messages.append(message)
        return True

    def end(self, message: bytes | None) -> None:
        self.messages.append(message)
        self.ended.set()


def transferred(query: dns.message.Message, messages: list[bytes]) -> set[str]:
    """The zone in the messages of a transfer, as dnspython reads them: records as text."""
    zone = dns.zone.Zone("gtm.example.", relativize=False)
    context = None
    with dns.xfr.Inbound(zone, dns.rdatatype.AXFR) as inbound:
        done = False
        for wire in messages:
            assert not done
            message = dns.message.from_wire(
                wire,
                keyring=query.keyring,
                request_mac=query.mac,
                xfr=True,
                tsig_ctx=context,
                multi=True,
                one_rr_per_rrset=True,
            )
            context = message.tsig_ctx
            assert query.keyring is None or message.had_tsig
            done = inbound.process_message(message)
        assert done
    return {
        f"{name} {dns.rdatatype.to_text(rdata.rdtype)} {rdata}"
        for name, _, rdata in zone.iterate_rdatas()
    }
