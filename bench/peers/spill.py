"""Brings gtm's regions above their capacity, so that it sends clients of one of them elsewhere."""

from __future__ import annotations

import time
from ipaddress import IPv4Address
from pathlib import Path

from bench.api import call
from bench.ask import LOOPBACK, ask
from bench.questions import Question
from bench.workload import Workload
from bench.world import World
from gtm.errors import GtmError

CAPACITY = 1000  # of every region
WANTED, QUIET = 1600, 100  # load of the region that is nearest to the load generator, of others
LIMIT = 90.0  # seconds until it must be known that the region spills
PAUSE = 1.0  # seconds between two reports
ASKED = 50  # questions before each: load is reckoned from answers


def spill(api: Path, workload: Workload, world: World, port: int) -> None:
    """Reports loads until gtm says that the region spills; GtmError if it never does."""
    full = world.nearest(world.place_at(int(IPv4Address(LOOPBACK))))
    loads = [
        {"region": region.name, "load": WANTED if index == full else QUIET}
        for index, region in enumerate(world.regions)
    ]
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        for number in range(ASKED):
            ask(Question(number % workload.services), workload, port, timeout=1.0)
        call(api, "POST", "/v1/load", {"loads": loads})
        if _spills(api, world.regions[full].name):
            return
        time.sleep(PAUSE)
    raise GtmError(f"cannot measure spilling: no region spills {LIMIT:g} s after it was full")


def _spills(api: Path, region: str) -> bool:
    loads = call(api, "GET", "/v1/status")["loads"]
    return any(each["region"] == region and each["spilling"] for each in loads)
