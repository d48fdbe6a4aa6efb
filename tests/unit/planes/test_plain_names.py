"""Plain names are answered by all planes as the reference responder answers written-out ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled, Compiler
from gtm.dns.lookup import Chance
from gtm.geo import Geo
from gtm.model import State, Verdict
from gtm.steering.readings import Readings
from gtm.zonefile import ordinary
from gtm.zonefile.load import load
from tests.unit.planes.native_plane import native, require
from tests.unit.planes.test_both_paths import Server

APEX = "gtm.example.com"
ZONE = f"""
zone: {APEX}
nameservers: {{ns1: [192.0.2.53]}}
soa: {{serial: 1}}
records: {{"*.w": {{type: A, value: 192.0.2.7}}, alias: {{type: CNAME, value: a.{APEX}.}}}}
records_file: static.zone
"""
OWNERS = ("a", "b", "a.b", "c.d.e", "f.w", "sub", "x.sub", "ns.sub", "g_-1")
DATA = (
    *("60 A 192.0.2.1", "30 A 192.0.2.2", "IN AAAA 2001:db8::1", 'TXT "one" two', "9 TXT x"),
    *("CNAME a", f"TXT {'y' * 200}", f"TXT {'z' * 250}", "MX 1 a"),
)
LINES = st.builds(
    lambda owner, data: f"{owner} {data}\n", st.sampled_from(OWNERS), st.sampled_from(DATA)
)
NAMES = (*OWNERS, "d.e", "e", "w", "q.w", "w.w", "q", "q.a", "q.d.e", "alias", "A", "C.d.E")
TYPES = ("A", "AAAA", "TXT", "MX", "NS", "SOA", "CNAME", "ANY", "DS")


@pytest.fixture(autouse=True, scope="module")
def short_files_too() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordinary, "MANY", 0)
        yield


def compiled(folder: Path) -> Compiled:
    readings = Readings(lambda target: Verdict(State.UP, "up", 0.0))
    return Compiler().compile(load(folder / "z.yaml").zones, Geo.empty(), readings, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require()
    return tmp_path_factory.mktemp("plain")


@given(st.lists(LINES, max_size=12, unique=True), st.booleans(), st.randoms(use_true_random=False))
def test_all_planes_answer_alike(
    folder: Path, lines: list[str], delegated: bool, source: random.Random
) -> None:
    (folder / "z.yaml").write_text(ZONE)
    (folder / "static.zone").write_text(together(lines, delegated))
    snapshot = compiled(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordinary, "BUILT", False)
        written_out = Server(compiled(folder))
    plain = Server(snapshot, native().of(snapshot.snapshot))
    for name in NAMES:
        query = dns.message.make_query(
            f"{name}.{APEX}", source.choice(TYPES), use_edns=source.choice((False, 0)), id=7
        )
        query.flags &= 0
        packet, chance = query.to_wire(), Chance(source.getrandbits(32), 0.0)
        expected = written_out.answer(packet, "192.0.2.99", chance)
        assert plain.answer(packet, "192.0.2.99", chance) == expected


def test_octets_that_are_no_name_are_malformed_beside_plain_names_too(folder: Path) -> None:
    (folder / "z.yaml").write_text(ZONE)
    (folder / "static.zone").write_text("a A 192.0.2.1\n")
    server = Server(compiled(folder))
    header = bytes.fromhex("000700000001000000000000")
    for name in (b"\x3fgtm\0", b"\xc0\x0c\0", b"\x01a\x05gtm\0"):
        said = server.answer(header + name + b"\0\x01\0\x01", "192.0.2.99", Chance(0, 0.0))
        assert dns.message.from_wire(said).rcode() == dns.rcode.FORMERR


def together(lines: list[str], delegated: bool) -> str:
    """Those of the lines that can stand beside each other, with a delegation if wanted."""
    aliases = {line.split()[0]: line for line in lines if "CNAME" in line and line[0] != "a"}
    kept = [
        line
        for line in lines
        if line == aliases.get(line.split()[0])
        or not ("CNAME" in line or line.split()[0] in aliases)
    ]
    if delegated:
        kept = [line for line in kept if not line.split()[0].endswith("sub")]
        kept += ["sub NS ns.sub\n", "sub NS b.b\n", "ns.sub A 192.0.2.9\n", "b.b A 192.0.2.8\n"]
    return "".join(kept)
