"""Traffic over time: what the series say is what a naive list of readings says."""

from __future__ import annotations

import asyncio
import math
from array import array
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.live.histogram import percentile
from gtm.live.kinds import Sorted, by_end, by_region
from gtm.live.series import Reading, Series
from gtm.live.shares import Shares
from gtm.live.traffic import Traffic
from gtm.planes.stats import BUCKETS, Kinds, SocketStats, Sums
from gtm.snapshot import Tally

LABELS = [("NOERROR", "us"), ("NOERROR", "eu"), ("NXDOMAIN", ""), ("NOERROR", "")]
NO_TIMES = [0] * (len(BUCKETS) + 1)

steps = st.lists(
    st.tuples(
        st.floats(0.5, 3.0),
        st.lists(st.integers(0, 1000), min_size=4, max_size=4),
        st.lists(st.integers(0, 50), min_size=len(NO_TIMES), max_size=len(NO_TIMES)),
    ),
    max_size=40,
)


def readings(steps: list[tuple[float, list[int], list[int]]]) -> list[Reading]:
    clock, counts, times = 100.0, [7, 7, 7, 7], [3] * len(NO_TIMES)
    found = [Reading(1e9 + clock, clock, counts, times)]
    for elapsed, more, timed in steps:
        clock += elapsed
        counts = [count + each for count, each in zip(counts, more, strict=True)]
        times = [count + each for count, each in zip(times, timed, strict=True)]
        found.append(Reading(1e9 + clock, clock, counts, times))
    return found


@given(steps, st.integers(1, 8))
def test_a_series_has_the_rates_between_the_readings_it_took(
    steps: list[tuple[float, list[int], list[int]]], slots: int
) -> None:
    series = Series(1.0, slots)
    taken: list[Reading] = []
    for reading in readings(steps):
        if not taken or reading.clock - taken[-1].clock >= 0.9:
            taken.append(reading)
        series.add(reading, LABELS)
    naive = list(pairwise(taken))[-slots:]
    found = series.last(1e6)
    assert found.at == pytest.approx([now.at for _, now in naive])
    whole = [(sum(now.counts) - sum(then.counts)) / (now.clock - then.clock) for then, now in naive]
    assert found.queries == pytest.approx(whole, rel=1e-5)
    for name, places in {"NOERROR": (0, 1, 3), "NXDOMAIN": (2,)}.items():
        rates = [
            sum(now.counts[at] - then.counts[at] for at in places) / (now.clock - then.clock)
            for then, now in naive
        ]
        assert found.rcodes.get(name, [0.0] * len(naive)) == pytest.approx(rates, rel=1e-5)
    assert set(found.regions) <= {"us", "eu"}
    timed = [
        percentile([n - b for n, b in zip(now.durations, then.durations, strict=True)], 0.9)
        for then, now in naive
    ]
    for value, wanted in zip(found.percentiles[1], timed, strict=True):
        assert (value is None) == (wanted is None)
        assert value is None or wanted is None or value == pytest.approx(wanted, rel=1e-5)


def test_a_stretch_is_as_long_as_was_asked_for() -> None:
    series = Series(1.0, 100)
    for reading in readings([(1.0, [1, 0, 0, 0], NO_TIMES)] * 50):
        series.add(reading, LABELS)
    assert len(series.last(10).at) == 10
    assert len(series.last(1000).at) == 50
    assert series.last(10).rcodes == {"NOERROR": [1.0] * 10}, "columns of zeros are left out"


def test_percentiles_are_over_a_window_so_that_few_timed_answers_do_not_flicker() -> None:
    series = Series(1.0, 100, window=10)
    once = [0, 1, *NO_TIMES[2:]]
    for reading in readings([(1.0, [1, 0, 0, 0], once), *[(1.0, [1, 0, 0, 0], NO_TIMES)] * 12]):
        series.add(reading, LABELS)
    median = series.last(100).percentiles[0]
    assert [value is None for value in median] == [False] * 10 + [True] * 3


@given(st.lists(st.floats(1e-7, 3.0), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_lies_in_the_bucket_of_the_time_that_it_stands_for(
    times: list[float], part: float
) -> None:
    counts = list(NO_TIMES)
    for time in times:
        counts[bisect_left(BUCKETS, time)] += 1
    found = percentile(counts, part)
    exact = sorted(times)[max(0, math.ceil(part * len(times) - 1e-9) - 1)]
    bucket = bisect_left(BUCKETS, exact)
    assert found is not None
    assert (0.0, *BUCKETS)[bucket] <= found + 1e-12
    assert found <= (*BUCKETS, BUCKETS[-1])[bucket] + 1e-12


def test_nothing_timed_has_no_percentile() -> None:
    assert percentile(NO_TIMES, 0.5) is None


@given(st.lists(st.tuples(st.floats(1.0, 30.0), st.lists(st.integers(0, 99), max_size=6))))
def test_shares_are_the_rates_of_the_last_minute(
    steps: list[tuple[float, list[int]]],
) -> None:
    shares, clock = Shares(), 0.0
    labels = [("z", f"s{number}", "eu" if number else "") for number in range(6)]
    counts = array("Q")
    kept: list[tuple[float, array[int]]] = []
    for elapsed, more in steps:
        clock += elapsed
        counts = array("Q", [*counts, *[0] * max(0, len(more) - len(counts))])
        for at, each in enumerate(more):
            counts[at] += each
        shares.note(clock, counts)
        kept.append((clock, counts))
    found = {share.service: share.per_second for share in shares.rates(labels, 100)[0]}
    if len(kept) < 2:
        assert not found
        return

    def rates(began: float, then: array[int]) -> dict[str, float]:
        before = [*then, *[0] * (len(counts) - len(then))]
        return {
            f"s{at}": (counts[at] - before[at]) / (clock - began)
            for at in range(1, len(counts))  # the first names no region, and is no share
            if counts[at] > before[at]
        }

    old_enough = [each for each in kept if clock - each[0] >= 60.0] or kept[:1]
    possible = [rates(*each) for each in old_enough]
    assert any(found == pytest.approx(each) for each in possible)


def test_shares_after_a_minute_tell_of_that_minute_alone() -> None:
    shares = Shares()
    labels = [("z", "orders", "eu"), ("z", "orders", "us")]
    for second in range(0, 121, 5):
        before = min(second, 60)
        shares.note(float(second), array("Q", [10 * before, 10 * (second - before)]))
    found, count = shares.rates(labels, 10)
    assert ([(share.region, share.per_second) for share in found], count) == ([("us", 10.0)], 1)


def test_the_largest_shares_are_told_and_the_others_counted() -> None:
    shares = Shares()
    labels = [("z", f"s{number}", "eu") for number in range(50)]
    shares.note(0.0, array("Q", range(50)))
    shares.note(10.0, array("Q", [3 * number for number in range(50)]))
    found, count = shares.rates(labels, 3)
    assert ([share.service for share in found], count) == (["s49", "s48", "s47"], 49)
    found, count = shares.rates(labels, 3, lambda zone, service: service == "s7")
    assert ([tuple(share) for share in found], count) == ([("z", "s7", "eu", 1.4)], 1)


# --- the sampler --------------------------------------------------------------------------

TALLIES = [
    Tally("z.", "orders.z.", "eu", "A", "NOERROR"),
    Tally("z.", "orders.z.", "eu", "AAAA", "NOERROR"),
    Tally("z.", "orders.z.", "us", "A", "NOERROR"),
    Tally("z.", "", "", "other", "NXDOMAIN"),
]


@dataclass
class Counting:
    """A plane's counters, and a clock."""

    stats: SocketStats = field(default_factory=lambda: SocketStats("udp", "1", [0] * 4))
    clock: float = 0.0

    def summed(self, kinds: Kinds) -> Sums:
        sums = Sums.none(kinds.count)
        sums.add([self.stats], kinds)
        return sums

    def traffic(self) -> Traffic:
        return Traffic(self.summed, lambda: TALLIES, lambda: 1e9 + self.clock, lambda: self.clock)


async def test_the_sampler_tells_of_each_second_and_of_each_region() -> None:
    counting, heard = Counting(), []
    traffic = counting.traffic()
    traffic.listen(lambda: heard.append(traffic.last(1).queries), lambda: True)
    await traffic.step()
    for _ in range(10):
        counting.clock += 1.0
        counting.stats.fast[0] += 3
        counting.stats.fast[1] += 2
        counting.stats.slow[TALLIES[3]] += 1
        await traffic.step()
    assert heard == [[], *[[6.0]] * 10]
    found = traffic.last(900)
    assert (found.step, found.rcodes) == (1.0, {"NOERROR": [5.0] * 10, "NXDOMAIN": [1.0] * 10})
    assert found.regions == {"eu": [5.0] * 10}
    assert [tuple(share) for share in traffic.largest] == [("z.", "orders.z.", "eu", 5.0)]
    assert traffic.last(3600).step == 60.0


async def test_a_plane_that_fails_does_not_end_the_sampling() -> None:
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def failing(kinds: Kinds) -> Sums:
        loop.call_soon_threadsafe(failed.set)
        raise RuntimeError("no counters")

    traffic = Traffic(failing, lambda: TALLIES, lambda: 0.0, lambda: 0.0)
    task = asyncio.create_task(traffic.run())
    await failed.wait()
    assert not task.done()
    task.cancel()


@given(st.lists(st.sampled_from(TALLIES)), st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_sums_by_kind_are_those_of_the_tallies(slow: list[Tally], fast: list[int]) -> None:
    stats = SocketStats("udp", "1", fast, slow=Counter(slow))
    for key in (by_end, by_region):
        kinds: Sorted[tuple[str, ...]] = Sorted(key)
        kinds.follow(TALLIES[:3])  # what is newer is counted where the responder names it
        sums = Sums.none(kinds.count)
        sums.add([stats, stats], kinds)
        wanted: Counter[tuple[str, ...]] = Counter()
        for tally, count in [*zip(TALLIES[:3], fast, strict=False), *stats.slow.items()]:
            wanted[key(tally)] += 2 * count
        found = dict(zip(kinds.labels, sums.counts, strict=True))
        assert {label: count for label, count in found.items() if count} == +wanted
