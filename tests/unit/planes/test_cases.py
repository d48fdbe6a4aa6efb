"""Every case of tests/cases, put to the reference responder, the fast path and the native plane."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest
import yaml

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.geo import Geo, open_databases
from gtm.planes.fast import FastPath
from gtm.snapshot import Snapshot
from gtm.steering.readings import Readings
from tests.signing import Clock, seals, signed_world
from tests.unit.geo.geo_files import Unsigned, write
from tests.unit.planes.judged import judge
from tests.unit.planes.native_plane import native
from tests.worlds import SAMPLE, Verdicts, compile_world, sample_geo

if TYPE_CHECKING:
    from gtm._native import Tables

CASES = Path(__file__).resolve().parents[2] / "cases"


@dataclass(frozen=True)
class Case:
    file: Path
    index: int
    fields: dict[str, Any]


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def all_cases() -> list[Any]:
    return [
        pytest.param(Case(file, index, fields), id=f"{file.stem}: {fields['what']}")
        for file in sorted(CASES.glob("*.yaml"))
        for index, fields in enumerate(read(file)["cases"])
    ]


@cache
def world(
    file: Path, down: tuple[str, ...], patience: tuple[tuple[str, float], ...] = ()
) -> Compiled:
    fields = read(file)
    geo = geo_with(fields.get("systems", {}))
    if fields.get("signed"):
        return signed_world(fields["zones"]["gtm.yaml"], down, seals()).compiled
    return compile_world(fields["zones"], down, geo, patience=dict(patience))


def geo_with(systems: dict[str, int]) -> Geo:
    """The sample database, beside one of AS numbers if the cases have some."""
    if not systems:
        return sample_geo()
    records = {
        network: {"autonomous_system_number": Unsigned(number, 32)}
        for network, number in systems.items()
    }
    with TemporaryDirectory() as folder:
        return open_databases([SAMPLE, write(Path(folder, "asn.mmdb"), records)])


@cache
def back_again(
    file: Path, down: tuple[str, ...], patience: tuple[tuple[str, float], ...]
) -> tuple[Snapshot, Tables]:
    """The world after every endpoint has changed, and changed back; read by what changed."""
    before = world(file, down, patience)
    targets = {target for target in before.uses if isinstance(target, Target)}
    seconds = dict(patience)
    tables, state = native().of(before.snapshot), before
    for now_down in ({each.address for each in targets} - {*down}, {*down}):
        readings = Readings(
            Verdicts(now_down), patience=lambda target: seconds.get(target.address, math.inf)
        )
        state = Compiler(Clock()).refresh(state, targets, readings, state.snapshot.epoch + 1)
        tables = native().of(state.snapshot, tables)
    return state.snapshot, tables


def query(fields: dict[str, Any]) -> dns.message.QueryMessage:
    name, rrtype, *rrclass = fields["ask"].split()
    options: list[dns.edns.Option] = []
    if "subnet" in fields:
        address, length = fields["subnet"].split("/")
        options.append(dns.edns.ECSOption(address, int(length)))
    edns = fields.get("edns", bool(options))
    made = dns.message.make_query(
        name,
        rrtype,
        rrclass[0] if rrclass else "IN",
        use_edns=0 if edns else False,
        payload=1232,
        options=options or None,
        want_dnssec=fields.get("do", False),
        id=4242,
    )
    made.flags = dns.flags.Flag(fields.get("query_flags", 0))
    return made


def lines(section: list[Any]) -> set[str]:
    return {line for rrset in section for line in rrset.to_text().split("\n")}


def shortened(found: set[str], expected: list[str]) -> set[str]:
    """SOA and RRSIG records are compared without their data where the case leaves it out."""
    prefixes = [text for text in expected if text.endswith(" SOA") or " RRSIG " in text]
    return {
        next((prefix for prefix in prefixes if line.startswith(prefix + " ")), line)
        for line in found
    }


class Asked:
    """A case's query, its circumstances, and what the reference responder says."""

    def __init__(
        self, case: Case, snapshot: Snapshot | None = None, *, udp: bool | None = None
    ) -> None:
        """The case's world is answered from, and over its transport, unless others are given."""
        fields = case.fields
        self.snapshot = snapshot or world(case.file, *states(case)).snapshot
        self.client = fields.get("client", "192.0.2.250")
        self.is_punted = fields.get("punted", False)
        self.draw = fields.get("draw", 0)
        self.udp = not fields.get("tcp") if udp is None else udp
        self.now = fields.get("now", 1_700_000_000.0)
        self.query = query(fields)
        self.packet = self.query.to_wire()
        chance = Chance(self.draw, self.now)
        reply = respond(
            self.snapshot,
            self.packet,
            asker_of(self.client),
            chance,
            transport=Transport.plain(self.udp),
        )
        assert reply is not None
        self.reply = reply

    def check_native(self, tables: Tables) -> None:
        """The native plane's answer is the reference's; only what the case says is left to that."""
        found = tables.answer(self.packet, self.client, self.draw, self.now, self.udp)
        assert (found is None) == self.is_punted
        if found is not None:
            message, number = found
            assert message == self.reply.message
            judge(self.packet, message)
            assert number is not None
            self.check_counted(number)

    def check_counted(self, number: int) -> None:
        """A fast path's counter is that of the reply, but for types told together."""
        counted, tally = self.snapshot.tallies[number], self.reply.tally
        assert counted.type in (tally.type, "other") or tally.type in ("ANY", "RRSIG")
        assert counted._replace(type="") == tally._replace(type="")


def states(case: Case) -> tuple[tuple[str, ...], tuple[tuple[str, float], ...]]:
    """Which addresses are down, and how long others stay as they are."""
    patience = case.fields.get("patience", {})
    return tuple(case.fields.get("down", ())), tuple(patience.items())


@pytest.mark.parametrize("case", all_cases())
def test_case(case: Case) -> None:
    asked = Asked(case)
    judge(asked.packet, asked.reply.message)
    check(case.fields, asked.query, dns.message.from_wire(asked.reply.message))
    counts = [0] * len(asked.snapshot.tallies)
    fast = FastPath(asked.snapshot, lambda: asked.draw, lambda: asked.now).answer(
        asked.packet, asked.client, counts, transport=Transport.plain(asked.udp)
    )
    if fast is not None:
        assert fast == asked.reply.message
        (number,) = [number for number, count in enumerate(counts) if count]
        asked.check_counted(number)


@pytest.mark.parametrize("udp", [True, False], ids=["udp", "tcp"])
@pytest.mark.parametrize("case", all_cases())
def test_the_native_plane_says_the_same(case: Case, udp: bool) -> None:
    asked = Asked(case, udp=udp)
    asked.check_native(native().of(asked.snapshot))


@pytest.mark.parametrize("case", all_cases())
def test_the_native_plane_says_the_same_after_all_went_down_and_came_back(case: Case) -> None:
    snapshot, tables = back_again(case.file, *states(case))
    Asked(case, snapshot).check_native(tables)


def check(fields: dict[str, Any], asked: dns.message.Message, said: dns.message.Message) -> None:
    assert said.id == asked.id
    assert dns.rcode.to_text(said.rcode()) == fields.get("rcode", "NOERROR")
    flags = set(dns.flags.to_text(said.flags).lower().split())
    assert "qr" in flags
    assert "ra" not in flags
    assert ("aa" in flags) == ("-aa" not in fields.get("flags", ()))
    assert said.question[0].to_text() == asked.question[0].to_text()
    for section, found in (
        ("answer", said.answer),
        ("authority", said.authority),
        ("additional", said.additional),
    ):
        expected = fields.get(section, [])
        text = {line.lower() for line in shortened(lines(found), expected)}
        assert text == {line.lower() for line in expected}, section
    if "order" in fields:
        assert [record.to_text() for record in said.answer[0]] == fields["order"]
    if "subnet" in fields:
        (option,) = [option for option in said.options if option.otype == dns.edns.OptionType.ECS]
        assert isinstance(option, dns.edns.ECSOption)
        assert f"{option.address}/{option.srclen}" == fields["subnet"]
        assert option.scopelen == fields["scope"]
