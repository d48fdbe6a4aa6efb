"""What is in a copy, and that its messages are what a secondary takes."""

from __future__ import annotations

import dns.message
import pytest

from gtm.dns.message import parse
from gtm.peering import View
from gtm.transfer import messages as framing
from gtm.transfer.copy import Copy
from gtm.transfer.messages import messages
from gtm.transfer.view import chosen, digest
from tests.unit.transfer.transfer_worlds import ZONE, transferred, world
from tests.worlds import compile_world

APEX = b"\x03gtm\x07example\0"


def copied(view: str = "fallback", down: tuple[str, ...] = (), text: str = ZONE) -> set[str]:
    compiled = world(view, down, text)
    zone = compiled.snapshot.zones[APEX]
    found = chosen(compiled.snapshot, compiled.groups, zone, View(view))
    query = dns.message.make_query("GTM.example.", "AXFR")
    asked = parse(query.to_wire())
    assert asked is not None
    sent = [wire for wire, _ in messages(asked, Copy(1, zone, found).lines())]
    return transferred(query, sent)


def of(name: str, found: set[str]) -> set[str]:
    return {line.partition(" ")[2] for line in found if line.startswith(f"{name}.gtm.example. ")}


def test_static_records_glue_and_the_zones_own_are_all_there() -> None:
    found = copied()
    assert {line for line in found if " SOA " not in line} >= {
        'gtm.example. TXT "hello"',
        "gtm.example. NS ns1.gtm.example.",
        "ns1.gtm.example. A 192.0.2.53",
        "www.gtm.example. CNAME orders.gtm.example.",
        "deep.sub.gtm.example. A 192.0.2.9",
        "away.gtm.example. NS ns.away.gtm.example.",
        "ns.away.gtm.example. A 192.0.2.8",
    }
    assert sum(" SOA " in line for line in found) == 1
    assert not any(line.startswith("sub.gtm.example.") for line in found)


def test_fallback_is_what_clients_get_whom_nobody_can_place() -> None:
    found = copied()
    assert of("orders", found) == {"A 192.0.2.1", "A 192.0.2.2"}
    assert of("mixed", found) == {"CNAME cdn.example.net."}


def test_fallback_follows_verdicts() -> None:
    found = copied(down=("192.0.2.1",))
    assert of("orders", found) == {"A 192.0.2.2"}
    found = copied(down=("192.0.2.1", "192.0.2.2"))
    assert of("orders", found) == {"A 198.51.100.1", "AAAA 2001:db8::1"}


def test_all_is_every_endpoint_that_is_up_of_every_region_that_is() -> None:
    found = copied("all")
    everything = {"A 192.0.2.1", "A 192.0.2.2", "A 198.51.100.1", "AAAA 2001:db8::1"}
    assert of("orders", found) == everything
    assert of("orders", copied("all", ("192.0.2.2",))) == everything - {"A 192.0.2.2"}
    down = ("192.0.2.1", "192.0.2.2")
    assert of("orders", copied("all", down)) == {"A 198.51.100.1", "AAAA 2001:db8::1"}


def test_a_cname_never_stands_beside_addresses() -> None:
    assert of("mixed", copied("all")) == {"CNAME cdn.example.net."}
    assert of("mixed", copied("all", ("cdn.example.net",))) == {"A 198.51.100.2"}


def test_with_everything_down_it_is_as_answers_are() -> None:
    down = ("192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8::1")
    assert of("orders", copied("fallback", down)) == of("orders", copied("fallback"))


def test_shares_are_cut_to_the_largest() -> None:
    text = ZONE.replace(
        "{policy: failover, order: [us, eu]}", "{policy: weighted, weights: {us: 30, eu: 70}}"
    )
    assert of("orders", copied(text=text)) == {"A 198.51.100.1", "AAAA 2001:db8::1"}


@pytest.mark.parametrize("size", [1, 200, 1000])
def test_it_may_take_many_messages(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{ZONE}soa: {{serial: 7}}\n"  # not by the clock: it is compiled twice
    whole = copied(text=text)
    monkeypatch.setattr(framing, "LARGEST", size)
    assert copied(text=text) == whole


def test_the_digest_goes_by_records_alone() -> None:
    def made(*down: str, ttl: int = 30) -> str:
        text = ZONE.replace("VIEW", "all").replace("nameservers", f"ttl: {ttl}\nnameservers")
        compiled = compile_world({"a.yaml": text}, down)
        zone = compiled.snapshot.zones[APEX]
        return digest(chosen(compiled.snapshot, compiled.groups, zone, View.ALL))

    assert made() == made(ttl=60) != made("192.0.2.1")
