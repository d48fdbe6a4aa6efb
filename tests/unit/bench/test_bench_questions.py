"""The questions that load is made of."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import dns.edns
import dns.message
import pytest

from bench.questions import Question, message, questions, write_questions
from bench.workload import WORKLOADS, Subnets, Workload, service_name
from bench.world import world

WORLD = world(2_000)


def small(name: str) -> Workload:
    return replace(WORKLOADS[name], services=10, networks=2_000)


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_service_is_asked_for_equally_often(name: str) -> None:
    workload = small(name)
    counts = Counter(question.service for question in questions(workload, WORLD, 100))
    assert counts == dict.fromkeys(range(10), 10)


def test_the_same_workload_asks_the_same_questions() -> None:
    workload = small("udp-ecs")
    assert list(questions(workload, WORLD, 50)) == list(questions(workload, WORLD, 50))


@pytest.mark.parametrize(("name", "length"), [("udp-ecs", 24), ("udp-ecs6", 56)])
def test_client_subnets_lie_in_the_network_of_their_place(name: str, length: int) -> None:
    workload = small(name)
    for question in questions(workload, WORLD, 200):
        assert question.subnet is not None
        assert question.subnet.length == length
        width = 32 if question.subnet.family == 1 else 128
        address = int.from_bytes(question.subnet.address.ljust(width // 8, b"\0"), "big")
        assert WORLD.place_at(address) == question.subnet.place


def test_few_clients_come_again_and_again() -> None:
    workload = replace(small("udp-ecs-few"), clients=5)
    subnets = {question.subnet for question in questions(workload, WORLD, 200)}
    assert len(subnets) == 5


@pytest.mark.parametrize("name", ["udp-ecs", "udp-ecs6"])
def test_a_message_reads_as_the_question_it_was_made_from(name: str) -> None:
    workload = small(name)
    for question in questions(workload, WORLD, 20):
        parsed = dns.message.from_wire(message(question, workload, identifier=77))
        assert parsed.id == 77
        assert parsed.question[0].to_text() == f"{service_name(question.service)}. IN A"
        assert parsed.payload == 1232
        (option,) = parsed.options
        assert isinstance(option, dns.edns.ECSOption)
        assert question.subnet is not None
        assert option.srclen == question.subnet.length
        assert option.scopelen == 0
        assert ip_network((option.address, option.srclen)).prefixlen == question.subnet.length


def test_without_edns_there_is_no_opt_record() -> None:
    assert dns.message.from_wire(message(Question(3), WORKLOADS["udp"])).edns == -1
    assert dns.message.from_wire(message(Question(3), WORKLOADS["udp-edns"])).edns == 0


def test_questions_without_subnets_are_written_as_text(tmp_path: Path) -> None:
    write_questions(tmp_path / "questions", small("udp"), WORLD, 30)
    lines = (tmp_path / "questions").read_text().splitlines()
    assert len(lines) == 30
    assert set(lines) == {f"{service_name(service)} A" for service in range(10)}


def test_questions_with_subnets_are_written_as_packets_with_lengths(tmp_path: Path) -> None:
    workload = small("udp-ecs")
    write_questions(tmp_path / "questions", workload, WORLD, 30)
    rest, packets = (tmp_path / "questions").read_bytes(), []
    while rest:
        (length,) = struct.unpack_from(">H", rest)
        packets.append(rest[2 : 2 + length])
        rest = rest[2 + length :]
    assert packets == [message(q, workload) for q in questions(workload, WORLD, 30)]


def test_client_subnets_always_come_with_edns() -> None:
    assert all(w.edns for w in WORKLOADS.values() if w.subnets is not Subnets.NONE)
