"""Random zones in random states: all ways of answering agree, families do, and scopes hold."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import combinations
from typing import TYPE_CHECKING

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtm.compile.compiler import Compiled
from gtm.dns.lookup import Chance, asker_of
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from gtm.planes.fast import FastPath
from gtm.snapshot import Pick
from gtm.steering import choice
from tests.unit.planes.native_plane import native
from tests.unit.planes.random_zones import SERVICES, World, region_of, worlds

if TYPE_CHECKING:
    from gtm._native import Tables

NETWORKS = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32"]
QUESTIONS = 20  # to each world
TOPOLOGIES = ("replicated", "spread")


@pytest.fixture(autouse=True, scope="module")
def few_slots() -> Iterator[None]:
    """Tables of hashed slots are made for each world anew: small ones will do."""
    with pytest.MonkeyPatch.context() as patch:
        choice._draws.cache_clear()
        patch.setattr(choice, "STICKY_SLOTS", choice.ENDPOINT_SLOTS)
        yield
    choice._draws.cache_clear()


def somebody(source: random.Random) -> str:
    """An address that is somewhere, or one at no known place."""
    if source.random() < 0.1:
        return "127.0.0.9"
    network = ip_network(source.choice(NETWORKS))
    return str(network[source.randrange(network.num_addresses)])


def asked(name: str, rrtype: str, subnet: str | None, *, edns: bool = True) -> bytes:
    """A query of the kind that resolvers send."""
    options: list[dns.edns.Option] = []
    if subnet is not None:
        address, length = subnet.split("/")
        options.append(dns.edns.ECSOption(address, int(length)))
    use = 0 if edns or options else False
    made = dns.message.make_query(
        f"{name}.gtm.example.com", rrtype, use_edns=use, payload=1232, options=options, id=7
    )
    made.flags = dns.flags.Flag(0)
    return made.to_wire()


class Server:
    """Answers by both paths, which have to agree octet for octet; so has a native one if given."""

    def __init__(self, compiled: Compiled, tables: Tables | None = None) -> None:
        self.snapshot = compiled.snapshot
        self._tables = tables
        self._chance = Chance(0, 0.0)
        self._fast = FastPath(self.snapshot, lambda: self._chance.random, lambda: self._chance.now)

    def answer(self, packet: bytes, sender: str, chance: Chance) -> bytes:
        self._chance = chance
        reply = respond(self.snapshot, packet, asker_of(sender), chance, transport=Transport.UDP)
        assert reply is not None
        counts = [0] * len(self.snapshot.tallies)
        fast = self._fast.answer(packet, sender, counts)
        if fast is not None:
            assert fast == reply.message
            assert sum(counts) == 1
        if self._tables is not None:
            native = self._tables.answer(packet, sender, chance.random, chance.now, True)
            assert native is None or native[0] == reply.message
            assert native is not None or fast is None, "the native plane answers what Python's does"
        return reply.message


def said(message: bytes) -> tuple[str, list[str]]:
    """How an answer ends, and the regions that its addresses are of, in their order."""
    read = dns.message.from_wire(message)
    regions = [region_of(record.to_text()) for rrset in read.answer for record in rrset]
    return dns.rcode.to_text(read.rcode()), list(dict.fromkeys(regions))


def scope(message: bytes) -> int:
    (option,) = [one for one in dns.message.from_wire(message).options if one.otype == 8]
    assert isinstance(option, dns.edns.ECSOption)
    return int(option.scopelen)


def subnet_of(client: str, length: int) -> str:
    return str(ip_network(f"{client}/{length}", strict=False))


CHECKED = settings(max_examples=25, suppress_health_check=list(HealthCheck))


@CHECKED
@given(worlds(), st.randoms(use_true_random=False))
def test_both_paths_answer_alike_octet_for_octet(world: World, source: random.Random) -> None:
    ask_ordinary(Server(world.compiled()), source)


@CHECKED
@given(worlds(), st.randoms(use_true_random=False))
def test_the_native_plane_answers_alike_octet_for_octet_by_what_changed(
    world: World, source: random.Random
) -> None:
    tables_of, tables = native().of, None
    for state in world.states():
        tables = tables_of(state.snapshot, tables)
        assert tables.epoch == state.snapshot.epoch
        ask_ordinary(Server(state, tables), source)


def ask_ordinary(server: Server, source: random.Random) -> None:
    """Questions of the kind that services get, whoever asks."""
    for _ in range(QUESTIONS):
        name = f"{source.choice(SERVICES)}.{source.choice(TOPOLOGIES)}"
        client = somebody(source)
        longest = 32 if "." in client else 128
        subnet = subnet_of(client, source.choice([0, 16, 24, 27, longest]))
        packet = asked(
            name,
            source.choice(["A", "AAAA", "MX"]),
            source.choice([None, subnet]),
            edns=source.random() < 0.7,
        )
        chance = Chance(source.getrandbits(32), source.uniform(1e9, 1e9 + 1000))
        server.answer(packet, somebody(source), chance)


@CHECKED
@given(worlds(), st.randoms(use_true_random=False))
def test_families_and_services_of_a_block_agree_within_a_window_whatever_is_up(
    world: World, source: random.Random
) -> None:
    compiled = world.compiled()
    server = Server(compiled)
    by_name = {
        key: service.steered
        for app in compiled.apps.values()
        for key, service in app.services.items()
    }
    for _ in range(QUESTIONS):
        sender, client, now = somebody(source), somebody(source), source.uniform(1e9, 1e9 + 1000)
        subnet = source.choice([None, subnet_of(client, 24 if "." in client else 56)])
        service = source.choice(SERVICES)
        together = [f"{one}.replicated" for one in SERVICES]
        for names in (together, [f"{service}.spread"]):
            found: set[tuple[str, tuple[str, ...]]] = set()
            several = False
            for name in names:
                plans = compiled.snapshot.plans[by_name[name].group]
                several |= any(plan.width > 1 for plan in plans)
                if any(plan.pick is Pick.RANDOM for plan in plans):
                    continue  # `draw: query` holds nothing together
                for rrtype in ("A", "AAAA"):
                    chance = Chance(source.getrandbits(32), now)
                    rcode, regions = said(
                        server.answer(asked(name, rrtype, subnet), sender, chance)
                    )
                    if regions or rcode != "NOERROR":  # else it has no address of the type up
                        found.add((rcode, tuple(regions)))
            assert all(agree(one, other, several=several) for one, other in combinations(found, 2))


def agree(
    one: tuple[str, tuple[str, ...]], other: tuple[str, tuple[str, ...]], *, several: bool
) -> bool:
    """Whether answers name the same region.

    Of several regions in an answer those are left out that have no address of its family.
    """
    if not several:
        return (one[0], one[1][:1]) == (other[0], other[1][:1])
    shared = set(one[1]) & set(other[1])
    orders = [[region for region in each[1] if region in shared] for each in (one, other)]
    return one[0] == other[0] and orders[0] == orders[1]


def _inside(network: str, seed: int) -> str:
    whole = ip_network(network)
    return str(whole[random.Random(seed).randrange(whole.num_addresses)])


@CHECKED
@given(worlds(), st.randoms(use_true_random=False))
def test_an_answer_holds_for_every_client_inside_its_scope(
    world: World, source: random.Random
) -> None:
    server = Server(world.compiled())
    for _ in range(QUESTIONS):
        name = f"{source.choice(SERVICES)}.{source.choice(TOPOLOGIES)}"
        client, sender = somebody(source), somebody(source)
        longest = 32 if "." in client else 128
        chance = Chance(source.getrandbits(32), source.uniform(1e9, 1e9 + 1000))
        first = server.answer(asked(name, "A", f"{client}/{longest}"), sender, chance)
        for seed in range(6):
            other = _inside(subnet_of(client, scope(first)), seed)
            again = server.answer(asked(name, "A", f"{other}/{longest}"), sender, chance)
            assert said(again) == said(first)
            inside = ip_network(subnet_of(client, scope(first)))
            assert scope(again) >= inside.prefixlen or ip_address(other) not in inside
