"""The robust middle of samples of several reporters: none of them counts for more than a third.

With three reporters or more, one that is mad has less than half of the weight, so the weighted
median stays between what the others measured. Of two nobody can say which one is mad, so they
count only while they about agree. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

SHARE = 3  # one reporter is at most one third of what counts, once there are three
AGREE = 1.5  # how many times the smaller of two reporters' medians the larger may be
ALLOWED = 5.0  # milliseconds by which two may differ in any case

Sample = tuple[float, float]  # value, weight


def weighted_median(samples: Sequence[Sample]) -> float:
    """The value with half of the weight on either side; halfway where that is between two."""
    ordered = sorted(samples)
    half = sum(weight for _, weight in ordered) / 2
    reached = 0.0
    for at, (value, weight) in enumerate(ordered):
        reached += weight
        if reached > half or at == len(ordered) - 1:
            return value
        if reached == half:
            return (value + ordered[at + 1][0]) / 2
    raise ValueError("there is no median of nothing")


def robust_median(reporters: Sequence[Sequence[Sample]]) -> float | None:
    """The median of what some reporters measured, each with a bounded share; None if unsure."""
    told = [samples for samples in reporters if samples]
    if not told:
        return None
    if len(told) == 2:
        low, high = sorted(weighted_median(samples) for samples in told)
        if high > max(AGREE * low, low + ALLOWED):
            return None
    totals = [sum(weight for _, weight in samples) for samples in told]
    shares = bounded(totals)
    return weighted_median(
        [
            (value, weight * share / total)
            for samples, share, total in zip(told, shares, totals, strict=True)
            for value, weight in samples
        ]
    )


def bounded(totals: Sequence[float]) -> list[float]:
    """Weights cut so that none is more than its share of their sum: a third, or half of two."""
    if len(totals) < 2:
        return list(totals)
    if len(totals) == 2:
        return [min(totals)] * 2
    order = sorted(totals, reverse=True)
    for over in range(SHARE):
        # with the `over` largest cut to one value, that value is a third of the sum
        cut = sum(order[over:]) / (SHARE - over)
        if order[over] <= cut:
            break
    return [min(total, cut) for total in totals]
