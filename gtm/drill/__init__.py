"""Failover drills: what is asked, what the answers say, and how it looks over time.

Pure but for `asking.py`: times are seconds of one clock that the caller reads, 0 is the act.
"""

from gtm.drill.choosing import Candidate, choose
from gtm.drill.course import FAILURES, Failure, Marks, Probe, Seen
from gtm.drill.findings import Fault, faults
from gtm.drill.measured import Measured, Moved, measure
from gtm.drill.reading import Reading, read
from gtm.drill.timeline import Timeline, timeline

__all__ = [
    "FAILURES",
    "Candidate",
    "Failure",
    "Fault",
    "Marks",
    "Measured",
    "Moved",
    "Probe",
    "Reading",
    "Seen",
    "Timeline",
    "choose",
    "faults",
    "measure",
    "read",
    "timeline",
]
