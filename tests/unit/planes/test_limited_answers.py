"""What the python plane does with answers over the limit, and what it tells of them."""

from __future__ import annotations

from itertools import count

import dns.edns
import dns.flags
import dns.message
import pytest
from structlog.testing import capture_logs

from gtm.dns.conduct import Conduct
from gtm.dns.cookies import Jar
from gtm.dns.options import COOKIE
from gtm.dns.transport import Transport
from gtm.planes import answering as answering_module
from gtm.planes.answering import Answering
from gtm.planes.limiting import Limit, Limiter
from gtm.planes.limitlog import EVERY, LimitLog
from gtm.planes.stats import SocketStats
from gtm.snapshot import Snapshot
from tests.worlds import compile_world

NOW = 1e9
HOST = "192.0.2.1"
CONDUCT = Conduct(cookies=Jar((b"sixteen octets!!",)))
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US}}
apps:
  shop: {topology: replicated, services: {orders: {us: [192.0.2.10]}}}
"""


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return compile_world({"gtm.yaml": ZONE}).snapshot


class Side:
    """A plane's answering without its socket: one answer a second, every second one cut."""

    def __init__(self, snapshot: Snapshot) -> None:
        draws = count()
        self.answering = Answering(snapshot, lambda: 0, lambda: NOW, CONDUCT)
        self.limiter = Limiter(Limit(1), lambda: next(draws), lambda: NOW)
        self.stats = SocketStats("udp", "1")
        self.stats.reserve(len(snapshot.tallies))

    def ask(self, packet: bytes) -> dns.message.Message | None:
        message = self.answering.datagram(packet, HOST, self.stats, self.limiter)
        return None if message is None else dns.message.from_wire(message)

    def exhaust(self) -> None:
        while self.limiter.within(HOST):
            pass


def query(cookie: bytes | None = None) -> bytes:
    options: list[dns.edns.Option] | None = None
    if cookie is not None:
        make = dns.edns.OptionType.make
        options = [dns.edns.GenericOption(make(COOKIE), cookie)]
    asked = dns.message.make_query(
        "orders.gtm.example.com", "A", use_edns=0 if options else False, options=options
    )
    return asked.to_wire()


def kinds(side: Side, packet: bytes, times: int) -> list[str]:
    found = []
    for _ in range(times):
        message = side.ask(packet)
        if message is None:
            found.append("dropped")
        else:
            found.append("cut" if message.flags & dns.flags.TC else "full")
    return found


def test_answers_over_the_limit_are_cut_and_dropped_in_turn(snapshot: Snapshot) -> None:
    side = Side(snapshot)
    assert kinds(side, query(), 6) == ["full", "full", "cut", "dropped", "cut", "dropped"]
    assert side.stats.limited == {"cut": 2, "drop": 2}
    assert side.stats.total() == 4
    assert side.limiter.noted() == [("192.0.2.0/24", 2, 2)]


def test_a_client_cookie_is_answered_with_one_even_if_cut_and_then_exempts(
    snapshot: Snapshot,
) -> None:
    side = Side(snapshot)
    side.exhaust()
    message = side.ask(query(b"a client"))
    assert message is not None
    assert message.flags & dns.flags.TC
    (cookie,) = [each.to_wire() for each in message.options if each.otype == COOKIE]
    assert kinds(side, query(cookie), 5) == ["full"] * 5
    assert "full" not in kinds(side, query(b"another!" + (cookie or b"")[8:]), 5)


def test_known_clients_take_nothing_from_their_network(snapshot: Snapshot) -> None:
    side = Side(snapshot)
    cookie, _ = CONDUCT.cookies.greet(b"a client", bytes((192, 0, 2, 1)), NOW)
    assert kinds(side, query(cookie), 20) == ["full"] * 20
    assert kinds(side, query(), 2) == ["full"] * 2


def test_silence_takes_nothing_either(snapshot: Snapshot) -> None:
    side = Side(snapshot)
    response = bytearray(query())
    response[2] |= 0x80
    for packet in (b"", bytes(response)) * 10:
        assert side.ask(packet) is None
    assert kinds(side, query(), 2) == ["full"] * 2
    side.exhaust()
    for packet in (b"", bytes(response)) * 10:
        assert side.ask(packet) is None


def test_a_fault_is_logged_once_without_the_packet(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault for a test")

    monkeypatch.setattr(answering_module, "respond", fail)
    side = Side(snapshot)
    with capture_logs() as logs:
        for _ in range(3):
            reply = side.answering.refer(query(), HOST, side.stats, transport=Transport.TCP)
            assert reply is None
    (told,) = logs
    assert told["event"] == "answer_failed"
    assert told.keys() == {"event", "log_level", "exc_info", "octets", "transport"}
    assert side.stats.dropped["fault"] == 3


def test_a_network_is_logged_once_a_minute_with_all_that_came_meanwhile() -> None:
    told = LimitLog()
    with capture_logs() as logs:
        told.tell([("192.0.2.0/24", 1, 2), ("192.0.2.0/24", 1, 0)], 100.0)
        told.tell([("192.0.2.0/24", 5, 5)], 100.0 + EVERY / 2)
        told.tell([("198.51.100.0/24", 0, 1)], 100.0 + EVERY / 2)
        told.tell([], 100.0 + EVERY)
        told.tell([], 1000.0)
    assert [(each["network"], each["cut"], each["dropped"]) for each in logs] == [
        ("192.0.2.0/24", 2, 2),
        ("198.51.100.0/24", 0, 1),
        ("192.0.2.0/24", 5, 5),
    ]
