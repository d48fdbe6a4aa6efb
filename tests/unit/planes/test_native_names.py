"""Random names in zones inside zones: the native plane finds what the reference responder finds."""

from __future__ import annotations

import random

import dns.edns
import dns.message
import dns.rdatatype
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled
from gtm.dns.conduct import PLAIN
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.planes.fast import FastPath
from tests.unit.planes.native_plane import native, require
from tests.worlds import compile_world

APEX = "gtm.example.com"
LABELS = ("a", "b", "sub")
TYPES = ("A", "AAAA", "TXT", "MX", "NS", "CNAME", "SOA", "TYPE0", "CAA", "DS", "ANY")
QUESTIONS = 60  # to each set of zones
ZONE = "zone: {apex}\nnameservers: {{ns1: [192.0.2.53], ns.example.net.: []}}\nregions: {regions}\n"
REGIONS = "{us: {location: US}, eu: {location: IE}}"


@pytest.fixture(autouse=True)
def needed() -> None:
    require()


# --- random zones -----------------------------------------------------------------------


def name_below(source: random.Random) -> str:
    """Some labels, so few that many names lie below others; at times a wildcard."""
    labels = [source.choice(LABELS) for _ in range(source.randint(1, 4))]
    return ".".join(["*"] * (source.random() < 0.2) + labels)


def data(source: random.Random, name: str, apex: str) -> str:
    """What a name of the zone has, as YAML."""
    servers = ["NS.example.net.", *source.sample((f"ns.{name}.{apex}.", f"ns1.{apex}."), 1)]
    cut = f"{{type: NS, values: [{', '.join(servers)}]}}"
    if name.startswith("*"):
        cut = "{type: A, value: 192.0.2.5}"
    kinds = (
        "{type: A, values: [192.0.2.1, 192.0.2.2]}",
        "{type: TXT, values: [" + ", ".join([f"{number:0240}" for number in range(6)]) + "]}",
        "[{type: AAAA, value: '2001:db8::1'}, {type: TXT, value: short}]",
        "{type: CNAME, value: www.example.net.}",
        f"{{type: CNAME, value: ns1.{apex}.}}",
        "{type: CAA, value: {flags: 0, tag: issue, value: ca.example.net}}",
        cut,
    )
    return source.choice(kinds)


def zone(source: random.Random, apex: str, regions: str) -> str:
    """A zone's YAML."""
    lines: list[str] = []
    cuts: list[str] = []
    for name in sorted({name_below(source) for _ in range(12)}, key=len):
        if any(name.endswith(f".{cut}") for cut in cuts):
            continue  # there is glue alone
        said = data(source, name, apex)
        if "NS" in said:
            cuts.append(name)
        lines.append(f"  {name!r}: {said}\n".replace("'", '"', 2))
        if f"ns.{name}.{apex}" in said:
            lines.append(f'  "ns.{name}": {{type: A, value: 192.0.2.53}}\n')
    return ZONE.format(apex=apex, regions=regions) + "records:\n" + "".join(lines)


def zones(source: random.Random) -> Compiled:
    """Zones, of which some lie inside the first."""
    files = {"outer.yaml": zone(source, APEX, REGIONS)}
    for apex in {name_below(source) for _ in range(source.randint(0, 2))}:
        if "*" not in apex:
            files[f"{apex}.yaml"] = zone(
                source, f"{apex}.{APEX}", "{" + apex.replace(".", "") + ": {location: SG}}"
            )
    return compile_world(files)


# --- questions --------------------------------------------------------------------------


def in_some_case(source: random.Random, name: str) -> str:
    return "".join(source.choice((letter, letter.upper())) for letter in name)


def question(source: random.Random) -> bytes:
    """Ordinary, for a name that may be there."""
    name = source.choice(("", f"{name_below(source)}.")) + source.choice((APEX,) * 9 + ("com",))
    options: list[dns.edns.Option] = []
    if source.random() < 0.5:
        options.append(dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678"))
    if source.random() < 0.5:
        options.append(dns.edns.ECSOption("192.0.2.0", source.choice((0, 24, 25))))
    source.shuffle(options)
    asked = dns.message.make_query(
        in_some_case(source, name),
        source.choice(TYPES),
        use_edns=0 if options or source.random() < 0.5 else False,
        payload=source.choice((0, 512, 900, 1232, 65535)),
        want_dnssec=bool(options) and source.random() < 0.5,
        options=options or None,
        id=source.getrandbits(16),
    )
    return asked.to_wire()


def is_left_to_reference(packet: bytes) -> bool:
    """Whether the native plane may punt: where a zone's apex may be the business of one around."""
    (asked,) = dns.message.from_wire(packet).question
    return asked.rdtype == dns.rdatatype.DS


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_native_plane_finds_names_as_the_reference_responder_does(
    source: random.Random,
) -> None:
    snapshot = zones(source).snapshot
    tables = native().of(snapshot)
    fast = FastPath(snapshot, lambda: 0, lambda: 0.0)
    for _ in range(QUESTIONS):
        packet, udp = question(source), source.random() < 0.8
        reply = respond(
            snapshot,
            packet,
            asker_of("192.0.2.250"),
            Chance(0, 0.0),
            transport=Transport.plain(udp),
        )
        assert reply is not None
        found = tables.answer(packet, "192.0.2.250", 0, 0.0, udp, None, PLAIN.cookies.secrets)
        counts = [0] * len(snapshot.tallies)
        if found is None:
            assert (
                fast.answer(packet, "192.0.2.250", counts, transport=Transport.plain(udp)) is None
            )
            assert is_left_to_reference(packet)
            continue
        message, number = found
        assert message == reply.message
        assert number is not None
        counted = snapshot.tallies[number]
        assert counted.type in (reply.tally.type, "other") or reply.tally.type == "ANY"
        assert counted._replace(type="") == reply.tally._replace(type="")
