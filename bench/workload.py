"""What is measured: how many names and networks, and what the questions look like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address

APEX = "gtm.example.com"
TTL = 30  # seconds
NETWORKS = 370_000
SERVICES = 1_000
REGIONS = 8


class Transport(Enum):
    """How questions travel."""

    UDP = "udp"
    TCP = "tcp"


class Subnets(Enum):
    """Which client subnets the questions carry (RFC 7871), at the lengths resolvers send."""

    NONE = "none"
    IPV4 = "ipv4"  # /24
    IPV6 = "ipv6"  # /56


class Steering(Enum):
    """How gtm chooses a region; the peers choose the nearest."""

    NEAREST = "nearest"
    WEIGHTED = "weighted"
    STICKY = "sticky"
    SPILLED = "spilled"  # the nearest, but some regions are above their capacity


@dataclass(frozen=True, slots=True)
class Workload:
    """What one server is told and asked.

    `hosts` is how many names of a master file are there and asked for instead of services.
    `clients` is how many client subnets there are, None for a new one in each question, which
    no server can have remembered. `rate` is questions a second, None for as many as come back;
    `outstanding` bounds the questions on the way, `connections` the sockets they are sent from,
    `ceiling` the questions a second of a load that otherwise waits for answers alone.
    `workers` are the threads that answer UDP, on one core with the load on another; with
    `shares_cores` both run on both. `dnssec_ok` asks for signatures (RFC 3225), which there are if
    the zone is `signed`.
    """

    name: str
    about: str
    services: int = SERVICES
    networks: int = NETWORKS
    regions: int = REGIONS
    hosts: int = 0
    steering: Steering = Steering.NEAREST
    workers: int = 1
    shares_cores: bool = False
    transport: Transport = Transport.UDP
    edns: bool = False
    dnssec_ok: bool = False
    signed: bool = False
    subnets: Subnets = Subnets.NONE
    clients: int | None = None
    outstanding: int = 100
    connections: int = 1
    rate: int | None = None
    ceiling: int | None = None


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("udp", "plain questions over UDP"),
        Workload("udp-edns", "questions with EDNS over UDP", edns=True),
        Workload("udp-ecs", "a new IPv4 client subnet in each", edns=True, subnets=Subnets.IPV4),
        Workload("udp-ecs6", "a new IPv6 client subnet in each", edns=True, subnets=Subnets.IPV6),
        Workload(
            "udp-ecs-few",
            "one of 10,000 IPv4 client subnets in each",
            edns=True,
            subnets=Subnets.IPV4,
            clients=10_000,
        ),
        Workload("udp-low", "1,000 plain questions a second over UDP", rate=1_000),
        Workload("udp-medium", "20,000 plain questions a second over UDP", rate=20_000),
        Workload(
            "tcp",
            "plain questions over 20 kept-open TCP connections",
            transport=Transport.TCP,
            connections=20,
        ),
    )
}


def service_key(service: int) -> str:
    """The first label of a service's name."""
    return f"api-{service:07d}"


def service_name(service: int) -> str:
    """The name of a service, without the trailing dot."""
    return f"{service_key(service)}.{APEX}"


def asked_name(workload: Workload, number: int) -> str:
    """The name that a question is for, without the trailing dot."""
    return f"{host_key(number)}.{APEX}" if workload.hosts else service_name(number)


def host_key(host: int) -> str:
    """The first label of a name of the master file."""
    return f"host-{host:07d}"


def host_address(host: int) -> IPv4Address:
    """What the master file says: 11.0.0.0/8, which no service has."""
    return IPv4Address((11 << 24) + host)


def service_address(service: int, region: int) -> IPv4Address:
    """Where a service is in a region: each address of 10.0.0.0/8 is used once."""
    return IPv4Address((10 << 24) + service * 8 + region)
