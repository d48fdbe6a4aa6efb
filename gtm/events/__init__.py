"""What happens, as values: for history, alerts and logs."""

from gtm.events import conditions
from gtm.events.event import CHECKS, Event, Kind, Severity, Sink, ignore

__all__ = ["CHECKS", "Event", "Kind", "Severity", "Sink", "conditions", "ignore"]
