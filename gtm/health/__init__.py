"""Probes, the state machine that judges them, and the scheduler."""

from gtm.health.dial import Dial, direct
from gtm.health.outcome import Outcome, place
from gtm.health.scheduler import Checker
from gtm.health.watch import Report

__all__ = ["Checker", "Dial", "Outcome", "Report", "direct", "place"]
