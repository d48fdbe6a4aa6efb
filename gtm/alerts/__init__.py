"""Telling people: who is told what, when, in whose format, and how it gets there."""

from gtm.alerts.courier import Courier
from gtm.alerts.dispatcher import Alerts
from gtm.alerts.statefile import AlertFile

__all__ = ["AlertFile", "Alerts", "Courier"]
