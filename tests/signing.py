"""Signed zones for tests: keys, compiled worlds, and a validator of our own over dnspython's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from hashlib import sha512

import dns.dnssec
import dns.message
import dns.name
import dns.node
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

from gtm.compile.compiler import Compiled, Compiler
from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.dnssec.keys import Key, KeySet, generate
from gtm.model import Algorithm
from gtm.snapshot import Snapshot
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, asker, read_zones, sample_geo

NOW = 1_800_000_000.0  # Unix time of signed worlds
RRSIG, NSEC = dns.rdatatype.RRSIG, dns.rdatatype.NSEC


class Clock:
    """A clock that stands where it is set."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def a_key(algorithm: Algorithm = Algorithm.ECDSA_P256, *, sep: bool = True) -> Key:
    return generate(algorithm, sep=sep)


KEY = a_key()


class Seal(Key):
    """A key whose signatures are quickly made, and good for nothing."""

    def sign(self, data: bytes) -> bytes:
        return sha512(data).digest()


@cache
def seals() -> KeySet:
    """Such a key signs all."""
    key = a_key()
    return key_set(Seal(key.dnskey_rdata, key.private))


def key_set(*zone_signers: Key, key_signers: tuple[Key, ...] = ()) -> KeySet:
    """One key that signs all, or some for the zone and others for the keys."""
    signers = zone_signers or (KEY,)
    every = {key.dnskey_rdata for key in (*signers, *key_signers)}
    return KeySet(tuple(sorted(every)), key_signers or signers, signers)


@dataclass(slots=True)
class World:
    """Zone files compiled with keys, and what is needed to compile them again."""

    compiler: Compiler
    compiled: Compiled
    clock: Clock

    @property
    def snapshot(self) -> Snapshot:
        return self.compiled.snapshot

    def again(self, down: Collection[str] = ()) -> None:
        """Compiles from scratch, with what was before beside it."""
        old = self.compiled
        readings = Readings(Verdicts(down), now=self.clock.now)
        self.compiled = self.compiler.compile(
            old.zones, old.geo, readings, epoch=2, before=old, keys=old.keys
        )

    def turn(self, down: Collection[str]) -> None:
        """These addresses are down from now on, and all others up."""
        readings = Readings(Verdicts(down), now=self.clock.now)
        self.compiled = self.compiler.refresh(
            self.compiled, list(self.compiled.uses), readings, epoch=2
        )


def signed_world(
    text: str, down: Collection[str] = (), keys: KeySet | None = None, *, clock: Clock | None = None
) -> World:
    """A zone file compiled; every zone in it with `dnssec` is signed by the same keys."""
    zones = read_zones({"gtm.yaml": text})
    clock = clock or Clock()
    compiler = Compiler(clock)
    found = keys or key_set()
    compiled = compiler.compile(
        zones,
        sample_geo(),
        Readings(Verdicts(down), now=clock.now),
        epoch=1,
        keys={zone.name: found for zone in zones if zone.dnssec is not None},
    )
    return World(compiler, compiled, clock)


def ask(
    snapshot: Snapshot,
    name: str,
    rrtype: str,
    client: str = "192.0.2.1",
    *,
    dnssec: bool = True,
    random: int = 0,
    udp: bool = False,
) -> dns.message.Message:
    """What the reference responder answers."""
    query = dns.message.make_query(name, rrtype, use_edns=0, want_dnssec=dnssec, payload=1232)
    transport = Transport.UDP if udp else Transport.TCP
    reply = respond(
        snapshot, query.to_wire(), asker(client), Chance(random, NOW), transport=transport
    )
    assert reply is not None
    return dns.message.from_wire(reply.message)


def keyring(zone: str, keys: KeySet) -> dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset]:
    """The keys of a zone, as dnspython has them."""
    found = dns.rrset.from_rdata_list(
        zone,
        3600,
        [
            dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.DNSKEY, data, 0, len(data))
            for data in keys.dnskeys
        ],
    )
    return {dns.name.from_text(zone): found}


def validate(
    section: list[dns.rrset.RRset], zone: str, keys: KeySet, now: float = NOW
) -> list[dns.rrset.RRset]:
    """The RRsets of a section but for signatures; all signed, each signature is right."""
    known = keyring(zone, keys)
    data = [rrset for rrset in section if rrset.rdtype != RRSIG]
    redirected = [rrset.name for rrset in data if rrset.rdtype == dns.rdatatype.DNAME]
    for rrset in data:
        if rrset.rdtype == dns.rdatatype.CNAME and any(
            rrset.name.is_subdomain(above) for above in redirected
        ):
            continue  # made of the DNAME, which is signed (RFC 6672 section 5.3.1)
        over = [
            each
            for each in section
            if each.rdtype == RRSIG and each.name == rrset.name and each.covers == rrset.rdtype
        ]
        assert len(over) == 1, f"{rrset} is not signed"
        for signature in over[0]:
            alone = dns.rrset.from_rdata(over[0].name, over[0].ttl, signature)
            dns.dnssec.validate(rrset, alone, known, now=now)
            assert rrset.ttl <= signature.original_ttl
            assert over[0].ttl == rrset.ttl
    return data
