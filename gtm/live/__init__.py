"""What people see of a running server as it happens: traffic, events, the map, probes."""

from gtm.live.live import Live

__all__ = ["Live"]
