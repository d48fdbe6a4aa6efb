"""What is compared with what: the plain workloads, where peers meet, and rows of their own kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.experiment import Contender
from bench.peers.base import Peer
from bench.workload import WORKLOADS, Steering, Transport, Workload

BASES = ("gdnsd", "echo")
OWN = "gtm"  # the peer whose figures have to reach something
SIGNED, UNSIGNED = "signed", "unsigned"
MANY_HOSTS, FEW_HOSTS = 1_000_000, 1_000
SOCKETS = 8  # for each worker; the kernel deals questions to workers by the sender's port
# On the way to each worker: enough to find several when it wakes up, and together no more than the
# smallest socket buffer of Linux holds.
QUEUED = 125
# Questions a second for each worker: what one costs depends on how much it has to do, as the more
# wait for it, the more share a system call. Two are let have all that the two cores can.
EACH = 60_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row. `contenders` are made of the peers that were chosen."""

    name: str
    about: str
    contenders: Callable[[Sequence[Peer]], list[Contender]]
    bases: tuple[str, ...]


def comparisons() -> dict[str, Comparison]:
    """All of them by name."""
    rows = [_of_peers(workload) for workload in WORKLOADS.values()]
    rows += [
        Comparison(
            "names",
            f"{MANY_HOSTS:,} names of a master file against {FEW_HOSTS:,}",
            _names,
            (_counted(OWN, FEW_HOSTS), _counted("gdnsd", MANY_HOSTS)),
        ),
        Comparison(
            "policies",
            "shares, networks that keep their region and full regions against the nearest",
            _policies,
            (Steering.NEAREST.value,),
        ),
        Comparison(
            "signed",
            "a signed zone against the same one unsigned, both asked for signatures",
            _signed,
            (UNSIGNED,),
        ),
        Comparison(
            "workers",
            "one worker and two, server and load on the same two cores",
            _workers,
            (f"{OWN}, 1 worker",),
        ),
    ]
    return {row.name: row for row in rows}


def _of_peers(workload: Workload) -> Comparison:
    def contenders(peers: Sequence[Peer]) -> list[Contender]:
        return [Contender(peer.name, peer, workload) for peer in peers if can_run(peer, workload)]

    return Comparison(workload.name, workload.about, contenders, BASES)


def can_run(peer: Peer, workload: Workload) -> bool:
    """An echo speaks UDP alone."""
    return peer.answers or workload.transport is Transport.UDP


def _names(peers: Sequence[Peer]) -> list[Contender]:
    return [
        Contender(_counted(peer.name, hosts), peer, replace(WORKLOADS["udp"], hosts=hosts))
        for hosts in (FEW_HOSTS, MANY_HOSTS)
        for peer in peers
        if peer.name in (OWN, "gdnsd")
    ]


def _counted(name: str, hosts: int) -> str:
    return f"{name}, {hosts:,}"


def _policies(peers: Sequence[Peer]) -> list[Contender]:
    return [
        Contender(steering.value, peer, replace(WORKLOADS["udp"], steering=steering))
        for peer in peers
        if peer.name == OWN
        for steering in Steering
    ]


def _signed(peers: Sequence[Peer]) -> list[Contender]:
    asked = replace(WORKLOADS["udp"], edns=True, dnssec_ok=True)
    return [
        Contender(label, peer, replace(asked, signed=label == SIGNED))
        for peer in peers
        if peer.name == OWN
        for label in (SIGNED, UNSIGNED)
    ]


def _workers(peers: Sequence[Peer]) -> list[Contender]:
    return [
        Contender(f"{peer.name}, {_workers_of(count)}", peer, _shared_by(count))
        for count in (1, 2)
        for peer in peers
        if peer.name in (OWN, "gdnsd")
    ]


def _shared_by(count: int) -> Workload:
    """Each worker has as much to do, however many there are."""
    return replace(
        WORKLOADS["udp"],
        workers=count,
        shares_cores=True,
        connections=SOCKETS * count,
        outstanding=QUEUED * count,
        ceiling=EACH * count,
    )


def _workers_of(count: int) -> str:
    return "1 worker" if count == 1 else f"{count} workers"
