"""When a target is probed next. Pure, so that evenness can be tested without waiting for it.

Each target has its own slot in the interval, given by a hash of what it is: probes of many
targets spread evenly, and a restart or reload changes nobody's slot. Jitter within the slot keeps
several servers with the same zone from knocking at the same moment for ever.
"""

from __future__ import annotations

import math
from functools import lru_cache
from hashlib import blake2b

from gtm.checks import Check, Target

# The share of an interval that a probe may start late. Below 1, so that a slot is used only once.
JITTER = 0.1

# The share of an interval before a slot in which a probe still counts for it: timers may fire
# early by a clock tick, and that must not spend two probes on one slot.
EARLY = 0.01


def phase(target: Target) -> float:
    """Where in its interval the target is probed, from 0 to below 1; the same on every machine."""
    digest = blake2b(_asked(target.check), digest_size=6)
    digest.update(f"{target.address} {target.server_name}".encode())
    return int.from_bytes(digest.digest(), "big") / 2**48


@lru_cache(maxsize=1024)
def _asked(check: Check) -> bytes:
    """What a check asks. There are few checks, and thousands of targets of each."""
    return repr((check.probe, check.port, check.source)).encode()


def next_due(after: float, interval: float, phase: float, draw: float) -> float:
    """When to probe in the first slot that starts clearly after `after`, on the same clock.

    `draw` is a random number from 0 to below 1: how much of the jitter this probe gets. Slots that
    passed while a long probe ran are skipped, not made up for.
    """
    slot = math.floor(after / interval - phase + EARLY) + 1
    return (slot + phase + draw * JITTER) * interval
