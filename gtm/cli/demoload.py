"""How busy the demo's regions are: capacities for the example, and loads that follow its clients.

Each network that asks stands for a crowd of clients. Their requests are where they are sent now, a
little later: that is what a region's load balancers would report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from gtm.cli.stage import Stage

CROWD = 900.0  # requests a second of each network's clients
CAPACITIES = {"us-east": 9000, "eu-west": 6000, "ap-south": 9000}
"""Each of the example's regions can be lost without clients being turned away; if us-east is, the
others fill up so far that clients are shifted."""
PACE = 1.0  # seconds between two reports
FOLLOWS = 0.3  # part of the way that a load goes in that time: caches run out one by one
EXPIRE = "30s"  # until a load is not believed


def roomy(example: Path, folder: Path) -> Path:
    """A copy of the example in `folder` whose regions have a capacity and report their load."""
    zone = yaml.safe_load(example.read_text(encoding="utf-8"))
    for name, region in zone["regions"].items():
        region["capacity"] = CAPACITIES[name]
    zone["load"] = {"expire": EXPIRE}
    copy = folder / example.name
    copy.write_text(yaml.safe_dump(zone, sort_keys=False), encoding="utf-8")
    return copy


async def report(stage: Stage, pace: float = PACE) -> None:
    """Reports loads as long as the demo runs."""
    loads: dict[str, float] = {}
    capacity = stage.server.controller.capacity
    while True:
        loads = followed(loads, brought(stage))
        for region, load in loads.items():
            capacity.post(region, None, load)
        await asyncio.sleep(pace)


def brought(stage: Stage) -> Mapping[str, float]:
    """Requests a second that clients bring to each region, as they are sent now."""
    from gtm.cli.demotraffic import MORE
    from gtm.cli.stage import CLIENTS

    networks = (*(client.network for client in CLIENTS), *MORE)
    found = dict.fromkeys((backend.region for backend in stage.backends), 0.0)
    for network in networks:
        for region, share in stage.shares_of(ip_network(network)[1]).items():
            found[region] += CROWD * share
    return found


def followed(loads: Mapping[str, float], wanted: Mapping[str, float]) -> dict[str, float]:
    """The loads a step nearer to where they go; those that were not known are there at once."""
    return {
        region: load if region not in loads else loads[region] + FOLLOWS * (load - loads[region])
        for region, load in wanted.items()
    }
