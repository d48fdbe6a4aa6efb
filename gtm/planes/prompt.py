"""Who runs first: asks the kernel to run a thread as soon as a packet wakes it, others later.

Linux lets whoever runs go on for a slice of some milliseconds before one that woke up gets its
turn, unless that one asks for shorter slices (`sched_setattr(2)`, from Linux 6.12 on; older ones
ignore it). A thread that answers packets needs far less than a millisecond at a time, so it asks
for that: its share of the processor stays as it is. No privilege is needed.

It also waits for Python's other threads no longer than it means to: by default the kernel adds up
to 50 microseconds to any wait, to save wake-ups (`PR_SET_TIMERSLACK` in `prctl(2)`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import threading

SLICE = 100_000  # nanoseconds: the shortest that Linux grants
SLACK = 1_000  # nanoseconds
PR_SET_TIMERSLACK = 29
PATIENT = 10  # nice(2) of threads that answer nobody

# The C library may be too old to know it: its number, by processor.
_NUMBERS = {"x86_64": 314, "aarch64": 274, "riscv64": 274}

# struct sched_attr in its first form: size, policy, flags, nice, priority, and the times of which
# the first is the slice.
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")


def be_prompt() -> bool:
    """Ask for both for the thread that calls; whether the kernel took the slice."""
    number = _NUMBERS.get(platform.machine())
    if number is None or platform.system() != "Linux" or struct.calcsize("P") != 8:
        return False
    try:
        policy, nice = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)
        if policy != os.SCHED_OTHER:
            return False  # an operator chose another
        asked = _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, 0, nice, 0, SLICE, 0, 0)
        library = ctypes.CDLL(None)
        library.prctl(PR_SET_TIMERSLACK, ctypes.c_ulong(SLACK), *[ctypes.c_ulong(0)] * 3)
        return bool(library.syscall(number, 0, asked, 0) == 0)
    except OSError:
        return False


def be_patient() -> None:
    """Has the thread that calls yield to those that answer; Linux keeps niceness by thread.

    One that answered for longer than its slice is run again only when the others have had as much,
    and the nicer they are, the sooner that is.
    """
    with contextlib.suppress(OSError):  # answers wait a little longer then
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PATIENT)
