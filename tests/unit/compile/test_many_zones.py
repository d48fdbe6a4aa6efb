"""Thousands of zones, some inside others: the closest one around a name answers for it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import dns.message
from hypothesis import given
from hypothesis import strategies as st

from gtm.compile.compiler import Compiler
from gtm.dns.lookup import Chance, zone_of
from gtm.dns.names import ancestors, parent, to_wire
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.model import RRset, Zone
from gtm.snapshot import Snapshot
from gtm.steering.readings import Readings
from gtm.zonefile.nesting import _inner
from tests.unit.planes.native_plane import native
from tests.worlds import Verdicts, asker, read_zones, sample_geo

A, NS = 1, 2
LABELS = st.sampled_from(["a", "b", "c", "example"])
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(lambda labels: ".".join(labels) + ".")


@cache
def pattern() -> Zone:
    """A zone to make others of."""
    text = "zone: example.org\nnameservers: {ns.example.net.: []}\n"
    return read_zones({"a.yaml": text})[0]


def zone(name: str, records: dict[str, int]) -> Zone:
    """A zone with an address, or a delegation, at some names."""
    rdata = {A: b"\xc0\0\2\1", NS: to_wire("ns.example.net.")}
    rrsets = tuple(RRset(at, type_, 60, (rdata[type_],)) for at, type_ in sorted(records.items()))
    return replace(pattern(), name=name, rrsets=rrsets)


def snapshot_of(zones: list[Zone]) -> Snapshot:
    compiled = Compiler().compile(tuple(zones), sample_geo(), Readings(Verdicts()), epoch=1)
    return compiled.snapshot


@st.composite
def many(draw: st.DrawFn) -> list[Zone]:
    """Zones with names that may lie in others of them."""
    apexes = draw(st.sets(NAMES, min_size=1, max_size=8))
    return [
        zone(
            apex,
            {
                f"{name}{apex}": draw(st.sampled_from([A, A, NS]))
                for name in draw(st.sets(NAMES, max_size=4))
                if len(name) > 1
            },
        )
        for apex in sorted(apexes)
    ]


def closest(name: bytes, snapshot: Snapshot) -> bytes:
    """The longest apex that the name ends with: the naive way."""
    return max((apex for apex in snapshot.zones if apex in ancestors(name)), key=len)


@given(many())
def test_planes_answer_for_the_names_of_each_zone_that_no_zone_inside_has(
    zones: list[Zone],
) -> None:
    snapshot = snapshot_of(zones)
    for apex, data in snapshot.zones.items():
        for name, node in data.names.items():
            owned = closest(name, snapshot) == apex
            assert (snapshot.nodes.get(name) is node) == (owned and node.entries is not None)
            found = zone_of(snapshot, name, A)
            assert found is not None
            assert found.apex == closest(name, snapshot)
            if name not in snapshot.nodes:
                assert name in snapshot.closed


@given(st.sets(NAMES, max_size=12))
def test_the_zones_inside_each_are_found(names: set[str]) -> None:
    found = _inner(names)
    assert found == {
        outer: inner
        for outer in names
        if (inner := {name for name in names if name != outer and name.endswith(f".{outer}")})
    }


def test_a_thousand_zones_inside_one_another_are_answered_by_both_planes() -> None:
    """A zone around all, a hundred in it, and nine in each of these."""
    around = "example.com."
    outer = [f"z{number}.{around}" for number in range(100)]
    inner = [f"z{number}.{name}" for name in outer for number in range(9)]
    zones = [zone(name, {f"www.{name}": A}) for name in (around, *outer, *inner)]
    snapshot = snapshot_of(zones)
    tables = native().of(snapshot)
    for name in (around, outer[0], outer[99], inner[0], inner[899]):
        for label in ("www", "no"):
            packet = dns.message.make_query(f"{label}.{name}", "A").to_wire()
            reply = respond(
                snapshot, packet, asker("192.0.2.1"), Chance(0, 0.0), transport=Transport.UDP
            )
            assert reply is not None
            said = dns.message.from_wire(reply.message)
            assert bool(said.answer) == (label == "www")
            if said.authority:
                assert said.authority[0].name.to_text() == name
            answered = tables.answer(packet, "192.0.2.1", 0, 0.0, True)
            assert answered is not None
            assert answered[0] == reply.message


def test_names_in_any_form_have_one_wire_form() -> None:
    for name in ("A-b_c.Example.COM.", "*.x.y.", "\\065.example.", "a\\.b.c.", "x" * 63 + ".y."):
        wire = dns.name.from_text(name).to_digestable()
        assert to_wire(name) == wire
        assert parent(wire) in tuple(ancestors(wire))
