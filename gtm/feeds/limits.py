"""How much one reporter may send: a bucket of requests and one of samples for each."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

REQUESTS = (10.0, 100.0)  # a second, and at once: a gateway that batches needs one a second
SAMPLES = (2_000.0, 20_000.0)  # items of batches; ten thousand endpoints every five seconds
REPORTERS = 1_024  # buckets kept; who was not heard for longest is forgotten first


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at a `rate` a second up to `size`; `at` is monotonic seconds."""

    rate: float
    size: float
    tokens: float
    at: float

    def wait(self, wanted: float, now: float) -> float:
        """Seconds until so many tokens are there; 0 takes nothing yet."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (min(wanted, self.size) - self.tokens) / self.rate)


class Limits:
    """The buckets of every reporter heard lately."""

    def __init__(self) -> None:
        """Nobody was heard yet."""
        self._buckets: OrderedDict[str, tuple[Bucket, Bucket]] = OrderedDict()
        self.refused = 0

    def request(self, reporter: str, now: float) -> float:
        """Takes one request in: 0, or the seconds to wait before the next try."""
        return self._take(reporter, 0, 1.0, now)

    def samples(self, reporter: str, count: int, now: float) -> float:
        """Takes so many samples in, all or none: 0, or the seconds to wait."""
        return self._take(reporter, 1, float(count), now)

    def _take(self, reporter: str, which: int, wanted: float, now: float) -> float:
        bucket = self._of(reporter, now)[which]
        wait = bucket.wait(wanted, now)
        if wait:
            self.refused += 1
        else:
            bucket.tokens -= wanted
        return wait

    def _of(self, reporter: str, now: float) -> tuple[Bucket, Bucket]:
        if reporter not in self._buckets:
            self._buckets[reporter] = (
                Bucket(*REQUESTS, tokens=REQUESTS[1], at=now),
                Bucket(*SAMPLES, tokens=SAMPLES[1], at=now),
            )
            if len(self._buckets) > REPORTERS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(reporter)
        return self._buckets[reporter]
