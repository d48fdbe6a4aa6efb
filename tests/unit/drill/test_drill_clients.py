"""Whom a drill asks as, and what it reads in answers."""

from __future__ import annotations

from collections import Counter

import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.drill import Candidate, Failure, choose, read
from gtm.drill.asking import question

REGIONS = {"192.0.2.10": frozenset({"us"}), "cdn.example.net.": frozenset({"eu"})}


def candidate(service: str, number: int, *regions: str) -> Candidate:
    return Candidate(service, "A", f"10.0.{number}.0/24", f"place {number}", frozenset(regions))


def test_clients_of_the_region_and_of_every_other_are_chosen() -> None:
    found = choose(
        [candidate("a.", n, "eu" if n % 3 else "us") for n in range(300)]
        + [candidate("a.", 300, "ap")],
        "eu",
    )
    assert len(found) == 64
    homes = Counter(next(iter(probe.home)) for probe in found)
    assert homes["eu"] == 38
    assert homes["ap"] == 1
    assert all(probe.leaves == ("eu" in probe.home) for probe in found)


def test_every_service_has_its_turn() -> None:
    many = [candidate(f"{name}.", n, "eu") for name in "abcdef" for n in range(50)]
    assert set(Counter(probe.service for probe in choose(many, "eu", 12)).values()) == {2}


def test_room_that_one_kind_does_not_need_is_for_the_other() -> None:
    found = choose([candidate("a.", n, "eu") for n in range(100)], "eu", 20)
    assert sum(probe.leaves for probe in found) == 20


def test_clients_are_far_apart_in_the_list() -> None:
    found = choose([candidate("a.", n, "eu") for n in range(101)], "eu", 3)
    assert {probe.network for probe in found} == {"10.0.0.0/24", "10.0.100.0/24", "10.0.50.0/24"}


@given(
    st.lists(
        st.builds(
            Candidate,
            st.sampled_from(["a.", "b."]),
            st.just("A"),
            st.integers(0, 99).map(str),
            st.just(""),
            st.frozensets(st.sampled_from(["eu", "us", "ap"]), max_size=2),
        ),
        max_size=80,
    ),
    st.integers(1, 30),
)
def test_never_more_than_asked_for_and_nobody_twice(found: list[Candidate], most: int) -> None:
    chosen = choose(found, "eu", most)
    useful = [one for one in found if one.regions]
    assert len(chosen) == min(most, len(useful))
    counted = Counter((p.service, p.network, p.home) for p in chosen)
    assert counted <= Counter((c.service, c.network, c.regions) for c in useful)


def answer(*records: tuple[str, str], rcode: str = "NOERROR") -> bytes:
    message = dns.message.make_response(dns.message.make_query("a.gtm.example.com", "A"))
    message.set_rcode(dns.rcode.from_text(rcode))
    for rrtype, value in records:
        message.answer.append(dns.rrset.from_text("a.gtm.example.com.", 30, "IN", rrtype, value))
    return message.to_wire()


def test_an_answer_names_regions_by_address_and_by_host_name() -> None:
    assert read(answer(("A", "192.0.2.10")), REGIONS).regions == {"us"}
    assert read(answer(("CNAME", "CDN.example.net.")), REGIONS).regions == {"eu"}
    assert read(answer(("A", "192.0.2.10")), REGIONS).ttl == 30


def test_an_address_of_nobody_is_no_failure() -> None:
    found = read(answer(("A", "192.0.2.99")), REGIONS)
    assert (found.regions, found.failure, found.unknown) == (frozenset(), None, True)


@pytest.mark.parametrize(
    ("octets", "failure"),
    [
        (answer(), Failure.EMPTY),
        (answer(rcode="SERVFAIL"), Failure.SERVFAIL),
        (answer(rcode="NXDOMAIN"), Failure.REFUSED),
        (b"", Failure.SILENCE),
    ],
    ids=["empty", "servfail", "nxdomain", "silence"],  # a message has a new number each time
)
def test_an_answer_without_an_address_says_why(octets: bytes, failure: Failure) -> None:
    assert read(octets, REGIONS).failure is failure


@given(st.binary(max_size=200) | st.just(answer(("A", "192.0.2.10"))).map(lambda a: a[:-3]))
def test_whatever_comes_is_read(octets: bytes) -> None:
    read(octets, REGIONS)


def test_a_question_carries_its_client_and_does_not_ask_for_recursion() -> None:
    query = dns.message.from_wire(question("a.gtm.example.com.", "A", "81.2.69.0/24"))
    assert query.flags == 0
    assert query.options[0].to_text() == "ECS 81.2.69.0/24 scope/0"
