"""gtm itself, the way an operator runs it: `gtm serve` on a zone file of one spread app."""

from __future__ import annotations

import sys
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench.peers.base import Setup, Start
from bench.peers.spill import CAPACITY, spill
from bench.workload import (
    APEX,
    TTL,
    Steering,
    Workload,
    host_address,
    host_key,
    service_address,
    service_key,
)
from bench.world import World
from gtm.dnssec.keyfile import PrivateDisk, to_pem
from gtm.dnssec.keys import generate
from gtm.model import Algorithm

PROGRAM = Path(sys.executable).with_name("gtm")
HOSTS = "hosts.zone"


class Gtm:
    """gtm with one plane; the app has no check, so nothing is probed."""

    answers = True

    def __init__(self, plane: str = "native") -> None:
        """`plane` is what `--plane` is given."""
        self.plane = plane
        self.name = "gtm" if plane == "native" else f"gtm-{plane}"

    def missing(self) -> str | None:
        """The command, if gtm is not installed beside this Python; the plane, if not built."""
        if not PROGRAM.exists():
            return f"{PROGRAM.name} is not installed in the virtualenv"
        if self.plane == "native" and find_spec("gtm._native") is None:
            return "gtm's native plane was not built (install Rust, see https://rustup.rs)"
        return None

    def version(self) -> str:
        """The version and the plane."""
        python = ".".join(map(str, sys.version_info[:3]))
        return f"gtm {version('gtm')}, {self.plane} plane, Python {python}"

    def prepare(self, setup: Setup) -> Start:
        """Writes the zone file."""
        zones = setup.folder / "zones"
        zones.mkdir()
        (zones / f"{APEX}.yaml").write_text(zone_file(setup.workload, setup.world))
        if setup.workload.hosts:
            (zones / HOSTS).write_text(hosts(setup.workload))
        if setup.workload.signed:
            make_key(state(setup) / "keys" / APEX)
        settle = None
        if setup.workload.steering is Steering.SPILLED:
            settle = partial(spill, api(setup), setup.workload, setup.world, setup.port)
        return Start(self._command(setup, zones), settle=settle)

    def _command(self, setup: Setup, zones: Path) -> tuple[str, ...]:
        return (
            *(str(PROGRAM), "serve", str(zones)),
            *("--listen", f"127.0.0.1:{setup.port}"),
            *("--geoip", str(setup.database)),
            *("--state", str(state(setup))),
            *("--plane", self.plane),
            *("--workers", str(setup.workload.workers)),
            *("--api", f"unix:{api(setup)}"),
        )


def state(setup: Setup) -> Path:
    """Its state directory."""
    return setup.folder / "state"


def make_key(folder: Path) -> None:
    """The one key of a zone, of the algorithm that gtm makes by default."""
    folder.mkdir(parents=True)
    made = generate(Algorithm.ECDSA_P256, sep=True)
    PrivateDisk().write(folder / "bench.pem", to_pem(made.private))


def api(setup: Setup) -> Path:
    """The socket of its API."""
    return setup.folder / "api.sock"


def zone_file(workload: Workload, world: World, ttl: int = TTL) -> str:
    """The zone in YAML: a spread app without a check, each service in every region."""
    capacity = f", capacity: {CAPACITY}" if workload.steering is Steering.SPILLED else ""
    regions = "".join(
        f"  {region.name}: {{location: [{region.latitude}, {region.longitude}]{capacity}}}\n"
        for region in world.regions
    )
    return (
        f"zone: {APEX}\n"
        f"ttl: {ttl}\n"
        f"{f'records_file: {HOSTS}' if workload.hosts else ''}\n"
        f"{'dnssec: {}' if workload.signed else ''}\n"
        f"nameservers: {{ns1: [192.0.2.53]}}\n"
        f"soa: {{contact: hostmaster@example.com, negative_ttl: 60}}\n"
        f"regions:\n{regions}"
        f"apps:\n"
        f"  bench:\n"
        f"    topology: spread\n"
        f"    steering: {_steering(workload.steering, world)}\n"
        f"    services:\n{''.join(_services(workload, world))}"
    )


def hosts(workload: Workload) -> str:
    """The master file (RFC 1035 section 5) beside it: an address for each host."""
    return "".join(
        f"{host_key(host)} {TTL} A {host_address(host)}\n" for host in range(workload.hosts)
    )


def _steering(steering: Steering, world: World) -> str:
    if steering in (Steering.NEAREST, Steering.SPILLED):
        return "nearest"
    weights = ", ".join(
        f"{region.name}: {number + 1}" for number, region in enumerate(world.regions)
    )
    return f"{{policy: {steering.value}, weights: {{{weights}}}}}"


def _services(workload: Workload, world: World) -> list[str]:
    lines = []
    for service in range(workload.services):
        places = ", ".join(
            f"{region.name}: [{service_address(service, index)}]"
            for index, region in enumerate(world.regions)
        )
        lines.append(f"      {service_key(service)}: {{{places}}}\n")
    return lines
