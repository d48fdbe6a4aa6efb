"""Whether a server decides as the others do: a fast wrong answer is not worth measuring."""

from __future__ import annotations

from ipaddress import IPv4Address

from bench.ask import LOOPBACK, addresses, ask, is_signed
from bench.questions import Question, questions
from bench.workload import Steering, Workload, host_address, service_address
from bench.world import World

SAMPLE = 200  # questions; few enough to be nothing beside the load
TIMEOUT = 1.0  # seconds for one answer


def agreement(workload: Workload, world: World, port: int) -> float:
    """The share of sampled questions answered with one of the addresses that are right."""
    asked = list(questions(workload, world, SAMPLE))
    return sum(_is_right(question, workload, world, port) for question in asked) / len(asked)


def right_answers(question: Question, workload: Workload, world: World) -> set[str]:
    """A host's address; a service's in the nearest region, or in any where a share decides."""
    if workload.hosts:
        return {str(host_address(question.service))}
    nearest = nearest_region(question, world)
    regions = range(len(world.regions)) if _is_shared(workload) else (nearest,)
    return {str(service_address(question.service, region)) for region in regions}


def nearest_region(question: Question, world: World) -> int:
    """The region that is nearest to the client."""
    loopback = int(IPv4Address(LOOPBACK))
    return world.nearest(question.subnet.place if question.subnet else world.place_at(loopback))


def _is_shared(workload: Workload) -> bool:
    return workload.steering is not Steering.NEAREST


def _is_right(question: Question, workload: Workload, world: World, port: int) -> bool:
    reply = ask(question, workload, port, TIMEOUT)
    if reply is None:
        return False
    found = addresses(reply)
    if is_signed(reply) is not workload.signed:
        return False
    return len(found) == 1 and found <= right_answers(question, workload, world)
