"""Probes, the state machine that judges them, and the scheduler."""

from gtm.health.certificates import Ending
from gtm.health.dial import Dial, direct
from gtm.health.outcome import Outcome, place
from gtm.health.pace import Pace
from gtm.health.probes import Probes
from gtm.health.scheduler import CONCURRENCY, Checker
from gtm.health.watch import Report

__all__ = [
    "CONCURRENCY",
    "Checker",
    "Dial",
    "Ending",
    "Outcome",
    "Pace",
    "Probes",
    "Report",
    "direct",
    "place",
]
