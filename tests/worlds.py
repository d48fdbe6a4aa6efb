"""Small worlds for tests: zone text to a compiled snapshot over the sample database."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from gtm.checks import Target
from gtm.compile.compiler import Compiled, Compiler
from gtm.dns.lookup import Asker
from gtm.geo import Geo, open_databases
from gtm.model import State, Verdict, Zone
from gtm.steering.readings import Readings
from gtm.zonefile import load

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample.mmdb"


@cache
def sample_geo() -> Geo:
    """The documentation ranges of data/sample.csv."""
    return open_databases([SAMPLE])


def read_zones(files: dict[str, str]) -> tuple[Zone, ...]:
    """The zones of some files, given as name and text."""
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        return load(Path(folder)).zones


async def eventually(done: Callable[[], bool]) -> None:
    """Lets the event loop run until something is so, which must not take half a minute."""
    async with asyncio.timeout(30):
        for _ in iter(done, True):
            await asyncio.sleep(0)


class Verdicts:
    """A look-up of verdicts in which the addresses named are down and all others up."""

    def __init__(self, down: Collection[str] = ()) -> None:
        self.down = set(down)

    def __call__(self, target: Target) -> Verdict:
        if target.address in self.down:
            return Verdict(State.DOWN, "down in this test", 100.0)
        return Verdict(State.UP, "up in this test", 50.0)


def compile_world(
    files: dict[str, str],
    down: Collection[str] = (),
    geo: Geo | None = None,
    patience: Mapping[str, float] | None = None,
) -> Compiled:
    """The snapshot of some zone files with some endpoints down.

    `patience` has, by address, the seconds until a verdict can change; of others none can.
    """
    seconds = patience or {}
    readings = Readings(
        Verdicts(down), patience=lambda target: seconds.get(target.address, math.inf)
    )
    return Compiler().compile(read_zones(files), geo or sample_geo(), readings, epoch=1)


class NobodyTold:
    """Alerts of a server that tells nobody."""

    def sent(self) -> Iterable[tuple[str, str, int]]:
        return ()

    def queued(self) -> Iterable[tuple[str, int]]:
        return ()


def asker(text: str) -> Asker:
    """An asker by its address."""
    address = ip_address(text)
    return Asker(address.max_prefixlen, int(address))
