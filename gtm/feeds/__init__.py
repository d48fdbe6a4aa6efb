"""What gateways and clients tell: outcomes of real requests, and how long they took.

Nothing that is told is believed for its own sake: it is counted in bounded memory, no one reporter
decides alone where there are others, and it can take out less than all. Pure but for the files that
keep measured latency, and what reports hold out, over a restart.
"""

from gtm.feeds.feeds import Feeds
from gtm.feeds.holdstore import HoldStore
from gtm.feeds.known import Known
from gtm.feeds.store import LatencyStore

__all__ = ["Feeds", "HoldStore", "Known", "LatencyStore"]
