"""Who gets a zone and who does not; what is handed on, and how it is answered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.renderer
import dns.rrset
import dns.tsig
import dns.update
import pytest

from gtm.dns.transport import Transport
from gtm.model import Zone
from gtm.transfer import stream as streams
from gtm.transfer.exchange import Exchange
from tests.unit.transfer.transfer_worlds import (
    NOW,
    SECRET,
    ZONE,
    Remembered,
    exchange,
    transferred,
    world,
)
from tests.worlds import eventually, read_zones


@pytest.fixture(autouse=True)
def one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """dnspython signs and judges by the time that the exchange has."""
    clock = SimpleNamespace(time=lambda: NOW)
    monkeypatch.setattr(dns.message, "time", clock)
    monkeypatch.setattr(dns.renderer, "time", clock)


TCP, UDP, TLS, HTTPS = Transport.TCP, Transport.UDP, Transport.TLS, Transport.HTTPS


async def served(view: str = "fallback", folder: Path | None = None) -> Exchange:
    found = exchange(folder)

    async def serve_anew() -> None:
        found.published(world(view))

    await found.open(serve_anew)
    zones: tuple[Zone, ...] = read_zones({"a.yaml": ZONE.replace("VIEW", view)})
    found.laid_over(zones)
    found.published(world(view))
    return found


def query(rrtype: str = "AXFR", key: str = "", serial: int | None = None) -> dns.message.Message:
    made = dns.message.make_query("gtm.example.", rrtype, use_edns=True)
    if serial is not None:
        soa = dns.rrset.from_text(
            "gtm.example.", 0, "IN", "SOA", f"ns1.gtm.example. h. {serial} 1 1 1 1"
        )
        made.authority.append(soa)
    if key:
        made.use_tsig(dns.tsig.Key(key, SECRET), fudge=300)
    return made


def taken(
    found: Exchange,
    asked: dns.message.Message,
    host: str = "203.0.113.1",
    transport: Transport = TCP,
    back: Remembered | None = None,
) -> dns.message.Message | None:
    """The answer that came at once."""
    made = found.reception.take(asked.to_wire(), host, transport, back or Remembered())
    if made is None or made.message is None:
        return None
    return dns.message.from_wire(made.message, keyring=asked.keyring, request_mac=asked.mac)


def copied(found: Exchange, asked: dns.message.Message, **how: object) -> set[str]:
    back = Remembered()
    assert taken(found, asked, back=back, **how) is None  # type: ignore[arg-type]  # as given
    assert back.ended.wait(30)
    messages = [message for message in back.messages if message is not None]
    return transferred(asked, messages)


async def test_a_key_or_an_address_gets_the_zone() -> None:
    found = await served()
    by_key = copied(found, query(key="second."))
    assert 'gtm.example. TXT "hello"' in by_key
    assert copied(found, query(), host="192.0.2.7") == by_key
    assert copied(found, query(), host="::ffff:192.0.2.7") == by_key
    assert copied(found, query(key="second."), transport=TLS) == by_key
    assert found.streams.counts["gtm.example.", "sent"] == 4


@pytest.mark.parametrize(("key", "host"), [("", "203.0.113.1"), ("acme.", "203.0.113.1")])
async def test_others_are_refused_and_told_that_it_is_prohibited(key: str, host: str) -> None:
    answer = taken(await served(), query(key=key), host)
    assert answer is not None
    assert answer.rcode() == dns.rcode.REFUSED
    assert [option.code for option in answer.options if isinstance(option, dns.edns.EDEOption)] == [
        dns.edns.EDECode.PROHIBITED
    ]
    assert answer.had_tsig is bool(key)


async def test_a_wrong_signature_and_another_zone_are_left_to_the_responder() -> None:
    found = await served()
    assert (
        found.reception.take(query(key="nobody.").to_wire(), "192.0.2.7", TCP, Remembered()) is None
    )
    other = dns.message.make_query("www.gtm.example.", "AXFR")
    assert found.reception.take(other.to_wire(), "192.0.2.7", TCP, Remembered()) is None
    ordinary = dns.message.make_query("gtm.example.", "A")
    assert found.reception.take(ordinary.to_wire(), "192.0.2.7", TCP, Remembered()) is None


@pytest.mark.parametrize("transport", [UDP, HTTPS])
async def test_a_zone_is_not_copied_over_what_has_no_room_for_it(transport: Transport) -> None:
    answer = taken(await served(), query(), "192.0.2.7", transport)
    assert answer is not None
    assert answer.rcode() == dns.rcode.REFUSED


async def test_ixfr_is_the_soa_where_nothing_is_newer_else_the_whole_zone() -> None:
    found = await served()
    serial = found.serials.served["gtm.example."].serial
    serial = world().zones[0].serial
    for transport in (TCP, UDP):
        current = taken(found, query("IXFR", serial=serial), "192.0.2.7", transport)
        assert current is not None
        assert len(current.answer) == 1
        assert len(current.answer[0]) == 1
    by_udp = taken(found, query("IXFR", serial=serial - 1), "192.0.2.7", UDP)
    assert by_udp is not None
    assert len(by_udp.answer) == 1
    back = Remembered()
    assert taken(found, query("IXFR", serial=serial - 1), "192.0.2.7", TCP, back) is None
    assert back.ended.wait(30)
    none = taken(found, query("IXFR"), "192.0.2.7", TCP)
    assert none is not None
    assert none.rcode() == dns.rcode.FORMERR


async def test_no_more_than_so_many_copies_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    found = await served()
    for _ in range(streams.AT_ONCE):
        assert found.streams._room.acquire(blocking=False)
    answer = taken(found, query(), "192.0.2.7")
    assert answer is not None
    assert answer.rcode() == dns.rcode.REFUSED
    assert found.streams.counts["gtm.example.", "too many"] == 1


async def test_a_client_that_is_gone_ends_its_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gtm.transfer.messages.LARGEST", 100)
    found = await served()
    back = Remembered(room=2)
    assert taken(found, query(), "192.0.2.7", TCP, back) is None
    assert back.ended.wait(30)
    assert back.messages[-1] is None
    await eventually(lambda: bool(found.streams.counts))
    assert found.streams.counts == {("gtm.example.", "broken off"): 1}


def update(key: str) -> dns.message.Message:
    made = dns.update.UpdateMessage("gtm.example.")
    made.add("x", 60, "TXT", "1")
    if key:
        made.use_tsig(dns.tsig.Key(key, SECRET))
    return made


async def test_an_update_by_a_key_that_may_is_answered_later_and_signed(tmp_path: Path) -> None:
    found = await served(folder=tmp_path)
    asked, back = update("acme."), Remembered()
    assert taken(found, asked, back=back) is None
    task = asyncio.create_task(found.updates.run())
    await eventually(back.ended.is_set)
    task.cancel()
    (wire,) = back.messages
    assert wire is not None
    answer = dns.message.from_wire(wire, keyring=asked.keyring, request_mac=asked.mac)
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.had_tsig


@pytest.mark.parametrize("key", ["", "second."])
async def test_an_update_without_a_key_that_may_is_refused(key: str) -> None:
    found = await served()
    answer = taken(found, update(key))
    assert answer is not None
    assert answer.rcode() == dns.rcode.REFUSED
    assert found.updates.counts["gtm.example.", "REFUSED"] == 1
