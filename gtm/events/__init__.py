"""What happens, as values: for history, alerts and logs."""

from gtm.events import conditions
from gtm.events.event import CHECKS, REPORTS, Event, Kind, Severity, Sink, ignore
from gtm.events.lasting import Lasting

__all__ = [
    "CHECKS",
    "REPORTS",
    "Event",
    "Kind",
    "Lasting",
    "Severity",
    "Sink",
    "conditions",
    "ignore",
]
