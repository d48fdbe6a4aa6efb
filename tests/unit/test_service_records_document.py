"""What docs/service-records.md shows is what is answered."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import dns.edns
import dns.message
import pytest

from gtm.compile.compiler import Compiled
from gtm.dns.lookup import Chance
from gtm.dns.responder import respond
from gtm.dns.transport import Transport
from tests.worlds import ROOT, asker, compile_world

DOCUMENT = ROOT / "docs" / "service-records.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASKED = re.compile(r"\$ dig (?:@\S+ )?(\S+) (\w+) \+short \+subnet=(\S+)")


def blocks(path: Path, language: str) -> list[str]:
    return [text for said, text in FENCE.findall(path.read_text("utf-8")) if said == language]


def shown() -> list[tuple[str, str, str, list[str]]]:
    """Name, type, client subnet and answer of each question."""
    return [
        (match[1], match[2], match[3], part.splitlines()[1:])
        for block in blocks(DOCUMENT, "console")
        for part in re.split(r"(?=^\$ )", block, flags=re.MULTILINE)
        if (match := ASKED.match(part))
    ]


@pytest.fixture(scope="module")
def world() -> Compiled:
    return compile_world({"gtm.yaml": blocks(DOCUMENT, "yaml")[0]})


def plain(line: str) -> str:
    """The line without what dig and dnspython write differently, and without the epoch."""
    return re.sub(r"epoch=\d+", "epoch=", line.replace('"', ""))


@pytest.mark.parametrize(("name", "rrtype", "subnet", "answer"), shown())
def test_answers_shown_are_answered(
    world: Compiled, name: str, rrtype: str, subnet: str, answer: list[str]
) -> None:
    network = ip_network(subnet)
    option = dns.edns.ECSOption(str(network.network_address), network.prefixlen)
    query = dns.message.make_query(name, rrtype, use_edns=0, payload=1232, options=[option])
    packet, by = query.to_wire(), asker("127.0.0.1")
    reply = respond(world.snapshot, packet, by, Chance(0, 0.0), transport=Transport.UDP)
    assert reply is not None
    (rrset,) = dns.message.from_wire(reply.message).answer
    assert sorted(plain(one.to_text()) for one in rrset) == sorted(map(plain, answer))
    assert answer
