"""The machine that figures were measured on: without it they mean nothing."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from gtm.errors import StartError


@dataclass(frozen=True, slots=True)
class Machine:
    """`cores` are those this process may use; `load` is the one-minute load average."""

    processor: str
    cores: tuple[int, ...]
    kernel: str
    system: str
    memory: int  # bytes
    load: float


def this_machine() -> Machine:
    """What can be told of the machine; unknown parts are empty."""
    return Machine(
        processor=_value(Path("/proc/cpuinfo"), "model name", ":"),
        cores=tuple(sorted(os.sched_getaffinity(0))),
        kernel=f"{platform.system()} {platform.release()} {platform.machine()}",
        system=_value(Path("/etc/os-release"), "PRETTY_NAME", "=").strip('"'),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        load=round(os.getloadavg()[0], 2),
    )


def two_cores(machine: Machine) -> tuple[int, int]:
    """A core for the server and another for the load."""
    if len(machine.cores) < 2:
        raise StartError("cannot measure on one core: server and load need one each")
    return machine.cores[0], machine.cores[1]


def _value(path: Path, key: str, separator: str) -> str:
    """The value of the first line that begins with the key; "" if there is none."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        name, found, value = line.partition(separator)
        if found and name.strip() == key:
            return value.strip()
    return ""
