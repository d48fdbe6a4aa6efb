"""How often callers may ask, and how often an address may fail: buckets, in bounded memory.

Answers to DNS do not depend on any of it: planes answer from threads of their own. This keeps the
control loop free for probes and operators.
"""

from __future__ import annotations

from collections import OrderedDict

from gtm.feeds.limits import Bucket

CALLS = (100.0, 500.0)  # requests a second, and at once, of one caller: a dashboard makes ten
FAILURES = (1.0, 20.0)  # refused for who they are, of one address
KEPT = 1_024  # buckets; who was not heard for longest is forgotten first
TOLD = (0.2, 5.0)  # log lines on failures, of one address: the rest are counted


class Rates:
    """A bucket for each key that was heard lately. `now` is monotonic seconds."""

    def __init__(self, rate: float, size: float, kept: int = KEPT) -> None:
        """`rate` a second, `size` at once."""
        self._rate, self._size, self._most = rate, size, kept
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """Takes one: 0, or the seconds to wait until there is one."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._rate, self._size, self._size, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        wait = bucket.wait(1.0, now)
        if not wait:
            bucket.tokens -= 1.0
        return wait

    @property
    def kept(self) -> int:
        """Buckets that are kept now."""
        return len(self._buckets)
