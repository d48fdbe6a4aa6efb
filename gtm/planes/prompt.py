"""Asks the kernel to run a thread as soon as a packet wakes it.

Linux lets whoever runs go on for a slice of some milliseconds before one that woke up gets its
turn, unless that one asks for shorter slices (`sched_setattr(2)`, from Linux 6.12 on; older ones
ignore it). A thread that answers packets needs far less than a millisecond at a time, so it asks
for that: its share of the processor stays as it is. No privilege is needed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

SLICE = 100_000  # nanoseconds: the shortest that Linux grants

# The C library may be too old to know it: its number, by processor.
_NUMBERS = {"x86_64": 314, "aarch64": 274, "riscv64": 274}

# struct sched_attr in its first form: size, policy, flags, nice, priority, and the times of which
# the first is the slice.
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")


def be_prompt() -> bool:
    """Ask for it for the thread that calls; whether the kernel took it."""
    number = _NUMBERS.get(platform.machine())
    if number is None or platform.system() != "Linux" or struct.calcsize("P") != 8:
        return False
    try:
        policy, nice = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)
        if policy != os.SCHED_OTHER:
            return False  # an operator chose another
        asked = _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, 0, nice, 0, SLICE, 0, 0)
        return bool(ctypes.CDLL(None).syscall(number, 0, asked, 0) == 0)
    except OSError:
        return False
