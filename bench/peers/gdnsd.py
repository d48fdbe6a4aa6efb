"""gdnsd, the fastest of the peers: its geoip plugin in city-auto mode on the same database.

With `auto_dc_coords` it ranks regions by great-circle distance, which is gtm's `nearest` with
nothing measured. `auto_dc_limit` stays at its default of 3, as the manual advises: gdnsd then
merges more networks than if it ranked all regions, as gtm does, so this favours gdnsd. Every
service has its own resource with its own addresses; `up` means no probes.
"""

from __future__ import annotations

import re
from pathlib import Path

from bench.peers.base import Setup, Start, missing_program, output
from bench.peers.gtm import hosts
from bench.workload import APEX, TTL, Workload, service_address, service_key
from bench.world import World

PROGRAM = "gdnsd"


class Gdnsd:
    """One TCP thread, and as many for UDP as there are workers, on one address."""

    name = "gdnsd"
    answers = True

    def missing(self) -> str | None:
        """The Debian package, if it is not installed."""
        return missing_program(PROGRAM, "gdnsd")

    def version(self) -> str:
        """As its control program tells it."""
        found = re.search(r"\d+\.\d+\.\d+\S*", output("dpkg-query", "-W", "gdnsd"))
        return f"gdnsd {found[0] if found else '(version unknown)'}"

    def prepare(self, setup: Setup) -> Start:
        """Writes `config` and the zone file."""
        zones = setup.folder / "zones"
        zones.mkdir()
        (setup.folder / "config").write_text(configuration(setup))
        (zones / APEX).write_text(zone_file(setup.workload) + hosts(setup.workload))
        return Start((PROGRAM, "-c", str(setup.folder), "start"))


def configuration(setup: Setup) -> str:
    """gdnsd.config(5) for the workload."""
    run, state = setup.folder / "run", setup.folder / "state"
    return (
        f"options => {{ listen => {{ 127.0.0.1:{setup.port} => "
        f"{{ udp_threads => {setup.workload.workers}, tcp_threads => 1 }} }}, "
        f"run_dir => {run}, state_dir => {state} }}\n"
        f"plugins => {{ geoip => {{\n"
        f"  maps => {{ clients => {_map(setup.world, setup.database)} }}\n"
        f"  resources => {{\n{_resources(setup)}  }}\n"
        f"}} }}\n"
    )


def zone_file(workload: Workload) -> str:
    """The zone: its apex, its name server, and one DYNA record for each service."""
    head = (
        "@ 60 SOA ns1 hostmaster ( 1 7200 900 1209600 60 )\n@ 3600 NS ns1\nns1 3600 A 192.0.2.53\n"
    )
    keys = map(service_key, range(workload.services))
    return head + "".join(f"{key} {TTL} DYNA geoip!{key}\n" for key in keys)


def _map(world: World, database: Path) -> str:
    names = ", ".join(region.name for region in world.regions)
    coordinates = ", ".join(
        f"{region.name} => [ {region.latitude}, {region.longitude} ]" for region in world.regions
    )
    return (
        f"{{ geoip2_db => {database}, datacenters => [ {names} ], "
        f"auto_dc_coords => {{ {coordinates} }} }}"
    )


def _resources(setup: Setup) -> str:
    lines = []
    for service in range(setup.workload.services):
        addresses = ", ".join(
            f"{region.name} => {service_address(service, index)}"
            for index, region in enumerate(setup.world.regions)
        )
        lines.append(
            f"    {service_key(service)} => {{ map => clients, service_types => up, "
            f"dcmap => {{ {addresses} }} }}\n"
        )
    return "".join(lines)
