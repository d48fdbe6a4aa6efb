"""Whether a server decides as the others do: a fast wrong answer is not worth measuring."""

from __future__ import annotations

from ipaddress import IPv4Address

from bench.ask import LOOPBACK, addresses, ask
from bench.questions import Question, questions
from bench.workload import Workload, service_address
from bench.world import World

SAMPLE = 200  # questions; few enough to be nothing beside the load
TIMEOUT = 1.0  # seconds for one answer


def agreement(workload: Workload, world: World, port: int) -> float:
    """The share of sampled questions answered with the address in the nearest region alone."""
    asked = list(questions(workload, world, SAMPLE))
    return sum(_is_right(question, workload, world, port) for question in asked) / len(asked)


def expected(question: Question, world: World) -> str:
    """The address that the nearest region to the client has for the service."""
    loopback = int(IPv4Address(LOOPBACK))
    place = question.subnet.place if question.subnet else world.place_at(loopback)
    return str(service_address(question.service, world.nearest(place)))


def _is_right(question: Question, workload: Workload, world: World, port: int) -> bool:
    reply = ask(question, workload.edns, port, TIMEOUT)
    return reply is not None and addresses(reply) == {expected(question, world)}
