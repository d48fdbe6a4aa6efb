"""The questions of a workload: random names, random clients, in dnsperf's input formats.

dnsperf adds the same EDNS option to every question of a text file. Client subnets that vary need
its binary format, in which each packet is written out, with a length before it as over TCP.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from bench.workload import Subnets, Workload, asked_name
from bench.world import IPV4_OFFSET, World

SEED = 7871
# A multiple of what any cache in a server or CPU could remember of them, and still a small file.
QUESTIONS = 200_000
PAYLOAD = 1232  # bytes, the EDNS size of DNS flag day 2020

_TYPE_A, _CLASS_IN, _TYPE_OPT, _OPTION_SUBNET = 1, 1, 41, 8
_DNSSEC_OK = 0x8000  # RFC 3225 section 3
_PREFIX = {Subnets.IPV4: 24, Subnets.IPV6: 56}


@dataclass(frozen=True, slots=True)
class Subnet:
    """A client subnet to ask for: network bytes cut to the prefix, and the place it is in."""

    family: int
    length: int
    address: bytes
    place: int


@dataclass(frozen=True, slots=True)
class Question:
    """One question; type A, class IN. `service` counts hosts where those are asked for."""

    service: int
    subnet: Subnet | None = None


def questions(workload: Workload, world: World, count: int) -> Iterator[Question]:
    """Each service (or host) as often as the others, in random order, each from a random client."""
    draw = random.Random(SEED)
    services: list[int] = []
    subnets = _subnets(draw, workload, world)
    for _ in range(count):
        if not services:
            services = list(range(workload.hosts or workload.services))
            draw.shuffle(services)
        yield Question(services.pop(), next(subnets))


def write_questions(path: Path, workload: Workload, world: World, count: int = QUESTIONS) -> None:
    """The input file: binary if there are client subnets or the load is paced, else text."""
    asked = questions(workload, world, max(count, workload.services, workload.hosts))
    if workload.subnets is Subnets.NONE and workload.rate is None:
        lines = (f"{asked_name(workload, question.service)} A\n" for question in asked)
        path.write_text("".join(lines))
        return
    with path.open("wb") as file:
        for question in asked:
            file.write(framed(question, workload))


def framed(question: Question, workload: Workload) -> bytes:
    """The question with its length before it, as a binary input file has it."""
    packet = message(question, workload)
    return struct.pack(">H", len(packet)) + packet


def message(question: Question, workload: Workload, identifier: int = 0) -> bytes:
    """The question in wire form (RFC 1035 section 4, RFC 6891 6.1.2, RFC 7871 section 6)."""
    header = struct.pack(">HHHHHH", identifier, 0, 1, 0, 0, int(workload.edns))
    labels = asked_name(workload, question.service).encode().split(b".")
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    asked = header + name + struct.pack(">HH", _TYPE_A, _CLASS_IN)
    if not workload.edns:
        return asked
    option = _subnet_option(question.subnet) if question.subnet else b""
    flags = _DNSSEC_OK if workload.dnssec_ok else 0
    return asked + struct.pack(">BHHIH", 0, _TYPE_OPT, PAYLOAD, flags, len(option)) + option


def _subnet_option(subnet: Subnet) -> bytes:
    body = struct.pack(">HBB", subnet.family, subnet.length, 0) + subnet.address
    return struct.pack(">HH", _OPTION_SUBNET, len(body)) + body


def _subnets(draw: random.Random, workload: Workload, world: World) -> Iterator[Subnet | None]:
    """The client subnet of one question after another."""
    clients = _clients(workload.subnets, world)
    if not clients:
        yield from repeat(None)
    if workload.clients is None:
        while True:
            yield _subnet(draw, draw.choice(clients))
    few = [_subnet(draw, draw.choice(clients)) for _ in range(workload.clients)]
    while True:
        yield draw.choice(few)


_Client = tuple[Subnets, int, int, int]  # family, start and size (in its own bits), place


def _clients(subnets: Subnets, world: World) -> list[_Client]:
    """The networks of the world that clients of this workload come from."""
    if subnets is Subnets.NONE:
        return []
    ipv4 = subnets is Subnets.IPV4
    return [
        (subnets, row.start, row.length - (IPV4_OFFSET if ipv4 else 0), row.place)
        for row in world.networks
        if (row.start >> 32 == 0) is ipv4
    ]


def _subnet(draw: random.Random, client: _Client) -> Subnet:
    """A random subnet of the client's network, at the length that resolvers send."""
    subnets, start, length, place = client
    bits = 32 if subnets is Subnets.IPV4 else 128
    prefix = _PREFIX[subnets]
    inside = draw.getrandbits(prefix - length) if prefix > length else 0
    address = (start | inside << (bits - prefix)).to_bytes(bits // 8, "big")
    return Subnet(1 if bits == 32 else 2, prefix, address[: prefix // 8], place)
