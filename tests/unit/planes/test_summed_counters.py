"""Both planes sum their counters by kind, and come to what they count one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import dns.message
import dns.query
import pytest

from gtm.live.kinds import Sorted, by_end, by_region
from gtm.snapshot import Tally
from tests.unit.planes.test_planes_on_sockets import WAIT, ZONE, Served, port, serving
from tests.worlds import compile_world

Key = Callable[[Tally], tuple[str, ...]]
COMPILED = compile_world({"gtm.yaml": ZONE})
ASKED = [("orders", "A"), ("orders", "AAAA"), ("orders", "A"), ("nope", "A"), ("orders", "ANY")]


@pytest.fixture(params=["python", "native"])
def plane(request: pytest.FixtureRequest) -> Iterator[Served]:
    for served in serving(request.param, workers=2 if request.param == "native" else 1):
        served.publish(COMPILED.snapshot)
        yield served


@pytest.mark.parametrize("key", [by_end, by_region])
def test_sums_by_kind_are_those_of_all_counters(plane: Served, key: Key) -> None:
    tallies = COMPILED.snapshot.tallies
    kinds: Sorted[tuple[str, ...]] = Sorted(key)
    kinds.follow(tallies)
    assert not any(plane.plane.summed(kinds).counts), "nothing was asked yet"
    for name, rrtype in ASKED:
        query = dns.message.make_query(f"{name}.gtm.example.com", rrtype)
        dns.query.udp(query, "127.0.0.1", WAIT, port(plane))
        dns.query.tcp(query, "::1", WAIT, port(plane, 2))
    wanted: Counter[tuple[str, ...]] = Counter()
    for stats in plane.plane.stats:
        for tally, count in stats.answers(tallies):
            wanted[key(tally)] += count
    sums = plane.plane.summed(kinds)
    found = {label: count for label, count in zip(kinds.labels, sums.counts, strict=True) if count}
    assert found == wanted
    assert sum(found.values()) == 2 * len(ASKED)
    timed = [sum(each) for each in zip(*(s.durations for s in plane.plane.stats), strict=True)]
    assert sums.durations == timed
