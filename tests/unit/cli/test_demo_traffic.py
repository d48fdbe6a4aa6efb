"""The demo's own questions: well formed, and each service from each place."""

from __future__ import annotations

import random

import dns.edns
import dns.message

from gtm.cli.demotraffic import MORE, packets


def test_each_name_is_asked_from_each_network() -> None:
    names = ("orders.gtm.example.com.", "search.gtm.example.com.")
    asked = set()
    for packet in packets(names, MORE, random.Random(1)):
        query = dns.message.from_wire(packet)
        (option,) = query.options
        assert isinstance(option, dns.edns.ECSOption)
        asked.add((query.question[0].name.to_text(), f"{option.address}/{option.srclen}"))
    assert asked == {(name, network) for name in names for network in MORE}
