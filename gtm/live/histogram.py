"""Percentiles from counts by bucket. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gtm.planes.stats import BUCKETS

PARTS = (0.5, 0.9, 0.99)


def percentile(counts: Sequence[int], part: float) -> float | None:
    """The seconds that `part` of what was timed took at most; None if nothing was timed.

    `counts` are by bucket of BUCKETS. Inside a bucket times are taken to be spread evenly; what is
    in the unbounded one is taken to be at its beginning.
    """
    total = sum(counts)
    if total <= 0:
        return None
    wanted, below, lower = part * total, 0, 0.0
    for bound, count in zip(BUCKETS, counts, strict=False):
        if count and below + count >= wanted:
            return lower + (bound - lower) * max(0.0, wanted - below) / count
        below += count
        lower = bound
    return lower
