"""Signatures: made once for what they are over, made anew in time, and ahead of what may come."""

from __future__ import annotations

import pytest

from gtm.compile.ahead import next_sets, sign_ahead
from gtm.compile.served import SignedZone, signatures_in, standings
from gtm.control.resigning import Resigning, ending_signatures
from gtm.dnssec.signatures import RENEWED, Signatures, Signer, ends
from gtm.events import Event, Kind, Severity
from gtm.snapshot import RRset
from gtm.steering.readings import Readings
from tests.signing import NOW, Clock, a_key, ask, key_set, signed_world, validate
from tests.worlds import Verdicts

DAY = 86400.0
APEX = "gtm.example.com."
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
dnssec: {}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: spread
    check: up
    services:
      orders: {us: [192.0.2.1, 192.0.2.2, {address: 192.0.2.3, backup: true}], eu: [198.51.100.1]}
"""


def test_what_is_signed_once_is_not_signed_again() -> None:
    world = signed_world(ZONE)
    made = world.compiler.signatures.made
    world.again()
    world.turn({"192.0.2.1"})
    once = world.compiler.signatures.made
    world.turn(set())
    world.turn({"192.0.2.1"})
    assert once == made + 1
    assert world.compiler.signatures.made == once


def test_signatures_of_one_moment_end_at_different_ones() -> None:
    signer = Signer(b"\7example\0", key_set(), 14 * DAY, Signatures(Clock()))
    found = [
        ends(
            signer.sign(b"\1a\7example\0", RRset(1, 60, (bytes((10, 0, 0, one)),)), 60).signed(0)[0]
        )
        for one in range(100)
    ]
    assert min(found) > NOW + 11 * DAY
    assert max(found) <= NOW + 14 * DAY
    assert max(found) - min(found) > DAY


def test_what_ends_soon_is_signed_anew_by_the_next_compile_and_nothing_else() -> None:
    world = signed_world(ZONE)
    first = standings(world.compiled)[0]
    world.clock.now = first.ends - RENEWED * 14 * DAY + 1
    before = world.compiler.signatures.made
    world.again()
    assert world.compiler.signatures.made == before + 1
    second = standings(world.compiled)[0]
    assert second.signatures == first.signatures
    assert second.ends > first.ends
    answer = ask(world.snapshot, "orders." + APEX, "A")
    validate(answer.answer, APEX, key_set(), now=world.clock.now)


def test_another_key_signs_everything_anew() -> None:
    world = signed_world(ZONE)
    keys = key_set(a_key())
    again = world.compiler.compile(
        world.compiled.zones,
        world.compiled.geo,
        Readings(Verdicts()),
        epoch=2,
        before=world.compiled,
        keys={APEX: keys},
    )
    validate(ask(again.snapshot, "orders." + APEX, "A").answer, APEX, keys)


def test_what_one_more_change_leads_to_is_signed_ahead() -> None:
    world = signed_world(ZONE)
    for _ in sign_ahead(world.compiled, Readings(Verdicts())):
        pass
    made = world.compiler.signatures.made
    for down in ({"192.0.2.1"}, {"192.0.2.2"}, {"198.51.100.1"}):
        world.turn(set())
        world.turn(down)
    assert world.compiler.signatures.made == made


def test_a_backup_alone_is_what_the_last_ones_failure_leads_to() -> None:
    world = signed_world(ZONE, down={"192.0.2.1"})
    (app,) = world.compiled.apps.values()
    (services,) = app.health.services.values()
    assert {tuple(map(str, usable)) for usable in next_sets(services["us"])} == {
        ("192.0.2.1", "192.0.2.2"),
        ("192.0.2.3",),
    }


def test_only_signatures_in_use_are_kept_where_there_are_too_many() -> None:
    world = signed_world(ZONE)
    world.turn({"192.0.2.1"})
    world.turn(set())
    signatures, used = world.compiler.signatures, signatures_in(world.compiled)
    assert len(signatures) > len(used)
    signatures.forget_all_but(used)
    assert len(signatures) == len(used)


class Compiles:
    """Compiles anew when it is asked, and counts."""

    def __init__(self) -> None:
        self.world = signed_world(ZONE)
        self.times = 0
        self.resigning = Resigning(self.world.clock, self.world.compiler.signatures)

    async def anew(self) -> None:
        self.times += 1
        self.world.again()

    async def follow(self) -> bool:
        return await self.resigning.follow(self.world.compiled, self.anew)


async def test_nothing_is_done_before_signatures_are_due_and_then_at_once() -> None:
    one = Compiles()
    assert not await one.follow()
    (standing,) = one.resigning.standings
    one.world.clock.now = standing.due - 1
    assert not await one.follow()
    one.world.clock.now = standing.due + 1
    assert await one.follow()
    assert one.times == 1
    assert not await one.follow()


async def test_for_ever_is_signed_in_time_and_not_all_at_once() -> None:
    one = Compiles()
    seen = []
    for _ in range(200):
        one.world.clock.now += DAY / 4
        made = one.world.compiler.signatures.made
        await one.follow()
        seen.append(one.world.compiler.signatures.made - made)
        nearest = min(standing.ends for standing in standings(one.world.compiled))
        assert nearest > one.world.clock.now + 4 * DAY
    assert max(seen) < standings(one.world.compiled)[0].signatures


async def test_signatures_that_end_and_are_not_made_anew_are_an_alarm() -> None:
    one = Compiles()
    await one.follow()
    (standing,) = one.resigning.standings
    assert alarms(standing, NOW) == []
    (soon,) = alarms(standing, standing.ends - DAY)
    assert (soon.kind, soon.severity) == (Kind.SIGNATURES, Severity.WARNING)
    assert soon.reason.startswith("a signature ends in 1.0 days, and none is made in its place")
    (ended,) = alarms(standing, standing.ends + DAY)
    assert ended.severity is Severity.CRITICAL
    assert ended.said == "signatures of gtm.example.com are not made anew"


def alarms(standing: SignedZone, at: float) -> list[Event]:
    return list(ending_signatures((standing,), at))


async def test_a_failure_to_sign_anew_leaves_what_is_served_and_what_is_known_of_it() -> None:
    one = Compiles()

    async def failing() -> None:
        raise OSError("no keys")

    await one.follow()
    known = one.resigning.standings
    one.world.clock.now = known[0].late + 1
    with pytest.raises(OSError, match="no keys"):
        await one.resigning.follow(one.world.compiled, failing)
    assert one.resigning.standings == known


def test_signers_are_alike_by_keys_and_validity() -> None:
    signatures = Signatures(Clock())
    one = Signer(b"\0", key_set(), DAY, signatures)
    assert one.like(Signer(b"\0", key_set(), DAY, signatures))
    assert not one.like(Signer(b"\0", key_set(), 2 * DAY, signatures))
    assert not one.like(None)
