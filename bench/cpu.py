"""What a server used: CPU time and memory of all its processes, read from /proc.

/proc/PID/stat counts user and system time in ticks of 10 ms, too coarse for a low load, so the
total is taken from the scheduler's nanoseconds (/proc/PID/task/TID/schedstat), and ticks give
only the split. Threads and processes that ended between two readings are not counted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the processes began, and resident bytes now."""

    seconds: float
    user: float
    system: float
    resident: int

    def since(self, earlier: Usage) -> Usage:
        """What was used in between; memory is the later figure."""
        return Usage(
            self.seconds - earlier.seconds,
            self.user - earlier.user,
            self.system - earlier.system,
            self.resident,
        )


def usage(pid: int, proc: Path = PROC) -> Usage:
    """The sum over the process and its descendants."""
    readings = [_of_process(proc / str(member)) for member in family(pid, proc)]
    return Usage(
        sum(reading.seconds for reading in readings),
        sum(reading.user for reading in readings),
        sum(reading.system for reading in readings),
        sum(reading.resident for reading in readings),
    )


def family(pid: int, proc: Path = PROC) -> list[int]:
    """The process and its descendants that are alive."""
    children: dict[int, list[int]] = {}
    for entry in proc.iterdir():
        if entry.name.isdigit() and (fields := stat_fields(entry)):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    members = [pid]
    for member in members:
        members.extend(children.get(member, []))
    return members


def stat_fields(process: Path) -> list[str]:
    """The fields of /proc/PID/stat from the state on (proc(5) counts it as the third).

    Empty if the process has ended. The command before it may hold spaces and parentheses.
    """
    try:
        text = (process / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text[text.rindex(")") + 1 :].split()


def machine_seconds(proc: Path = PROC) -> float:
    """CPU seconds that all cores have been busy since boot, time stolen by the host apart."""
    fields = (proc / "stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _iowait, interrupts, soft_interrupts = map(int, fields[:7])
    return (user + nice + system + interrupts + soft_interrupts) * TICK


def _of_process(process: Path) -> Usage:
    fields = stat_fields(process)
    if not fields:
        return Usage(0.0, 0.0, 0.0, 0)
    user, system = int(fields[11]) * TICK, int(fields[12]) * TICK
    seconds = _scheduled(process)
    return Usage(
        user + system if seconds is None else seconds, user, system, int(fields[21]) * PAGE
    )


def _scheduled(process: Path) -> float | None:
    """Seconds its threads have run; None where the kernel does not tell."""
    total = 0
    for thread in (process / "task").iterdir():
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            return None
    return total / 1e9
