"""Anycast prefixes are announced and withdrawn with hysteresis, by answers that are really ours."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[3] / "deploy" / "anycast"))

import announce

ZONE = "gtm.example.com"


def seen(state: announce.Hysteresis, rounds: str) -> str:
    """What is announced (A) or not (-) after each second, good (+) or bad."""
    return "".join(
        "A" if state.saw(each == "+", float(second)) else "-" for second, each in enumerate(rounds)
    )


def test_it_takes_some_good_rounds_to_announce_and_some_bad_ones_to_withdraw() -> None:
    assert seen(announce.Hysteresis(3, 2, 0), "++-+++-+--+++") == "-----AAAA---A"


def test_after_a_withdrawal_it_is_quiet_for_a_while() -> None:
    assert seen(announce.Hysteresis(1, 1, 5), "+-+++++++") == "A-----AAA"


@given(st.text(alphabet="+-", max_size=200), st.integers(1, 5), st.integers(1, 5))
def test_a_change_always_follows_enough_rounds_that_say_so(
    rounds: str, rise: int, fall: int
) -> None:
    told = "-" + seen(announce.Hysteresis(rise, fall, 0), rounds)
    for place in range(len(rounds)):
        if told[place] != told[place + 1]:
            sign, count = ("+", rise) if told[place + 1] == "A" else ("-", fall)
            assert rounds[: place + 1].endswith(sign * count)


def answer(query: bytes) -> dns.message.Message:
    response = dns.message.make_response(dns.message.from_wire(query))
    response.flags |= dns.flags.AA
    soa = "ns1.gtm.example.com. hostmaster.example.com. 1 2 3 4 5"
    response.answer.append(dns.rrset.from_text(f"{ZONE}.", 30, "IN", "SOA", soa))
    return response


def test_an_authoritative_answer_is_good() -> None:
    query = announce.question(ZONE, 7)
    assert dns.message.from_wire(query).question[0].name.to_text() == f"{ZONE}."
    assert announce.answered(query, answer(query).to_wire())


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NXDOMAIN])
def test_an_error_is_not(rcode: dns.rcode.Rcode) -> None:
    query = announce.question(ZONE, 7)
    response = answer(query)
    response.set_rcode(rcode)
    assert not announce.answered(query, response.to_wire())


def test_an_answer_that_is_not_ours_is_not() -> None:
    query, other = announce.question(ZONE, 7), announce.question(ZONE, 8)
    elsewhere = announce.question("example.net", 7)
    lame = answer(query)
    lame.flags &= ~dns.flags.AA
    empty = answer(query)
    empty.answer.clear()
    for wrong in (answer(other), answer(elsewhere), lame, empty):
        assert not announce.answered(query, wrong.to_wire())


@given(st.binary(max_size=100))
def test_no_octets_from_the_network_are_taken_for_an_answer(octets: bytes) -> None:
    assert not announce.answered(announce.question(ZONE, 7), octets)


def test_exabgp_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", said)
    announce.tell_exabgp(["192.0.2.53/32", "2001:db8::53/128"], True)
    announce.tell_exabgp(["192.0.2.53/32"], False)
    assert said.getvalue().splitlines() == [
        "announce route 192.0.2.53/32 next-hop self",
        "announce route 2001:db8::53/128 next-hop self",
        "withdraw route 192.0.2.53/32 next-hop self",
    ]


def test_addresses_have_ports_where_they_are_told() -> None:
    assert announce.place("192.0.2.53") == ("192.0.2.53", 53)
    assert announce.place("192.0.2.53:5300") == ("192.0.2.53", 5300)
    assert announce.place("2001:db8::53") == ("2001:db8::53", 53)
    assert announce.place("[2001:db8::53]:5300") == ("2001:db8::53", 5300)
