"""gtm itself, the way an operator runs it: `gtm serve` on a zone file of one spread app."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from bench.peers.base import Setup, Start
from bench.workload import APEX, TTL, Workload, service_address, service_key
from bench.world import World

PROGRAM = Path(sys.executable).with_name("gtm")


class Gtm:
    """gtm with one plane; the app has no check, so nothing is probed."""

    answers = True

    def __init__(self, plane: str = "python") -> None:
        """`plane` is what `--plane` is given."""
        self.plane = plane
        self.name = "gtm" if plane == "python" else f"gtm-{plane}"

    def missing(self) -> str | None:
        """The command, if gtm is not installed beside this Python."""
        return None if PROGRAM.exists() else f"{PROGRAM.name} is not installed in the virtualenv"

    def version(self) -> str:
        """The version and the plane."""
        python = ".".join(map(str, sys.version_info[:3]))
        return f"gtm {version('gtm')}, {self.plane} plane, Python {python}"

    def prepare(self, setup: Setup) -> Start:
        """Writes the zone file."""
        zones = setup.folder / "zones"
        zones.mkdir()
        (zones / f"{APEX}.yaml").write_text(zone_file(setup.workload, setup.world))
        return Start(self._command(setup, zones))

    def _command(self, setup: Setup, zones: Path) -> tuple[str, ...]:
        return (
            *(str(PROGRAM), "serve", str(zones)),
            *("--listen", f"127.0.0.1:{setup.port}"),
            *("--geoip", str(setup.database)),
            *("--state", str(setup.folder / "state")),
            *("--plane", self.plane),
            *("--api", f"unix:{setup.folder / 'api.sock'}"),
        )


def zone_file(workload: Workload, world: World) -> str:
    """The zone in YAML: a spread app without a check, each service in every region."""
    regions = "".join(
        f"  {region.name}: {{location: [{region.latitude}, {region.longitude}]}}\n"
        for region in world.regions
    )
    return (
        f"zone: {APEX}\n"
        f"ttl: {TTL}\n"
        f"nameservers: {{ns1: [192.0.2.53]}}\n"
        f"soa: {{contact: hostmaster@example.com, negative_ttl: 60}}\n"
        f"regions:\n{regions}"
        f"apps:\n"
        f"  bench:\n"
        f"    topology: spread\n"
        f"    services:\n{''.join(_services(workload, world))}"
    )


def _services(workload: Workload, world: World) -> list[str]:
    lines = []
    for service in range(workload.services):
        places = ", ".join(
            f"{region.name}: [{service_address(service, index)}]"
            for index, region in enumerate(world.regions)
        )
        lines.append(f"      {service_key(service)}: {{{places}}}\n")
    return lines
