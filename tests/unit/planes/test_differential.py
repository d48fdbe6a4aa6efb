"""The native plane against the reference responder: random zones, states of them, and packets.

Longer by hand: `GTM_FUZZ=100 scripts/test tests/unit/planes/test_differential.py` looks at a
hundred times as many zones, and begins elsewhere each time.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from random import Random
from typing import TYPE_CHECKING

import dns.message
import dns.rdatatype
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled
from gtm.dns import names
from gtm.dns.conduct import Conduct
from gtm.dns.cookies import Jar
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.responder import Reply, respond
from gtm.dns.transport import Transport
from gtm.planes.fast import FastPath
from gtm.steering import choice
from gtm.zonefile import ordinary as master_files
from tests.unit.planes.judged import judge
from tests.unit.planes.native_plane import native, require
from tests.unit.planes.random_packets import anything, ordinary
from tests.unit.planes.random_zones import World, worlds
from tests.unit.planes.test_both_paths import somebody
from tests.unit.planes.whole_zones import Whole, whole

if TYPE_CHECKING:
    from gtm._native import Tables

LONGER = int(os.environ.get("GTM_FUZZ", "1"))
WORLDS = 60  # of some six states each
ORDINARY, ANYTHING = 60, 120  # packets to each state
JUDGED = 0.1  # of the ordinary ones by dnspython, which takes its time
CNAME = dns.rdatatype.CNAME
CONDUCT = Conduct(b"ns1.example", cookies=Jar((b"first secret 16.", b"second secret 16")))
CHECKED = settings(
    max_examples=WORLDS * LONGER, suppress_health_check=list(HealthCheck), deadline=None
)


@pytest.fixture(autouse=True, scope="module")
def small_and_everything() -> Iterator[None]:
    """Tables of hashed slots are small, and short master files are read as long ones are."""
    require()
    with pytest.MonkeyPatch.context() as patch:
        choice._draws.cache_clear()
        patch.setattr(choice, "STICKY_SLOTS", choice.ENDPOINT_SLOTS)
        patch.setattr(master_files, "MANY", 0)
        yield
    choice._draws.cache_clear()


class Both:
    """A state of a world, as both planes have it."""

    def __init__(self, state: Compiled, tables: Tables) -> None:
        self._snapshot = state.snapshot
        self._tables = tables
        self._chance = Chance(0, 0.0)
        self._fast = FastPath(state.snapshot, lambda: self._chance.random, lambda: self._chance.now)

    def compare(self, packet: bytes, source: Random) -> tuple[Reply | None, bool]:
        """What the reference says, and whether the native plane punts; whatever it says is that.

        What was punted is given as a whole, as if it had been asked over TCP.
        """
        sender, udp = a_sender(source), source.random() < 0.75
        chance = Chance(source.getrandbits(32), source.uniform(1e9, 1e9 + 1000))
        cut = udp and source.random() < 0.1
        reply = respond(
            self._snapshot,
            packet,
            asker_of(sender),
            chance,
            transport=Transport.plain(udp),
            conduct=CONDUCT,
            cut=cut,
        )
        asked = f"{packet.hex()} of {sender}, {chance}, {udp=}, {cut=}"
        words = CONDUCT.identity, CONDUCT.cookies.secrets
        found = self._tables.answer(packet, sender, chance.random, chance.now, udp, *words, cut)
        counts = [0] * len(self._snapshot.tallies)
        self._chance = chance
        fast = self._fast.answer(packet, sender, counts, transport=Transport.plain(udp))
        if found is None:
            assert fast is None, asked
        elif reply is None:
            assert found == (b"", None), asked
        else:
            assert found[0] == reply.message, asked
            assert found[1] is not None, asked
            self._check_counted(found[1], reply, asked)
            assert cut or fast in (None, reply.message), asked
        if found is None:
            tcp = Transport.TCP
            asker = asker_of(sender)
            reply = respond(self._snapshot, packet, asker, chance, transport=tcp, conduct=CONDUCT)
        return reply, found is None

    def _check_counted(self, number: int, reply: Reply, asked: str) -> None:
        """The counter is that of the reply, but for types told together.

        An answer to ANY or RRSIG is counted as what it is of, and one that a host name of a region
        led to as that host name.
        """
        counted, tally = self._snapshot.tallies[number], reply.tally
        assert counted.type in (tally.type, "other") or tally.type in ("ANY", "RRSIG"), asked
        assert counted._replace(type="") == tally._replace(type=""), asked


def a_sender(source: Random) -> str:
    """Of either family; at times IPv4 that came over an IPv6 socket."""
    sender = somebody(source)
    return f"::ffff:{sender}" if "." in sender and source.random() < 0.1 else sender


def is_left_to_reference(reply: Reply, made: Whole, apexes: Collection[bytes]) -> bool:
    """Whether an ordinary query may be punted.

    That is one for the DS of the apex of a zone inside another, or at or below a DNAME or `whoami`,
    which a CNAME may lead to.
    """
    message = dns.message.from_wire(reply.message)
    (asked,) = message.question
    name = (asked.name.to_wire() or b"").lower()
    zones = sum(above in apexes for above in names.ancestors(name))
    if asked.rdtype == dns.rdatatype.DS and name in apexes and zones > 1:
        return True
    aliases = [rrset[0].target for rrset in message.answer if rrset.rdtype == CNAME]
    return any(made.is_odd(each.to_text()) for each in (asked.name, *aliases))


@CHECKED
@given(worlds(), st.integers(0, 2**64 - 1))
def test_no_packet_gets_another_answer_than_the_reference_responders(
    world: World, seed: int
) -> None:
    """Nor do ordinary queries get it late: they are not punted."""
    source = Random(seed)
    made = whole(world, source)
    tables_of, tables = native().of, None
    for state in made.world.states():
        tables = tables_of(state.snapshot, tables)
        both = Both(state, tables)
        apexes = state.snapshot.zones.keys()
        for _ in range(ORDINARY):
            packet = ordinary(source, made.names)
            reply, is_punted = both.compare(packet, source)
            assert reply is not None
            if source.random() < JUDGED:
                judge(packet, reply.message)
            if is_punted:
                assert is_left_to_reference(reply, made, apexes), packet.hex()
        for _ in range(ANYTHING):
            both.compare(anything(source, made.names), source)
