"""Updates and transfers as planes have them: over the rate limit, counted, and in the query log."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.renderer
import dns.tsig
import dns.update
import pytest

from gtm.dns.transport import Transport
from gtm.planes.answering import Answering
from gtm.planes.back import LATER
from gtm.planes.limiting import Limit, Limiter
from gtm.planes.stats import SocketStats
from gtm.querylog import Tap
from gtm.querylog.lines import line
from gtm.snapshot import Tally
from gtm.transfer.exchange import Exchange
from tests.unit.transfer.transfer_worlds import NOW, SECRET, ZONE, Remembered, exchange, world
from tests.worlds import eventually, read_zones

HOST = "203.0.113.1"


@pytest.fixture(autouse=True)
def one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """dnspython signs and judges by the time that the exchange has."""
    clock = SimpleNamespace(time=lambda: NOW)
    monkeypatch.setattr(dns.message, "time", clock)
    monkeypatch.setattr(dns.renderer, "time", clock)


class Side:
    """A plane's answering without its socket, over the rate limit: each answer is cut."""

    def __init__(self, exchange: Exchange, slip: int = 1) -> None:
        self.answering = Answering(world().snapshot, lambda: 0, lambda: NOW)
        self.answering.peers = exchange.reception
        self.answering.tap = self.tap = Tap()
        self.limiter = Limiter(Limit(1, slip=slip), lambda: 1, lambda: NOW)
        while self.limiter.within(HOST):
            pass
        self.stats = SocketStats("udp", "1")
        self.remembered = Remembered()

    def back(self) -> Remembered:
        return self.remembered

    def ask(self, asked: dns.message.Message) -> bytes | None:
        return self.answering.datagram(asked.to_wire(), HOST, self.stats, self.limiter, self)

    def told(self) -> list[dict[str, object]]:
        return [json.loads(line(each, whole=False)) for each in self.tap.take(0)]


async def served(folder: Path | None = None) -> Exchange:
    found = exchange(folder)

    async def serve_anew() -> None:
        found.published(world())

    await found.open(serve_anew)
    found.laid_over(read_zones({"a.yaml": ZONE.replace("VIEW", "fallback")}))
    found.published(world())
    return found


def update(key: str = "", zone: str = "gtm.example.") -> dns.message.Message:
    made = dns.update.UpdateMessage(zone)
    made.add("x", 60, "TXT", "1")
    if key:
        made.use_tsig(dns.tsig.Key(key, SECRET))
    return made


async def test_an_update_by_a_key_is_made_over_the_rate_limit_and_told_as_it_ends(
    tmp_path: Path,
) -> None:
    found = await served(tmp_path)
    side = Side(found)
    assert side.ask(update("acme.")) == LATER
    assert not side.told(), "nobody knows yet what it comes to"
    task = asyncio.create_task(found.updates.run())
    await eventually(side.remembered.ended.is_set)
    task.cancel()
    (wire,) = side.remembered.messages
    assert wire is not None
    assert wire[3] & 15 == dns.rcode.NOERROR
    (told,) = side.told()
    assert (told["opcode"], told["name"], told["rcode"]) == ("UPDATE", "gtm.example.", "NOERROR")
    assert side.stats.slow == {Tally("gtm.example.", "", "", "SOA", "NOERROR"): 1}
    assert not side.stats.limited


async def test_an_update_that_is_refused_later_is_counted_as_refused(tmp_path: Path) -> None:
    found = await served(tmp_path)
    side = Side(found)
    forbidden = update("acme.")
    assert isinstance(forbidden, dns.update.UpdateMessage)
    forbidden.add("other", 60, "TXT", "1")
    assert side.ask(forbidden) == LATER
    task = asyncio.create_task(found.updates.run())
    await eventually(side.remembered.ended.is_set)
    task.cancel()
    (told,) = side.told()
    assert told["rcode"] == "REFUSED"
    assert side.stats.slow == {Tally("gtm.example.", "", "", "SOA", "REFUSED"): 1}


@pytest.mark.parametrize("key", ["", "unknown."])
async def test_an_update_that_anybody_may_have_sent_is_refused_and_cut(key: str) -> None:
    side = Side(await served())
    message = side.ask(update(key))
    assert message
    answer = dns.message.from_wire(message, continue_on_error=True, ignore_trailing=True)
    wanted = dns.rcode.NOTAUTH if key else dns.rcode.REFUSED
    assert (answer.rcode(), bool(answer.flags & dns.flags.TC)) == (wanted, True)
    assert side.stats.limited == {"cut": 1}
    assert [each["rcode"] for each in side.told()] == [dns.rcode.to_text(wanted)]


async def test_what_is_dropped_over_the_limit_is_not_told_as_answered() -> None:
    side = Side(await served(), slip=0)
    assert side.ask(update("acme.")) is None
    forged = dns.message.make_query("gtm.example.", "SOA", use_edns=0)
    forged.use_edns(0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"a client")])
    assert side.ask(forged) is None
    assert side.stats.limited == {"drop": 2}
    assert not side.told()


async def test_a_copy_of_a_zone_is_one_line_however_long() -> None:
    side = Side(await served())
    asked = dns.message.make_query("gtm.example.", "AXFR")
    asked.use_tsig(dns.tsig.Key("second.", SECRET))
    wire, back = asked.to_wire(), side.remembered
    refer = side.answering.refer
    assert refer(wire, HOST, side.stats, transport=Transport.TCP, back=back) == LATER
    assert back.ended.wait(30)
    await eventually(lambda: bool(side.stats.slow))
    (told,) = side.told()
    assert (told["type"], told["rcode"], told["transport"]) == ("AXFR", "NOERROR", "tcp")
    assert told["zone"] == "gtm.example."


@pytest.mark.parametrize(
    ("zone", "rcode"),
    [("gtm.example.", "REFUSED"), ("sub.gtm.example.", "NOTAUTH"), ("example.", "NOTAUTH")],
)
async def test_updates_where_none_are_allowed_are_refused(zone: str, rcode: str) -> None:
    plain = ZONE.replace("VIEW", "fallback")
    keys = ("tsig", "transfer", "updates")
    plain = "".join(one for one in plain.splitlines(True) if not one.startswith(keys))
    snapshot = world(text=plain).snapshot
    answering, stats = Answering(snapshot, lambda: 0, lambda: NOW), SocketStats("tcp", "1")
    message = answering.refer(update(zone=zone).to_wire(), HOST, stats, transport=Transport.TCP)
    assert message
    assert dns.rcode.to_text(dns.message.from_wire(message).rcode()) == rcode
