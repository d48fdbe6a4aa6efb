"""Probes, the state machine that judges them, and what makes them in time."""

from gtm.health.apart import Apart
from gtm.health.certificates import Ending
from gtm.health.checker import Checker
from gtm.health.dial import Dial, direct
from gtm.health.memoryfile import HealthStore
from gtm.health.outcome import Outcome, place
from gtm.health.pace import Pace
from gtm.health.probes import Probes
from gtm.health.remembering import Remembering
from gtm.health.rounds import CONCURRENCY
from gtm.health.told import Frozen, Vantage
from gtm.health.watch import Report

__all__ = [
    "CONCURRENCY",
    "Apart",
    "Checker",
    "Dial",
    "Ending",
    "Frozen",
    "HealthStore",
    "Outcome",
    "Pace",
    "Probes",
    "Remembering",
    "Report",
    "Vantage",
    "direct",
    "place",
]
