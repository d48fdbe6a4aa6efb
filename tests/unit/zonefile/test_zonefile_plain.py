"""Ordinary lines of a master file, read in Rust, mean what they mean to the reference reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled, Compiler
from gtm.errors import ZoneFileError
from gtm.geo import Geo
from gtm.model import RRset, State, Verdict
from gtm.snapshot import Node
from gtm.steering.readings import Readings
from gtm.zonefile import ordinary
from gtm.zonefile.load import Loaded, load
from gtm.zonefile.ordinary import every_rrset, record_count

T = TypeVar("T")

pytestmark = pytest.mark.skipif(
    not ordinary.BUILT,
    reason="the native module is not built: `pip install -e .` with cargo there",
)

ZONE = """
zone: z.example
nameservers: {ns1: [192.0.2.53]}
soa: {serial: 1}
regions: {here: {location: GB}}
apps: {shop: {topology: spread, services: {orders: {here: [192.0.2.1]}}}}
records_file: static.zone
"""

NAMES = (
    *("a", "B", "c.b", "d.c.b", "@", "ns1", "orders", "x.orders", "sub", "deep.sub", "*.b", "up.a"),
    *("a.z.example.", "elsewhere.", "a\\.b", "a\\046b", "ä", "-", "_x._tcp", "$TTL", "$ORIGIN"),
    *("", " ", "\t", "a" * 64, "b" * 63, "*", "az.example.", "x\x0b", "up"),
)
TTLS = (
    "",
    "60 ",
    "0 ",
    "1h ",
    "2147483648 ",
    "IN ",
    "in 30 ",
    "7 IN ",
    "IN IN ",
    "CH ",
    "99999999999 ",
)
DATA = (
    *("A 192.0.2.1", "A 192.0.2.2", "a 192.0.2.1 ; c", "A 192.0.2.01", "A 1.2.3", "A (192.0.2.3)"),
    *("AAAA 2001:db8::1", "AAAA ::", "AAAA 1::2:3:4:5:6:7", "AAAA ::ffff:1.2.3.4", "AAAA 1:::2"),
    *(
        'TXT "a;b(c" d',
        "TXT a",
        'TXT "a" "b"',
        'TXT "a""b"',
        r'TXT "a\"b"',
        'TXT "',
        "TXT",
        "TXT é",
    ),
    *("CNAME a", "CNAME B.z.Example.", "CNAME @", "CNAME elsewhere.example.", "NS ns.sub", "NS a"),
    *(
        "MX 10 a",
        "SOA x",
        "A",
        "",
        "(",
        "A 192.0.2.4 )",
        "sub",
        "60",
        "DS 1 8 2 00",
        "TXT " + "x" * 256,
    ),
)
LINES = st.builds(
    lambda name, ttl, data, end: f"{name} {ttl}{data}{end}",
    st.sampled_from(NAMES),
    st.sampled_from(TTLS),
    st.sampled_from(DATA),
    st.sampled_from(("\n", "\n", "\r\n", "\n\n", "\x0b", " ; x\n", "\x85")),
)


@pytest.fixture(autouse=True, scope="module")
def short_files_too() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordinary, "MANY", 0)
        yield


@contextmanager
def reference_alone() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordinary, "BUILT", False)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zones")


def loaded(folder: Path, text: str, zone: str = ZONE) -> Loaded | tuple[str, ...]:
    (folder / "z.yaml").write_text(zone)
    (folder / "static.zone").write_bytes(text.encode())
    try:
        return load(folder / "z.yaml")
    except ZoneFileError as error:
        return tuple(map(str, error.mistakes))


def compiled(found: Loaded, compiler: Compiler | None = None) -> Compiled:
    readings = Readings(lambda target: Verdict(State.UP, "up", 0.0))
    return (compiler or Compiler()).compile(found.zones, Geo.empty(), readings, 1)


def both(work: Callable[[], T]) -> tuple[T, T]:
    fast = work()
    with reference_alone():
        return fast, work()


def nodes(made: Compiled, zone: bytes, names: set[bytes]) -> dict[bytes, Node | None]:
    """What is there by the zone, and by the snapshot: steered ones are others in each compile."""
    known = made.snapshot.zones[zone].names
    found = {name: known.get(name) for name in names}
    assert all((name in known) == (node is not None) for name, node in found.items())
    for name, node in found.items():
        plain = node is not None and node.entries is not None
        assert (made.snapshot.nodes.get(name) is not None) == plain
    return {name: node for name, node in found.items() if node is None or node.steered is None}


def held_alike(folder: Path, text: str, zone: str = ZONE) -> None:
    fast, slow = both(lambda: loaded(folder, text, zone))
    if isinstance(fast, tuple) or isinstance(slow, tuple):
        assert fast == slow
        return
    assert list(every_rrset(fast.zones[0])) == list(slow.zones[0].rrsets)
    assert record_count(fast.zones[0]) == record_count(slow.zones[0])
    assert fast.warnings == slow.warnings
    compiler = Compiler()  # one, so that counters have the same numbers
    one, two = compiled(fast, compiler), compiled(slow, compiler)
    apex = b"\x01z\x07example\0"
    plain = fast.zones[0].plain
    names = {*two.snapshot.zones[apex].names, *(plain.names() if plain else ()), b"\x01q" + apex}
    assert nodes(one, apex, names) == nodes(two, apex, names)
    assert [(tally, at) for at, tally in enumerate(one.snapshot.tallies) if tally.type == "other"]


@given(st.lists(LINES, max_size=8))
@example(["a 60 A 192.0.2.1\n", "a MX 10 b\n", "a 30 A 192.0.2.2\n", "b A 192.0.2.1\n"])
@example(["sub NS ns.sub\n", "ns.sub A 192.0.2.1\n", "up.sub A 192.0.2.1\n"])
@example(["sub NS a\n", "a A 192.0.2.1\n"])
@example(["a A 192.0.2.1\n", "a A 192.0.2.1\n"])
@example(["d.c.b A 192.0.2.1\n", "*.b A 192.0.2.2\n", "c.b MX 1 a\n"])
@example(["$TTL 50\n", "a A 192.0.2.1\n", "$ORIGIN b\n", "a 9 A 192.0.2.1\n", "\tTXT a\n"])
@example(["a A (\n", "192.0.2.1 )\n", "c.b A 192.0.2.1\n", "c.b A 1\n"])
def test_any_file_is_read_as_by_the_reference(folder: Path, lines: list[str]) -> None:
    held_alike(folder, "".join(lines))


@given(st.text(alphabet='a@.;"()\\ \t\n$1AIN*ä\x0b', max_size=40))
def test_any_text_is_read_as_by_the_reference(folder: Path, text: str) -> None:
    held_alike(folder, text)


def test_ordinary_names_are_plain_and_cost_no_node(folder: Path) -> None:
    text = "".join(f"host-{at} 60 IN A 192.0.2.1\n" for at in range(1000))
    found = loaded(folder, text)
    assert isinstance(found, Loaded)
    zone = found.zones[0]
    assert zone.plain is not None
    assert (len(zone.plain), zone.plain.records, zone.rrsets) == (1000, 1000, ())
    made = compiled(found)
    assert len(made.snapshot.nodes) == 3  # the apex, its name server and the service
    assert made.names == 1003
    assert made.snapshot.nodes.get(b"\x05host-\x01z\x07example\0") is None


def test_names_that_yaml_writes_too_are_not_plain(folder: Path) -> None:
    zone = ZONE + "records: {a: {type: MX, value: {preference: 1, exchange: m.example.}}}\n"
    found = loaded(folder, "a A 192.0.2.1\nc.a A 192.0.2.1\n", zone)
    assert isinstance(found, Loaded)
    assert [rrset.type for rrset in found.zones[0].rrsets] == [1, 15]
    held_alike(folder, "a A 192.0.2.1\nc.a A 192.0.2.1\n", zone)


def test_a_zone_inside_answers_for_its_part_of_the_plain_names(folder: Path) -> None:
    inner = "zone: c.z.example\nnameservers: {ns1: [192.0.2.53]}\nsoa: {serial: 1}\n"
    (folder / "two").mkdir()
    (folder / "two" / "z.yaml").write_text(ZONE)
    (folder / "two" / "c.yaml").write_text(inner)
    (folder / "two" / "static.zone").write_text("a A 192.0.2.1\nb.c A 192.0.2.1\n")
    fast, slow = both(lambda: compiled(load(folder / "two")).snapshot)
    assert dict(fast.nodes).keys() == dict(slow.nodes).keys()
    assert fast.closed == slow.closed == {b"\x01b\x01c\x01z\x07example\0"}


def test_a_set_of_rrsets_is_whole(folder: Path) -> None:
    found = loaded(folder, "a A 192.0.2.1\na 9 A 192.0.2.2\nb MX 1 a\n")
    assert isinstance(found, Loaded)
    first = next(every_rrset(found.zones[0]))
    assert first == RRset("a.z.example.", 1, 9, (b"\xc0\0\2\1", b"\xc0\0\2\2"))


def test_names_of_short_files_are_written_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordinary, "MANY", 3)
    short, long = (loaded(folder, "a A 192.0.2.1\n" + "\n" * more) for more in (1, 2))
    assert isinstance(short, Loaded)
    assert isinstance(long, Loaded)
    assert short.zones[0].plain is None
    assert long.zones[0].plain is not None
